"""Where training helped and where it hurt: base against adapter by source, subject, language and position of the right option.

Of twenty cells in which nothing changed one shows p < 0.05 by chance. So p-values are adjusted within each breakdown (Holm 1979): the
chance of any false alarm in it stays at 5%. Cells of under 6 groups can't show anything, and as that is known before the answers are,
they don't count in the adjustment.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.common.holm import holm
from pipeline.common.letters import LETTERS
from pipeline.evaluation.sign_flip import ALPHA, FEWEST_GROUPS, groups_of, interval, p_value

BREAKDOWNS = ("subject", "source", "language", "position")


def breakdowns(base: Sequence[Mapping[str, Any]], adapter: Sequence[Mapping[str, Any]], seed: int) -> dict[str, list[dict[str, Any]]]:
    """Each breakdown's cells by `by_<its name>`, largest first, positions in order; both are Prediction rows of the same questions."""
    return {f"by_{column}": _breakdown(base, adapter, column, seed) for column in BREAKDOWNS}


def _breakdown(base: Sequence[Mapping[str, Any]], adapter: Sequence[Mapping[str, Any]], column: str, seed: int) -> list[dict[str, Any]]:
    cells: dict[Any, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for b, a in zip(base, adapter, strict=True):
        cells.setdefault(LETTERS[b["answer_index"]] if column == "position" else b[column], []).append((b, a))
    ordered = sorted(cells.items(), key=lambda item: (0 if column == "position" else -len(item[1]), str(item[0])))
    found = [{column: value} | _cell(pairs, seed) for value, pairs in ordered]
    for cell, adjusted in zip(found, holm([cell["p_value"] for cell in found]), strict=True):
        shown = adjusted is not None and adjusted < ALPHA
        cell |= {"p_holm": adjusted, "shown": ("better" if cell["delta"] > 0 else "worse") if shown else None}
    return found


def _cell(pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], seed: int) -> dict[str, Any]:
    groups = groups_of([int(a["correct"]) - int(b["correct"]) for b, a in pairs], [b["split_group"] for b, _ in pairs])
    enough = len(groups.sizes) >= FEWEST_GROUPS
    return {
        "n": len(pairs),
        "groups": len(groups.sizes),
        **{name: float(np.mean([pair[place]["correct"] for pair in pairs])) for place, name in enumerate(("base", "adapter"))},
        "delta": float(groups.differences.sum() / len(pairs)) if enough else None,
        "delta_interval": interval(groups, seed) if enough else None,
        "p_value": p_value(groups) if enough else None,
        "undefined_because": None if enough else f"too few groups ({len(groups.sizes)}; a test needs {FEWEST_GROUPS})",
    }
