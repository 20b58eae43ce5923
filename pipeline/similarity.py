"""Judges a pair of questions the way a careful reader does: stems by their content words, options as a set, answers by
their text; negation, numbers and names are never merged away. No similarity threshold separates duplicates from
look-alikes among questions (measured: F1 0.72 at best), so each rule below names what it saw."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.passages import PASSAGE_WORDS
from pipeline.prepared import Prepared
from pipeline.wording import (
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
from schemas.reasons import Relation

OTHER_STEM_AND_ANSWER = "other stem and other answer"
PASSAGE_SIMILARITY = 0.7


class Verdict(NamedTuple):
    """Relation of two questions, Jaccard of their content words (0-1), and the reason in words."""

    relation: Relation
    similarity: float
    why: str


def _slip(left: str, right: str) -> bool:
    """True where two words differ as a scan or a typo makes them differ: by marks alone, or by one letter of four and more."""
    # Words are NFC, so taking marks off changes no length.
    if abs(len(left) - len(right)) > 1 or left[0].isdigit() or right[0].isdigit():
        return False
    short, long = _bare(left), _bare(right)
    if short == long:
        return len(short) >= 2
    if min(len(short), len(long)) < 4:
        return False
    if len(short) > len(long):
        short, long = long, short
    at = next((i for i, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    # Vietnamese syllables with another first letter are other syllables (công, nông).
    if at == 0 and len(short) < 6:
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
    allowed = max(1 + (shorter >= 6), shorter // 6) if 2 * min(len(only_left), len(only_right)) <= shorter else 0
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
    if left == right or (len(left) > 3 and sorted(left) == sorted(right) and COMPARISONS.isdisjoint(left)):
        return True
    if not tolerant or min(len(left), len(right)) < 3:
        return False
    if len(set(left) ^ set(right)) > 0.4 * (len(left) + len(right)):
        return False
    a, b, slips = _differences(Counter(left), Counter(right))
    if any(_fixed(word) for word in a + b):
        return False
    # One lost, added or misread syllable in a long distractor.
    if len(a) + len(b) <= (1 if min(len(left), len(right)) >= 4 else 0) and len(slips) <= 1:
        return True
    return min(len(left), len(right)) >= 6 and _alike(left, right, 0.7)


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
    return not Counter(right) - Counter(left) and len(right) * 2 >= added.total() and added.keys() <= {*stem} | ARTICLES


def _comparable(a: Prepared, b: Prepared) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Options of both: short where the lists are alike, else with the words that all of one list share."""
    mine, theirs = a.shared_words - b.shared_words, b.shared_words - a.shared_words
    # What all options of one share stands in the stem of the other, or it is no frame but part of the answer.
    parted = mine and theirs and mine.isdisjoint(b.stem) and theirs.isdisjoint(a.stem)
    # A slip in one option keeps what all share from being seen.
    whole = len({*a.full_options} & {*b.full_options}) > len({*a.options} & {*b.options})
    if len(a.options) != len(b.options) or len(a.options) < 3 or parted or whole:
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


class _Options(NamedTuple):
    matched: int
    all_equal: bool
    answer_same: bool
    left_in_right: bool
    right_in_left: bool
    answer_reworded: bool


def _compare_options(a: Prepared, b: Prepared) -> _Options:
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
    needed = 0.5 if not lone and not free else 0.6 if max(len(lone), len(free)) == 1 else 1.0
    in_right = any(_same_option(answers[0], option, tolerant=False) for option in right)
    in_left = any(_same_option(answers[1], option, tolerant=False) for option in left)
    reworded = not answer_same and not in_right and not in_left and _alike(*answers, needed)
    if not answer_same and not reworded:
        rest = [j for j, y in enumerate(right) if not any(_same_option(x, y, tolerant=False) for x in left)]
        lone = [i for i, x in enumerate(left) if not any(_same_option(x, y, tolerant=False) for y in right)]
        matched = len(left) - len(lone)
        # All but one option agree, and the last ones say the same in other words.
        if len(lone) == len(rest) == 1 and _alike(left[lone[0]], right[rest[0]], 0.6):
            matched, in_right, in_left = len(left), True, True
    total = matched + answer_same
    return _Options(total, total == len(left) == len(right), answer_same, in_right, in_left, reworded)


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


def judge(a: Prepared, b: Prepared) -> Verdict:
    """The relation of two questions. Symmetric. One denial more or less, or another name, is never the same."""
    common = _common(a.content, b.content)
    longer = max(a.content.total(), b.content.total())
    union = a.content.total() + b.content.total() - common
    similarity = round(common / union, 3) if union else 1.0
    if a.content_id is not None and a.content_id == b.content_id:
        return Verdict(Relation.EXACT, 1.0, "the same text, options and answer")
    passage = same_passage(a, b)
    apart = Verdict(Relation.RELATED, similarity, "two questions on one passage") if passage else None
    if 2 * common < longer and (a.answer_words.isdisjoint(b.answer_words) or not _same_answer(a, b)):
        # Cheap, and true for most candidates.
        return apart or Verdict(Relation.DIFFERENT, similarity, OTHER_STEM_AND_ANSWER)
    only_a, only_b, slips = _differences(a.content, b.content)
    telling_a, telling_b = _telling(only_a, only_b)
    if a.negations != b.negations:
        return apart or _denied(a, b, telling_a, telling_b, similarity)
    if (a.numbers - b.numbers) and (b.numbers - a.numbers):
        return apart or _misprinted(a, b, telling_a, telling_b, similarity)
    if a.formula != b.formula:
        return apart or Verdict(Relation.DIFFERENT, similarity, "other signs in the formula")
    framed = common >= 3 and not (telling_a or telling_b)
    if not (only_a or only_b) or framed:
        verdict = _equal_stems(a, b, similarity, slips, passage)
    else:
        verdict = apart or _near_stems(a, b, telling_a, telling_b, similarity)
    renamed = a.names & {*only_a} and b.names & {*only_b}
    if verdict.relation == Relation.SAME and (a.denials != b.denials or renamed):
        return verdict._replace(relation=Relation.VARIANT)
    return verdict


def _denied(a: Prepared, b: Prepared, only_a: list[str], only_b: list[str], similarity: float) -> Verdict:
    """One stem is negated: other questions, but where a word and the denial of its opposite were exchanged (slow, not yet fast)."""
    options = _compare_options(a, b)
    negated, plain = (only_a, only_b) if a.negations else (only_b, only_a)
    if options.all_equal and min(a.option_length, b.option_length) >= 3 and negated and plain and similarity >= 0.6:
        return Verdict(Relation.VARIANT, similarity, f"long options and answer equal: {a.show(only_a)} and {b.show(only_b)} in denial")
    return Verdict(Relation.DIFFERENT, similarity, "one of the stems is negated")


def _misprinted(a: Prepared, b: Prepared, only_a: list[str], only_b: list[str], similarity: float) -> Verdict:
    """Other numbers: other questions, but for one digit of one year where long options and the answer are all equal."""
    (left, *more), (right, *others) = sorted(a.numbers - b.numbers), sorted(b.numbers - a.numbers)
    digit = len(left) == len(right) == 4 and sum(x != y for x, y in zip(left, right, strict=True)) == 1
    telling = not more and not others and min(a.option_length, b.option_length) >= 4 and similarity >= 0.6
    if digit and telling and _compare_options(a, b).all_equal:
        return Verdict(Relation.VARIANT, similarity, f"long options and answer equal, {left} and {right} look like a misprint")
    return Verdict(Relation.DIFFERENT, similarity, "other numbers in the stem")


def _equal_stems(a: Prepared, b: Prepared, similarity: float, slips: list[tuple[str, str]], passage: bool) -> Verdict:
    options = _compare_options(a, b)
    kept = options.answer_same or options.answer_reworded
    if not kept and (_turned_round(a, b) or any(_bare(x) != _bare(y) for x, y in slips)):
        return Verdict(Relation.DIFFERENT, similarity, "the same content words, related the other way round, or one letter apart")
    foreign = bool(a.context_text and b.context_text) and not passage and _jaccard(a.context, b.context) < 0.5
    if _order_is_the_question(a, b):
        relation = Relation.VARIANT if options.all_equal else Relation.DIFFERENT
        return Verdict(relation, similarity, "the same words in another order")
    if foreign and not options.all_equal:
        return Verdict(Relation.DIFFERENT, similarity, "one stem under different passages")
    if options.answer_same:
        if options.all_equal:
            return Verdict(Relation.SAME, similarity, "same stem, options and answer" + (", a slip apart" if slips else ""))
        if options.matched == 1 and min(len(a.content), len(b.content)) < 4 and not a.names & b.names:
            return Verdict(Relation.RELATED, similarity, "a short stem and one option in common")
        return Verdict(Relation.VARIANT, similarity, "same stem and answer, other distractors")
    if options.left_in_right and options.right_in_left:
        return Verdict(Relation.CONFLICT, similarity, "same stem, and each key stands among the other's wrong options")
    superlative = any(word in SUPERLATIVES for word in (*a.stem, *b.stem))
    if (options.left_in_right or options.right_in_left) and not superlative and options.matched >= max(len(a.options), len(b.options)) - 1:
        return Verdict(Relation.CONFLICT, similarity, "same stem, and one key stands among the other's wrong options")
    if options.answer_reworded:
        return Verdict(Relation.VARIANT, similarity, "same stem and distractors, the answer in other words")
    return Verdict(Relation.RELATED, similarity, "one stem with other options")


def _turned_round(a: Prepared, b: Prepared) -> bool:
    """Equal content words that say something else: in another order, or with a direction word exchanged."""
    bare_a, bare_b = [_bare(word) for word in a.stem], [_bare(word) for word in b.stem]
    if Counter(bare_a) == Counter(bare_b):
        return bare_a != bare_b
    words_a, words_b = Counter(a.stem), Counter(b.stem)
    both = words_a.keys() & words_b.keys()
    if both & COMPARISONS and [word for word in a.stem if word in both] != [word for word in b.stem if word in both]:
        return True
    rubric = {"sau", "dưới", "trên"} if "đây" in words_a and "đây" in words_b else set()
    return bool((words_a - words_b).keys() & DIRECTIONS - rubric) and bool((words_b - words_a).keys() & DIRECTIONS - rubric)


def _order_is_the_question(a: Prepared, b: Prepared) -> bool:
    """Equal words in another order where a comparison stands between them (farmed > caught, caught > farmed)."""
    if a.stem == b.stem or Counter(a.stem) != Counter(b.stem):
        return False
    return not COMPARISONS.isdisjoint(a.stem)


def _near_stems(a: Prepared, b: Prepared, only_a: list[str], only_b: list[str], similarity: float) -> Verdict:
    """Stems that share words but differ: added words are harmless, exchanged words need much in common beside them."""
    options = _compare_options(a, b)
    common = _common(a.content, b.content)
    exchanged = min(len(only_a), len(only_b))
    if not options.answer_same and not options.answer_reworded:
        return _near_conflict(a, b, options, only_a + only_b, common, similarity)
    if a.boolean != b.boolean:
        return Verdict(Relation.DIFFERENT, similarity, "other stem and other answer")
    if a.boolean:
        close = exchanged == 0 and len(only_a) + len(only_b) <= 1 and common >= 5
        return Verdict(Relation.SAME if close else Relation.DIFFERENT, similarity, "statements to judge: every word counts")
    names_a, names_b = a.names & set(only_a), b.names & set(only_b)
    likeness = common / max(1, common + len(only_a) + len(only_b))
    if names_a and names_b and len(a.names & b.names) < 3 * min(len(names_a), len(names_b)) and likeness < 0.95:
        if options.all_equal and likeness >= 0.6 and len(names_a) == len(names_b) and {len(name) for name in names_a | names_b} == {1}:
            return Verdict(Relation.VARIANT, similarity, "same options and answer, letters as names exchanged")
        return Verdict(Relation.DIFFERENT, similarity, f"other names: {a.show(names_a)} and {b.show(names_b)}")
    if exchanged == 0:
        return _one_added(a, b, options, only_a + only_b, likeness, similarity)
    specific = options.all_equal and min(a.option_length, b.option_length) >= 3
    # A long stem tells a case: what is exchanged in it are facts.
    needed = 0.8 if not specific else 0.7 if common >= 25 else 0.4
    if options.all_equal and likeness >= needed and common >= (3 if specific else 8):
        # One word exchanged may be what is asked about; several are another wording.
        reworded = likeness >= 0.9 or (likeness >= 0.6 and exchanged > 1)
        relation = Relation.SAME if reworded else Relation.VARIANT
        return Verdict(relation, similarity, "same options and answer, the stem reworded")
    wordy = min(a.option_length, b.option_length) >= 3
    enough = options.matched >= (3 if wordy and likeness < 0.85 else 2) and common >= (4 if wordy else 6)
    least = 0.8 if common >= 25 else 0.75 if a.page and b.page else 0.7 if common >= 20 else 0.65 if a.numeric or b.numeric else 0.52
    if enough and likeness >= least and exchanged <= (max(2, common // 3) if wordy else 2):
        return Verdict(Relation.VARIANT, similarity, "same answer, stem and distractors reworded")
    plain = not (a.page and b.page) and not a.numeric and not b.numeric and not GENERIC.issuperset(a.full_options[a.answer_index])
    if plain and options.answer_same and exchanged <= 2 and common >= 8 and likeness >= 0.73:
        return Verdict(Relation.VARIANT, similarity, "same answer, other distractors, a word or two exchanged in a long stem")
    return Verdict(Relation.DIFFERENT, similarity, f"other words in the stem: {a.show(only_a)} and {b.show(only_b)}")


def _near_conflict(a: Prepared, b: Prepared, options: _Options, added: Sequence[str], common: int, similarity: float) -> Verdict:
    """Keys that contradict each other under stems of which one has a word or two more, and none that narrows the question."""
    stem = {*a.stem, *b.stem}
    harmless = len(added) <= 2 and not stem & SUPERLATIVES and not {*added} & (LIMITS | DIRECTIONS | COMPARISONS | a.names | b.names)
    # Small words count here: one who gives (cho) is none who takes.
    one_sided = {*a.stem} - {*b.stem} <= ASKING or {*b.stem} - {*a.stem} <= ASKING
    agreed = options.left_in_right and options.right_in_left and options.matched >= max(len(a.options), len(b.options)) - 1
    if harmless and one_sided and agreed and common >= 4 and not _turned_round(a, b) and not any(map(_fixed, added)):
        return Verdict(Relation.CONFLICT, similarity, f"each key stands among the other's wrong options; only added: {' '.join(added)}")
    return Verdict(Relation.DIFFERENT, similarity, "other stem and other answer")


def _one_added(a: Prepared, b: Prepared, options: _Options, added: Sequence[str], likeness: float, similarity: float) -> Verdict:
    """One stem holds all words of the other, and more."""
    longer = max(a, b, key=lambda question: question.content.total())
    common = _common(a.content, b.content)
    if common < 2 or (likeness < 0.45 and not options.all_equal):
        return Verdict(Relation.DIFFERENT, similarity, "one stem says much more than the other")
    if options.all_equal:
        return Verdict(Relation.SAME, similarity, f"same options and answer; only added: {longer.show(added)}")
    if options.matched < 2 and not EXTREMES.isdisjoint(added):
        return Verdict(Relation.DIFFERENT, similarity, f"one stem asks for more: {longer.show(added)}")
    answer = a.full_options[a.answer_index]
    telling = common >= 3 and likeness >= (0.75 if a.numeric or b.numeric else 0.6) and not GENERIC.issuperset(answer)
    if (options.matched >= 2 or telling or (common >= 6 and likeness >= 0.5)) and similarity >= 0.35:
        return Verdict(Relation.VARIANT, similarity, f"same answer, other distractors; only added: {longer.show(added)}")
    return Verdict(Relation.DIFFERENT, similarity, "little in common")
