"""A question made ready for comparing: what it asks, without what many share and what only a scan put in; its options as words."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

from pipeline.common.grammar.stems import RUBRIC
from pipeline.common.guards import Guarded
from pipeline.common.text import fold
from pipeline.common.words import OPERATORS, SIGNS, WORD, words
from pipeline.deduplicate.lexicon import ARTICLES, NEGATIONS, STOPWORDS, names_in

# A longer stem tells a case before it asks.
LONG_STEM = 60
BOOLEAN = frozenset({"true", "false", "yes", "no", "đúng", "sai"})
# A scan often loses the space beside the smallest and most important word.
GLUED_NOT = Guarded(r"(?<=[^\W\d_])(?=không)|(?<=[kK]hông)(?=[^\W\d_])", texts="hông")
PERSON = Guarded(
    r"\b((?:[Aa]nh|[Cc]hị|[Ôô]ng|[Bb]à|[Ee]m|[Cc]háu|[Cc]ô|[Cc]hú|[Bb]ạn|[Bb]ác|[Cc]ậu|[Cc]ụ|[Tt]hầy|[Hh]ọc sinh|[Cc]ông ty|[Cc]ơ quan"
    r"|[Dd]oanh nghiệp|[Nn]hà máy|[Cc]ửa hàng|[Xx]ã|[Pp]hường|[Qq]uận|[Hh]uyện|[Tt]ỉnh|[Tt]hôn|[Tt]hành phố|[Tt]rường|[Ll]ớp)\s+)([A-ZĐ])\b",
    quick=re.compile(r"\s[A-ZĐ]\b"),
)


class ComparableQuestion:
    """One question, ready to be compared with many."""

    def __init__(self, question: Mapping[str, Any]) -> None:
        """Takes stem, context, options and answer_index; `content_id` where it is known."""
        self.content_id = question.get("content_id")
        self.context_text: str = question.get("context") or ""
        self.stem_text, self.asked_text, self.atlas_page, letters = read_stem(question["stem"])
        if letters:  # a name that the scan has glued to the next word of the stem
            unseen = {match[2] for option in question["options"] for match in PERSON.pattern.finditer(option)} - letters.keys()
            letters |= {letter: f"p{chr(ord('a') + len(letters) + i)}" for i, letter in enumerate(sorted(unseen))}
        self.option_texts = [rename_with(unglued(option), letters) for option in question["options"]]
        self.answer_index: int = question["answer_index"]

    @cached_property
    def stem(self) -> list[str]:
        return words(self.asked_text)

    @cached_property
    def content(self) -> Counter[str]:
        found = Counter(word for word in self.stem if word not in STOPWORDS and word not in NEGATIONS)
        return found if found else Counter(self.stem)

    @cached_property
    def negations(self) -> int:
        asked = self.stem
        if len(asked) > LONG_STEM:
            # A case is told first and its denials are facts; what is asked stands in the last sentence.
            asked = words(re.split(r"[.!;:]\s", self.asked_text.rstrip(" .?!:"))[-1])
        return sum(word in NEGATIONS for word in asked) % 2

    @cached_property
    def denials(self) -> int:
        return sum(word in NEGATIONS for word in self.stem)

    @cached_property
    def formula(self) -> list[str]:
        """Signs, numbers and single letters in order, where there are signs."""
        if OPERATORS.isdisjoint(self.stem):
            return []
        return [word for word in self.stem if word in OPERATORS or word[0].isdigit() or len(word) == 1]

    @cached_property
    def numbers(self) -> set[str]:
        return {word for word in self.stem if word[0].isdigit()} | {word for word in self.stem if word[0] == "-"}

    @cached_property
    def names(self) -> set[str]:
        return names_in(self.asked_text)

    @property
    def context(self) -> Counter[str]:
        return word_bag(self.context_text)

    @cached_property
    def options(self) -> list[tuple[str, ...]]:
        """Options as word tuples, without the words that open or close all of them."""
        return self._parted_options[0]

    @cached_property
    def shared_words(self) -> set[str]:
        """The words that open or close all options."""
        return self._parted_options[1]

    @cached_property
    def _parted_options(self) -> tuple[list[tuple[str, ...]], set[str]]:
        plain, shared = self.full_options, set[str]()
        for way in (1, -1):
            # A word of each stays. Cut off at once: word by word, the work would take the square of their number.
            inner = zip(*(option[::way][: len(option) - 1] for option in plain), strict=False)
            opening = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, inner)]
            shared.update(opening)
            plain = [option[len(opening) :] if way == 1 else option[: len(option) - len(opening)] for option in plain]
        return plain, shared

    @cached_property
    def answer_words(self) -> frozenset[str]:
        """Words of the right option, function words left out where there are others: questions that share none have other answers."""
        text = self.option_texts[self.answer_index]
        found = frozenset(words(text)) or frozenset([fold(text)])
        return found - STOPWORDS or found

    @cached_property
    def full_options(self) -> list[tuple[str, ...]]:
        """Options as word tuples, without function words where they stay apart without them."""
        full = [tuple(words(text)) or (fold(text),) for text in self.option_texts]
        plain = [tuple(word for word in option if word not in ARTICLES) for option in full]
        return plain if all(plain) and len(set(plain)) == len(set(full)) else full

    @cached_property
    def boolean(self) -> bool:
        return {fold(text).strip(" .") for text in self.option_texts} <= BOOLEAN

    @cached_property
    def numeric(self) -> bool:
        """True where the answer is a number: many questions share it."""
        return any(word[0].isdigit() for word in self.options[self.answer_index])

    @cached_property
    def option_length(self) -> float:
        """Mean number of words an option."""
        return sum(map(len, self.options)) / len(self.options)

    def show(self, normal: Iterable[str]) -> str:
        """Normalised words of the stem as they are written in it, at most 40 characters."""
        wanted = set(normal)
        written = zip((word for word in WORD.findall(self.asked_text) if SIGNS.get(word) != ""), self.stem, strict=True)
        return " ".join(dict.fromkeys(word for word, normal in written if normal in wanted))[:40]


@lru_cache(maxsize=4096)
def word_bag(text: str) -> Counter[str]:
    """Normalised words of a text and how often each stands; not to be changed. Many questions share a passage: it is cut up once."""
    return Counter(words(text))


class AskedStem(NamedTuple):
    """A stem with people renamed; what it asks, without its rubric; the page of an atlas that it points at; people by letter."""

    text: str
    asked: str
    atlas_page: str
    letters: dict[str, str]


def read_stem(stem: str) -> AskedStem:
    """Takes off what many questions share and what only a scan put in."""
    text, letters = rename_people(unglued(stem))
    rubric = RUBRIC.match(text)
    atlas_page = (rubric["page"] or "") if rubric else ""
    return AskedStem(text, f"{atlas_page} {text[rubric.end() :]}" if rubric else text, atlas_page, letters)


def unglued(text: str) -> str:
    """The text with a space around every `không`.

    >>> unglued("ngành nào sau đâykhôngcó")
    'ngành nào sau đây không có'
    """
    return GLUED_NOT.pattern.sub(" ", text) if GLUED_NOT.may_match(text) else text


def rename_people(stem: str) -> tuple[str, dict[str, str]]:
    """People of a case are called by letters; which letters is chance: pa, pb in order of appearance."""
    if not PERSON.may_match(stem):
        return stem, {}
    letters: dict[str, str] = {}
    for match in PERSON.pattern.finditer(stem):
        letters.setdefault(match[2], f"p{chr(ord('a') + len(letters))}")
    return (rename_with(stem, letters), letters) if letters else (stem, letters)


def rename_with(text: str, letters: dict[str, str]) -> str:
    """The text with people named by these letters."""
    return PERSON.pattern.sub(lambda m: m[1] + letters.get(m[2], m[2]), text) if letters else text
