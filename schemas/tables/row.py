"""What every row is, the bounds that several tables share, and those between the columns of one row."""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.tables.arrow import arrow_schema

# A row of a table, or of several joined, as values by column.
RowMapping = Mapping[str, Any]
MAX_TEXT_CHARS = 200_000
# Of what a file calls a question or its subject.
MAX_LABEL_CHARS = 300
MIN_OPTIONS, MAX_OPTIONS = 2, 10

# Patterns say the same to pydantic (Rust) and Arrow (RE2): both search in the text, without look-around.
RecordId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
ContentId = RecordId
Filled = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern="^[a-z0-9_]+$")]
Label = Annotated[str, Field(min_length=1, max_length=MAX_LABEL_CHARS)]
Text = Annotated[str, Field(max_length=MAX_TEXT_CHARS, pattern=r"[^\s\p{Z}]")]
Locator = Annotated[str, Field(pattern=r"(?s)#.*[a-z]:\d")]
Position = Annotated[int, Field(ge=0, lt=MAX_OPTIONS)]
Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class RowRule(NamedTuple):
    """A bound, in words, and as a test of many rows at once: a boolean a row, null where there is nothing to compare."""

    says: str
    columns: tuple[str, ...]
    holds: Callable[[pa.RecordBatch], pa.Array]

    def broken(self, rows: pa.RecordBatch) -> list[int]:
        """Places of the rows that break it, ascending."""
        places: list[int] = pc.indices_nonzero(pc.invert(pc.fill_null(self.holds(rows), True))).to_pylist()
        return places


class Row(BaseModel):
    """A row of `table`. `rules` are the bounds that a field alone can't state."""

    model_config = ConfigDict(extra="forbid")
    table: ClassVar[str]
    rules: ClassVar[tuple[RowRule, ...]] = ()

    @model_validator(mode="after")
    def _keeps_rules(self) -> Self:
        row = pa.RecordBatch.from_pylist([self.model_dump()], arrow_schema(type(self)))
        if broken := [rule.says for rule in self.rules if rule.broken(row)]:
            raise ValueError("; ".join(broken))
        return self


def is_one_of(values: pa.Array, words: Iterable[str | None]) -> pa.Array:
    """Whether each value is one of the words; null is one where it stands among them."""
    return pc.is_in(values, value_set=pa.array([None if word is None else str(word) for word in words], pa.string()))


def given_where(columns: tuple[str, ...], says: str, by: str, where: Callable[[pa.Array], pa.Array]) -> RowRule:
    """The rule that columns hold a value where another, `by`, is such (in words: `says`), and null in all other rows."""

    def holds(rows: pa.RecordBatch) -> pa.Array:
        expected = where(rows[by])
        return reduce(pc.and_, [pc.equal(rows[name].is_valid(), expected) for name in columns])

    return RowRule(f"{', '.join(columns)} {'is' if len(columns) == 1 else 'are'} given {says}, else null", (*columns, by), holds)


def option_identity(option: str) -> str:
    """Options are the same when they differ in spaces and closing punctuation only; case can be the point (AaBb, aabb).

    >>> option_identity("Hà  Nội .") == option_identity("Hà Nội"), option_identity("...")
    (True, '...')
    """
    # Most options are one line of single spaces already: no other white space is printable.
    text = option.strip() if option.isprintable() and "  " not in option else " ".join(option.split())
    return text.rstrip(" .;,") or text
