"""The bounds of a table, read from its model and tested in bulk: what pydantic says of one row, Arrow says of all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.row import Row, RowRule, is_one_of

VALUE_CHARS = 80
NEVER_NULL = "never null"


class Violation(NamedTuple):
    """A bound, and the places of the rows that break it."""

    rule: RowRule
    rows: list[int]


class _Bound(NamedTuple):
    """A bound of values that aren't null; `each`: of the items of a list."""

    says: str
    holds: Callable[[pa.Array], pa.Array]
    each: bool = False


@cache
def column_rules(model: type[Row]) -> dict[str, list[RowRule]]:
    """The bounds of each column by itself, as its field states them. Raises TypeError for one that can't be tested in bulk."""
    found = {}
    for name, info in model.model_fields.items():
        bounds = [_Bound(NEVER_NULL, pc.is_valid)] if not arrow_schema(model).field(name).nullable else []
        found[name] = [_rule(name, bound) for bound in [*bounds, *_bounds(info.annotation, info.metadata)]]
    return found


def rules_of(model: type[Row]) -> list[RowRule]:
    """All bounds of a table: those of its columns, in order, then those between them."""
    return [*(rule for rules in column_rules(model).values() for rule in rules), *model.rules]


def violations(table: pa.Table, model: type[Row]) -> Iterator[Violation]:
    """Every bound that rows of a table break."""
    start = 0
    for batch in table.to_batches():
        for rule in rules_of(model):
            if rows := rule.broken(batch):
                yield Violation(rule, [start + row for row in rows])
        start += batch.num_rows


def checked(table: pa.Table, model: type[Row]) -> pa.Table:
    """The table itself, when every row keeps every bound. Raises DataError, naming column, record, value and bound."""
    for rule, rows in violations(table, model):
        row = table.slice(rows[0], 1).to_pylist()[0]
        values = ", ".join(f"{name} {str(row[name])[:VALUE_CHARS]!r}" for name in rule.columns)
        raise DataError(
            f"table {model.table}: record {next(iter(row.values()))} has {values}, which breaks its bound: {rule.says} "
            f"({len(rows):,} such rows); the table is damaged, or this is a bug in the stage that wrote it"
        )
    return table


def checked_rows(rows: Sequence[Mapping[str, Any]], model: type[Row]) -> pa.Table:
    """Arrow table of plain rows. Raises DataError for a bound that one breaks, or columns that aren't the model's."""
    names = model.model_fields.keys()
    if other := next((row for row in rows if row.keys() != names), None):
        raise DataError(f"table {model.table}: a row has other columns than its model: {', '.join(sorted(other.keys() ^ names))}")
    return checked(pa.Table.from_pylist(rows, arrow_schema(model)), model)


def _rule(name: str, bound: _Bound) -> RowRule:
    if not bound.each:
        return RowRule(bound.says, (name,), lambda rows: bound.holds(rows[name]))

    def holds(rows: pa.RecordBatch) -> pa.Array:
        lists = rows[name]
        broken = pc.list_parent_indices(lists).filter(pc.invert(pc.fill_null(bound.holds(pc.list_flatten(lists)), False)))
        kept = np.ones(len(lists), bool)
        kept[broken.to_numpy(zero_copy_only=False)] = False
        return pa.array(kept)

    return RowRule(f"each {bound.says}", (name,), holds)


def _bounds(annotation: Any, metadata: Iterable[Any] = ()) -> list[_Bound]:
    """The bounds that an annotation states, and that of its metadata."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bounds(arguments[0], [*metadata, *(part for field in arguments[1:] for part in field.metadata)])
    if origin in (Union, UnionType):
        (inner,) = (kind for kind in arguments if kind is not type(None))
        return _bounds(inner, metadata)
    if origin is list:
        items = [bound._replace(each=True) for bound in _bounds(arguments[0])]
        return [*(_bound(part, pc.list_value_length, " items") for part in metadata), *items]
    words = arguments if origin is Literal else list(annotation) if issubclass(annotation, StrEnum) else ()
    size = (pc.utf8_length, " characters") if annotation is str else (lambda values: values, "")
    return [*([_one_of(words)] if words else []), *(_bound(part, *size) for part in metadata)]


def _one_of(words: Sequence[str]) -> _Bound:
    return _Bound(f"one of {', '.join(words)}", lambda values: pc.if_else(values.is_valid(), is_one_of(values, words), None))


def _bound(part: Any, size: Callable[[pa.Array], pa.Array], unit: str) -> _Bound:
    """One piece of pydantic's metadata; a length is that of a text or of a list."""
    match part:
        case Ge(least) | MinLen(least):
            return _Bound(
                "not empty" if unit and least == 1 else f"{least:,}{unit} or more", lambda values: pc.greater_equal(size(values), least)
            )
        case Gt(under):
            return _Bound(f"more than {under:,}{unit}", lambda values: pc.greater(size(values), under))
        case Le(most) | MaxLen(most):
            return _Bound(f"{most:,}{unit} or less", lambda values: pc.less_equal(size(values), most))
        case Lt(over):
            return _Bound(f"less than {over:,}{unit}", lambda values: pc.less(size(values), over))
    if pattern := getattr(part, "pattern", None):
        return _Bound(f"matches {pattern}", lambda values: pc.match_substring_regex(values, pattern))
    raise TypeError(f"bound {part!r} can't be tested on whole columns; teach it to {__name__}")
