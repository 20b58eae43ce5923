"""Judges a pair of questions the way a careful reader does: stems by their content words, options as a set, answers by
their text; negation, numbers and names are never merged away. No similarity threshold separates duplicates from
look-alikes among questions (measured: F1 0.72 at best): the named rules of `SECTIONS` do, each by what it saw."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from pipeline.deduplicate.comparison import Comparison, Threshold, always_counts, jaccard, same_answer, without_marks
from pipeline.deduplicate.lexicon import ASKING, COMPARISONS, DIRECTIONS, EXTREMES, LIMITS
from pipeline.deduplicate.question import ComparableQuestion
from schemas.reasons import Relation


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
    return not near and (a.answer_words.isdisjoint(b.answer_words) or not same_answer(a, b))


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
    bare_a, bare_b = [without_marks(word) for word in a.stem], [without_marks(word) for word in b.stem]
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
    return any(without_marks(left) != without_marks(right) for left, right in pair.stems.slips)


def _reordered(pair: Comparison) -> bool:
    """Equal words in another order where a comparison stands between them (farmed > caught, caught > farmed)."""
    a, b = pair.a.stem, pair.b.stem
    return a != b and Counter(a) == Counter(b) and not COMPARISONS.isdisjoint(a)


def _other_passage(pair: Comparison) -> bool:
    a, b = pair.a, pair.b
    return bool(a.context_text and b.context_text) and not pair.passage and jaccard(a.context, b.context) < OTHER_PASSAGE


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
    if pair.superlative or any(map(always_counts, added)) or not (LIMITS | DIRECTIONS | COMPARISONS | a.names | b.names).isdisjoint(added):
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


def judge_pair(a: ComparableQuestion, b: ComparableQuestion) -> PairVerdict:
    """The relation of two questions, by the first rule that holds. Symmetric."""
    pair = Comparison(a, b)
    rule = next(rule for section in SECTIONS if section.holds(pair) for rule in section.rules if rule.holds(pair))
    saw = rule.saw.format(pair)
    if rule.relation == SAME and DENIAL_OR_NAME.holds(pair):
        rule, saw = DENIAL_OR_NAME, f"{saw}, {DENIAL_OR_NAME.saw}"
    return PairVerdict(rule.relation, pair.similarity, rule.name, saw)
