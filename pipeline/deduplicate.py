"""Stage 3, deduplicate: MinHash LSH proposes candidate pairs, `similarity.judge` decides each, verified pairs make clusters
and split groups. An LSH edge alone never joins anything. MinHash: Broder 1997, by datasketch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.similarity import PASSAGE_SIMILARITY, PASSAGE_WORDS, STOPWORDS, Prepared, Verdict, judge, words
from schemas.config import DedupConfig
from schemas.reasons import Relation
from schemas.tables import ClusterMember, Pair, Question, to_frame, to_rows

# A bucket with more members comes from a template; each member then meets only its neighbours in it.
BUCKET_LIMIT = 100
NEIGHBOURS = 20
SIGNATURE_CHUNK = 4096
# A stem that more questions share is a rubric ("Solve for x."): it makes no group.
STEM_LIMIT = 50
DUPLICATE = (Relation.EXACT, Relation.SAME)
ORDER = {relation: place for place, relation in enumerate(Relation)}


class DeduplicationResult(NamedTuple):
    """`members` has one row a question, in input order; `pairs` the verified relations; `counts` what was met on the way."""

    members: pd.DataFrame
    pairs: pd.DataFrame
    counts: dict[str, int]


class _Edge(NamedTuple):
    left: int
    right: int
    verdict: Verdict


def deduplicate(questions: pd.DataFrame, config: DedupConfig) -> DeduplicationResult:
    """Finds exact, same, variant and conflict pairs among Question rows of all roles."""
    rows = to_rows(questions, Question)
    order = sorted(range(len(rows)), key=lambda i: (rows[i]["content_id"], rows[i]["record_id"]))
    # Exact duplicates are one node from here on: the first row of each content_id.
    copies: dict[str, list[int]] = defaultdict(list)
    for i in order:
        copies[rows[i]["content_id"]].append(i)
    nodes = [group[0] for group in copies.values()]
    prepared = [Prepared(rows[i]) for i in nodes]
    candidates, template_buckets = find_candidates(prepared, config)
    edges = [_Edge(a, b, verdict) for a, b in candidates if (verdict := judge(prepared[a], prepared[b])).relation != Relation.DIFFERENT]
    components, cut = _clusters(len(nodes), edges, prepared)
    passages = _passages(prepared, config)
    stems = _shared_stems(prepared)
    groups = _components(len(nodes), [(e.left, e.right) for e in edges] + _spanning(passages) + _spanning(stems))
    pairs = _pair_rows(rows, copies, nodes, edges)
    members = _member_rows(rows, copies, nodes, components, groups, pairs)
    counts = {
        "candidate_pairs": len(candidates),
        "template_buckets": template_buckets,
        "members_cut_from_chains": cut,
        "passages": sum(len(group) > 1 for group in passages),
        **{f"{relation}_pairs": count for relation, count in Counter(pair["relation"] for pair in pairs).items()},
    }
    return DeduplicationResult(to_frame(members, ClusterMember), to_frame(pairs, Pair), counts)


def signatures(token_sets: Iterable[Iterable[str]], config: DedupConfig) -> NDArray[Any]:
    """MinHash signatures (rows, permutations), equal to those of datasketch's MinHash, whose hash and permutations they use.

    Each distinct token is hashed and permuted once; a row's signature is the minimum over its tokens' rows in that table.
    """
    # Imported here: it brings scipy's integrators with it, half a second that the code location doesn't need.
    from datasketch import MinHash
    from datasketch.hashfunc import sha1_hash32

    vocabulary: dict[str, int] = {}
    sets = [[vocabulary.setdefault(token, len(vocabulary)) for token in tokens] for tokens in token_sets]
    minhash = MinHash(num_perm=config.permutations, seed=config.seed)
    factors, offsets = minhash.permutations
    hashes = np.fromiter((sha1_hash32(token.encode("utf-8", "surrogatepass")) for token in vocabulary), factors.dtype, len(vocabulary))
    table = _mixed(hashes)[:, None] * factors + offsets  # wraps, as the affine permutations are meant to
    found = np.tile(minhash.hashvalues, (len(sets), 1))
    for start in range(0, len(sets), SIGNATURE_CHUNK):
        # Rows of one length together: a plain minimum over an axis is several times as fast as one over ragged rows.
        by_length = defaultdict(list)
        for row in range(start, min(start + SIGNATURE_CHUNK, len(sets))):
            by_length[len(sets[row])].append(row)
        for length, rows in by_length.items():
            if length:
                found[rows] = table[np.array([sets[row] for row in rows])].min(axis=1)
    return found


def _mixed(hashes: NDArray[Any]) -> NDArray[Any]:
    """MurmurHash3's 32-bit finaliser, which datasketch's affine permutations put before themselves."""
    mixed = hashes
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    found: NDArray[Any] = mixed ^ (mixed >> np.uint32(16))
    return found


def lsh_buckets(matrix: NDArray[Any], bands: int, rows: int) -> Iterator[NDArray[np.intp]]:
    """Row numbers (ascending) that agree in all rows of a band, a bucket at a time; buckets of one are left out.

    Rows of a band are compared by a 64-bit hash of them; a collision costs one needless verification.
    """
    factors = np.random.default_rng(0).integers(1, 2**63, size=rows, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    for band in range(bands):
        keys = (matrix[:, band * rows : (band + 1) * rows].astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        edges = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
        starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(keys)]])
        for bucket in np.flatnonzero(ends - starts > 1):
            yield order[starts[bucket] : ends[bucket]]  # a stable sort leaves equal keys in row order


def find_candidates(prepared: Sequence[Prepared], config: DedupConfig) -> tuple[list[tuple[int, int]], int]:
    """Pairs of row numbers worth judging, ascending, and the number of buckets that were too large to be taken whole.

    Tokens: the stem's word set and the answer's words (recall .995 of 220 true pairs among 56,813 questions).
    """
    sets = (sorted({*question.content, *("=" + word for word in question.full_options[question.answer_index])}) for question in prepared)
    found: set[tuple[int, int]] = set()
    large = 0
    for bucket in lsh_buckets(signatures(sets, config), config.bands, config.rows):
        members = bucket.tolist()
        if len(members) <= BUCKET_LIMIT:
            found.update(combinations(members, 2))
            continue
        large += 1
        for i, left in enumerate(members):
            found.update((left, right) for right in members[i + 1 : i + 1 + NEIGHBOURS])
    for group in _shared_stems(prepared):
        found.update(combinations(sorted(group), 2))
    return sorted(found), large


def _shared_stems(prepared: Sequence[Prepared]) -> list[list[int]]:
    """Questions with one stem (and one passage, where they lean on one), at most STEM_LIMIT: more are a rubric's."""
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for i, question in enumerate(prepared):
        passage = question.context_text if question.context.total() >= PASSAGE_WORDS else ""
        groups[" ".join(question.stem), passage].append(i)
    return [group for (stem, _), group in groups.items() if 1 < len(group) <= STEM_LIMIT and len(stem) > 12]


def _passages(prepared: Sequence[Prepared], config: DedupConfig) -> list[list[int]]:
    """Questions on one passage; passages that differ by a slip of the scan count as one."""
    texts: dict[str, list[int]] = defaultdict(list)
    for i, question in enumerate(prepared):
        if question.context.total() >= PASSAGE_WORDS:
            texts[question.context_text].append(i)
    distinct = list(texts)
    bags = [Counter(words(text)) for text in distinct]
    close = [
        (a, b)
        for bucket in lsh_buckets(signatures((sorted(set(bag) - STOPWORDS) for bag in bags), config), config.bands, config.rows)
        for a, b in combinations(bucket.tolist()[:BUCKET_LIMIT], 2)
        if (bags[a] & bags[b]).total() >= PASSAGE_SIMILARITY * (bags[a] | bags[b]).total()
    ]
    labels = _components(len(distinct), close)
    merged: defaultdict[int, list[int]] = defaultdict(list)
    for label, text in zip(labels, distinct, strict=True):
        merged[label] += texts[text]
    return list(merged.values())


def _spanning(groups: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    return [(group[0], other) for group in groups for other in group[1:]]


def _components(size: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    # Imported here: a quarter of a second that the code location doesn't need.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not size:
        return []
    left, right = zip(*edges, strict=True) if edges else ((), ())
    graph = coo_array((np.ones(len(edges), np.int8), (np.array(left, np.intp), np.array(right, np.intp))), shape=(size, size))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels


def _clusters(size: int, edges: Sequence[_Edge], prepared: Sequence[Prepared]) -> tuple[list[int], int]:
    """Cluster label of every node, and how many nodes were cut off a chain.

    Every member was judged the same as its cluster's centre (the node with most such edges), so a chain of small
    steps never joins unlike questions.
    """
    same = [(edge.left, edge.right) for edge in edges if edge.verdict.relation in DUPLICATE]
    linked: defaultdict[int, set[int]] = defaultdict(set)
    for a, b in same:
        linked[a].add(b)
        linked[b].add(a)
    labels = list(range(size))
    cut = 0
    components: defaultdict[int, list[int]] = defaultdict(list)
    for node, label in enumerate(_components(size, same)):
        components[label].append(node)
    for nodes in components.values():
        left = set(nodes)
        while left:
            centre = max(left, key=lambda n: (len(linked[n] & left), -n))
            # A pair that LSH didn't propose may be the same all the same: judge before cutting.
            joined = {n for n in left if n == centre or n in linked[centre] or judge(prepared[centre], prepared[n]).relation in DUPLICATE}
            for node in joined:
                labels[node] = centre
            left -= joined
            cut += len(left) if len(joined) > 1 else 0
    return labels, cut


def _pair_rows(
    rows: Sequence[dict[str, Any]], copies: dict[str, list[int]], nodes: Sequence[int], edges: Sequence[_Edge]
) -> list[dict[str, Any]]:
    """Pair rows between record ids: exact ones from the first copy to each other copy, the others between first copies."""
    exact = Verdict(Relation.EXACT, 1.0, "the same text, options and answer")
    found = [(group[0], other, exact) for group in copies.values() for other in group[1:]]
    found += [(nodes[edge.left], nodes[edge.right], edge.verdict) for edge in edges]
    out = []
    for a, b, verdict in found:
        left, right = sorted((rows[a]["record_id"], rows[b]["record_id"]))
        out.append({"left_id": left, "right_id": right, **verdict._asdict()})
    return sorted(out, key=lambda pair: (pair["left_id"], pair["right_id"]))


def _member_rows(
    rows: Sequence[dict[str, Any]],
    copies: dict[str, list[int]],
    nodes: Sequence[int],
    clusters: Sequence[int],
    groups: Sequence[int],
    pairs: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    content_ids = [rows[i]["content_id"] for i in nodes]
    smallest_in_group: dict[int, str] = {}
    sizes: Counter[int] = Counter()
    first_in_cluster: dict[int, str] = {}
    for node, (cluster, group) in enumerate(zip(clusters, groups, strict=True)):
        smallest_in_group[group] = min(smallest_in_group.get(group, "~"), content_ids[node])
        first_in_cluster[cluster] = min(first_in_cluster.get(cluster, "~"), content_ids[node])
        sizes[cluster] += len(copies[content_ids[node]])
    neighbours: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for pair in pairs:
        for me, other in ((pair["left_id"], pair["right_id"]), (pair["right_id"], pair["left_id"])):
            neighbours[me].append((ORDER[pair["relation"]], other, pair["relation"]))
    place = {content_id: node for node, content_id in enumerate(content_ids)}
    out = []
    for row in rows:
        node = place[row["content_id"]]
        near = sorted(neighbours.get(row["record_id"], []))[:20]
        out.append(
            {
                "record_id": row["record_id"],
                "content_id": row["content_id"],
                "role": row["role"],
                "cluster_id": first_in_cluster[clusters[node]] if sizes[clusters[node]] > 1 else None,
                "split_group": smallest_in_group[groups[node]],
                "best_relation": near[0][2] if near else None,
                "neighbours": [f"{relation}:{other}" for _, other, relation in near],
            }
        )
    return out
