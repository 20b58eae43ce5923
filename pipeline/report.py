"""Stage 13, report: one page on a dataset version that a team lead reads and acts on. It reads published tables and changes nothing.

What can't be said of so few rows is called "undefined", never 0.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple

import pandas as pd

from pipeline import plots
from pipeline.balance import ATTRIBUTES, Cell, position_balance, split_balance
from pipeline.fixes import ACTIONS, Fix, fixes
from pipeline.lake import Version
from pipeline.page import Block, Figures, Heading, Line, Picture, Table, Text
from pipeline.page import Cell as TableCell
from pipeline.render import LETTERS
from pipeline.text import one_line
from schemas.reasons import REASON_TEXT, SPLITS, Disposition, Reason, Relation
from schemas.tables import LedgerRow, Pair, Quality, to_rows

Row = Mapping[str, Any]
EXAMPLES, VALUES, TEXT_CHARS = 6, 24, 200
SHARED_13GRAM = "shared_13gram"


class Facts(NamedTuple):
    """What the page is made of: the ledger's rows, those of them in a split, scores and pairs by record."""

    rows: list[dict[str, Any]]
    by_id: dict[str, dict[str, Any]]
    kept: list[dict[str, Any]]
    quality: dict[str, dict[str, Any]]
    pairs: dict[frozenset[str], dict[str, Any]]
    version: Version
    set_level: Sequence[Row]

    @property
    def judged(self) -> list[dict[str, Any]]:
        """Questions that were read in full and could have been trained on."""
        return [row for row in self.rows if row["answer_index"] is not None and row["role"] == "train"]


def build_report(
    ledger: pd.DataFrame, quality: pd.DataFrame, pairs: pd.DataFrame, version: Version, set_level: Sequence[Row] = ()
) -> tuple[str, list[Block]]:
    """Title and blocks of the page. `set_level`: mappings of name, group, value, low, high, expected, questions, says."""
    rows = to_rows(ledger, LedgerRow)
    facts = Facts(
        rows,
        {row["record_id"]: row for row in rows},
        [row for row in rows if row["split"] is not None],
        {row["record_id"]: row for row in to_rows(quality, Quality)},
        {frozenset((pair["left_id"], pair["right_id"])): pair for pair in to_rows(pairs, Pair)},
        version,
        set_level,
    )
    sections: list[tuple[str, Callable[[Facts], list[Block]]]] = [
        ("Fix first", _fixes),
        ("Funnel", _funnel),
        ("Why records were left out", _reasons),
        ("Conflicting keys", _conflicts),
        ("Duplicates", _duplicates),
        ("Contamination", _contamination),
        ("Quality", _quality),
        ("Answer positions", _positions),
        ("Sources and subjects", _groups),
        ("Balance of the splits", _splits),
        ("Baselines", _baselines),
    ]
    blocks = _summary(facts)
    for title, section in sections:
        if found := section(facts):
            blocks += [Heading(title), *found]
    return f"Data quality of {version.dataset}", blocks


def percent(part: int, whole: int) -> str:
    """A share as text; of nothing it is undefined.

    >>> percent(1, 8), percent(0, 0)
    ('12.5%', 'undefined')
    """
    return f"{100 * part / whole:.1f}%" if whole else "undefined"


def _summary(facts: Facts) -> list[Block]:
    read, kept = len(facts.rows), len(facts.kept)
    training = [row for row in facts.rows if row["role"] == "train"]
    scores = [row["quality_score"] for row in facts.kept]
    held = sum(row["disposition"] == Disposition.CONFLICT for row in facts.rows)
    first = fixes(facts.rows)[:1]
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
    found = fixes(facts.rows)
    if not found:
        return [Text("Nothing: every record is in a split, or stands in another record's place.")]
    rows: list[list[TableCell]] = [
        [_fix_said(fix), [Line(fix.where, "code"), Line(cut(fix.example), "dim")], fix.questions, fix.effort]
        for fix in found[: 2 * EXAMPLES]
    ]
    more = sum(fix.questions for fix in found[2 * EXAMPLES :])
    blocks: list[Block] = [
        Text("Ranked by the questions that one act brings back, at most: some may turn out duplicates."),
        Table(["what", "where", "questions", "acts"], rows, wide=frozenset({0, 1})),
    ]
    return [*blocks, Text(f"{len(found) - 2 * EXAMPLES} smaller groups hold {more:,} more.")] if more else blocks


def _fix_said(fix: Fix) -> list[Line]:
    return [Line(fix.what, "strong"), Line(fix.how, "own")]


def _funnel(facts: Facts) -> list[Block]:
    counts = {str(name): facts.version.counts[name] for name in Disposition}
    left = len(facts.rows)
    splits = [str(name) for name in SPLITS]
    rows: list[list[TableCell]] = [["read", left, "", left]]
    for name in map(str, Disposition):
        left -= 0 if name in splits else counts[name]
        rows.append([name, counts[name], percent(counts[name], len(facts.rows)), "" if name in splits else left])
    says = "Records by what became of them; the first verdict that fits wins, and the counts add up."
    return [Picture(plots.funnel_bars(counts, splits), says), Table(["disposition", "records", "share", "left"], rows)]


def _reasons(facts: Facts) -> list[Block]:
    by_reason: defaultdict[str, list[Row]] = defaultdict(list)
    for row in facts.rows:
        for reason in row["reason_codes"]:
            by_reason[reason].append(row)
    rows: list[list[TableCell]] = []
    for reason, found in sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        # Two examples of different files say more than two neighbours.
        shown = list({row["file"]: row for row in reversed(found)}.values())[-2:]
        text_of = said if reason != Reason.UNREADABLE_FILE else lambda _: ""
        examples = [line for row in shown for line in (Line(row["locator"], "code"), Line(text_of(row)), Line(row["detail"] or "", "dim"))]
        what = [Line(reason, "strong"), Line(REASON_TEXT[Reason(reason)]), Line(f"Do: {ACTIONS[Reason(reason)]}.", "own")]
        rows.append([what, len(found), [line._replace(text=cut(line.text)) for line in examples if line.text]])
    return [Table(["reason", "records", "examples"], rows, wide=frozenset({2}))]


def _conflicts(facts: Facts) -> list[Block]:
    held = [row for row in facts.rows if row["disposition"] == Disposition.CONFLICT]
    sides = {frozenset((row["content_id"], facts.by_id[row["representative_id"]]["content_id"])): row for row in reversed(held)}
    rows: list[list[TableCell]] = []
    for row in list(reversed(sides.values()))[: 2 * EXAMPLES]:
        other = facts.by_id[row["representative_id"]]
        rows.append([cut(said(row)), *([Line(cut(_key(side)), "strong"), Line(side["locator"], "code")] for side in (row, other))])
    if not rows:
        return [Text("None: no two records ask the same and give different keys.")]
    says = f"{len(held):,} records are held back for {len(sides):,} contradictions, both sides of each, until someone knows the right key."
    return [Text(says), Table(["question", "one key", "the other"], rows, wide=frozenset({0, 1, 2}))]


def _duplicates(facts: Facts) -> list[Block]:
    clusters: defaultdict[str, list[Row]] = defaultdict(list)
    for row in facts.rows:
        if row["disposition"] == Disposition.DUPLICATE:
            clusters[row["representative_id"]].append(row)
    if not clusters:
        return [Text("None: no two records ask the same.")]
    lost = sum(map(len, clusters.values()))
    sizes = Counter(len(losers) + 1 for losers in clusters.values())
    spread = ", ".join(f"{count:,} of size {size}" for size, count in sorted(sizes.items())[:8])
    # The largest, then those whose members differ: that two equal texts are one question needs no showing.
    largest = sorted(clusters, key=lambda winner: (-len(clusters[winner]), winner))[:2]
    unlike = [w for w in sorted(clusters) if w not in largest and any(row["relation"] != Relation.EXACT for row in clusters[w])]
    rows: list[list[TableCell]] = []
    for winner in [*largest, *unlike][:EXAMPLES]:
        kept = facts.by_id[winner]
        losers = [
            line
            for row in clusters[winner][:3]
            for line in (Line(row["locator"], "code"), Line(cut(said(row))), Line(cut(f"{row['relation']}: {_why(facts, row)}"), "dim"))
        ]
        more = len(clusters[winner]) - 3
        score = f"{kept['disposition']}, score {kept['quality_score']:g}"
        losers += [Line(f"and {more} more", "dim")] if more > 0 else []
        rows.append([[Line(kept["locator"], "code"), Line(cut(said(kept))), Line(score, "dim")], losers])
    says = (
        f"{lost:,} records lost to {len(clusters):,} others that ask the same; clusters: {spread}. "
        "Of each cluster the best score stays, then the smallest id."
    )
    return [Text(says), Table(["kept", "lost, and why"], rows, wide=frozenset({0, 1}))]


def _why(facts: Facts, row: Row) -> str:
    pair = facts.pairs.get(frozenset((row["record_id"], row["representative_id"])))
    return f"{pair['why']} (similarity {pair['similarity']:.2f})" if pair else "judged by another member of its cluster"


def _contamination(facts: Facts) -> list[Block]:
    hit = [row for row in facts.rows if row["disposition"] == Disposition.CONTAMINATED]
    held_out = sum(row["role"] == "benchmark" for row in facts.rows)
    flagged = [row for row in facts.rows if row.get(SHARED_13GRAM) or SHARED_13GRAM in (row["flags"] or [])]
    if not held_out:
        return [Text("Undefined: no source has the role benchmark, so nothing was compared.")]
    counts = Counter(reason for row in hit for reason in row["reason_codes"])
    rows: list[list[TableCell]] = []
    for reason in (r for r in Reason if r.value.startswith("contaminated_")):
        row = next((found for found in hit if reason in found["reason_codes"]), None)
        item = facts.by_id.get(row["representative_id"] or "") if row else None
        example = [] if row is None else [Line(row["locator"], "code"), Line(cut(said(row)))]
        example += [] if item is None else [Line("benchmark: " + item["locator"], "code"), Line(cut(said(item)), "dim")]
        rows.append([[Line(reason.removeprefix("contaminated_"), "strong"), Line(REASON_TEXT[reason], "dim")], counts[reason], example])
    kept = sum(row["split"] is not None for row in flagged)
    says = f"{held_out:,} benchmark records were compared; {len(hit):,} training records were taken out for them."
    shared = f" A shared 13-gram only flags: {len(flagged):,} records, {kept:,} of them in a split." if flagged else ""
    return [Text(says + shared), Table(["relation", "removed", "example"], rows, wide=frozenset({2}))]


def _quality(facts: Facts) -> list[Block]:
    judged = facts.judged
    if not judged:
        return [Text("Undefined: no question was read in full, so none has a score.")]
    threshold = facts.version.config.get("quality", {}).get("min_score", 0.5)
    scores: dict[bool, list[float]] = {True: [], False: []}
    by_flag: defaultdict[str, list[Row]] = defaultdict(list)
    for row in judged:
        scores[row["split"] is not None].append(row["quality_score"])
        for flag in row["flags"] or []:
            by_flag[flag].append(row)
    rows: list[list[TableCell]] = []
    for flag, found in sorted(by_flag.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        kept = [row for row in found if row["split"] is not None]
        shown = (kept or found)[0]
        quality = facts.quality.get(shown["record_id"], {"flags": [], "explanations": []})
        explained = dict(zip(quality["flags"], quality["explanations"], strict=False)).get(flag, "")
        filtered = sum(row["disposition"] == Disposition.FILTERED for row in found)
        example = [Line(shown["locator"], "code"), Line(cut(said(shown, with_key=True))), Line(cut(explained), "dim")]
        rows.append([[Line(flag, "strong")], len(found), len(kept), filtered, example])
    low = sum(score < threshold for score in [*scores[True], *scores[False]])
    says = f"{len(judged):,} questions have a score; {low:,} are under {threshold:g}. A flag alone removes nothing: it costs score."
    caption = "Scores of questions that were read in full, on a logarithmic scale of counts."
    table = Table(["flag", "questions", "in a split", "filtered", "example, and what was seen"], rows, wide=frozenset({4}))
    return [Text(says), Picture(plots.score_histogram(scores[True], scores[False], threshold), caption), table]


def _positions(facts: Facts) -> list[Block]:
    def cells(rows: Iterable[Row], part: str) -> list[Cell]:
        return position_balance([{**row, "option_count": len(row["options"])} for row in rows], part)

    before, after = cells(facts.judged, "before"), cells(facts.kept, "after")
    if not before:
        return [Text("Undefined: no question was read in full.")]
    after_at = {cell.value: cell for cell in after}
    rows: list[list[TableCell]] = []
    marked = set()
    for cell in before:
        now = after_at.get(cell.value)
        found = [cell, *([now] if now else [])]
        shown: list[TableCell] = []
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
    return [Text(says), *picture, Table(columns, rows, frozenset(marked))]


def _range(cell: Cell) -> str:
    return f"{cell.low:,}–{cell.high:,}"


def _groups(facts: Facts) -> list[Block]:
    tables: list[Block] = []
    for name in ("source", "subject"):
        groups: defaultdict[str, list[Row]] = defaultdict(list)
        for row in facts.rows:
            groups[row[name] or "(none)"].append(row)
        ordered = sorted(groups, key=lambda value: (-len(groups[value]), value))
        rows = [_group_row(value, groups[value]) for value in ordered[:VALUES]]
        if rest := ordered[VALUES:]:
            rows.append(_group_row(f"({len(rest)} more)", [row for value in rest for row in groups[value]]))
        tables.append(Table([name, "records", "in a split", "share kept", "mean score", "most frequent reason"], rows))
    return tables


def _group_row(value: str, rows: Sequence[Row]) -> list[TableCell]:
    kept = sum(row["split"] is not None for row in rows)
    scores = [row["quality_score"] for row in rows if row["quality_score"] is not None]
    reasons = Counter(reason for row in rows for reason in row["reason_codes"]).most_common(1)
    top = f"{reasons[0][0]} ({reasons[0][1]:,})" if reasons else ""
    share = "benchmark" if all(row["role"] == "benchmark" for row in rows) else percent(kept, len(rows))
    return [value, len(rows), kept, share, f"{mean(scores):.3f}" if scores else "undefined", top]


def _splits(facts: Facts) -> list[Block]:
    cells = split_balance(facts.kept)
    if not cells:
        return [Text("Undefined: there are too few questions, or one value alone of source, subject, answer position and language.")]
    config = facts.version.config.get("split", {})
    summary: list[list[TableCell]] = []
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
        Table(["attribute", "values", "counts", "outside", "outside by chance"], summary),
        Table(["attribute", "value", *columns, "outside"], rows, frozenset(marked)),
        *([Text(f"{more:,} rarer values have no count outside its range.")] if more else []),
    ]


def _split_rows(cells: Sequence[Cell]) -> tuple[list[list[TableCell]], set[int], int]:
    """A row a value: the commonest of each attribute and all with a count outside; the numbers of the latter, and how many aren't shown."""
    by_value: defaultdict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        by_value[cell.attribute, cell.value].append(cell)
    shown: Counter[str] = Counter()
    rows: list[list[TableCell]] = []
    marked = set()
    for (attribute, value), found in by_value.items():
        off = ", ".join(cell.part for cell in found if cell.outside)
        shown[attribute] += 1
        if off:
            marked.add(len(rows))
        if off or shown[attribute] <= VALUES // 2:
            counts: list[TableCell] = [text for cell in found for text in (f"{cell.observed:,}", _range(cell))]
            rows.append([attribute, value, *counts, off])
    return rows, marked, len(by_value) - len(rows)


def _baselines(facts: Facts) -> list[Block]:
    if not facts.set_level:
        return []
    rows: list[list[TableCell]] = []
    for signal in facts.set_level:
        what = [Line(signal["name"], "strong"), Line(f"{signal['group']}: {signal['says']}", "dim")]
        low, high = signal["low"], signal["high"]
        interval = f"{low:.3f}–{high:.3f}" if low is not None and high is not None else "" if signal["value"] is not None else "undefined"
        found, chance = ("undefined" if value is None else f"{value:.3f}" for value in (signal["value"], signal["expected"]))
        rows.append([what, found, interval, chance, signal["questions"]])
    says = "How far the questions of all splits can be answered without being understood, and how even the set is. Not a question's fault."
    return [Text(says), Table(["what", "found", "95% interval", "by chance", "questions"], rows, wide=frozenset({0}))]


def said(row: Row, with_key: bool = False) -> str:
    """What a record says, on one line: the question where one was read, else its payload."""
    text = row["stem"] or row["payload"]
    return f"{text} [{_key(row)}]" if with_key else text


def _key(row: Row) -> str:
    return f"{LETTERS[row['answer_index']]}. {row['options'][row['answer_index']]}"


def cut(text: str, chars: int = TEXT_CHARS) -> str:
    """At most `chars` characters on one line.

    >>> cut("a  long text", 6)
    'a lon…'
    """
    line = one_line(text[: 4 * chars])
    return line if len(line) <= chars else f"{line[: chars - 1]}…"
