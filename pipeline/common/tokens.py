"""The words of many texts as numbers."""

import re
from collections.abc import Sequence

import numpy as np

from pipeline.common.ragged import Ragged, ragged
from pipeline.common.text import fold
from pipeline.common.words import NORMAL, WORD

_END = "\0"
TEXT_CHUNK = 4096
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
