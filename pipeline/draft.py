"""From a file's records to drafts: its layout found once over all rows, then each record's parts told apart, its key still as found."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.cells import flatten, list_in_text, structure_in_text
from pipeline.fields import WEAK_OPTIONS, FieldMap, advice, find_fields, headless_fields, is_headless, number_base, plain_name
from pipeline.guess import guess_fields
from pipeline.layouts import reshaped
from pipeline.parse import LETTERS, letter_of, number_of, split_options, split_stem, strip_mark, tidy_option
from pipeline.text import SURROGATES, clean, fold_option, one_line, undo_mojibake
from schemas.reasons import Reason
from schemas.tables import MAX_TEXT_CHARS

ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,6}|[a-zA-Z]{2,8}\d?);")
TAGS = re.compile(r"</?(?:p|br|div|span|b|i|u|em|strong|font|sub|sup)\b[^<>]{0,200}/?>", re.IGNORECASE)
# Options beyond these are counted, not read: ten are too many for a question.
MAX_OPTIONS_READ = 100
MAX_LABEL_CHARS = 300
_NUMBER_WORD = re.compile(r"(?:option|choice|opt|answer|phương án|đáp án|lựa chọn)[ _]?(\d{1,2})", re.IGNORECASE)
_DASH_MARK = re.compile(r"([A-J])\s*[-–]\s+(?=\S)")
_NUMBER_MARK = re.compile(r"(?:\((\d{1,2})\)\s*|(\d{1,2})(?:\)\s*|[.:]\s+))(?=\S)")
# Formats whose keys are the right options themselves.
TEXT_KEYS = ("blocks", "gift", "moodle")
_OPTION_LINE, _FIRST_LINE = re.compile(r"([A-J])(?:[.)]\s?|\s|$)(.*)"), re.compile(r"A[.)]?\s")
_NO_PICTURE = ("", "no", "false", "0", "none", "null", "nan", "n/a", "-", "không", "[]")


class Draft(NamedTuple):
    """A record whose parts were told apart, before its key is resolved. `labelled`: the file itself says how its options are called."""

    stem: str = ""
    context: str | None = None
    options: list[str] = []  # noqa: RUF012 - never changed
    labels: list[str] = []  # noqa: RUF012
    key: Any = None
    explanation: str | None = None
    original_id: str | None = None
    subject: str | None = None
    repairs: list[str] = []  # noqa: RUF012
    reasons: list[Reason] = []  # noqa: RUF012
    detail: str | None = None
    labelled: bool = False


class Reading(NamedTuple):
    """How a file's rows are read. `problem` is the verdict on all of them where no layout fits; `hint` what could hold the key;
    `text_keys`: keys are texts of options by definition; `unused`: headers that nothing is taken from."""

    layout: str
    fields: FieldMap
    rows: list[dict[str, Any] | None]
    problem: str | None = None
    hint: str | None = None
    column_base: int | None = None
    column_places: Mapping[str, int] = {}
    labels: tuple[str, ...] = ()
    text_keys: bool = False
    unused: tuple[str, ...] = ()


def find_reading(records: list[dict[str, Any]], given: Mapping[str, str]) -> Reading:
    """The layout of one file, found over all of its RawRecord rows, and their cells, flattened; `given` is the config's `fields`."""
    cells = [_cells(record) for record in records]
    present = [row for row in cells if row is not None]
    if not present:
        blocks = any(record["reader"] == "blocks" for record in records)
        return Reading("blocks" if blocks else "none", FieldMap({}, []), cells, text_keys=blocks)
    headers = list(dict.fromkeys(key for row in present for key in row))
    layout, special = "headers", None
    if not given:
        special, present = reshaped(headers, present)
    if special:
        layout = special.name
        headers = list(dict.fromkeys(key for row in present for key in row))
        rest = iter(present)
        cells = [row if row is None else next(rest) for row in cells]
    filled: set[str] = set()
    for row in present:
        filled.update(key for key, value in row.items() if key not in filled and value not in (None, "", []))
    if is_headless(headers) and not given:
        texts = {name: [str(row[name]).strip() for row in present[:50] if row.get(name) not in (None, "")] for name in headers}
        fields, layout = headless_fields(texts), "no header"
    else:
        empty = [header for header in headers if header not in filled]
        fields = find_fields(headers, given, empty, lambda part, header: _accepts(part, header, present))
    text_keys = (special is not None and special.text_keys) or any(record["reader"] in TEXT_KEYS for record in records)
    return _judged(Reading(layout, fields, cells, text_keys=text_keys), headers, filled, given)


def _judged(reading: Reading, headers: list[str], filled: set[str], given: Mapping[str, str]) -> Reading:
    """The reading with what else follows from its field map, or with the verdict that nothing does."""
    fields, present = reading.fields, [row for row in reading.rows if row is not None]
    absent = [f"{part}: {column}" for part, column in given.items() if column not in headers and part in ("stem", "options", "answer")]
    has_options = "options" in fields.columns or bool(fields.option_columns)
    problem = hint = None
    if absent:
        problem = f"`fields:` names {', '.join(absent)}, which no row has; {advice(headers, guess_fields(present, {}))}"
    elif not fields.usable:
        problem = advice(headers, guess_fields(present, fields.columns))
    elif not has_options or "answer" not in fields.columns or fields.columns["answer"] not in filled:
        known = {part: column for part, column in fields.columns.items() if part != "answer" or column in filled}
        known |= {f"option_{chr(97 + place)}": column for place, column in enumerate(fields.option_columns)}
        guess = guess_fields(present, known)
        if not has_options and len(guess.keys() & {"options", "option_a"}):
            problem = "no column was recognised as options: " + advice(headers, guess)
        elif has_options and "answer" in guess and "answer" not in known:
            hint = f"no column was recognised as the key, {guess['answer']!r} could be it: " + advice(headers, guess)
    column = fields.columns.get("options", "")
    labels = tuple(
        f"{base}.{name}" for base in dict.fromkeys((column, column.rpartition(".")[0])) if base for name in ("label", "labels", "key")
    )
    answer = plain_name(fields.columns.get("answer", ""))
    # A column called index or label is a place in a list, whatever the columns are called (PIQA: sol1, sol2, label 0).
    counted = re.search(r"label|ind?e?x|gold|target|cop|id$", answer) is not None
    base = number_base(fields.option_columns)
    places = {plain_name(name): place for place, name in enumerate(fields.option_columns) if len(plain_name(name).strip("0123456789")) > 1}
    used = {*fields.columns.values(), *fields.option_columns, *labels}
    return reading._replace(
        layout="unknown" if problem else reading.layout,
        problem=problem,
        hint=hint,
        column_base=None if counted and base == 1 else base,
        column_places=places,
        labels=labels,
        unused=tuple(header for header in headers if header not in used and not (column and header.startswith(f"{column}."))),
    )


def _cells(record: dict[str, Any]) -> dict[str, Any] | None:
    if record["reason_codes"] or record["reader"] == "blocks":
        return None
    value = json.loads(record["payload"])
    return flatten(value) if isinstance(value, dict) else {}


def _accepts(part: str, header: str, rows: list[dict[str, Any]]) -> bool:
    """Whether a column's first filled cells can be what its name says: options are lists, and "Question #" holds no question."""
    if part == "options":
        return _holds_options(header, rows)
    if part == "context" and plain_name(header) in ("text", "content"):
        # A passage, where it isn't the question once more, with its options.
        return not any(
            isinstance(cell, str) and cell is not row.get(header) and len(cell) > 3 and cell in str(row.get(header))
            for row in rows[:20]
            for cell in row.values()
        )
    if part != "stem":
        return True
    filled = [row[header] for row in rows[:20] if row.get(header) not in (None, "")]
    return not filled or any(number_of(value) is None for value in filled)


def _holds_options(header: str, rows: list[dict[str, Any]]) -> bool:
    """True where the first filled cells of a column that is called like the options are lists of them."""
    weak = plain_name(header) in WEAK_OPTIONS
    seen = 0
    for row in rows:
        value = row.get(header)
        if value in (None, "", []):
            continue
        if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
            return True
        if isinstance(value, str) and (not weak or value.strip()[:1] in "[({") and list_in_text(value[:MAX_TEXT_CHARS]):
            return True
        seen += 1
        if seen == 5:
            return False
    # Nothing is filled: an empty column may bear its name.
    return not seen and not weak


def draft_record(record: dict[str, Any], cells: dict[str, Any] | None, reading: Reading) -> Draft:
    """One record's parts; a record that its reader rejected stays rejected."""
    if record["reason_codes"]:
        return Draft(reasons=[Reason(code) for code in record["reason_codes"]], detail=record["detail"])
    if record["reader"] == "blocks":
        return _draft_block(record["payload"])
    return _draft_cells(cells or {}, reading)


def text_of(value: Any, repairs: list[str]) -> str:
    """A cell as clean text. Mojibake, HTML entities and tags are repaired, and said."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, list):
        value = "\n".join(str(item) for item in value[:1000] if item is not None)
    text = value if isinstance(value, str) else str(value)
    if len(text) > MAX_TEXT_CHARS * 4:
        text = text[: MAX_TEXT_CHARS * 4]
    text = SURROGATES.sub("\ufffd", text)
    if not text.isascii() and (fixed := undo_mojibake(text)) != text:
        repairs.append("mojibake_fixed")
        text = fixed
    if ENTITY.search(text):
        unescaped = html.unescape(text)
        if unescaped != text:
            repairs.append("html_entities")
            text = unescaped
    if TAGS.search(text):
        text = TAGS.sub(lambda tag: "\n" if tag[0].lower().startswith(("<br", "</p", "</div")) else "", text)
        repairs.append("html_tags")
    return clean(text)


def _draft_block(payload: str) -> Draft:
    """OpenTriviaQA: `#Q` stem lines, one `^` key line, `A ` .. option lines behind it."""
    if len(payload) > MAX_TEXT_CHARS:
        return Draft(payload[:500], reasons=[Reason.TOO_LARGE], detail=f"more than {MAX_TEXT_CHARS:,} characters")
    repairs: list[str] = []
    lines = text_of(payload, repairs).split("\n")
    keys = [i for i, line in enumerate(lines) if line.startswith("^")]
    reasons, detail = [], None
    at = keys[0] if keys else next((i for i, line in enumerate(lines) if _FIRST_LINE.match(line)), len(lines))
    stem = split_stem("\n".join(lines[:at]))
    options: list[str] = []
    labels: list[str] = []
    for line in lines[at + 1 if keys else at :]:
        match = _OPTION_LINE.match(line)
        if match and match[1] == LETTERS[len(options) : len(options) + 1]:
            options.append(match[2].strip())
            labels.append(match[1])
        elif options and line.strip():
            options[-1] = f"{options[-1]} {line.strip()}".strip()
            repairs.append("option_lines_joined")
        elif line.strip():
            reasons, detail = [Reason.MALFORMED_ROW], f"line {line[:60]!r} stands between key and options"
    key = lines[keys[0]][1:].strip() if keys else None
    if len(keys) > 1:
        reasons, detail = [Reason.MULTIPLE_ANSWERS], f"{len(keys)} key lines"
    return Draft(stem.stem, stem.context, options, labels, key, repairs=[*stem.repairs, *repairs], reasons=reasons, detail=detail)


def _draft_cells(cells: dict[str, Any], reading: Reading) -> Draft:
    repairs: list[str] = []
    columns = reading.fields.columns
    if reading.problem:
        return Draft(reasons=[Reason.UNKNOWN_LAYOUT], detail=reading.problem)

    def cell(part: str) -> Any:
        return cells.get(columns[part]) if part in columns else None

    def short(part: str) -> str | None:
        return None if cell(part) in (None, "") else one_line(str(cell(part))[:MAX_LABEL_CHARS])

    text = text_of(cell("stem"), repairs)
    reasons: list[Reason] = []
    detail: str | None = None
    options: list[str] = []
    labels: list[str] = []
    note: str | None = None
    several = labelled = False
    key = cell("answer")
    found = _option_cells(cells, reading)
    raw_options = [text_of(value, repairs) for value in found.values[:MAX_OPTIONS_READ]]
    if len(text) > MAX_TEXT_CHARS or sum(map(len, raw_options)) > MAX_TEXT_CHARS:
        return Draft(text[:500], repairs=repairs, reasons=[Reason.TOO_LARGE], detail=f"more than {MAX_TEXT_CHARS:,} characters")
    if len(found.values) > MAX_OPTIONS_READ:
        reasons, detail = [Reason.TOO_MANY_OPTIONS], f"{len(found.values):,} options"
    if raw_options:
        options, labels, labelled = _columns_to_options(raw_options, found.labels, repairs)
        key = found.right if found.right is not None else key
        key = _plain_key(key, labels, options)
        if isinstance(key, str) and (place := reading.column_places.get(plain_name(key[:80]))) is not None and place < len(labels):
            key = labels[place]
    elif (cut := split_options(text)) is not None:
        text, labels, options, note, several = cut.stem, cut.labels, cut.texts, cut.note, cut.several
        repairs += cut.repairs
    stem = split_stem(text)
    context = "\n\n".join(part for part in (text_of(cell("context"), repairs), stem.context) if part) or None
    explanation = "\n".join(part for part in (text_of(cell("explanation"), repairs), note) if part) or None
    if (image := text_of(cell("image"), [])).lower() not in _NO_PICTURE:
        reasons, detail = [Reason.IMAGE_REQUIRED], f"it comes with the picture {image[:80]}"
    if several:
        reasons, detail = [Reason.MULTIPLE_QUESTIONS], "two lists of options, or a second numbered question, in one text"
    if isinstance(key, str) and key[:1] == "[" and isinstance(listed := structure_in_text(key[:2000]), list):
        key = listed
    repairs = [*stem.repairs, *dict.fromkeys(repairs)]
    return Draft(stem.stem, context, options, labels, key, explanation, short("id"), short("subject"), repairs, reasons, detail, labelled)


def _plain_key(key: Any, labels: list[str], options: list[str]) -> Any:
    """A key that a list of right and wrong ([0, 1, 0]), a numbered text ("2. Huế") or a numbered word ("option 2") stands for."""
    if isinstance(key, list) and len(key) == len(options) > 1 and all(value in (0, 1) for value in key) and sum(key) == 1:
        return labels[key.index(1)]
    if not isinstance(key, str) or len(key) > 500:
        return key
    if match := _NUMBER_WORD.fullmatch(key.strip()):
        return match[1]
    if match := _NUMBER_MARK.match(key):
        same = [place for place, option in enumerate(options) if fold_option(option) == fold_option(key[match.end() :])]
        return labels[same[0]] if len(same) == 1 else key
    return key


class _OptionCells(NamedTuple):
    """Options as found, the labels that the file gives them, and the right one where a mark beside each says it."""

    values: list[Any]
    labels: Any = None
    right: Any = None


def _option_cells(cells: dict[str, Any], reading: Reading) -> _OptionCells:
    """Options from their columns or their list (a list written as text too); empty cells at the end are no options."""
    fields = reading.fields
    if fields.option_columns:
        values = [cells.get(column) for column in fields.option_columns]
        while values and (values[-1] is None or not str(values[-1]).strip()):
            values.pop()
        return _OptionCells(values)
    value = cells.get(fields.columns.get("options", ""))
    if isinstance(value, str):
        value = list_in_text(value) if len(value) <= MAX_TEXT_CHARS else [value]
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        flat = flatten({"options": value})
        texts: list[Any] = next(
            (flat[name] for name in ("options", "options.text", "options.choices") if isinstance(flat.get(name), list)), []
        )
        return _OptionCells([] if texts and isinstance(texts[0], dict) else texts, flat.get("options.label"), flat.get("answer"))
    if not isinstance(value, list):
        return _OptionCells([])
    labels = next((cells[name] for name in reading.labels if isinstance(cells.get(name), list)), None)
    return _OptionCells(value, labels)


def _columns_to_options(values: list[str], labels: Any, repairs: list[str]) -> tuple[list[str], list[str], bool]:
    """Texts without their marks, their labels, and whether these are the file's own."""
    stripped = [strip_mark(value, place) for place, value in enumerate(values)]
    numbers = [_NUMBER_MARK.match(value) for value in values]
    letters = [*LETTERS, *(f"#{i}" for i in range(len(LETTERS), len(values)))][: len(values)]
    own: list[str] = [] if not isinstance(labels, list) or len(labels) != len(values) else [str(label).strip(" .)(") for label in labels]
    # A mark is one only when all options bear theirs: "D. Pedro" alone is a name.
    if all(found for _, found in stripped) and len(stripped) > 1:
        values = [text for text, _ in stripped]
        repairs.append("option_marks_stripped")
    elif len(values) > 1 and all(m and int(m[1] or m[2]) == place for place, m in enumerate(numbers, start=1)):
        values = [value[m.end() :].strip() for value, m in zip(values, numbers, strict=True) if m]
        own = own or [str(place + 1) for place in range(len(values))]
        repairs.append("option_marks_stripped")
    elif len(values) > 1 and all(m and m[1] == LETTERS[place : place + 1] for place, m in enumerate(map(_DASH_MARK.match, values))):
        values = [_DASH_MARK.sub("", value, count=1) for value in values]
        repairs.append("option_marks_stripped")
    texts = [tidy_option(value) for value in values]
    if own and all(letter_of(label) for label in own):
        return texts, [str(letter_of(label)) for label in own], True
    # Labels that the file gives itself (ARC's 1 to 4) are what its keys mean.
    return (texts, own, True) if own and len(set(own)) == len(own) else (texts, letters, False)
