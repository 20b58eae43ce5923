"""Questions in a LaTeX tree."""

from pipeline.ingest.tex import parse
from pipeline.ingest.tex_questions import question_of, questions
from schemas.reasons import Reason


def test_options_solution_and_what_stands_behind():
    found = question_of(parse(r"Which? \begin{choices}\choice a \CorrectChoice b\end{choices} \explain{since} \hfill (2 points)"))
    item = found.item(3)
    assert item.locator == "item:3"
    assert item.payload == {
        "question": "Which?",
        "options": [{"text": "a", "correct": False}, {"text": "b", "correct": True}],
        "explanation": "since",
    }


def test_a_lettered_list_at_the_end_is_the_options_and_a_numbered_one_is_not():
    lettered = question_of(parse(r"Which? \begin{enumerate}[(A)]\item a \item b\end{enumerate}"))
    assert len(lettered.options) == 2
    assert lettered.item(1).reason == Reason.MISSING_ANSWER
    assert question_of(parse(r"Do: \begin{enumerate}\item a \item b\end{enumerate}")).item(1).reason == Reason.NOT_MULTIPLE_CHOICE


def test_questions_are_found_in_what_wraps_them():
    tree = parse(
        r"\begin{document}{\begin{ex} a \choice{\True x}{y}{z}{w}\end{ex}}\begin{center}\begin{ex} b \choice{x}{\True y}{z}{w}\end{ex}\end{center}\end{document}"
    )
    assert [found.item(1).payload["question"] for found in questions(tree)] == ["a", "b"]
