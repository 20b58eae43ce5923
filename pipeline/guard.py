"""Before stage 8: whether a refresh lost so much of a source, or refuses so much more of it, that a person should look first."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipeline.common.files import write_atomically
from pipeline.common.store.lake import Lake, Version
from pipeline.common.text import canonical_json, short_hash
from schemas.config.guard import GuardConfig
from schemas.errors import DataError
from schemas.reasons import Disposition


class Tally(NamedTuple):
    """Records of one source, and how many of them are rejected."""

    records: int
    rejected: int

    @property
    def share(self) -> float:
        """Rejected records, as a fraction of all; 0 where there are none."""
        return self.rejected / self.records if self.records else 0.0


class Alarm(NamedTuple):
    """A source before and now, and what of that a person should look at."""

    source: str
    before: Tally
    now: Tally
    says: str


class Blocked(NamedTuple):
    """A refresh that waits: `key` names exactly its ledger and the version that it would replace."""

    key: str
    alarms: list[Alarm]


_BLOCKED = TypeAdapter(Blocked)


def tally(lake: Lake, ledger: str) -> dict[str, Tally]:
    """Records and rejected ones by source, of the ledger with this hash. Raises DataError when it can't be read."""
    rows = lake.columns("sample_ledger", ledger, ["source", "disposition"])
    sources = rows["source"].to_pylist()
    refused = Counter(s for s, d in zip(sources, rows["disposition"].to_pylist(), strict=True) if d == Disposition.REJECTED)
    return {source: Tally(records, refused[source]) for source, records in Counter(sources).items()}


def find_alarms(before: dict[str, Tally], now: dict[str, Tally], sources: Iterable[str], config: GuardConfig) -> list[Alarm]:
    """Of these sources, those that shrank or are refused too much more, by name. One that is new, or that the configuration no longer
    names, is nobody's accident.

    >>> find_alarms({"a": Tally(100, 0)}, {"a": Tally(80, 0)}, ["a"], GuardConfig())[0].says
    'source a lost 20 of 100 records (20.0%; at most 10.0% go unasked)'
    """
    found = []
    for source in sorted(set(sources) & before.keys()):
        was, is_now = before[source], now.get(source, Tally(0, 0))
        said = []
        lost = was.records - is_now.records
        if lost > config.min_records and lost > config.max_source_loss_fraction * was.records:
            limit = f"at most {config.max_source_loss_fraction:.1%} go unasked"
            said.append(f"lost {lost:,} of {was.records:,} records ({lost / was.records:.1%}; {limit})")
        more = is_now.rejected - was.rejected
        # As counts, since the quotients of two shares that are equal can differ in the last digit.
        grown = is_now.rejected * was.records >= config.max_reject_growth * was.rejected * is_now.records
        if more > config.min_records and grown:
            limit = f"{config.max_reject_growth:g} times as many ask for a look"
            said.append(f"has {is_now.rejected:,} rejected of {is_now.records:,} ({is_now.share:.1%}), {was.share:.1%} before ({limit})")
        if said:
            found.append(Alarm(source, was, is_now, f"source {source} {' and '.join(said)}"))
    return found


def examine(lake: Lake, ledger: str, sources: Iterable[str], config: GuardConfig) -> Blocked:
    """What a person should look at before the ledger with this hash is published; no alarms where nothing is."""
    before = _published(lake)
    key = short_hash(ledger, before.name if before else "")[:12]
    if before is None:
        return Blocked(key, [])
    try:
        was = tally(lake, before.tables["sample_ledger"])
    except (DataError, KeyError):  # nothing that can be read is left to compare with
        return Blocked(key, [])
    return Blocked(key, find_alarms(was, tally(lake, ledger), sources, config))


def _published(lake: Lake) -> Version | None:
    try:
        return lake.current()
    except DataError:
        # Without a pointer that can be read, the newest version is the best guess at what readers saw.
        return next(reversed(lake.versions()), None)


def note_blocked(lake: Lake, blocked: Blocked | None) -> None:
    """Notes which refresh waits for a person; None: no one does."""
    path = lake.root / "cache" / "blocked.json"
    if blocked is not None:
        write_atomically(path, canonical_json(_BLOCKED.dump_python(blocked, mode="json")))
    else:
        path.unlink(missing_ok=True)


def read_blocked(lake: Lake) -> Blocked | None:
    """The refresh that waits for a person; None where none does, or the note is damaged."""
    try:
        data: Any = (lake.root / "cache" / "blocked.json").read_bytes()
        return _BLOCKED.validate_json(data)
    except (OSError, ValidationError):
        return None
