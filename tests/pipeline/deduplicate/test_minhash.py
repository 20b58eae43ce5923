"""MinHash over many rows at once: datasketch's signatures, found by numpy; and the pairs that LSH proposes."""

from itertools import combinations

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.ragged import ragged
from pipeline.common.text import fold
from pipeline.common.tokens import Vocabulary, tokenize
from pipeline.common.words import words
from pipeline.deduplicate.minhash import BUCKET_LIMIT, NEIGHBOURS, band_keys, lsh_pairs, signatures
from schemas.config.dedup import DedupConfig

CONFIG = DedupConfig()


def rows_of(sets):
    names = sorted({token for tokens in sets for token in tokens})
    values = [names.index(token) for tokens in sets for token in sorted(tokens)]
    return ragged(np.array(values, np.int64), np.array([len(tokens) for tokens in sets], np.int64)), names


def matrix(sets):
    found = np.empty((len(sets), CONFIG.permutations), np.int64)
    for rows, block in signatures(*rows_of(sets), CONFIG):
        found[rows] = block
    return found


def by_datasketch(tokens):
    minhash = MinHash(num_perm=CONFIG.permutations, seed=CONFIG.seed)
    minhash.update_batch([token.encode("utf-8", "surrogatepass") for token in tokens])
    return minhash


SETS = st.lists(st.sets(st.text(max_size=6), max_size=12), max_size=8)


@given(SETS)
def test_signatures_are_those_of_datasketch(sets):
    assert matrix(sets).tolist() == [by_datasketch(tokens).hashvalues.tolist() for tokens in sets]


def test_signatures_estimate_jaccard_similarity():
    common = {f"w{i}" for i in range(60)}
    left, right = matrix([common | {f"a{i}" for i in range(20)}, common | {f"b{i}" for i in range(20)}])
    assert (left == right).mean() == pytest.approx(0.6, abs=0.1)


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=12))
def test_pairs_are_those_of_datasketchs_lsh(sets):
    lsh = MinHashLSH(num_perm=CONFIG.permutations, params=(CONFIG.bands, CONFIG.rows))
    hashed = [by_datasketch(tokens) for tokens in sets]
    for row, minhash in enumerate(hashed):
        lsh.insert(row, minhash)
    expected = sorted({(min(a, b), max(a, b)) for a, minhash in enumerate(hashed) for b in lsh.query(minhash) if a != b})
    found, large = lsh_pairs(band_keys(*rows_of(sets), CONFIG))
    assert [tuple(pair) for pair in found.tolist()] == expected
    assert large == 0


@pytest.mark.parametrize(("size", "whole"), [(BUCKET_LIMIT, True), (BUCKET_LIMIT + 1, False)])
def test_a_large_bucket_gives_each_member_its_neighbours_alone(size, whole):
    found, large = lsh_pairs(np.zeros((1, size), np.uint64))
    assert large == (0 if whole else 1)
    expected = [pair for pair in combinations(range(size), 2) if whole or pair[1] - pair[0] <= NEIGHBOURS]
    assert [tuple(pair) for pair in found.tolist()] == expected


@given(st.lists(st.text(alphabet="aA1 .,?+-\n\0Đđé²", max_size=20), max_size=6))
def test_tokens_are_the_words_of_each_text(texts):
    vocabulary = Vocabulary()
    tokens = tokenize(texts, vocabulary)
    for i, text in enumerate(texts):
        row = [vocabulary.normal[n] for n in tokens.values[tokens.offsets[i] : tokens.offsets[i + 1]]]
        plain = text.replace("\0", " ")
        assert row == (words(plain) or [fold(text)])


def test_rows_side_by_side_and_masked():
    left, right = ragged(np.array([1, 2, 3]), np.array([2, 0, 1])), ragged(np.array([7, 8]), np.array([0, 1, 1]))
    both = left.beside(right)
    assert (both.values.tolist(), both.lengths.tolist()) == ([1, 2, 7, 3, 8], [2, 1, 2])
    odd = both.where(both.values % 2 == 1)
    assert (odd.values.tolist(), odd.lengths.tolist()) == ([1, 7, 3], [1, 1, 1])
