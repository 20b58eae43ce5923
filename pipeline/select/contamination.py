"""Word n-grams that a question shares with a benchmark (Brown et al. 2020, 13 words). A shared n-gram only flags: on exam questions
two of three are formulas of the trade or a common table, so what removes is the judged pair (see select)."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.common.grammar.stems import RUBRIC
from pipeline.common.ragged import Ragged, ragged
from pipeline.common.tokens import Vocabulary
from schemas.tables.arrow import to_table
from schemas.tables.curation import Question

NGRAM_WORDS = 13
_WORD = re.compile(r"\w+|\0")
# An n-gram that more benchmark questions hold is a formula of the trade; it names the first of them.
HOLDERS = 20


def shared_ngrams(questions: pd.DataFrame, words: int = NGRAM_WORDS) -> pd.DataFrame:
    """One row for each training and benchmark question that share an n-gram: record_id, benchmark_id, shared (number of n-grams).

    Takes Question rows of all roles. The text is the stem without its rubric, then the options in alphabetical order; a passage
    (`context`) isn't looked at. Words are compared by their normal form. Rows ascend by record_id, the most shared first; no
    benchmark gives no rows. 45,000 questions against 5,000 take about a second.
    """
    table = to_table(questions, Question).select(["record_id", "role", "stem", "options"])
    of_benchmark = np.array([role == "benchmark" for role in table["role"].to_pylist()], bool)
    if of_benchmark.all() or not of_benchmark.any():
        return _frame([], [], [])
    texts = (
        "\n".join([_asked(stem), *sorted(options)])
        for stem, options in zip(table["stem"].to_pylist(), table["options"].to_pylist(), strict=True)
    )
    keys, rows = _windows(_tokens(texts), words)
    theirs, mine = of_benchmark[rows], ~of_benchmark[rows]
    held = np.unique(np.stack([keys[theirs], rows[theirs].astype(np.uint64)], axis=1), axis=0)
    known, starts, counts = np.unique(held[:, 0], return_index=True, return_counts=True)
    counts = np.minimum(counts, HOLDERS)
    place = np.searchsorted(known, keys[mine])
    hit = place < len(known)
    hit[hit] = known[place[hit]] == keys[mine][hit]
    found, place = rows[mine][hit], place[hit]
    # Every holder of every n-gram that was met.
    steps = np.arange(counts[place].sum()) - np.repeat(np.cumsum(counts[place]) - counts[place], counts[place])
    holder = held[np.repeat(starts[place], counts[place]) + steps, 1].astype(np.int64)
    pairs, shared = np.unique(np.stack([np.repeat(found, counts[place]), holder], axis=1), axis=0, return_counts=True)
    names = np.array(table["record_id"].to_pylist(), object)
    left, right = (names[pairs[:, side]].tolist() for side in (0, 1))
    order = sorted(range(len(left)), key=lambda i: (left[i], -shared[i], right[i]))
    return _frame([left[i] for i in order], [right[i] for i in order], [int(shared[i]) for i in order])


def most_shared(questions: pd.DataFrame) -> dict[str, str]:
    """record_id -> the benchmark record that it shares most 13-grams with, the smallest id where several do."""
    found = shared_ngrams(questions).drop_duplicates("record_id")
    return dict(zip(found["record_id"], found["benchmark_id"], strict=True))


def _frame(left: list[str], right: list[str], shared: list[int]) -> pd.DataFrame:
    columns = {
        "record_id": pa.array(left, pa.string()),
        "benchmark_id": pa.array(right, pa.string()),
        "shared": pa.array(shared, pa.int64()),
    }
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _asked(stem: str) -> str:
    rubric = RUBRIC.match(stem)
    return stem[rubric.end() :] if rubric else stem


def _tokens(texts: Iterable[str]) -> Ragged:
    """Numbers of the words of each text; simpler words than those of judging, because speed counts and formulas don't."""
    vocabulary = Vocabulary()
    found = _WORD.findall("\0".join(text.replace("\0", " ") for text in texts) + "\0")
    flat = np.fromiter(map(vocabulary.__getitem__, found), np.int64, len(found))
    return ragged(flat[flat != 0], np.diff(np.flatnonzero(flat == 0), prepend=-1) - 1)


def _windows(tokens: Ragged, words: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A 64-bit hash of every n-gram of every row, and its row."""
    count = max(len(tokens.values) - words + 1, 0)
    rows = tokens.row_of_value
    inside = rows[:count] == rows[words - 1 :] if count else np.zeros(0, bool)
    rng = np.random.default_rng(0)
    mixed = rng.integers(1, 2**63, size=int(tokens.values.max(initial=0)) + 1, dtype=np.uint64)[tokens.values]
    turns = rng.integers(1, 2**63, size=words, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.zeros(count, np.uint64)
    for step, turn in enumerate(turns):
        keys += mixed[step : step + count] * turn
    return keys[inside], rows[:count][inside]
