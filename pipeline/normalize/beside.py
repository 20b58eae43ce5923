"""Columns beside the field map that decide over a row: further keys, what a question needs, pictures, options that nothing reads."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import (
    LAST_STEMS,
    SYNONYMS,
    WEAK_STEMS,
    FieldMap,
    advice,
    is_called,
    left_out,
    option_place,
    plain_name,
    same_but_number,
    without_remark,
)
from pipeline.common.grammar.flags import truths
from pipeline.common.grammar.keys import number_of
from pipeline.common.grammar.stems import split_stem
from pipeline.common.text import canonical_json, fold_option, one_line, strip_marks

# Rows that show what a column holds.
_ROWS = 200
# Contexts that stand beside another: a passage and the code below it.
GIVEN = {*SYNONYMS["context"][SYNONYMS["context"].index("passage_content") :], "passage", "doan_van", "bai_doc", "ngu_lieu", "passage_text"}
# Names that codes of questions bear as well.
AMBIGUOUS_GIVEN = ("code", "data", "given", "question_code", "scenario", "du_lieu", "table", "bang")
_PICTURE = re.compile(
    r"(?:(?:question|title|stem|prompt|cau_hoi|answers?|ans|options?|opt|choices?|dap_an|phuong_an|lua_chon)_?(?:[a-z]|\d{1,2})?_)?"
    r"(?:images?|img|pictures?|pic|photo|figure|media|audio|video|hinh|hinh_anh|anh|tep_am_thanh|am_thanh)(?:_?(?:\d{1,2}|[a-j]))?(?:_?(?:url|links?|path|file|src|id))?"
    r"(?:_(?:question|option|answer)s?(?:_?(?:[a-j]|\d{1,2}))?)?"
)
# A picture that comes with the solution; an option that only it shows has no text.
_SOLUTION_PICTURE = re.compile(
    r"(?:images?|img|pictures?|hinh|hinh_anh|anh)_answer|(?:answer|dap_an)_(?:images?|img|pictures?|hinh|hinh_anh|anh)"
)
_KIND = (
    "type",
    "question_type",
    "kind",
    "question_kind",
    "loai",
    "loai_cau_hoi",
    "loai_cau",
    "dang",
    "dang_cau_hoi",
    "kieu",
    "kieu_cau_hoi",
    "qtype",
)
_FLAG = ("is_correct", "correct", "is_true", "is_right", "right")
_CODE = re.compile(r"[(){}=<>\n]")
_POINTS = re.compile(
    r"\b(?:code|program|passage|text|paragraph|snippet|data|table|dialogue|conversation|letter|case|scenario|query|script)\b"
    r"|đoạn|mã nguồn|chương trình|bảng số liệu|dữ liệu|văn bản|bài đọc|tình huống|hội thoại|câu lệnh",
    re.IGNORECASE,
)
_OF_PASSAGE = re.compile(
    r"\b(?:the|this|paragraph|following) (?:passage|text|article|paragraph|author|story)\b"
    r"|đoạn (?:văn|trích|thông tin)(?: trên)?|bài đọc|văn bản trên",
    re.IGNORECASE,
)
# What a column holds that no question needs to be answered.
_HARMLESS = re.compile(
    r"(?:.*_)?(?:explanations?|explain|feedback|rationale|reason|solution|hint|comments?|notes?|source|author|tags?|topics?|categor(?:y|ies)|chapter"
    r"|section|lesson|unit|skill|level|title|name|slug|description|remarks?|reference|refs?|date|time|goi_y|giai_thich|loi_giai|ghi_chu|nguon|chu_de|chuong"
    r"|bai|muc|muc_do|tac_gia|id|url|link|explication|status|answer|objective|standard|concept|fact\d?|support|lecture|evidence|translation)(?:_\d+)?"
)


class Beside(NamedTuple):
    """Headers beside the field map. `keys`: further keys of a row; `given`: further contexts; `pictures`; `options`: called like the
    columns of the options and not read; `needed`: what tells apart questions that read alike without it; `kind` says what kind of
    question a row is; `flag` whether its statement is true."""

    keys: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    kind: str | None = None
    flag: str | None = None


def find_beside(fields: FieldMap, headers: list[str], filled: set[str], rows: list[dict[str, Any]]) -> Beside:
    """What stands beside the field map of a file, over all of its rows."""
    used = {*fields.columns.values(), *fields.option_columns}
    free = [header for header in headers if header in filled and header not in used]
    answer = fields.columns.get("answer")
    options = (*left_out(fields.option_columns, free), *_other_options(fields.option_columns, free, rows))
    keys = () if answer is None else tuple(same_but_number(answer, free))
    given = tuple(h for h in free if plain_name(h) in GIVEN and holds_text(h, rows)) if "context" in fields.columns else ()
    pictures = tuple(header for header in free if any(map(_is_picture, (plain_name(header), without_remark(header)))))
    rest = [h for h in free if h not in {*options, *keys, *given, *pictures} and not _SOLUTION_PICTURE.fullmatch(plain_name(h))]
    kind = next((h for name in _KIND for h in rest if plain_name(h) == name), None)
    flag = next((h for name in _FLAG for h in rest if plain_name(h) == name), None)
    return Beside(keys, given, pictures, options, _needed(fields, rest, rows), kind, flag)


def _other_options(option_columns: list[str], free: list[str], rows: list[dict[str, Any]]) -> list[str]:
    """Columns with the places of the options' under another word ("Answer A" beside "Option A") that hold texts of their own: either
    could be the options."""
    places = [option_place(plain_name(column)) for column in option_columns]
    runs: defaultdict[tuple[str, bool], dict[int, str]] = defaultdict(dict)
    for header in free:
        if (found := option_place(plain_name(header))) and found.words:
            runs[found[:2]].setdefault(found.place, header)
    for run in runs.values():
        pairs = [(column, run[place.place]) for column, place in zip(option_columns, places, strict=True) if place and place.place in run]
        if len(pairs) == len(option_columns) and any(
            _is_text(row.get(other)) and fold_option(str(row[other])) != fold_option(str(row.get(column)))
            for row in rows[:_ROWS]
            for column, other in pairs
        ):
            return [other for _, other in pairs]
    return []


def _is_text(value: Any) -> bool:
    """False for a letter, a number or a truth value."""
    return isinstance(value, str) and len(value.strip()) > 2 and number_of(value) is None and truths([value]) is None


def _is_picture(name: str) -> bool:
    return _PICTURE.fullmatch(name) is not None and _SOLUTION_PICTURE.fullmatch(name) is None


def with_asking(fields: FieldMap, headers: list[str], rows: list[dict[str, Any]]) -> FieldMap:
    """The field map where two columns are called like a question and no context is: the one that asks is the stem, and what it asks
    about ("stem" beside "question", "content" below "title") the context; so is an instruction of each row's own for its input."""
    stem = fields.columns.get("stem")
    if stem is None or "context" in fields.columns:
        return fields
    has_options = bool(fields.option_columns) or "options" in fields.columns
    # A title is a question only for want of a better one, whatever that is called.
    weak = plain_name(stem) in WEAK_STEMS
    used = {*fields.columns.values(), *fields.option_columns}
    for header in headers:
        if header in used or not (weak or is_called(header, "stem") or plain_name(header) in LAST_STEMS):
            continue
        texts = [(row.get(stem), row.get(header)) for row in rows[:_ROWS]]
        pairs = [
            (text, other) for text, other in texts if isinstance(text, str) and isinstance(other, str) and text.strip() and other.strip()
        ]
        own = len({other for _, other in pairs}) * 2 > len(pairs)
        if not own or len(pairs) * 2 < len(texts) or any(text in other or other in text for text, other in pairs):
            continue
        if has_options and all(other.rstrip()[-1] in "?？" and "?" not in text for text, other in pairs):
            about = {} if all(not split_stem(text).stem for text, _ in pairs) else {"context": stem}
            return fields._replace(columns={**fields.columns, "stem": header, **about})
        if len(pairs) > 1 and plain_name(header) == "instruction" and plain_name(stem) == "input":
            return fields._replace(columns={**fields.columns, "context": header})
    return fields


def holds_text(header: str, rows: list[dict[str, Any]]) -> bool:
    """Whether a column that may hold what a question is about holds texts or code, and no codes of questions ("Q-17")."""
    if plain_name(header) not in AMBIGUOUS_GIVEN:
        return True
    values = [row[header] for row in rows[:_ROWS] if isinstance(row.get(header), str)]
    return any(_CODE.search(value) or len(value.split()) >= 3 for value in values)


def _needed(fields: FieldMap, free: list[str], rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Unused columns whose texts alone tell apart questions that read alike: the stem points at them, or the keys differ; and such that a
    stem points at by their names ("the table below", and a column `table`)."""
    free = [header for header in free if not _HARMLESS.fullmatch(plain_name(header)) and not is_called(header, "id")]
    stem, answer = fields.columns.get("stem"), fields.columns.get("answer")
    if not free or stem is None:
        return ()
    alike: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.get(stem) not in (None, ""):
            alike[one_line(str(row[stem])[:2000])].append(row)
    found: dict[str, None] = {}
    for text, group in alike.items():
        if len(group) < 2:
            continue
        points = _POINTS.search(text) is not None
        for header in free:
            values = {fold_option(str(row.get(header) or "")[:2000]) for row in group}
            if len(values) < 2 or not any(_is_matter(str(row.get(header) or "")[:2000]) for row in group):
                continue
            if points or _keys_differ(group, fields, answer):
                found[header] = None
    for text, group in alike.items():
        if _POINTS.search(text):
            named = f"_{strip_marks(text)}_"
            found |= {
                header: None
                for header in free
                if f"_{plain_name(header)}_" in named and any(_is_matter(str(row.get(header) or "")[:2000]) for row in group)
            }
    return tuple(found)


def _is_matter(value: str) -> bool:
    return len(value.split()) >= 4 or _CODE.search(value) is not None


def _keys_differ(group: list[dict[str, Any]], fields: FieldMap, answer: str | None) -> bool:
    """True where rows with the same options have different keys."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    columns = [*fields.option_columns, *filter(None, (fields.columns.get("options"), fields.columns.get("context")))]
    for row in group:
        keys[canonical_json([row.get(column) for column in columns])].add(str(row.get(answer)) if answer else "")
    return any(len(found) > 1 for found in keys.values())


def is_filled(value: Any) -> bool:
    """True for a cell that holds something to see."""
    return value is not None and value != [] and str(value).strip() != ""


def keys_of(key: Any, cells: Mapping[str, Any], beside: Beside) -> list[Any]:
    """The different keys of a row, that of the key's own column first."""
    found = [value for value in (key, *(cells.get(header) for header in beside.keys)) if is_filled(value)]
    return list({fold_option(str(value)): value for value in reversed(found)}.values())[::-1]


def unread_columns(cells: Mapping[str, Any], fields: FieldMap, beside: Beside, headers: list[str]) -> str | None:
    """Why a row can't be read without further columns that it fills, and the block that takes them in; None where none is left."""
    if options := [header for header in beside.options if is_filled(cells.get(header))]:
        columns = sorted([*fields.option_columns, *beside.options], key=_place)
        block = {part: column for part, column in fields.columns.items() if part in ("stem", "answer")}
        block |= {f"option_{chr(97 + place)}": column for place, column in enumerate(columns[:26])}
        return f"the column {options[0]!r} is called like an option and is not read: {advice(headers, block)}"
    if needed := [header for header in beside.needed if is_filled(cells.get(header))]:
        block = {part: column for part, column in fields.columns.items() if part in ("stem", "options", "answer")}
        block |= {f"option_{chr(97 + place)}": column for place, column in enumerate(fields.option_columns)} | {"context": needed[0]}
        why = f"the question hangs on the column {needed[0]!r}, which is not read"
        return f"{why}: {advice(headers, block)}; or remove the column"
    return None


def passage_missing(stem: str, reading_context: str | None, cells: Mapping[str, Any], fields: FieldMap) -> str | None:
    """Why a question can't stand alone: it speaks of the passage, whose cell is empty in its row (a merged cell, saved as csv)."""
    column = fields.columns.get("context")
    if reading_context or column is None or is_filled(cells.get(column)) or not (named := _OF_PASSAGE.search(stem)):
        return None
    return f"it speaks of {named[0]!r}, and its cell of {column!r} is empty: write the passage in each of its rows"


def _place(header: str) -> int:
    found = option_place(plain_name(header)) or option_place(without_remark(header))
    return found.place if found else 0
