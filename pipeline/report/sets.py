"""Sections of the report on the set as a whole: scores and flags, answer positions, sources and subjects, balance of the splits."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import mean

from pipeline.assess.signals import SIGNALS
from pipeline.assess.signals.model import MODEL_SIGNALS
from pipeline.common import plots
from pipeline.common.translations import Words
from pipeline.report.document import Block, Cell, Line, Picture, TableBlock, Text
from pipeline.report.facts import VALUES, Facts, cut, question_text
from pipeline.report.set_signals import MEANING
from pipeline.split.balance import ATTRIBUTES, BalanceCell, position_shares, split_balance
from schemas.reasons import Disposition
from schemas.tables.row import RowMapping
from schemas.wording import RELATION_TEXT

SIGNAL = {signal.name: signal for signal in (*SIGNALS, *MODEL_SIGNALS)}


def quality(facts: Facts) -> list[Block]:
    """Scores of the questions read in full, and each flag with an example in words."""
    _ = facts.words
    judged = facts.judged
    if not judged:
        return [Text(_("Undefined: no question was read in full, so none has a score."))]
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
        filtered = sum(row["disposition"] == Disposition.FILTERED for row in found)
        example = [facts.place(shown), Line(cut(question_text(shown, with_key=True))), Line(cut(_explained(facts, shown, flag)), "dim")]
        rows.append([[facts.listed(flag, "strong", flag=flag), Line(_flag_said(flag, _), "dim")], len(found), len(kept), filtered, example])
    low = sum(score < threshold for score in [*scores[True], *scores[False]])
    says = [_("{count:,} questions have a score; {low:,} are under {threshold:g}.", count=len(judged), low=low, threshold=threshold)]
    says.append(_("A flag alone removes nothing: it costs score."))
    caption = _("Scores of questions that were read in full, on a logarithmic scale of counts.")
    columns = [_("flag"), _("questions"), _("in a split"), _("filtered"), _("example, and what was seen")]
    picture = Picture(plots.score_histogram(scores[True], scores[False], threshold, _, _.marked), caption)
    return [Text(" ".join(says)), picture, TableBlock(columns, rows, wide=frozenset({4}))]


def _flag_said(flag: str, words: Words) -> str:
    """A flag in the reader's language."""
    if flag not in SIGNAL:
        return words(RELATION_TEXT.get(flag, ""))
    return SIGNAL[flag].says_vi if words.language == "vi" else SIGNAL[flag].says


def _explained(facts: Facts, row: RowMapping, flag: str) -> str:
    """What was measured of a question, in the reader's language rather than the question's; else as its table says it."""
    quality = facts.quality.get(row["record_id"], {"flags": [], "explanations": [], "signals": "{}"})
    value = json.loads(quality["signals"]).get(flag)
    if flag in SIGNAL and value is not None:
        signal, _ = SIGNAL[flag], facts.words
        values = {"value": round(value, 3), "threshold": signal.threshold, "penalty": signal.penalty}
        return _("measured {value:g}, fires from {threshold:g}, costs {penalty:g} of the score", **values)
    return str(dict(zip(quality["flags"], quality["explanations"], strict=False)).get(flag, ""))


def positions(facts: Facts) -> list[Block]:
    """Where the right option stands, before selection and after, beside what chance gives."""
    _ = facts.words

    def cells(rows: Iterable[RowMapping], part: str) -> list[BalanceCell]:
        return position_shares([{**row, "option_count": len(row["options"])} for row in rows], part)

    before, after = cells(facts.judged, "before"), cells(facts.kept, "after")
    if not before:
        return [Text(_("Undefined: no question was read in full."))]
    after_at = {cell.value: cell for cell in after}
    rows: list[list[Cell]] = []
    marked = set()
    for cell in before:
        now = after_at.get(cell.value)
        found = [cell, *([now] if now else [])]
        shown: list[Cell] = []
        for side in (cell, now):
            shown += [side.observed, _.share(side.observed, side.total), _range(side, _)] if side else 3 * [_("undefined")]
        off = ", ".join(_(side.part) for side in found if side.outside)
        if off:
            marked.add(len(rows))
        rows.append([cell.value, *shown, _("{where}: outside", where=off) if off else _("within chance")])
    series = {_("before"): before, _("after"): after} if after else {_("before"): before}
    dots = {name: [(c.share, c.low / c.total, c.high / c.total) for c in found] for name, found in series.items()}
    labels = [cell.value for cell in before]
    says = _(
        "Where the right option stands, before selection and after. By chance each option is right as often as any other; a position that "
        "is right more often is something a model learns without reading. Shuffled options cure it, except where one refers to others."
    )
    caption = _("Share of questions whose key stands at each position.")
    share, chance = _("share"), _("95% of chance")
    columns = [_("position"), _("before"), share, chance, _("after"), share, chance, _("verdict")]
    fits = all(len(found) == len(labels) for found in dots.values())
    picture = [Picture(plots.share_ranges(labels, dots, _("% of questions"), _), caption)] if fits else []
    return [Text(says), *picture, TableBlock(columns, rows, frozenset(marked))]


def _range(cell: BalanceCell, words: Words) -> str:
    return f"{words.number(cell.low)}–{words.number(cell.high)}"


def groups(facts: Facts) -> list[Block]:
    """Records, kept share, mean score and most frequent reason by source and by subject."""
    _ = facts.words
    tables: list[Block] = []
    for name, title in (("source", _("source")), ("subject", _("subject"))):
        groups: defaultdict[str, list[RowMapping]] = defaultdict(list)
        for row in facts.rows:
            groups[row[name] or _("(none)")].append(row)
        ordered = sorted(groups, key=lambda value: (-len(groups[value]), value))
        rows = [_group_row(value, groups[value], _) for value in ordered[:VALUES]]
        if rest := ordered[VALUES:]:
            rows.append(_group_row(_("({count:,} more)", count=len(rest)), [row for value in rest for row in groups[value]], _))
        columns = [title, _("records"), _("in a split"), _("share kept"), _("mean score"), _("most frequent reason")]
        tables.append(TableBlock(columns, rows))
    return tables


def _group_row(value: str, rows: Sequence[RowMapping], _: Words) -> list[Cell]:
    kept = sum(row["split"] is not None for row in rows)
    scores = [row["quality_score"] for row in rows if row["quality_score"] is not None]
    reasons = Counter(reason for row in rows for reason in row["reason_codes"]).most_common(1)
    top = f"{reasons[0][0]} ({_.number(reasons[0][1])})" if reasons else ""
    share = _("benchmark") if all(row["role"] == "benchmark" for row in rows) else _.share(kept, len(rows))
    return [value, len(rows), kept, share, _.number(mean(scores), 3) if scores else _("undefined"), top]


def splits(facts: Facts) -> list[Block]:
    """Each split by source, subject, answer position and language, beside what drawing groups by lot gives."""
    _ = facts.words
    cells = split_balance(facts.kept)
    if not cells:
        return [Text(_("Undefined: there are too few questions, or one value alone of source, subject, answer position and language."))]
    config = facts.version.config.get("split", {})
    summary: list[list[Cell]] = []
    for attribute in ATTRIBUTES:
        own = [cell for cell in cells if cell.attribute == attribute]
        off = sum(cell.outside for cell in own)
        values = len({cell.value for cell in own})
        name, none = _(attribute), _("undefined")
        summary.append([name, values, len(own), off, _.number(0.05 * len(own), 1)] if own else [name, 1, 0, none, none])
    test = [cell for cell in cells if cell.part == "test" and cell.attribute in ("source", "subject")][:VALUES]
    dots = {_("test"): [(cell.share, cell.low / cell.total, cell.high / cell.total) for cell in test]}
    labels = [cut(f"{_(cell.attribute)}: {cell.value}", 40) for cell in test]
    caption = _("Share of the test split by source and subject, beside what drawing whole groups by lot gives.")
    groups = len({row["split_group"] for row in facts.kept})
    says = _(
        "Splits were drawn by `{method}` over {groups:,} groups. By chance alone, about one count in twenty lies outside its 95% range.",
        method=config.get("method", "hash"),
        groups=groups,
    )
    picture = [Picture(plots.share_ranges(labels, dots, _("% of the test split"), _), caption)] if test else []
    columns = [name for part in dict.fromkeys(cell.part for cell in cells) for name in (_(part), _("95% of chance"))]
    rows, marked, more = _split_rows(cells, _)
    return [
        Text(says),
        *picture,
        TableBlock([_("attribute"), _("values"), _("counts"), _("outside"), _("outside by chance")], summary),
        TableBlock([_("attribute"), _("value"), *columns, _("outside")], rows, frozenset(marked)),
        *([Text(_("{count:,} rarer values have no count outside its range.", count=more))] if more else []),
    ]


def _split_rows(cells: Sequence[BalanceCell], _: Words) -> tuple[list[list[Cell]], set[int], int]:
    """A row a value: the commonest of each attribute and all with a count outside; the numbers of the latter, and how many aren't shown."""
    by_value: defaultdict[tuple[str, str], list[BalanceCell]] = defaultdict(list)
    for cell in cells:
        by_value[cell.attribute, cell.value].append(cell)
    shown: Counter[str] = Counter()
    rows: list[list[Cell]] = []
    marked = set()
    for (attribute, value), found in by_value.items():
        off = ", ".join(_(cell.part) for cell in found if cell.outside)
        shown[attribute] += 1
        if off:
            marked.add(len(rows))
        if off or shown[attribute] <= VALUES // 2:
            counts: list[Cell] = [text for cell in found for text in (_.number(cell.observed), _range(cell, _))]
            rows.append([_(attribute), value, *counts, off or _("none")])
    return rows, marked, len(by_value) - len(rows)


def baselines(facts: Facts) -> list[Block]:
    """Set-level signals, where they were measured."""
    if not facts.set_level:
        return []
    _ = facts.words
    rows: list[list[Cell]] = []
    for signal in facts.set_level:
        group = _("all") if signal["group"] == "all" else signal["group"]
        what = [Line(signal["name"], "strong"), *([Line(_.say(MEANING[signal["name"]]))] if signal["name"] in MEANING else [])]
        what.append(Line(f"{group}: {_.say(signal['says'])}", "dim"))
        low, high = signal["low"], signal["high"]
        interval = _("none") if signal["value"] is not None else _("undefined")
        if low is not None and high is not None:
            interval = f"{_.number(low, 3)}–{_.number(high, 3)}"
        found, chance = (_("undefined") if value is None else _.number(value, 3) for value in (signal["value"], signal["expected"]))
        rows.append([what, found, interval, chance, signal["questions"]])
    says = _(
        "How far the questions of all splits can be answered without being understood, and how even the set is. Not a question's fault."
    )
    columns = [_("measure"), _("found"), _("95% interval"), _("by chance"), _("questions")]
    return [Text(says), TableBlock(columns, rows, wide=frozenset({0}))]
