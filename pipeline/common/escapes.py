"""Text of data as text, in every medium that could take it for more: one function a medium, applied where the medium is written.

HTML is escaped by its template, cells of spreadsheets by `pipeline.export.spreadsheets`, prompts by `pipeline.common.control_tokens`.
"""

import json
import re
from typing import Any

from pipeline.common.text import MEANT, UNSEEN, one_line

# Beside what no reader sees: what moves a terminal's cursor, ends a line in some programs only, or can't be encoded.
SHOWN = re.compile(f"[{UNSEEN}\r\x85\u2028\u2029\ud800-\udfff]")
# What Markdown could take for its own anywhere (an underscore within a word it never does), and at the beginning of a line alone.
ACTIVE = re.compile(r"[#$&*<>\[\\\]^`|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
FIRST = re.compile(r"(?:^|(?<=^ ))(?:[-+=:](?=[-+=: ]|$)|[0-9](?=[0-9]{0,8}[.)](?: |$)))")
# Where GitHub-flavoured Markdown makes a link of plain text. Some renderers (remark-gfm, which Dagster's UI uses) look for it after
# entities are decoded, so it must not stand there at all.
AUTOLINK = re.compile(r"(?i)(?<=[a-z])(?=://)|(?<=www)(?=\.)|(?<=@)(?=[-\w])")
LABEL_CHARS = 40
WORD_JOINER = "\u2060"
JSON_ESCAPED = re.compile(f"[{UNSEEN}\x85\u2028\u2029]")


def visible(text: str) -> str:
    r"""Text in which every character is seen: one that isn't, or that would act on a terminal, stands as its number. Tabs and line
    feeds stay.

    >>> visible("exe.\u202egnp\x1b[2J")
    'exe.<U+202E>gnp<U+001B>[2J'
    """
    return SHOWN.sub(lambda mark: mark[0] if MEANT.match(text, mark.start()) else f"<U+{ord(mark[0]):04X}>", text)


def markdown(text: str) -> str:
    """Text that is no markup in Markdown, on one line: every mark that could act as an entity, which Markdown never takes for its own,
    and a word joiner, which nobody sees, in what a renderer would make a link of.

    >>> markdown("a|b <i> [x](y)"), markdown("1. e.g. 5 - 3"), markdown("www.x") == "www\\u2060.x"
    ('a&#124;b &#60;i&#62; &#91;x&#93;(y)', '&#49;. e.g. 5 - 3', True)
    """
    line = AUTOLINK.sub(WORD_JOINER, visible(re.sub(r"\s+", " ", text)))
    return FIRST.sub(_entity, ACTIVE.sub(_entity, line))


def _entity(mark: re.Match[str]) -> str:
    return f"&#{ord(mark[0])};"


def picture_label(text: str) -> str:
    r"""Text that matplotlib draws as it is: a dollar sign begins no formula, whose unknown commands would be errors, and no label
    takes the place of the picture.

    >>> picture_label(r"$\ce{H2O}$")
    '\\$\\ce{H2O}\\$'
    """
    line = visible(one_line(text))
    return (line if len(line) <= LABEL_CHARS else f"{line[: LABEL_CHARS - 1]}…").replace("$", r"\$")


def json_text(value: Any, indent: int | None = None) -> str:
    r"""JSON that loses nothing and shows everything: what is no ASCII stays readable, what no reader sees is written as its number.

    >>> json_text({"stem": "Huế \u202e"})
    '{"stem": "Huế \\u202e"}'
    """
    return JSON_ESCAPED.sub(_as_json, json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent))


def _as_json(mark: re.Match[str]) -> str:
    return json.dumps(mark[0])[1:-1]
