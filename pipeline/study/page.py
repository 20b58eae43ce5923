"""The page of a study, Markdown: verdicts, settings, comparisons. The same text stands in docs/lora-study.md."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.study.analysis import ACCURACY, FIXED, FORGETTING, NLL, OWN
from pipeline.study.claims import claims, in_words, rows_of
from pipeline.study.grid import ALL

Row = Mapping[str, Any]
BETTER = {NLL: {"lower": "better", "higher": "worse"}, ACCURACY: {"lower": "worse", "higher": "better"}}
TABLES = "Policies over all ranks"
"""The first heading after what people read first."""
BETTER[FORGETTING] = {"lower": "forgets less", "higher": "forgets more"}


def page(found: Row, plot: str) -> str:
    """All of it; `plot` is the picture's path from where the page lies."""
    return "\n".join(["# Alpha, rank and learning rate side by side", "", results(found, plot)])


def results(found: Row, plot: str) -> str:
    """The results without a title, for a page that has more to say."""
    cells, base, questions = found["cells"], found["base"], found["questions"]
    parts = [
        f"{cells['done']} of {cells['trainings']} trainings ({cells['all']} settings with seeds; {cells['shared']} of them are the same "
        f"arithmetic as another), {found['samples']} samples each; questions: "
        + ", ".join(f"{count} {name}" for name, count in questions.items())
        + f". {found['base_model']} on {found['device']}, {found['seconds_a_cell'] or 0:.0f} s a training, "
        f"{found['seconds'] / 3600:.1f} h together; dataset version {found['dataset_version']}. {found['diverged']} trainings left the "
        "range of numbers.",
        "",
        "The base model: "
        + "; ".join(
            f"{part} {one['accuracy']:.0%} right, gold NLL {one['gold_nll']:.3f} (guessing {one['guessing']:.0%})"
            for part, one in base.items()
            if one["accuracy"] is not None
        )
        + ".",
        "",
        "## What it says of each claim",
        *(f"- **{one.claim}**. {one.found}" for one in claims(found)),
        "",
        f"![Gold NLL, accuracy and forgetting by learning rate, a column a rank, a line a policy]({plot})",
        "",
        f"## {TABLES}",
        *_table(found, "policies over all ranks"),
        "",
        "## Policies, rank by rank",
        *_table(found, "policies"),
        "",
        "## Ranks of 8 or less against larger ones",
        *_table(found, "low ranks"),
        "",
        "## Layers",
        *_table(found, "layers"),
        "",
        "## Every setting",
        *_settings(found),
        "",
    ]
    return "\n".join(parts)


def _table(found: Row, family: str) -> list[str]:
    """One table a condition; a row a pair, an outcome a column."""
    lines: list[str] = []
    for condition in (FIXED, OWN):
        columns = {outcome: rows_of(found, family, condition, outcome) for outcome in (NLL, ACCURACY, FORGETTING)}
        if not columns[NLL]:
            lines += [f"*{condition}*: not done yet.", ""]
            continue
        by_pair: dict[tuple[str, str, str], dict[str, Row]] = {}
        for outcome, rows in columns.items():
            for row in rows:
                by_pair.setdefault((row["at"], _side(row["first"]), _side(row["second"])), {})[outcome] = row
        counted = "; ".join(f"{outcome}: {in_words(rows, outcome)}" for outcome, rows in columns.items() if rows)
        lines += ["", f"*{condition}* ({counted})", ""]
        lines += _markdown(
            ["at", "first", "second", *columns],
            ([*pair, *(_cell(cells[outcome]) if outcome in cells else "" for outcome in columns)] for pair, cells in by_pair.items()),
        )
    return lines


def _side(one: Row) -> str:
    name = f"`{one['policy']}`" + (f" {one['rank']}" if one["rank"] else "")
    layers = f" {one['layers']}" if one["layers"] else ""
    return name + layers + (f", {one['learning_rate']:g}" if one["learning_rate"] else "")


def _cell(row: Row) -> str:
    if row["adjusted_p"] is None:
        return "equal"
    low, high = row["interval"]
    word = BETTER[row["outcome"]].get(row["verdict"], row["verdict"])
    scale, digits = (100, 1) if row["outcome"] == ACCURACY else (1, 3)
    figures = f"{scale * row['mean']:+.{digits}f} ({scale * low:+.{digits}f} to {scale * high:+.{digits}f})"
    return f"{figures}, p {row['adjusted_p']:.2g}: **{word}**"


def _settings(found: Row) -> list[str]:
    header = ["policy", "rank", "layers", "learning rate", "scale", "scale·rank·lr", "first step, nats", "validation NLL", "gold NLL"]
    header += ["accuracy", "others' NLL", "others lost"]
    best = {(one["policy"], one["rank"], one["layers"]): one["learning_rate"] for one in found["best_rates"]}

    def cells(one: Row) -> list[str]:
        name = one["policy"], one["rank"], one["layers"]
        mark = " (best)" if best[name] == one["learning_rate"] else ""
        step = "" if one["first_step_nats"] is None else f"{one['first_step_nats']:+.2f}"
        told = [f"`{one['policy']}`", str(one["rank"]), "" if one["layers"] == ALL else one["layers"]]
        told += [f"{one['learning_rate']:g}{mark}", f"{one['scale']:.3g}", f"{one['coordinate']:.2g}", step]
        if one["diverged"]:
            return [*told, f"{one['diverged']} diverged", "", "", "", ""]
        figures = [_figure(one, part, "gold_nll") for part in ("validation", "learning")] + [_figure(one, "learning", "accuracy")]
        return [*told, *figures, _figure(one, "others", "gold_nll"), f"{one['lost']:.0%}" if "lost" in one else ""]

    return _markdown(header, map(cells, found["settings"]))


def _figure(one: Row, part: str, name: str) -> str:
    if part not in one:
        return ""
    return f"{one[part][name]:.1%}" if name == "accuracy" else f"{one[part][name]:.3f}"


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)]
