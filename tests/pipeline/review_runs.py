"""Runs stages 1-7 over a few files with decisions of reviewers, for tests that look at what came of both."""

import csv
import io
import json
from typing import Any, NamedTuple

from pipeline.assess import assess
from pipeline.checks import broken_ledger_rows, decisions_unlisted, unaccounted
from pipeline.common.store.decisions import read_lines
from pipeline.deduplicate import deduplicate
from pipeline.deduplicate.decided import decided
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger, dataset_version
from pipeline.normalize import normalize
from pipeline.normalize.decisions import apply_decisions
from pipeline.select import select
from pipeline.select.reviewed import settle
from pipeline.split import split
from schemas.config import Config
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow, ReviewDecision


class Run(NamedTuple):
    """Ledger rows by stem, or by locator where there is none; ReviewDecision rows; the frames; the version."""

    rows: dict[str, dict[str, Any]]
    said: list[dict[str, Any]]
    frames: dict[str, Any]
    version: str

    def statuses(self):
        """Status by line."""
        return {row["line"]: row["status"] for row in self.said}


def jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows):
    """The same questions as a table: other cells, and so other payloads and record ids."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["question", "A", "B", "C", "D", "answer"])
    for row in rows:
        write.writerow([row["question"], *row["options"], "ABCD"[row["options"].index(row["answer"])]])
    return out.getvalue()


def curate(folder, files, decisions=(), **blocks):
    """`files`: name -> text; one whose name begins with `held` is a benchmark's. `decisions`: lines, or cells of them."""
    for path in folder.glob("*"):
        if path.is_file():
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    sources = [{"name": "school", "path": "[!h]*"}] if any(not name.startswith("held") for name in files) else []
    sources += [{"name": "held", "path": "held*", "role": "benchmark"}] if any(name.startswith("held") for name in files) else []
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": sources, **blocks})
    file = folder.parent / f"{folder.name}.decisions.jsonl"
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n" for line in decisions))
    raw = ingest(config)
    read = normalize(raw, config.sources)
    now = apply_decisions(raw, read.questions, read.rejected, read_lines(file), config.sources)
    found = deduplicate(now.questions, config.dedup, decided(now.decisions))
    quality = assess(now.questions)
    chosen = select(now.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score, now.decisions)
    splits = split(chosen, config.split)
    reviewed = settle(now.decisions, now.questions, found.members, found.pairs, chosen)
    ledger = build_ledger(raw, now.questions, now.rejected, quality, chosen, splits, config.curation(), {}, reviewed)
    assert unaccounted(raw, now.questions, now.rejected).empty
    assert unaccounted(raw, ledger).empty
    assert unaccounted(now.questions, found.members).empty
    assert unaccounted(now.questions, chosen).empty
    assert unaccounted(chosen[chosen["kept"]], splits).empty
    assert broken_ledger_rows(ledger).empty
    assert decisions_unlisted(reviewed, now.decisions, now.questions, now.rejected).empty
    rows = to_rows(ledger, LedgerRow)
    frames = {"questions": now.questions, "rejected": now.rejected, "members": found.members, "pairs": found.pairs, "ledger": ledger}
    named = {row["stem"] if row["stem"] and row["source"] == "school" else row["locator"]: row for row in rows}
    return Run(named, to_rows(reviewed, ReviewDecision), frames | {"splits": splits}, dataset_version(splits, config.curation()))


def decide(row, action, **cells):
    """A decision on a ledger row, as the pages write it."""
    found = {"record_id": row["record_id"], "who": "Lan", "action": action, **cells}
    if row["content_id"]:
        found["content_id"] = row["content_id"]
    return found
