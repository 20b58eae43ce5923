"""Sections of the report on the set as a whole: scores and flags, answer positions, sources and subjects, balance of the splits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import mean

from pipeline.common import plots
from pipeline.report.document import Block, Cell, Line, Picture, TableBlock, Text
from pipeline.report.facts import VALUES, Facts, cut, percent, question_text
from pipeline.split.balance import ATTRIBUTES, BalanceCell, position_shares, split_balance
from schemas.reasons import Disposition
from schemas.tables.row import RowMapping


def quality(facts: Facts) -> list[Block]:
    """Scores of the questions read in full, and each flag with an example in words."""
    judged = facts.judged
    if not judged:
        return [Text("Undefined: no question was read in full, so none has a score.")]
    threshold = facts.version.config.get("quality", {}).get("min_score", 0.5)
    scores: dict[bool, list[float]] = {True: [], False: []}
    by_flag: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in judged:
        scores[row["split"] is not None].append(row["quality_score"])
        for flag in row["flags"] or []:
            by_flag[flag].append(row)
    rows: list[list[Cell]] = []
    for flag, found in sorted(by_flag.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        kept = [row for row in found if row["split"] is not None]
        shown = (kept or found)[0]
        quality = facts.quality.get(shown["record_id"], {"flags": [], "explanations": []})
        explained = dict(zip(quality["flags"], quality["explanations"], strict=False)).get(flag, "")
        filtered = sum(row["disposition"] == Disposition.FILTERED for row in found)
        example = [Line(shown["locator"], "code"), Line(cut(question_text(shown, with_key=True))), Line(cut(explained), "dim")]
        rows.append([[Line(flag, "strong")], len(found), len(kept), filtered, example])
    low = sum(score < threshold for score in [*scores[True], *scores[False]])
    says = f"{len(judged):,} questions have a score; {low:,} are under {threshold:g}. A flag alone removes nothing: it costs score."
    caption = "Scores of questions that were read in full, on a logarithmic scale of counts."
    table = TableBlock(["flag", "questions", "in a split", "filtered", "example, and what was seen"], rows, wide=frozenset({4}))
    return [Text(says), Picture(plots.score_histogram(scores[True], scores[False], threshold), caption), table]


def positions(facts: Facts) -> list[Block]:
    """Where the right option stands, before selection and after, beside what chance gives."""

    def cells(rows: Iterable[RowMapping], part: str) -> list[BalanceCell]:
        return position_shares([{**row, "option_count": len(row["options"])} for row in rows], part)

    before, after = cells(facts.judged, "before"), cells(facts.kept, "after")
    if not before:
        return [Text("Undefined: no question was read in full.")]
    after_at = {cell.value: cell for cell in after}
    rows: list[list[Cell]] = []
    marked = set()
    for cell in before:
        now = after_at.get(cell.value)
        found = [cell, *([now] if now else [])]
        shown: list[Cell] = []
        for side in (cell, now):
            shown += [side.observed, percent(side.observed, side.total), _range(side)] if side else ["undefined", "undefined", "undefined"]
        off = ", ".join(side.part for side in found if side.outside)
        if off:
            marked.add(len(rows))
        rows.append([cell.value, *shown, f"{off}: outside" if off else "within chance"])
    series = {"before": before, "after": after} if after else {"before": before}
    dots = {name: [(c.share, c.low / c.total, c.high / c.total) for c in found] for name, found in series.items()}
    labels = [cell.value for cell in before]
    says = (
        "Where the right option stands, before selection and after. By chance each option is right as often as any other; a position that "
        "is right more often is something a model learns without reading. Shuffled options cure it, except where one refers to others."
    )
    caption = "Share of questions whose key stands at each position."
    columns = ["position", "before", "share", "95% of chance", "after", "share", "95% of chance", "verdict"]
    fits = all(len(found) == len(labels) for found in dots.values())
    picture = [Picture(plots.share_ranges(labels, dots, "% of questions"), caption)] if fits else []
    return [Text(says), *picture, TableBlock(columns, rows, frozenset(marked))]


def _range(cell: BalanceCell) -> str:
    return f"{cell.low:,}–{cell.high:,}"


def groups(facts: Facts) -> list[Block]:
    """Records, kept share, mean score and most frequent reason by source and by subject."""
    tables: list[Block] = []
    for name in ("source", "subject"):
        groups: defaultdict[str, list[RowMapping]] = defaultdict(list)
        for row in facts.rows:
            groups[row[name] or "(none)"].append(row)
        ordered = sorted(groups, key=lambda value: (-len(groups[value]), value))
        rows = [_group_row(value, groups[value]) for value in ordered[:VALUES]]
        if rest := ordered[VALUES:]:
            rows.append(_group_row(f"({len(rest)} more)", [row for value in rest for row in groups[value]]))
        tables.append(TableBlock([name, "records", "in a split", "share kept", "mean score", "most frequent reason"], rows))
    return tables


def _group_row(value: str, rows: Sequence[RowMapping]) -> list[Cell]:
    kept = sum(row["split"] is not None for row in rows)
    scores = [row["quality_score"] for row in rows if row["quality_score"] is not None]
    reasons = Counter(reason for row in rows for reason in row["reason_codes"]).most_common(1)
    top = f"{reasons[0][0]} ({reasons[0][1]:,})" if reasons else ""
    share = "benchmark" if all(row["role"] == "benchmark" for row in rows) else percent(kept, len(rows))
    return [value, len(rows), kept, share, f"{mean(scores):.3f}" if scores else "undefined", top]


def splits(facts: Facts) -> list[Block]:
    """Each split by source, subject, answer position and language, beside what drawing groups by lot gives."""
    cells = split_balance(facts.kept)
    if not cells:
        return [Text("Undefined: there are too few questions, or one value alone of source, subject, answer position and language.")]
    config = facts.version.config.get("split", {})
    summary: list[list[Cell]] = []
    for attribute in ATTRIBUTES:
        own = [cell for cell in cells if cell.attribute == attribute]
        off = sum(cell.outside for cell in own)
        values = len({cell.value for cell in own})
        summary.append([attribute, values, len(own), off, f"{0.05 * len(own):.1f}"] if own else [attribute, 1, 0, "undefined", "undefined"])
    test = [cell for cell in cells if cell.part == "test" and cell.attribute in ("source", "subject")][:VALUES]
    dots = {"test": [(cell.share, cell.low / cell.total, cell.high / cell.total) for cell in test]}
    labels = [cut(f"{cell.attribute}: {cell.value}", 40) for cell in test]
    caption = "Share of the test split by source and subject, beside what drawing whole groups by lot gives."
    groups = len({row["split_group"] for row in facts.kept})
    says = (
        f"Splits were drawn by {config.get('method', 'hash')} over {groups:,} groups. By chance alone, about one count in twenty lies "
        "outside its 95% range."
    )
    picture = [Picture(plots.share_ranges(labels, dots, "% of the test split"), caption)] if test else []
    columns = [name for part in dict.fromkeys(cell.part for cell in cells) for name in (part, "95% of chance")]
    rows, marked, more = _split_rows(cells)
    return [
        Text(says),
        *picture,
        TableBlock(["attribute", "values", "counts", "outside", "outside by chance"], summary),
        TableBlock(["attribute", "value", *columns, "outside"], rows, frozenset(marked)),
        *([Text(f"{more:,} rarer values have no count outside its range.")] if more else []),
    ]


def _split_rows(cells: Sequence[BalanceCell]) -> tuple[list[list[Cell]], set[int], int]:
    """A row a value: the commonest of each attribute and all with a count outside; the numbers of the latter, and how many aren't shown."""
    by_value: defaultdict[tuple[str, str], list[BalanceCell]] = defaultdict(list)
    for cell in cells:
        by_value[cell.attribute, cell.value].append(cell)
    shown: Counter[str] = Counter()
    rows: list[list[Cell]] = []
    marked = set()
    for (attribute, value), found in by_value.items():
        off = ", ".join(cell.part for cell in found if cell.outside)
        shown[attribute] += 1
        if off:
            marked.add(len(rows))
        if off or shown[attribute] <= VALUES // 2:
            counts: list[Cell] = [text for cell in found for text in (f"{cell.observed:,}", _range(cell))]
            rows.append([attribute, value, *counts, off])
    return rows, marked, len(by_value) - len(rows)


def baselines(facts: Facts) -> list[Block]:
    """Set-level signals, where they were measured."""
    if not facts.set_level:
        return []
    rows: list[list[Cell]] = []
    for signal in facts.set_level:
        what = [Line(signal["name"], "strong"), Line(f"{signal['group']}: {signal['says']}", "dim")]
        low, high = signal["low"], signal["high"]
        interval = f"{low:.3f}–{high:.3f}" if low is not None and high is not None else "" if signal["value"] is not None else "undefined"
        found, chance = ("undefined" if value is None else f"{value:.3f}" for value in (signal["value"], signal["expected"]))
        rows.append([what, found, interval, chance, signal["questions"]])
    says = "How far the questions of all splits can be answered without being understood, and how even the set is. Not a question's fault."
    return [Text(says), TableBlock(["what", "found", "95% interval", "by chance", "questions"], rows, wide=frozenset({0}))]
