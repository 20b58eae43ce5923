"""Clusters and split groups: distinct questions are the nodes of a graph, pairs that are more than different its edges."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.deduplicate.question import ComparableQuestion
from pipeline.deduplicate.rules import PairVerdict, judge_pair
from schemas.reasons import Relation
from schemas.tables.arrow import arrow_schema, to_table
from schemas.tables.curation import MAX_NEIGHBOURS, ClusterMember, Question

DUPLICATE = (Relation.EXACT, Relation.SAME)
ORDER = {relation: place for place, relation in enumerate(Relation)}


class Edge(NamedTuple):
    """Two nodes and what was judged of them."""

    left: int
    right: int
    verdict: PairVerdict


class Nodes:
    """The distinct questions, columns side by side; `copies[node]` are the rows that hold it, the first by record_id first."""

    def __init__(self, questions: pd.DataFrame) -> None:
        table = to_table(questions, Question)
        order = pc.sort_indices(table, sort_keys=[("content_id", "ascending"), ("record_id", "ascending")])
        self.record_id: list[str] = table["record_id"].to_pylist()
        self.row_content = table["content_id"].combine_chunks()
        self.role: list[str] = table["role"].to_pylist()
        codes = self.row_content.take(order).dictionary_encode().indices.to_numpy()
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        rows, ends = order.to_numpy(), np.append(starts[1:], len(codes))[: len(starts)]
        self.node_of_row = np.empty(len(rows), np.int64)
        self.node_of_row[rows] = np.repeat(np.arange(len(starts)), ends - starts)
        listed = rows.tolist()
        self.copies: list[list[int]] = [listed[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        self.content_id: list[str] = self.row_content.take(rows[starts]).to_pylist()
        self.table = table.select(["stem", "options", "context", "answer_index"]).take(rows[starts])
        self.stem, self.options, self.context, self.answer_index = (column.to_pylist() for column in self.table.columns)

    def __len__(self) -> int:
        return len(self.content_id)

    def question(self, node: int) -> dict[str, Any]:
        """What `ComparableQuestion` takes."""
        return {name: getattr(self, name)[node] for name in ("content_id", "stem", "options", "context", "answer_index")}


def edges_joining(groups: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    """The fewest edges that connect each group: from its first node to every other.

    >>> edges_joining([[3, 5, 8], [1]])
    [(3, 5), (3, 8)]
    """
    return [(group[0], other) for group in groups for other in group[1:]]


def component_labels(size: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Number of each node's connected component, of `size` nodes in order.

    >>> component_labels(4, [(0, 2)])
    [0, 1, 0, 2]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not size:
        return []
    left, right = zip(*edges, strict=True) if edges else ((), ())
    graph = coo_array((np.ones(len(edges), np.int8), (np.array(left, np.intp), np.array(right, np.intp))), shape=(size, size))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels


def make_clusters(nodes: Nodes, edges: Sequence[Edge]) -> tuple[list[int], int]:
    """Cluster label of every node, and how many nodes were cut off a chain.

    Every member was judged the same as its cluster's centre (the node with most such edges), so a chain of small
    steps never joins unlike questions.
    """
    linked: defaultdict[int, set[int]] = defaultdict(set)
    for edge in edges:
        if edge.verdict.relation in DUPLICATE:
            linked[edge.left].add(edge.right)
            linked[edge.right].add(edge.left)
    labels = list(range(len(nodes)))
    cut = 0
    components: defaultdict[int, list[int]] = defaultdict(list)
    joints = [(a, b) for a, others in linked.items() for b in others]
    components_of = component_labels(len(nodes), joints)
    for node in linked:
        components[components_of[node]].append(node)
    for members in components.values():
        left = set(members)
        while len(left) > 1:
            centre = max(left, key=lambda n: (len(linked[n] & left), -n))
            # A pair that LSH didn't propose may be the same all the same: judge before cutting.
            middle = ComparableQuestion(nodes.question(centre))
            joined = {
                n
                for n in left
                if n == centre or n in linked[centre] or judge_pair(middle, ComparableQuestion(nodes.question(n))).relation in DUPLICATE
            }
            for node in joined:
                labels[node] = centre
            left -= joined
            cut += len(left) if len(joined) > 1 else 0
    return labels, cut


def _firsts(labels: Sequence[int]) -> NDArray[np.int64]:
    """The first node of each label, by label; 0 for labels that no node has.

    >>> _firsts([0, 2, 0, 2]).tolist()
    [0, 0, 1]
    """
    found, first = np.unique(np.array(labels, np.int64), return_index=True)
    nodes = np.zeros(int(found.max(initial=-1)) + 1, np.int64)
    nodes[found] = first
    return nodes


def cluster_members(
    nodes: Nodes, clusters: Sequence[int], groups: Sequence[int], pairs: Sequence[dict[str, Any]], held: Mapping[str, str]
) -> pa.Table:
    """ClusterMember rows in input order; `clusters` and `groups` hold a label for each node, `pairs` are Pair rows, `held` names the
    benchmark's record by record_id."""
    node_of, contents = nodes.node_of_row, pa.array(nodes.content_id, pa.string())
    cluster_of, group_of = (np.array(labels, np.int64)[node_of] for labels in (clusters, groups))
    # Nodes ascend by content_id: the first of a group is its smallest.
    cluster_ids, split_groups = (contents.take(_firsts(labels)[of]) for labels, of in ((clusters, cluster_of), (groups, group_of)))
    alone = np.bincount(cluster_of, minlength=1)[cluster_of] == 1
    neighbours: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for pair in pairs:
        for me, other in ((pair["left_id"], pair["right_id"]), (pair["right_id"], pair["left_id"])):
            neighbours[me].append((ORDER[pair["relation"]], other, pair["relation"]))
    label = dict(zip(nodes.record_id, cluster_of.tolist(), strict=True)) if neighbours else {}

    def cut_from(record_id: str, near: Sequence[tuple[int, str, str]]) -> str | None:
        return next((other for _, other, kind in near if kind in DUPLICATE and label[other] != label[record_id]), None)

    near = [sorted(neighbours[record_id]) if record_id in neighbours else () for record_id in nodes.record_id]
    columns = {
        "record_id": nodes.record_id,
        "content_id": nodes.row_content,
        "role": nodes.role,
        "cluster_id": pc.if_else(pa.array(alone), None, cluster_ids),
        "split_group": split_groups,
        "best_relation": [found[0][2] if found else None for found in near],
        "neighbours": [[f"{kind}:{other}" for _, other, kind in found[:MAX_NEIGHBOURS]] for found in near],
        "cut_from": [cut_from(record_id, found) if found else None for record_id, found in zip(nodes.record_id, near, strict=True)],
        "held_by": [held.get(record_id) for record_id in nodes.record_id],
    }
    return pa.table(columns, schema=arrow_schema(ClusterMember))
