"""Signals of damaged text: what extraction, decoding and copying left behind."""

import re

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.view import View

_ODD = re.compile(r"""[^\w\s.,;:?!'"()\[\]{}\-–—/%°+=<>*^$\\&“”‘’…|#@×÷√≤≥→~·•⊃∨≡∃∀∧¬⊕∈]""").findall
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
        return text.count("`") / len(text) if "`" in text else 0.0
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
    broken = len(_LOST_LETTER(whole)) if "?" in whole and whole.count("?") > whole.count("? ") + whole.count("?\n") else 0
    if view.ascii:
        return float(broken)
    if any(lead in whole for lead in _LEADS):
        broken += len(_MOJIBAKE(whole))
    return float(broken + whole.count("\ufffd"))


_LEADS = ("Ã", "Â", "â€", "â\x80", "€™", "€˜", "€œ", "á»", "áº", "Ä", "Æ", "Å")
_MOJIBAKE = re.compile(
    r"Ã[\x80-\xbf\u0192\u0160\u0161\u201a-\u203a\u20ac]|Â[\x80-\xbf]|â€|á[»º][\x80-\xbf\u0152-\u2122]?|Ä[‘\x90\x91ƒ]|Æ[°¡]|Å[\x80-\xbf©“]|[\x80-\x9f]|â[\x80-\x9f€]|€[˜™œ“”]"
).findall
_LOST_LETTER = re.compile(r"(?<=[a-zà-ỹ])\?(?=[a-zà-ỹ])").findall


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
    options = view.raw_options
    if " ? " not in options and " ? " not in view.stem:
        return 0.0
    return float(_ALONE(options) is not None or _BEFORE_NUMBER(view.stem) is not None)


_ALONE = re.compile(r"\w \? \w").search
_BEFORE_NUMBER = re.compile(r"\w \? \d").search


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
    whole = view.whole
    if not view.digit_count or not ("10" in whole or "s2" in whole or "m2" in whole or "m3" in whole):
        return 0.0
    return float(_FLAT_POWER(whole) is not None)


_FLAT_POWER = re.compile(
    r"\d\s?[x×·*]\s?10(?:[1-9]\d?(?![\d.,%])|\s?[-–−]\d)|\b10[-–−]\d{1,2}\s?(?:mol|m|g|s|kg|cm|mm|C|A|V|J|W|T|N|F|H|Pa|Hz)\b|(?<![A-Za-z])(?:m/s|cm/s|km/h|[cdk]?m)[23]\b"
).search


@signal(
    "0 or 1", 1, 0.3, "a formula or word was lost", "công thức hoặc từ bị mất", source=EXTRACTION, why="a hole that a sentence can't have"
)
def lost_formula(view: View) -> float:
    """1 where a linking word stands right before a point or comma ("bằng ."), brackets hold nothing, or an object's placeholder is left."""
    if "\ufffc" in view.whole or (("( )" in view.stem or "()" in view.stem) and "\\" not in view.stem and _EMPTY(view.stem)):
        return 1.0
    return float(_may_have_hole(view.lower, view.language) and _HOLE(view.lower) is not None)


def _may_have_hole(lower: str, language: str) -> bool:
    """Whether a sign stands in the text that every match of the pattern holds; spelled out, as it runs on every question."""
    if " ." in lower or " ," in lower or " ;" in lower or ",," in lower or "= " in lower:
        return True
    if language == "vi":
        return (
            "bằng." in lower
            or "bằng," in lower
            or "của," in lower
            or "của." in lower
            or "của là" in lower
            or "bằng là" in lower
            or "hàm số là" in lower
            or "điểm và" in lower
            or "chất và" in lower
            or "cho hàm số" in lower
            or "phương trình" in lower
            or "số phức" in lower
            or "biểu thức" in lower
            or "tích phân" in lower
            or "gồm và" in lower
            or "giữa và" in lower
            or "dung dịch và" in lower
            or "trên và" in lower
            or "mãn và" in lower
        )
    return (
        " -" in lower or "the?" in lower or "the ?" in lower or " the is " in lower or " the of " in lower or " each by" in lower or " of is" in lower or " of and" in lower
    )  # fmt: skip


_EMPTY = re.compile(r"(?<![\w.])\(\s?\)").search
_NOUNS = "bằng trình số thức của phân vectơ thẳng phẳng hợp và dịch chất mãn".split()
_LINKS = "of is to the equals by and with for between from than".split()
_HOLE = re.compile(
    rf"\b(?:{'|'.join(_NOUNS + _LINKS)}) [,.;](?=\s+\S)(?! ?\.)|(?<!đồng )(?<!mặt )(?<!cân )(?<!công )\b(?:bằng|của)[,.;](?=\s+\S)|\b(?:the|equals|than|value of is|and) ?[?](?=\s|$)"
    r"|\b(?:value|function|expression|equation|integral|limit|sum|product) of (?:is|and|at|for|equals)\b|\b(?:let|suppose) be\b|\bgiven and\b|\bif =|= ?(?:for|and|then|is|và|là|thì|với|,|[.]|;)(?=\s)|\bhai (?:điểm|chất) và\b|\bcủa hàm số là\b"
    r"|\bcho (?:hàm số|phương trình|bất phương trình|số phức|biểu thức|tích phân|dãy số|cấp số cộng|cấp số nhân) (?:có|liên tục|xác định|thỏa|thoả|với|và)\b|\b(?:gồm|giữa|từ) (?:và|đến)\b|\b(?:thu được|vào|cho) dung dịch (?:và|vào|thu)\b|\b(?:tích phân|biểu thức) (?:bằng|là)\b|\b(?:liên tục trên|th(?:oả|ỏa) mãn|qua điểm) và\b|\bcủa (?:bất )?phương trình (?:là|bằng)\b|-> be\b"
    r"|[,;] ?[,;](?=\s)"
    r"|\bthe (?:is|of)\b(?! (?:a |the )?(?:word|name))|\beach by\b|[a-z] -(?:year|day|month|week|letter|man|foot|percent)s?\b"
    r"|(?<!đồng )(?<!mặt )(?<!cân )(?<!công )\b(?:của|bằng) là\b|(?:^|[.;] )cho (?:và|có|là)\b"
).search


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
    whole = view.whole
    if "<" not in whole and "[" not in whole:
        return 0.0
    return float(len(CHAT_TOKEN.findall(whole)))


CHAT_TOKEN = re.compile(
    r"<\|[a-z_0-9]{2,40}\|>|</?s>|\[/?INST\]|<<?/?SYS>>?|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|<｜[^｜<>]{2,40}｜>", re.IGNORECASE
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
    whole = view.whole
    count = len(_EMAIL(whole)) if "@" in whole else 0
    if view.digit_count > 8 and _NINE_DIGITS(whole):
        count += len(_PHONE(whole))
    return float(count)


_EMAIL = re.compile(r"[\w.+-]{2,40}@(?!example\.)[\w-]{2,40}\.[a-z]{2,10}\b(?!\()", re.IGNORECASE).findall
_NINE_DIGITS = re.compile(r"\d{3}[\d .()-]{4,8}\d").search
_PHONE = re.compile(
    r"(?<![\d.,+=])(?:\+84[ .]?|0)[35789]\d{8}(?![\d.,])|(?<![\d.,])\+\d{1,3}[ .-]\d{2,4}[ .-]\d{3}[ .-]?\d{3,4}(?!\d)|(?<!\d)\([2-9]\d{2}\) \d{3}[ -]\d{4}\b"
    r"|(?<![\d.,-])[2-9]\d{2}-[2-9]\d{2}-\d{4}\b|(?:điện thoại|ĐT|SĐT|sđt|hotline|\b[Pp]hone|\b[Tt]el)\D{0,12}\+?\d[\d .-]{7,14}\d"
    r"|(?:CCCD|CMND|CMT|căn cước|SSN|chứng minh (?:nhân dân|thư))\D{0,20}\d[\d -]{7,13}"
).findall


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
    if ("A." in stem or "A)" in stem or "a)" in stem or "a." in stem) and _FIRST_MARK(stem):
        return 1.0
    lower = view.lower.rstrip(" .")
    for option in view.low_options if _INNER_END(stem) else ():
        text = option.strip(" .")
        # Behind the end of a sentence: within one, an option may well be its last word.
        if len(text) > 3 and lower.endswith(text) and lower[: -len(text)].rstrip(" ")[-1:] in (".", "?", "!", ":", ")", "_"):
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


_INNER_END = re.compile(r"[.?!:)_] ?[^\s.]").search
_FIRST_MARK = re.compile(
    r"(?:[?:.…_]|[^\W\d_]{3,})\s*(?:\(A\)|\n?\bA\))\s?\S(?![\s\S]*\bB\))|[?:…_]\s*A\.\s?\S(?!\.)|[^\W\d_]{3}\.\s+A\.\s\S|\n\s*\(?A[.)]\s?\S|[?:]\s*\(?a[.)]\s\S(?![\s\S]*\bb[.)])"
).search


@signal("0 or 1", 1, 0.4, "an option repeats the stem", "có phương án lặp lại câu hỏi", source=EXTRACTION, why="twenty letters in a row")
def stem_in_option(view: View) -> float:
    """1 where an option holds the whole stem, of at least 20 characters."""
    if len(view.stem) < 20 or max(view.lengths) < len(view.stem):
        return 0.0
    return float(view.lower.rstrip(" ?.:") in view.joined)


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
