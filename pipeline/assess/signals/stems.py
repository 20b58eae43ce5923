"""Signals of the stem: does it ask one clear thing that can be answered from what is shown?"""

import re

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.view import FUNCTION_WORDS, OPEN_ENDS, VERDICTS, View
from pipeline.common.guards import Guarded
from pipeline.common.text import strip_marks

TARRANT = "Tarrant 2006 / Moore 2023"
_BLANKS = Guarded(r"_{2,}|\.{2,}|…|-{3,}", texts="__|..|…|---")
_SENTENCE_END = tuple(".!。”\"'")
_ELSEWHERE = Guarded(
    r"\b(?:the|this|above) (?:passage|extract|excerpt|paragraph|reading|case study|previous (?:question|problem|item|exercise))\b"
    r"|\b(?:passage|text|table|data|information|statements?|scenario|situation|example|poem|story|article|dialogue) above\b|\b(?:passage|text|table|data) below\b"
    r"|\b(?:according to|based on|from|in|see|use|using) (?:the|this) (?:text|table|article|scenario)\b|\b(?:mentioned|described|shown|listed|given|stated|discussed) above\b"
    r"|\b(?:answer|response|solution|reason) (?:in|to|for|given in) (?:question |number |problem |no\. ?)+\d|\b(?:question|problem) (?:no\. ?)?\d{1,3}(?=[\s,.;:?)]|$)"
    r"|\b(?:in this|our|the previous) (?:chapter|textbook|lesson|lecture|course|module|handout|interviewees?)\b(?!.{0,3}$)|\baccording to the (?:author|lecture|speaker|lecturer)(?! of| and)\b"
    r"|\b(?:last|preceding) (?:question|problem|exercise)\b|\bsame (?:facts|data|conditions) as\b|\bin line \d+|\bin paragraph \d"
    r"|\b(?:đoạn (?:văn|trích|thơ|thông tin)|bảng số liệu|văn bản|câu chuyện|tình huống|thông tin|bài đọc|bài thơ) (?:trên|dưới đây|ở trên)\b(?! thế giới)"
    r"|\btheo (?:đoạn trích|bảng số liệu|bài đọc|đoạn văn)\b|\bcâu hỏi (?:trên|trước)\b|\b(?:ở|của) câu (?:trên|trước)\b",
    words="""passage extract excerpt paragraph reading study previous above below text table article scenario
    answer response solution reason question problem exercise chapter textbook lesson lecture course module handout interviewee interviewees
    according same line đoạn bảng bài trên dưới trước""",
)
_QUOTES = frozenset('"“|')
_PICTURE = Guarded(
    r"\b(?:figure|diagram|picture|image|graph|chart|map|photo|photograph|illustration|drawing|circuit) (?:below|above|shown|(?:on|to) the (?:left|right))\b"
    r"|\b(?:shown|depicted|illustrated|pictured|seen|labell?ed|marked) (?:in|on|by) (?:the|this) (?:accompanying )?(?:figure|diagram|picture|image|graph|chart|map|photo|photograph|illustration|drawing)\b"
    r"|\b(?:in|from|on|see) the (?:following |accompanying )?(?:figure|diagram|sound clip|audio clip|video clip|clip)\b|\bthe (?:figure|diagram|graph) (?:shows|represents|depicts|illustrates)\b"
    r"|\b(?:figure|fig\.|exhibit) \d|\bshaded (?:area|region|part)\b|\bsee (?:figure|picture|image|diagram)\b"
    r"|\b(?:đồ thị|hình vẽ|biểu đồ|sơ đồ|hình ảnh|lược đồ|hình) (?:trên|bên|bên dưới|dưới đây|đã cho|minh họa)\b(?! trái đất)|\bquan sát (?:các )?(?:sơ đồ|hình|biểu đồ|đồ thị|tranh|ảnh)\b|\b(?:như|trong|ở|theo|xem) (?:hình(?: vẽ)?|biểu đồ|sơ đồ|đồ thị) (?:\d|bên|dưới|trên|sau)",
    words="""figure fig diagram picture image graph chart map photo photograph illustration drawing circuit exhibit shaded clip hình đồ sát""",
)
_TIME = Guarded(
    r"\b(?:currently|nowadays|right now|today|as of (?:\w+ )?\d{4}|at present|present[- ]day|in recent (?:years|times|decades)|recently|latest(?! (?:edition|version|generation))|so far|to date|until now|"
    r"(?:the|our|is|are) current(?!,| (?:year|period|month|ratio|assets?|liabilit|account|through|in|of|flow|depth|value|price|intensity|density|and|that|flowing|is))|(?:last|past) (?:\w+ )?(?:years?|decades?)|upcoming|tính đến (?:năm|nay|hết)|gần đây nhất|thời điểm hiện (?:tại|nay))\b",
    words="""current currently nowadays now today present recent recently latest far date year years decade decades upcoming tính gần hiện""",
    texts="as of ",
)
_BEST = Guarded(
    r"\b(?:best (?:describe|explain|represent|characteri|define|illustrate|reflect|exemplif|answer|option|choice|translation|description|title|explanation|example|reason"
    r"|way|approach|summar|capture|fit|serve|complete|identif|interpret|symboli|strategy|method|course|response|statement)|(?:be|is|are|was|were|which) best\b(?! known| friend)"
    r"|most (?:likely|probably|appropriate|accurate|closely|important|effective|commonly|accepted|nearly)|(?:primarily|mainly)\b)",
    words="best most primarily mainly",
)
_GENERIC = FUNCTION_WORDS | frozenset(
    "term refers called known means find value question statement statements đoạn giá trị ý nghĩa khái niệm".split()
)


@signal(
    ">= 0",
    0.34,
    0.45,
    "the stem has hardly any letters",
    "câu hỏi hầu như không có chữ",
    source=f"unfocused stem, {TARRANT}",
    why="two letters or digits; '2+2' has two, 'x=1' too; three pass",
)
def stem_shortness(view: View) -> float | None:
    """1 divided by the stem's letters and digits: 0.2 is five of them. Undefined behind a passage, where a number may be all."""
    if view.context:
        return None
    return 1 / max(sum(map(str.isalnum, view.stem)), 1) if len(view.stem) < 24 else 0.0


@signal(
    ">= 0, words",
    300,
    0.12,
    "the stem is implausibly long",
    "câu hỏi dài bất thường",
    source=f"gratuitous information, {TARRANT}; length is the baseline on MMLU-Redux",
    why="beyond the 99.9th percentile of the shared sources; under it length costs in proportion, which ranks questions without flags",
    graded=True,
)
def stem_length(view: View) -> float:
    """Words of the stem: more text, more that may be wrong or missing."""
    return float(len(view.words))


@signal(
    "0 or 1",
    1,
    0.03,
    "the stem says nothing of what is asked",
    "câu hỏi không nói rõ hỏi về điều gì",
    source=f"unfocused stem, {TARRANT}",
    why="no word of a topic at all",
)
def unfocused_stem(view: View) -> float | None:
    """1 where every word of the stem could stand in any question ("Which of the following is true?"). Undefined behind a passage."""
    if view.context:
        return None
    if len(view.words) > 14:
        return 0.0
    return float(not view.blank and bool(view.words) and view.word_set <= _GENERIC)


@signal(
    "0 or 1",
    1,
    0.3,
    "the stem asks nothing: neither a question, nor a gap, nor a sentence to finish",
    "câu dẫn không hỏi gì: không có câu hỏi, chỗ trống hay câu bỏ lửng",
    source=f"unfocused stem, {TARRANT}; read in MMLU-Redux: passages that lost their question",
    why="a full sentence that asks, commands and leaves open nothing",
)
def no_question(view: View) -> float | None:
    """1 where a stem of finished sentences asks nothing. Undefined behind a passage or rubric, which may ask; statements to be judged true or
    false, and clues ("this singer ..."), ask by their form."""
    if view.context or len(view.words) < 3:
        return None
    if "?" in view.stem or not view.stem.endswith(_SENTENCE_END) or view.stem.endswith("..."):
        return 0.0
    if view.blank or " _" in view.stem or view.all_option_words <= VERDICTS:
        return 0.0
    # Options in small letters finish a sentence in spite of its full stop; "I only" asks for what holds.
    if all(option[:1].islower() for option in view.options) or _STATEMENT_LIST(view.stem):
        return 0.0
    # A command counts where a sentence begins with it, an asking word in the last sentence: elsewhere they are common words.
    lower = view.lower
    if not _COMMANDS.isdisjoint(_FIRST_WORDS(lower)) or (len(view.words) < 60 and not view.word_set.isdisjoint(_THIS)):
        return 0.0
    last = lower.rstrip(".!\"”') ")
    words = set(last[max(last.rfind(". "), last.rfind("! "), last.rfind("\n"), 0) :].split())
    return float(words.isdisjoint(_CALLS) and view.words[0] not in _CLUES and not last.endswith(":"))


_STATEMENT_LIST = re.compile(r"\A(?>.*?\bI\. ).*\bII\. ", re.DOTALL).match
_FIRST_WORDS = re.compile(r"(?:^|[.!?:;,–-]\s+|\n[^\S\n]*|\()(\w+)").findall
_COMMANDS = frozenset(
    """identify choose select find calculate determine compute evaluate solve complete fill match mark indicate name give state estimate simplify
    translate arrange pick guess tell answer express convert classify construct use write put list provide consider read describe explain decide define determine add who listen
    hãy tìm tính chọn xác điền sắp cho""".split()
)
_CALLS = frozenset(
    "what which whom whose following except except: called termed known true: false: nào gì ai sao đâu mấy nhiêu là: đúng: sai:".split()
)
_THIS = frozenset("this these".split())
_CLUES = frozenset("which what whose whom he she it they his her their its i my here one".split())


@signal(
    "0 or 1",
    1,
    0.15,
    "the stem breaks off",
    "câu hỏi bị cắt ngang",
    source="damage of extraction",
    why="a bracket or quotation that never closes, a hyphen at the end, or a question that ends in an article",
)
def unfinished_stem(view: View) -> float:
    """1 where a bracket or quotation opens and never closes, or the text ends in the middle of a word or of a question."""
    text = view.stem
    end = text[-1:]
    if end in "-–([“\\&+" and not text.endswith(("--", "–-")) and end:
        return 1.0
    if "(" in text and "]" not in text and "[" not in text and text.count("(") > text.count(")") + len(_LIST_MARK(text)):
        return 1.0
    # Some fonts close with the opening mark: an odd number of both never closes.
    if "“" in text and (text.count("“") + text.count("”") + text.count('"')) % 2:
        return 1.0
    return float(_cut_question(view))


_LIST_MARK = re.compile(r"\(\w{1,3}[.:]").findall
_OPENERS = frozenset("what which who whom whose where why how".split())
_PREPOSITIONS = frozenset("in on at of for by from to with under".split())


def _cut_question(view: View) -> bool:
    """An English stem that opens with an asking word and ends neither in a mark nor in a word that its options may follow."""
    words = view.words
    if not words or words[0] not in _OPENERS or "?" in view.stem or view.blank or view.stem[-1] in ".:;!" or view.context:
        return False
    return words[-1] in _NEVER_LAST


_NEVER_LAST = frozenset("the an and or their its his her your our my whose which very".split())
_VOWEL = re.compile(r"[aeiouyáàảãạăắằẳẵặâấầẩẫậéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵ\d]").search


@signal(
    "0 or 1",
    1,
    0.15,
    "the last word of the stem is no whole word",
    "từ cuối của câu hỏi không trọn vẹn",
    source="damage of extraction",
    why="a word without a vowel, or letters that no Vietnamese syllable is made of",
)
def cut_word(view: View) -> float:
    """1 where the stem ends inside a word, in lower-case letters. Units and abbreviations are left alone; in Vietnamese, words without marks too."""
    if not view.stem[-1:].isalpha() or not view.stem[-1:].islower():
        return 0.0
    word = view.last_word
    if not 1 < len(word) < 9 or len(view.words) < 4 or "\\" in view.stem or "$" in view.stem or not view.stem.endswith(f" {word}"):
        return 0.0
    if _VOWEL(word) is None:
        return float(word not in _UNITS)
    return float(view.language == "vi" and not word.isascii() and _SYLLABLE(strip_marks(word)) is None)


_UNITS = frozenset("km cm mm kg mg ml hz khz mhz ghz kpa kw mw pt rpm mph kph dr mr st vs tv dvd cd fm pm bc nm db hcl nh ch ph".split())
# Onset and rime of a Vietnamese syllable, without its marks.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|gh|gi|kh|nh|ph|qu|th|tr|ch|[bcdghklmnpqrstvx])?"
    r"(?:a(?:c|ch|i|m|n|ng|nh|o|p|t|u|y)?|e(?:c|ch|m|n|ng|nh|o|p|t|u)?|i(?:a|c|ch|m|n|nh|p|t|u|e(?:c|m|n|ng|p|t|u))?|o(?:c|i|m|n|ng|p|t|e[not]?|a(?:c|ch|i|m|n|ng|nh|o|p|t|y)?)?"
    r"|u(?:a|c|i|m|n|ng|p|t|u|o(?:c|i|m|n|ng|p|t|u)?|an|ang|at|ay|e|ech|enh|y(?:a|ch|en|et|nh|t|u)?)?|y(?:e(?:m|n|ng|t|u)|nh|t)?)"
).fullmatch


@signal(
    "0 or 1",
    1,
    0.02,
    "the stem begins as a question and doesn't end as one",
    "câu hỏi kết thúc giữa chừng",
    source=f"unfocused stem, {TARRANT}; damage of extraction",
    why="an asking word in front, and no mark at the end",
)
def loose_end(view: View) -> float | None:
    """1 where the last sentence of an English stem begins as a question and ends without a mark. Undefined in Vietnamese, whose sentences to
    finish may end with any word, and behind a passage."""
    if view.language == "vi" or view.context or not view.words:
        return None
    if not view.stem[-1].isalpha() or "?" in view.stem or view.blank:
        return 0.0
    if view.word_set.isdisjoint(_OPENERS):
        return 0.0
    # An asking word opens the last sentence, maybe behind a preposition.
    last = re.split(r"[.!?:;]\s+|\n", view.lower)[-1].split()
    return float(bool(last) and (last[0] in _OPENERS or (last[0] in _PREPOSITIONS and last[1:2] != [] and last[1] in _OPENERS)))


@signal(
    "0 or 1",
    1,
    0.2,
    "the options are of another kind than the stem asks for",
    "các phương án không phù hợp với điều câu hỏi yêu cầu",
    source="damage of extraction: options of another question",
    why="no option has a number where one is asked for, or all are bare numbers where a person is",
)
def answer_type(view: View) -> float | None:
    """1 where the stem asks how many, how much or what year and no option holds a digit or number word, or asks who and all options are
    numbers. Undefined where it asks none of these in its last sentence."""
    lower = view.lower
    if "who" not in view.word_set and not _WANTS_NUMBER.may_match(lower):
        return None
    last = lower[max(lower.rfind(". ", 0, -1), lower.rfind("\n"), 0) :]
    if "?" in last and _WANTS_NUMBER.search(last):
        return float(not any(view.digits) and view.all_option_words.isdisjoint(_NUMBER_WORDS) and not view.true_false)
    if "?" in last and last.lstrip(" .\n").startswith("who "):
        return float(bool(view.numeric))
    return None


_WANTS_NUMBER = Guarded(
    r"\bhow (?:many|much)\b(?! (?:more|less|of))|\b(?:what|which) year\b|\bbao nhiêu\b|\bnăm nào\b", texts="how m| year|bao nhiêu|năm nào"
)
_NUMBER_WORDS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty
    forty fifty sixty seventy eighty ninety hundred thousand million billion none no once twice half all both never dozen double few several many
    every infinite nothing neither more less decrease increase same unlimited i ii iii iv v vi vii viii ix x
    một hai ba bốn năm sáu bảy tám chín mười không vô số""".split()
)


@signal("0 or 1", 1, 0.02, "the stem asks for what is not so", "câu hỏi ở dạng phủ định", source=f"negatively worded stem, {TARRANT}")
def negative_stem(view: View) -> float:
    """1 where the stem's last sentence holds not, except, least, không, chưa, ngoại trừ or asks for the false one (sai)."""
    if not _NEGATED.may_match(view.lower, view.runs):
        return 0.0
    last = view.lower[max(view.lower.rfind(". ", 0, -1), view.lower.rfind("\n"), 0) :]
    return float(_NEGATED.pattern.search(last) is not None)


_NEGATED = Guarded(
    r"\b(?:not|except|least(?! one| once)|never|cannot|isnt|doesnt|didnt|wasnt|arent|werent|dont|cant|neither|ngoại trừ)\b"
    r"|\b(?:không|chưa)\b(?! (?:gian|khí|quân|phân biệt|đổi))(?<!hàng không)|\bsai\b|(?:^|\b(?=wh))\W*+(?:[\w-]{1,40} ){0,7}\w*n['’]t\b",
    words="not except least never cannot isnt doesnt didnt wasnt arent werent dont cant neither t ngoại không chưa sai",
)


@signal(
    "0 or 1",
    1,
    0.3,
    "the stem leans on a text or question that isn't there",
    "câu hỏi dựa vào đoạn văn, bảng hoặc câu khác không có ở đây",
    source=f"ambiguous or unclear information, {TARRANT}",
    why="one pointer is enough",
)
def missing_reference(view: View) -> float:
    """1 where the stem points at a passage, table or other question, and neither a context, nor a quotation, nor a text of some length is here."""
    if view.context or _ELSEWHERE.search(view.lower, view.runs) is None:
        return 0.0
    return float(len(view.words) <= 60 and "\n" not in view.stem and _QUOTES.isdisjoint(view.stem))


@signal(
    "0 or 1",
    1,
    0.35,
    "the stem points at a picture that isn't there",
    "câu hỏi nhắc đến hình không có ở đây",
    source=f"ambiguous or unclear information, {TARRANT}; validate rejects the plain cases",
    why="one pointer is enough",
)
def missing_picture(view: View) -> float:
    """1 where the stem points at a figure, graph, map or drawing."""
    return float(_PICTURE.search(view.lower, view.runs) is not None)


@signal(
    "0 or 1",
    1,
    0.1,
    "the answer may change with time",
    "câu trả lời có thể thay đổi theo thời gian",
    source="read in MMLU-Redux (relative reference, outdated options)",
    why="one word such as currently is enough",
)
def time_dependent(view: View) -> float:
    """1 where the stem speaks of now, of recent years or of a day by which it holds."""
    return float(_TIME.search(view.lower, view.runs) is not None)


@signal(
    "0 or 1",
    1,
    0.03,
    "the stem asks for the best of several that may hold",
    "câu hỏi yêu cầu chọn phương án tốt nhất trong số có thể đúng",
    source=f"more than one correct answer, {TARRANT}",
)
def judgement(view: View) -> float:
    """1 where the stem asks for the best, the most likely or the main one."""
    return float(_BEST.search(view.lower, view.runs) is not None)


@signal(
    "count",
    3,
    0.03,
    "the stem asks several questions",
    "câu hỏi gồm nhiều câu hỏi",
    source=f"unfocused stem, {TARRANT}",
    why="a question in a quotation or a rhetorical one makes two",
)
def several_questions(view: View) -> float | None:
    """Number of question marks behind a word, a row of them counting once; undefined where lines or quotation marks set a text apart."""
    if view.stem.count("?") > 2 and not _SET_APART.isdisjoint(view.stem):
        return None
    return float(len(_MARKS(view.stem))) if view.stem.count("?") > 1 else float("?" in view.stem)


_SET_APART = frozenset("\n\"“:'‘[")
_MARKS = re.compile(r"\w[\s”\"')]*\?").findall


@signal(
    "0-1",
    0.8,
    0.1,
    "the stem is written in capitals",
    "câu hỏi viết toàn chữ hoa",
    source="readability",
    why="headlines and emphasised words stay under it",
)
def shouting(view: View) -> float | None:
    """Share of capitals among the letters of a stem; undefined under four words."""
    if len(view.words) < 4:
        return None
    if view.stem[1:4].islower() or len(view.stem) > 2000:
        return 0.0
    letters = [c for c in view.stem if c.isalpha()]
    return sum(map(str.isupper, letters)) / len(letters) if letters else None


@signal("0 or 1", 1, 0.02, "a gap to fill stands inside the stem", "chỗ trống nằm giữa câu hỏi", source=f"fill in the blank, {TARRANT}")
def inner_gap(view: View) -> float:
    """1 where a gap stands before the stem's last word."""
    match = _BLANKS.search(view.stem)
    return float(match is not None and match.end() + 12 < len(view.stem) and match.start() > 0)


def open_end(view: View) -> bool:
    """Whether the options finish the stem's sentence."""
    return (
        bool(view.words)
        and "?" not in view.stem
        and (view.stem[-1:] in ":,–-" or view.stem[-1:].isalnum())
        and (view.last_word in OPEN_ENDS or view.stem[-1:] == ":")
    )
