"""Judges pairs of raw questions with the pipeline's own parsing and verification: measures deduplication against labels."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.common.text import canonical_json, fold
from pipeline.deduplicate.question import ComparableQuestion
from pipeline.deduplicate.rules import judge_pair
from pipeline.normalize import normalize
from schemas.config.sources import SourceConfig
from schemas.reasons import Relation
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import Question, RawRecord, Rejected

ABOUT = ("dom", "file", "id", "source", "locator")
FIRST_OPTION = re.compile(r"^A[ \t]", re.MULTILINE)


def judge_pairs(pairs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a pair, in order: relation, similarity (Jaccard of content tokens, 0-1), why (`rule: what it saw`).

    A pair holds two raw questions, `a` and `b`: each an object with `text` (question with its options, or a `#Q` block) and
    `key`, or with the fields of any layout that ingest reads. A side that is no usable question is different from all but
    its copy, by the rule `no_usable_question`.
    """
    sides = [pair[name] for pair in pairs for name in ("a", "b")]
    read = read_sides(sides)
    rows = []
    for number, pair in enumerate(pairs):
        left, right = read[2 * number], read[2 * number + 1]
        if isinstance(left, str) or isinstance(right, str):
            same = fold(canonical_json(_raw(pair["a"]))) == fold(canonical_json(_raw(pair["b"])))
            problems = "; ".join(f"{name}: {side}" for name, side in (("a", left), ("b", right)) if isinstance(side, str))
            why = f"no_usable_question: {problems}"
            rows.append({"relation": str(Relation.EXACT if same else Relation.DIFFERENT), "similarity": float(same), "why": why})
        else:
            verdict = judge_pair(left, right)
            rows.append({"relation": str(verdict.relation), "similarity": verdict.similarity, "why": verdict.why})
    return rows


def _raw(side: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in side.items() if name not in ABOUT}


def read_sides(sides: Sequence[Mapping[str, Any]]) -> list[ComparableQuestion | str]:
    """Each side parsed as a file of its own, or the reasons why it can't be."""
    records = []
    for number, side in enumerate(sides):
        reader, payload = _payload(side)
        record: dict[str, Any] = {
            "record_id": _side_id(number),
            "source": "pairs",
            "role": "train",
            "file": str(number),
            "locator": f"{number}#item:1",
            "part": "",
            "unread_fraction": None,
            "unread": [],
        }
        record |= {"reader": reader, "encoding": "utf-8", "file_sha256": "", "payload": payload, "reason_codes": [], "detail": None}
        records.append(record)
    result = normalize(to_frame(records, RawRecord), [SourceConfig(name="pairs", path="*")])
    read: dict[str, ComparableQuestion | str] = {row["record_id"]: ComparableQuestion(row) for row in to_rows(result.questions, Question)}
    for row in to_rows(result.rejected, Rejected):
        read[row["record_id"]] = ", ".join(row["reason_codes"]) + (f" ({row['detail']})" if row["detail"] else "")
    return [read[_side_id(number)] for number in range(len(sides))]


def _side_id(number: int) -> str:
    return f"{number:016x}"


def _payload(side: Mapping[str, Any]) -> tuple[str, str]:
    """The reader and payload that ingest would have given."""
    text, key = side.get("text"), side.get("key")
    if not isinstance(text, str):
        return "json", canonical_json(_raw(side))
    if not text.lstrip().startswith("#Q"):
        return "json", canonical_json({"question": text, "answer": key})
    text = text.replace("\r\n", "\n")
    found = FIRST_OPTION.search(text)
    place = found.start() if found else len(text)
    return "blocks", text if key is None or "\n^" in text else f"{text[:place].rstrip()}\n^ {key}\n{text[place:]}"
