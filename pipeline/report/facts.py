"""What the report's sections share: the tables of a version, the words of a language, and how records are said."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from pipeline.common.letters import LETTERS
from pipeline.common.store.lake import Version
from pipeline.common.text import one_line
from pipeline.common.translations import ENGLISH, Words
from pipeline.report.document import Line
from schemas.reasons import Disposition
from schemas.tables.row import RowMapping

EXAMPLES, VALUES, TEXT_CHARS = 6, 24, 200


class Facts(NamedTuple):
    """What the page is made of: the ledger's rows, those of them in a split, scores and pairs by record, and how each file was read;
    the words of its language, and the address below which records have their pages ("" for none)."""

    rows: list[dict[str, Any]]
    by_id: dict[str, dict[str, Any]]
    kept: list[dict[str, Any]]
    quality: dict[str, dict[str, Any]]
    pairs: dict[frozenset[str], dict[str, Any]]
    version: Version
    set_level: Sequence[RowMapping]
    files: Sequence[RowMapping] = ()
    words: Words = ENGLISH
    audit_url: str = ""

    @property
    def judged(self) -> list[dict[str, Any]]:
        """Questions that were read in full and could have been trained on."""
        return [row for row in self.rows if row["disposition"] != Disposition.REJECTED and row["role"] == "train"]

    def place(self, row: RowMapping, before: str = "") -> Line:
        """Where a record stands in its file, as a link to its page."""
        address = f"{self.audit_url}/record/{quote(row['record_id'])}?dataset={quote(self.version.dataset)}" if self.audit_url else ""
        return Line(before + cut(row["locator"]), "code", address)

    def listed(self, text: str, style: str, **filters: str) -> Line:
        """A name, as a link to the list of records that it stands for."""
        address = f"{self.audit_url}/records?{urlencode({'dataset': self.version.dataset, **filters})}" if self.audit_url else ""
        return Line(text, style, address)


def question_text(row: RowMapping, with_key: bool = False) -> str:
    """What a record says, on one line: the question where one was read, else its payload."""
    text = row["stem"] or row["payload"]
    return f"{text} [{key_text(row)}]" if with_key else text


def key_text(row: RowMapping) -> str:
    """The letter and the text of the right option."""
    return f"{LETTERS[row['answer_index']]}. {row['options'][row['answer_index']]}"


def cut(text: str, chars: int = TEXT_CHARS) -> str:
    """At most `chars` characters on one line.

    >>> cut("a  long text", 6)
    'a lon…'
    """
    line = one_line(text[: 4 * chars])
    return line if len(line) <= chars else f"{line[: chars - 1]}…"
