"""MinHash (Broder 1997) and its LSH over many texts at once. The hash and the permutations are datasketch's, so are the
signatures; here each distinct token is permuted once, and rows, bands and buckets are numpy arrays instead of objects."""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha1
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.common.text import fold
from pipeline.deduplicate.lexicon import NORMAL, WORD
from schemas.config.dedup import DedupConfig

TEXT_CHUNK = 4096
ROW_CHUNK = 2048
# A bucket with more members comes from a template; each member then meets only its neighbours in it.
BUCKET_LIMIT = 100
NEIGHBOURS = 20
_END = "\0"
_WORD_OR_END = re.compile(f"{_END}|{WORD.pattern}")


class Vocabulary(dict[str, int]):
    """Word as written -> number of its normal form. Unseen words are added; 0 is the mark between two texts."""

    def __init__(self) -> None:
        super().__init__({_END: 0})
        self.normal = [_END]
        self._numbers = {_END: 0}

    def __missing__(self, word: str) -> int:
        number = self[word] = self.number(NORMAL[word])
        return number

    def number(self, normal: str) -> int:
        """The number of a normal form."""
        number = self._numbers.setdefault(normal, len(self.normal))
        if number == len(self.normal):
            self.normal.append(normal)
        return number


class Ragged(NamedTuple):
    """Rows of different lengths: row i is values[offsets[i]:offsets[i + 1]]. values (n,) int64, offsets (rows + 1,) int64."""

    values: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of every row."""
        return np.diff(self.offsets)

    @property
    def row_of_value(self) -> NDArray[np.int64]:
        """Row number of every value."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)

    def sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum of the values of every row; no row may be empty."""
        return np.add.reduceat(values, self.offsets[:-1]) if len(values) else values

    def bits(self, hashes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
        """A bit for each value of a row, by the value's hash, (rows, size / 64). No row may be empty."""
        places = (hashes >> np.uint64(32)) % np.uint64(size)
        table = np.zeros((len(hashes), size // 64), np.uint64)
        table[np.arange(len(hashes)), places // np.uint64(64)] = np.uint64(1) << (places % np.uint64(64))
        return np.bitwise_or.reduceat(table[self.values], self.offsets[:-1]) if len(self.values) else table[:0]

    def where(self, kept: NDArray[np.bool_]) -> "Ragged":
        """The rows with the values that a mask keeps."""
        return ragged(self.values[kept], np.bincount(self.row_of_value[kept], minlength=len(self.offsets) - 1))

    def beside(self, other: "Ragged") -> "Ragged":
        """Each row followed by the other's."""
        both = np.concatenate([self.row_of_value, other.row_of_value])
        return ragged(np.concatenate([self.values, other.values])[np.argsort(both, kind="stable")], self.lengths + other.lengths)


def ragged(values: NDArray[Any], lengths: NDArray[Any]) -> Ragged:
    """Ragged rows of these lengths, one behind the other."""
    return Ragged(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def tokenize(texts: Sequence[str], vocabulary: Vocabulary) -> Ragged:
    """Numbers of each text's words; a text without any is one token, its folded self."""
    parts = [np.empty(0, np.int64)]
    for start in range(0, len(texts), TEXT_CHUNK):
        chunk = [text if _END not in text else text.replace(_END, " ") for text in texts[start : start + TEXT_CHUNK]]
        found = _WORD_OR_END.findall(_END.join(chunk) + _END)
        parts.append(np.fromiter(map(vocabulary.__getitem__, found), np.int64, len(found)))
    flat = np.concatenate(parts)
    flat = flat[flat != vocabulary.number("")]  # marks that normalise to nothing
    lengths = np.diff(np.flatnonzero(flat == 0), prepend=-1) - 1
    tokens = ragged(flat[flat != 0], lengths)
    empty = np.flatnonzero(lengths == 0)
    if not len(empty):
        return tokens
    alone = [vocabulary.number(fold(texts[row])) for row in empty.tolist()]
    return ragged(np.insert(tokens.values, tokens.offsets[empty], alone), lengths + (lengths == 0))


def token_hashes(names: Sequence[str]) -> NDArray[np.uint64]:
    """The first 64 bits of each token's SHA-1; the lower 32 of them are datasketch's hash of it."""
    digests = b"".join([sha1(name.encode("utf-8", "surrogatepass")).digest()[:8] for name in names])
    return np.frombuffer(digests, "<u8")


def signatures(tokens: Ragged, names: Sequence[str], config: DedupConfig) -> Iterator[tuple[NDArray[np.intp], NDArray[Any]]]:
    """Row numbers and their signatures (rows, permutations), a block at a time; `names[value]` is the token that is hashed."""
    # Imported here: it brings scipy's integrators with it, half a second that the code location doesn't need.
    from datasketch import MinHash

    minhash = MinHash(num_perm=config.permutations, seed=config.seed)
    factors, offsets = minhash.permutations
    used, values = np.unique(tokens.values, return_inverse=True)
    hashes = token_hashes([names[i] for i in used.tolist()]).astype(factors.dtype)
    table = _mixed(hashes)[:, None] * factors + offsets  # wraps, as the affine permutations are meant to
    lengths = tokens.lengths
    # Rows of one length together: whole columns of tokens are then gathered and compared at once.
    for length in np.unique(lengths).tolist():
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), ROW_CHUNK):
            rows = same[start : start + ROW_CHUNK]
            block = np.tile(minhash.hashvalues, (len(rows), 1))
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


def band_keys(tokens: Ragged, names: Sequence[str], config: DedupConfig) -> NDArray[np.uint64]:
    """A 64-bit hash of each band of each row's signature, (bands, rows). A collision costs one needless verification."""
    factors = np.random.default_rng(0).integers(1, 2**63, size=config.rows, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.empty((config.bands, len(tokens.offsets) - 1), np.uint64)
    for rows, block in signatures(tokens, names, config):
        bands = block[:, : config.bands * config.rows].reshape(len(rows), config.bands, config.rows)
        keys[:, rows] = (bands.astype(np.uint64) * factors).sum(axis=2, dtype=np.uint64).T
    return keys


def equal_runs(keys: NDArray[Any]) -> Iterator[NDArray[np.intp]]:
    """Rows with equal keys as (groups, size) arrays, one for each size from 2 on; the rows of a group ascend."""
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]])) if len(keys) else np.empty(0, np.intp)
    sizes = np.diff(starts, append=len(keys))
    for size in np.unique(sizes[sizes > 1]).tolist():
        yield order[starts[sizes == size][:, None] + np.arange(size)]


def pairs_in(groups: NDArray[np.intp], reach: int | None = None) -> NDArray[np.int64]:
    """All pairs (left, right) within each row of `groups`, (pairs, 2); with `reach`, of members at most so many places apart."""
    far = groups.shape[1] - 1
    steps = range(1, (far if reach is None else min(reach, far)) + 1)
    return np.concatenate([np.stack([groups[:, :-step].ravel(), groups[:, step:].ravel()], axis=1) for step in steps])


def lsh_pairs(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
    """Pairs of rows that agree in a band, (pairs, 2) ascending, each once; and how many buckets were too large to be taken whole."""
    size = keys.shape[1]
    codes = np.empty(0, np.int64)
    large = 0
    for band in keys:
        found = [codes]
        for groups in equal_runs(band):
            whole = groups.shape[1] <= BUCKET_LIMIT
            large += 0 if whole else len(groups)
            pairs = pairs_in(groups, None if whole else NEIGHBOURS)
            found.append(pairs[:, 0] * size + pairs[:, 1])
        codes = np.unique(np.concatenate(found))
    return np.stack([codes // max(size, 1), codes % max(size, 1)], axis=1), large
