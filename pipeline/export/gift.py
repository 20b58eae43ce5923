"""The curated set in GIFT, for Moodle. It comes back through ingest as the same questions."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.common.html_signs import is_html
from pipeline.export.spreadsheets import Rows, marked
from pipeline.ingest.formats.gift import FORMAT_TAG


def gift_text(rows: Rows) -> str:
    """Questions in GIFT (docs.moodle.org, "GIFT format"), options in their order."""
    return "\n\n".join(map(_gift, rows)) + "\n"


def _gift(row: Mapping[str, Any]) -> str:
    asked = _escaped(f"{row['context']}\n{row['question']}" if row["context"] else row["question"])
    lines = []
    for place, option in enumerate(marked(row["options"])):
        right = place == row["answer_index"]
        # An option that begins with a percentage would be read as its weight, unless it has one.
        weight = ("%100%" if right else "%0%") if option.startswith("%") else ""
        lines.append(f"\t{'=' if right else '~'}{weight}{_escaped(option)}")
    return "\n".join([f"::{row['record_id']}:: {asked} {{", *lines, "}"])


def _escaped(text: str) -> str:
    """GIFT's own marks behind a backslash; a line's end as `\\n`, which a backslash before it would make text.

    A format's name in front would be taken for one, so the default's goes before it; a text that shows tags says that it is plain.
    """
    plain = is_html(text)
    text = re.sub(r"([\\=~#{}:])", r"\\\1", text).replace("\\\n", "\\ \n")
    return ("[plain]" if plain else "[moodle]" if FORMAT_TAG.match(text) else "") + text.replace("\n", r"\n")
