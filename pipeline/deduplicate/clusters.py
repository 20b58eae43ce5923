"""Clusters and split groups: distinct questions are the nodes of a graph, pairs that are more than different its edges."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
        self.row_content: list[str] = table["content_id"].to_pylist()
        self.role: list[str] = table["role"].to_pylist()
        found: defaultdict[str, list[int]] = defaultdict(list)
        for row in order.to_pylist():
            found[self.row_content[row]].append(row)
        self.content_id, self.copies = list(found), list(found.values())
        first = pa.array([rows[0] for rows in self.copies], pa.int64())
        self.table = table.select(["stem", "options", "context", "answer_index"]).take(first)
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
    for node, label in enumerate(component_labels(len(nodes), joints)):
        components[label].append(node)
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


def cluster_members(
    nodes: Nodes, clusters: Sequence[int], groups: Sequence[int], pairs: Sequence[dict[str, Any]], held: Mapping[str, str]
) -> pa.Table:
    """ClusterMember rows in input order; `clusters` and `groups` hold a label for each node, `pairs` are Pair rows, `held` names the
    benchmark's record by record_id."""
    smallest_in_group: dict[int, str] = {}
    sizes: Counter[int] = Counter()
    first_in_cluster: dict[int, str] = {}
    for node, (content_id, cluster, group) in enumerate(zip(nodes.content_id, clusters, groups, strict=True)):
        # Nodes ascend by content_id: the first of a group is its smallest.
        smallest_in_group.setdefault(group, content_id)
        first_in_cluster.setdefault(cluster, content_id)
        sizes[cluster] += len(nodes.copies[node])
    neighbours: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for pair in pairs:
        for me, other in ((pair["left_id"], pair["right_id"]), (pair["right_id"], pair["left_id"])):
            neighbours[me].append((ORDER[pair["relation"]], other, pair["relation"]))
    place = {content_id: node for node, content_id in enumerate(nodes.content_id)}
    node_of = [place[content_id] for content_id in nodes.row_content]
    cluster_of = {nodes.record_id[row]: cluster for rows, cluster in zip(nodes.copies, clusters, strict=True) for row in rows}

    def cut_from(record_id: str, near: Sequence[tuple[int, str, str]]) -> str | None:
        return next((other for _, other, kind in near if kind in DUPLICATE and cluster_of[other] != cluster_of[record_id]), None)

    near = [sorted(neighbours[record_id]) if record_id in neighbours else () for record_id in nodes.record_id]
    columns = {
        "record_id": nodes.record_id,
        "content_id": nodes.row_content,
        "role": nodes.role,
        "cluster_id": [first_in_cluster[cluster] if sizes[cluster] > 1 else None for cluster in map(clusters.__getitem__, node_of)],
        "split_group": [smallest_in_group[groups[node]] for node in node_of],
        "best_relation": [found[0][2] if found else None for found in near],
        "neighbours": [[f"{kind}:{other}" for _, other, kind in found[:MAX_NEIGHBOURS]] for found in near],
        "cut_from": [cut_from(record_id, found) if found else None for record_id, found in zip(nodes.record_id, near, strict=True)],
        "held_by": [held.get(record_id) for record_id in nodes.record_id],
    }
    return pa.table(columns, schema=arrow_schema(ClusterMember))
