"""What to look at, in which order, and why: queues of records over one published version."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from pipeline.review.decide import in_words
from pipeline.review.doubts import find_doubts
from pipeline.review.published import Other, Published, verdict
from pipeline.review.standing import Standing
from schemas.errors import ConfigError
from schemas.reasons import Disposition, Reason, Relation
from schemas.tables.row import RowMapping

# Kept questions under this score are worth a look: their flags took a tenth at least.
WEAK_BELOW = 0.9
# Rejected for these alone, a question is whole but for what one key on the keyboard says.
ONE_KEY = (Reason.MISSING_ANSWER, Reason.MULTIPLE_ANSWERS, Reason.ANSWER_NOT_IN_OPTIONS, Reason.AMBIGUOUS_ANSWER_BASE)
# Little that a reviewer could mend here: there is no question, or a setting brings back the whole file.
LAST = (Reason.NOT_MULTIPLE_CHOICE, Reason.UNREADABLE_FILE, Reason.UNKNOWN_LAYOUT)


class Queue(StrEnum):
    """What a reviewer can work through, the most pressing first."""

    CONFLICTS = "conflicts"
    SUSPECTED_KEYS = "suspected_keys"
    WEAK = "weak"
    REJECTED = "rejected"
    PENDING = "pending"


QUEUE_TEXT: dict[Queue, str] = {
    Queue.CONFLICTS: "one question, two keys: both sides are held back until a person says which is right",
    Queue.SUSPECTED_KEYS: "kept, but its explanation, a related question or models (some trained without it) speak for another key",
    Queue.WEAK: f"held back for a low score, then kept with a score under {WEAK_BELOW}",
    Queue.REJECTED: "no usable question as it was read; those that only lack a key come first",
    Queue.PENDING: "decided, and not published yet",
}


class Item(NamedTuple):
    """A record to look at, why it is in the queue, and the records that have to be seen beside it."""

    queue: Queue
    record_id: str
    why: tuple[str, ...]
    others: tuple[Other, ...] = ()
    confirmed: bool = False
    """Whether a reviewer stood by it, and it is published so."""

    @property
    def record_ids(self) -> tuple[str, ...]:
        """The record and those beside it."""
        return (self.record_id, *(other.record_id for other in self.others))


def find_items(
    published: Published,
    standing: Standing,
    adapters: Iterable[Path],
    source: str | None = None,
    everything: bool = False,
    only: Queue | None = None,
    evidence: Iterable[Path] = (),
) -> dict[Queue, list[Item]]:
    """All queues, or `only` one. A record of another source is left out, and what waits for the next refresh or was confirmed, unless
    `everything`. Raises ConfigError for a source that the version doesn't hold."""
    makers: dict[Queue, Callable[[], Iterator[Item]]] = {
        Queue.CONFLICTS: lambda: _conflicts(published),
        Queue.SUSPECTED_KEYS: lambda: _suspected_keys(published, standing, adapters, evidence),
        Queue.WEAK: lambda: _weak(published, standing),
        Queue.REJECTED: lambda: _rejected(published),
        Queue.PENDING: lambda: _pending(published, standing),
    }
    wanted = None if source is None else _of_source(published, source)
    made = {queue: make() for queue, make in makers.items() if only in (None, queue)}
    return {queue: [item for item in items if _is_shown(item, standing, wanted, everything)] for queue, items in made.items()}


def _of_source(published: Published, source: str) -> set[str]:
    known = sorted(filter(None, pc.unique(published.ledger["source"]).to_pylist()))
    if source not in known:
        raise ConfigError(f"--source {source!r} names no source of this version; it has {', '.join(known)}")
    return {row["record_id"] for row in published.where(pc.equal(published.ledger["source"], source), ["record_id"])}


def _is_shown(item: Item, standing: Standing, wanted: set[str] | None, everything: bool) -> bool:
    if wanted is not None and not wanted.intersection(item.record_ids):
        return False
    if everything or item.queue == Queue.PENDING:
        return True
    about = item.record_ids if item.queue == Queue.CONFLICTS else (item.record_id,)
    return not item.confirmed and not any(map(standing.decided, about))


def _conflicts(published: Published) -> Iterator[Item]:
    """An item for all records that contradict each other, however many."""
    rows = published.where(
        pc.equal(published.ledger["disposition"], Disposition.CONFLICT),
        ["record_id", "representative_id", "reason_codes", "detail", "disposition"],
    )
    against: dict[str, set[str]] = {}
    for row in rows:
        for one, other in ((row["record_id"], row["representative_id"]), (row["representative_id"], row["record_id"])):
            against.setdefault(one, set()).add(other)
    # Of two sides one stays only where a reviewer stands for it.
    stays = {row["record_id"] for row in published.rows(against) if row["disposition"] != Disposition.CONFLICT}
    shown: set[str] = set()
    for row in rows:
        if row["record_id"] in shown:
            continue
        group = _reached(row["record_id"], against)
        shown.update(group)
        others = tuple(Other(name, Relation.CONFLICT, "") for name in group[1:])
        yield Item(Queue.CONFLICTS, row["record_id"], tuple(verdict(row)), others, not stays.isdisjoint(group))


def _reached(start: str, against: Mapping[str, set[str]]) -> list[str]:
    found = [start]
    for name in found:
        found += sorted(against[name].difference(found))
    return found


def _suspected_keys(published: Published, standing: Standing, adapters: Iterable[Path], evidence: Iterable[Path]) -> Iterator[Item]:
    doubts = find_doubts(published, adapters, evidence)
    ranked = sorted(doubts.items(), key=lambda pair: (-sum(doubt.weight for doubt in pair[1]), pair[0]))
    for name, found in ranked:
        others = tuple({doubt.other.record_id: doubt.other for doubt in found if doubt.other}.values())
        yield Item(Queue.SUSPECTED_KEYS, name, tuple(doubt.says for doubt in found), others, name in standing.settled)


def _weak(published: Published, standing: Standing) -> Iterator[Item]:
    columns = ["record_id", "disposition", "reason_codes", "detail", "quality_score"]
    held = published.where(pc.equal(published.ledger["disposition"], Disposition.FILTERED), columns)
    low = pc.and_(pc.is_valid(published.ledger["split"]), pc.less(published.ledger["quality_score"], WEAK_BELOW))
    kept = published.where(low, columns)
    flags = published.flags(row["record_id"] for row in (*held, *kept))
    for row in (*sorted(held, key=lambda row: -row["quality_score"]), *sorted(kept, key=lambda row: float(row["quality_score"]))):
        if Reason.REJECTED_BY_REVIEWER in row["reason_codes"]:
            continue
        why = (*verdict(row), f"score {row['quality_score']:.2f} of 1", *flags.get(row["record_id"], ()))
        confirmed = row["disposition"] != Disposition.FILTERED and row["record_id"] in standing.settled
        yield Item(Queue.WEAK, row["record_id"], why, confirmed=confirmed)


def _rejected(published: Published) -> Iterator[Item]:
    columns = ["record_id", "disposition", "reason_codes", "detail", "stem", "options"]
    rows = published.where(pc.equal(published.ledger["disposition"], Disposition.REJECTED), columns)
    for row in sorted((row for row in rows if Reason.REJECTED_BY_REVIEWER not in row["reason_codes"]), key=_effort):
        yield Item(Queue.REJECTED, row["record_id"], tuple(verdict(row)))


def _effort(row: RowMapping) -> int:
    """How much there is to mend: 0 for a key alone."""
    if any(reason in LAST for reason in row["reason_codes"]):
        return 3
    if row["stem"] and row["options"]:
        return 0 if all(reason in ONE_KEY for reason in row["reason_codes"]) else 1
    return 2


def _pending(published: Published, standing: Standing) -> Iterator[Item]:
    named = {one.other_record_id for decisions in standing.waiting.values() for one in decisions if one.other_record_id}
    rows = {row["record_id"]: row for row in published.rows({*standing.waiting, *named})}
    for name, decisions in standing.waiting.items():
        row = rows.get(name)
        if row is None:
            continue
        ids = dict.fromkeys(one.other_record_id for one in decisions if one.other_record_id and one.other_record_id != name)
        others = tuple(Other(other, "", "") for other in ids if other in rows)
        yield Item(Queue.PENDING, name, tuple(in_words(one, row) for one in decisions), others)
