"""One question as the signals see it: what several of them need is computed once, when the first asks for it."""

import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from pipeline.common.grammar.amounts import Amount, amount
from pipeline.common.guards import RUN

# On ASCII, `str.translate` is three times as fast as a pattern, elsewhere three times as slow. Apostrophes vanish (isnt).
_APART = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord("'"): None}
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*").findall
# Words that carry no topic, and those that every question shares.
FUNCTION_WORDS = frozenset(
    """a an the of in on at to for from by with as is are was were be been being am do does did has have had can could may might must will
    would shall should not no nor and or but if then than that this these those it its his her their our your my he she they we you i one
    which what who whom whose when where why how following below above statement statements true false correct incorrect best answer option
    options choose select there also only about into between most least more less each all any some other such so up out over during
    là của và các những một cho với có được bị trong ngoài trên dưới từ đến ở về theo khi thì mà này đó đây kia sau trước nào gì ai sao
    không phải đúng sai hay hoặc vì do để như bằng tại cũng đã đang sẽ câu phát biểu nhận định khẳng định hãy chọn ra vào lại còn""".split()
)
ASKING = frozenset(
    """what which who whom whose when where why how whats whos name identify choose select find calculate determine compute evaluate solve
    complete fill match mark indicate read give list state describe explain define estimate simplify translate consider suppose let use put
    arrange pick guess tell answer express convert write discuss classify provide think can could does do did is are was were will would
    should has have had if
    nào gì ai sao đâu mấy nhiêu hãy tìm tính chọn xác cho biết điền sắp""".split()
)
# What a sentence that waits for its end closes with.
OPEN_ENDS = frozenset(
    """a an the of in on at to for from by with as is are was were be been that than and or but because when if which who whose its their
    into between including called named through using known has have had will would can could may should must not does did do
    là của và các những một cho với có được bị trong trên dưới từ đến ở về theo khi thì mà vì do để như bằng tại rằng gồm nhằm nhất hoặc""".split()
)

Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801
    """`functools.cached_property` without its lock, which costs more than most of what is kept here; 3.12 has none, then this can go."""

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self.compute, self.name = compute, compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, view: Any, _: type | None = None) -> Value:
        value = view.__dict__[self.name] = self.compute(view)
        return value


class View:
    """A question with its shared readings. `key` is the right option's position; everything else is text as found, or derived of it."""

    def __init__(
        self,
        stem: str,
        options: Sequence[str],
        key: int,
        context: str | None = None,
        explanation: str | None = None,
        language: str = "en",
        repairs: Sequence[str] = (),
        fixed_order: bool = False,
    ) -> None:
        self.stem, self.options, self.key = stem, options, key
        self.context, self.explanation, self.language, self.repairs = context, explanation, language, repairs
        self.fixed_order = fixed_order
        self.lower = stem.lower()
        self.right = options[key]

    @lazy
    def words(self) -> list[str]:
        """Words of the stem, lower case."""
        return self.lower.translate(_APART).split() if self.lower.isascii() else WORD(self.lower)

    @lazy
    def word_set(self) -> set[str]:
        return set(self.words)

    @lazy
    def runs(self) -> set[str]:
        """Words of the stem, and what apostrophes part in them: whatever stands between two `\\b` of a pattern, lower case."""
        if "'" not in self.lower and "’" not in self.lower:
            return self.word_set
        return self.word_set.union(self.lower.replace("'", " ").translate(_APART).split() if self.lower.isascii() else RUN(self.lower))

    @lazy
    def low_options(self) -> list[str]:
        return [option.lower() for option in self.options]

    @lazy
    def joined(self) -> str:
        """All options, lower case, a line each."""
        return "\n".join(self.low_options)

    @lazy
    def raw_options(self) -> str:
        return "\n".join(self.options)

    @lazy
    def whole(self) -> str:
        """All that is shown to a model, as found."""
        return f"{self.context}\n{self.stem}\n{self.raw_options}" if self.context else f"{self.stem}\n{self.raw_options}"

    @lazy
    def digit_count(self) -> int:
        """Digits in all that is shown."""
        return sum(map(self.whole.count, "0123456789"))

    @lazy
    def ascii(self) -> bool:
        return self.whole.isascii()

    @lazy
    def digits(self) -> list[bool]:
        """For each option, whether it holds a digit."""
        if not self.digit_count:
            return [False] * len(self.options)
        return [_DIGIT(option) is not None for option in self.options]

    @lazy
    def option_words(self) -> list[list[str]]:
        if self.joined.isascii():
            return [option.translate(_APART).split() for option in self.low_options]
        return list(map(WORD, self.low_options))

    @lazy
    def option_sets(self) -> list[set[str]]:
        """Words of each option that carry a topic."""
        return [set(words).difference(FUNCTION_WORDS) for words in self.option_words]

    @lazy
    def all_option_words(self) -> set[str]:
        return set(chain.from_iterable(self.option_words))

    @lazy
    def shares_words(self) -> bool:
        """Whether any word comes twice in the options."""
        return len(self.all_option_words) < sum(map(len, self.option_words))

    @lazy
    def one_word(self) -> bool:
        """Whether an option is a single word."""
        return not all(map(_SPACE, self.options))

    @lazy
    def lengths(self) -> list[int]:
        return list(map(len, self.options))

    @lazy
    def last_word(self) -> str:
        return self.words[-1] if self.words else ""

    @lazy
    def blank(self) -> bool:
        """Whether the stem shows a gap to fill."""
        return "__" in self.stem or ".." in self.stem or "…" in self.stem or "---" in self.stem or "(1)" in self.stem

    @lazy
    def asks(self) -> bool:
        """Whether the stem asks or commands anything."""
        return "?" in self.stem or self.blank or not ASKING.isdisjoint(self.word_set)

    @lazy
    def amounts(self) -> list[Amount | None]:
        """For each option, the number that it is, or None."""
        return [amount(option) if has else None for option, has in zip(self.options, self.digits, strict=True)]

    @lazy
    def numeric(self) -> list[Amount]:
        """Amounts of all options, or none when one of them is no number."""
        if not all(self.digits):
            return []
        found = [number for number in self.amounts if number]
        return found if len(found) == len(self.options) else []

    @lazy
    def true_false(self) -> bool:
        return len(self.options) <= 3 and self.all_option_words <= VERDICTS


_SPACE = re.compile(r"\S \S").search
_DIGIT = re.compile(r"\d").search
VERDICTS = frozenset("true false yes no correct incorrect wrong right not given đúng sai có không".split())
