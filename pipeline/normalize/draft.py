"""From a record to a draft: its parts told apart, its key still as found."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import plain_name
from pipeline.common.grammar.keys import letter_of
from pipeline.common.grammar.option_lists import split_options, strip_mark, tidy_options
from pipeline.common.grammar.stems import split_stem
from pipeline.common.letters import LETTERS
from pipeline.common.text import SURROGATES, clean, fold_option, one_line, undo_mojibake, without_invisible
from pipeline.normalize.gaps import with_gaps
from pipeline.normalize.html_cells import PLAIN, CellMarkup, is_picture, speaks_of_tags, without_markup
from pipeline.normalize.nested_cells import flatten, list_in_text, structure_in_text
from pipeline.normalize.reading import Reading
from schemas.reasons import Reason
from schemas.tables.row import MAX_LABEL_CHARS, MAX_TEXT_CHARS

# Options beyond these are counted, not read: ten are too many for a question.
MAX_OPTIONS_READ = 100
_NUMBER_WORD = re.compile(r"(?:option|choice|opt|answer|phương án|đáp án|lựa chọn)[ _]?(\d{1,2})", re.IGNORECASE)
_DASH_MARK = re.compile(r"([A-J])\s*[-–]\s+(?=\S)")
_NUMBER_MARK = re.compile(r"(?:\((\d{1,2})\)\s*|(\d{1,2})(?:\)\s*|[.:]\s+))(?=\S)")
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


def draft_record(record: dict[str, Any], cells: dict[str, Any] | None, reading: Reading) -> Draft:
    """One record's parts; a record that its reader rejected stays rejected."""
    if record["reason_codes"]:
        return Draft(reasons=[Reason(code) for code in record["reason_codes"]], detail=record["detail"])
    if record["reader"] == "blocks":
        return _draft_block(record["payload"])
    return _draft_cells(cells or {}, reading)


def text_of(value: Any, repairs: list[str], markup: CellMarkup = PLAIN, options: Sequence[str] = ()) -> str:
    """A cell as clean text. Mojibake is repaired, and HTML where the file's cells hold it, and said; so are the gaps of a stem, given
    its options."""
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
    text = without_markup(text, markup, repairs)
    if options and (filled := with_gaps(text, options)) != text:
        repairs.append("gap_restored")
        text = filled
    if (cleaned := clean(text)) != text and without_invisible(text) != text:
        repairs.append("invisible_characters")
    return cleaned


def _draft_block(payload: str) -> Draft:
    """OpenTriviaQA: `#Q` stem lines, one `^` key line, `A ` .. option lines behind it."""
    repairs: list[str] = []
    # Composing a character can make two of it, so that a text grows when it is cleaned.
    if len(payload) > MAX_TEXT_CHARS or len(text := text_of(payload, repairs)) > MAX_TEXT_CHARS:
        return Draft(payload[:500], reasons=[Reason.TOO_LARGE], detail=f"more than {MAX_TEXT_CHARS:,} characters")
    lines = text.split("\n")
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
        return None if cell(part) in (None, "") else one_line(clean(str(cell(part))[:MAX_LABEL_CHARS]))[:MAX_LABEL_CHARS] or None

    markup = reading.markup
    reasons: list[Reason] = []
    detail: str | None = None
    options: list[str] = []
    labels: list[str] = []
    note: str | None = None
    several = labelled = False
    key = cell("answer")
    found = _option_cells(cells, reading)
    found_repairs: list[str] = []
    raw_options = [text_of(value, found_repairs, markup) for value in found.values[:MAX_OPTIONS_READ]]
    text = text_of(cell("stem"), repairs, markup, raw_options)
    if len(text) > MAX_TEXT_CHARS or sum(map(len, raw_options)) > MAX_TEXT_CHARS:
        return Draft(text[:500], repairs=repairs, reasons=[Reason.TOO_LARGE], detail=f"more than {MAX_TEXT_CHARS:,} characters")
    if len(found.values) > MAX_OPTIONS_READ:
        reasons, detail = [Reason.TOO_MANY_OPTIONS], f"{len(found.values):,} options"
    if markup.tags and raw_options:
        written = [value if isinstance(value, str) else "" for value in found.values[:MAX_OPTIONS_READ]]
        if speaks_of_tags(text, written, raw_options):
            found_repairs.clear()
            raw_options, markup = [text_of(value, found_repairs) for value in found.values[:MAX_OPTIONS_READ]], PLAIN
    repairs += found_repairs
    if raw_options:
        options, labels, labelled = _columns_to_options(raw_options, found.labels, repairs)
        key = found.right if found.right is not None else key
        key = _plain_key(_shown(key, markup), labels, options)
        if isinstance(key, str) and (place := reading.column_places.get(plain_name(key[:80]))) is not None and place < len(labels):
            key = labels[place]
    elif (cut := split_options(text)) is not None:
        text, labels, options, note, several = cut.stem, cut.labels, cut.texts, cut.note, cut.several
        repairs += cut.repairs
    stem = split_stem(text)
    context = "\n\n".join(part for part in (text_of(cell("context"), repairs, reading.markup), stem.context) if part) or None
    explanation = "\n".join(part for part in (text_of(cell("explanation"), repairs, reading.markup), note) if part) or None
    if (image := text_of(cell("image"), [])).lower() not in _NO_PICTURE:
        reasons, detail = [Reason.IMAGE_REQUIRED], f"it comes with the picture {image[:80]}"
    elif pictures := [label for label, option in zip(labels, options, strict=True) if is_picture(option, text)]:
        reasons, detail = [Reason.IMAGE_REQUIRED], f"option {', '.join(pictures[:5])} is a picture"
    if several:
        reasons, detail = [Reason.MULTIPLE_QUESTIONS], "two lists of options, or a second numbered question, in one text"
    if isinstance(key, str) and key[:1] == "[" and isinstance(listed := structure_in_text(key[:2000]), list):
        key = listed
    repairs = [*stem.repairs, *dict.fromkeys(repairs)]
    return Draft(stem.stem, context, options, labels, key, explanation, short("id"), short("subject"), repairs, reasons, detail, labelled)


def _shown(key: Any, markup: CellMarkup) -> Any:
    """A key, or a list of them, as the options show it."""
    if isinstance(key, list):
        return [_shown(item, markup) if isinstance(item, str) else item for item in key]
    return text_of(key, [], markup) if isinstance(key, str) and ("<" in key or "&" in key) else key


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
        plain = value if value.lstrip()[:1] in ("[", "(", "{") else without_markup(value, reading.markup, [])
        value = list_in_text(plain) if len(value) <= MAX_TEXT_CHARS else [value]
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
    texts = tidy_options(values, in_line=False)
    if own and all(letter_of(label) for label in own):
        return texts, [str(letter_of(label)) for label in own], True
    # Labels that the file gives itself (ARC's 1 to 4) are what its keys mean.
    return (texts, own, True) if own and len(set(own)) == len(own) else (texts, letters, False)
