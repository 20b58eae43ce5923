"""Vietnamese before Unicode: TCVN3 (ABC, .VnTime fonts), VNI and Windows-1258, told from other languages by whether the words that they
make are Vietnamese syllables. Tables: TCVN 5712:1993 (VN3), VNI Windows."""

import re
import unicodedata
from collections.abc import Callable

from pipeline.common.text import normal_form
from pipeline.common.words import TONES

_VOWELS = "aăâeêioôơuưy"
_TONED = {vowel: [unicodedata.normalize("NFC", vowel + tone) for tone in TONES] for vowel in _VOWELS}
# Bytes of the five tones (grave, hook, tilde, acute, dot) of each vowel, then the letters without a tone.
_TCVN3_TONES = {
    "a": "b5b6b7b8b9", "ă": "bbbcbdbec6", "â": "c7c8c9cacb", "e": "cccecfd0d1", "ê": "d2d3d4d5d6", "i": "d7d8dcddde",
    "o": "dfe1e2e3e4", "ô": "e5e6e7e8e9", "ơ": "eaebecedee", "u": "eff1f2f3f4", "ư": "f5f6f7f8f9", "y": "fafbfcfdfe",
}  # fmt: skip
_TCVN3 = {byte: char for vowel, codes in _TCVN3_TONES.items() for byte, char in zip(bytes.fromhex(codes), _TONED[vowel], strict=True)}
_TCVN3 |= dict(zip(bytes.fromhex("a1a2a3a4a5a6a7a8a9aaabacadae"), "ĂÂÊÔƠƯĐăâêôơưđ", strict=True))
# VNI writes a base letter, then a letter that stands for its marks.
_VNI_MARKS = {
    "a": "øûõùï",
    "ă": "èúüéë",
    "â": "àåãáä",
    "e": "øûõùï",
    "ê": "àåãáä",
    "o": "øûõùï",
    "ô": "àåãáä",
    "ơ": "øûõùï",
    "u": "øûõùï",
    "ư": "øûõùï",
    "y": "øûõù",
}
_VNI_BASE = {"ă": "a", "â": "a", "ê": "e", "ô": "o", "ơ": "ô", "ư": "ö"}
_VNI = {
    _VNI_BASE.get(vowel, vowel) + mark: char
    for vowel, marks in _VNI_MARKS.items()
    for mark, char in zip(marks, _TONED[vowel], strict=False)
}
_VNI |= {
    "aâ": "â",
    "aê": "ă",
    "eâ": "ê",
    "oâ": "ô",
    "ô": "ơ",
    "ö": "ư",
    "ñ": "đ",
    "ì": "ì",
    "æ": "ỉ",
    "ó": "ĩ",
    "í": "í",
    "ò": "ị",
    "î": "ỵ",
}
_VNI |= {old.upper(): new.upper() for old, new in _VNI.items()} | {
    old.capitalize(): new.upper() for old, new in _VNI.items() if len(old) == 2
}
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))
_MARKED_WORD = re.compile(r"(?<![a-zA-Z])[a-zA-Z]*+[\x80-\U0010ffff][a-zA-Z\x80-\U0010ffff]*")
# Onset, vowels and coda of a syllable without its tone.
_SYLLABLE = re.compile(
    r"(?:b|c|ch|d|đ|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu|r|s|t|th|tr|v|x)?"
    r"(?:[aăâeêioôơuưy]|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oai|oay|oe|oeo|oi|ôi|ơi|oo|ua|uâ|uây|uê|ui|uô|uôi|uơ|ưa|ưi|ươ|ươi|ươu|ưu|uy|uya|uyê|uyu|iêu|yê|yêu)"
    r"(?:c|ch|m|n|ng|nh|p|t)?"
)
# Share of the words with marks that must be syllables, how many different ones it takes to tell, and their share of all words:
# half of Vietnamese words bear marks, and a few Greek letters in English text are no Vietnamese.
MIN_SHARE, MIN_WORDS, MIN_DENSITY = 0.8, 3, 0.1
# Fraction of characters that are no ASCII: a fifth in Vietnamese, less where keys of JSON stand between.
MIN_MARKED_CHARS = 0.03
SAMPLE_CHARS = 50_000
# A syllable has at most eight letters, each with its mark, and a tone.
MAX_SYLLABLE_CHARS = 17
Decoder = Callable[[bytes], str]


def _tcvn3(data: bytes) -> str:
    return data.decode("latin-1").translate(_TCVN3)


def _cp1258(data: bytes) -> str:
    return normal_form("NFC", data.decode("cp1258", "replace"))


def _vni(data: bytes) -> str:
    return vni_text(data.decode("cp1252", "replace"))


def tcvn3_text(text: str) -> str:
    """Text in TCVN3's letters as Unicode."""
    return text.translate(_TCVN3)


def vni_text(text: str) -> str:
    """Text in VNI's letters as Unicode.

    >>> vni_text("Vieät Nam, thuû ñoâ")
    'Việt Nam, thủ đô'
    """
    return _VNI_PATTERN.sub(lambda match: _VNI[match[0]], text)


_DECODERS: dict[str, Decoder] = {"cp1258": _cp1258, "tcvn3": _tcvn3, "vni": _vni}


def syllable_share(text: str) -> float:
    """Fraction (0-1) of the words with marks that are Vietnamese syllables with at most one tone; 0 where too few bear any.

    >>> syllable_share("Việt Nam, thủ đô"), syllable_share("un café déjà bu"), syllable_share("thủ đô")
    (1.0, 0.0, 0.0)
    """
    if len(text.encode("ascii", "ignore")) > (1 - MIN_MARKED_CHARS) * len(text):
        return 0.0
    words = [word for word in _MARKED_WORD.findall(text)[:5000] if any(map(str.isalpha, word))]
    if len(set(words)) < MIN_WORDS or len(words) < MIN_DENSITY * len(text.split()[:5000]):
        return 0.0
    return sum(map(_is_syllable, words)) / len(words)


def _is_syllable(word: str) -> bool:
    if len(word) > MAX_SYLLABLE_CHARS:
        return False
    parts = unicodedata.normalize("NFD", word.lower())
    toneless = unicodedata.normalize("NFC", "".join(char for char in parts if char not in TONES))
    return len(parts) - sum(char not in TONES for char in parts) <= 1 and _SYLLABLE.fullmatch(toneless) is not None


def decode_vietnamese(data: bytes) -> tuple[Decoder, str] | None:
    """The old encoding in which bytes that are no UTF-8 make Vietnamese, if one does so clearly."""
    shares = {name: syllable_share(decoder(data[:SAMPLE_CHARS])) for name, decoder in _DECODERS.items()}
    name = max(shares, key=lambda key: shares[key])
    return (_DECODERS[name], name) if shares[name] >= MIN_SHARE else None


def repair_vietnamese(text: str) -> tuple[Callable[[str], str], str] | None:
    """What makes Vietnamese of a text in TCVN3 or VNI letters that was saved as Unicode, with the encoding's name; None for any other.

    >>> repair, name = repair_vietnamese("C©u 1: Thñ ®« cña ViÖt Nam")
    >>> repair("Thñ ®«"), name
    ('Thủ đô', 'tcvn3')
    """
    sample = text[:SAMPLE_CHARS]
    if sample.isascii() or re.search(r"[ơưĐđƠƯăĂ\u1ea0-\u1ef9]", sample):
        return None
    if syllable_share(sample) >= MIN_SHARE:
        return None
    repairs: dict[str, Callable[[str], str]] = {"tcvn3": tcvn3_text, "vni": vni_text}
    return next(((repair, name) for name, repair in repairs.items() if syllable_share(repair(sample)) >= MIN_SHARE), None)
