"""A reviewer's way through a queue: where it stands, what was decided, and what was taken back. Each decision is on the disk at once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.common.store.decisions import Decisions, append_decisions, read_lines
from pipeline.review.decide import UnfitError, in_words, make_decision, new_id
from pipeline.review.published import Other, Published, key_text, verdict
from pipeline.review.queues import Item, Queue
from pipeline.review.standing import Standing, as_decided
from schemas.decisions import Decision
from schemas.reasons import Disposition

GOES_ON = ("accept", "reject", "set_answer", "edit", "merge", "apart")
MOST_OTHERS = 9


class Done(NamedTuple):
    """A decision of this session, and where it was made: the place in the queue, and which record stood in front."""

    decision: Decision
    place: int
    front: int


class Session:
    """`items` of one queue, from the first on. `now` gives the time of each decision."""

    def __init__(self, items: Sequence[Item], published: Published, path: Path, who: str, now: Callable[[], datetime]) -> None:
        self.items, self.published, self.path, self.who, self.now = items, published, path, who, now
        self.place = 0
        self.done: list[Done] = []
        self.why = ""
        self.front = 0
        self.refresh()

    def refresh(self) -> None:
        """Reads the file of decisions anew: others write to it too."""
        self.standing = Standing(read_lines(self.path), self.published)
        self.seen = {decision.id for decisions in self.standing.of_record.values() for decision in decisions}

    @property
    def item(self) -> Item | None:
        """The item that is shown; None behind the last."""
        return self.items[self.place] if self.place < len(self.items) else None

    @property
    def record_id(self) -> str:
        """The record that is in front: that of the item, or one beside it."""
        assert self.item is not None
        return self.item.record_ids[self.front]

    @property
    def decided(self) -> int:
        """How many items of the queue were decided on in this session."""
        return len({one.place for one in self.done if one.decision.action in GOES_ON})

    def row(self, record_id: str) -> dict[str, Any]:
        """A record as it will read once all that stands is applied."""
        row = self.published.row(record_id)
        assert row is not None
        return as_decided(row, self.standing.waiting.get(record_id, ()))

    def others(self) -> list[Other]:
        """What stands beside the record in front: the item's own, else what verification related it to."""
        assert self.item is not None
        if self.item.others:
            related = {other.record_id: other for other in self.published.others(self.record_id)}
            sides = [Other(self.item.record_id, self.item.others[0].relation, ""), *self.item.others]
            return [related.get(side.record_id, side) for side in sides if side.record_id != self.record_id][:MOST_OTHERS]
        return self.published.others(self.record_id)[:MOST_OTHERS]

    def why_here(self) -> tuple[str, ...]:
        """Why the record in front is in the queue; of one beside it, its own verdict."""
        assert self.item is not None
        return self.item.why if self.front == 0 else tuple(verdict(self.row(self.record_id)))

    def move(self, steps: int) -> None:
        """Goes on or back; never before the first, at most one behind the last."""
        self.place = min(max(self.place + steps, 0), len(self.items))
        self.front = 0

    def turn(self) -> None:
        """Brings the next record of the item to the front."""
        assert self.item is not None
        self.front = (self.front + 1) % len(self.item.record_ids)

    def decide(self, action: str, other_id: str | None = None, why: str | None = None, **given: Any) -> Decision:
        """Writes a decision on the record in front; goes on to the next item, but for a note, and for a question that still has no key.

        Raises UnfitError when the record can't take it, or when somebody else has decided on it since it was shown: then it is to be
        looked at again.
        """
        row = self.row(self.record_id)
        published = self.published.row(self.record_id) or row
        other = None if other_id is None else self.published.row(other_id)
        decision = make_decision(row, action, self.who, self.now(), self.why if why is None else why, other, **given)
        # The id of what the record said is that of the published version, whatever waits.
        decision = decision.model_copy(update={"content_id": published["content_id"]})
        self._append(decision)
        self.done.append(Done(decision, self.place, self.front))
        self.why = ""
        if action in GOES_ON and not (action == "edit" and self._lacks_key()):
            self.move(1)
        return decision

    def _lacks_key(self) -> bool:
        row = self.row(self.record_id)
        return row["disposition"] == Disposition.REJECTED and key_text(row) is None

    def undo(self) -> Decision:
        """Takes back the last decision of this session; in the queue of what waits, the last one on the record in front. Goes to where
        it was made. Raises UnfitError when there is none."""
        waiting = self.standing.waiting.get(self.record_id, []) if self.item and self.item.queue == Queue.PENDING else []
        if self.done:
            last, place, front = self.done[-1]
        elif waiting:
            last, place, front = waiting[-1], self.place, self.front
        else:
            raise UnfitError("nothing was decided in this session; `mcq review --list` shows earlier decisions, `--undo ID` takes one back")
        self._append(taking_back(last, self.who, self.now()))
        if self.done:
            self.done.pop()
        self.place, self.front = place, front
        return last

    def _append(self, decision: Decision) -> None:
        refusal = append_decisions(self.path, [decision], self._nothing_new)
        self.refresh()
        if refusal is not None:
            raise UnfitError(refusal)

    def _nothing_new(self, before: Decisions) -> str | None:
        """Refuses a decision on a record on which somebody decided since it was shown."""
        about = set(self.item.record_ids) if self.item else set()
        new = [one for one in before.standing if one.id not in self.seen and one.record_id in about and one.action != "note"]
        if not new:
            return None
        return f"meanwhile: {in_words(new[-1])}; look again, then decide: nothing was written"


def taking_back(decision: Decision, who: str, at: datetime, why: str = "") -> Decision:
    """The decision that takes this one back."""
    cells = {"record_id": decision.record_id, "content_id": decision.content_id, "undoes": decision.id, "why": why}
    return Decision.model_validate({"id": new_id(), "at": at, "who": who, "action": "undo", **cells})
