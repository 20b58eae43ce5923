"""Which of the pairs that reviewers merged or kept apart can stand together: the later line wins."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple


class Constraint(NamedTuple):
    """Two contents that are one question (`together`) or two, and the row that says so."""

    together: bool
    left: str
    right: str
    row: dict[str, Any]


def standing(asked: Sequence[Constraint]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Of constraints in the order of their lines, those that a later one rules out: their row, and that of the later one.

    A merge joins all that was merged with either side; whatever is kept apart of any of these stands against it.
    """
    leader: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    merged: dict[frozenset[str], dict[str, Any]] = {}
    parted: dict[str, dict[str, dict[str, Any]]] = {}

    def find(name: str) -> str:
        while leader.get(name, name) != name:
            name = leader[name]
        return name

    for one in reversed(asked):
        left, right = find(one.left), find(one.right)
        if one.together:
            if left == right:
                # An earlier line that says the same; between these two themselves it is superseded, else both stand.
                if (later := merged.get(frozenset((one.left, one.right)))) is not None:
                    yield one.row, later
                continue
            against = parted.get(left, {})
            if right in against:
                yield one.row, against[right]
                continue
            small, large = sorted((left, right), key=lambda name: len(members.get(name, ())))
            leader[small] = large
            members.setdefault(large, {large}).update(members.pop(small, {small}))
            for other, row in parted.pop(small, {}).items():
                parted[other].pop(small)
                parted[other].setdefault(large, row)
                parted.setdefault(large, {}).setdefault(other, row)
            merged[frozenset((one.left, one.right))] = one.row
        elif left == right:
            later = merged.get(frozenset((one.left, one.right))) or next(row for pair, row in merged.items() if find(min(pair)) == left)
            yield one.row, later
        elif right in parted.get(left, {}):
            # A later line says the same: of these two records it is superseded, of others that they were merged with both stand.
            later = parted[left][right]
            if _records(later) == _records(one.row):
                yield one.row, later
        else:
            parted.setdefault(left, {})[right] = one.row
            parted.setdefault(right, {})[left] = one.row


def _records(row: dict[str, Any]) -> set[str]:
    return {row["found_id"], row["other_found_id"]}
