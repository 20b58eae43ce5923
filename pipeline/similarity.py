"""Judges a pair of questions the way a careful reader does: stems by their content words, options as a set, answers by
their text; negation, numbers and names are never merged away. No similarity threshold separates duplicates from
look-alikes among questions (measured: F1 0.72 at best), so each rule below names what it saw."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from pipeline.text import fold
from schemas.reasons import Relation

TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|[+*/=<>≤≥×÷±√^%$→∞-](?=\s*[^\s\0])")
# Allele pairs: their case is the question.
GENOTYPE = re.compile(r"(?:([a-zA-Z])(?i:\1))+")
ROMAN = re.compile(r"(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_I_FOR_Y = re.compile(r"(?<=[hklmstđ])y$|(?<=qu)y$")
NUMBER_WORDS = {
    **{word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine ten".split())},
    **{word: str(n) for n, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), start=1)},
    **{f"{n}{end}": str(n) for n in range(1, 31) for end in ("st", "nd", "rd", "th")},
    **{word: str(n) for n, word in enumerate("hai ba bốn năm sáu bảy tám chín mười".split(), start=2) if word != "năm"},
}
PERSON = re.compile(
    r"\b((?:[Aa]nh|[Cc]hị|[Ôô]ng|[Bb]à|[Ee]m|[Cc]háu|[Cc]ô|[Cc]hú|[Bb]ạn|[Bb]ác|[Cc]ậu|[Hh]ọc sinh|[Cc]ông ty|[Cc]ơ quan|[Dd]oanh nghiệp|[Xx]ã|[Hh]uyện|[Tt]ỉnh|[Tt]rường)\s+)([A-Z])\b"
)
_LETTER_ALONE = re.compile(r"\s[A-Z]\b")
OTHER_STEM_AND_ANSWER = "other stem and other answer"
BOOLEAN = frozenset({"true", "false", "yes", "no", "đúng", "sai"})


class Verdict(NamedTuple):
    """Relation of two questions, Jaccard of their content words (0-1), and the reason in words."""

    relation: Relation
    similarity: float
    why: str


def normal_word(word: str) -> str:
    """A word for comparing: tone mark last (hoá = hóa), lý = lí, number words as digits; allele pairs keep their case.

    >>> [normal_word(w) for w in ("Lý", "hoá", "Third", "Aa", "I")] == ["li\\u0301", "hoa\\u0301", "3", "Aa", "i"]
    True
    """
    if word.isascii():
        if len(word) > 1 and len(word) % 2 == 0 and GENOTYPE.fullmatch(word):
            return word
        lower = word.lower()
        return NUMBER_WORDS.get(lower, _I_FOR_Y.sub("i", lower) if len(lower) <= 3 else lower)
    lower = word.casefold()
    if lower in NUMBER_WORDS:
        return NUMBER_WORDS[lower]
    split = unicodedata.normalize("NFD", lower.replace("ǎ", "ă"))
    tones = "".join(c for c in split if c in TONES)
    base = unicodedata.normalize("NFC", "".join(c for c in split if c not in TONES))
    return (_I_FOR_Y.sub("i", base) if len(base) <= 3 else base) + tones


def _word_set(text: str) -> frozenset[str]:
    return frozenset(map(normal_word, text.split()))


NEGATIONS = _word_set(
    "không chưa chẳng ngoại trừ not except never no neither nor without isn't aren't doesn't don't didn't wasn't cannot sai incorrect false"
)
STOPWORDS = _word_set(
    """là của và các những một được có cho với trong ở về nào sau dưới đây trên gì ai hãy biết theo thì mà ra vào bởi do để khi từ đã
    câu hỏi chọn đáp án này đó ấy rằng như việc sự cái nội dung phát biểu ý hay
    the a an of in on at to is are was were be been by for and or as with that this these those it its his her their what which who whom
    whose when where how do does did has have had following name called known it's also you your can could would will
    question mark letter answer sheet indicate"""
)
# Small words that turn a question round when one stands for another: input and output, vào and ra.
DIRECTIONS = _word_set("vào ra trong ngoài trên dưới trước sau từ đến into out from to by before after up down")
SUPERLATIVES = _word_set(
    "nhất most least best largest biggest smallest highest lowest longest shortest oldest main chủ yếu first last đầu tiên cuối"
)
# A shorter context is a rubric ("Mark the letter A, B, C, or D ..."), which many questions share and none leans on.
PASSAGE_WORDS = 60
PASSAGE_SIMILARITY = 0.7
COMPARISONS = _word_set("hơn than > < before after trước")


_CACHE: dict[str, str] = {}


def words(text: str) -> list[str]:
    """Normalised words and operators of a text, in order."""
    out = []
    for word in WORD.findall(text):
        normal = _CACHE.get(word)
        if normal is None:
            if len(_CACHE) > 500_000:
                _CACHE.clear()
            normal = _CACHE[word] = normal_word(word)
        out.append(normal)
    return out


def _names(text: str) -> set[str]:
    """Words with a capital that doesn't open a sentence, and Roman numerals."""
    found = set()
    for match in re.finditer(r"[^\W\d_]+", text):
        word = match[0]
        if not word[0].isupper() or (len(word) == 1 and word in "AI"):
            continue
        before = text[: match.start()].rstrip(" \"'“”‘’(")
        if (before and before[-1] not in ".?!:\n") or (len(word) <= 5 and ROMAN.fullmatch(word)):
            found.add(normal_word(word))
    return found


class Prepared:
    """One question, ready to be compared with many."""

    def __init__(self, question: Mapping[str, Any]) -> None:
        """Takes stem, context, options and answer_index; `content_id` where it is known."""
        self.content_id = question.get("content_id")
        self.context_text: str = question.get("context") or ""
        self.stem_text, letters = rename_people(question["stem"])
        self.option_texts = [rename_with(option, letters) for option in question["options"]]
        self.answer_index: int = question["answer_index"]

    @cached_property
    def stem(self) -> list[str]:
        return words(self.stem_text)

    @cached_property
    def content(self) -> Counter[str]:
        found = Counter(word for word in self.stem if word not in STOPWORDS and word not in NEGATIONS)
        return found if found else Counter(self.stem)

    @cached_property
    def negations(self) -> int:
        return sum(word in NEGATIONS for word in self.stem) % 2

    @cached_property
    def numbers(self) -> set[str]:
        return {word for word in self.stem if word[0].isdigit()}

    @cached_property
    def names(self) -> set[str]:
        return _names(self.stem_text)

    @property
    def context(self) -> Counter[str]:
        return word_bag(self.context_text)

    @cached_property
    def options(self) -> list[tuple[str, ...]]:
        """Options as word tuples, without the words that open or close all of them."""
        plain = [tuple(words(text)) or (fold(text),) for text in self.option_texts]
        for end in (0, -1):
            while all(len(option) > 1 for option in plain) and len({option[end] for option in plain}) == 1:
                plain = [option[1:] if end == 0 else option[:-1] for option in plain]
        return plain

    @cached_property
    def full_options(self) -> list[tuple[str, ...]]:
        return [tuple(words(text)) or (fold(text),) for text in self.option_texts]

    @cached_property
    def boolean(self) -> bool:
        return {fold(text).strip(" .") for text in self.option_texts} <= BOOLEAN

    @cached_property
    def option_length(self) -> float:
        """Mean number of words an option."""
        return sum(map(len, self.full_options)) / len(self.full_options)

    def show(self, normal: Iterable[str]) -> str:
        """Normalised words of the stem as they are written in it, at most 40 characters."""
        wanted = set(normal)
        written = zip(WORD.findall(self.stem_text), self.stem, strict=True)
        return " ".join(dict.fromkeys(word for word, normal in written if normal in wanted))[:40]


@lru_cache(maxsize=4096)
def word_bag(text: str) -> Counter[str]:
    """Normalised words of a text and how often each stands; not to be changed. Many questions share a passage: it is cut up once."""
    return Counter(words(text))


def rename_people(stem: str) -> tuple[str, dict[str, str]]:
    """People of a case are called by letters; which letters is chance: pa, pb in order of appearance."""
    if not _LETTER_ALONE.search(stem):
        return stem, {}
    letters: dict[str, str] = {}
    for match in PERSON.finditer(stem):
        letters.setdefault(match[2], f"p{chr(ord('a') + len(letters))}")
    return (rename_with(stem, letters), letters) if letters else (stem, letters)


def rename_with(text: str, letters: dict[str, str]) -> str:
    """The text with people named by these letters."""
    return PERSON.sub(lambda m: m[1] + letters.get(m[2], m[2]), text) if letters else text


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
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


@lru_cache(maxsize=1 << 17)
def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).replace("đ", "d")


def _only(left: Counter[str], right: Counter[str]) -> list[str]:
    """Words that stand more often in the left bag, each as often as it does."""
    return [word for word, count in left.items() for _ in range(count - right.get(word, 0))]


def _differences(left: Counter[str], right: Counter[str]) -> tuple[list[str], list[str], int]:
    """Words only left, only right, and the number of slips that were forgiven (at most one in eight words)."""
    only_left, only_right = _only(left, right), _only(right, left)
    allowed = max(1, min(left.total(), right.total()) // 8)
    slips = 0
    for word in list(only_left):
        if slips < allowed and (match := next((other for other in only_right if _slip(word, other)), None)):
            only_left.remove(word)
            only_right.remove(match)
            slips += 1
    return only_left, only_right, slips


def _same_option(left: tuple[str, ...], right: tuple[str, ...], tolerant: bool) -> bool:
    if left == right or (len(left) > 3 and sorted(left) == sorted(right) and COMPARISONS.isdisjoint(left)):
        return True
    if not tolerant or min(len(left), len(right)) < 3:
        return False
    # More words apart than one slip and one lost syllable can explain.
    if len(set(left) ^ set(right)) > 3:
        return False
    a, b, slips = _differences(Counter(left), Counter(right))
    if any(word[0].isdigit() for word in a + b):
        return False
    # One lost, added or misread syllable in a long distractor.
    return len(a) + len(b) <= (1 if min(len(left), len(right)) >= 5 else 0) and slips <= 1


def _comparable(a: Prepared, b: Prepared) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Options of both: short where the lists are alike, else with the words that all of one list share."""
    if len(a.options) != len(b.options) or len(a.options) < 3:
        return a.full_options, b.full_options
    return a.options, b.options


def _same_answer(a: Prepared, b: Prepared) -> bool:
    left, right = _comparable(a, b)
    return _same_option(left[a.answer_index], right[b.answer_index], tolerant=False) or _same_option(
        a.full_options[a.answer_index], b.full_options[b.answer_index], tolerant=False
    )


class _Options(NamedTuple):
    matched: int
    all_equal: bool
    answer_same: bool
    left_in_right: bool
    right_in_left: bool
    distractors_equal: bool
    answer_overlap: float


def _compare_options(a: Prepared, b: Prepared) -> _Options:
    left, right = _comparable(a, b)
    answers = left[a.answer_index], right[b.answer_index]
    answer_same = _same_answer(a, b)
    free = [i for i in range(len(right)) if i != b.answer_index]
    matched = 0
    for i, option in enumerate(left):
        if i != a.answer_index and (found := next((j for j in free if _same_option(option, right[j], tolerant=True)), None)) is not None:
            free.remove(found)
            matched += 1
    distractors_equal = matched == len(left) - 1 == len(right) - 1
    in_right = any(_same_option(answers[0], option, tolerant=False) for option in right)
    in_left = any(_same_option(answers[1], option, tolerant=False) for option in left)
    if not answer_same:
        matched = sum(any(_same_option(x, y, tolerant=False) for y in right) for x in left)
    union = set(answers[0]) | set(answers[1])
    overlap = len(set(answers[0]) & set(answers[1])) / len(union) if union else 0.0
    total = matched + answer_same
    return _Options(total, total == len(left) == len(right), answer_same, in_right, in_left, distractors_equal, overlap)


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
    """The relation of two questions. Symmetric."""
    similarity = round(_jaccard(a.content, b.content), 3)
    if a.content_id is not None and a.content_id == b.content_id:
        return Verdict(Relation.EXACT, 1.0, "the same text, options and answer")
    passage = same_passage(a, b)
    apart = Verdict(Relation.RELATED, similarity, "two questions on one passage") if passage else None
    if a.negations != b.negations:
        return apart or Verdict(Relation.DIFFERENT, similarity, "one of the stems is negated")
    if (a.numbers - b.numbers) and (b.numbers - a.numbers):
        return apart or Verdict(Relation.DIFFERENT, similarity, "other numbers in the stem")
    if not _may_differ_by_slips(a, b) and not _same_answer(a, b):
        return apart or Verdict(Relation.DIFFERENT, similarity, OTHER_STEM_AND_ANSWER)
    only_a, only_b, slips = _differences(a.content, b.content)
    if not only_a and not only_b:
        return _equal_stems(a, b, similarity, slips, passage)
    return apart or _near_stems(a, b, only_a, only_b, similarity)


def _may_differ_by_slips(a: Prepared, b: Prepared) -> bool:
    """Whether so few words differ, as many on either side, that all may be slips: cheap, and false for most candidates."""
    common = _common(a.content, b.content)
    return a.content.total() == b.content.total() <= common + max(1, a.content.total() // 8)


def _equal_stems(a: Prepared, b: Prepared, similarity: float, slips: int, passage: bool) -> Verdict:
    options = _compare_options(a, b)
    if not options.answer_same and _turned_round(a, b):
        return Verdict(Relation.DIFFERENT, similarity, "the same content words, related the other way round")
    foreign = bool(a.context_text and b.context_text) and not passage and _jaccard(a.context, b.context) < 0.5
    if _order_is_the_question(a, b) and not options.all_equal:
        return Verdict(Relation.DIFFERENT, similarity, "the same words in another order")
    if foreign and not options.all_equal:
        return Verdict(Relation.DIFFERENT, similarity, "one stem under different passages")
    if options.answer_same:
        if options.all_equal:
            return Verdict(Relation.SAME, similarity, "same stem, options and answer" + (", a slip apart" if slips else ""))
        if options.matched == 1 and len(a.content) < 4:
            return Verdict(Relation.RELATED, similarity, "a short stem and one option in common")
        return Verdict(Relation.VARIANT, similarity, "same stem and answer, other distractors")
    if options.left_in_right and options.right_in_left:
        return Verdict(Relation.CONFLICT, similarity, "same stem, and each key stands among the other's wrong options")
    superlative = any(word in SUPERLATIVES for word in a.stem)
    if (options.left_in_right or options.right_in_left) and not superlative and options.matched >= len(a.options) - 1:
        return Verdict(Relation.CONFLICT, similarity, "same stem, and one key stands among the other's wrong options")
    if options.distractors_equal and options.answer_overlap >= 0.4:
        return Verdict(Relation.VARIANT, similarity, "same stem and distractors, the answer in other words")
    return Verdict(Relation.RELATED, similarity, "one stem with other options")


def _turned_round(a: Prepared, b: Prepared) -> bool:
    """Equal content words that say something else: in another order, or with a direction word exchanged."""
    words_a, words_b = Counter(a.stem), Counter(b.stem)
    if words_a == words_b:
        return a.stem != b.stem
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
    if not options.answer_same or a.boolean != b.boolean:
        return Verdict(Relation.DIFFERENT, similarity, OTHER_STEM_AND_ANSWER)
    common = (a.content & b.content).total()
    exchanged = min(len(only_a), len(only_b))
    if a.boolean:
        close = exchanged == 0 and len(only_a) + len(only_b) <= 1 and common >= 5
        return Verdict(Relation.SAME if close else Relation.DIFFERENT, similarity, "statements to judge: every word counts")
    names_a, names_b = a.names & set(only_a), b.names & set(only_b)
    if names_a and names_b and len(a.names & b.names) < 3 * min(len(names_a), len(names_b)):
        return Verdict(Relation.DIFFERENT, similarity, f"other names: {a.show(names_a)} and {b.show(names_b)}")
    if exchanged == 0:
        return _one_added(a, b, options, only_a + only_b, common, similarity)
    specific = options.all_equal and min(a.option_length, b.option_length) >= 3
    # A long stem tells a case: what is exchanged in it are facts.
    needed = 0.8 if not specific else 0.7 if common >= 25 else 0.4
    if options.all_equal and similarity >= needed and common >= (3 if specific else 8):
        relation = Relation.SAME if similarity >= 0.6 else Relation.VARIANT
        return Verdict(relation, similarity, "same options and answer, the stem reworded")
    wordy = min(a.option_length, b.option_length) >= 3
    enough = options.matched >= (3 if wordy else 2) and common >= (4 if wordy else 6)
    if enough and similarity >= 0.5 and exchanged <= (max(2, common // 3) if wordy else 2):
        return Verdict(Relation.VARIANT, similarity, "same answer, stem and distractors reworded")
    return Verdict(Relation.DIFFERENT, similarity, f"other words in the stem: {a.show(only_a)} and {b.show(only_b)}")


def _one_added(a: Prepared, b: Prepared, options: _Options, added: Sequence[str], common: int, similarity: float) -> Verdict:
    """One stem holds all words of the other, and more."""
    longer = max(a, b, key=lambda question: question.content.total())
    if common < 2 or (similarity < 0.45 and not options.all_equal):
        return Verdict(Relation.DIFFERENT, similarity, "one stem says much more than the other")
    if options.all_equal:
        return Verdict(Relation.SAME, similarity, f"same options and answer; only added: {longer.show(added)}")
    if options.matched >= 2 or common >= 6:
        return Verdict(Relation.VARIANT, similarity, f"same answer, other distractors; only added: {longer.show(added)}")
    return Verdict(Relation.DIFFERENT, similarity, "little in common")
