"""Text for reading and text for comparing. Reading keeps what an author wrote; comparing folds what carries no meaning."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Literal

import ftfy
from ftfy.badness import BADNESS_RE, MOJIBAKE_CATEGORIES

from pipeline.common.guards import Guarded

SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# What no reader sees: control characters but tab and line feed, marks of direction (the kind that turns `gnp.exe` into `exe.png`),
# zero-width and filling characters, soft hyphens, tags and what else Unicode says to draw as nothing. Never meant, but for MEANT.
UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
INVISIBLE = re.compile(f"[{UNSEEN}]")
# Those of them that Python counts as printable.
PRINTABLE_UNSEEN = re.compile("[\u034f\u3164\uffa0\U000e0100-\U000e01ef]")
# Joiners within Arabic, Persian and Indic words and within emoji, and the selector that says which form of an ideograph is meant.
_JOINING, _EMOJI = r"[\u0600-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff]", r"[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
MEANT = re.compile(
    f"(?<={_JOINING})[\u200c\u200d]|(?<={_EMOJI})\u200d(?={_EMOJI})|(?<=[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
SURROGATES = re.compile(r"[\ud800-\udfff]")
FENCE = re.compile(r"(?m)^([ \t]*+)(`{3,}|~{3,})")
INDENTED = re.compile(r"\n(?:[ \u00a0]{2}|\t)[ \t\u00a0]*+[^\s\u00a0]")
# A line that only a program has: a block opens or closes, a statement ends, something is returned or printed.
CODE_LINE = re.compile(
    r"(?m)^[ \t\u00a0]*+(?:"
    r"(?:def|class|for|while|if|elif|with|function|func|fn|sub|switch|public|private|static|void|int|struct)\b[^\n]*[:{]"
    r"|(?:else|try|except|finally|do|begin|loop)[^\S\n]*+[:{]?[^\S\n]*+$|return\b|end;?$|[})\]]+;?$|<[/a-z][^\n]*>$"
    r"|[^\n]*(?:\);|\{)$|(?:\w++ )?[\w.]++ ?[-+*/]?=[^\n]*;$|[^\n]{0,200}\b(?:print|printf|println|console\.log|cout)\b)"
)
LIST_MARK = re.compile(r"[(\[]?[A-Ja-j][.):\]/]|[-*•+] |\d{1,3}[.)]\s")
BLANK_LINES = re.compile(r"\n{3,}")
# Letters that no other language beside Vietnamese uses much, and those that it shares with French or Portuguese.
ONLY_VIETNAMESE = re.compile(r"[ơưđƠƯĐ\u1ea0-\u1ef9]")
ALSO_VIETNAMESE = re.compile(r"[ăâêôàáãèéìíòóõùúýĩũ]", re.IGNORECASE)
# What is left of a quotation mark or dash (E2 80 98 and so on), read as Latin-1, whose first byte was lost: with it (â), ftfy mends them.
BEHEADED = re.compile("(?<!â)\x80([\x93\x94\x98\x99\x9c\x9d\xa6])")
# Mojibake sets two characters beyond ASCII side by side, one of them no letter of a word or the second a capital; or it shows in one
# character, or in what is left of a no-break space. Most texts need no closer look.
_SIGN_OF_BAD = r"[^\x00-\x7f](?:[^\x00-\x7f\w]|[{upper_accented}])|[^\x00-\x7f\w][^\x00-\x7f]|[{c1}{bad}µ²³¹¼½¾ŠŒŽšœžŸЂ]|[ÃÂ] "
BAD = Guarded(BADNESS_RE, quick=re.compile(_SIGN_OF_BAD.format(**MOJIBAKE_CATEGORIES)))
# Combining marks in a row, more than any letter bears; the two halfwidth letters become marks in NFKC.
MANY_MARKS = re.compile(r"(?:[^\w\s\x00-\u02ff]|[\uff9e\uff9f]){31,}+")
FEW_CHARS = 1_000
CARON_TO_BREVE = str.maketrans({"ǎ": "ă", "Ǎ": "Ă"})
FOLDED_MARKS = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″＂", '"'),
        **dict.fromkeys("‘’‚‛′`´＇", "'"),
        **dict.fromkeys("‐‑‒–—―−－", "-"),
        "…": "...",
        "\u00d7": "x",
    }
)


def clean(text: str) -> str:
    """Text for reading: NFC, LF, plain spaces, no invisible characters; every visible character stays.

    >>> clean("Ha\\u0300 No\\u0323\\u0302i\\u00a0 \\r\\nHue\\u0301 ")
    'Hà Nội\\nHué'
    """
    # One printable line of single spaces has nothing to clean: no other space, mark or control character is printable.
    if text.isprintable() and "  " not in text and (text.isascii() or _is_plain(text)):
        return text.strip()
    # Nor have several, but for spaces at their ends.
    if text.isascii() and "  " not in text and "```" not in text and "~~~" not in text and text.replace("\n", "").isprintable():
        return BLANK_LINES.sub("\n\n", text.replace(" \n", "\n").replace("\n ", "\n")).strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    # Composed when nothing stands between a letter and its mark any more.
    text = normal_form("NFC", without_invisible(text))
    if "\n" in text and (FENCE.search(text) or _is_code(text)):
        return _clean_code(text)
    text = SPACES.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = re.sub(r" ?\n ?", "\n", text)
    return BLANK_LINES.sub("\n\n", text).strip()


def _is_code(text: str) -> bool:
    """Whether lines are indented, and some of them are those of a program."""
    return INDENTED.search(text) is not None and CODE_LINE.search(text) is not None


def _clean_code(text: str) -> str:
    """Lines in fences as they are written, but for the fence's own indentation; where the text itself is code, its indentation stays."""
    marked = list(_told_by_fences(text.split("\n")))
    own = _is_code("\n".join(line for line, fenced in marked if not fenced))
    lines: list[str] = []
    for line, fenced in marked:
        if fenced:
            lines.append(line.rstrip())
            continue
        plain = SPACES.sub(" ", line).strip()
        margin = line[: len(line) - len(line.lstrip())].replace("\u00a0", " ").replace("\t", "    ") if own else ""
        # Blank lines in a row are one; a list's mark opens its line.
        if plain or not lines or lines[-1]:
            lines.append(margin + plain if plain and not LIST_MARK.match(plain) else plain)
    return "\n".join(lines).strip()


def _told_by_fences(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Lines, and whether each belongs to a fenced block; there, they stand as far to the left as their fence."""
    fence, indent = "", 0
    for line in lines:
        mark = FENCE.match(line)
        if not fence and mark:
            fence, indent = mark[2], len(mark[1])
            yield line.lstrip(), True
        elif not fence:
            yield line, False
        elif mark and mark[2].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
            yield line.lstrip(), True
        else:
            yield (line[indent:] if not line[:indent].strip() else line.lstrip()), True


def _is_plain(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text) and not PRINTABLE_UNSEEN.search(text)


def without_invisible(text: str) -> str:
    """Without what no reader sees, but for what a script or an emoji is written with.

    >>> without_invisible("in\\u00advis\\u202eible"), without_invisible("\\u0645\\u06cc\\u200c\\u062e") == "\\u0645\\u06cc\\u200c\\u062e"
    ('invisible', True)
    """
    return INVISIBLE.sub(lambda mark: mark[0] if MEANT.match(text, mark.start()) else "", text)


def normal_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`unicodedata.normalize`, in a time that grows with the text: it takes the square of marks in a row that stand out of order.

    >>> normal_form("NFC", "o\u0323\u0302")
    'ộ'
    """
    if len(text) > FEW_CHARS:
        parted: Literal["NFD", "NFKD"] = "NFKD" if "K" in form else "NFD"
        text = MANY_MARKS.sub(lambda marks: _in_order(unicodedata.normalize(parted, mark) for mark in marks[0]), text)
    return unicodedata.normalize(form, text)


def _in_order(marks: Iterable[str]) -> str:
    """Marks as Unicode orders them: by class, those of one class as they stand, none past a character that is no mark."""
    runs = groupby("".join(marks), key=lambda char: unicodedata.combining(char) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining) if is_mark else run) for is_mark, run in runs)


# The end of a syllable that à begins: no word by itself. A word "y" follows "và" and "là".
SPACED_A = re.compile(r"(?<=[^\W\d_])à (?=(?:nh|ng|n|m|o|i|u)(?![^\W\d_]))|(?<=[nbdimrhcđgs])à (?=y(?![^\W\d_]))")


def undo_mojibake(text: str) -> str:
    """The text as it was before it was decoded with the wrong encoding, where that shows beyond doubt (ftfy).

    >>> undo_mojibake("CafÃ© â€“ Huáº¿"), undo_mojibake("the judge\\x80\\x99s")
    ('Café – Huế', 'the judge’s')
    """
    text = BEHEADED.sub(lambda match: bytes([0xE2, 0x80, ord(match[1])]).decode(), text)
    # What is left of Windows-1252 that was read as Latin-1 are control characters, each of which was one quotation mark or dash.
    if not BAD.search(text):
        return text
    fixed = ftfy.fixes.fix_c1_controls(ftfy.fix_encoding(text))
    # à is Ã and a no-break space; where that became a plain one, ftfy can't tell it from the space between words.
    return SPACED_A.sub("à", fixed) if "Ã " in text else fixed


def one_line(text: str) -> str:
    """All white space folded to single spaces."""
    # Most texts are one line of single spaces already: no other white space is printable.
    return text.strip() if "  " not in text and text.isprintable() else " ".join(text.split())


def fold(text: str) -> str:
    """Text for comparing: compatibility forms, case, quotes, dashes and white space folded; diacritics stay.

    >>> fold("“Hà  Nội” – Huế.")
    '"hà nội" - huế.'
    """
    if not text.isascii():
        text = normal_form("NFKC", text).translate(CARON_TO_BREVE).translate(FOLDED_MARKS)
    return one_line(text.casefold())


def fold_option(text: str) -> str:
    """`fold`, without the punctuation that closes a sentence.

    >>> fold_option("Hà Nội .") == fold_option("hà nội")
    True
    """
    folded = fold(text)
    return folded.rstrip(" .;,") or folded


def strip_marks(text: str) -> str:
    """Letters without their diacritics, lower case, words joined by underscores: for matching headers only.

    >>> strip_marks("Đáp án đúng")
    'dap_an_dung'
    """
    plain = normal_form("NFD", text.strip().casefold().replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def is_vietnamese(text: str) -> bool:
    """True where at least every twelfth letter bears a Vietnamese mark, one of them a mark that French doesn't know.

    >>> [is_vietnamese(t) for t in ("Thủ đô của Việt Nam", "Nguyễn Văn Thiệu was president of which country?", "Liberté, égalité")]
    [True, False, False]
    """
    if text.isascii():
        return False
    own = len(ONLY_VIETNAMESE.findall(text))
    return own > 0 and (own + len(ALSO_VIETNAMESE.findall(text))) * 12 >= sum(map(str.isalpha, text))


def canonical_json(value: Any) -> str:
    """One text for equal values: sorted keys, no spaces, no lone surrogates, NaN and infinities as null."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=str)
    except ValueError:
        text = canonical_json(_finite(value))
    return SURROGATES.sub("\ufffd", text)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def short_hash(*parts: str) -> str:
    """16 hexadecimal digits of SHA-256 over the parts, unambiguous about where one ends and the next begins."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return hashlib.sha256(b"".join([piece for data in encoded for piece in (len(data).to_bytes(8, "big"), data)])).hexdigest()[:16]
