"""How the rows of one file are read: its layout, found once over all of them."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import (
    WEAK_OPTIONS,
    WEAK_STEMS,
    FieldMap,
    advice,
    find_fields,
    headless_fields,
    is_called,
    is_headless,
    number_base,
    option_place,
    plain_name,
)
from pipeline.common.grammar.keys import number_of
from pipeline.common.html_signs import is_html
from pipeline.common.markup import html_text
from pipeline.normalize.beside import Beside, find_beside, holds_text, with_asking
from pipeline.normalize.encoded_cells import decoded
from pipeline.normalize.html_cells import PLAIN, CellMarkup, find_markup
from pipeline.normalize.layouts import reshaped
from pipeline.normalize.nested_cells import flatten, list_in_text
from pipeline.normalize.rival_keys import rival_columns
from pipeline.normalize.suggest_columns import ROWS, guess_fields, is_key_of
from schemas.tables.row import MAX_TEXT_CHARS

# Formats whose keys are the right options themselves.
TEXT_KEYS = ("blocks", "gift", "moodle")
# Formats whose keys stand somewhere in a text.
EXAM_READERS = ("aiken", "docx", "exam", "markdown", "odt", "pdf", "doc", "examview")


class Reading(NamedTuple):
    """How a file's rows are read. `problem` is the verdict on all of them where no layout fits; `hint` what could hold the key;
    `rivals`: further columns that give a key; `text_keys`: keys are texts of options by definition; `beside`: columns beside the field map
    that decide over a row; `unused`: headers that nothing is taken from; `markup`: what its cells hold of HTML."""

    layout: str
    fields: FieldMap
    rows: list[dict[str, Any] | None]
    problem: str | None = None
    hint: str | None = None
    column_base: int | None = None
    column_places: Mapping[str, int] = {}
    labels: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    text_keys: bool = False
    unused: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    beside: Beside = Beside()
    markup: CellMarkup = PLAIN


def find_reading(records: list[dict[str, Any]], given: Mapping[str, str]) -> Reading:
    """The layout of one file, found over all of its RawRecord rows, and their cells, flattened; `given` is the config's `fields`."""
    cells = decoded([_cells(record) for record in records])
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
        derived = {header for header in headers if _is_derived(header, headers, present)}
        fields = find_fields(
            [header for header in headers if header not in derived], given, empty, lambda part, header: _accepts(part, header, present)
        )
        fields = _with_numbered_key(fields, headers, filled, present)
        if "stem" not in given:
            fields = with_asking(fields, [header for header in headers if header in filled], present)
    text_keys = (special is not None and special.text_keys) or any(record["reader"] in TEXT_KEYS for record in records)
    right = f"{fields.columns.get('options')}.right"
    rivals = rival_columns(fields, headers, filled, given) if special is None or not special.text_keys else ()
    if right in filled and "answer" not in given:
        # What marks the right option itself; a key beside it has to agree.
        rivals = tuple(dict.fromkeys(name for name in (fields.columns.get("answer"), *rivals) if name in filled and name != right))
        fields = FieldMap({**fields.columns, "answer": right}, fields.option_columns)
    markup = find_markup(records[0]["reader"], cells, fields.columns.get("stem"))
    return _judged(Reading(layout, fields, cells, rivals=rivals, text_keys=text_keys, markup=markup), headers, filled, given)


def _with_numbered_key(fields: FieldMap, headers: list[str], filled: set[str], rows: list[dict[str, Any]]) -> FieldMap:
    """The field map with a key from numbered columns ("Answer 1", "Answer 2" beside options A to D), where nothing else is called a key."""
    if fields.columns.get("answer") in filled or not fields.option_columns:
        return fields
    used = {*fields.columns.values(), *fields.option_columns}
    for header in headers:
        numbered = re.fullmatch(r"(.+?)_?1", plain_name(header))
        if header in used or header not in filled or not numbered or not is_called(numbered[1], "answer"):
            continue
        known = {f"option_{chr(97 + place)}": name for place, name in enumerate(fields.option_columns[:26])}
        keyed = [row for row in rows if row.get(header) not in (None, "")]
        if all(is_key_of(row[header], row, known) for row in keyed[:ROWS]):
            return fields._replace(columns={**fields.columns, "answer": header})
    return fields


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
        if is_headless(headers):
            problem += "; the file has no header: column_1 is its first column, and so on"
    elif not has_options or "answer" not in fields.columns or fields.columns["answer"] not in filled:
        known = {part: column for part, column in fields.columns.items() if part != "answer" or column in filled}
        known |= {f"option_{chr(97 + place)}": column for place, column in enumerate(fields.option_columns)}
        guess = guess_fields(present, known)
        if not has_options and len(gaps := [header for header in headers if header in filled and option_place(plain_name(header))]) >= 2:
            known |= {f"option_{chr(97 + place)}": header for place, header in enumerate(gaps[:26])}
            problem = "the columns of the options leave one out, or are called differently: " + advice(headers, known)
        elif not has_options and len(guess.keys() & {"options", "option_a"}):
            problem = "no column was recognised as options: " + advice(headers, guess)
        elif has_options and "answer" in guess and "answer" not in known:
            hint = f"no column was recognised as the key, {guess['answer']!r} could be it: " + advice(headers, guess)
    column = fields.columns.get("options", "")
    labels = tuple(
        f"{base}.{name}" for base in dict.fromkeys((column, column.rpartition(".")[0])) if base for name in ("label", "labels", "key")
    )
    derived = {header for header in headers if _is_derived(header, headers, present)}
    answer = plain_name(fields.columns.get("answer", ""))
    # A column called index or label is a place in a list, whatever the columns are called (PIQA: sol1, sol2, label 0).
    counted = re.search(r"label|ind?e?x|gold|target|cop|id$", answer) is not None
    base = number_base(fields.option_columns)
    places = {
        plain: place
        for place, name in enumerate(fields.option_columns)
        for plain in (plain_name(name), plain_name(name.rpartition(".")[2]))
        if len(plain.strip("0123456789")) > 1
    }
    beside = find_beside(fields, headers, filled, present) if not problem else Beside()
    used = {
        *fields.columns.values(),
        *fields.option_columns,
        *labels,
        *reading.rivals,
        *derived,
        *beside.keys,
        *beside.given,
        *beside.pictures,
        beside.kind,
        beside.flag,
    }
    return reading._replace(
        layout="unknown" if problem else reading.layout,
        problem=problem,
        hint=hint,
        column_base=None if counted and base == 1 else base,
        column_places=places,
        labels=labels,
        headers=tuple(headers),
        beside=beside,
        unused=tuple(header for header in headers if header not in used and not (column and header.startswith(f"{column}."))),
    )


def _cells(record: dict[str, Any]) -> dict[str, Any] | None:
    if record["reason_codes"] or record["reader"] == "blocks":
        return None
    value = json.loads(record["payload"])
    return flatten(value) if isinstance(value, dict) else {}


def _is_derived(header: str, headers: list[str], rows: list[dict[str, Any]]) -> bool:
    """True for what belongs to a list of options, as its labels do: no column of its own."""
    base, _, last = header.rpartition(".")
    if not base or last not in ("label", "labels", "key", "keys", "id", "ids", "names", "right", "role", "letter"):
        return False
    lists = [name for name in (base, f"{base}.text", f"{base}.choices", f"{base}.texts") if name in headers and name != header]
    return any(isinstance(row.get(header), list) and any(isinstance(row.get(name), list) for name in lists) for row in rows)


def _accepts(part: str, header: str, rows: list[dict[str, Any]]) -> bool:
    """Whether a column's first filled cells can be what its name says: options are lists, and "Question #" holds no question."""
    if plain_name(header.rpartition(".")[2]) == "a" and (
        "." in header or any(plain_name(name) == "b" for row in rows[:20] for name in row)
    ):
        return False  # Columns A, B, C hold one option each.
    if part == "options":
        return _holds_options(header, rows)
    if part == "answer" and "%" in header:
        # "% correct" tells how many were right.
        return False
    if part == "context" and plain_name(header) == "hint":
        # In ScienceQA a hint is the text that the question is about; elsewhere it helps to answer, and gives the answer away.
        return any("lecture" in row for row in rows[:20])
    if part == "context" and not holds_text(header, rows):
        return False
    if part == "context" and plain_name(header) in ("text", "content"):
        # A passage, where it isn't the question once more, with its options.
        return not any(
            isinstance(cell, str) and cell is not row.get(header) and len(cell) > 3 and cell in str(row.get(header))
            for row in rows[:20]
            for cell in row.values()
        )
    if part == "answer":
        return not _labels_options(header, rows)
    if part != "stem":
        return True
    if plain_name(header.rpartition(".")[2]) in WEAK_STEMS and not _is_main_text(header, rows[:20]):
        return False
    filled = [row[header] for row in rows[:20] if row.get(header) not in (None, "")]
    return not filled or any(number_of(value) is None for value in filled)


def _labels_options(header: str, rows: list[dict[str, Any]]) -> bool:
    """True where a column holds a label for each option: what marks all of them is no key."""
    base = header.rpartition(".")[0]
    pairs = [(row[header], row.get(base)) for row in rows[:20] if row.get(header) not in (None, "", [])]
    lists = [labels for labels, texts in pairs if isinstance(labels, list) and isinstance(texts, list) and len(labels) == len(texts) > 1]
    return bool(pairs) and bool(base) and len(lists) == len(pairs)


def _is_main_text(header: str, rows: list[dict[str, Any]]) -> bool:
    """True where no other text of the rows could be the question: it is each row's own, and the longest that no header explains."""
    texts = [str(row[header]) for row in rows if isinstance(row.get(header), str) and row[header].strip()]
    if not texts or len(set(texts)) < len(texts) or sum(len(text.split()) for text in texts) < 3 * len(texts):
        return False
    length = sum(map(len, texts))
    others = {name for row in rows for name, value in row.items() if isinstance(value, str) and name != header}
    others = {
        name for name in others if not any(is_called(name, part) for part in ("context", "explanation", "answer", "id", "subject", "image"))
    }
    return all(sum(len(str(row.get(name) or "")) for row in rows) < length for name in others)


def _holds_options(header: str, rows: list[dict[str, Any]]) -> bool:
    """True where the first filled cells of a column that is called like the options are lists of them."""
    weak = plain_name(header) in WEAK_OPTIONS
    # "Đáp án" means the options where another column is the key.
    keyed = weak and any(
        name != header and value not in (None, "") and is_called(name, "answer") and plain_name(name) not in WEAK_OPTIONS
        for row in rows[:20]
        for name, value in row.items()
    )
    seen = 0
    for row in rows:
        value = row.get(header)
        if value in (None, "", []):
            continue
        if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
            return True
        if isinstance(value, str) and (not weak or keyed or value.strip()[:1] in "[({"):
            found = list_in_text(_shown(value[:MAX_TEXT_CHARS]))
            # Letters in a row are keys.
            if isinstance(found, dict) and not _lists_options(found):
                seen += 1
                continue  # Settings, as text.
            if found and not (keyed and isinstance(found, list) and all(len(str(item)) < 2 for item in found)):
                return True
        seen += 1
        if seen == 5:
            return False
    # Nothing is filled: an empty column may bear its name.
    return not seen and not weak


def _lists_options(value: dict[str, Any]) -> bool:
    """True for a mapping that lists options: of running letters or numbers, of lists, or from texts to truth values."""
    flat = flatten({"options": value})
    return any(isinstance(flat.get(name), list) for name in ("options", "options.text", "options.choices"))


def _shown(text: str) -> str:
    """A cell's lines, where it writes them as HTML."""
    return html_text(text) if text.lstrip()[:1] not in ("[", "(", "{") and is_html(text) else text
