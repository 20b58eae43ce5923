"""Judges a pair of questions the way a careful reader does: stems by their content words, options as a set, answers by
their text; negation, numbers and names are never merged away. No similarity threshold separates duplicates from
look-alikes among questions (measured: F1 0.72 at best): the named rules of `SECTIONS` do, each by what it saw."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

from pipeline.common.grammar.passages import PASSAGE_WORDS
from pipeline.deduplicate.lexicon import (
    ARTICLES,
    ASKING,
    COMPARISONS,
    DIRECTIONS,
    EXTREMES,
    FILLER,
    GENERIC,
    LIMITS,
    NEGATIONS,
    OPPOSITES,
    SUPERLATIVES,
    SYNONYMS,
)
from pipeline.deduplicate.question import Prepared
from schemas.reasons import Relation


class Threshold(float):
    """A figure that decides: what it `bounds`, which values labelled pairs `bear` (dedup_quality --thresholds), and why it stands there."""

    bounds: str
    bear: str
    why: str

    def __new__(cls, value: float, bounds: str, bear: str = "", why: str = "by reading") -> Self:
        made = super().__new__(cls, value)
        made.bounds, made.bear, made.why = bounds, bear, why
        return made


class PairVerdict(NamedTuple):
    """Relation of two questions, Jaccard of their content words (0-1), the rule that decided, and what it saw."""

    relation: Relation
    similarity: float
    rule: str
    saw: str

    @property
    def why(self) -> str:
        """What tables and `mcq pairs` show: `all_equal: same stem, options and answer`."""
        return f"{self.rule}: {self.saw}"


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
    short, long = _bare(left), _bare(right)
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
def _bare(word: str) -> str:
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
    if any(_fixed(word) for word in a + b):
        return False
    # One lost, added or misread syllable in a long distractor.
    if len(a) + len(b) <= (shorter >= LOST_WORD) and len(slips) <= 1:
        return True
    return shorter >= REWORDED_WORDS and _alike(left, right, REWORDED_SHARE)


def _fixed(word: str) -> bool:
    """Words that always count: numbers, negations, signs, letters that stand for people or things."""
    lettered = len(word) == 1 or (len(word) == 2 and word[0] == "p") or word != word.lower()
    return lettered or not word[0].isalpha() or word in NEGATIONS


def _alike(left: tuple[str, ...], right: tuple[str, ...], needed: float) -> bool:
    """True where two options say one thing in other words, as far as their words show it."""
    common = set(left) & set(right)
    a, b = set(left) - common, set(right) - common
    if len(common) < needed * len(common | a | b) or any(map(_fixed, a | b)):
        return False
    return not (a & OPPOSITES and b & OPPOSITES)


def _moved(left: tuple[str, ...], right: tuple[str, ...], stem: Iterable[str]) -> bool:
    """True where `left` is `right` and words that stand in the other question's stem."""
    added = Counter(left) - Counter(right)
    return not Counter(right) - Counter(left) and len(right) * MOVED_WORDS >= added.total() and added.keys() <= {*stem} | ARTICLES


def _comparable(a: Prepared, b: Prepared) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Options of both: short where the lists are alike, else with the words that all of one list share."""
    mine, theirs = a.shared_words - b.shared_words, b.shared_words - a.shared_words
    # What all options of one share stands in the stem of the other, or it is no frame but part of the answer.
    parted = mine and theirs and mine.isdisjoint(b.stem) and theirs.isdisjoint(a.stem)
    # A slip in one option keeps what all share from being seen.
    whole = len({*a.full_options} & {*b.full_options}) > len({*a.options} & {*b.options})
    if len(a.options) != len(b.options) or len(a.options) < FEW_OPTIONS or parted or whole:
        return a.full_options, b.full_options
    return a.options, b.options


def _same_answer(a: Prepared, b: Prepared) -> bool:
    left, right = _comparable(a, b)
    mine, theirs = left[a.answer_index], right[b.answer_index]
    return (
        _same_option(mine, theirs, tolerant=False)
        or _same_option(a.full_options[a.answer_index], b.full_options[b.answer_index], tolerant=False)
        or _moved(mine, theirs, b.stem)
        or _moved(theirs, mine, a.stem)
    )


class Options(NamedTuple):
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


def _compare_options(a: Prepared, b: Prepared) -> Options:
    left, right = _comparable(a, b)
    answers = left[a.answer_index], right[b.answer_index]
    answer_same = _same_answer(a, b)
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
    return Options(total, longer, total == len(left) == len(right), answer_same, in_right, in_left, reworded)


def _common(left: Counter[str], right: Counter[str]) -> int:
    """Number of words that both bags hold."""
    return sum(min(count, right[word]) for word, count in left.items() if word in right)


def _jaccard(left: Counter[str], right: Counter[str]) -> float:
    common = _common(left, right)
    union = left.total() + right.total() - common
    return common / union if union else 1.0


def same_passage(a: Prepared, b: Prepared) -> bool:
    """True where both lean on one text that is long enough to be a passage."""
    if min(a.context.total(), b.context.total()) < PASSAGE_WORDS:
        return False
    return a.context_text == b.context_text or _jaccard(a.context, b.context) >= PASSAGE_SIMILARITY


class Stems(NamedTuple):
    """Content words of one stem only; the slips taken off them; and those of them that tell."""

    only_a: list[str]
    only_b: list[str]
    slips: list[tuple[str, str]]
    telling: tuple[list[str], list[str]]


class Comparison:
    """Two questions side by side: what the rules ask of a pair, found when first asked for."""

    def __init__(self, a: Prepared, b: Prepared) -> None:
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
    def stems(self) -> Stems:
        only_a, only_b, slips = _differences(self.a.content, self.b.content)
        return Stems(only_a, only_b, slips, _telling(only_a, only_b))

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
    def options(self) -> Options:
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
        return bool(self.a.page and self.b.page)


class Rule(NamedTuple):
    """Decides a pair of which it `holds` where none before it did. `saw` is the reason; `{:names}` stands for the names that differ."""

    name: str
    relation: Relation
    saw: str
    holds: Callable[[Comparison], bool] = lambda p: True


class Section(NamedTuple):
    """Rules for the pairs of which it `holds`, asked in order; a pair that none of them decides goes on to the next section."""

    when: str
    holds: Callable[[Comparison], bool]
    rules: tuple[Rule, ...]


EXACT, SAME, VARIANT, CONFLICT, RELATED, DIFFERENT = Relation

STEM_SHARE = Threshold(0.5, "share of the longer stem's content words in common, at least, where the answers differ", "up to 0.7")
FRAMED_WORDS = Threshold(3, "content words in common from which stems without a telling word are equal", "up to 7")


def _other_stem_and_answer(pair: Comparison) -> bool:
    """Cheap to see, and true of most candidates."""
    a, b = pair.a, pair.b
    near = pair.common >= STEM_SHARE * max(a.content.total(), b.content.total())
    return not near and (a.answer_words.isdisjoint(b.answer_words) or not _same_answer(a, b))


def _equal_stems(pair: Comparison) -> bool:
    """No telling word is left."""
    stems = pair.stems
    return not (stems.only_a or stems.only_b) or (pair.common >= FRAMED_WORDS and not any(stems.telling))


def _one_passage(pair: Comparison) -> bool:
    """Two stems on one text; equal ones are compared as any others."""
    if not pair.passage:
        return False
    return _other_stem_and_answer(pair) or any(section.holds(pair) for section in (NEGATED, NUMBERED, FORMULA)) or not _equal_stems(pair)


SAME_CONTENT = Rule("same_content", EXACT, "the same text, options and answer", lambda p: p.exact)
AT_SIGHT = Section(
    "at sight",
    lambda p: True,
    (
        SAME_CONTENT,
        Rule("one_passage", RELATED, "two questions on one passage", _one_passage),
        Rule("other_stem_and_answer", DIFFERENT, "other stem and other answer", _other_stem_and_answer),
    ),
)

LONG_OPTIONS = Threshold(3, "words an option that make options long", "3 to 3", "equal long options hardly meet by chance")
SIMILAR_STEMS = Threshold(0.6, "similarity of stems with a denied word for its opposite, or a misprint", "from 0.6")


def _opposite_denied(pair: Comparison) -> bool:
    """A word and the denial of its opposite were exchanged (slow, not yet fast)."""
    near = pair.exchanged > 0 and pair.similarity >= SIMILAR_STEMS
    return near and pair.option_words >= LONG_OPTIONS and pair.options.all_equal


NEGATED = Section(
    "one stem is negated",
    lambda p: p.a.negations != p.b.negations,
    (
        Rule("opposite_denied", VARIANT, "long options and answer equal: {:telling} in denial", _opposite_denied),
        Rule("one_negated", DIFFERENT, "one of the stems is negated"),
    ),
)

YEAR_DIGITS = 4
MISPRINT_OPTIONS = Threshold(4, "words an option beside a misprint", "from 3")


def _year_misprinted(pair: Comparison) -> bool:
    """Each stem has one number that the other hasn't, and these are one digit apart."""
    left, right = pair.numbers
    if len(left) != 1 or len(right) != 1 or pair.option_words < MISPRINT_OPTIONS or pair.similarity < SIMILAR_STEMS:
        return False
    (x,), (y,) = left, right
    return len(x) == len(y) == YEAR_DIGITS and sum(map(str.__ne__, x, y)) == 1 and pair.options.all_equal


NUMBERED = Section(
    "other numbers on both sides",
    lambda p: all(p.numbers),
    (
        Rule("year_misprinted", VARIANT, "long options and answer equal, {:numbers} look like a misprint", _year_misprinted),
        Rule("other_numbers", DIFFERENT, "other numbers in the stem"),
    ),
)

FORMULA = Section(
    "another formula",
    lambda p: p.a.formula != p.b.formula,
    (Rule("other_formula", DIFFERENT, "other signs in the formula"),),
)

OTHER_PASSAGE = Threshold(0.5, "Jaccard of the words of two passages that are two")
SHORT_STEM = Threshold(4, "content words under which a stem is short", "up to 6")


def _turned_round(pair: Comparison) -> bool:
    """Equal content words that say something else: in another order, or with a direction word exchanged."""
    a, b = pair.a, pair.b
    bare_a, bare_b = [_bare(word) for word in a.stem], [_bare(word) for word in b.stem]
    if Counter(bare_a) == Counter(bare_b):
        return bare_a != bare_b
    words_a, words_b = Counter(a.stem), Counter(b.stem)
    both = words_a.keys() & words_b.keys()
    if both & COMPARISONS and [word for word in a.stem if word in both] != [word for word in b.stem if word in both]:
        return True
    rubric = {"sau", "dưới", "trên"} if "đây" in words_a and "đây" in words_b else set()
    return bool((words_a - words_b).keys() & DIRECTIONS - rubric) and bool((words_b - words_a).keys() & DIRECTIONS - rubric)


def _one_letter_apart(pair: Comparison) -> bool:
    """A slip, but for marks alone: with another key two terms (abduction, adduction)."""
    return any(_bare(left) != _bare(right) for left, right in pair.stems.slips)


def _reordered(pair: Comparison) -> bool:
    """Equal words in another order where a comparison stands between them (farmed > caught, caught > farmed)."""
    a, b = pair.a.stem, pair.b.stem
    return a != b and Counter(a) == Counter(b) and not COMPARISONS.isdisjoint(a)


def _other_passage(pair: Comparison) -> bool:
    a, b = pair.a, pair.b
    return bool(a.context_text and b.context_text) and not pair.passage and _jaccard(a.context, b.context) < OTHER_PASSAGE


def _short_stem(pair: Comparison) -> bool:
    short = min(len(pair.a.content), len(pair.b.content)) < SHORT_STEM and pair.a.names.isdisjoint(pair.b.names)
    return short and pair.options.answer_same and pair.options.matched == 1


def _one_key_contradicts(pair: Comparison) -> bool:
    """The largest of three isn't the largest of four: nothing superlative may be asked."""
    return (pair.options.left_in_right or pair.options.right_in_left) and pair.options.all_but_one and not pair.superlative


# No telling word differs.
EQUAL_STEMS = Section(
    "equal stems",
    _equal_stems,
    (
        Rule("turned_round", DIFFERENT, "the same words, related the other way round", lambda p: p.options.other_key and _turned_round(p)),
        Rule("one_letter_apart", DIFFERENT, "stems one letter apart", lambda p: p.options.other_key and _one_letter_apart(p)),
        Rule("words_reordered", VARIANT, "the same words in another order", lambda p: _reordered(p) and p.options.all_equal),
        Rule("comparison_turned", DIFFERENT, "the same words in another order round a comparison", _reordered),
        Rule("other_passage", DIFFERENT, "one stem under different passages", lambda p: not p.options.all_equal and _other_passage(p)),
        Rule("slip_apart", SAME, "same stem, options and answer, a slip apart", lambda p: p.options.same and bool(p.stems.slips)),
        Rule("all_equal", SAME, "same stem, options and answer", lambda p: p.options.same),
        Rule("short_stem", RELATED, "a short stem and one option in common", _short_stem),
        Rule("same_stem_and_answer", VARIANT, "same stem and answer, other distractors", lambda p: p.options.answer_same),
        Rule("keys_contradict", CONFLICT, "same stem, and each key stands among the other's wrong options", lambda p: p.options.crossed),
        Rule("one_key_contradicts", CONFLICT, "same stem, and one key stands among the other's wrong options", _one_key_contradicts),
        Rule("key_reworded", VARIANT, "same stem and distractors, the answer in other words", lambda p: p.options.answer_reworded),
        Rule("other_options", RELATED, "one stem with other options"),
    ),
)

CONFLICT_ADDED = Threshold(2, "telling words, at most, by which stems under contradicting keys differ", "", "none may narrow the question")
CONFLICT_COMMON = Threshold(4, "content words in common, at least, of such stems", "up to 7")


def _keys_contradict_words_added(pair: Comparison) -> bool:
    """One stem has a word or two more, and none that narrows or turns the question."""
    a, b, added = pair.a, pair.b, pair.added
    if not (pair.options.crossed and pair.options.all_but_one) or len(added) > CONFLICT_ADDED or pair.common < CONFLICT_COMMON:
        return False
    if pair.superlative or any(map(_fixed, added)) or not (LIMITS | DIRECTIONS | COMPARISONS | a.names | b.names).isdisjoint(added):
        return False
    # Small words count here: one who gives (cho) is none who takes.
    one_sided = {*a.stem} - {*b.stem} <= ASKING or {*b.stem} - {*a.stem} <= ASKING
    return one_sided and not _turned_round(pair)


OTHER_KEYS = Section(
    "near stems, other keys",
    lambda p: p.options.other_key,
    (
        Rule(
            "keys_contradict_words_added",
            CONFLICT,
            "each key stands among the other's wrong options; only added: {:telling}",
            _keys_contradict_words_added,
        ),
        Rule("other_answer", DIFFERENT, "other stem and other answer"),
    ),
)

STATEMENT_ADDED = Threshold(1, "telling words, at most, that one of two statements has more", "up to 2")
STATEMENT_COMMON = Threshold(5, "content words in common, at least, of such statements")


def _statement_word_added(pair: Comparison) -> bool:
    return pair.exchanged == 0 and len(pair.added) <= STATEMENT_ADDED and pair.common >= STATEMENT_COMMON


STATEMENTS = Section(
    "near stems, equal keys: true or false",
    lambda p: p.a.boolean or p.b.boolean,
    (
        Rule("one_statement", DIFFERENT, "a statement to judge, and a question", lambda p: p.a.boolean != p.b.boolean),
        Rule("statement_word_added", SAME, "statements to judge; only added: {:telling}", _statement_word_added),
        Rule("other_statement", DIFFERENT, "statements to judge: every word counts"),
    ),
)

NAMES_COMMON = Threshold(3, "names in common for each exchanged one that make it one of a list", "up to 5")
NAMES_LIKENESS = Threshold(0.95, "likeness that makes an exchanged name one of a list", "from 0.8")
LETTERS_LIKENESS = Threshold(0.6, "likeness, at least, of cases whose people go by other letters")


def _other_names(pair: Comparison) -> bool:
    names = pair.names
    return all(names) and len(pair.a.names & pair.b.names) < NAMES_COMMON * min(map(len, names)) and pair.likeness < NAMES_LIKENESS


def _letters_exchanged(pair: Comparison) -> bool:
    left, right = pair.names
    letters = len(left) == len(right) and {*map(len, left | right)} == {1}
    return letters and pair.options.all_equal and pair.likeness >= LETTERS_LIKENESS


NAMES = Section(
    "near stems, equal keys: names exchanged",
    _other_names,
    (
        Rule("letters_exchanged", VARIANT, "same options and answer, letters as names exchanged", _letters_exchanged),
        Rule("other_names", DIFFERENT, "other names: {:names}"),
    ),
)

ADDED_COMMON = Threshold(2, "content words in common, at least, where words were added", "up to 2")
ADDED_LIKENESS = Threshold(0.45, "likeness, at least, of such stems where the options aren't all equal", "up to 0.5")
ADDED_SIMILARITY = Threshold(0.35, "similarity, at least, of such stems beside other distractors", "up to 0.45")
TWO_OPTIONS = Threshold(2, "options in common, the key among them, that show one question", "up to 2")
TELLING_KEY_COMMON = Threshold(3, "content words in common that are enough beside a key that says something", "up to 3")
TELLING_KEY_LIKENESS = Threshold(0.6, "likeness that is enough beside such a key", "up to 0.65")
NUMERIC_KEY_LIKENESS = Threshold(0.75, "likeness that is enough beside a number as key", "up to 0.75", "many questions share a number")
ANY_KEY_COMMON = Threshold(6, "content words in common that are enough beside any key")
ANY_KEY_LIKENESS = Threshold(0.5, "likeness that is enough beside any key", "up to 0.5")


def _much_added(pair: Comparison) -> bool:
    return pair.common < ADDED_COMMON or (pair.likeness < ADDED_LIKENESS and not pair.options.all_equal)


def _extreme_added(pair: Comparison) -> bool:
    """The largest of all isn't one of the large."""
    return pair.options.matched < TWO_OPTIONS and not EXTREMES.isdisjoint(pair.added)


def _words_added_other_distractors(pair: Comparison) -> bool:
    """More options than the key agree, or what one stem adds is little beside what both hold."""
    needed = NUMERIC_KEY_LIKENESS if pair.numeric else TELLING_KEY_LIKENESS
    return pair.similarity >= ADDED_SIMILARITY and (
        pair.options.matched >= TWO_OPTIONS
        or (pair.common >= TELLING_KEY_COMMON and pair.likeness >= needed and not pair.generic)
        or (pair.common >= ANY_KEY_COMMON and pair.likeness >= ANY_KEY_LIKENESS)
    )


# One stem holds all telling words of the other.
ADDED = Section(
    "near stems, equal keys: words added to one stem",
    lambda p: p.exchanged == 0,
    (
        Rule("much_added", DIFFERENT, "one stem says much more than the other", _much_added),
        Rule("words_added", SAME, "same options and answer; only added: {:telling}", lambda p: p.options.all_equal),
        Rule("extreme_added", DIFFERENT, "one stem asks for more: {:telling}", _extreme_added),
        Rule(
            "words_added_other_distractors",
            VARIANT,
            "same answer, other distractors; only added: {:telling}",
            _words_added_other_distractors,
        ),
        Rule("little_in_common", DIFFERENT, "little in common"),
    ),
)

FACTS = "in a case the exchanged words are facts"
TEMPLATES = "templates share all but the entity"
CASE_COMMON = Threshold(25, "content words in common that show a case", "from 20", FACTS)
REWORDED_COMMON = Threshold(3, "content words in common, at least, of stems over equal long options")
REWORDED_LIKENESS = Threshold(0.4, "likeness, at least, of stems over equal long options", "0.4 to 0.45")
REWORDED_LIKENESS_CASE = Threshold(0.7, "likeness, at least, of cases over equal long options", "0.5 to 0.8", FACTS)
REWORDED_COMMON_SHORT = Threshold(8, "content words in common, at least, of stems over equal short options")
REWORDED_LIKENESS_SHORT = Threshold(0.8, "likeness, at least, of stems over equal short options", "0.7 to 0.95", "they meet by chance")
WORD_LIKENESS = Threshold(0.9, "likeness that makes one exchanged word another wording", "up to 0.95", "one may be what is asked")
WORDS_LIKENESS = Threshold(0.6, "likeness that makes several exchanged words another wording", "0.5 to 0.6", "several are another wording")


def _stem_reworded(pair: Comparison) -> bool:
    """All options are equal, and much of the stem: the more the less the options say."""
    if pair.option_words < LONG_OPTIONS:
        common, likeness = REWORDED_COMMON_SHORT, REWORDED_LIKENESS_SHORT
    else:
        common, likeness = REWORDED_COMMON, REWORDED_LIKENESS_CASE if pair.common >= CASE_COMMON else REWORDED_LIKENESS
    return pair.options.all_equal and pair.common >= common and pair.likeness >= likeness


def _another_wording(pair: Comparison) -> bool:
    return pair.likeness >= WORD_LIKENESS or (pair.likeness >= WORDS_LIKENESS and pair.exchanged > 1)


MOST_EXCHANGED = Threshold(2, "telling words exchanged, at most, where distractors differ", "2 to 2")
COMMON_AN_EXCHANGED = Threshold(3, "content words in common for each exchanged one, where that allows more over long options", "up to 3")
THREE_OPTIONS = Threshold(3, "options in common, the key among them, that show one question over long options", "up to 3")
TWO_OPTIONS_LIKENESS = Threshold(0.85, "likeness that makes two options in common enough over long ones")
DISTRACTORS_COMMON_LONG = Threshold(4, "content words in common, at least, where long distractors differ", "up to 7")
DISTRACTORS_COMMON = Threshold(6, "content words in common, at least, where short distractors differ", "6 to 8")
DISTRACTORS_LIKENESS = Threshold(0.52, "likeness, at least, where distractors differ", "up to 0.57", TEMPLATES)
DISTRACTORS_LIKENESS_NUMERIC = Threshold(0.65, "likeness, at least, where distractors differ and a key is a number", "from 0.65", TEMPLATES)
LONG_STEM_COMMON = Threshold(20, "content words in common that show long stems", "20 to 24", TEMPLATES)
DISTRACTORS_LIKENESS_LONG = Threshold(0.7, "likeness, at least, of long stems where distractors differ", "from 0.65", TEMPLATES)
DISTRACTORS_LIKENESS_ATLAS = Threshold(0.75, "likeness, at least, of atlas questions where distractors differ", "from 0.75", TEMPLATES)
DISTRACTORS_LIKENESS_CASE = Threshold(0.8, "likeness, at least, of cases where distractors differ", "from 0.8", TEMPLATES)


def _distractors_reworded(pair: Comparison) -> bool:
    """The key and most distractors agree, and enough of the stem."""
    matched, common, exchanged = TWO_OPTIONS, DISTRACTORS_COMMON, float(MOST_EXCHANGED)
    if pair.option_words >= LONG_OPTIONS:
        matched = TWO_OPTIONS if pair.likeness >= TWO_OPTIONS_LIKENESS else THREE_OPTIONS
        common, exchanged = DISTRACTORS_COMMON_LONG, max(MOST_EXCHANGED, pair.common // COMMON_AN_EXCHANGED)
    if pair.options.matched < matched or pair.common < common or pair.exchanged > exchanged:
        return False
    if pair.common >= CASE_COMMON:
        return pair.likeness >= DISTRACTORS_LIKENESS_CASE
    if pair.atlas:
        return pair.likeness >= DISTRACTORS_LIKENESS_ATLAS
    if pair.common >= LONG_STEM_COMMON:
        return pair.likeness >= DISTRACTORS_LIKENESS_LONG
    return pair.likeness >= (DISTRACTORS_LIKENESS_NUMERIC if pair.numeric else DISTRACTORS_LIKENESS)


KEY_COMMON = Threshold(8, "content words in common, at least, where all distractors may differ", "up to 9")
KEY_LIKENESS = Threshold(0.73, "likeness, at least, where all distractors may differ", "up to 0.73", "35 of 38 such pairs, read, are one")


def _key_alone(pair: Comparison) -> bool:
    """A long stem with a word or two exchanged, and a key that says something."""
    telling = pair.options.answer_same and not pair.atlas and not pair.numeric and not pair.generic
    return telling and pair.exchanged <= MOST_EXCHANGED and pair.common >= KEY_COMMON and pair.likeness >= KEY_LIKENESS


EXCHANGED = Section(
    "near stems, equal keys: words exchanged",
    lambda p: True,
    (
        Rule("stem_reworded", SAME, "same options and answer, the stem reworded", lambda p: _stem_reworded(p) and _another_wording(p)),
        Rule("stem_maybe_reworded", VARIANT, "same options and answer, one word of the stem exchanged or much of it", _stem_reworded),
        Rule("distractors_reworded", VARIANT, "same answer, stem and distractors reworded", _distractors_reworded),
        Rule("key_alone", VARIANT, "same answer, other distractors, a word or two exchanged in a long stem", _key_alone),
        Rule("other_words", DIFFERENT, "other words in the stem: {:telling}"),
    ),
)


def _denial_or_name(pair: Comparison) -> bool:
    """The stems deny more or less often, or each holds a name that the other hasn't, be it a synonym or filler."""
    a, b, stems = pair.a, pair.b, pair.stems
    return a.denials != b.denials or not (a.names.isdisjoint(stems.only_a) or b.names.isdisjoint(stems.only_b))


# One denial more or less, or another name, is never the same, whatever else agrees.
DENIAL_OR_NAME = Rule("denial_or_name", VARIANT, "but a denial or a name differs", _denial_or_name)
SECTIONS = (AT_SIGHT, NEGATED, NUMBERED, FORMULA, EQUAL_STEMS, OTHER_KEYS, STATEMENTS, NAMES, ADDED, EXCHANGED)
LAST = Section("at last, where the pair would be `same`", lambda p: True, (DENIAL_OR_NAME,))
RULES = tuple(rule for section in (*SECTIONS, LAST) for rule in section.rules)


def judge_pair(a: Prepared, b: Prepared) -> PairVerdict:
    """The relation of two questions, by the first rule that holds. Symmetric."""
    pair = Comparison(a, b)
    rule = next(rule for section in SECTIONS if section.holds(pair) for rule in section.rules if rule.holds(pair))
    saw = rule.saw.format(pair)
    if rule.relation == SAME and DENIAL_OR_NAME.holds(pair):
        rule, saw = DENIAL_OR_NAME, f"{saw}, {DENIAL_OR_NAME.saw}"
    return PairVerdict(rule.relation, pair.similarity, rule.name, saw)
