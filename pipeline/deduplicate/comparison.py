"""Two questions side by side, as `rules` ask of them: stems by their content words, options as a set, answers by their text, with what
a scan or a typo may change forgiven; negation, numbers and names always count."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

from pipeline.common.grammar.passages import PASSAGE_WORDS
from pipeline.deduplicate.lexicon import (
    ARTICLES,
    COMPARISONS,
    FILLER,
    GENERIC,
    NEGATIONS,
    OPPOSITES,
    SUPERLATIVES,
    SYNONYMS,
)
from pipeline.deduplicate.question import ComparableQuestion


class Threshold(float):
    """A figure that decides: what it `bounds`, which values labelled pairs `bear` (dedup_quality --thresholds), and why it stands there."""

    bounds: str
    bear: str
    why: str

    def __new__(cls, value: float, bounds: str, bear: str = "", why: str = "by reading") -> Self:
        made = super().__new__(cls, value)
        made.bounds, made.bear, made.why = bounds, bear, why
        return made


SLIP_LETTERS = Threshold(4, "letters of a word of which a slip may change one", "up to 4")
FIRST_LETTER = Threshold(6, "letters of a word of which a slip may change the first", "from 5", "công and nông are two syllables")
WORDS_A_SLIP = Threshold(6, "words for each slip forgiven; one in any text, two from here on", "up to 7", "scans of one exam differ so")
PASSAGE_SIMILARITY = Threshold(0.7, "Jaccard of the words of two passages that are one")
FEW_OPTIONS = Threshold(3, "options below which the words that all of them share are compared too", "up to 4")
REORDERED_WORDS = Threshold(4, "words of an option that may stand in another order")
SLIP_WORDS = Threshold(3, "words of a distractor in which a slip is forgiven", "up to 4", "a scan misreads a syllable")
LOST_WORD = Threshold(4, "words of a distractor of which one may be lost", "up to 4", "a scan loses a syllable")
OTHER_WORDS = Threshold(0.4, "share of words that differ, at most, for distractors to differ by slips", "from 0.25")
REWORDED_WORDS = Threshold(6, "words of a distractor that may be said in other words", "6 to 6")
REWORDED_SHARE = Threshold(0.7, "share of words, at least, that such a distractor keeps", "0.5 to 0.75")
KEY_SHARE = Threshold(0.5, "share of words, at least, that a reworded key keeps where the distractors agree", "0.45 to 0.5")
KEY_SHARE_BUT_ONE = Threshold(0.6, "share of words, at least, that a reworded key keeps where one distractor differs", "0.45 to 0.6")
MOVED_WORDS = Threshold(2, "words of a key that stand in the other stem instead, for each that stays, at most")


def _slip(left: str, right: str) -> bool:
    """True where two words differ as a scan or a typo makes them differ: by marks alone, or by one letter of four and more."""
    # Words are NFC, so taking marks off changes no length.
    if abs(len(left) - len(right)) > 1 or left[0].isdigit() or right[0].isdigit():
        return False
    short, long = without_marks(left), without_marks(right)
    if short == long:
        return len(short) >= 2
    if min(len(short), len(long)) < SLIP_LETTERS:
        return False
    if len(short) > len(long):
        short, long = long, short
    at = next((i for i, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if at == 0 and len(short) < FIRST_LETTER:
        return False
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


@lru_cache(maxsize=1 << 17)
def without_marks(word: str) -> str:
    """The word without tone marks and other diacritics: `đường` is `duong`."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).replace("đ", "d")


def _only(left: Counter[str], right: Counter[str]) -> list[str]:
    """Words that stand more often in the left bag, each as often as it does."""
    return [word for word, count in left.items() for _ in range(count - right.get(word, 0))]


def _differences(left: Counter[str], right: Counter[str]) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Words only left, only right, and the slips that were forgiven (at most one in six words)."""
    only_left, only_right = _only(left, right), _only(right, left)
    shorter = min(left.total(), right.total())
    # Where half of the words differ, they don't differ by slips.
    allowed = max(1 + (shorter >= WORDS_A_SLIP), shorter // WORDS_A_SLIP) if 2 * min(len(only_left), len(only_right)) <= shorter else 0
    slips: list[tuple[str, str]] = []
    for word in list(only_left):
        if len(slips) == allowed:
            break
        near = (other for other in only_right if -2 < len(word) - len(other) < 2 and _slip(word, other))
        if match := next(near, None):
            only_left.remove(word)
            only_right.remove(match)
            slips.append((word, match))
    return only_left, only_right, slips


def _telling(only_left: Iterable[str], only_right: Iterable[str]) -> tuple[list[str], list[str]]:
    """The differing words of two stems that could make them two questions: without synonyms of each other and filler."""
    left, right = list(only_left), list(only_right)
    if left and right:
        for mine, theirs in (pair for word in {*left} for pair in SYNONYMS.get(word, ())):
            if mine <= {*left} and theirs <= {*right}:
                left, right = [word for word in left if word not in mine], [word for word in right if word not in theirs]
    return [word for word in left if word not in FILLER], [word for word in right if word not in FILLER]


def _same_option(left: tuple[str, ...], right: tuple[str, ...], tolerant: bool) -> bool:
    if left == right or (len(left) >= REORDERED_WORDS and sorted(left) == sorted(right) and COMPARISONS.isdisjoint(left)):
        return True
    shorter = min(len(left), len(right))
    if not tolerant or shorter < SLIP_WORDS:
        return False
    if len(set(left) ^ set(right)) > OTHER_WORDS * (len(left) + len(right)):
        return False
    a, b, slips = _differences(Counter(left), Counter(right))
    if any(always_counts(word) for word in a + b):
        return False
    # One lost, added or misread syllable in a long distractor.
    if len(a) + len(b) <= (shorter >= LOST_WORD) and len(slips) <= 1:
        return True
    return shorter >= REWORDED_WORDS and _alike(left, right, REWORDED_SHARE)


def always_counts(word: str) -> bool:
    """Words that always count: numbers, negations, signs, letters that stand for people or things."""
    lettered = len(word) == 1 or (len(word) == 2 and word[0] == "p") or word != word.lower()
    return lettered or not word[0].isalpha() or word in NEGATIONS


def _alike(left: tuple[str, ...], right: tuple[str, ...], needed: float) -> bool:
    """True where two options say one thing in other words, as far as their words show it."""
    common = set(left) & set(right)
    a, b = set(left) - common, set(right) - common
    if len(common) < needed * len(common | a | b) or any(map(always_counts, a | b)):
        return False
    return not (a & OPPOSITES and b & OPPOSITES)


def _moved(left: tuple[str, ...], right: tuple[str, ...], stem: Iterable[str]) -> bool:
    """True where `left` is `right` and words that stand in the other question's stem."""
    added = Counter(left) - Counter(right)
    return not Counter(right) - Counter(left) and len(right) * MOVED_WORDS >= added.total() and added.keys() <= {*stem} | ARTICLES


def _comparable(a: ComparableQuestion, b: ComparableQuestion) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Options of both: short where the lists are alike, else with the words that all of one list share."""
    mine, theirs = a.shared_words - b.shared_words, b.shared_words - a.shared_words
    # What all options of one share stands in the stem of the other, or it is no frame but part of the answer.
    parted = mine and theirs and mine.isdisjoint(b.stem) and theirs.isdisjoint(a.stem)
    # A slip in one option keeps what all share from being seen.
    whole = len({*a.full_options} & {*b.full_options}) > len({*a.options} & {*b.options})
    if len(a.options) != len(b.options) or len(a.options) < FEW_OPTIONS or parted or whole:
        return a.full_options, b.full_options
    return a.options, b.options


def same_answer(a: ComparableQuestion, b: ComparableQuestion) -> bool:
    """True where the keys are one option, whichever words moved between it and the stem. Symmetric."""
    left, right = _comparable(a, b)
    mine, theirs = left[a.answer_index], right[b.answer_index]
    return (
        _same_option(mine, theirs, tolerant=False)
        or _same_option(a.full_options[a.answer_index], b.full_options[b.answer_index], tolerant=False)
        or _moved(mine, theirs, b.stem)
        or _moved(theirs, mine, a.stem)
    )


class OptionMatch(NamedTuple):
    """How many options of the longer list agree, the key among them; whether all do, and where each key stands in the other list."""

    matched: int
    longer: int
    all_equal: bool
    answer_same: bool
    left_in_right: bool
    right_in_left: bool
    answer_reworded: bool

    @property
    def all_but_one(self) -> bool:
        return self.matched >= self.longer - 1

    @property
    def same(self) -> bool:
        return self.all_equal and self.answer_same

    @property
    def other_key(self) -> bool:
        return not self.answer_same and not self.answer_reworded

    @property
    def crossed(self) -> bool:
        return self.left_in_right and self.right_in_left


def _compare_options(a: ComparableQuestion, b: ComparableQuestion) -> OptionMatch:
    left, right = _comparable(a, b)
    answers = left[a.answer_index], right[b.answer_index]
    answer_same = same_answer(a, b)
    free = [i for i in range(len(right)) if i != b.answer_index]
    lone = []
    for i, option in enumerate(left):
        if i != a.answer_index:
            if (found := next((j for j in free if _same_option(option, right[j], tolerant=True)), None)) is not None:
                free.remove(found)
            else:
                lone.append(i)
    matched = len(left) - 1 - len(lone)
    unmatched = max(len(lone), len(free))
    needed = KEY_SHARE if unmatched == 0 else KEY_SHARE_BUT_ONE if unmatched == 1 else 1.0
    in_right = any(_same_option(answers[0], option, tolerant=False) for option in right)
    in_left = any(_same_option(answers[1], option, tolerant=False) for option in left)
    reworded = not answer_same and not in_right and not in_left and _alike(*answers, needed)
    if not answer_same and not reworded:
        rest = [j for j, y in enumerate(right) if not any(_same_option(x, y, tolerant=False) for x in left)]
        lone = [i for i, x in enumerate(left) if not any(_same_option(x, y, tolerant=False) for y in right)]
        matched = len(left) - len(lone)
        # All but one option agree, and the last ones say the same in other words.
        if len(lone) == len(rest) == 1 and _alike(left[lone[0]], right[rest[0]], KEY_SHARE_BUT_ONE):
            matched, in_right, in_left = len(left), True, True
    total = matched + answer_same
    longer = max(len(left), len(right))
    return OptionMatch(total, longer, total == len(left) == len(right), answer_same, in_right, in_left, reworded)


def _common(left: Counter[str], right: Counter[str]) -> int:
    """Number of words that both bags hold."""
    return sum(min(count, right[word]) for word, count in left.items() if word in right)


def jaccard(left: Counter[str], right: Counter[str]) -> float:
    """Words in common over all words, each as often as it stands, 0-1; two empty bags are alike (1.0)."""
    common = _common(left, right)
    union = left.total() + right.total() - common
    return common / union if union else 1.0


def same_passage(a: ComparableQuestion, b: ComparableQuestion) -> bool:
    """True where both lean on one text that is long enough to be a passage."""
    if min(a.context.total(), b.context.total()) < PASSAGE_WORDS:
        return False
    return a.context_text == b.context_text or jaccard(a.context, b.context) >= PASSAGE_SIMILARITY


class StemDifference(NamedTuple):
    """Content words of one stem only; the slips taken off them; and those of them that tell."""

    only_a: list[str]
    only_b: list[str]
    slips: list[tuple[str, str]]
    telling: tuple[list[str], list[str]]


class Comparison:
    """Two questions side by side: what the rules ask of a pair, found when first asked for."""

    def __init__(self, a: ComparableQuestion, b: ComparableQuestion) -> None:
        self.a, self.b = a, b
        self.exact = a.content_id is not None and a.content_id == b.content_id
        self.common = _common(a.content, b.content)
        union = a.content.total() + b.content.total() - self.common
        self.similarity = 1.0 if self.exact or not union else round(self.common / union, 3)

    def __format__(self, what: str) -> str:
        """The `telling` words, `names` or `numbers` that differ, as the stems write them."""
        sides = zip((self.a, self.b), getattr(self, what), strict=True)
        return " and ".join(question.show(words) for question, words in sides if words)

    @property
    def passage(self) -> bool:
        return same_passage(self.a, self.b)

    @cached_property
    def stems(self) -> StemDifference:
        only_a, only_b, slips = _differences(self.a.content, self.b.content)
        return StemDifference(only_a, only_b, slips, _telling(only_a, only_b))

    @property
    def telling(self) -> tuple[list[str], list[str]]:
        """Words of one stem only that could make two questions: no slip, synonym or filler."""
        return self.stems.telling

    @property
    def added(self) -> list[str]:
        return [*self.telling[0], *self.telling[1]]

    @property
    def exchanged(self) -> int:
        """Telling words that stand for others."""
        return min(map(len, self.telling))

    @cached_property
    def likeness(self) -> float:
        """Share of content words in common, slips, synonyms and filler forgiven (0-1)."""
        return self.common / max(1, self.common + len(self.added))

    @property
    def numbers(self) -> tuple[set[str], set[str]]:
        """Numbers of one stem only."""
        return self.a.numbers - self.b.numbers, self.b.numbers - self.a.numbers

    @property
    def names(self) -> tuple[set[str], set[str]]:
        """Names among the telling words."""
        return self.a.names & {*self.telling[0]}, self.b.names & {*self.telling[1]}

    @property
    def superlative(self) -> bool:
        return not SUPERLATIVES.isdisjoint((*self.a.stem, *self.b.stem))

    @cached_property
    def options(self) -> OptionMatch:
        return _compare_options(self.a, self.b)

    @property
    def option_words(self) -> float:
        """Words an option of the question with the shorter ones, on average; without those that all of a list share."""
        return min(self.a.option_length, self.b.option_length)

    @property
    def numeric(self) -> bool:
        return self.a.numeric or self.b.numeric

    @property
    def generic(self) -> bool:
        """The answer says nothing by itself ("all of the above")."""
        return GENERIC.issuperset(self.a.full_options[self.a.answer_index])

    @property
    def atlas(self) -> bool:
        return bool(self.a.atlas_page and self.b.atlas_page)
