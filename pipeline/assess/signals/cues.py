"""Signals of the key: what gives it away to someone who doesn't know the answer."""

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.stems import TARRANT, open_end
from pipeline.assess.signals.view import FUNCTION_WORDS, View
from pipeline.common.guards import Guarded


@signal(
    ">= 0",
    2.2,
    0.04,
    "the right option is far longer than the others",
    "đáp án đúng dài hơn hẳn các phương án khác",
    source=f"longest option correct, greatest detail, {TARRANT}",
    why="2.2 times the mean of the wrong ones: 2% of the shared questions and fewer",
)
def longest_option_cue(view: View) -> float | None:
    """Length of the right option against the mean of the wrong ones, characters; undefined where it has under 25."""
    right = view.lengths[view.key]
    if right < 25:
        return None
    return right * (len(view.options) - 1) / max(sum(view.lengths) - right, 1)


@signal(
    "0 or 1",
    1,
    0.05,
    "the grammar of the stem fits the right option alone",
    "ngữ pháp của câu dẫn chỉ khớp với đáp án đúng",
    source=f"grammatical cue, {TARRANT}",
    why="every wrong option is ruled out by a or an",
)
def grammatical_cue(view: View) -> float | None:
    """1 where the stem ends in a or an and the first letter of the right option alone agrees. Undefined for other stems."""
    article = view.last_word
    if article not in ("a", "an") or "?" in view.stem or view.language == "vi":
        return None
    fits = [(option[:1] in "aeiou") == (article == "an") for option in view.low_options]
    return float(fits[view.key] and sum(fits) == 1)


@signal(
    "0 or 1",
    1,
    0.03,
    "the right option alone is written in another form",
    "chỉ đáp án đúng có hình thức viết khác",
    source=f"grammatical or logical cue, {TARRANT}",
    why="of at least three options, where the stem is a sentence to finish or the options are sentences",
)
def format_cue(view: View) -> float | None:
    """1 where the right option alone ends (or alone doesn't end) in a full stop, or alone begins with a capital (or a small letter).
    Undefined under three options and where the right one has under three words."""
    if len(view.options) < 3 or view.right.count(" ") < 2:
        return None
    ends = [option[-1:] == "." for option in view.options]
    if ends.count(ends[view.key]) == 1:
        return 1.0
    starts = [option[:1].isupper() for option in view.options]
    return float(starts.count(starts[view.key]) == 1 and not starts[view.key] and open_end(view))


@signal(
    "0 or 1",
    1,
    0.03,
    "a word of the stem comes back in the right option alone",
    "từ trong câu hỏi chỉ lặp lại ở đáp án đúng",
    source=f"word repeats, {TARRANT}",
    why="one topical word of five letters; in Vietnamese three of its syllables in a row",
)
def repeated_key_words(view: View) -> float | None:
    """1 where the stem shares a topical word with the right option and with no wrong one. Undefined where the right option has no such word."""
    if view.language == "vi":
        if len(view.option_words[view.key]) < 3:
            return None
        if sum(map(view.word_set.__contains__, view.option_words[view.key])) < 3:
            return 0.0
        stem = " ".join(view.words)
        shared = [_shares_run(words, stem) for words in view.option_words]
    else:
        mine = view.option_words[view.key]
        if not mine:
            return None
        if not any(len(word) > 4 and word in view.word_set and word not in FUNCTION_WORDS for word in mine):
            return 0.0
        shared = [any(len(word) > 4 and word in view.word_set for word in words) for words in view.option_sets]
    return float(shared[view.key] and sum(shared) == 1)


def _shares_run(words: list[str], stem: str) -> bool:
    return any(" ".join(words[i : i + 3]) in stem for i in range(len(words) - 2))


@signal(
    "-1 to 1",
    0.25,
    0.02,
    "the right option shares the most words with the others",
    "đáp án đúng có nhiều từ chung nhất với các phương án khác",
    source=f"convergence cue, {TARRANT}",
    why="a quarter of its words more than the next",
)
def convergence(view: View) -> float | None:
    """Mean share of an option's topical words that other options hold: the right one's less the highest wrong one's. Undefined under three
    options or where one is a single word or has no topical one."""
    if len(view.options) < 3 or view.one_word:
        return None
    if not view.shares_words:
        return 0.0
    sets = view.option_sets
    if not all(sets):
        return None
    size = len(sets)
    shares = [sum(len(mine & other) for other in sets) / len(mine) - 1 for mine in sets]
    right = shares.pop(view.key)
    return (right - max(shares)) / (size - 1)


@signal(
    "0 or 1",
    1,
    0.1,
    "the right option stands in the stem",
    "đáp án đúng nằm ngay trong câu hỏi",
    source=f"word repeats, {TARRANT}; extraction that leaves the first option in the stem",
    why="whole, and no wrong one does",
)
def answer_in_stem(view: View) -> float | None:
    """1 where the right option stands in the stem word for word and no wrong one does. Undefined under two words or six letters."""
    right = view.low_options[view.key].strip(" .")
    if " " not in right or len(right) < 6:
        return None
    if right not in view.lower:
        return 0.0
    return float(sum(option.strip(" .") in view.lower for option in view.low_options) == 1)


@signal(
    "0 or 1",
    1,
    0.45,
    "an option bears a mark that tells the key",
    "có phương án mang dấu tiết lộ đáp án",
    source="damage of extraction",
    why="one mark on one option",
)
def leaked_key(view: View) -> float:
    """1 where exactly one option ends in a note such as (correct), (Chọn), ✓, or starts with an asterisk."""
    if not _KEY_NOTE.may_match(view.joined):
        return 0.0
    return float(
        sum(
            _KEY_NOTE.search(low) is not None and not (option[0] == "*" and option[1:].isupper())
            for option, low in zip(view.options, view.low_options, strict=True)
        )
        == 1
    )


_KEY_NOTE = Guarded(
    r"[(\[]\s*(?:correct(?: answer)?|right answer|answer|key|true answer|chọn|đúng|đáp án(?: đúng)?|x|✓|✔|√)\s*[)\]]\s*\.?$|[✓✔☑✅]|^\s*\*\s?\w|\s\*$|<-+|- correct$",
    texts="(|[|*|<-|- correct|✓|✔|☑|✅",
)


@signal(
    "0 or 1",
    1,
    0.45,
    "the stem names the right letter",
    "câu hỏi nêu sẵn chữ cái của đáp án",
    source="damage of extraction",
    why="an answer's label with a letter behind it",
)
def leaked_letter(view: View) -> float:
    """1 where the stem ends in or holds the label of a key ("Đáp án: B", "Answer: B", "(Ans. C)")."""
    return float(_KEY_LABEL.search(view.stem, view.runs) is not None)


_KEY_LABEL = Guarded(
    r"(?:\b(?:[Aa]nswer|ANSWER|[Aa]ns|ANS|[Kk]ey|KEY)\s*[:.=]|\b(?:[Đđ]áp [Áá]n(?: đúng)?(?: là)?|ĐÁP ÁN)\s*[:.]|\((?:[Cc]họn|CHỌN)\b|\b(?:[Cc]họn|CHỌN)\s*:)"
    r"\s*[(\[]?[A-J](?![\w'’]|\s*[,./]\s*[A-J])",
    words="answer ans key đáp chọn",
)
