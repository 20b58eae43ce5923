"""Rows that give their key twice: what a second column says has to agree with the first, or the row is nobody's to decide."""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import FieldMap, is_called, plain_name
from pipeline.common.grammar.keys import number_of, resolve_key
from pipeline.common.text import fold_option

# Columns that say which option is right and nothing else; "label", "output" or "target" often mean something else.
_STRONG = re.compile(
    r"(?:(?:in)?valid_)?(?:(?:the_)?(?:correct|right|true)(?:_(?:answers?|options?|choices?|ans|response))?|answers?|ans|key|gold(?:_label)?|kq|cop|ra|khoa)"
    r"(?:_(?:key|index|idx|id|ids|no|num|number|letter|text|label|value|option|choice|position|content))?"
    r"|(?:dap_an|phuong_an|lua_chon|cau_tra_loi)(?:_(?:dung|chuan|chinh_xac))?|ket_qua_dung"
)
# A corrected key beside the published one (MMLU-Redux) is an opinion on it.
_ANNOTATED = {"error_type", "potential_reason"}
# What tables write where there is no key.
EMPTY_KEYS = ("", "nan", "null", "none", "n/a", "#n/a", "-", "?", "_")


class Rival(NamedTuple):
    """A further key of a row: its column and what it holds."""

    column: str
    key: Any


def rival_columns(fields: FieldMap, headers: Collection[str], filled: Collection[str], given: Mapping[str, str]) -> tuple[str, ...]:
    """Filled columns beside the key's that give a key as well; none where the config names the key's."""
    answer = fields.columns.get("answer")
    used = {*fields.columns.values(), *fields.option_columns}
    free = [header for header in headers if header in filled and header not in used]
    if answer is None or "answer" in given:
        return ()
    if _ANNOTATED & {plain_name(header) for header in headers}:
        return ()
    option = fields.columns.get("options", "")
    return tuple(
        header
        for header in free
        if is_called(header.rpartition(".")[2], "answer")
        and "%" not in header
        and _STRONG.fullmatch(plain_name(header.rpartition(".")[2]))
        and not (option and header.startswith(f"{option}."))
    )


def contradiction(position: int, rivals: Collection[Rival], bases: Mapping[str, str], labels: list[str], options: list[str]) -> str | None:
    """What a further key says against the option found, in words; None where all agree or say nothing."""
    for rival in rivals:
        places = places_of(rival, bases, labels, options)
        if places is not None and position not in places:
            named = ", ".join(options[place][:40] for place in sorted(places)) or "none of them"
            said = f"{rival.column!r} ({str(rival.key)[:60]}) means {named!r}"
            return f"the key says {options[position][:40]!r}, but {said}: correct one of them"
    return None


def places_of(rival: Rival, bases: Mapping[str, str], labels: list[str], options: list[str]) -> set[int] | None:
    """Options that a further key may mean; None where it holds no key at all."""
    key = rival.key[0] if isinstance(rival.key, list) and len(rival.key) == 1 else rival.key
    if isinstance(key, list):
        # A list of all options under a name of the key's is no key.
        if len(key) < 2 or {fold_option(str(one)) for one in key} >= {fold_option(option) for option in options}:
            return None
        return set() if all(places_of(Rival(rival.column, one), bases, labels, options) for one in key) else None
    text = "" if key is None or isinstance(key, dict) else str(key).strip()
    if text.casefold() in EMPTY_KEYS or isinstance(key, bool):
        return None
    found = {place for place, option in enumerate(options) if fold_option(option) == fold_option(text)}
    if text in labels:
        found.add(labels.index(text))
    if (number := number_of(key)) is not None:
        base = bases.get(rival.column, "ambiguous")
        starts = (0, 1) if base == "ambiguous" else (int(base[-1]),) if base.startswith("index") else ()
        found |= {number - start for start in starts if 0 <= number - start < len(options)}
        return found
    for answer_format in ("letter", "text"):
        if (place := resolve_key(key, answer_format, labels, options).position) is not None:
            found.add(place)
    # What no option reads may be a remark or a solution, unless the column says what it holds.
    return found if found or (len(text) < 60 and re.search(r"correct|right|dung", plain_name(rival.column))) else None
