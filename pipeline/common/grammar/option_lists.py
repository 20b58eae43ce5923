"""Options inside a text: where their marks stand, and what is between them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.common.grammar.stems import NUMBERED_LINE
from pipeline.common.letters import LETTERS, LOOKALIKE, MARK_LETTER
from pipeline.common.text import fold_option

# What may follow the last option: a key or a solution, never part of the option.
NOTE = re.compile(
    r"\n[^\S\n]*(?P<note>(?:lời giải|giải thích|hướng dẫn(?: giải)?|giải chi tiết|chọn đáp án|đáp án(?: đúng)?|chọn|explanation|answer|correct answer|key|ans)"
    r"\s*(?:[:.]|\b(?=\s*[A-J]\b)).*)",
    re.IGNORECASE | re.DOTALL,
)
# A statement of a program, or a rule of CSS, that ends with its semicolon: it assigns, sets, or begins with its word.
_STATEMENT = re.compile(
    r"[\w.\[\]*&]++(?:\s[\w\[\]*&]++)?+\s?[-+*/:]?=(?!=)|[a-z-]++:\s?[^\s;:]"
    r"|(?:for|while|if|switch)\s?\(|(?:int|let|var|const|float|double|char|bool|String|return|break|continue|import|using|SELECT|DELETE|DROP)\b"
)
_ENTITY_END = re.compile(r"&#?\w{2,8};\Z")
_CALL = re.compile(r"[\w>]\(")
# What a prompt says behind the options, and what asks for the answer there.
_TELLS = re.compile(
    r"(?:please\s|just\s|only\s)?(?:answer|respond|reply|choose|select|pick|give|provide|return|output|write|state|indicate|explain|think|let's|your)\b"
    r"|(?:hãy|vui\slòng|chỉ)\s|(?:chọn|trả\slời|giải\sthích)\s",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:letters?|options?|choices?|answers?|explanations?|reason(?:ing)?|json|step|above|below|đáp\sán|phương\sán|chữ\scái|lựa\schọn|giải\sthích)\b",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"(?:\W{0,5}(?:your\s|the\s|correct\s|final\s){0,3}(?:answers?|response|output|solution|đáp\sán|trả\slời)(?:\sis)?\W{0,5})|\[/INST\]",
    re.IGNORECASE,
)
# A line that states the key asks for nothing.
_STATES = re.compile(
    r"(?:the\s)?(?:(?:correct|right|best)\s)?(?:answer|ans|key|đáp\sán(?:\sđúng)?)(?:\s(?:is|là))?\s?:\s?[(\[]?[A-J](?:[.):\]]|$)",
    re.IGNORECASE,
)
# "Q: ... A:" leaves the answer to whoever reads on; the last line is no option.
_ASKS = re.compile(
    r"[ ]?A[ ]?:[ ]?(?:(?:let['’]?s|let\sus|the\s(?:correct\s)?answer\sis|step|first|we\s(?:know|need|can))\b.{0,200})?", re.IGNORECASE
)
# Prompts that show how it is done hold solved questions before the one that is asked.
_SOLVED = re.compile(
    r"(?m)^[ ]?(?:(?:answer|ans|đáp\sán|output|response)\s?:\s?[(\[]?[A-J](?:[.):\]]|$)|a:\s?[(\[]?[A-J][)\]]?\.?$)", re.IGNORECASE
)
_ASKED = re.compile(r"(?m)^[ ]?(?:q|question|câu\shỏi)\s?:\s?\S", re.IGNORECASE)
# A heading over the options is no part of the stem.
_HEADER = re.compile(
    r"(?:^|\n)[ ]?(?:(?:the|answer|possible|các|multiple)[ ])?(?:options|choices|answers|đáp án|lựa chọn|phương án)[ ]?:$", re.IGNORECASE
)
_DASHED = re.compile(
    r"\n[ ]?(?:(?:the|answer|possible|các)[ ])?(?:options|choices|answer choices|lựa chọn|phương án)[ ]?:[ ]*+\n(?P<lines>(?:[ ]{0,4}[-*•][ ][^\n]*+(?:\n|\Z))++)"
    r"(?:[ ]*+\n)*+(?:(?:your\s|the\s)?(?:answer|đáp\sán|a)[ ]?:[ ]*+)?\Z",
    re.IGNORECASE,
)
# Marks of options in cells of their own.
# Pairs ("A - B") and ratios ("1: 2") bear no marks.
_DASH_MARK = re.compile(r"([A-J])\s*[-–]\s+(?=\S)(?![A-Z]\W*\Z)")
LETTER_MARK = re.compile(rf"\s*[(\[]?([{MARK_LETTER}a-j])[ ]?[.):\]．）：、]\s*(?=\S)")
NUMBER_MARK = re.compile(r"(?:\((\d{1,2})\)\s*|(\d{1,2})(?:\)\s*|\.\s+|:\s+(?!\d)))(?=\S)")
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
    (5, re.compile(rf"(?m)^[ ]*[(\[（【]?([{MARK_LETTER}a-j])[ ]?[.):\]/．。、）：】][ ]*")),
    (3, re.compile(rf"(?<=[\s;,；，])[(\[（【]?([{MARK_LETTER}])[ ]?[.):\]．、）：】][ ]*")),
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
    before, _, last = text.rpartition("\n")
    if before and last.lstrip()[:1] == "A" and _ASKS.fullmatch(last):
        text = before
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
        return _dashed(text)
    several = any(_is_apart(text, best, other) and min(m.strength for m in other) >= 3 for other in chains)
    return _cut(text, _drop_repeats(text, marks, best), several)


def _dashed(text: str) -> Options | None:
    """Options behind dashes, where a line of its own announces them and nothing but a prompt stands behind (BIG-Bench Hard).

    >>> _dashed("Did it rain?\\nOptions:\\n- Yes\\n- No").texts
    ['Yes', 'No']
    """
    if not (found := _DASHED.search(text)) or found.start() == 0:
        return None
    lines = [line.strip()[1:].strip() for line in found["lines"].strip().split("\n")]
    stem = text[: found.start()].rstrip()
    if not 2 <= len(lines) <= len(LETTERS) or not all(lines) or not stem:
        return None
    return Options(stem, list(LETTERS[: len(lines)]), tidy_options(lines), None, ["options_in_text"], len(_ASKED.findall(stem)) > 1)


def _is_apart(text: str, chain: list[_Mark], other: list[_Mark]) -> bool:
    """Whether two lists are those of two questions; lists of two, where the key of the first stands between them."""
    first, second = sorted((chain, other))
    between = text[first[-1].end : second[0].start]
    return second[0].start >= first[-1].end and (len(other) >= 3 or NOTE.search(between) is not None)


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
    if letters[0] not in "ABC" or max(LETTERS.index(x) for x in letters) >= len(letters) or len(letters) - len(set(letters)) > 1:
        return []
    return lines


def _cut(text: str, chain: list[_Mark], several: bool) -> Options:
    ends = [*(mark.start for mark in chain[1:]), len(text)]
    texts = [text[mark.end : mark.stop or end].strip() for mark, end in zip(chain, ends, strict=True)]
    repairs = ["repeated_option_dropped"] if any(mark.stop for mark in chain) else []
    if (bare := without_instruction(texts[-1])) != texts[-1]:
        texts[-1] = bare
        repairs.append("instruction_cut_from_options")
    note = None
    if match := NOTE.search("\n" + texts[-1]):
        note = match["note"].strip()
        texts[-1] = texts[-1][: max(match.start() - 1, 0)].strip()
        repairs.append("note_cut_from_options")
    stem = text[: chain[0].start].rstrip(" ;,")
    if any(NUMBERED_LINE.search(option) for option in texts) or _SOLVED.search(stem) or len(_ASKED.findall(stem)) > 1:
        several = True
    if any(_STATES.match(line.strip()) for option in texts[:-1] for line in option.split("\n")[1:]):
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
    if header := _HEADER.search(stem):
        stem = stem[: header.start()].rstrip()
    return Options(stem, labels, tidy_options(texts), note, repairs, several)


def without_instruction(option: str) -> str:
    """The last option without the lines behind it that tell whoever answers how to ("Answer with the letter.").

    >>> without_instruction("cow\\nAnswer with the letter only.\\n\\nAnswer:"), without_instruction("Answer the phone.")
    ('cow', 'Answer the phone.')
    """
    lines = option.split("\n")
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or _is_instruction(lines[end - 1].strip())):
        end -= 1
    return "\n".join(lines[:end]).rstrip() if end < len(lines) else option


def _is_instruction(line: str) -> bool:
    return (
        len(line) <= 200
        and not _STATES.match(line)
        and (_PROMPT.fullmatch(line) is not None or (_TELLS.match(line) is not None and _ABOUT.search(line) is not None))
    )


def tidy_option(text: str) -> str:
    """An option without the separators that stood between it and the next."""
    text = text.strip().lstrip(";").strip()
    return text if _ENTITY_END.search(text[-12:]) else text.rstrip(";").strip()


def tidy_options(texts: list[str], in_line: bool = True) -> list[str]:
    """Options without the separators between them; the semicolon of a statement is none. `in_line`: cut from one text, where all but
    the last bear one when it parts them.

    >>> tidy_options(["x = 1;", "x = 2;", "x = 3"]), tidy_options(["return x;", "return x"], in_line=False), tidy_options(["Huế;", "Vinh;"])
    (['x = 1', 'x = 2', 'x = 3'], ['return x;', 'return x'], ['Huế', 'Vinh'])
    """
    ends = [text.rstrip().endswith(";") for text in texts]
    separated = in_line and not ends[-1:][0] and all(ends[:-1]) if ends else False
    return [text.strip() if not separated and _is_statement(text.strip()) else tidy_option(text) for text in texts]


def _is_statement(text: str) -> bool:
    body = text.removesuffix(";")
    if body == text:
        return False
    return body.endswith(("++", "--", "}")) or (body.endswith(")") and _CALL.search(body) is not None) or _STATEMENT.match(body) is not None


def without_marks(values: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Texts and marks of options that all bear one, the marks A, B, C or 1, 2, 3 in any order; else None.

    >>> without_marks(["B. cat", "A. dog"]), without_marks(["B. Franklin", "G. Washington"])
    ((['cat', 'dog'], ['B', 'A']), None)
    """
    for pattern, wanted in ((LETTER_MARK, list(LETTERS)), (_DASH_MARK, list(LETTERS)), (NUMBER_MARK, [str(i) for i in range(1, 100)])):
        found = [match for value in values if (match := pattern.match(value))]
        marks = [next(group for group in match.groups() if group).translate(LOOKALIKE).upper() for match in found]
        if len(found) == len(values) and sorted(marks) == sorted(wanted[: len(values)]):
            return [value[match.end() :].strip() for value, match in zip(values, found, strict=True)], marks
    return None
