"""How a file was read, what came of it, and whether a person should look."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from pipeline.common.grammar.columns import plain_name
from pipeline.normalize.answer_format import AnswerFormat
from pipeline.normalize.reading import Reading
from schemas.reasons import Reason
from schemas.wording import LOOK_TEXT

# Above these shares of a file's words, and of its records, a person should look.
UNREAD_WORTH_A_LOOK, REFUSED_WORTH_A_LOOK = 0.10, 0.5
_DIGITS = re.compile(r"\d+|(?<=_)[a-z](?=_|$)")


def describe_file(
    rows: Sequence[dict[str, Any]], reading: Reading, answers: AnswerFormat, rejected: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The SourceFile row of a file (or part of one), given its RawRecord rows and those of its Rejected rows."""
    first = rows[0]
    option_columns = {f"option {number}": name for number, name in enumerate(reading.fields.option_columns, start=1)}
    described = {name: first[name] for name in ("source", "file", "part", "reader", "encoding", "unread_fraction", "unread")}
    described |= {
        "layout": reading.layout,
        "fields": [f"{part} <- {name}" for part, name in (reading.fields.columns | option_columns).items()],
        "unused": list(reading.unused),
        "answer_format": answers.name,
        "decided_by": answers.detail,
        "records": len(rows),
        "questions": len(rows) - len(rejected),
        "rejected": len(rejected),
        "reasons": [f"{code} {count}" for code, count in Counter(code for row in rejected for code in row["reason_codes"]).most_common()],
    }
    return described | {"looks": list(_looks(described, reading, rejected))}


def worst_first(files: pd.DataFrame) -> pd.DataFrame:
    """SourceFile rows, those first that a person should look at: for most reasons, then with most refused records."""
    order = files.assign(count=[len(looks) for looks in files["looks"]]).sort_values(["count", "rejected"], ascending=False, kind="stable")
    return order.drop(columns="count")


def _looks(file: dict[str, Any], reading: Reading, rejected: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Why a person should look, and what to do; the gravest first."""
    if any(Reason.UNREADABLE_FILE in row["reason_codes"] for row in rejected):
        yield LOOK_TEXT["unreadable"].format(detail=rejected[0]["detail"])
        return
    if file["rejected"] and file["rejected"] >= REFUSED_WORTH_A_LOOK * file["records"]:
        counts = {"rejected": f"{file['rejected']:,}", "records": f"{file['records']:,}"}
        yield LOOK_TEXT["refused"].format(**counts, reason=file["reasons"][0].split()[0])
    if (file["unread_fraction"] or 0) > UNREAD_WORTH_A_LOOK:
        yield LOOK_TEXT["unread"].format(share=f"{file['unread_fraction']:.0%}")
    used = {_numberless(name): name for name in (*reading.fields.columns.values(), *reading.fields.option_columns)}
    for name in reading.unused:
        if (like := used.get(_numberless(name))) is not None:
            yield LOOK_TEXT["unused"].format(column=repr(name), like=repr(like))
    if answers_doubtful(file):
        yield LOOK_TEXT["keys"].format(format=file["answer_format"], detail=file["decided_by"])


def answers_doubtful(file: dict[str, Any]) -> bool:
    """True where numbers as keys could be read in two ways."""
    return bool(file["answer_format"] == "ambiguous")


def _numberless(header: str) -> str:
    """A header without what tells it from its like: "Answer 3 (optional)" and "Answer 1" are alike."""
    name = plain_name(header.split("(")[0])
    return _DIGITS.sub("", name).strip("_") if _DIGITS.search(name) else name
