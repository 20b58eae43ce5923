"""Passages that several questions of one file open with: found by repetition, so that the question alone is the stem."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

from pipeline.common.text import fold

# A shorter opening ("Cho bảng số liệu:") is part of the question, a shorter context ("Mark the letter A, B, C, or D ...") a rubric
# that many questions share and none leans on.
PASSAGE_WORDS = 60
MAX_LINES = 200


def passage_ends(stems: Sequence[str]) -> list[int]:
    """Where each stem's shared passage ends, in characters; 0 where it opens with none.

    A passage is the longest run of whole lines, of at least 60 words, that two stems begin with and that different questions follow.

    >>> text = "word " * 60
    >>> passage_ends([f"{text}\\nWho won?", f"{text}\\nWho lost?", f"{text} and more\\nWho?", "Why?"])
    [300, 300, 0, 0]
    """
    openings = [_openings(stem) if "\n" in stem and len(stem) > 2 * PASSAGE_WORDS else [] for stem in stems]
    counts = Counter(chain.from_iterable(openings))
    followed: defaultdict[str, set[str]] = defaultdict(set)
    for stem, found in zip(stems, openings, strict=True):
        for opening in found:
            if counts[opening] > 1:
                followed[opening].add(fold(stem[len(opening) :]))
    return [max((len(opening) for opening in found if len(followed[opening] - {""}) > 1), default=0) for found in openings]


def _openings(stem: str) -> list[str]:
    lines = stem.split("\n")[:MAX_LINES]
    found, length, words = [], 0, 0
    for line in lines[:-1]:
        length += len(line) + 1
        words += len(line.split())
        if words >= PASSAGE_WORDS and stem[length:].strip():
            found.append(stem[: length - 1])
    return found
