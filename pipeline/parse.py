"""The grammar of written questions: numbering, options inside the text, notes behind them, keys.

Every function takes cleaned text (`text.clean`) and says what it changed, so that each repair can stand on the row.
"""

import re
from typing import NamedTuple

from pipeline.guards import Guarded
from pipeline.text import fold, fold_option, one_line
from schemas.reasons import Reason

LETTERS = "ABCDEFGHIJ"
# Letters that look Latin and come from a Cyrillic or Greek keyboard.
LOOKALIKE = str.maketrans("АВСЕНавсеΑΒΕΗ", "ABCEHabceABEH")
MARK_LETTER = "A-JАВСЕНΑΒΕΗ"

NUMBERED = re.compile(
    r"(?:(?:câu(?:\s+hỏi)?|question|bài(?:\s+tập)?)\s*(?:số\s*)?\.?\s*\d{1,4}\s*(?:\([^()\n]{0,40}\)\s*)?(?:[.:)\]\-–/]+|(?=\n|$|\s))"
    r"|q\s*\.?\s*\d{1,4}\s*[.:)])\s*",
    re.IGNORECASE,
)
PLAIN_NUMBER = re.compile(r"\d{1,3}\s?[.):]\s+(?=[^\W\d_])")
NUMBERED_LINE = re.compile(rf"(?m)^\s*{NUMBERED.pattern}", re.IGNORECASE)
# What may follow the last option: a key or a solution, never part of the option.
NOTE = re.compile(
    r"\n\s*(?P<note>(?:lời giải|giải thích|hướng dẫn(?: giải)?|giải chi tiết|chọn đáp án|đáp án(?: đúng)?|chọn|explanation|answer|correct answer|key|ans)"
    r"\s*(?:[:.]|\b(?=\s*[A-J]\b)).*)$",
    re.IGNORECASE | re.DOTALL,
)
# The first letter comes first, so that most positions are passed over quickly.
NAMED_KEY = re.compile(
    r"[cđdak](?:(?<=c)h[oọ]n(?:\s+[đd][áa]p\s+[áa]n|\s+phương\s+án|\s+câu)?|(?<=[đd])[áa]p\s+[áa]n(?:\s+đúng)?(?:\s+là)?|(?<=a)nswer(?:\s+is)?|(?<=k)ey)\s*[:.]?\s*"
    r"[(\[]?([A-JАВСЕ])(?![\w'’])",
    re.IGNORECASE,
)


# No question bears so many marks (16 at most on 45,046 real records); finding lists among them takes the square of their number.
MAX_MARKS = 300


class Options(NamedTuple):
    """A text cut into stem and options. `labels` are the letters as marked; `repairs` say what was unusual."""

    stem: str
    labels: list[str]
    texts: list[str]
    note: str | None
    repairs: list[str]
    several: bool = False


class _Mark(NamedTuple):
    start: int
    end: int
    letter: str
    strength: int  # 5 line start with a point, 3 after a space, 2 line start without a point, 1 glued or unpointed
    stop: int | None = None  # where its option ends, when that isn't the next mark


_MARKS = (
    (5, re.compile(rf"(?m)^[ ]*[(\[]?([{MARK_LETTER}a-j])[ ]?[.):\]/][ ]*")),
    (3, re.compile(rf"(?<=[\s;,])[(\[]?([{MARK_LETTER}])[ ]?[.):\]][ ]*")),
    (2, re.compile(rf"(?m)^[ ]*([{MARK_LETTER}])(?:[ ]+|,[ ]*)(?=\S)")),
    (1, re.compile(rf"(?<=[^\s(\[A-Z])[(\[]?([{MARK_LETTER}])[.)](?!\d)[ ]*(?=\S)")),
    (1, re.compile(rf"(?<=[.;!?][ ])([{MARK_LETTER}])[ ](?=[^\W\d_a-z])")),
)


def _marks(text: str) -> list[_Mark]:
    found: dict[int, _Mark] = {}
    for strength, pattern in _MARKS:
        for match in pattern.finditer(text):
            letter = match[1].translate(LOOKALIKE)
            at = match.start(1)
            if at not in found and (letter.isupper() or strength == 5):
                found[at] = _Mark(match.start(), match.end(), letter, strength)
    return sorted(found.values())


def _chain(text: str, marks: list[_Mark], first: int) -> list[_Mark]:
    """From marks[first] = A: the strongest, then earliest B behind it, C behind that, and so on, until none is left."""
    chain = [marks[first]]
    lower = chain[0].letter.islower()
    # A later A opens another list: what stands behind it belongs there.
    reopened = next((m.start for m in marks[first + 1 :] if m.letter == chain[0].letter and m.strength >= 5), len(text))
    for expected in LETTERS[1:]:
        wanted = expected.lower() if lower else expected
        later = [m for m in marks if chain[-1].end <= m.start < reopened and m.letter == wanted and _continues(text, chain, m)]
        if not later:
            break
        chain.append(max(later, key=lambda m: (m.strength, -m.start)))
    return chain


def _continues(text: str, chain: list[_Mark], mark: _Mark) -> bool:
    """In a list whose marks all start lines, a mark inside a line counts only behind the end of a sentence and before text
    ("C. Ông Q và anh M. D Ông Q"), never as a name at the end of an option ("ông B và chị E.")."""
    if mark.strength >= 5 or mark.strength == 2 or any(m.strength in (1, 3) for m in chain):
        return True
    return (text[: mark.start].rstrip(" ")[-1:] in ".;!?\n" and bool(text[mark.end :].strip(" .\n"))) or len(chain) == 1


def split_options(text: str) -> Options | None:
    """Cuts `stem A. ... B. ...` into its parts, or gives None where the text holds no list of at least two options.

    >>> split_options("Thủ đô của Việt Nam? A.Hà Nội B. Huế C)Vinh").texts
    ['Hà Nội', 'Huế', 'Vinh']
    """
    marks = _marks(text)
    if len(marks) > MAX_MARKS:
        return Options(text, [], [], None, [], several=True)
    chains = [_chain(text, marks, i) for i, mark in enumerate(marks) if mark.letter in "Aa"]
    chains = [chain for chain in chains if len(chain) >= 2 and _trusted(chain)]
    # Small letters mark statements inside a stem where capitals mark the options.
    capitals = [chain for chain in chains if chain[0].letter == "A"]
    chains = capitals or chains
    best = max(chains, key=_rank, default=[])
    if len(best) < 4:
        unordered = _unordered(marks)
        best = unordered if len(unordered) > len(best) else best
    if not best:
        return None
    several = any(
        (other[0].start >= best[-1].end or other[-1].end <= best[0].start) and len(other) >= 3 and min(m.strength for m in other) >= 3
        for other in chains
    )
    return _cut(text, _drop_repeats(text, marks, best), several)


def _rank(chain: list[_Mark]) -> tuple[int, int, int]:
    """The longest list wins, then the strongest marks, then the one that starts last (a stem may hold "vitamin A.")."""
    return len(chain), sum(mark.strength for mark in chain), chain[0].start


def _trusted(chain: list[_Mark]) -> bool:
    """A list of two needs clear marks; a longer one may hold a weak one."""
    strengths = sorted(mark.strength for mark in chain)
    if len(chain) == 2:
        return strengths[0] >= 3 or (strengths[0] >= 2 and strengths[1] == 5)
    return strengths[len(chain) // 2] >= 3 or len(chain) >= 4


def _drop_repeats(text: str, marks: list[_Mark], chain: list[_Mark]) -> list[_Mark]:
    """Where lines between or behind the options repeat one of their letters, the fullest text of each letter stands
    ("B. Quảng N" cut off, then "B. Quảng Ninh"); other texts make the list unreadable and stay, to be seen."""
    lines = [m for m in marks if m.strength == 5 and m.start >= chain[0].start and m.letter.isupper()]
    if len(lines) <= len(chain) or {m.letter for m in lines} != {m.letter for m in chain}:
        return chain
    ends = dict(zip(lines, [*(m.start for m in lines[1:]), len(text)], strict=True))
    kept: dict[str, _Mark] = {}
    for mark in lines:
        other = kept.get(mark.letter)
        if other is None:
            kept[mark.letter] = mark
            continue
        old, new = (fold_option(text[m.end : ends[m]]) for m in (other, mark))
        if not (old.startswith(new) or new.startswith(old)):
            return chain
        if len(new) > len(old):
            kept[mark.letter] = mark
    return [mark._replace(stop=ends[mark]) for mark in sorted(kept.values())]


def _unordered(marks: list[_Mark]) -> list[_Mark]:
    """Lines marked A, C, B, D, or A, B, C, C: at least three line starts that use the first letters of the alphabet."""
    lines = [m for m in marks if m.strength in (5, 2) and m.letter.isupper()]
    while lines and lines[0].strength == 2 and lines[0].letter not in "ABC":
        lines.pop(0)
    letters = [m.letter for m in lines]
    if not 3 <= len(lines) <= len(LETTERS) or all(m.strength == 2 for m in lines) or "A" not in letters:
        return []
    if letters[0] not in "ABC" or max(LETTERS.index(x) for x in letters) >= len(letters) or any(letters.count(x) > 2 for x in letters):
        return []
    return lines


def _cut(text: str, chain: list[_Mark], several: bool) -> Options:
    ends = [*(mark.start for mark in chain[1:]), len(text)]
    texts = [text[mark.end : mark.stop or end].strip() for mark, end in zip(chain, ends, strict=True)]
    repairs = ["repeated_option_dropped"] if any(mark.stop for mark in chain) else []
    note = None
    if match := NOTE.search("\n" + texts[-1]):
        note = match["note"].strip()
        texts[-1] = texts[-1][: max(match.start() - 1, 0)].strip()
        repairs.append("note_cut_from_options")
    if NUMBERED_LINE.search(texts[-1]):
        several = True
    labels = [mark.letter.upper() for mark in chain]
    expected = list(LETTERS[: len(labels)])
    if sorted(labels) == expected and labels != expected:
        repairs.append("options_out_of_order")
    elif labels != expected:
        # A, B, C, C: the second of two equal labels stands where the missing letter belongs.
        labels = [have if labels.index(have) == i else want for i, (have, want) in enumerate(zip(labels, expected, strict=True))]
        repairs.append("option_label_repeated")
    if any(mark.strength in (1, 2) for mark in chain):
        repairs.append("option_mark_repaired")
    if any(text[m.start : m.end] != text[m.start : m.end].translate(LOOKALIKE) for m in chain):
        repairs.append("lookalike_letter")
    repairs.insert(0, "options_in_text")
    return Options(text[: chain[0].start].rstrip(" ;,"), labels, [tidy_option(t) for t in texts], note, repairs, several)


def tidy_option(text: str) -> str:
    """An option without the separators that stood between it and the next."""
    return text.strip().strip(";").strip()


def strip_mark(text: str, place: int) -> tuple[str, bool]:
    """An option in a cell of its own, without the mark that repeats its place ("B. Huế" in the second cell).

    >>> strip_mark("B. Huế", 1), strip_mark("D. Pedro", 1)
    (('Huế', True), ('D. Pedro', False))
    """
    match = re.match(rf"\s*[(\[]?([{MARK_LETTER}a-j])[ ]?[.):\]]\s*(?=\S)", text)
    if match and match[1].translate(LOOKALIKE).upper() == LETTERS[place : place + 1]:
        return text[match.end() :].strip(), True
    return text.strip(), False


class Stem(NamedTuple):
    context: str | None
    stem: str
    repairs: list[str]


def split_stem(text: str) -> Stem:
    """Takes the number off a stem; what stands before a number in the middle (a rubric, a passage) is its context.

    >>> split_stem("Câu 81: Thủ đô?")
    Stem(context=None, stem='Thủ đô?', repairs=['number_stripped'])
    """
    text = re.sub(r"^#Q\s*", "", text).strip()
    match = NUMBERED.match(text)
    if match and _is_label(match, text):
        return Stem(None, text[match.end() :].strip(), ["number_stripped"])
    if match := PLAIN_NUMBER.match(text):
        return Stem(None, text[match.end() :].strip(), ["number_stripped"])
    numbers = [number for number in NUMBERED_LINE.finditer(text) if _is_label(number, text)]
    if not numbers:
        return Stem(None, text, [])
    last = numbers[-1]
    before, after = text[: last.start()].strip(), text[last.end() :].strip()
    if after:
        return Stem(before, after, ["number_stripped", "context_split"])
    number = re.search(r"\d+", last[0])
    if number and re.search(rf"\(\s*{number[0]}\s*\)", before):
        # A blank of a cloze passage: its number is the question.
        return Stem(before, one_line(last[0]).rstrip(":. "), ["context_split"])
    return Stem(None, before, ["number_stripped"])


def _is_label(number: re.Match[str], text: str) -> bool:
    """False where the sentence goes on behind the number ("Câu hỏi 5 nói về ...")."""
    return not (number[0].rstrip()[-1:].isalnum() and text[number.end() : number.end() + 1].islower())


PICTURE_VI = (
    r"(?:trong|như|quan sát|dựa vào|xem|ở|theo|là|có|bởi|cho)\s+(?:các\s+)?hình(?:\s+(?:vẽ|ảnh))?\s*(?:\d+\s*)?(?:bên|sau|dưới|trên)(?!\s*(?:thức|dạng|thành|chữ))"
    r"|\bhình\s+(?:vẽ\s+)?bên(?:\s+(?:dưới|cạnh))?\b(?!\s+(?:trong|ngoài))|\bhình\s+vẽ\s+(?:sau|dưới|trên|bên|mô tả|minh họa|dưới đây)\b|\bnhư\s+hình\s+vẽ\b|\bhình\s+(?:ảnh\s+)?dưới\s+đây\b"
    r"|\bcho\s+(?:các\s+)?(?:biểu\s+đồ|đồ\s+thị\s+(?:sau|bên)|sơ\s+đồ\s+(?:sau|bên)|hình\s+vẽ|lược\s+đồ)\b"
    r"|\b(?:dựa\s+vào|căn\s+cứ\s+vào|căn\s+cứ|theo|quan\s+sát|từ|qua)\s+(?:các\s+)?(?:biểu\s+đồ|lược\s+đồ)(?:\s+(?:trên|sau|dưới|bên|đã\s+cho))?(?=\s*[,:.]|\s+(?:trên|sau|dưới|bên|đã))"
    r"|\bbiểu\s+đồ\s+(?:trên|bên|dưới\s+đây)\b|\bđồ\s+thị\s+(?:ở\s+)?(?:hình|bên)\b|\b(?:bức\s+)?(?:tranh|ảnh)\s+(?:bên|dưới\s+đây|sau\s+đây)\b"
)
_PICTURE_WORD = r"(?:figures?|diagrams?|pictures?|images?|graphs?|charts?|photos?|photographs?|illustrations?|drawings?)"
PICTURE_EN = (
    rf"\b{_PICTURE_WORD}\s+(?:shown\s+)?(?:below|above|here|on\s+the\s+(?:right|left)|at\s+(?:the\s+)?(?:right|left))\b"
    rf"|\b(?:shown|depicted|illustrated|pictured|seen|labell?ed)\s+(?:in|on)\s+(?:the|this)\s+{_PICTURE_WORD}\b"
    r"|\b(?:shown|pictured|depicted)\s+(?:below|above|here)\b"
    rf"|\b(?:in|from|on|refer\s+to|look\s+at|see|use|using)\s+(?:the\s+(?:following|accompanying|adjacent|attached)|this)\s+{_PICTURE_WORD}\b"
    rf"|\b(?:following|accompanying|above|this)\s+{_PICTURE_WORD}\s+(?:shows?|represents?|depicts?)\b|<img\b|!\[[^\]]*\]\("
)
MARKUP_PICTURE = r"\\includegraphics|\[(?:image|hình|img|picture|figure)[^\]]{0,40}\]"
PICTURE = Guarded(
    f"{PICTURE_VI}|{PICTURE_EN}|{MARKUP_PICTURE}",
    texts="hình|đồ|tranh|ảnh|figure|diagram|pictur|imag|graph|chart|photo|illustrat|drawing|shown|depict|img|![",
    flags=re.IGNORECASE,
)


def picture_wanted(text: str) -> str | None:
    """The words that point at a picture, or None. A printed atlas is no picture."""
    if not PICTURE.may_match(text):
        return None
    without_atlas = re.sub(r"\b[AÁ]t\s?-?l[aá]t\b[^,.;:\n]{0,60}", "", text, flags=re.IGNORECASE)
    match = PICTURE.pattern.search(without_atlas)
    return one_line(match[0]) if match else None


class Key(NamedTuple):
    """Position of the right option, or why there is none."""

    position: int | None
    reason: Reason | None
    repair: str | None
    detail: str | None


_LETTER_KEY = re.compile(
    rf"\W*(?:(?:chọn\s+)?(?:đáp\s+án|phương\s+án)(?:\s+đúng)?(?:\s+là)?|answer(?:\s+is)?|option|choice|key|ans|chọn)?\W*([{MARK_LETTER}a-j])\W*",
    re.IGNORECASE,
)
_LETTER_AND_TEXT = re.compile(rf"\s*[(\[]?([{MARK_LETTER}a-j])[.):\]]\s*(\S.*)", re.DOTALL)
_SEVERAL_LETTERS = re.compile(r"\W*(?:[A-J]\s*(?:[,;/&+|]|\band\b|\bvà\b|\s)\s*)+[A-J]\W*|[A-J]{2,4}")


def letter_of(key: str) -> str | None:
    """The letter that a key is, however it is dressed: b, (C), "Đáp án: D"."""
    # Longer ones are texts, and the pattern takes the square of a run of punctuation.
    match = _LETTER_KEY.fullmatch(key) if len(key) <= 100 else None
    return match[1].translate(LOOKALIKE).upper() if match else None


def resolve_key(key: object, answer_format: str, labels: list[str], options: list[str]) -> Key:
    """Finds the option that a key means.

    Args:
        key: the cell as found: text, a number, or a list with one of these.
        answer_format: letter, index0, index1 or text; the other readings are tried after it where they can't be confused.
        labels: the options' letters in file order.
        options: the options' texts in file order.
    """
    if isinstance(key, list | tuple):
        if len(key) > 1:
            return Key(None, Reason.MULTIPLE_ANSWERS, None, f"the key is a list of {len(key)}: {str(key)[:80]}")
        key = key[0] if key else None
    text = one_line(str(key)) if key is not None and not isinstance(key, bool) else "" if key is None else str(key)
    if not text:
        return Key(None, Reason.MISSING_ANSWER, None, "no key")
    if text in labels and not text.isalpha():
        return Key(labels.index(text), None, None, None)
    if answer_format in ("index0", "index1"):
        return _by_number(text, int(answer_format[-1]), options)
    if answer_format == "letter" and text in labels:
        return Key(labels.index(text), None, None, None)
    wanted = fold_option(text)
    by_text = [i for i, option in enumerate(options) if option == text or fold_option(option) == wanted]
    if answer_format == "text" and by_text:
        return _by_text(by_text, text)
    letter = letter_of(text)
    if letter:
        if letter in labels:
            exact = text == letter or answer_format == "letter"
            return Key(labels.index(letter), None, None if exact and text == letter else "key_unwrapped", None)
        if not by_text:
            return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text!r}, options {', '.join(labels)}")
    if by_text:
        return _by_text(by_text, text) if answer_format == "text" else Key(*_by_text(by_text, text)[:2], "key_by_text", None)
    if match := _LETTER_AND_TEXT.fullmatch(text):
        letter = match[1].translate(LOOKALIKE).upper()
        same = [i for i, option in enumerate(options) if fold_option(option) == fold_option(match[2])]
        if letter in labels and (not same or labels.index(letter) in same):
            return Key(labels.index(letter), None, "key_unwrapped", None)
        if len(same) == 1:
            return Key(same[0], None, "key_by_text", None)
    if _SEVERAL_LETTERS.fullmatch(text) and len(options) > 1:
        return Key(None, Reason.MULTIPLE_ANSWERS, None, f"key {text!r}")
    return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text[:80]!r} is none of the {len(options)} options")


def _by_number(text: str, base: int, options: list[str]) -> Key:
    number = number_of(text)
    if number is None or not base <= number < base + len(options):
        allowed = f"{base}-{base + len(options) - 1}"
        return Key(None, Reason.ANSWER_NOT_IN_OPTIONS, None, f"key {text!r} is outside {allowed} (counted from {base})")
    return Key(number - base, None, None, None)


def _by_text(found: list[int], text: str) -> Key:
    if len(found) > 1:
        return Key(found[0], None, None, f"{len(found)} options read {text!r}")
    return Key(found[0], None, None, None)


def number_of(value: object) -> int | None:
    """A whole number, also as text or as a spreadsheet's 2.0."""
    if isinstance(value, bool):
        return None
    match = re.fullmatch(r"\s*(\d{1,9})(?:\.0+)?\s*", str(value))
    return int(match[1]) if match else None


def key_in_note(note: str | None) -> str | None:
    """The one letter that an explanation names as right ("Chọn đáp án B"); None where it names none or several."""
    found = {letter.translate(LOOKALIKE).upper() for letter in NAMED_KEY.findall(note or "")}
    return found.pop() if len(found) == 1 else None


_TWO_LETTERS = re.compile(r"(?:both |cả )?\(?[A-J]\)? ?(?:,|and|or|và|&) ?\(?[A-J]\)?\b", re.IGNORECASE)


_NAMED_LETTERS = Guarded(r"^(?:cả|both|either|neither)\s+\(?[A-J]\)?\b.*\b[A-J]\b", texts="cả|both|either")
# Of a folded option.
_ALL_OR_NONE = Guarded(
    r"\b(?:all|none|any|both|neither|either|two) of (?:the )?(?:above|following|other (?:answers|options|choices))\b|^(?:all|none|any|both|neither) of (?:these|them|those)\W*$"
    r"|^(?=tất cả|cả|không|các|đáp án|câu|phương án).*\b(?:tất cả|cả (?:hai|ba|bốn|2|3|4|\w))?\s*(?:các )?(?:đáp án|phương án|câu|ý|nội dung|ý kiến)\s*(?:trên|còn lại|kia|[a-j](?:\s*,|\s+và))"
    r"|^cả [a-j]\b(?:\s*,|\s+và|\s+lẫn)|^(?:tất cả đều (?:đúng|sai)|tất cả(?: các)? (?:đều )?(?:đúng|sai)|cả (?:hai|ba|bốn|2|3|4) (?:đều|ý|câu|đáp án|phương án|nội dung)\b.*)\W*$",
    texts=" of |cả|không|các|đáp án|câu|phương án",
)


def refers_to_others(option: str) -> bool:
    """True for an option whose meaning hangs on the others or their order.

    >>> [refers_to_others(o) for o in ("Tất cả các đáp án trên", "Both A and B", "All of the above.", "All of Me", "Cả nước")]
    [True, True, True, False, False]
    """
    if len(option) > 80:
        return False
    if _TWO_LETTERS.fullmatch(option.strip(" .")) or _NAMED_LETTERS.search(option):
        return True
    return _ALL_OR_NONE.may_match(option.lower()) and _ALL_OR_NONE.pattern.search(fold(option)) is not None
