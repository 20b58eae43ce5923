"""What a study says of each claim in the owner's notes, in sentences made of its numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.study.analysis import ACCURACY, FIXED, LOW_RANK, NLL, OWN
from pipeline.study.grid import ALL

Row = Mapping[str, Any]


class Claim(NamedTuple):
    """A claim, and what came out."""

    claim: str
    found: str


def claims(found: Row) -> list[Claim]:
    """Each claim with what the comparisons say of it; where cells are missing, that."""
    return [
        Claim("alpha = 2r", _twice(found)),
        Claim(f"no rank of {LOW_RANK} or less", _low(found)),
        Claim("every linear layer, gate_proj too", _layers(found)),
        Claim("alpha = sqrt(hidden) with rsLoRA keeps the step large at low rank and settles to the plain rate", _steps(found)),
    ]


def rows_of(found: Row, family: str, condition: str, outcome: str) -> list[Row]:
    """The comparisons of a family, in order."""
    return [row for row in found["comparisons"] if (row["family"], row["condition"], row["outcome"]) == (family, condition, outcome)]


def turned(row: Row) -> dict[str, Any]:
    """The comparison with first and second exchanged."""

    def mirror(interval: Sequence[float]) -> tuple[float, float]:
        return -interval[1], -interval[0]

    other = {"lower": "higher", "higher": "lower"}.get(row["verdict"], row["verdict"])
    ranges = {name: mirror(row[name]) for name in ("interval", "interval90", "bootstrap")}
    return {**row, **ranges, "first": row["second"], "second": row["first"], "mean": -row["mean"], "verdict": other}


def in_words(rows: Iterable[Row], outcome: str = NLL) -> str:
    """Verdicts counted: of the first setting against the second. Lower gold NLL is better, lower accuracy is worse."""
    better = {"lower": "better", "higher": "worse"} if outcome != ACCURACY else {"lower": "worse", "higher": "better"}
    counts = Counter(better.get(row["verdict"], row["verdict"]) for row in rows)
    order = ("better", "worse", "equivalent", "undecided", "equal")
    return ", ".join(f"{counts[word]} {word}" for word in order if counts[word]) or "no comparison is done"


def _twice(found: Row) -> str:
    parts = []
    for condition in (OWN, FIXED):
        for outcome in (NLL, ACCURACY):
            against: dict[str, list[Row]] = {}
            for row in rows_of(found, "policies", condition, outcome):
                if "twice_rank" in (row["first"]["policy"], row["second"]["policy"]):
                    one = row if row["first"]["policy"] == "twice_rank" else turned(row)
                    against.setdefault(one["second"]["policy"], []).append(one)
            told = "; ".join(f"against `{name}` {in_words(rows, outcome)}" for name, rows in against.items())
            parts.append(
                f"at {'its' if condition == OWN else ''} {condition}, {outcome}: {told or 'no comparison is done'}".replace("  ", " ")
            )
    return "`twice_rank`, rank by rank: " + ". ".join(parts) + "."


def _low(found: Row) -> str:
    parts = []
    for outcome in (NLL, ACCURACY):
        rows = rows_of(found, "low ranks", OWN, outcome)
        parts.append(f"{outcome}: {in_words(rows, outcome)}")
    pairs = [
        f"`{row['at']}` {row['first']['rank']} against {row['second']['rank']}: {row['mean']:+.3f} nats"
        for row in rows_of(found, "low ranks", OWN, NLL)
        if row["verdict"] == "higher"
    ]
    return f"Ranks of {LOW_RANK} or less against larger ones, each policy at its own best rates: {'; '.join(parts)}." + (
        f" Worse: {', '.join(pairs)}." if pairs else ""
    )


def _layers(found: Row) -> str:
    parts = []
    for row in rows_of(found, "layers", OWN, NLL):
        low, high = row["interval"]
        parts.append(
            f"`{row['at']}` against all layers: {row['mean']:+.3f} nats (95% interval {low:+.3f} to {high:+.3f}), {in_words([row])}"
        )
    return ("At their own best rates " + "; ".join(parts) + ".") if parts else "No comparison is done."


def _steps(found: Row) -> str:
    rate, parts = found["config"]["reference"]["learning_rate"], []
    for policy in found["config"]["policies"]:
        name = policy["name"]
        rows = [one for one in found["settings"] if (one["policy"], one["layers"], one["learning_rate"]) == (name, ALL, rate)]
        if rows:
            scales = ", ".join(f"{one['scale']:.3g}" for one in rows)
            steps = ", ".join("-" if one["first_step_nats"] is None else f"{one['first_step_nats']:+.1f}" for one in rows)
            best = ", ".join(_rate(found, name, one["rank"]) for one in rows)
            parts.append(f"`{name}`: scale {scales}; first step {steps} nats; own best rate {best}")
    ranks = ", ".join(map(str, found["config"]["ranks"]))
    return f"At ranks {ranks} and learning rate {rate:g}. {'. '.join(parts)}." if parts else "No setting is done."


def _rate(found: Row, policy: str, rank: int) -> str:
    (rate,) = (one["learning_rate"] for one in found["best_rates"] if (one["policy"], one["rank"], one["layers"]) == (policy, rank, ALL))
    return "open" if rate is None else f"{rate:g}"
