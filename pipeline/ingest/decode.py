"""Bytes to text. UTF-8 first, then UTF-16, then line by line: what is no UTF-8 takes the single-byte encoding that makes the most
likely words of all such lines of the file. Vietnamese in its old encodings is told by its syllables (pipeline/ingest/vietnamese.py)."""

import re
import unicodedata
from typing import NamedTuple

from charset_normalizer import from_bytes

from pipeline.ingest.vietnamese import decode_vietnamese, repair_vietnamese

# Tried on the lines that are no UTF-8, most common first: a tie goes to the earlier.
SINGLE_BYTE = ("cp1252", "mac_roman", "cp1258", "cp1251")
# A right quote (E2 80 9D) whose last byte an old converter couldn't map and wrote as "?".
LOST_QUOTE = re.compile(rb"\xe2\x80\?")


class Decoded(NamedTuple):
    """`encoding` names every encoding in use, joined by + where lines mix them."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded:
    """Text with its line ends as found.

    Raises:
        UnicodeError: the bytes are binary (NUL bytes without a UTF-16 or UTF-32 mark).

    >>> decode("Huế".encode()).encoding, decode(b"caf\\xe9").text
    ('utf-8', 'café')
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return Decoded(data.decode(encoding), encoding)
            except UnicodeDecodeError:
                data = data[len(mark) :] if encoding == "utf-8-sig" else data
                break
    if (unmarked := _unmarked_utf16(data)) is not None:
        return Decoded(data.decode(unmarked), unmarked)
    try:
        return _repaired(Decoded(data.decode("utf-8"), "utf-8"))
    except UnicodeDecodeError:
        pass
    if data.count(0) > len(data) // 100:
        raise UnicodeError(f"{data.count(0)} NUL bytes among {len(data)}: not a text file")
    return _decode_lines(data)


def _repaired(found: Decoded) -> Decoded:
    """UTF-8 whose letters are those of an old Vietnamese font, saved as if they were French."""
    if (repaired := repair_vietnamese(found.text)) is None:
        return found
    repair, name = repaired
    return Decoded(repair(found.text), f"{found.encoding}+{name}")


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of its plain characters (spaces, digits, brackets) is zero."""
    head = data[:4000]
    if not head or head.count(0) * 5 < len(head) or len(data) % 2:
        return None
    encoding = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return encoding if "\0" not in text else None


def _decode_lines(data: bytes) -> Decoded:
    lines = data.split(b"\n")
    texts: list[str | None] = [_utf8(line) for line in lines]
    odd = [line for line, text in zip(lines, texts, strict=True) if text is None]
    if not odd:
        return Decoded("\n".join(text or "" for text in texts), "utf-8 (repaired)")
    if vietnamese := decode_vietnamese(b"\n".join(odd)):
        decode_line, name = vietnamese
        decoded = [decode_line(line) if text is None else text for line, text in zip(lines, texts, strict=True)]
        return Decoded("\n".join(decoded), name)
    share = len(odd) / sum(not line.isascii() for line in lines)
    encoding = _likeliest(odd) if share < 1 or len(odd) < 3 else _whole_file(data, odd)
    decoded = [line.decode(encoding, "replace") if text is None else text for line, text in zip(lines, texts, strict=True)]
    return Decoded("\n".join(decoded), encoding if share == 1 else f"utf-8+{encoding}")


def _utf8(line: bytes) -> str | None:
    """The line as UTF-8; damaged characters become U+FFFD where the rest of its high bytes are sound UTF-8."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        line = LOST_QUOTE.sub("”".encode(), line)
        text = line.decode("utf-8", "replace")
        sound = sum(1 for c in text if c > "\x7f" and c != "\ufffd")
        return text if (sound and sound >= text.count("\ufffd")) or not text.count("\ufffd") else None


def _whole_file(data: bytes, odd: list[bytes]) -> str:
    """No line with high bytes is UTF-8: charset-normalizer judges the whole text, beside the short list."""
    best = from_bytes(data).best()
    scored = {encoding: plausibility(b"\n".join(odd), encoding) for encoding in SINGLE_BYTE}
    if best is not None and best.encoding not in scored:
        scored[best.encoding] = plausibility(b"\n".join(odd), best.encoding)
    return max(scored, key=lambda name: scored[name])


def _likeliest(odd: list[bytes]) -> str:
    sample = b"\n".join(odd)
    return max(SINGLE_BYTE, key=lambda encoding: plausibility(sample, encoding))


def plausibility(data: bytes, encoding: str) -> float:
    """How much a decoding looks like words: accented small letters beside letters, quotes at word ends; per high character."""
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return -1e9
    score, high = 0.0, 0
    for i, char in enumerate(text):
        if char < "\x80":
            continue
        high += 1
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        score += _fits(char, before, after)
    return score / max(high, 1)


def _fits(char: str, before: str, after: str) -> float:
    inside = before.isalpha() and after.isalpha()
    kind = unicodedata.category(char)
    if kind == "Ll":
        latin = "LATIN" in unicodedata.name(char, "")
        if after.isupper():
            return -1.0
        return (1.0 if inside else 0.8 if before.isalpha() or after.isalpha() else 0.2) if latin else 0.3
    if kind == "Lu":
        return -1.0 if before.islower() else 0.8 if after.isalpha() else 0.1
    if kind in ("Pi", "Pf", "Pd", "Po"):
        return 0.7 if inside and char in "’–—" else -0.6 if inside else 0.85
    if kind == "Mn":
        return 0.6 if before.isalpha() else -1.0
    return -1.0 if kind in ("Cc", "Cn", "Co") else -0.5 if inside else 0.2
