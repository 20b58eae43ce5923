"""Options in columns, and beside each a column that says whether it is right: "Option A", "A correct", or weights 0 and 100."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.common.grammar.columns import find_fields, option_place, plain_name, without_remark
from pipeline.common.grammar.flags import FALSE, is_true
from pipeline.common.letters import LETTERS
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_FLAG = (
    r"(?:is_)?(?:correct|right|true|dung|dap_an_dung|key|flag|weight|score|points?|fraction|percent|diem|richtig|correcta?|ok|tick|check|mark"
    r"|x|chon|danh_dau)"
)
_FALSE = FALSE | {"o", "khong", "falsch"}
_BEHIND = re.compile(rf"(?P<option>.+)_{_FLAG}")
_BEFORE = re.compile(rf"{_FLAG}_(?P<option>.+)")
_REPEATED = re.compile(r"(?:is_)?(?:correct|right|dung|richtig)(?:_(\d{1,2}))?")


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    columns = find_fields(list(names.values()), {}).option_columns
    flags = _flags(columns, [header for header in names.values() if header not in columns])
    if flags is None or any(_verdict(row.get(flag)) is None for row in rows for flag in flags):
        return None
    if not any(_verdict(row.get(flag)) for row in rows for flag in flags):
        return None

    def reshape(cells: Cells) -> Cells:
        rest = {key: value for key, value in cells.items() if key not in columns and key not in flags}
        options = [cells.get(column) for column in columns]
        while options and (options[-1] is None or not str(options[-1]).strip()):
            options.pop()
        letters = list(LETTERS[: len(options)])
        right = [letter for letter, flag in zip(letters, flags, strict=False) if _verdict(cells.get(flag))]
        # Not "answer": a column of this name has to agree with the flags.
        return {**rest, "options": options, "options.label": letters, "options.right": right}

    return reshape


def _flags(columns: list[str], others: list[str]) -> list[str] | None:
    """The flag of each option's column, in order; None where one has none."""
    if not 2 <= len(columns) <= len(LETTERS):
        return None
    places = [_place(plain_name(column)) or _place(without_remark(column)) for column in columns]
    found: dict[tuple[bool, int], str] = {}
    repeated: dict[int, str] = {}
    for header in others:
        if same := _REPEATED.fullmatch(plain_name(header)):
            repeated[int(same[1] or 1)] = header
        match = _BEHIND.fullmatch(plain_name(header)) or _BEFORE.fullmatch(plain_name(header))
        if match and (place := _place(match["option"])):
            found.setdefault(place, header)
    if all(place in found for place in places if place) and all(places):
        return [found[place] for place in places if place]
    # The second and third column of one name bear these numbers; how the headers are ordered here says nothing.
    numbers = range(1, len(columns) + 1)
    return [repeated[number] for number in numbers] if repeated.keys() == set(numbers) else None


def _place(name: str) -> tuple[bool, int] | None:
    found = option_place(name)
    return (found.lettered, found.place) if found else None


def _verdict(value: Any) -> bool | None:
    """Whether a flag says right; None for a cell that is no flag."""
    if value is None or value is False:
        return False
    if is_true(value):
        return True
    text = str(value).strip().rstrip("%")
    if plain_name(text).removesuffix("_0") in _FALSE:
        return False
    return float(text) > 0 if re.fullmatch(r"-?\d{1,5}(?:\.\d{1,5})?", text) else None


LAYOUT = Layout("flag_columns", _fit)
