"""How the rows of one file are read: its layout, found once over all of them."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.common.grammar.columns import (
    WEAK_OPTIONS,
    FieldMap,
    advice,
    find_fields,
    headless_fields,
    is_headless,
    number_base,
    plain_name,
)
from pipeline.common.grammar.keys import number_of
from pipeline.common.html_signs import is_html
from pipeline.common.markup import html_text
from pipeline.normalize.html_cells import PLAIN, CellMarkup, find_markup
from pipeline.normalize.layouts import reshaped
from pipeline.normalize.nested_cells import flatten, list_in_text
from pipeline.normalize.suggest_columns import guess_fields
from schemas.tables.row import MAX_TEXT_CHARS

# Formats whose keys are the right options themselves.
TEXT_KEYS = ("blocks", "gift", "moodle")
# Formats whose keys stand somewhere in a text.
EXAM_READERS = ("aiken", "docx", "exam")


class Reading(NamedTuple):
    """How a file's rows are read. `problem` is the verdict on all of them where no layout fits; `hint` what could hold the key;
    `text_keys`: keys are texts of options by definition; `unused`: headers that nothing is taken from;
    `markup`: what its cells hold of HTML."""

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
    markup: CellMarkup = PLAIN


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
    markup = find_markup(records[0]["reader"], cells, fields.columns.get("stem"))
    return _judged(Reading(layout, fields, cells, text_keys=text_keys, markup=markup), headers, filled, given)


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
    if part == "answer":
        return not _labels_options(header, rows)
    if part != "stem":
        return True
    filled = [row[header] for row in rows[:20] if row.get(header) not in (None, "")]
    return not filled or any(number_of(value) is None for value in filled)


def _labels_options(header: str, rows: list[dict[str, Any]]) -> bool:
    """True where a column holds a label for each option: what marks all of them is no key."""
    base = header.rpartition(".")[0]
    pairs = [(row[header], row.get(base)) for row in rows[:20] if row.get(header) not in (None, "", [])]
    lists = [labels for labels, texts in pairs if isinstance(labels, list) and isinstance(texts, list) and len(labels) == len(texts) > 1]
    return bool(pairs) and bool(base) and len(lists) == len(pairs)


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
        if isinstance(value, str) and (not weak or value.strip()[:1] in "[({") and list_in_text(_shown(value[:MAX_TEXT_CHARS])):
            return True
        seen += 1
        if seen == 5:
            return False
    # Nothing is filled: an empty column may bear its name.
    return not seen and not weak


def _shown(text: str) -> str:
    """A cell's lines, where it writes them as HTML."""
    return html_text(text) if text.lstrip()[:1] not in ("[", "(", "{") and is_html(text) else text
