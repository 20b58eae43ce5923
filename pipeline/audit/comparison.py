"""Two runs side by side: their data, the questions that both adapters answered, a test over groups, and which answers flipped."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.audit import changes
from pipeline.audit.cells import batches
from pipeline.audit.diff import KINDS
from pipeline.audit.flips import flips
from pipeline.audit.runs import Run
from pipeline.common.files import read_parquet
from pipeline.common.store.lake import Version
from pipeline.common.store.run_files import PREDICTIONS, SAMPLES
from pipeline.evaluation.statistics import compare
from pipeline.evaluation.verdict import between
from schemas.config.evaluate import EvaluateConfig
from schemas.errors import DataError

TEXTS = ("record_id", "content_id", "locator", "stem", "options", "answer_index")
MEASURES = ("n", "groups", "delta", "delta_interval", "fixed", "broken", "p_value", "shown", "minimum_detectable_effect")
NAMES = ("A", "B")

Answer = Mapping[str, Any]
"""A Prediction row."""
Pairs = Mapping[str, tuple[Answer, Answer]]
"""What both answered, by content_id."""


class Side(NamedTuple):
    """A run, and the dataset version that it was trained and asked on, with its ledger."""

    run: Run
    version: Version
    ledger: pa.Table

    def answers(self, mode: str) -> dict[str, Answer]:
        """What its adapter answered in a mode, by content_id, benchmarks left out. Raises DataError where that can't be read."""
        wanted = [("model", "==", "adapter"), ("mode", "==", mode), ("split", "!=", "benchmark")]
        rows = read_parquet(self.run.folder / PREDICTIONS, filters=wanted).to_pylist()
        contents = self._contents(pa.array([row["record_id"] for row in rows], pa.string()))
        return {content: row for content, row in zip(contents, rows, strict=True) if content is not None}

    def trained(self) -> set[str]:
        """Content ids of what its adapter was trained on."""
        samples = read_parquet(self.run.adapter / SAMPLES, columns=["record_id", "times_seen"])
        records = samples.filter(pc.greater(samples["times_seen"], 0))["record_id"].combine_chunks()
        return {content for content in self._contents(records) if content is not None}

    def texts(self, contents: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        """The questions of these contents that are in a split, in the ledger's order."""
        wanted = pa.array(sorted(contents), pa.string())
        for batch in batches(self.ledger, (*TEXTS, "split")):
            yield from batch.filter(pc.and_(batch["split"].is_valid(), pc.is_in(batch["content_id"], value_set=wanted))).to_pylist()

    def _contents(self, records: pa.Array) -> list[str | None]:
        places = pc.index_in(records, value_set=self.ledger["record_id"].combine_chunks())
        found: list[str | None] = self.ledger["content_id"].combine_chunks().take(places).to_pylist()
        return found


def data_apart(first: Side, second: Side, limit: int) -> dict[str, Any]:
    """What entered, left, changed or moved between the dataset versions of two runs: counts by kind, and the first `limit` of each.

    `not_told` says why there is neither, where too much changed.
    """
    told: dict[str, Any] = {"a": first.version.name, "b": second.version.name}
    if first.version.dataset_version == second.version.dataset_version:
        return told | {"counts": dict.fromkeys(KINDS, 0), "changes": []}
    counts: Counter[str] = Counter()
    shown: list[dict[str, Any]] = []
    old, new = (changes.Side(side.ledger, side.version.config["split"]) for side in (first, second))
    try:
        for change in changes.changes_between(old, new):
            counts[change.kind] += 1
            if counts[change.kind] <= limit:
                shown.append(change._asdict())
    except DataError as error:
        return told | {"not_told": str(error)}
    return told | {"counts": {kind: counts[kind] for kind in KINDS}, "changes": shown}


def results_apart(first: Side, second: Side, limit: int) -> dict[str, Any]:
    """What two runs, A and B, answered to the questions that both were asked: a verdict, figures by part and source, answers that flipped.

    A question is the same where its text, its options and its key are. Of answers that flipped either way `limit` are told.

    Raises DataError where they have no mode or no question in common, or where what they answered can't be read.
    """
    mode, notes = _mode(first.run, second.run)
    asked = [side.answers(mode) for side in (first, second)]
    common = [content for content in asked[0] if content in asked[1]]
    if not common:
        raise DataError(
            f"{first.run.name} and {second.run.name} have no question in common: {len(asked[0]):,} and {len(asked[1]):,} were asked in "
            f"{mode} mode, and none has the same text, options and key in both; evaluate both on one dataset version "
            "(`mcq run --dataset-version V`)"
        )
    notes += _otherwise(first.run, second.run, mode)
    pairs = _pairs(common, *asked)
    sources: Any = first.run.sources
    if sources != second.run.sources:
        notes.append(
            f"the headlines differ ({_said(sources)}; {_said(second.run.sources)}), so the verdict is on all questions that both answered"
        )
        sources = "all"
    elif sources != "all" and not any(two["source"] in sources for _, two in pairs.values()):
        notes.append(f"of {_said(sources)} both answered nothing, so the verdict is on the other questions")
        sources = "all"
    named = {content: pair for content, pair in pairs.items() if sources == "all" or pair[1]["source"] in sources}
    rest = {content: pair for content, pair in pairs.items() if content not in named}
    seed = int((first.run.config.get("train") or {}).get("seed", 0))
    parts = {"headline": _compare(named, seed)} | ({"others": _compare(rest, seed)} if rest else {})
    trained = [side.trained() for side in (first, second)]
    only = _only(asked, trained)
    questions = f"{second.run.result.get('split')} questions{'' if sources == 'all' else f' of {_said(sources)}'}"
    return {
        "verdict": f"{between(parts['headline'], NAMES, questions, _min_groups(first.run, second.run))} {_beside(only)}",
        "notes": notes,
        "mode": mode,
        "sources": sources,
        "common": len(common),
        "only": only,
        "parts": {part: _measures(found) for part, found in parts.items()},
        "by_source": _by_source(pairs),
        "flipped": flips(pairs, (first.texts, second.texts), trained, limit),
    }


def _mode(first: Run, second: Run) -> tuple[str, list[str]]:
    """The mode that both verdicts are given on, else one that both were asked in, which a note says."""
    primary = [run.result.get("primary") for run in (first, second)]
    for run, mode in zip((first, second), primary, strict=True):
        if mode is None:
            raise DataError(f"the result of {run.name} is of an older form, which names no mode; run its evaluation again (`mcq run`)")
    if primary[0] == primary[1]:
        return str(primary[0]), []
    modes = [set(run.result.get("modes") or ()) for run in (first, second)]
    shared = [mode for mode in reversed(primary) if mode in modes[0] & modes[1]]
    if not shared:
        asked = " and ".join(f"{run.name} in {', '.join(sorted(own)) or 'none'}" for run, own in zip((first, second), modes, strict=True))
        raise DataError(f"no mode in common: {asked}; evaluate one again with `evaluate.modes` of the other")
    return shared[0], [f"A's verdict is on {primary[0]} mode and B's on {primary[1]}; here both are read in {shared[0]} mode"]


def _otherwise(first: Run, second: Run, mode: str) -> list[str]:
    """What else than training may make a difference, a sentence each."""
    notes = []
    bases = [f"{run.manifest.get('base_model')} @ {run.manifest.get('base_revision')}" for run in (first, second)]
    if bases[0] != bases[1]:
        notes.append(f"the base models differ ({bases[0]}; {bases[1]}), so a difference may be theirs and not the training's")
    units = [run.result.get("cloze_normalisation") for run in (first, second)]
    if mode == "cloze" and units[0] != units[1]:
        notes.append(f"A's options were compared per {units[0]}, B's per {units[1]}, which changes choices by itself")
    splits = [run.result.get("split") for run in (first, second)]
    if splits[0] != splits[1]:
        notes.append(f"A was asked its {splits[0]} split and B its {splits[1]} split")
    return notes


def _pairs(common: Sequence[str], one: Mapping[str, Answer], two: Mapping[str, Answer]) -> dict[str, tuple[Answer, Answer]]:
    """The answers of both, under one split group: what goes together in either version goes together."""
    names = [[side[content]["split_group"] for content in common] for side in (one, two)]
    places = [{name: place for place, name in enumerate(dict.fromkeys(side))} for side in names]
    rows, columns = ([place[name] for name in side] for place, side in zip(places, names, strict=True))
    size = len(places[0]) + len(places[1])
    edges = coo_array(([1] * len(common), (rows, [len(places[0]) + column for column in columns])), shape=(size, size))
    _, labels = connected_components(edges, directed=False)
    groups = [{"record_id": content, "split_group": str(labels[row])} for content, row in zip(common, rows, strict=True)]
    return {same["record_id"]: ({**one[same["record_id"]], **same}, {**two[same["record_id"]], **same}) for same in groups}


def _compare(pairs: Pairs, seed: int) -> dict[str, Any]:
    return compare([first for first, _ in pairs.values()], [second for _, second in pairs.values()], seed)


def _measures(found: Mapping[str, Any]) -> dict[str, Any]:
    models = {
        side: {name: found[model][name] for name in ("correct", "accuracy", "interval", "gold_nll")}
        for side, model in (("a", "base"), ("b", "adapter"))
    }
    return {name: found[name] for name in MEASURES} | models


def _by_source(pairs: Pairs) -> list[dict[str, Any]]:
    """Questions and how many of them each answers right, the largest source first."""
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one, two in pairs.values():
        right[two["source"]].append((one["correct"], two["correct"]))
    ordered = sorted(right.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"source": name, "n": len(rows), "a": sum(a for a, _ in rows), "b": sum(b for _, b in rows)} for name, rows in ordered]


def _only(asked: Sequence[Mapping[str, Answer]], trained: Sequence[set[str]]) -> dict[str, dict[str, int]]:
    """Of each, the questions that the other wasn't asked, and those of them that the other was trained on."""
    found = {}
    for side, own, other in (("a", 0, 1), ("b", 1, 0)):
        alone = asked[own].keys() - asked[other].keys()
        found[side] = {"questions": len(alone), "other_trained_on": len(alone & trained[other])}
    return found


def _beside(only: Mapping[str, Mapping[str, int]]) -> str:
    """The questions that decide nothing, in words."""
    told = []
    for (side, facts), other in zip(only.items(), reversed(NAMES), strict=True):
        trained = f", of which {other} was trained on {facts['other_trained_on']:,}" if facts["other_trained_on"] else ""
        if facts["questions"]:
            told.append(f"{facts['questions']:,} that only {side.upper()} was asked{trained}")
    return f"Left out: {'; '.join(told)}." if told else "Both were asked the same questions."


def _min_groups(*runs: Run) -> int:
    """Under how many groups either configuration wants no verdict."""
    default = EvaluateConfig().min_groups
    return max(int((run.config.get("evaluate") or {}).get("min_groups", default)) for run in runs)


def _said(sources: Any) -> str:
    return "all sources" if sources == "all" else " and ".join(sources)
