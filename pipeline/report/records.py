"""Sections of the report on single records: why they were left out, which contradict, repeat, or stand in a benchmark."""

from collections import Counter, defaultdict

from pipeline.report.document import Block, Cell, Line, TableBlock, Text
from pipeline.report.facts import EXAMPLES, Facts, cut, key_text, question_text
from pipeline.report.remedies import ACTIONS
from schemas.reasons import REASON_TEXT, Disposition, Reason, Relation
from schemas.tables.row import RowMapping

SHARED_13GRAM = "shared_13gram"


def reasons(facts: Facts) -> list[Block]:
    """Each reason with its count, what it means, what to do, and two examples of different files."""
    by_reason: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in facts.rows:
        for reason in row["reason_codes"]:
            by_reason[reason].append(row)
    rows: list[list[Cell]] = []
    for reason, found in sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        # Two examples of different files say more than two neighbours.
        shown = list({row["file"]: row for row in reversed(found)}.values())[-2:]
        text_of = question_text if reason != Reason.UNREADABLE_FILE else lambda _: ""
        examples = [line for row in shown for line in (Line(row["locator"], "code"), Line(text_of(row)), Line(row["detail"] or "", "dim"))]
        what = [Line(reason, "strong"), Line(REASON_TEXT[Reason(reason)]), Line(f"Do: {ACTIONS[Reason(reason)]}.", "own")]
        rows.append([what, len(found), [line._replace(text=cut(line.text)) for line in examples if line.text]])
    return [TableBlock(["reason", "records", "examples"], rows, wide=frozenset({2}))]


def conflicts(facts: Facts) -> list[Block]:
    """Each contradiction once, with both keys."""
    held = [row for row in facts.rows if row["disposition"] == Disposition.CONFLICT]
    sides = {frozenset((row["content_id"], facts.by_id[row["representative_id"]]["content_id"])): row for row in reversed(held)}
    rows: list[list[Cell]] = []
    for row in list(reversed(sides.values()))[: 2 * EXAMPLES]:
        other = facts.by_id[row["representative_id"]]
        rows.append(
            [cut(question_text(row)), *([Line(cut(key_text(side)), "strong"), Line(side["locator"], "code")] for side in (row, other))]
        )
    if not rows:
        return [Text("None: no two records ask the same and give different keys.")]
    says = f"{len(held):,} records are held back for {len(sides):,} contradictions, both sides of each, until someone knows the right key."
    return [Text(says), TableBlock(["question", "one key", "the other"], rows, wide=frozenset({0, 1, 2}))]


def duplicates(facts: Facts) -> list[Block]:
    """The largest clusters and some of unlike members: what was kept, what was lost, why."""
    clusters: defaultdict[str, list[RowMapping]] = defaultdict(list)
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
    rows: list[list[Cell]] = []
    for winner in [*largest, *unlike][:EXAMPLES]:
        kept = facts.by_id[winner]
        losers = [
            line
            for row in clusters[winner][:3]
            for line in (
                Line(row["locator"], "code"),
                Line(cut(question_text(row))),
                Line(cut(f"{row['relation']}: {_why(facts, row)}"), "dim"),
            )
        ]
        more = len(clusters[winner]) - 3
        score = f"{kept['disposition']}, score {kept['quality_score']:g}"
        losers += [Line(f"and {more} more", "dim")] if more > 0 else []
        rows.append([[Line(kept["locator"], "code"), Line(cut(question_text(kept))), Line(score, "dim")], losers])
    says = (
        f"{lost:,} records lost to {len(clusters):,} others that ask the same; clusters: {spread}. "
        "Of each cluster the best score stays, then the smallest id."
    )
    return [Text(says), TableBlock(["kept", "lost, and why"], rows, wide=frozenset({0, 1}))]


def _why(facts: Facts, row: RowMapping) -> str:
    pair = facts.pairs.get(frozenset((row["record_id"], row["representative_id"])))
    return f"{pair['why']} (similarity {pair['similarity']:.2f})" if pair else "judged by another member of its cluster"


def contamination(facts: Facts) -> list[Block]:
    """Training records that a benchmark holds, by relation; shared 13-grams, which only flag."""
    hit = [row for row in facts.rows if row["disposition"] == Disposition.CONTAMINATED]
    held_out = sum(row["role"] == "benchmark" for row in facts.rows)
    flagged = [row for row in facts.rows if row.get(SHARED_13GRAM) or SHARED_13GRAM in (row["flags"] or [])]
    if not held_out:
        return [Text("Undefined: no source has the role benchmark, so nothing was compared.")]
    counts = Counter(reason for row in hit for reason in row["reason_codes"])
    rows: list[list[Cell]] = []
    for reason in (r for r in Reason if r.value.startswith("contaminated_")):
        row = next((found for found in hit if reason in found["reason_codes"]), None)
        item = facts.by_id.get(row["representative_id"] or "") if row else None
        example = [] if row is None else [Line(row["locator"], "code"), Line(cut(question_text(row)))]
        example += [] if item is None else [Line("benchmark: " + item["locator"], "code"), Line(cut(question_text(item)), "dim")]
        rows.append([[Line(reason.removeprefix("contaminated_"), "strong"), Line(REASON_TEXT[reason], "dim")], counts[reason], example])
    kept = sum(row["split"] is not None for row in flagged)
    says = f"{held_out:,} benchmark records were compared; {len(hit):,} training records were taken out for them."
    shared = f" A shared 13-gram only flags: {len(flagged):,} records, {kept:,} of them in a split." if flagged else ""
    return [Text(says + shared), TableBlock(["relation", "removed", "example"], rows, wide=frozenset({2}))]
