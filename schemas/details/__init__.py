"""Templates of the `detail` of records, files and decisions: every sentence that the stages write there, its fields named by what they
hold (`pipeline.common.templates` says how). Tables hold details in English; `pipeline.told` reads one back by its template to say it in a
reader's language. The code writes each sentence where it finds what it says; a test compares both."""

from schemas.details.files import FILES
from schemas.details.pages import PAGES
from schemas.details.questions import QUESTIONS
from schemas.details.quizzes import QUIZZES

DETAILS = (*QUESTIONS, *FILES, *PAGES, *QUIZZES)
