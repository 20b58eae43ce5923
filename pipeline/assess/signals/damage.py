"""Signals of damaged text: what extraction, decoding and copying left behind."""

import re

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.view import View
from pipeline.common.guards import Guarded

_ODD = re.compile(r"""[^\w\s.,;:?!'"()\[\]{}\-–—/%°+=<>*^$\\&“”‘’…|#@×÷√≤≥→~·•⊃∨≡∃∀∧¬⊕∈]""").findall
# Those of ASCII in which the pattern finds nothing: taking them away is ten times as fast.
_USUAL = bytes(code for code in range(128) if not _ODD(chr(code)))
EXTRACTION = "damage of extraction"


@signal(
    "0-1",
    0.3,
    0.5,
    "the stem holds odd or damaged characters",
    "câu hỏi chứa ký tự lạ hoặc bị hỏng",
    source=EXTRACTION,
    why="one damaged character in 33 or three odd ones in ten; fewer cost their share",
    graded=True,
)
def noise(view: View) -> float:
    """Share of stem characters that are neither letters, digits, spaces nor usual punctuation; damaged characters count ten times."""
    text = view.stem
    if text.isascii():
        return len(text.encode().translate(None, _USUAL)) / max(len(text), 1)
    return (len(_ODD(text)) + 9 * text.count("\ufffd")) / max(len(text), 1)


@signal(
    "count",
    1,
    0.15,
    "the text holds wrongly decoded characters",
    "văn bản chứa ký tự giải mã sai",
    source="ftfy's badness, in short",
    why="sequences that no language writes; a single one can be read over, many raise noise too",
)
def mojibake(view: View) -> float:
    """Number of sequences that UTF-8 read as an 8-bit code page leaves, of replacement characters, and of question marks inside words."""
    whole = view.whole
    broken = len(_LOST_LETTER(whole))
    if view.ascii:
        return float(broken)
    return float(broken + len(_MOJIBAKE(whole)) + whole.count("\ufffd"))


# One character comes first in both, so that most positions are passed over quickly.
_MOJIBAKE = re.compile(
    r"[ÃÂâáÄÆÅ€\x80-\x9f](?:(?<=Ã)[\x80-\xbf\u0192\u0160\u0161\u201a-\u203a\u20ac]|(?<=Â)[\x80-\xbf]|(?<=á)[»º][\x80-\xbf\u0152-\u2122]?|(?<=Ä)[‘\x90\x91ƒ]|(?<=Æ)[°¡]"
    r"|(?<=Å)[\x80-\xbf©“]|(?<=â)[\x80-\x9f€]|(?<=€)[˜™œ“”]|(?<=[\x80-\x9f]))"
).findall
_LOST_LETTER = re.compile(r"\?(?<=[a-zà-ỹ]\?)(?=[a-zà-ỹ])").findall


@signal(
    "0 or 1",
    1,
    0.3,
    "a character was lost, and a question mark stands for it",
    "có ký tự bị mất, thay bằng dấu hỏi",
    source="read in MMLU-Redux (glucose ? 140)",
    why="a question mark between spaces, with text behind it",
)
def lost_character(view: View) -> float:
    """1 where a question mark stands alone between a word and a number or word of an option, or before a number of the stem."""
    return float(_ALONE.search(view.raw_options) is not None or _BEFORE_NUMBER.search(view.stem) is not None)


_ALONE = Guarded(r"\w \? \w", texts=" ? ")
_BEFORE_NUMBER = Guarded(r"\w \? \d", texts=" ? ")


@signal(
    "0 or 1",
    1,
    0.2,
    "an exponent was lost",
    "số mũ bị mất",
    source="read in MMLU-Redux (1.5 x 1017 meters)",
    why="a power of ten or a unit that no one writes so",
)
def lost_exponent(view: View) -> float:
    """1 where a power of ten reads as one number ("x 1017", "10-3 mol") or a unit's power as its digit ("m/s2")."""
    return float(view.digit_count > 0 and _FLAT_POWER.search(view.whole) is not None)


_FLAT_POWER = Guarded(
    r"\d\s?[x×·*]\s?10(?:[1-9]\d?(?![\d.,%])|\s?[-–−]\d)|\b10[-–−]\d{1,2}\s?(?:mol|m|g|s|kg|cm|mm|C|A|V|J|W|T|N|F|H|Pa|Hz)\b|(?<![A-Za-z])(?:m/s|cm/s|km/h|[cdk]?m)[23]\b",
    texts="10|m2|m3|s2|s3|h2|h3",
)


@signal(
    "0 or 1", 1, 0.3, "a formula or word was lost", "công thức hoặc từ bị mất", source=EXTRACTION, why="a hole that a sentence can't have"
)
def lost_formula(view: View) -> float:
    """1 where a linking word stands right before a point or comma ("bằng ."), brackets hold nothing, or an object's placeholder is left."""
    if "\ufffc" in view.whole or (_EMPTY(view.stem) and "\\" not in view.stem):
        return 1.0
    return float(_HOLE.search(view.lower, view.runs) is not None)


_EMPTY = re.compile(r"\((?<![\w.]\()\s?\)").search
_NOUNS = "bằng trình số thức của phân vectơ thẳng phẳng hợp và dịch chất mãn".split()
_LINKS = "of is to the equals by and with for between from than".split()
_HOLE = Guarded(
    rf"\b(?:(?:{'|'.join(_NOUNS + _LINKS)}) [,.;](?=\s+\S)(?! ?\.)|(?:the|equals|(?:more|less|rather|other|[a-z]{{1,12}}er) than| and) ?[?](?=\s|$)"
    r"|(?:value|function|expression|equation|integral|limit|sum|product) of (?:is|and|at|for|equals)\b|(?:let|suppose) be\b|given and\b|if =|each by\b|the (?:is|of) (?!(?:a |the )?(?:word|name))"
    r"|(?:của|bằng)(?<!đồng bằng)(?<!mặt bằng)(?<!cân bằng)(?<!công bằng)(?:[,.;](?=\s+\S)| là\b)|hai (?:điểm|chất) và\b|của hàm số là\b|(?:gồm|giữa) (?:và|đến)\b|từ đến\b(?<!từ từ đến)"
    r"|cho (?:hàm số|phương trình|bất phương trình|số phức|biểu thức|tích phân|dãy số|cấp số cộng|cấp số nhân) (?:có|liên tục|xác định|thỏa|thoả|với|và)\b|(?:thu được|vào|cho) dung dịch (?:và|vào|thu)\b"
    r"|(?:tích phân|biểu thức) (?:bằng|là)\b|(?:liên tục trên|th(?:oả|ỏa) mãn|qua điểm) và\b|của (?:bất )?phương trình (?:là|bằng)\b)"
    r"|= ?(?:for|and|then|is|và|là|thì|với|,|[.]|;)(?=\s)| -> be\b|(?:, ?,|; ?;)(?=\s)|[a-z] -(?:year|day|month|week|letter|man|foot|percent)s?\b|(?:^|[.;] )cho (?:và|có|là)\b",
    words="value function expression equation integral limit sum product equals than let suppose given each",
    texts=" ,| .| ;|,,|;;|=| -|the?|the ?| and?| and ?|the is |the of |bằng,|bằng.|bằng;|bằng là|của,|của.|của;|của là|của hàm số là"
    "|hai điểm và|hai chất và|gồm và|gồm đến|giữa và|giữa đến|từ đến|cho hàm số|cho phương trình|cho bất phương trình|cho số phức|cho biểu thức|cho tích phân"
    "|cho dãy số|cho cấp số|dung dịch và|dung dịch thu|tích phân bằng|tích phân là|biểu thức bằng|biểu thức là|liên tục trên và|mãn và|qua điểm và"
    "|phương trình là|phương trình bằng|cho và|cho có|cho là",
)


@signal(
    "count",
    1,
    0.25,
    "the LaTeX doesn't balance",
    "LaTeX không cân bằng",
    source=EXTRACTION,
    why="one delimiter too many breaks the formula",
)
def unbalanced_latex(view: View) -> float | None:
    r"""Surplus of $, braces, \left and \begin over their partners, stem and each option apart. Undefined without a backslash or caret."""
    if "\\" not in view.whole and "^" not in view.whole and "{" not in view.whole:
        return None
    return float(sum(_surplus(text) for text in (view.context or "", view.stem, *view.options)))


def _surplus(text: str) -> int:
    # Escaped braces and \left. \right. are printed, or pair with anything.
    bare = text.replace("\\$", "").replace("\\{", "").replace("\\}", "") if "\\" in text else text
    dollars = bare.count("$") % 2 if "\\" in bare or "^" in bare or "_" in bare else 0
    if "\\" not in bare and "^" not in bare and "_" not in bare:
        return 0
    return (
        dollars
        + abs(bare.count("{") - bare.count("}"))
        + (abs(len(_LEFT(text)) - len(_RIGHT(text))) + abs(bare.count("\\begin") - bare.count("\\end{")) if "\\" in text else 0)
    )


_LEFT = re.compile(r"\\left(?![a-z])").findall
_RIGHT = re.compile(r"\\right(?![a-z])").findall


@signal(
    "count",
    1,
    0.12,
    "the text holds tokens of a chat template",
    "văn bản chứa token của chat template",
    source="prompt injection; rendering makes them harmless",
    why="one is enough",
)
def chat_tokens(view: View) -> float:
    """Number of chat-template tokens in the raw text."""
    return float(len(_CHAT_TOKEN.findall(view.whole)))


_CHAT_TOKEN = Guarded(
    r"<\|[a-z_0-9]{2,40}\|>|</?s>|\[/?INST\]|<<?/?SYS>>?|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|<｜[^｜<>]{2,40}｜>",
    texts="<|[",
    flags=re.IGNORECASE,
)


@signal(
    "count",
    1,
    0.15,
    "the text holds personal data",
    "văn bản chứa dữ liệu cá nhân",
    source="Microsoft Presidio's patterns, in short",
    why="one address or number is enough",
)
def personal_data(view: View) -> float:
    """Number of e-mail addresses, telephone numbers and identity card numbers."""
    count = len(_EMAIL.findall(view.whole))
    # No telephone or card has fewer digits.
    return float(count + len(_PHONE.findall(view.whole)) if view.digit_count > 7 else count)


_EMAIL = Guarded(r"[\w.+-]{2,40}@(?!example\.)[\w-]{2,40}\.[a-z]{2,10}\b(?!\()", texts="@", flags=re.IGNORECASE)
_PHONE = Guarded(
    r"(?<![\d.,+=])(?:\+84[ .]?|0)[35789]\d{8}(?![\d.,])|(?<![\d.,])\+\d{1,3}[ .-]\d{2,4}[ .-]\d{3}[ .-]?\d{3,4}(?!\d)|(?<!\d)\([2-9]\d{2}\) \d{3}[ -]\d{4}\b"
    r"|(?<![\d.,-])[2-9]\d{2}-[2-9]\d{2}-\d{4}\b|(?:điện thoại|ĐT|SĐT|sđt|hotline|\b[Pp]hone|\b[Tt]el)\D{0,12}\+?\d[\d .-]{7,14}\d"
    r"|(?:CCCD|CMND|CMT|căn cước|SSN|chứng minh (?:nhân dân|thư))\D{0,20}\d[\d -]{7,13}",
    quick=re.compile(r"\d[\d .-]{7}", re.ASCII),
    flags=re.ASCII,
)


@signal(
    "0 or 1",
    1,
    0.3,
    "an option seems glued to the stem",
    "có phương án dính vào câu hỏi",
    source="read in MMLU-Redux (an option pasted into the question)",
    why="an option's mark, or an option's text behind the question mark",
)
def glued_stem(view: View) -> float | None:
    """1 where the stem holds the mark of the first option, or goes on with one of the options behind its question mark. Undefined behind a
    passage, whose rubric may list options."""
    if view.context:
        return None
    stem = view.stem
    if _FIRST_MARK.search(stem):
        return 1.0
    lower = view.lower.rstrip(" .")
    # Behind the end of a sentence: within one, an option may well be its last word.
    ends = [lower[match.end() :] for match in _INNER_END(lower, max(len(lower) - max(view.lengths) - 2, 0))]
    if ends and any(len(text) > 3 and text in ends for text in (option.strip(" .") for option in view.low_options)):
        return 1.0
    at = stem.rfind("?")
    if at < 0 or at + 1 == len(stem):
        return 0.0
    rest = stem[at + 1 :].strip(" .\"”')(")
    return float(
        2 < len(rest) <= 80
        and "_" not in rest
        and (stem[at + 1].isalnum() or rest.lower() in [option.strip(" .") for option in view.low_options])
    )


_INNER_END = re.compile(r"[.?!:)_] ?(?=[^\s.])").finditer
# A mark in brackets counts behind the last B alone: asked of each A whether a B follows, the work would take the square of the stem.
_FIRST_MARK = Guarded(
    r"\A(?:[\s\S]*\bB\))?+[\s\S]*?(?:[?:.…_]|[^\W\d_]{3})\s*(?:\(A\)|\bA\))\s?\S|\A(?:[\s\S]*\bb[.)])?+[\s\S]*?[?:]\s*\(?a[.)]\s\S"
    r"|[?:…_]\s*A\.\s?\S(?!\.)|[^\W\d_]{3}\.\s+A\.\s\S|\n[^\S\n]*\(?A[.)]\s?\S",
    texts="A.|A)|a.|a)",
)


@signal("0 or 1", 1, 0.4, "an option repeats the stem", "có phương án lặp lại câu hỏi", source=EXTRACTION, why="twenty letters in a row")
def stem_in_option(view: View) -> float:
    """1 where an option holds the whole stem, of at least 20 characters."""
    stem = view.lower.rstrip(" ?.:")
    return float(len(view.stem) >= 20 and len(stem) <= max(view.lengths) and stem in view.joined)


@signal(
    "0-1",
    0.12,
    0.12,
    "words of the stem are damaged",
    "có từ trong câu hỏi bị hỏng",
    source="spelling noise",
    why="one word in eight",
    graded=True,
)
def damaged_words(view: View) -> float | None:
    """Share of the stem's words that hold a digit, a mark or a letter of another script in their middle, as where a space was lost. Undefined under four
    words and in formulas."""
    if len(view.words) < 4 or "\\" in view.stem or "=" in view.stem or "$" in view.stem:
        return None
    count = len(_RUN_ON(view.lower))
    if not view.ascii:
        count += len(_SCRIPTS(view.stem))
    return count / len(view.words)


# The character in the middle comes first, so that most positions are passed over quickly.
_RUN_ON = re.compile(r"[.?!;,:\"“(0-9](?<=[a-zà-ỹ]{2}.)(?=[a-zà-ỹ]{2})(?!i)").findall
_SCRIPTS = re.compile(r"[a-zA-Z][\u0370-\u03ff\u0400-\u04ff][a-zA-Z]|[\u0400-\u04ff][a-zA-Z]").findall
