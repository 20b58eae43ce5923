"""MinHash (Broder 1997) and its LSH over many texts at once. The hash and the permutations are datasketch's, so are the
signatures; here each distinct token is permuted once, and rows, bands and buckets are numpy arrays instead of objects."""

from collections.abc import Iterator, Sequence
from hashlib import sha1
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.common.ragged import Ragged
from schemas.config.dedup import DedupConfig

ROW_CHUNK = 2048
# A bucket with more members comes from a template; each member then meets only its neighbours in it.
BUCKET_LIMIT = 100
NEIGHBOURS = 20
CODES_AT_ONCE = 1_000_000


def token_hashes(names: Sequence[str]) -> NDArray[np.uint64]:
    """The first 64 bits of each token's SHA-1; the lower 32 of them are datasketch's hash of it."""
    digests = b"".join([sha1(name.encode("utf-8", "surrogatepass")).digest()[:8] for name in names])
    return np.frombuffer(digests, "<u8")


class Permutations(NamedTuple):
    """Factors and offsets of datasketch's permutations, and the signature of no token; uint32, one a permutation."""

    factors: NDArray[np.uint32]
    offsets: NDArray[np.uint32]
    empty: NDArray[np.uint32]


def permutations_of(config: DedupConfig) -> Permutations:
    """The permutations that the configuration's seed draws."""
    # Imported here: it brings scipy's integrators with it, half a second that the code location doesn't need.
    from datasketch import MinHash

    minhash = MinHash(num_perm=config.permutations, seed=config.seed)
    factors, offsets = minhash.permutations
    return Permutations(factors, offsets, minhash.hashvalues)


def signatures(
    tokens: Ragged, names: Sequence[str], config: DedupConfig, permutations: Permutations | None = None
) -> Iterator[tuple[NDArray[np.intp], NDArray[Any]]]:
    """Row numbers and their signatures (rows, permutations), a block at a time; `names[value]` is the token that is hashed."""
    factors, offsets, empty = permutations or permutations_of(config)
    used, values = np.unique(tokens.values, return_inverse=True)
    hashes = token_hashes([names[i] for i in used.tolist()]).astype(factors.dtype)
    table = _mixed(hashes)[:, None] * factors + offsets  # wraps, as the affine permutations are meant to
    lengths = tokens.lengths
    # Rows of one length together: whole columns of tokens are then gathered and compared at once.
    for length in np.unique(lengths).tolist():
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), ROW_CHUNK):
            rows = same[start : start + ROW_CHUNK]
            block = np.tile(empty, (len(rows), 1))
            for place in range(length):
                np.minimum(block, table[values[tokens.offsets[rows] + place]], out=block)
            yield rows, block


def _mixed(hashes: NDArray[Any]) -> NDArray[Any]:
    """MurmurHash3's 32-bit finaliser, which datasketch's affine permutations put before themselves."""
    mixed = hashes
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    found: NDArray[Any] = mixed ^ (mixed >> np.uint32(16))
    return found


def band_keys(tokens: Ragged, names: Sequence[str], config: DedupConfig, permutations: Permutations | None = None) -> NDArray[np.uint64]:
    """A 64-bit hash of each band of each row's signature, (bands, rows). A collision costs one needless verification."""
    factors = np.random.default_rng(0).integers(1, 2**63, size=config.rows, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.empty((config.bands, len(tokens.offsets) - 1), np.uint64)
    for rows, block in signatures(tokens, names, config, permutations):
        bands = block[:, : config.bands * config.rows].reshape(len(rows), config.bands, config.rows)
        keys[:, rows] = (bands.astype(np.uint64) * factors).sum(axis=2, dtype=np.uint64).T
    return keys


def equal_runs(keys: NDArray[Any]) -> Iterator[NDArray[np.intp]]:
    """Rows with equal keys as (groups, size) arrays, one for each size from 2 on; the rows of a group ascend."""
    # A stable sort takes twice as long; only the few rows that share a key have to be put in order.
    order = np.argsort(keys)
    sorted_keys = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]])) if len(keys) else np.empty(0, np.intp)
    sizes = np.diff(starts, append=len(keys))
    for size in np.unique(sizes[sizes > 1]).tolist():
        yield np.sort(order[starts[sizes == size][:, None] + np.arange(size)], axis=1)


def pairs_in(groups: NDArray[np.intp], reach: int | None = None) -> NDArray[np.int64]:
    """All pairs (left, right) within each row of `groups`, (pairs, 2); with `reach`, of members at most so many places apart."""
    far = groups.shape[1] - 1
    steps = range(1, (far if reach is None else min(reach, far)) + 1)
    return np.concatenate([np.stack([groups[:, :-step].ravel(), groups[:, step:].ravel()], axis=1) for step in steps])


def lsh_pairs(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
    """Pairs of rows that agree in a band, (pairs, 2) ascending, each once; and how many buckets were too large to be taken whole."""
    size = keys.shape[1]
    found = [np.empty(0, np.int64)]
    large = 0
    for band in keys:
        for groups in equal_runs(band):
            whole = groups.shape[1] <= BUCKET_LIMIT
            large += 0 if whole else len(groups)
            pairs = pairs_in(groups, None if whole else NEIGHBOURS)
            found.append(pairs[:, 0] * size + pairs[:, 1])
        # Most pairs agree in several bands: what is held stays near what is found.
        if sum(map(len, found)) > max(2 * len(found[0]), CODES_AT_ONCE):
            found = [np.unique(np.concatenate(found))]
    codes = np.unique(np.concatenate(found))
    return np.stack([codes // max(size, 1), codes % max(size, 1)], axis=1), large
