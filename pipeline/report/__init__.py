"""Stage 13, report: one page on a dataset version that a team lead reads and acts on. It reads published tables and changes nothing.

What can't be said of so few rows is called "undefined", never 0.
"""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

import pandas as pd

from pipeline.common import plots
from pipeline.common.store.lake import Version
from pipeline.ledger import curated_rows
from pipeline.report import files as report_files
from pipeline.report import records as report_records
from pipeline.report import sets as report_sets
from pipeline.report.document import Block, Cell, Figures, Heading, Line, Picture, TableBlock, Text
from pipeline.report.facts import EXAMPLES, Facts, cut, percent
from pipeline.report.remedies import Fix, rank_fixes
from pipeline.report.set_signals import set_signals
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow, Pair, Quality, Question
from schemas.tables.row import RowMapping


def build_report(
    ledger: pd.DataFrame,
    quality: pd.DataFrame,
    pairs: pd.DataFrame,
    version: Version,
    set_level: Sequence[RowMapping] = (),
    files: Sequence[RowMapping] = (),
) -> tuple[str, list[Block]]:
    """Title and blocks of the page. `set_level`: mappings of name, group, value, low, high, expected, questions, says; `files`:
    SourceFile rows."""
    rows = to_rows(ledger, LedgerRow)
    facts = Facts(
        rows,
        {row["record_id"]: row for row in rows},
        [row for row in rows if row["split"] is not None],
        {row["record_id"]: row for row in to_rows(quality, Quality)},
        {frozenset((pair["left_id"], pair["right_id"])): pair for pair in to_rows(pairs, Pair)},
        version,
        set_level,
        files,
    )
    sections: list[tuple[str, Callable[[Facts], list[Block]]]] = [
        ("Fix first", _fixes),
        ("Funnel", _funnel),
        ("Why records were left out", report_records.reasons),
        ("Files", report_files.files),
        ("Conflicting keys", report_records.conflicts),
        ("Duplicates", report_records.duplicates),
        ("Contamination", report_records.contamination),
        ("Quality", report_sets.quality),
        ("Answer positions", report_sets.positions),
        ("Sources and subjects", report_sets.groups),
        ("Balance of the splits", report_sets.splits),
        ("Baselines", report_sets.baselines),
    ]
    blocks = _summary(facts)
    for title, section in sections:
        if found := section(facts):
            blocks += [Heading(title), *found]
    return f"Data quality of {version.dataset}", blocks


def _summary(facts: Facts) -> list[Block]:
    read, kept = len(facts.rows), len(facts.kept)
    training = [row for row in facts.rows if row["role"] == "train"]
    scores = [row["quality_score"] for row in facts.kept]
    held = sum(row["disposition"] == Disposition.CONFLICT for row in facts.rows)
    first = rank_fixes(facts.rows)[:1]
    advice = f" First thing to do: {first[0].what} ({first[0].where}), which brings back up to {first[0].questions:,}." if first else ""
    said = f"{kept:,} of {len(training):,} records that could be trained on are in a split."
    return [
        Text(f"Version {facts.version.name}, published {facts.version.published_at}. {said}{advice}"),
        Figures(
            [
                (f"{read:,}", "records read"),
                (f"{kept:,}", "questions in a split"),
                (percent(kept, len(training)), "of those that could be trained on"),
                (f"{held:,}", "held back for a conflict"),
                (f"{mean(scores):.3f}" if scores else "undefined", "mean score of those kept"),
            ]
        ),
    ]


def _fixes(facts: Facts) -> list[Block]:
    found = rank_fixes(facts.rows)
    if not found:
        return [Text("Nothing: every record is in a split, or stands in another record's place.")]
    rows: list[list[Cell]] = [
        [_fix_said(fix), [Line(fix.where, "code"), Line(cut(fix.example), "dim")], fix.questions, fix.effort]
        for fix in found[: 2 * EXAMPLES]
    ]
    more = sum(fix.questions for fix in found[2 * EXAMPLES :])
    blocks: list[Block] = [
        Text("Ranked by the questions that one act brings back, at most: some may turn out duplicates."),
        TableBlock(["what", "where", "questions", "acts"], rows, wide=frozenset({0, 1})),
    ]
    return [*blocks, Text(f"{len(found) - 2 * EXAMPLES} smaller groups hold {more:,} more.")] if more else blocks


def _fix_said(fix: Fix) -> list[Line]:
    return [Line(fix.what, "strong"), Line(fix.how, "own")]


def _funnel(facts: Facts) -> list[Block]:
    counts = {str(name): facts.version.counts[name] for name in Disposition}
    left = len(facts.rows)
    splits = [str(name) for name in SPLITS]
    rows: list[list[Cell]] = [["read", left, "", left]]
    for name in map(str, Disposition):
        left -= 0 if name in splits else counts[name]
        rows.append([name, counts[name], percent(counts[name], len(facts.rows)), "" if name in splits else left])
    says = "Records by what became of them; the first verdict that fits wins, and the counts add up."
    return [Picture(plots.funnel_bars(counts, splits), says), TableBlock(["disposition", "records", "share", "left"], rows)]


def baselines(ledger: pd.DataFrame) -> list[dict[str, Any]]:
    """Set-level signals of the kept questions."""
    kept = curated_rows(ledger)
    return [signal._asdict() for signal in set_signals(kept[list(Question.model_fields)], kept["split_group"].tolist())]
