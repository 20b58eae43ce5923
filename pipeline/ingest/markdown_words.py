"""What a line of a question list says by its words and marks: an option, a question's beginning, its key, a heading of one of these."""

import re
from typing import NamedTuple

from pipeline.common.letters import LOOKALIKE
from pipeline.ingest.markdown_lines import Line

TICKS, CROSSES = "✅✔✓☑🗹⭕🟢👉", "❌✗✘✖☐⬜🔴⛔❎☒"
_EMOJI = f"[{TICKS}{CROSSES}]\ufe0f?"
_BOX = re.compile(r"\s{0,9}(?:[-*+]\s?)?(?:\[\s?(?P<square>[xX✓✔✅*]?)\s?\](?![(\[:])|\((?P<round>[xX*✓✔]|\s?)\)(?=\s|$))\s{0,9}")
_EMOJI_BEFORE = re.compile(rf"\s{{0,9}}(?P<emoji>{_EMOJI})\s{{0,9}}")
_EMOJI_BEHIND = re.compile(rf"\s{{0,9}}(?P<emoji>{_EMOJI})\s{{0,9}}$")
_NUMBERED = re.compile(
    r"\s{0,9}(?:option|choice|phương án|lựa chọn|opción"
    r"|opcion)\s{0,9}#?(\d{1,2})\s{0,9}[:.)\-–]\s{0,9}",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"\s{0,9}(?P<star>\*)?\s{0,9}(?:(?:option|choice|phương án"
    r"|lựa chọn)\s{1,9})?[(\[]?(?P<letter>[A-Ja-jАВСЕ])(?P<mark>\s?[.):\]．：、）]|/(?=\s)|\s[-–—](?=\s))\s{0,9}",
    re.IGNORECASE,
)
_BARE_LETTER = re.compile(r"\s{0,9}(?P<letter>[A-J])(?=\s{1,9}\S)")
_RIGHT_WORDS = r"(?:the )?(?:correct(?: answer)?|right answer|answer|đúng|đáp án(?: đúng)?)"
_SAID_RIGHT = re.compile(
    rf"\s{{0,9}}(?:(?:[-–—:←]|<-{{1,2}})\s{{0,9}}[(\[*]{{0,5}}{_RIGHT_WORDS}[)\]*]{{0,5}}"
    rf"|[(\[]{_RIGHT_WORDS}\s?!?[)\]])\s{{0,9}}[.!]?\s{{0,9}}$",
    re.IGNORECASE,
)
_RIGHT_LETTER = re.compile(rf"\s{{0,9}}[-–—:(\[]{{0,5}}\s{{0,9}}{_RIGHT_WORDS}\s?!?[)\]]?\s{{0,9}}$", re.IGNORECASE)
_ARROW = re.compile(r"\s{0,9}(?:←|<--?|\(\*\)|\(x\)|(?<=\s)\*)\s{0,9}$")
_FEEDBACK = re.compile(r"\s{0,9}\{\{(?P<text>[^{}]*)\}\}\s{0,9}$")

_WORDS = (
    r"câu(?:\s{1,9}hỏi)?|question|quest|ques|bài(?:\s{1,9}tập)?|pregunta|pergunta|domanda|frage|vraag|pytanie"
    r"|soal|soru|вопрос|питання|întrebarea|aufgabe|quiz|problem|exercise|q|c"
)
_NUMBER_WORD = re.compile(
    rf"\W*+(?P<word>{_WORDS})\s*+(?:số\s*+|no\s*+|nr\s*+)?(?:[.#°º]\s*+)?(?P<number>\d{{1,4}})(?!\d"
    rf"|\.\d)\s*+(?P<behind>[.:)\]/\-–—|]*+)\s*+",
    re.IGNORECASE,
)
_CJK_NUMBER = re.compile(r"\W*+(?:第\s*+(?P<a>\d{1,4})\s*+[题題問问]|[问問题題]\s*+(?P<b>\d{1,4}))\s*+[.:：、.]?\s*+")
# A heading's number bears any word: the languages of the world have more than we could list.
_ANY_WORD_NUMBER = re.compile(r"\W*+(?P<word>[^\W\d_]{1,12})\s*+[.#]?\s*+(?P<number>\d{1,4})(?!\d|\.\d)\s*+[.:)\]\-–—]\s*+")
_HEADING_NUMBER = re.compile(r"[\s(\[#]*+(?P<number>\d{1,4})(?!\d)(?:\s*+[.):\]/\-–—]\s*+|\s++|$)(?!\d)")
_LINE_NUMBER = re.compile(r"\s*+[(\[]?(?P<number>\d{1,3})\s?[.)\]/．、](?!\d)\s*+")
_SECTION = re.compile(
    r"\W{0,19}(?:part|chapter|section|unit|module|lesson|level|phần|chương|mục|chủ đề|day|week|test|exam|đề|round"
    r"|category|topic|step|bước|figure|hình|table|bảng"
    r"|version|v|kapitel|teil|chapitre|partie|parte|capítulo|tập|buổi|tuần|tiết|phase|year|năm)\b",
    re.IGNORECASE,
)
QUESTION_LABEL = re.compile(
    r"\W{0,19}(?:(?:practice|sample|test|quiz|exam)\s{1,9})?(?:question|câu hỏi|hỏi|pregunta|frage"
    r"|q)(?:\s{0,9}[:：]\s{0,9}|\W{0,19}$)",
    re.IGNORECASE,
)
_OPTIONS_LABEL = re.compile(
    r"\W{0,19}(?:(?:answer|response|multiple|possible|the|các|những)[\s-]{1,9}){0,5}"
    r"(?:options?|choices?|answers|phương án(?: trả lời)?|lựa chọn|đáp án|opciones|alternatives?)(?:\s{1,9}(?:are|là"
    r"|trả lời|below))?\s{0,9}[:：]?\W{0,19}$",
    re.IGNORECASE,
)
_SELECT = re.compile(
    r"\W{0,19}(?:select|choose|pick|chọn)\s{1,9}(?:one|một|1|the correct (?:answer|option)|đáp án đúng|câu đúng"
    r"|an option|an answer)\W{0,19}$",
    re.IGNORECASE,
)
_KEY_WORDS = (
    r"(?:the\s{1,9})?(?:(?:correct|right|true|best|suggested|model|sample|expected|final)\s{1,9})?(?:answers?|ans|key"
    r"|option|choice|response)"
    r"(?:\s{1,9}(?:key|letter|choice|option|is|are)){0,4}"
    r"|(?:(?:câu|phương\s{1,9}án|đáp\s{1,9}án|lựa\s{1,9}chọn|trả\s{1,9}lời)\s{1,9}){0,4}(?:đáp\s{0,9}án|đ/?a"
    r"|trả\s{1,9}lời|phương\s{1,9}án|lựa\s{1,9}chọn|chọn|key)"
    r"(?:\s{1,9}(?:đúng|nhất|chính\s{1,9}xác|là|đáp\s{1,9}án|phương\s{1,9}án|câu|ý)){0,4}"
    r"|correct|answer\s{1,9}is|solution|answer\s{1,9}and\s{1,9}explanation|answer\s{0,9}/\s{0,9}explanation"
    r"|respuesta(?:\s{1,9}correcta)?|réponse(?:\s{1,9}correcte)?|antwort|richtige\s{1,9}antwort"
    r"|resposta(?:\s{1,9}correta)?|risposta(?:\s{1,9}corretta)?|ответ"
    r"|правильный\s{1,9}ответ|答え|答案|正解|正确答案|参考答案|정답|antwoord|odpowiedź|jawaban"
)
_KEY = re.compile(
    rf"[^\w(]{{0,19}}(?P<words>{_KEY_WORDS})(?P<mark>\s{{0,9}}[:：=]|\s{{0,9}}[-–—.]\s|(?=\W{{0,19}}$))\s{{0,9}}(?P<value>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_KEY_UNMARKED = re.compile(
    rf"(?i:[^\w(]{{0,19}}(?:{_KEY_WORDS}))\s{{1,9}}(?P<value>\(?[A-J]\b\)?(?:\W{{0,19}}$|[.,;]\s.*|\s[-–—]\s.*))$", re.DOTALL
)
_KEY_SENTENCE = re.compile(
    r"\W{0,19}(?:so,?\s|therefore,?\s)?the\s{1,9}(?:correct|right)\s{1,9}(?:answer|option"
    r"|choice)\s{1,9}is\s{1,9}(?P<value>[^\n]{1,80}?)[.!]?\s{0,9}$",
    re.IGNORECASE,
)
_KEY_SAID = re.compile(
    r"\W{0,19}(?i:(?:option|answer|choice|đáp án|phương án|câu)\s{1,9})?(?P<value>[A-J])\W{1,19}(?i:(?:is"
    r"|là)\s{1,9}(?:the\s{1,9})?(?:correct|right|đúng|đáp án đúng)(?:\s{1,9}(?:answer|option|choice|one))?)\b"
)
_KEY_LETTERS = re.compile(r"(?i:[^\w(]{0,19}(?:đáp\s{0,9}án|chọn|answer))(?P<value>\s{0,9}[A-J]\W{0,19})$")
# Any words, a colon and a letter: a key in whatever language, where nothing else could stand.
_KEY_ANY = re.compile(r"\W{0,19}[^\W\d_]{1,30}(?:\s[^\W\d_]{1,30}){0,4}\s{0,9}[:：]\s{0,9}(?P<value>\W?[A-J]\W{0,19})$")
_EXPLANATION = re.compile(
    r"[^\w\[]{0,19}\[?(?P<words>explanations?|rationale|reason(?:ing)?|why|solutions?|feedback|notes?|justification"
    r"|hints?|discussion|details?"
    r"|(?:lời\s{1,9}|hướng\s{1,9}dẫn\s{1,9})?giải(?:\s{1,9}thích|\s{1,9}chi\s{1,9}tiết)?|hướng\s{1,9}dẫn"
    r"|phương\s{1,9}pháp(?:\s{1,9}giải)?|lý\s{1,9}do|vì\s{1,9}sao|gợi\s{1,9}ý|ghi\s{1,9}chú"
    r"|explicación|explication|erklärung|explicação|spiegazione|объяснение|解析|解説|解释|해설)\b\]?\s{0,9}(?P<mark>[:：.\-–—]"
    r"|(?=\W{0,19}$))\s{0,9}(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_KEY_HEADING = re.compile(
    r"\W{0,19}(?:(?:the|bảng|suggested|correct|all|quiz|practice|test|model)\s{1,9}){0,4}(?:answers?(?:\s{1,9}(?:key"
    r"|sheet|list|keys))?|keys?|solutions?(?:\s{1,9}key)?|đáp\s{0,9}án|answer\s{1,9}key\s{1,9}and\s{1,9}explanations?"
    r"|lời\s{1,9}giải|hướng\s{1,9}dẫn\s{1,9}giải|respuestas|réponses|lösungen|antworten|respostas|risposte|ответы"
    r"|答案)\s{0,9}[:：]?\W{0,19}$",
    re.IGNORECASE,
)
REFERENCE = re.compile(
    r"\W{0,19}(?:\[?(?:reference|ref|source|sources|references|tham khảo|nguồn|read more|see also|link|docs?"
    r"|documentation)s?\]?)\b\W{0,19}(?:\d\W{0,19})?$",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"\W{0,19}(?:let me know|hope (?:this|these|that)|i hope|would you like|feel free|good luck|if you (?:need|want"
    r"|would)|happy (?:learning|studying)|chúc |hy vọng|nếu bạn|bạn có muốn"
    r"|back to top|⬆|↑|\*\*\[⬆)",
    re.IGNORECASE,
)
# What a heading says of no question.
_FRAME = re.compile(
    r"\W{0,19}(?:table of contents|contents|mục lục|index|license|contributing|credits|references|resources|about"
    r"|introduction|overview)\W{0,19}$",
    re.IGNORECASE,
)


_SECTION_LINE = re.compile(
    r"\s{0,9}(?:[IVX]{1,4}\s?[.)]\s{1,9}[^\W\d_]|(?:PHẦN|Phần|PART|Part|SECTION|Section|CHƯƠNG|Chương"
    r"|CHỦ ĐỀ)\s{1,9}\w|[-\s]{0,19}(?:HẾT|THE END)[-\s]{0,19}$)"
)


class OptionMark(NamedTuple):
    """How a line begins an option: what kind of mark (box, letter, emoji), its letter or number, whether it is ticked, where its text
    starts and ends, where what is behind its box does, and where its letter stands."""

    kind: str
    letter: str
    ticked: bool | None
    start: int
    end: int
    box: int = 0
    letter_at: int | None = None


class Start(NamedTuple):
    """How a line begins a question: the style that it shares with others, its number, and where its text starts."""

    style: tuple[str, ...]
    number: int | None
    at: int


def option_mark(line: Line) -> OptionMark | None:
    """The mark of an option that a line begins with, whatever stands for it."""
    if line.kind not in ("text", "heading"):
        return None
    text, at, box_end, kind, ticked = line.text, 0, 0, "", None
    if box := _BOX.match(text):
        inner = (box["square"] if box["square"] is not None else box["round"]).strip()
        at, box_end, kind, ticked = box.end(), box.end(), "box", bool(inner)
    elif emoji := _EMOJI_BEFORE.match(text):
        at, kind, ticked = emoji.end(), "emoji", emoji["emoji"][0] in TICKS
    if number := _NUMBERED.match(text, at):
        at, kind = number.end(), kind or "number"
    letter, letter_at = "", None
    if (mark := _LETTER.match(text, at)) and (mark.end() < len(text) or mark["mark"].strip() or kind):
        letter, letter_at = mark["letter"].translate(LOOKALIKE).upper(), mark.start("letter")
        ticked = True if mark["star"] and ticked is None else ticked
        at, kind = mark.end(), kind or "letter"
    elif not kind and (bare := _BARE_LETTER.match(text)) and "bold" in line.marks[bare.start("letter")] - line.marks[bare.end()]:
        letter, at, kind = bare["letter"], bare.end(), "letter"
    elif not kind and line.marker and re.fullmatch(r"\s{0,9}[A-J]\s{0,9}", text):
        letter, at, kind = text.strip(), len(text), "letter"
    if number and not letter:
        letter = f"#{number[1]}"
    if not kind:
        return None
    end = len(text)
    if kind == "letter" and _RIGHT_LETTER.match(text, at) and re.search(r"[-–—(\[]", text):
        # "B - Correct": a letter that says which option is right.
        return OptionMark(kind, letter, True, at, at, box_end)
    for pattern in (_FEEDBACK, _SAID_RIGHT, _EMOJI_BEHIND, _ARROW):
        behind = pattern.search(text, at) if at < end else None
        if behind and (behind.start() > at or pattern is _SAID_RIGHT) and behind.end() == len(text):
            if pattern is _FEEDBACK:
                text = text[: behind.start()]
            elif pattern is _EMOJI_BEHIND:
                ticked = behind["emoji"][0] in TICKS
            else:
                ticked = True
            end = behind.start()
            break
    return OptionMark(kind, letter, ticked, at, end, box_end, letter_at)


def question_start(line: Line) -> Start | None:
    """The number, heading or label that a question begins with."""
    text = line.text
    if line.kind == "open" and line.info == "quiz":
        return Start(("quiz",), None, 0)
    if line.kind not in ("text", "heading") or is_label(text):
        return None
    if line.quote >= 2 and ("<<" in text or "||" in text):
        return Start(("edx",), None, 0)
    heading = ("heading", str(line.level)) if line.kind == "heading" else ()
    if (
        (match := _NUMBER_WORD.match(text))
        and (heading or match["behind"] or match.end() == len(text) or text[match.end() :][:1].isupper())
        and (len(match["word"]) > 1 or heading or match["behind"])
    ):
        return Start(("worded", *heading), int(match["number"]), match.end())
    if match := _CJK_NUMBER.match(text):
        return Start(("worded", *heading), int(match["a"] or match["b"]), match.end())
    if heading and _SECTION.match(text):
        return Start(("plain", *heading), None, 0)
    if heading and (match := _HEADING_NUMBER.match(text) or _ANY_WORD_NUMBER.match(text)):
        return Start(("numbered", *heading), int(match["number"]), match.end())
    if heading:
        return None if _FRAME.match(text) else Start(("plain", *heading), None, 0)
    if line.marker[:-1].isdigit():
        return Start(("item", str(len(line.lists))), int(line.marker[:-1]), 0)
    if match := _LINE_NUMBER.match(text):
        return Start(("line",), int(match["number"]), match.end())
    if match := QUESTION_LABEL.match(text):
        return Start(("label",), None, match.end())
    return None


def is_label(text: str) -> bool:
    """True for a line that names what follows it (options, key, solution) and is no question."""
    return (
        len(text) < 80
        and bool(
            _OPTIONS_LABEL.match(text)
            or _KEY_HEADING.match(text)
            or ((found := _EXPLANATION.match(text)) and (found["mark"] or not found["rest"]))
        )
    ) or key_value(text) is not None


def is_options_label(text: str) -> bool:
    """True for "Answer choices:" and the like."""
    return len(text) < 80 and bool(_OPTIONS_LABEL.match(text))


def is_select(text: str) -> bool:
    """True for "Choose one:" and the like: no stem where another is."""
    return len(text) < 80 and bool(_SELECT.match(text))


def is_key_heading(text: str) -> bool:
    """True for "Answer key", "Đáp án" and the like."""
    return len(text) < 80 and bool(_KEY_HEADING.match(text))


def is_section(text: str) -> bool:
    """True for a line that heads a part of an exam ("PHẦN II", "II. TỰ LUẬN") or ends it."""
    return bool(_SECTION_LINE.match(text))


def is_chat(text: str) -> bool:
    """True for what is said to the person who asked for the questions."""
    return bool(_CHAT.match(text))


def key_value(text: str, alone: bool = False) -> str | None:
    """What a line gives as the key ("" where it stands below), None for a line that gives none; `alone`: nothing but a key is to be
    expected, in whatever language."""
    if len(text) > 2_000:
        return None
    if match := _KEY.match(text):
        value = match["value"].strip()
        wordy = not match["mark"].strip() or match["mark"].strip() in ".-–—"
        if is_options_label(text) and not is_key_heading(text):
            return None
        if not wordy or not value or re.match(r"\W{0,3}[A-J]\b(?!['’])", value):
            return value
        return None
    if (
        match := _KEY_UNMARKED.match(text)
        or _KEY_SENTENCE.match(text)
        or _KEY_SAID.match(text)
        or _KEY_LETTERS.match(text)
        or (_KEY_ANY.match(text) if alone else None)
    ):
        return match["value"].strip()
    return None


def explanation_text(text: str) -> str | None:
    """What follows "Explanation:" on its line; None for a line that opens no explanation."""
    match = _EXPLANATION.match(text)
    return match["rest"].strip() if match and (match["mark"] or not match["rest"]) else None
