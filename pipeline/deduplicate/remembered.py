"""Fingerprints and verdicts that an earlier run worked out: a question is known again by all that is compared of it."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.common.known_rows import places_of
from pipeline.common.store.memory import Memory
from pipeline.deduplicate.candidates import CONTENT_BITS, Fingerprints
from pipeline.deduplicate.clusters import Nodes
from pipeline.deduplicate.minhash import Permutations, permutations_of
from pipeline.deduplicate.rules import PairVerdict
from schemas.config.dedup import DedupConfig
from schemas.reasons import Relation

VERDICTS = pa.schema([(name, pa.string()) for name in ("left", "right", "relation", "rule", "saw")] + [("similarity", pa.float64())])
Pairs = Sequence[tuple[int, int]]


def node_keys(nodes: Nodes) -> list[str]:
    """A key for each node: equal for questions that nothing here tells apart."""
    columns = (nodes.content_id, nodes.stem, nodes.context, nodes.options, nodes.answer_index)
    # Python's own notation says where one text ends and the next begins, and is written in a moment.
    return [sha256(repr(row).encode("utf-8", "surrogatepass")).hexdigest()[:24] for row in zip(*columns, strict=True)]


def known_permutations(config: DedupConfig, memory: Memory) -> Permutations:
    """Those of the configuration, without the half second that datasketch takes to be imported."""
    schema = pa.schema([(name, pa.uint32()) for name in Permutations._fields])
    table = memory.recall("permutations", schema)
    if table.num_rows != config.permutations:
        permutations = permutations_of(config)
        memory.remember("permutations", pa.table(list(permutations), schema=schema))
        return permutations
    return Permutations(*(table[name].to_numpy() for name in Permutations._fields))


def known_fingerprints(
    keys: Sequence[str], config: DedupConfig, memory: Memory, compute: Callable[[NDArray[np.int64]], Fingerprints]
) -> Fingerprints:
    """Fingerprints of all nodes; `compute` gives those of the nodes (places) that aren't known. All are remembered."""
    kind = np.dtype(
        [
            ("bands", "<u8", (config.bands,)),
            ("stems", "<u8"),
            ("telling", "?"),
            ("content", "<u8", (CONTENT_BITS // 64,)),
            ("size", "<i8"),
            ("answer", "<u8"),
        ]
    )
    schema = pa.schema([("key", pa.string()), ("print", pa.binary(kind.itemsize))])
    known = memory.recall("fingerprints", schema).combine_chunks()
    place = places_of(pa.chunked_array([keys], pa.string()), known["key"])
    prints = np.empty(len(keys), kind)
    if known.num_rows:
        data = known["print"].combine_chunks() if known["print"].num_chunks != 1 else known["print"].chunk(0)
        rows = np.frombuffer(data.buffers()[1], kind)[data.offset : data.offset + len(data)]
        prints[place >= 0] = rows[place[place >= 0]]
    new = np.flatnonzero(place < 0)
    if len(new):
        for name, values in zip(Fingerprints._fields, compute(new), strict=True):
            prints[name][new] = values
    if len(new) or known.num_rows != len(keys):
        array = pa.FixedSizeBinaryArray.from_buffers(schema.field("print").type, len(keys), [None, pa.py_buffer(prints.tobytes())])
        memory.remember("fingerprints", pa.table([pa.array(keys, pa.string()), array], schema=schema))
    return Fingerprints(*(np.ascontiguousarray(prints[name]) for name in Fingerprints._fields))


def known_verdicts(
    keys: Sequence[str], pairs: Pairs, memory: Memory, judge: Callable[[Pairs], Mapping[tuple[int, int], PairVerdict]]
) -> dict[tuple[int, int], PairVerdict]:
    """The verdict on each pair of nodes; `judge` gives those that aren't known. All are remembered."""
    table = memory.recall("verdicts", VERDICTS)
    names = ("left", "right", "relation", "similarity", "rule", "saw")
    known: dict[tuple[str, str], PairVerdict] = {
        (left, right): PairVerdict(Relation(relation), *rest)
        for left, right, relation, *rest in zip(*(table[name].to_pylist() for name in names), strict=True)
    }
    new = judge([pair for pair in pairs if (keys[pair[0]], keys[pair[1]]) not in known])
    verdicts = {(a, b): new[a, b] if (a, b) in new else known[keys[a], keys[b]] for a, b in pairs}
    if new or len(known) != len(pairs):
        memory.remember("verdicts", pa.Table.from_pylist([_row(keys, *pair, verdicts[pair]) for pair in pairs], VERDICTS))
    return verdicts


def _row(keys: Sequence[str], left: int, right: int, verdict: PairVerdict) -> dict[str, Any]:
    return {"left": keys[left], "right": keys[right], **verdict._asdict()}
