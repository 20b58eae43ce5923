"""Blackboard's upload of questions: a line each, tabs between its fields: `MC`, question, answer, correct or incorrect, answer, ...

Source: "Upload Questions" in Blackboard's help: MC and MA with pairs of answer and correct or incorrect, TF with true or false.
"""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.reasons import Reason

_KINDS = "MC|MA|TF|ESS|ORD|MAT|FIB|FIB_PLUS|FIL|NUM|SR|OP|JUMBLED_SENTENCE|QUIZ_BOWL"
_LINE = re.compile(rf"(?:{_KINDS})\t[^\t\n]*+\t")
_RIGHT, _WRONG = ("correct", "right", "true"), ("incorrect", "wrong", "false")
MAX_FIELDS = 300
ROWS = 200


def sniff(file: SniffedFile) -> bool:
    """Most lines open with a kind of question in capitals and a tab, and one of them judges an answer."""
    lines = [line for line in file.text.split("\n")[:ROWS] if line.strip()]
    kinds = [line for line in lines if _LINE.match(line)]
    return (
        bool(kinds)
        and len(kinds) * 5 >= len(lines) * 4
        and re.search(r"(?i)\t(?:in)?correct\b|\t(?:true|false)[ \t]*$", "\n".join(kinds)) is not None
    )


def read(text: str) -> Iterator[Item]:
    """One item a line that isn't blank, `line:N`."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        fields = [_unquoted(field) for field in line.split("\t")]
        while len(fields) > 2 and not fields[-1]:
            fields.pop()
        locator, kind = f"line:{number}", fields[0].upper().strip()
        if len(fields) > MAX_FIELDS:
            yield Item(locator, line[:2000], Reason.TOO_LARGE, f"{len(fields):,} fields; at most {MAX_FIELDS} are read")
        elif not re.fullmatch(_KINDS, kind) or len(fields) < 2:
            yield Item(locator, line, Reason.MALFORMED_ROW, f"the line opens with no kind of question ({_KINDS.replace('|', ', ')})")
        else:
            yield _item(locator, line, kind, fields[1:])


def _item(locator: str, line: str, kind: str, fields: list[str]) -> Item:
    record: dict[str, Any] = {"question_type": kind, "question": fields[0]}
    if kind == "TF":
        word = fields[1].casefold() if len(fields) > 1 else ""
        verdict = True if word in _RIGHT else False if word in _WRONG else None
        record["options"] = [{"text": "True", "is_correct": verdict is True}, {"text": "False", "is_correct": verdict is False}]
        return Item(locator, record)
    if kind not in ("MC", "MA"):
        return Item(locator, record)
    texts, verdicts = fields[1::2], [field.casefold() for field in fields[2::2]]
    if len(texts) != len(verdicts) or any(verdict not in _RIGHT + _WRONG for verdict in verdicts):
        return Item(locator, line, Reason.MALFORMED_ROW, "the answers aren't each followed by correct or incorrect")
    record["options"] = [{"text": text, "is_correct": verdict in _RIGHT} for text, verdict in zip(texts, verdicts, strict=True)]
    return Item(locator, record)


def _unquoted(field: str) -> str:
    """A field without the quotes that Excel puts around one that holds quotes."""
    field = field.strip()
    return field[1:-1].replace('""', '"').strip() if len(field) >= 2 and field[0] == field[-1] == '"' else field


FORMAT = Format("blackboard", sniff, read_text=read, prose=False)
