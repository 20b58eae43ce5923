"""What the report's sections share: the tables of a version, and how records and shares are said."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.common.letters import LETTERS
from pipeline.common.store.lake import Version
from pipeline.common.text import one_line
from schemas.tables.row import RowMapping

EXAMPLES, VALUES, TEXT_CHARS = 6, 24, 200


class Facts(NamedTuple):
    """What the page is made of: the ledger's rows, those of them in a split, scores and pairs by record, and how each file was read."""

    rows: list[dict[str, Any]]
    by_id: dict[str, dict[str, Any]]
    kept: list[dict[str, Any]]
    quality: dict[str, dict[str, Any]]
    pairs: dict[frozenset[str], dict[str, Any]]
    version: Version
    set_level: Sequence[RowMapping]
    files: Sequence[RowMapping] = ()

    @property
    def judged(self) -> list[dict[str, Any]]:
        """Questions that were read in full and could have been trained on."""
        return [row for row in self.rows if row["answer_index"] is not None and row["role"] == "train"]


def percent(part: int, whole: int) -> str:
    """A share as text; of nothing it is undefined.

    >>> percent(1, 8), percent(0, 0)
    ('12.5%', 'undefined')
    """
    return f"{100 * part / whole:.1f}%" if whole else "undefined"


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
