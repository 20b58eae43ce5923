"""The text of a record as a small YAML file for an editor, and back. Every value is a block, in which no sign means anything."""

from typing import Any

import yaml

from schemas.tables.row import RowMapping

FIELDS = ("stem", "context", "options")
MAX_EDITED_CHARS = 2_000_000


class _Block(str):
    """Text that is written as a literal block."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list are indented, which reads better."""
        super().increase_indent(flow, False)


_Dumper.add_representer(_Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"))


def to_edit(row: RowMapping, head: str, faults: str = "") -> str:
    """Stem, context and options as YAML, below comments: what it is, and what was wrong with it when it was saved last."""
    cells = {"stem": _Block(row["stem"] or ""), "context": _Block(row["context"] or "")}
    options = [_Block(option) for option in row["options"] or ["", ""]]
    text = yaml.dump({**cells, "options": options}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return comment(head) + comment(faults) + text


def comment(text: str) -> str:
    """Lines that the editor shows and nobody reads back."""
    return "".join(f"# {line}\n" for line in text.splitlines())


def without_comments(text: str) -> str:
    """The file without the comments on its top."""
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        del lines[0]
    return "".join(lines)


def from_edit(text: str) -> dict[str, Any]:
    """Stem, context and options as they were written. Raises ValueError with what is wrong in words.

    >>> from_edit("stem: |-\\n  Is 1 > 0?\\ncontext: |-\\n\\noptions:\\n- Yes\\n- |-\\n  No: never #1")
    {'stem': 'Is 1 > 0?', 'context': '', 'options': ['Yes', 'No: never #1']}
    """
    if len(text) > MAX_EDITED_CHARS:
        raise ValueError(f"{len(text):,} characters, more than {MAX_EDITED_CHARS:,}")
    try:
        # Makes no objects, and every scalar is text: "Yes", "12:30" and "1.0" are options, no booleans and numbers.
        cells = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise ValueError(f"it is no YAML any more{where}: {getattr(error, 'problem', None) or error}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(cells, dict):
        raise ValueError(f"expected {', '.join(f'{name}:' for name in FIELDS)} each at the beginning of a line")
    if strange := [str(name) for name in cells if name not in FIELDS]:
        raise ValueError(f"unknown {', '.join(strange)}; expected {', '.join(FIELDS)}")
    if missing := [name for name in FIELDS if name not in cells]:
        raise ValueError(f"{', '.join(missing)} is gone")
    for name in ("stem", "context"):
        if not isinstance(cells[name], str):
            raise ValueError(f"{name} is no text: put `|-` behind `{name}:` and indent its lines")
    options = cells["options"]
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        raise ValueError("options is no list of texts: begin each with `- |-` and indent its lines below")
    return {"stem": cells["stem"].strip(), "context": cells["context"].strip(), "options": [option.strip() for option in options]}
