"""What reviewers decided of pairs, laid over what the rules judged; and what a benchmark holds whatever was decided."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from pipeline.common.reviewers import by
from pipeline.deduplicate.clusters import DUPLICATE, Edge, Nodes, component_labels, make_clusters
from pipeline.deduplicate.question import ComparableQuestion
from pipeline.deduplicate.rules import PairVerdict, judge_pair
from schemas.reasons import Relation
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import MatchedDecision, Question

MERGED, APART = "merged_by_reviewer", "apart_by_reviewer"
HOLDS = (Relation.EXACT, Relation.SAME, Relation.VARIANT, Relation.CONFLICT)
COLUMNS = ("id", "who", "action", "found_id", "other_found_id", "before", "status")


class PairDecision(NamedTuple):
    """Two records that are one question (`together`) or two, and who says so."""

    together: bool
    left: str
    right: str
    by: str


class Decided(NamedTuple):
    """What deduplication needs of the decisions: pairs; record_id -> what its file says, as JSON, of records whose text was changed; and
    records whose key a reviewer stands for."""

    pairs: list[PairDecision]
    as_read: dict[str, str]
    keyed: list[str]


NOTHING = Decided([], {}, [])


def decided(decisions: pd.DataFrame) -> Decided:
    """Of MatchedDecision rows what deduplication needs, in their order."""
    pairs: list[PairDecision] = []
    as_read: dict[str, str] = {}
    keyed: dict[str, None] = {}
    for row in to_rows(decisions, MatchedDecision, COLUMNS):
        if row["action"] in ("set_answer", "edit") and row["status"] in ("applied", "superseded") and row["before"]:
            as_read.setdefault(row["found_id"], row["before"])
        if row["status"] != "applied":
            continue
        if row["action"] in ("merge", "apart"):
            pairs.append(PairDecision(row["action"] == "merge", row["found_id"], row["other_found_id"], by(row)))
        elif row["action"] in ("set_answer", "accept"):
            keyed[row["found_id"]] = None
    return Decided(pairs, as_read, list(keyed))


class Overruled(NamedTuple):
    """Edges as reviewers left them, and pairs of nodes that must, or can't, share a cluster."""

    edges: list[Edge]
    joined: list[tuple[int, int]]
    parted: list[tuple[int, int]]


def overrule(nodes: Nodes, edges: Sequence[Edge], told: Decided) -> Overruled:
    """Lays decisions over judged edges. Merged questions are the same, whatever the rules saw, but where their keys contradict each other
    and no reviewer stands for one of them: a merge picks no key. Questions kept apart are related: both stay, in one split."""
    node_of = {nodes.record_id[row]: node for node, rows in enumerate(nodes.copies) for row in rows}
    keyed = {node_of[name] for name in told.keyed if name in node_of}
    place = {(edge.left, edge.right): i for i, edge in enumerate(edges)}
    out: list[Edge | None] = list(edges)
    joined: list[tuple[int, int]] = []
    parted: list[tuple[int, int]] = []
    for one in told.pairs:
        left, right = sorted((node_of[one.left], node_of[one.right]))
        if left == right:
            continue
        at = place.get((left, right))
        judged = edges[at].verdict if at is not None else judge_pair(*(ComparableQuestion(nodes.question(node)) for node in (left, right)))
        if one.together and judged.relation == Relation.CONFLICT and not {left, right} & keyed:
            continue
        name, relation = (MERGED, Relation.SAME) if one.together else (APART, Relation.RELATED)
        edge = Edge(left, right, PairVerdict(relation, judged.similarity, name, f"{one.by}; the rules: {judged.relation}, {judged.why}"))
        (joined if one.together else parted).append((left, right))
        if at is not None:
            out[at] = edge if one.together or judged.relation in HOLDS else edges[at]
        elif one.together:
            place[left, right] = len(out)
            out.append(edge)
    found = sorted((edge for edge in out if edge is not None), key=lambda edge: edge[:2])
    return Overruled(found, joined, parted)


def with_decided(labels: Sequence[int], joined: Sequence[tuple[int, int]], parted: Sequence[tuple[int, int]]) -> list[int]:
    """Cluster labels once merged nodes share a cluster, with all that is in either, and parted ones don't: there the one that less was
    merged with leaves, with what it was merged with."""
    if not joined and not parted:
        return list(labels)
    blocks = component_labels(len(labels), joined)
    first = {label: node for node, label in reversed(list(enumerate(labels)))}
    found = component_labels(len(labels), [*((node, first[label]) for node, label in enumerate(labels)), *joined])
    sizes: defaultdict[int, list[int]] = defaultdict(list)
    for node, block in enumerate(blocks):
        sizes[block].append(node)
    fresh = len(labels)
    for left, right in parted:
        if found[left] == found[right]:
            leaves = min((left, right), key=lambda node: (len(sizes[blocks[node]]), -node))
            for node in sizes[blocks[leaves]]:
                found[node] = fresh
            fresh += 1
    # A label is the first node of its cluster, as without decisions.
    lead: dict[int, int] = {}
    return [lead.setdefault(label, node) for node, label in enumerate(found)]


def held_by_benchmarks(nodes: Nodes, edges: Iterable[Edge], rows: Sequence[int]) -> dict[str, str]:
    """record_id -> the benchmark's record that holds it, or a duplicate of it, by the rules alone.

    `rows` are those of `nodes` that stand for what the files say. What this finds no decision lets into training.
    """
    known = set(rows)
    copies = {node: [row for row in found if row in known] for node, found in enumerate(nodes.copies)}
    real = [edge for edge in edges if copies[edge.left] and copies[edge.right]]
    labels, _ = make_clusters(nodes, [edge for edge in real if edge.verdict.relation in DUPLICATE])
    items = dict(_benchmark_items(nodes, copies))
    hits = dict(items)
    for edge in real:
        if edge.verdict.relation in HOLDS:
            for node, other in ((edge.left, edge.right), (edge.right, edge.left)):
                if other in items:
                    hits[node] = min(hits.get(node, items[other]), items[other])
    touched: dict[int, str] = {}
    for node, item in hits.items():
        touched[labels[node]] = min(touched.get(labels[node], item), item)
    held: dict[str, str] = {}
    for node, found in copies.items():
        holder = hits.get(node) or touched.get(labels[node])
        if holder is not None:
            held |= {nodes.record_id[row]: holder for row in found if nodes.role[row] == "train"}
    return held


def _benchmark_items(nodes: Nodes, copies: Mapping[int, Sequence[int]]) -> Iterator[tuple[int, str]]:
    for node, rows in copies.items():
        names = [nodes.record_id[row] for row in rows if nodes.role[row] == "benchmark"]
        if names:
            yield node, min(names)


def with_what_files_say(questions: pd.DataFrame, told: Decided) -> tuple[pd.DataFrame, list[int]]:
    """The questions, then once more, with what their files say, those whose text was changed; and the places of the rows that stand for
    what all files say."""
    ids = questions["record_id"].tolist()
    place = {name: i for i, name in enumerate(ids)}
    before = {place[name]: cells for name, text in told.as_read.items() if name in place and (cells := json.loads(text))["content_id"]}
    if not before:
        return questions, list(range(len(ids)))
    changed = [row | before[i] for i, row in zip(before, to_rows(questions.iloc[list(before)], Question), strict=True)]
    whole = pd.concat([questions, to_frame(changed, Question)], ignore_index=True)
    return whole, [i for i in range(len(ids)) if i not in before] + list(range(len(ids), len(whole)))
