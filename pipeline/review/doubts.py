"""What speaks against the key of a question that was kept: its own explanation, related questions, models that all answer otherwise, and
models that were trained without it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.files import read_parquet
from pipeline.common.letters import LETTERS
from pipeline.common.model.likelihood import option_probabilities
from pipeline.common.store.evidence import newest_evidence, read_evidence, read_summary
from pipeline.common.store.run_files import PREDICTIONS
from pipeline.common.store.runs import finished_adapters, finished_evaluations
from pipeline.common.text import fold_option
from pipeline.review.published import Other, Published, key_text
from schemas.errors import DataError
from schemas.reasons import SPLITS, Disposition, Relation
from schemas.tables.row import RowMapping

KEPT = (*map(str, SPLITS), str(Disposition.BENCHMARK))
# The model's own probability of the option that it chose, given that it writes one of them, from which it counts as sure.
SURE = 0.5
# An explanation speaks of this very question; twins may differ for a reason, and models are wrong together now and then.
EXPLANATION_WEIGHT, TWIN_WEIGHT, MODELS_WEIGHT, SIGNAL_WEIGHT = 3.0, 2.0, 1.0, 0.5
# Of questions like it at least so many have a wrong key: then models that never saw it speak against it, the more the larger the share.
SUSPECTED, EVIDENCE_WEIGHT = 0.25, 2.0
FLAGS = {"contradicted_key": EXPLANATION_WEIGHT, "gold_excess_nll": SIGNAL_WEIGHT, "question_loss": SIGNAL_WEIGHT}
COLUMNS = ("record_id", "stem", "options", "answer_index")


class Doubt(NamedTuple):
    """One piece of evidence: what it says, how much it weighs, and the record that it comes from, if any."""

    says: str
    weight: float
    other: Other | None = None


def find_doubts(published: Published, adapters: Iterable[Path], evidence: Iterable[Path] = ()) -> dict[str, list[Doubt]]:
    """Doubts about the keys of kept questions, benchmarks too: record_id -> what speaks against it. `evidence` are the folders of
    `mcq evidence`, of which the newest counts. What can't be read of a model says nothing."""
    found: defaultdict[str, list[Doubt]] = defaultdict(list)
    for name, doubt in (*_flagged(published), *_twins(published), *_models(published, adapters), *_unseen(published, evidence)):
        found[name].append(doubt)
    return dict(found)


def _flagged(published: Published) -> Iterator[tuple[str, Doubt]]:
    kept = pc.is_in(published.ledger["disposition"], value_set=pa.array(KEPT))
    flags = published.ledger["flags"].combine_chunks()
    hits = pc.is_in(pc.list_flatten(flags), value_set=pa.array(list(FLAGS)))
    places = pc.unique(pc.list_parent_indices(flags).filter(hits))
    flagged = pc.is_in(pa.array(range(published.ledger.num_rows), pa.int64()), value_set=places.cast(pa.int64()))
    rows = published.where(pc.and_(kept, flagged), ["record_id", "flags"])
    explained = published.flags(row["record_id"] for row in rows)
    for row in rows:
        says = explained.get(row["record_id"], [])
        for place, flag in enumerate(row["flags"]):
            if flag in FLAGS:
                yield row["record_id"], Doubt(says[place] if place < len(says) else flag, FLAGS[flag])


def _twins(published: Published) -> Iterator[tuple[str, Doubt]]:
    """Related questions that offer the same option and call another one right."""
    pairs = published.pairs.filter(pc.is_in(published.pairs["relation"], value_set=pa.array([Relation.VARIANT, Relation.CONFLICT])))
    ids = pc.unique(pa.chunked_array([*pairs["left_id"].chunks, *pairs["right_id"].chunks], pa.string()))
    asked = pc.is_in(published.ledger["record_id"], value_set=ids)
    rows = {row["record_id"]: row for row in published.where(asked, [*COLUMNS, "disposition", "locator"])}
    for pair in pairs.to_pylist():
        sides = [rows.get(pair["left_id"]), rows.get(pair["right_id"])]
        for mine, other in (sides, sides[::-1]):
            if mine is None or other is None or mine["disposition"] not in KEPT:
                continue
            keys = [key_text(side) for side in (mine, other)]
            if None in keys or keys[0] == keys[1]:
                continue
            ours, theirs = (fold_option(key or "") for key in keys)
            if ours != theirs and theirs in map(fold_option, mine["options"]):
                says = f"{other['locator']} asks the same ({pair['relation']}) and its key is {keys[1]!r}, here {keys[0]!r}"
                yield mine["record_id"], Doubt(says, TWIN_WEIGHT, Other(other["record_id"], pair["relation"], pair["why"]))


def _models(published: Published, adapters: Iterable[Path]) -> Iterator[tuple[str, Doubt]]:
    """Questions on which the base model and an adapter are both sure of one option, which isn't the key; the surest pair of each."""
    best: dict[str, tuple[float, dict[str, Any], dict[str, Any], str]] = {}
    for adapter, evaluation in _evaluations(adapters):
        by_question: defaultdict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
        for row in evaluation:
            by_question[row["record_id"], row["mode"]][row["model"]] = row
        for (name, _), models in by_question.items():
            base, tuned = models.get("base"), models.get("adapter")
            if base is None or tuned is None or base["predicted_index"] != tuned["predicted_index"] or base["correct"] or tuned["correct"]:
                continue
            sure = min(map(_chosen_probability, (base, tuned)))
            if sure >= SURE and sure > best.get(name, (0.0,))[0]:
                best[name] = sure, base, tuned, adapter
    rows = {row["record_id"]: row for row in published.rows(best)}
    for name, (sure, base, tuned, adapter) in best.items():
        question = rows.get(name)
        if question is not None and question["disposition"] in KEPT and _still_fits(question, base):
            yield name, Doubt(_answered(question, base, tuned, adapter), MODELS_WEIGHT + sure)


def _unseen(published: Published, evidence: Iterable[Path]) -> Iterator[tuple[str, Doubt]]:
    """Questions whose key is suspected by models that were trained without them; while they foretell no key, of none."""
    folder = newest_evidence(evidence)
    if folder is None:
        return
    try:
        suspected = [
            row
            for row in read_evidence(folder)
            if (row["wrong_share"] or 0.0) >= SUSPECTED or (row["wrong_share"] and row["confidently_other"])
        ]
        scored = read_summary(folder)["scored"]
    except (DataError, OSError, ValueError, KeyError):
        return
    rows = {row["record_id"]: row for row in published.rows(row["record_id"] for row in suspected)}
    for found in suspected:
        question = rows.get(found["record_id"])
        # Equal content_id: stem, options and key are those that were asked.
        if question is not None and question["disposition"] in KEPT and question["content_id"] == found["content_id"]:
            yield found["record_id"], Doubt(_suspected(question, found, scored), EVIDENCE_WEIGHT + found["wrong_share"])


def _suspected(row: RowMapping, found: Mapping[str, Any], scored: int) -> str:
    def said(voice: str) -> str:
        place = found[f"{voice}_chosen"]
        key = f"{found[f'{voice}_gold_probability']:.0%}"
        if place == row["answer_index"]:
            return f"the key ({key})"
        return f"{LETTERS[place]}. {row['options'][place]!r} ({found[f'{voice}_chosen_probability']:.0%}, the key {key})"

    return (
        f"suspected_wrong_key {found['suspected_wrong_key']} of {scored}: models trained without it choose {said('adapter')}; "
        f"the base model {said('base')}; of such questions {found['wrong_share']:.0%} have a wrong key"
    )


def _evaluations(adapters: Iterable[Path]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Wrong answers of each evaluation; those from before their summed log-likelihoods were kept give no probability, and are left out."""
    columns = ["record_id", "model", "mode", "answer_index", "predicted_index", "correct", "option_log_likelihoods"]
    wrong = ~pc.field("correct") & pc.field("option_log_likelihoods").is_valid()
    for folder, _ in finished_adapters(adapters):
        for evaluation, _ in finished_evaluations(folder):
            try:
                yield folder.name, read_parquet(evaluation / PREDICTIONS, columns, filters=wrong).to_pylist()
            except DataError:
                continue


def _chosen_probability(answer: Mapping[str, Any]) -> float:
    place: int = answer["predicted_index"]
    return option_probabilities(answer["option_log_likelihoods"])[place]


def _still_fits(row: RowMapping, answer: Mapping[str, Any]) -> bool:
    """Whether the question still is the one that was answered, as far as its options and key tell."""
    return bool(row["answer_index"] == answer["answer_index"] and len(row["options"]) == len(answer["option_log_likelihoods"]))


def _answered(row: RowMapping, base: Mapping[str, Any], tuned: Mapping[str, Any], adapter: str) -> str:
    place = base["predicted_index"]
    first, second = map(_chosen_probability, (base, tuned))
    key = row["answer_index"]
    return (
        f"the base model and adapter {adapter} both answer {LETTERS[place]}. {row['options'][place]!r} ({first:.0%} and {second:.0%}), "
        f"the key is {LETTERS[key]}. {row['options'][key]!r} ({base['mode']})"
    )
