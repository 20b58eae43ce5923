"""Stage 3, deduplicate: MinHash LSH proposes candidate pairs, `rules.judge_pair` decides each by what `comparison` sees,
verified pairs make `clusters` and split groups. An LSH edge alone never joins anything."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.common.grammar.passages import PASSAGE_WORDS
from pipeline.common.parallel import collector_paused, map_chunks, preload
from pipeline.common.store.memory import Memory
from pipeline.common.tokens import Vocabulary, tokenize
from pipeline.deduplicate.candidates import fingerprints, shared_stems, worth_judging
from pipeline.deduplicate.clusters import Edge, Nodes, cluster_members, component_labels, edges_joining, make_clusters
from pipeline.deduplicate.comparison import PASSAGE_SIMILARITY
from pipeline.deduplicate.decided import NOTHING, Decided, held_by_benchmarks, overrule, with_decided, with_what_files_say
from pipeline.deduplicate.lexicon import STOPWORDS
from pipeline.deduplicate.minhash import Permutations, band_keys, lsh_pairs, pairs_in
from pipeline.deduplicate.question import ComparableQuestion, word_bag
from pipeline.deduplicate.remembered import known_fingerprints, known_permutations, known_verdicts, node_keys
from pipeline.deduplicate.rules import SAME_CONTENT, PairVerdict, judge_pair
from schemas.config.dedup import DedupConfig
from schemas.reasons import Relation
from schemas.tables.arrow import to_frame
from schemas.tables.curation import ClusterMember, Pair

# Candidates judged at one time: they cost ten times what other rows do.
CHUNK_PAIRS = 1_000
preload(__name__, "datasketch")


class DeduplicationResult(NamedTuple):
    """`members` has one row a question, in input order; `pairs` the verified relations; `counts` what was met on the way."""

    members: pd.DataFrame
    pairs: pd.DataFrame
    counts: dict[str, int]


@collector_paused()
def deduplicate(questions: pd.DataFrame, config: DedupConfig, told: Decided = NOTHING, memory: Memory | None = None) -> DeduplicationResult:
    """Finds exact, same, variant and conflict pairs among Question rows of all roles; `told` is what reviewers decided of them.

    `memory` holds the fingerprints and verdicts of an earlier run with this code and configuration, and takes those of this one: what
    the rules say, before any decision is laid over it. Which pairs are candidates hangs on the whole set and is found anew.
    """
    against_benchmarks = bool(told.as_read or any(not pair.together for pair in told.pairs)) and "benchmark" in set(questions["role"])
    whole, as_read = with_what_files_say(questions, told) if against_benchmarks else (questions, [])
    nodes = Nodes(whole)
    keys = node_keys(nodes) if memory else []
    permutations = known_permutations(config, memory) if memory else None
    if memory:
        prints = known_fingerprints(keys, config, memory, lambda new: fingerprints(nodes.table.take(new), config, permutations))
    else:
        prints = fingerprints(nodes.table, config)
    passage, passages = _passages(nodes.context, config, permutations)
    shared = shared_stems(prints, passage)
    proposed, template_buckets = lsh_pairs(prints.bands.T)
    near = proposed[worth_judging(proposed, prints, passage)]
    candidates = sorted({*map(tuple, near.tolist()), *(tuple(pair) for groups in shared for pair in pairs_in(groups).tolist())})
    judge = partial(_judged, nodes)
    verdicts = known_verdicts(keys, candidates, memory, judge) if memory else judge(candidates)
    edges = [Edge(a, b, verdicts[a, b]) for a, b in candidates if verdicts[a, b].relation != Relation.DIFFERENT]
    held = held_by_benchmarks(nodes, edges, as_read) if against_benchmarks else {}
    together = [*passages, *(group for found in shared for group in found.tolist())]
    if whole is not questions:
        nodes, edges, together = _of_today(nodes, Nodes(questions), edges, together)
    edges, joined, parted = overrule(nodes, edges, told)
    clusters, cut = make_clusters(nodes, edges)
    clusters = with_decided(clusters, joined, parted)
    groups = component_labels(len(nodes), [(edge.left, edge.right) for edge in edges] + edges_joining(together))
    pairs = _pair_rows(nodes, edges)
    members = cluster_members(nodes, clusters, groups, pairs, held)
    counts = {
        "candidate_pairs": len(proposed),
        "judged_pairs": len(candidates),
        "template_buckets": template_buckets,
        "members_cut_from_chains": cut,
        "passages": sum(len(group) > 1 for group in passages),
        **{f"{relation}_pairs": count for relation, count in Counter(pair["relation"] for pair in pairs).items()},
        **({"pairs_decided_by_reviewers": len(joined) + len(parted)} if told.pairs else {}),
    }
    return DeduplicationResult(to_frame(members, ClusterMember), to_frame(pairs, Pair), counts)


def _of_today(
    every: Nodes, nodes: Nodes, edges: Sequence[Edge], groups: Sequence[Sequence[int]]
) -> tuple[Nodes, list[Edge], list[list[int]]]:
    """Edges and groups of `every` as those of the nodes that are among them, both in the order of their content."""
    place = {content_id: node for node, content_id in enumerate(nodes.content_id)}
    now = {node: place[content_id] for node, content_id in enumerate(every.content_id) if content_id in place}
    kept = [Edge(now[edge.left], now[edge.right], edge.verdict) for edge in edges if edge.left in now and edge.right in now]
    left = [[now[node] for node in group if node in now] for group in groups]
    return nodes, kept, [group for group in left if group]


def _judged(nodes: Nodes, candidates: Sequence[tuple[int, int]]) -> dict[tuple[int, int], PairVerdict]:
    """The verdict on each candidate."""
    parts = [candidates[start : start + CHUNK_PAIRS] for start in range(0, len(candidates), CHUNK_PAIRS)]
    chunks = [({node: nodes.question(node) for node in {node for pair in part for node in pair}}, part) for part in parts]
    judged = map_chunks(_judge_all, chunks, len(candidates))
    # A quarter of a second that clusters need afterwards and the code location doesn't: spent while other processes judge.
    import scipy.sparse.csgraph  # noqa: F401

    return dict(zip(candidates, (verdict for verdicts in judged for verdict in verdicts), strict=True))


def _judge_all(chunk: tuple[dict[int, dict[str, Any]], Sequence[tuple[int, int]]]) -> list[PairVerdict]:
    rows, pairs = chunk
    questions = {node: ComparableQuestion(row) for node, row in rows.items()}
    return [judge_pair(questions[a], questions[b]) for a, b in pairs]


def _passages(
    contexts: Sequence[str | None], config: DedupConfig, permutations: Permutations | None
) -> tuple[NDArray[np.int64], list[list[int]]]:
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
    (near,) = map_chunks(partial(_near_texts, config=config, permutations=permutations), [distinct], len(contexts))
    close = [(a, b) for a, b in near.tolist() if (bags[a] & bags[b]).total() >= PASSAGE_SIMILARITY * (bags[a] | bags[b]).total()]
    merged: defaultdict[int, list[int]] = defaultdict(list)
    for label, text in zip(component_labels(len(distinct), close), distinct, strict=True):
        merged[label] += texts[text]
    return number, list(merged.values())


def _near_texts(texts: Sequence[str], config: DedupConfig, permutations: Permutations | None) -> NDArray[np.int64]:
    vocabulary = Vocabulary()
    words = tokenize(texts, vocabulary)
    light = np.array([name in STOPWORDS for name in vocabulary.normal])
    return lsh_pairs(band_keys(words.where(~light[words.values]), vocabulary.normal, config, permutations))[0]


def _pair_rows(nodes: Nodes, edges: Sequence[Edge]) -> list[dict[str, Any]]:
    """Pair rows between record ids: exact ones from the first copy to each other copy, the others between first copies."""
    exact = PairVerdict(Relation.EXACT, 1.0, SAME_CONTENT.name, SAME_CONTENT.saw)
    found = [(rows[0], other, exact) for rows in nodes.copies if len(rows) > 1 for other in rows[1:]]
    found += [(nodes.copies[edge.left][0], nodes.copies[edge.right][0], edge.verdict) for edge in edges]
    out = []
    for a, b, verdict in found:
        left, right = sorted((nodes.record_id[a], nodes.record_id[b]))
        out.append({"left_id": left, "right_id": right, "relation": verdict.relation, "similarity": verdict.similarity, "why": verdict.why})
    return sorted(out, key=lambda pair: (pair["left_id"], pair["right_id"]))
