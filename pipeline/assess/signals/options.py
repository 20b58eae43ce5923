"""Signals of the options: alike in kind, different in meaning, and complete."""

import re
import unicodedata
from itertools import pairwise

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.stems import TARRANT
from pipeline.assess.signals.view import VERDICTS, View
from pipeline.common.grammar.references import refers_to_others
from pipeline.common.guards import Guarded
from pipeline.common.text import strip_marks

_SYMBOL = re.compile(r"[\\^_$=<>+*≥≤≡⊃∨•~|→]|\d/|/\d|(?<!\w)-|-(?!\w)").search
_PUNCTUATION = re.compile(r"[\W_]+")
_BRITISH = (("ise", "ize"), ("isi", "izi"), ("isa", "iza"), ("yse", "yze"), ("tre", "ter"), ("ae", "e"), ("oe", "e"))
_DECIMAL = re.compile(r"\d[.,]\d").search
_OUR = re.compile(r"(?<=[a-z]{2})our")
_ABOVE = re.compile(
    r"of (?:the )?(?:above|these|them|those|following|other)|\babove\b|tất cả|(?:cả|đều) |không (?:có )?(?:đáp|phương|câu|ý)|none|all |neither|both|either"
)
_NONE = re.compile(r"^(?:none|neither|không (?:có )?(?:đáp|phương|câu|ý|ai)|no correct|not listed)")
_ROMAN = Guarded(
    r"^(?:only |chỉ )?\(?\b(?:i{1,3}|iv|v|[1-5]|[a-e])\b\)?(?: ?(?:,|and|&|và|or|hoặc) ?\(?(?:i{1,3}|iv|v|[1-5]|[a-e])\)?)+(?: only)?\.?$|^\b(?:i{1,3}|iv) only|^chỉ \(?\b(?:i{1,3}|iv)\b\)?$",
    words="i ii iii iv v 1 2 3 4 5 a b c d e",
)
_ABSOLUTE = frozenset("always never absolutely impossible invariably".split())
_ABSOLUTE_PHRASE = Guarded(
    r"\b(?:luôn luôn|không bao giờ|in no case|under no circumstances|without exception)\b",
    texts="luôn luôn|không bao giờ|no case|no circumstances|without exception",
)
_VAGUE = frozenset("usually often sometimes frequently rarely occasionally generally typically seldom normally".split())
_VAGUE_PHRASE = Guarded(r"\b(?:đôi khi|thỉnh thoảng|hiếm khi|thông thường)\b", texts="đôi khi|thỉnh thoảng|hiếm khi|thông thường")


@signal(
    "0 or 1",
    1,
    0.45,
    "two options say the same",
    "hai phương án giống nhau về nghĩa",
    source=f"more than one correct answer, {TARRANT}",
    why="equal after folding case, accents and spelling, or equal numbers",
)
def near_equal_options(view: View) -> float | None:
    """1 where two options are equal once case, accents, punctuation and British spelling are folded, or are the same number (50%, 0.5, 1/2).
    Symbols and codes (AaBb, x^2) differ by what folding drops, so only words are folded."""
    if view.digit_count and len(amounts := [number for number in view.amounts if number]) > 1:
        seen = {(round(number.value, 12), number.unit) for number in amounts}
        if len(seen) < len(amounts) and len({option.strip(" .") for option in view.options}) == len(view.options):
            return 1.0
    # Folding drops no more than this rough key drops: most questions end here.
    rough = _rough(view.joined).split(b"\n")
    if len(set(rough)) == len(rough) == len(view.options):
        return 0.0
    plain = [_plain(option) for option in view.low_options]
    words = [text for text in plain if len(text) >= 4]
    if len(set(words)) == len(words):
        return 0.0
    twice = {text for text in words if words.count(text) > 1}
    pairs = [option for option, text in zip(view.options, plain, strict=True) if text in twice]
    return float(not any(_SYMBOL(option) or _code(option) or _DECIMAL(option) for option in pairs))


# What spellings disagree on: punctuation, vowels, s and z, and d, which an unmarked đ becomes.
_ROUGH = bytes(code for code in range(128) if not chr(code).isalnum() and chr(code) != "\n") + b"aeiouydsz"


def _rough(lower: str) -> bytes:
    """What folding can't change, line by line."""
    plain = lower if lower.isascii() else unicodedata.normalize("NFD", lower.casefold())
    return plain.encode("ascii", "ignore").translate(None, _ROUGH)


def _code(option: str) -> bool:
    """Whether case may be the point, as in genotypes (AaBb): few letters, and each again and again."""
    letters = [c for c in option.lower() if c.isalpha()]
    return len(set(letters)) <= 3 and len(letters) >= 1.5 * len(set(letters))


def _plain(lower: str) -> str:
    text = lower if lower.isascii() else strip_marks(lower).replace("_", " ")
    text = _PUNCTUATION.sub("", text)
    if lower.isascii() and len(text) > 4:
        text = _OUR.sub("or", text)
        for british, american in _BRITISH:
            if british in text:
                text = text.replace(british, american)
    return text


@signal(
    "0 or 1",
    1,
    0.06,
    "two options differ in brackets alone",
    "hai phương án chỉ khác nhau ở dấu ngoặc",
    source="read in MMLU-Redux (options equal up to naming)",
    why="formulas that fold to one",
)
def twin_formulas(view: View) -> float:
    """1 where two short formulas are equal without round brackets and spaces."""
    if "(" not in view.joined or max(view.lengths) > 60 or not _SYMBOL(view.raw_options):
        return 0.0
    bare = [option.translate(_NO_BRACKETS) for option in view.options if _SYMBOL(option)]
    return float(len(set(bare)) < len(bare))


_NO_BRACKETS = str.maketrans("", "", "() ")


@signal(
    "0 or 1",
    1,
    0.04,
    "one option holds another",
    "một phương án bao hàm phương án khác",
    source=f"more than one correct answer, {TARRANT}",
    why="all words of one of at least two, in order, inside another",
)
def overlapping_options(view: View) -> float:
    """1 where an option of at least two words stands word for word inside another, at its beginning or end."""
    if max(view.lengths) < 12 or not view.shares_words:
        return 0.0
    low = view.low_options
    for place, option in enumerate(low):
        text = option.strip(" .")
        if " " in text and len(text) >= 8:
            for other, longer in enumerate(low):
                if (
                    other != place
                    and len(longer) > len(option)
                    and (longer.startswith(text + " ") or longer.rstrip(" .").endswith(" " + text))
                ):
                    return 1.0
    return 0.0


@signal(
    "0-1", 0.75, 0.2, "the options are bare letters", "các phương án chỉ là chữ cái", source="damage of extraction", why="three of four"
)
def single_letter_options(view: View) -> float:
    """Share of options that say no more than a mark would: their own letter ("B" in the second place), a dash or nothing."""
    if min(view.lengths) > 3:
        return 0.0
    return sum(
        option.strip(" .()[]:-–").lower() in ("", "abcdefghij"[place : place + 1]) for place, option in enumerate(view.options)
    ) / len(view.options)


@signal(
    ">= 0, characters",
    450,
    0.05,
    "an option is implausibly long",
    "có phương án dài bất thường",
    source="extraction: a solution left in the last option",
    why="beyond the 99.9th percentile of the shared sources",
)
def option_length(view: View) -> float:
    """Length of the longest option."""
    return float(max(view.lengths))


@signal(
    ">= 1",
    12,
    0.04,
    "the options are of very different lengths",
    "độ dài các phương án chênh lệch nhiều",
    source=f"greatest detail, {TARRANT}",
    why="the 99th percentile of the shared sources",
)
def length_spread(view: View) -> float | None:
    """Longest option against the shortest, characters; undefined where no option has 25."""
    longest = max(view.lengths)
    return longest / max(min(view.lengths), 1) if longest >= 25 else None


@signal(
    "0 or 1",
    1,
    0.06,
    "one option is of another kind than the rest",
    "có một phương án khác loại với các phương án còn lại",
    source=f"logical cue, implausible distractor, {TARRANT}",
    why="exactly one, of at least three",
)
def odd_one_out(view: View) -> float | None:
    """1 where all options but one are numbers; an option that refers to others isn't counted. Undefined under three options."""
    if len(view.options) < 3:
        return None
    if not any(view.digits):
        return 0.0
    kinds = [number is not None for number in view.amounts]
    if sum(kinds) == len(kinds) - 1:
        odd = kinds.index(False)
        return float(
            not view.digits[odd]
            and not _ABOVE.search(view.low_options[odd])
            and not _SYMBOL(view.options[odd])
            and len(view.options[odd]) > 2
            and _UNDECIDED.isdisjoint(view.option_words[odd])
        )
    return 0.0


_UNDECIDED = frozenset(
    "not cannot insufficient no undefined none impossible unknown nothing infinite infinity zero all any không vô".split()
)


@signal(
    "0 or 1",
    1,
    0.06,
    "some numbers bear a unit and others none",
    "một số phương án có đơn vị, số khác thì không",
    source="read in MMLU-Redux (percentages beside a fraction)",
    why="zero needs no unit",
)
def mixed_units(view: View) -> float | None:
    """1 where numeric options differ in whether they bear a unit or percent sign. Undefined where not all are numbers."""
    if not view.numeric:
        return None
    marked = {(bool(number.unit) and number.unit != "i") or number.percent for number in view.numeric if number.value}
    return float(len(marked) == 2)


@signal("0 or 1", 1, 0.02, "the numbers are in no order", "các phương án số không theo thứ tự", source=f"lost sequence, {TARRANT}")
def unordered_numbers(view: View) -> float | None:
    """1 where numeric options neither rise nor fall. Undefined where not all are numbers."""
    if len(view.numeric) < 3:
        return None
    values = [number.value for number in view.numeric]
    return float(values != sorted(values) and values != sorted(values, reverse=True))


@signal(
    "0 or 1",
    1,
    0.05,
    "two numbers differ by no more than rounding",
    "hai phương án số chỉ chênh nhau do làm tròn",
    source="read in MMLU-Redux (keys that are off by rounding)",
    why="1% apart; whole numbers are exact and left out",
)
def rounding_apart(view: View) -> float | None:
    """1 where two numbers lie within 1% and one isn't whole. Undefined where not all options are numbers."""
    if not view.numeric:
        return None
    values = sorted(number.value for number in view.numeric)
    return float(any(0 < b - a <= 0.01 * abs(b) and not (a.is_integer() and b.is_integer()) for a, b in pairwise(values)))


@signal("0 or 1", 1, 0.03, "an option says all of the above", "có phương án 'tất cả đều đúng'", source=f"all of the above, {TARRANT}")
def all_of_the_above(view: View) -> float:
    """1 where an option stands for all others (or some of them), as parsing found."""
    return float(_refers(view, False))


@signal(
    "0 or 1", 1, 0.03, "an option says none of the above", "có phương án 'không có đáp án đúng'", source=f"none of the above, {TARRANT}"
)
def none_of_the_above(view: View) -> float:
    """1 where an option stands for none of the others."""
    return float(_refers(view, True))


def _refers(view: View, none: bool) -> bool:
    if not view.fixed_order:
        return False
    return any(
        bool(_NONE.match(low)) is none and refers_to_others(option) for option, low in zip(view.options, view.low_options, strict=True)
    )


@signal(
    "0-1",
    0.5,
    0.05,
    "the options are combinations of statements",
    "các phương án là tổ hợp của các phát biểu",
    source=f"complex or K-type, {TARRANT}",
    why="half of the options",
)
def k_type(view: View) -> float:
    """Share of options that combine numbered statements ("I and II only") or list verdicts on several ("True, False")."""
    words = view.option_words[0]
    if len(words) >= 2 and VERDICTS.issuperset(words):
        return sum(len(found) >= 2 and set(found) <= VERDICTS for found in view.option_words) / len(view.options)
    if min(view.lengths) > 24 or not _ROMAN.may_match(view.joined, view.all_option_words):
        return 0.0
    # Permutations of a list put things into order; they combine nothing.
    if len({"".join(sorted(words)) for words in view.option_words}) == 1:
        return 0.0
    return sum(_ROMAN.pattern.match(option) is not None for option in view.low_options) / len(view.options)


@signal("0 or 1", 1, 0.02, "the question is of the true/false kind", "câu hỏi dạng đúng/sai", source=f"true/false, {TARRANT}")
def true_false(view: View) -> float:
    """1 where the options are true and false, or yes and no."""
    return float(len(view.options) <= 3 and view.true_false)


@signal(
    "count",
    1,
    0.03,
    "an option says always or never",
    "có phương án dùng từ tuyệt đối (luôn, không bao giờ)",
    source=f"absolute terms, {TARRANT}",
)
def absolute_terms(view: View) -> float:
    """Number of options with an absolute word; a single one-word option ("Always") is an answer, not a cue."""
    if _ABSOLUTE.isdisjoint(view.all_option_words) and not _ABSOLUTE_PHRASE.may_match(view.joined):
        return 0.0
    return float(
        sum(
            len(words) > 2 and (not _ABSOLUTE.isdisjoint(words) or _ABSOLUTE_PHRASE.search(low) is not None)
            for words, low in zip(view.option_words, view.low_options, strict=True)
        )
    )


@signal(
    "count",
    1,
    0.01,
    "an option says often, usually or sometimes",
    "có phương án dùng từ chỉ tần suất mơ hồ",
    source=f"vague terms, {TARRANT}",
)
def vague_terms(view: View) -> float:
    """Number of options with a vague word of frequency."""
    if _VAGUE.isdisjoint(view.all_option_words) and not _VAGUE_PHRASE.may_match(view.joined):
        return 0.0
    return float(
        sum(
            not _VAGUE.isdisjoint(words) or _VAGUE_PHRASE.search(low) is not None
            for words, low in zip(view.option_words, view.low_options, strict=True)
        )
    )


@signal(
    "0 or 1",
    1,
    0.15,
    "an option breaks off",
    "có phương án bị cắt ngang",
    source="damage of extraction",
    why="an open bracket, or a comma, hyphen or joining word at the end of one option alone",
)
def unfinished_option(view: View) -> float:
    """1 where exactly one option ends with a comma, a hyphen, an open bracket or a joining word."""
    if _ANY_JOINING.isdisjoint(view.all_option_words) and not _OPEN_END.may_match(view.joined):
        return 0.0
    broken = [_breaks_off(option, words, view.language) for option, words in zip(view.options, view.option_words, strict=True)]
    return float(sum(broken) == 1)


def _breaks_off(option: str, words: list[str], language: str) -> bool:
    if option.count("(") > option.count(")") and len(option) > 3 and "[" not in option and "]" not in option:
        return True
    if len(words) < 3 or "\\" in option:
        return False
    return _OPEN_END.pattern.search(option) is not None or (
        option[-1:].islower() and option.rsplit(None, 1)[-1].islower() and words[-1] in _JOINING[language == "vi"]
    )


_OPEN_END = Guarded(r"[,\-–(\[&]$", texts=",|-|–|(|[|&")
_JOINING = (frozenset("the a an and or of".split()), frozenset("và hoặc các những của với".split()))
_ANY_JOINING = _JOINING[0] | _JOINING[1]


@signal(
    "0 or 1",
    1,
    0.25,
    "an option is missing",
    "thiếu phương án",
    source="read in MMLU-Redux (five conditions, four options)",
    why="the text itself counts or names more options than there are",
)
def missing_option(view: View) -> float:
    """1 where the stem names a number of choices ("the following five") that isn't theirs, or an option names a letter beyond the last ("B and E")."""
    count = len(view.options)
    if match := _FOLLOWING.search(view.lower, view.runs):
        return float(_COUNTS_OF.get(match[1] or match[2], count) > count)
    beyond = "BCDEFGHIJK"[count - 1 : count + 2]
    if view.all_option_words.isdisjoint(beyond.lower()):
        return 0.0
    return float(any(letter in beyond for option in view.options for pair in _PAIR(option) for letter in pair))


_COUNTS_OF = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6}
_FOLLOWING = Guarded(
    r"\b(?:the|these) (?:following )?(three|four|five|six|seven) (?:options|choices|answers|alternatives|conditions|statements)(?! (?:above|are true))|\b(ba|bốn|năm|sáu) (?:phương án|đáp án|lựa chọn) (?:sau|dưới)",
    words=" ".join(_COUNTS_OF),
)
_PAIR = re.compile(r"^(?:[Bb]oth |Cả )?([A-H])(?:,| and| và|,? or) ([A-H])\W*$").findall


@signal(
    "0 or 1",
    1,
    0.3,
    "a spreadsheet turned an option into a date",
    "bảng tính đã biến phương án thành ngày tháng",
    source="read in MMLU-Redux (5-14 became 14-May)",
    why="one among other ranges or numbers",
)
def spreadsheet_date(view: View) -> float:
    """1 where an option reads as a spreadsheet's date (14-May, Mar-05) and another one is a range or number."""
    if not _SHEET_DATE.may_match(view.joined):
        return 0.0
    dates = [_SHEET_DATE.search(option) is not None for option in view.low_options]
    return float(any(dates) and any(not date and digit for date, digit in zip(dates, view.digits, strict=True)))


_SHEET_DATE = Guarded(
    r"^(?:\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2})$",
    texts="-",
)


@signal(
    "0 or 1",
    1,
    0.3,
    "an option goes on in the next one",
    "một phương án bị tách sang phương án kế tiếp",
    source="read in MMLU-Redux (an option split in two)",
    why="one small letter among capitals, behind an option that ends with a joining word or a digit",
)
def split_option(view: View) -> float:
    """1 where an option begins with a small letter among options that begin with capitals, and the one before it ends with a joining word or number."""
    small = [option[:1].islower() for option in view.options]
    if sum(small) != 1 or small[0] or len(small) < 3 or "\\" in view.raw_options or _ABOVE.search(view.low_options[small.index(True)]):
        return 0.0
    before = small.index(True) - 1
    words = view.option_words[before]
    cut = view.options[before][-1:].isalnum() and view.options[before + 1][0].isascii()
    return float(cut and len(words) > 3 and (words[-1] in _JOINING[view.language == "vi"] or words[-1].isdigit()))


@signal(
    "0 or 1",
    1,
    0.5,
    "an option holds the mark of the next one",
    "một phương án chứa cả phương án kế tiếp",
    source="damage of extraction",
    why="one mark is enough where the next option is missing",
)
def glued_options(view: View) -> float:
    """1 where an option holds the mark of the next one behind some text of its own, and it is the last option or one of three at most:
    in a full list, Franklin D. Roosevelt may be option C."""
    count = len(view.options)
    for place, option in enumerate(view.options[:9]):
        if (
            (place + 1 == count or count < 4)
            and len(option) > 4
            and (match := _MARKS[place].search(option))
            and match.start() > 0
            and (count < 4 or " " in option[: match.start()].strip())
            and option.count("(", 0, match.start()) <= option.count(")", 0, match.start())
        ):
            return 1.0
    return 0.0


_MARKS = [
    Guarded(
        rf"(?:(?<=[\s;.,])\(?{mark}[.)](?:\s+(?=[^\s.])|(?=[^\W\d_]{{2}}))(?![^\W\d_]?\.)|\n[^\S\n]*{mark}\s)", texts=f"{mark}.|{mark})|\n"
    )
    for mark in "BCDEFGHIJ"
]
