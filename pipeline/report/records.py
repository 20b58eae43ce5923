"""Sections of the report on single records: why they were left out, which contradict, repeat, or stand in a benchmark."""

from collections import Counter, defaultdict

from pipeline.deduplicate.told import told
from pipeline.report.document import Block, Cell, Line, TableBlock, Text
from pipeline.report.facts import EXAMPLES, Facts, cut, key_text, question_text
from pipeline.report.remedies import ACTIONS
from pipeline.told import detail_told
from schemas.reasons import REASON_TEXT, Disposition, Reason, Relation
from schemas.tables.row import RowMapping

SHARED_13GRAM = "shared_13gram"


def reasons(facts: Facts) -> list[Block]:
    """Each reason with its count, what it means, what to do, and two examples of different files."""
    _ = facts.words
    by_reason: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in facts.rows:
        for reason in row["reason_codes"]:
            by_reason[reason].append(row)
    rows: list[list[Cell]] = []
    for reason, found in sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        # Two examples of different files say more than two neighbours.
        shown = list({row["file"]: row for row in reversed(found)}.values())[-2:]
        has_text = reason != Reason.UNREADABLE_FILE
        examples = [
            line
            for row in shown
            for line in (facts.place(row), Line(question_text(row) if has_text else ""), Line(detail_told(row["detail"], _), "dim"))
        ]
        todo = _("Do: {what}.", what=_(ACTIONS[Reason(reason)]))
        what = [facts.listed(reason, "strong", reason=reason), Line(_(REASON_TEXT[Reason(reason)]), "own"), Line(todo, "own")]
        rows.append([what, len(found), [line._replace(text=cut(line.text)) for line in examples if line.text]])
    return [TableBlock([_("reason"), _("records"), _("examples")], rows, wide=frozenset({2}))]


def conflicts(facts: Facts) -> list[Block]:
    """Each contradiction once, with both keys."""
    _ = facts.words
    held = [row for row in facts.rows if row["disposition"] == Disposition.CONFLICT]
    sides = {frozenset((row["content_id"], facts.by_id[row["representative_id"]]["content_id"])): row for row in reversed(held)}
    rows: list[list[Cell]] = []
    for row in list(reversed(sides.values()))[: 2 * EXAMPLES]:
        other = facts.by_id[row["representative_id"]]
        rows.append([cut(question_text(row)), *([Line(cut(key_text(side)), "strong"), facts.place(side)] for side in (row, other))])
    if not rows:
        return [Text(_("None: no two records ask the same and give different keys."))]
    says = _(
        "{count:,} records are held back for {pairs:,} contradictions, both sides of each, until someone knows the right key.",
        count=len(held),
        pairs=len(sides),
    )
    return [Text(says), TableBlock([_("question"), _("one key"), _("the other")], rows, wide=frozenset({0, 1, 2}))]


def duplicates(facts: Facts) -> list[Block]:
    """The largest clusters and some of unlike members: what was kept, what was lost, why."""
    _ = facts.words
    clusters: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in facts.rows:
        if row["disposition"] == Disposition.DUPLICATE:
            clusters[row["representative_id"]].append(row)
    if not clusters:
        return [Text(_("None: no two records ask the same."))]
    lost = sum(map(len, clusters.values()))
    sizes = Counter(len(losers) + 1 for losers in clusters.values())
    spread = ", ".join(_("{count:,} of size {size}", count=count, size=size) for size, count in sorted(sizes.items())[:8])
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
                facts.place(row),
                Line(cut(question_text(row))),
                Line(cut(f"{row['relation']}: {_why(facts, row)}"), "dim"),
            )
        ]
        more = len(clusters[winner]) - 3
        score = _("{disposition}, score {score:.2f}", disposition=kept["disposition"], score=kept["quality_score"])
        losers += [Line(_("and {count:,} more", count=more), "dim")] if more > 0 else []
        rows.append([[facts.place(kept), Line(cut(question_text(kept))), Line(score, "dim")], losers])
    says = _(
        "{lost:,} records lost to {kept:,} others that ask the same; clusters: {spread}.", lost=lost, kept=len(clusters), spread=spread
    )
    rule = _("Of each cluster the best score stays, then the smallest id.")
    return [Text(f"{says} {rule}"), TableBlock([_("kept"), _("lost, and why")], rows, wide=frozenset({0, 1}))]


def _why(facts: Facts, row: RowMapping) -> str:
    _ = facts.words
    pair = facts.pairs.get(frozenset((row["record_id"], row["representative_id"])))
    if pair is None:
        return _("judged by another member of its cluster")
    return _("{why} (similarity {similarity:.2f})", why=told(pair["why"], _), similarity=pair["similarity"])


def contamination(facts: Facts) -> list[Block]:
    """Training records that a benchmark holds, by relation; shared 13-grams, which only flag."""
    _ = facts.words
    hit = [row for row in facts.rows if row["disposition"] == Disposition.CONTAMINATED]
    held_out = sum(row["role"] == "benchmark" for row in facts.rows)
    flagged = [row for row in facts.rows if row.get(SHARED_13GRAM) or SHARED_13GRAM in (row["flags"] or [])]
    if not held_out:
        return [Text(_("Undefined: no source has the role benchmark, so nothing was compared."))]
    counts = Counter(reason for row in hit for reason in row["reason_codes"])
    rows: list[list[Cell]] = []
    for reason in (r for r in Reason if r.value.startswith("contaminated_")):
        row = next((found for found in hit if reason in found["reason_codes"]), None)
        item = facts.by_id.get(row["representative_id"] or "") if row else None
        example = [] if row is None else [facts.place(row), Line(cut(question_text(row)))]
        example += [] if item is None else [facts.place(item, _("benchmark: ")), Line(cut(question_text(item)), "dim")]
        name = facts.listed(reason.removeprefix("contaminated_"), "strong", reason=reason)
        rows.append([[name, Line(_(REASON_TEXT[reason]), "own")], counts[reason], example])
    kept = sum(row["split"] is not None for row in flagged)
    says = [
        _(
            "{count:,} benchmark records were compared; {removed:,} training records were taken out for them.",
            count=held_out,
            removed=len(hit),
        )
    ]
    if flagged:
        says.append(_("A shared 13-gram only flags: {count:,} records, {kept:,} of them in a split.", count=len(flagged), kept=kept))
    return [Text(" ".join(says)), TableBlock([_("relation"), _("removed"), _("example")], rows, wide=frozenset({2}))]
