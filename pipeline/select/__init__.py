"""Stage 5, select: decides which questions stay. First contamination, then conflicts, then one representative a cluster
(highest score, then content_id, then record_id), then the score's threshold; every loser names its reason and its winner."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.common.known_rows import in_order
from pipeline.common.parallel import collector_paused
from pipeline.common.reviewers import all_said, said
from pipeline.select.contamination import most_shared
from pipeline.select.reviewed import NO_ONE, Reviewed, read_reviewed
from schemas.errors import DataError
from schemas.reasons import Disposition, Reason, Relation
from schemas.tables.arrow import arrow_schema, to_frame, to_table
from schemas.tables.curation import ClusterMember, Pair, Quality, Question, Selection

CONTAMINATES = (Relation.EXACT, Relation.SAME, Relation.VARIANT, Relation.CONFLICT)

MEMBER_COLUMNS = ("record_id", "role", "cluster_id", "split_group", "held_by")
QUALITY_COLUMNS = ("record_id", "quality_score", "explanations")
QUESTION_COLUMNS = ("record_id", "source", "role", "locator", "content_id", "options", "answer_index")


class _Fate(NamedTuple):
    disposition: Disposition | None
    reason: Reason | None = None
    detail: str | None = None
    representative_id: str | None = None
    relation: Relation | None = None


KEPT = _Fate(None)


@collector_paused()
def select(
    questions: pd.DataFrame,
    members: pd.DataFrame,
    pairs: pd.DataFrame,
    quality: pd.DataFrame,
    drop_variants: bool,
    min_score: float,
    decisions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One Selection row a question, in order; `kept` is true for those that go on to a split.

    `drop_variants` and `min_score` (0-1) are those of the configuration's `dedup` and `quality`, `decisions` are MatchedDecision rows:
    what reviewers decided goes before all but contamination. Raises DataError when the score would remove every question that is left
    to it.
    """
    asked = to_table(questions, Question)
    clustered, assessed = (
        in_order(to_table(frame, model), asked["record_id"]) for frame, model in ((members, ClusterMember), (quality, Quality))
    )
    links = to_table(pairs, Pair)
    links = links.filter(pc.is_in(links["relation"], pa.array(CONTAMINATES, pa.string())))
    scores = assessed["quality_score"].to_numpy()
    told = [] if decisions is None else [*decisions["found_id"].dropna(), *decisions["other_found_id"].dropna()]
    # Whatever stands for itself and reaches the threshold stays; only the others have to be looked at.
    at = np.flatnonzero(_entangled(asked, clustered, [links["left_id"], links["right_id"]], told) | (scores < min_score))
    rows = asked.select(QUESTION_COLUMNS).take(at).to_pylist()
    member = {row["record_id"]: row for row in clustered.select(MEMBER_COLUMNS).take(at).to_pylist()}
    scored = {row["record_id"]: row for row in assessed.select(QUALITY_COLUMNS).take(at).to_pylist()}
    others = np.delete(scores, at).tolist()
    fates = _fates(rows, member, links.to_pylist(), scored, others, drop_variants, min_score, decisions)
    found = [KEPT] * asked.num_rows
    for place, row in zip(at.tolist(), rows, strict=True):
        found[place] = fates[row["record_id"]]
    dispositions, reasons, details, representatives, relations = zip(*found, strict=True) if found else ((),) * 5
    shared = most_shared(questions)
    columns = {name: asked[name] for name in ("record_id", "content_id", "source", "subject", "language", "answer_index")}
    columns |= {name: clustered[name] for name in ("split_group", "cluster_id")} | {"quality_score": assessed["quality_score"]}
    columns |= {
        "kept": [disposition is None for disposition in dispositions],
        "disposition": dispositions,
        "reason_codes": [[reason] if reason else [] for reason in reasons],
        "detail": details,
        "representative_id": representatives,
        "relation": relations,
        "option_count": pc.list_value_length(asked["options"]),
        "shared_13gram": [shared.get(name) for name in asked["record_id"].to_pylist()] if shared else pa.nulls(asked.num_rows, pa.string()),
    }
    return to_frame(pa.table(columns, schema=arrow_schema(Selection)), Selection)


def _entangled(asked: pa.Table, members: pa.Table, paired: Iterable[pa.ChunkedArray], told: Sequence[str]) -> NDArray[np.bool_]:
    """Which questions hang on others, on a benchmark or on what reviewers decided."""
    content = asked["content_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    found: NDArray[np.bool_] = np.bincount(content)[content] > 1
    signs = [pc.equal(asked["role"], "benchmark"), members["cluster_id"].is_valid(), members["held_by"].is_valid()]
    signs += [pc.is_in(asked["record_id"], names) for names in (*paired, pa.array(told, pa.string()))]
    for sign in signs:
        found |= sign.to_numpy()
    return found


def _fates(
    rows: list[dict[str, Any]],
    member: Mapping[str, Mapping[str, Any]],
    pairs: Iterable[Mapping[str, Any]],
    scores: Mapping[str, Mapping[str, Any]],
    others: Sequence[float],
    drop_variants: bool,
    min_score: float,
    decisions: pd.DataFrame | None,
) -> dict[str, _Fate]:
    """What becomes of each of the rows, by record_id. Tables are mappings by record_id; `others` are the scores of the questions beside
    these."""
    content = {row["record_id"]: row["content_id"] for row in rows}
    benchmark = _first_of([row for row in rows if row["role"] == "benchmark"])
    training = [row for row in rows if row["role"] == "train"]
    links = _links(content, pairs)
    reviewed = read_reviewed(decisions, content)

    fates = {row["record_id"]: _Fate(Disposition.BENCHMARK) for row in rows if row["role"] == "benchmark"}
    fates |= _contaminated(training, benchmark, links, member)
    fates |= {row["record_id"]: _held(row, member) for row in training if row["record_id"] not in fates and _held(row, member) != KEPT}
    fates |= {name: _rejected(row) for name, row in reviewed.rejected.items() if name not in fates}
    fates |= _conflicting([row for row in training if row["record_id"] not in fates], links, member, reviewed)
    left = [row for row in training if row["record_id"] not in fates]
    fates |= _duplicates(left, member, scores, drop_variants, links, reviewed)
    judged = [scores[row["record_id"]] for row in left if row["record_id"] not in fates]
    if not any(quality["record_id"] in reviewed.accepted for quality in judged):
        _refuse_to_remove_all([*others, *(quality["quality_score"] for quality in judged)], min_score)
    fates |= {quality["record_id"]: _threshold(quality, min_score, reviewed) for quality in judged}
    return {row["record_id"]: _with_words(row, fates[row["record_id"]], reviewed, member) for row in rows}


def _first_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """content_id -> smallest record_id."""
    first: dict[str, str] = {}
    for row in rows:
        first[row["content_id"]] = min(first.get(row["content_id"], row["record_id"]), row["record_id"])
    return first


def _links(content: Mapping[str, str], pairs: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[Relation, str]]]:
    """content_id -> (relation, other content_id)."""
    links: defaultdict[str, list[tuple[Relation, str]]] = defaultdict(list)
    for pair in pairs:
        relation = Relation(pair["relation"])
        left, right = content[pair["left_id"]], content[pair["right_id"]]
        if left != right:
            links[left].append((relation, right))
            links[right].append((relation, left))
    return links


def _contaminated(
    training: list[dict[str, Any]],
    benchmark: Mapping[str, str],
    links: Mapping[str, list[tuple[Relation, str]]],
    member: Mapping[str, Mapping[str, Any]],
) -> dict[str, _Fate]:
    fates: dict[str, _Fate] = {}
    touched: dict[str, str] = {}
    for row in training:
        content_id, record_id = row["content_id"], row["record_id"]
        hits = [(Relation.EXACT, content_id)] if content_id in benchmark else []
        hits += [(relation, other) for relation, other in links.get(content_id, []) if other in benchmark]
        if not hits:
            continue
        relation, other = min(hits, key=lambda hit: (CONTAMINATES.index(hit[0]), hit[1]))
        item = benchmark[other]
        detail = f"{relation} of benchmark record {item}"
        fates[record_id] = _Fate(Disposition.CONTAMINATED, Reason(f"contaminated_{relation}"), detail, item, relation)
        if cluster := member[record_id]["cluster_id"]:
            touched[cluster] = min(touched.get(cluster, item), item)
    for record_id, cell in member.items():
        # A benchmark question in the cluster touches it as well.
        if cell["role"] == "benchmark" and cell["cluster_id"]:
            touched.setdefault(cell["cluster_id"], record_id)
    for row in training:
        record_id = row["record_id"]
        cluster = member[record_id]["cluster_id"]
        if record_id not in fates and cluster in touched:
            item = touched[cluster]
            detail = f"clustered with a duplicate of benchmark record {item}"
            fates[record_id] = _Fate(Disposition.CONTAMINATED, Reason.CONTAMINATED_CLUSTER, detail, item, Relation.SAME)
    return fates


def _held(row: Mapping[str, Any], member: Mapping[str, Mapping[str, Any]]) -> _Fate:
    """What the files say of it stands in a benchmark, whatever reviewers made of it since."""
    item = member[row["record_id"]]["held_by"]
    if item is None:
        return KEPT
    detail = f"as its file says it, it or a duplicate of it is benchmark record {item}'s; no decision lets it into training"
    return _Fate(Disposition.CONTAMINATED, Reason.CONTAMINATED_CLUSTER, detail, item, Relation.SAME)


def _rejected(decision: Mapping[str, Any]) -> _Fate:
    return _Fate(Disposition.FILTERED, Reason.REJECTED_BY_REVIEWER, said(decision))


def _with_words(row: Mapping[str, Any], fate: _Fate, reviewed: Reviewed, member: Mapping[str, Mapping[str, Any]]) -> _Fate:
    """The fate, with what reviewers decided of the record in its detail, as far as that came true."""

    def holds(one: Mapping[str, Any]) -> bool:
        if one["action"] == "accept":
            return fate.disposition is None
        if one["action"] == "merge":
            left, right = (member[one[side]]["cluster_id"] for side in ("found_id", "other_found_id"))
            return left is not None and left == right
        return bool(one["action"] != "reject")

    words = [fate.detail, all_said(one for one in reviewed.of.get(row["record_id"], ()) if holds(one))]
    return fate._replace(detail="; ".join(part for part in words if part) or None)


def _conflicting(
    training: list[dict[str, Any]],
    links: Mapping[str, list[tuple[Relation, str]]],
    member: Mapping[str, Mapping[str, Any]],
    reviewed: Reviewed,
) -> dict[str, _Fate]:
    """Both sides of every contradiction, and the duplicates of both: they repeat the doubtful key. A side for which a reviewer stands is
    no longer doubtful: the other is."""
    first = _first_of(training)
    unit = {row["content_id"]: member[row["record_id"]]["cluster_id"] or row["content_id"] for row in training}
    stands = _standing(training, unit, reviewed)

    def rivals(content_id: str) -> list[str]:
        """Those that contradict it and aren't weaker than it; the strongest is first."""
        mine = stands[unit[content_id]][0]
        found = [other for relation, other in links.get(content_id, []) if relation == Relation.CONFLICT and other in first]
        found = [other for other in found if stands[unit[other]][0] >= mine and not (mine > NO_ONE and unit[other] == unit[content_id])]
        return sorted((stands[unit[other]][1] or first[other] for other in found), key=lambda name: (strength(name), name))

    def strength(name: str) -> tuple[int, ...]:
        return tuple(-part for part in reviewed.strength(name))

    opponents = {content_id: found[0] for content_id in first if (found := rivals(content_id))}
    clusters = {
        cluster: opponents[row["content_id"]]
        for row in training
        if row["content_id"] in opponents and (cluster := member[row["record_id"]]["cluster_id"])
    }
    by_id = {row["record_id"]: row for row in training}
    fates = {}
    for row in training:
        opponent = opponents.get(row["content_id"]) or clusters.get(member[row["record_id"]]["cluster_id"] or "")
        if opponent:
            other = by_id[opponent]
            detail = f"its key {_key(row)!r} is contradicted by {_key(other)!r}, the key of record {opponent} ({other['locator']})"
            detail += ", for which a reviewer stands" if reviewed.strength(opponent) > NO_ONE else ""
            fates[row["record_id"]] = _Fate(Disposition.CONFLICT, Reason.CONFLICTING_ANSWERS, detail, opponent, Relation.CONFLICT)
    return fates


def _standing(
    training: Iterable[Mapping[str, Any]], unit: Mapping[str, str], reviewed: Reviewed
) -> dict[str, tuple[tuple[int, int], str | None]]:
    """Of each cluster or lone question how strongly a reviewer stands for it, and for which record."""
    found: dict[str, tuple[tuple[int, int], str | None]] = dict.fromkeys(unit.values(), (NO_ONE, None))
    for row in training:
        here, strength = unit[row["content_id"]], reviewed.strength(row["record_id"])
        if strength > found[here][0]:
            found[here] = (strength, row["record_id"])
    return found


def _key(row: Mapping[str, Any]) -> str:
    text: str = row["options"][row["answer_index"]]
    return text


def contamination_counts(selection: pd.DataFrame) -> dict[str, int]:
    """Number of training rows by how a benchmark touched them: removed (by reason), and only flagged for a shared 13-gram."""
    codes = selection["reason_codes"].explode().dropna()
    counts = {str(code): int(count) for code, count in codes[codes.str.startswith("contaminated_")].value_counts().items()}
    flagged = selection["shared_13gram"].notna() & selection["disposition"].ne(Disposition.CONTAMINATED).fillna(True)
    return {**counts, "removed": sum(counts.values()), "shared_13gram_only": int(flagged.sum())}


def _duplicates(
    training: list[dict[str, Any]],
    member: Mapping[str, Mapping[str, Any]],
    scores: Mapping[str, Mapping[str, Any]],
    drop_variants: bool,
    links: Mapping[str, list[tuple[Relation, str]]],
    reviewed: Reviewed,
) -> dict[str, _Fate]:
    def rank(row: Mapping[str, Any]) -> tuple[int, int, float, str, str]:
        accepted, keyed = reviewed.strength(row["record_id"])
        return (-accepted, -keyed, -scores[row["record_id"]]["quality_score"], row["content_id"], row["record_id"])

    clusters: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in training:
        if cluster := member[row["record_id"]]["cluster_id"]:
            clusters[cluster].append(row)
    fates: dict[str, _Fate] = {}
    for rows in clusters.values():
        winner, *losers = sorted(rows, key=rank)
        for row in losers:
            relation = Relation.EXACT if row["content_id"] == winner["content_id"] else Relation.SAME
            detail = f"{relation} as record {winner['record_id']} ({winner['locator']}), which was kept for it"
            fates[row["record_id"]] = _Fate(Disposition.DUPLICATE, Reason(f"duplicate_{relation}"), detail, winner["record_id"], relation)
    if drop_variants:
        kept: dict[str, str] = {}
        for row in sorted((row for row in training if row["record_id"] not in fates), key=rank):
            better = sorted(
                kept[other] for relation, other in links.get(row["content_id"], []) if relation == Relation.VARIANT and other in kept
            )
            if better and row["record_id"] not in reviewed.accepted:
                detail = f"a variant of record {better[0]}, and dedup.drop_variants is on"
                fates[row["record_id"]] = _Fate(Disposition.DUPLICATE, Reason.DUPLICATE_VARIANT, detail, better[0], Relation.VARIANT)
            else:
                kept[row["content_id"]] = row["record_id"]
    return fates


def _refuse_to_remove_all(scores: Sequence[float], min_score: float) -> None:
    """A set of two questions and more that a threshold would empty shows a wrong threshold, not a bad set."""
    if len(scores) > 1 and max(scores) < min_score:
        lower = [level for level in (0.95, 0.9, 0.8, 0.7, 0.5, 0.3) if level < min_score]
        counts = ", ".join(f"{sum(score >= level for score in scores):,} at {level:g}" for level in lower)
        raise DataError(
            f"quality.min_score {min_score:g} would remove all {len(scores):,} questions that are left; the best scores {max(scores):g}. "
            f"So many would stay: {counts or 'none at any lower step'}. Lower quality.min_score in the configuration"
        )


def _threshold(quality: Mapping[str, Any], min_score: float, reviewed: Reviewed) -> _Fate:
    if quality["quality_score"] >= min_score:
        return KEPT
    detail = f"score {quality['quality_score']:g} is under quality.min_score {min_score:g}: {'; '.join(quality['explanations'])}"
    if quality["record_id"] in reviewed.accepted:
        return KEPT._replace(detail=f"kept though its {detail}")
    return _Fate(Disposition.FILTERED, Reason.BELOW_MIN_SCORE, detail)
