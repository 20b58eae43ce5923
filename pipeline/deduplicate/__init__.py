"""Stage 3, deduplicate: MinHash LSH proposes candidate pairs, `rules.judge_pair` decides each, verified pairs make clusters
and split groups. An LSH edge alone never joins anything."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.common.grammar.passages import PASSAGE_WORDS
from pipeline.common.parallel import collector_paused, map_chunks, preload
from pipeline.common.tokens import Vocabulary, tokenize
from pipeline.deduplicate.candidates import fingerprints, shared_stems, worth_judging
from pipeline.deduplicate.lexicon import STOPWORDS
from pipeline.deduplicate.minhash import band_keys, lsh_pairs, pairs_in
from pipeline.deduplicate.question import Prepared, word_bag
from pipeline.deduplicate.rules import PASSAGE_SIMILARITY, SAME_CONTENT, PairVerdict, judge_pair
from schemas.config.dedup import DedupConfig
from schemas.reasons import Relation
from schemas.tables.arrow import arrow_schema, to_frame, to_table
from schemas.tables.curation import MAX_NEIGHBOURS, ClusterMember, Pair, Question

# Candidates judged at one time: they cost ten times what other rows do.
CHUNK_PAIRS = 1_000
DUPLICATE = (Relation.EXACT, Relation.SAME)
ORDER = {relation: place for place, relation in enumerate(Relation)}
preload(__name__, "datasketch")


class DeduplicationResult(NamedTuple):
    """`members` has one row a question, in input order; `pairs` the verified relations; `counts` what was met on the way."""

    members: pd.DataFrame
    pairs: pd.DataFrame
    counts: dict[str, int]


class _Edge(NamedTuple):
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
        """What `Prepared` takes."""
        return {name: getattr(self, name)[node] for name in ("content_id", "stem", "options", "context", "answer_index")}


@collector_paused()
def deduplicate(questions: pd.DataFrame, config: DedupConfig) -> DeduplicationResult:
    """Finds exact, same, variant and conflict pairs among Question rows of all roles."""
    nodes = Nodes(questions)
    prints = fingerprints(nodes.table, config)
    passage, passages = _passages(nodes.context, config)
    shared = shared_stems(prints, passage)
    proposed, template_buckets = lsh_pairs(prints.bands.T)
    near = proposed[worth_judging(proposed, prints, passage)]
    candidates = sorted({*map(tuple, near.tolist()), *(tuple(pair) for groups in shared for pair in pairs_in(groups).tolist())})
    edges = _verified(nodes, candidates)
    components, cut = _clusters(nodes, edges)
    groups = _components(
        len(nodes), [(e.left, e.right) for e in edges] + _spanning(passages) + _spanning(g for s in shared for g in s.tolist())
    )
    pairs = _pair_rows(nodes, edges)
    members = _members(nodes, components, groups, pairs)
    counts = {
        "candidate_pairs": len(proposed),
        "judged_pairs": len(candidates),
        "template_buckets": template_buckets,
        "members_cut_from_chains": cut,
        "passages": sum(len(group) > 1 for group in passages),
        **{f"{relation}_pairs": count for relation, count in Counter(pair["relation"] for pair in pairs).items()},
    }
    return DeduplicationResult(to_frame(members, ClusterMember), to_frame(pairs, Pair), counts)


def _verified(nodes: Nodes, candidates: Sequence[tuple[int, int]]) -> list[_Edge]:
    """The candidates that are more than different, in order."""
    parts = [candidates[start : start + CHUNK_PAIRS] for start in range(0, len(candidates), CHUNK_PAIRS)]
    chunks = [({node: nodes.question(node) for node in {node for pair in part for node in pair}}, part) for part in parts]
    judged = map_chunks(_judge_all, chunks, len(candidates))
    # A quarter of a second that clusters need afterwards and the code location doesn't: spent while other processes judge.
    import scipy.sparse.csgraph  # noqa: F401

    return [edge for edges in judged for edge in edges]


def _judge_all(chunk: tuple[dict[int, dict[str, Any]], Sequence[tuple[int, int]]]) -> list[_Edge]:
    questions, pairs = chunk
    prepared = {node: Prepared(question) for node, question in questions.items()}
    judged = (_Edge(a, b, judge_pair(prepared[a], prepared[b])) for a, b in pairs)
    return [edge for edge in judged if edge.verdict.relation != Relation.DIFFERENT]


def _passages(contexts: Sequence[str | None], config: DedupConfig) -> tuple[NDArray[np.int64], list[list[int]]]:
    """Number of each node's passage (0: none), and the nodes on each; passages that differ by a slip of the scan are one group."""
    texts: dict[str, list[int]] = defaultdict(list)
    for i, context in enumerate(contexts):
        if context and len(context) >= PASSAGE_WORDS:
            texts[context].append(i)
    texts = {text: nodes for text, nodes in texts.items() if word_bag(text).total() >= PASSAGE_WORDS}
    number = np.zeros(len(contexts), np.int64)
    for place, nodes in enumerate(texts.values(), start=1):
        number[nodes] = place
    distinct = list(texts)
    bags = [word_bag(text) for text in distinct]
    (near,) = map_chunks(partial(_near_texts, config=config), [distinct], len(contexts))
    close = [(a, b) for a, b in near.tolist() if (bags[a] & bags[b]).total() >= PASSAGE_SIMILARITY * (bags[a] | bags[b]).total()]
    merged: defaultdict[int, list[int]] = defaultdict(list)
    for label, text in zip(_components(len(distinct), close), distinct, strict=True):
        merged[label] += texts[text]
    return number, list(merged.values())


def _near_texts(texts: Sequence[str], config: DedupConfig) -> NDArray[np.int64]:
    vocabulary = Vocabulary()
    words = tokenize(texts, vocabulary)
    light = np.array([name in STOPWORDS for name in vocabulary.normal])
    return lsh_pairs(band_keys(words.where(~light[words.values]), vocabulary.normal, config))[0]


def _spanning(groups: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    return [(group[0], other) for group in groups for other in group[1:]]


def _components(size: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not size:
        return []
    left, right = zip(*edges, strict=True) if edges else ((), ())
    graph = coo_array((np.ones(len(edges), np.int8), (np.array(left, np.intp), np.array(right, np.intp))), shape=(size, size))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels


def _clusters(nodes: Nodes, edges: Sequence[_Edge]) -> tuple[list[int], int]:
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
    for node, label in enumerate(_components(len(nodes), joints)):
        components[label].append(node)
    for members in components.values():
        left = set(members)
        while len(left) > 1:
            centre = max(left, key=lambda n: (len(linked[n] & left), -n))
            # A pair that LSH didn't propose may be the same all the same: judge before cutting.
            middle = Prepared(nodes.question(centre))
            joined = {
                n
                for n in left
                if n == centre or n in linked[centre] or judge_pair(middle, Prepared(nodes.question(n))).relation in DUPLICATE
            }
            for node in joined:
                labels[node] = centre
            left -= joined
            cut += len(left) if len(joined) > 1 else 0
    return labels, cut


def _pair_rows(nodes: Nodes, edges: Sequence[_Edge]) -> list[dict[str, Any]]:
    """Pair rows between record ids: exact ones from the first copy to each other copy, the others between first copies."""
    exact = PairVerdict(Relation.EXACT, 1.0, SAME_CONTENT.name, SAME_CONTENT.saw)
    found = [(rows[0], other, exact) for rows in nodes.copies if len(rows) > 1 for other in rows[1:]]
    found += [(nodes.copies[edge.left][0], nodes.copies[edge.right][0], edge.verdict) for edge in edges]
    out = []
    for a, b, verdict in found:
        left, right = sorted((nodes.record_id[a], nodes.record_id[b]))
        out.append({"left_id": left, "right_id": right, "relation": verdict.relation, "similarity": verdict.similarity, "why": verdict.why})
    return sorted(out, key=lambda pair: (pair["left_id"], pair["right_id"]))


def _members(nodes: Nodes, clusters: Sequence[int], groups: Sequence[int], pairs: Sequence[dict[str, Any]]) -> pa.Table:
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
    }
    return pa.table(columns, schema=arrow_schema(ClusterMember))
