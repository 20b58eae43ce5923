"""Stage 13, report: one page on a dataset version that a team lead reads and acts on. It reads published tables and changes nothing.

What can't be said of so few rows is called "undefined", never 0.
"""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

import pandas as pd

from pipeline.common import plots
from pipeline.common.store.lake import Version
from pipeline.common.translations import ENGLISH, Words
from pipeline.ledger import curated_rows
from pipeline.report import files as report_files
from pipeline.report import records as report_records
from pipeline.report import sets as report_sets
from pipeline.report.document import Block, Cell, Figures, Heading, Line, Page, Picture, TableBlock, Text, anchor
from pipeline.report.facts import EXAMPLES, Facts, cut
from pipeline.report.remedies import Fix, rank_fixes
from pipeline.report.set_signals import set_signals
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow, Pair, Quality, Question
from schemas.tables.row import RowMapping
from schemas.wording import DISPOSITION_TEXT


def build_report(
    ledger: pd.DataFrame,
    quality: pd.DataFrame,
    pairs: pd.DataFrame,
    version: Version,
    set_level: Sequence[RowMapping] = (),
    files: Sequence[RowMapping] = (),
    languages: Sequence[Words] = (ENGLISH,),
    audit_url: str = "",
) -> list[Page]:
    """The page in each language. `set_level`: mappings of name, group, value, low, high, expected, questions, says; `files`: SourceFile
    rows; `audit_url`: address of the audit server, to whose pages records are linked."""
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
        audit_url=audit_url,
    )
    return [_page(facts._replace(words=words)) for words in languages]


def _page(facts: Facts) -> Page:
    _ = facts.words
    sections: list[tuple[str, str, Callable[[Facts], list[Block]]]] = [
        ("Fix first", _("Fix first"), _fixes),
        ("Funnel", _("Funnel"), _funnel),
        ("Why records were left out", _("Why records were left out"), report_records.reasons),
        ("Files", _("Files"), report_files.files),
        ("Conflicting keys", _("Conflicting keys"), report_records.conflicts),
        ("Duplicates", _("Duplicates"), report_records.duplicates),
        ("Contamination", _("Contamination"), report_records.contamination),
        ("Quality", _("Quality"), report_sets.quality),
        ("Answer positions", _("Answer positions"), report_sets.positions),
        ("Sources and subjects", _("Sources and subjects"), report_sets.groups),
        ("Balance of the splits", _("Balance of the splits"), report_sets.splits),
        ("Baselines", _("Baselines"), report_sets.baselines),
    ]
    blocks = _summary(facts)
    for name, title, section in sections:
        if found := section(facts):
            blocks += [Heading(title, anchor(name)), *found]
    return Page(_("Data quality of {dataset}", dataset=facts.version.dataset), blocks, _)


def _summary(facts: Facts) -> list[Block]:
    _ = facts.words
    read, kept = len(facts.rows), len(facts.kept)
    training = sum(row["role"] == "train" for row in facts.rows)
    scores = [row["quality_score"] for row in facts.kept]
    held = sum(row["disposition"] == Disposition.CONFLICT for row in facts.rows)
    version = facts.version
    said = [_("Version `{version}`, published {moment}.", version=version.name, moment=_moment(version.published_at))]
    said += [
        _("It replaces `{version}`.", version=version.replaces) if version.replaces else _("It replaces nothing: it is the first one.")
    ]
    said += [_("{kept:,} of {all:,} records that could be trained on are in a split.", kept=kept, all=training)]
    if first := rank_fixes(facts.rows, _)[:1]:
        fix = first[0]
        more = _(
            "First thing to do: {what} ({where}). It brings back up to {count:,}.", what=fix.what, where=fix.where, count=fix.questions
        )
        said.append(more)
    return [
        Text(" ".join(said)),
        Figures(
            [
                (_.number(read), _("records read")),
                (_.number(kept), _("questions in a split")),
                (_.share(kept, training), _("of those that could be trained on")),
                (_.number(held), _("held back for a conflict")),
                (_.number(mean(scores), 3) if scores else _("undefined"), _("mean score of those kept")),
            ]
        ),
    ]


def _moment(published_at: str) -> str:
    """A time to the minute, as people read it."""
    return f"{published_at[:16].replace('T', ' ')} UTC" if len(published_at) > len("2026-01-01") else published_at


def _fixes(facts: Facts) -> list[Block]:
    _ = facts.words
    found = rank_fixes(facts.rows, _)
    if not found:
        return [Text(_("Nothing: every record is in a split, or stands in another record's place."))]
    rows: list[list[Cell]] = [
        [_fix_said(fix), [Line(fix.where), facts.place(fix.example), Line(cut(fix.seen(_)), "dim")], fix.questions, fix.effort]
        for fix in found[: 2 * EXAMPLES]
    ]
    rest = found[2 * EXAMPLES :]
    blocks: list[Block] = [
        Text(_("Ranked by the questions that one act brings back, at most: some may turn out duplicates.")),
        TableBlock([_("what"), _("where"), _("questions"), _("acts")], rows, wide=frozenset({0, 1})),
    ]
    more = _("{groups:,} smaller groups hold {count:,} more.", groups=len(rest), count=sum(fix.questions for fix in rest))
    return [*blocks, Text(more)] if rest else blocks


def _fix_said(fix: Fix) -> list[Line]:
    return [Line(fix.what, "strong"), Line(fix.how, "own")]


def _funnel(facts: Facts) -> list[Block]:
    _ = facts.words
    counts = {str(name): facts.version.counts[name] for name in Disposition}
    left = len(facts.rows)
    splits = [str(name) for name in SPLITS]
    rows: list[list[Cell]] = [[_("read"), left, "", left]]
    for name in map(str, Disposition):
        left -= 0 if name in splits else counts[name]
        said = [facts.listed(name, "strong", disposition=name), Line(_(DISPOSITION_TEXT[name]), "dim")]
        rows.append([said, counts[name], _.share(counts[name], len(facts.rows)), "" if name in splits else left])
    says = _("Records by what became of them; the first verdict that fits wins, and the counts add up.")
    columns = [_("disposition"), _("records"), _("share"), _("left")]
    return [Picture(plots.funnel_bars(counts, splits, _, _.marked), says), TableBlock(columns, rows)]


def baselines(ledger: pd.DataFrame) -> list[dict[str, Any]]:
    """Set-level signals of the kept questions."""
    kept = curated_rows(ledger)
    return [signal._asdict() for signal in set_signals(kept[list(Question.model_fields)], kept["split_group"].tolist())]
