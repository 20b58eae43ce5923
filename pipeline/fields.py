"""Which column holds what, decided once a file over all its rows, and recorded: a row's fate never hangs on one row's shape."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pipeline.parse import LETTERS, letter_of, number_of
from pipeline.text import fold_option, short_hash, strip_marks

# Header names (see text.strip_marks), best first: the first that a file has wins, so `answer` beats `correct_answer`.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "stem": (
        *("question_stem", "stem", "question", "question_text", "cau_hoi", "noi_dung_cau_hoi", "noi_dung", "de_bai", "cauhoi"),
        *("prompt", "query", "problem", "question_content", "content", "text", "input", "question_title", "ctx"),
    ),
    "options": (
        *(
            "options",
            "choices",
            "choices_text",
            "question_choices",
            "phuong_an",
            "cac_phuong_an",
            "lua_chon",
            "cac_lua_chon",
            "dap_an_lua_chon",
        ),
        *("candidates", "endings", "alternatives", "answer_options", "answer_choices", "answers", "mc_answers"),
    ),
    "answer": (
        *(
            "answer",
            "answer_key",
            "answerkey",
            "key",
            "choice",
            "dap_an_dung",
            "dap_an",
            "dapan",
            "correct_option",
            "correct",
            "correct_choice",
        ),
        *(
            "correct_answer",
            "correctanswer",
            "correct_index",
            "correct_answer_index",
            "answer_index",
            "answer_idx",
            "correct_idx",
            "right_answer",
        ),
        *("label", "gold", "target", "ans", "cau_tra_loi_dung", "phuong_an_dung", "tra_loi", "solution_letter", "khoa", "cop", "answers"),
    ),
    "context": (
        "context",
        "passage",
        "article",
        "doan_van",
        "bai_doc",
        "ngu_canh",
        "paragraph",
        "background",
        "reading",
        "story",
        "ngu_lieu",
    ),
    "explanation": (
        "explanation",
        "giai_thich",
        "loi_giai",
        "huong_dan_giai",
        "huong_dan",
        "rationale",
        "solution",
        "exp",
        "goi_y_tra_loi",
        "explain",
    ),
    "id": ("id", "qid", "question_id", "ma_cau_hoi", "ma", "stt", "uid", "so_cau"),
    "subject": ("subject", "mon_hoc", "mon", "category", "topic", "chu_de", "linh_vuc", "chuyen_de", "subject_name", "domain"),
    "image": ("image", "image_question", "question_image", "hinh_anh", "hinh", "figure", "picture", "img", "image_path", "image_url"),
}
_OPTION = re.compile(
    r"(?:(?:options?|opt?|choices?|answers?|ans|(?:cac_)?phuong_an|(?:cac_)?lua_chon|dap_an|pa)_?([a-j])"
    r"|(?:options?|opt|choices?|(?:cac_)?phuong_an|(?:cac_)?lua_chon|dap_an)_?(\d{1,2})|([a-j]))"
)
_WRONG = re.compile(r"(?:distractors?|(?:in|not_)correct_answers?|wrong_answers?|(?:dap_an|phuong_an)_(?:sai|nhieu))(?:_?\d+)?")
# An option column may be called "1" only in the company of "2" and "3".
_BARE_NUMBER = re.compile(r"([1-9]|10|0)")


class FieldMap(NamedTuple):
    """Column of each question part; `options` is one column, or `option_columns` one an option, in order."""

    columns: dict[str, str]
    option_columns: list[str]

    @property
    def usable(self) -> bool:
        return "stem" in self.columns


def find_fields(headers: Iterable[str], given: Mapping[str, str]) -> FieldMap:
    """Maps headers (columns, or dotted paths of nested cells) to question parts; `given` (the config's `fields`) wins.

    >>> find_fields(["STT", "Câu hỏi", "A", "B", "C", "Đáp án"], {}).columns
    {'stem': 'Câu hỏi', 'answer': 'Đáp án', 'id': 'STT'}
    """
    headers = list(headers)
    plain = {header: strip_marks(header) for header in headers}
    columns = {part: column for part, column in given.items() if not part.startswith("option_")}
    option_columns = [given[part] for part in sorted(given) if part.startswith("option_")]
    taken = {*columns.values(), *option_columns}
    for part, names in SYNONYMS.items():
        if part in columns or (part == "options" and option_columns):
            continue
        free = {plain[header]: header for header in reversed(headers) if header not in taken}
        if name := next((name for name in names if name in free), None):
            columns[part] = free[name]
            taken.add(free[name])
    if "options" not in columns and not option_columns:
        option_columns = _option_columns([header for header in headers if header not in taken], plain)
    return _headless(headers) if "stem" not in columns and _is_headless(headers) else FieldMap(columns, option_columns)


def _option_columns(headers: list[str], plain: dict[str, str]) -> list[str]:
    """Columns named a run of letters from A or of numbers from 0 or 1 (at least two), in that order."""
    lettered: dict[int, str] = {}
    numbered: dict[int, str] = {}
    for header in headers:
        name = plain[header]
        if match := _OPTION.fullmatch(name):
            letter, number = match[1] or match[3], match[2]
            (lettered if letter else numbered).setdefault(LETTERS.lower().index(letter) if letter else int(number), header)
        elif match := _BARE_NUMBER.fullmatch(name):
            numbered.setdefault(int(match[1]), header)
    for found in (lettered, numbered):
        start = min(found, default=0)
        if start <= 1 and len(found) >= 2 and sorted(found) == list(range(start, start + len(found))):
            return [found[place] for place in sorted(found)]
    return []


def _is_headless(headers: list[str]) -> bool:
    return len(headers) >= 4 and headers == [f"column_{i + 1}" for i in range(len(headers))]


def _headless(headers: list[str]) -> FieldMap:
    return FieldMap({"stem": headers[0], "answer": headers[-1]}, headers[1:-1])


def flatten(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings as dotted paths; a list of {text, label} mappings becomes two lists.

    >>> flatten({"question": {"stem": "?", "choices": [{"text": "x", "label": "A"}]}})
    {'question.stem': '?', 'question.choices': ['x'], 'question.choices.label': ['A']}
    """
    flat: dict[str, Any] = {}
    for key, value in payload.items():
        if isinstance(value, Mapping) and _one_right(value):
            # {"choices": [...], "labels": [0, 1, 0]} (TruthfulQA): the label 1 marks the right one.
            flat |= {"options": value["choices"], "answer": [value["choices"][value["labels"].index(1)]]}
        elif isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": item for inner, item in flatten(value).items()}
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            flat |= _option_mappings(str(key), value)
        else:
            flat[str(key)] = value
    return _assembled(flat)


def _one_right(value: Mapping[str, Any]) -> bool:
    choices, labels = value.get("choices"), value.get("labels")
    if not isinstance(choices, list) or not isinstance(labels, list) or len(choices) != len(labels):
        return False
    return all(label in (0, 1) for label in labels) and labels.count(1) == 1


def _assembled(flat: dict[str, Any]) -> dict[str, Any]:
    """Right and wrong answers in columns of their own (SciQ, Open Trivia DB), put together.

    They have no order of their own, and one place for the right one would give it away: a hash of the texts places it.
    """
    names = {strip_marks(key): key for key in flat if key[:4].lower() in ("dist", "inco", "wron", "corr", "dap_", "phuo", "phươ", "đáp ")}
    right = next((names[name] for name in ("correct_answer", "correct", "dap_an_dung") if name in names), None)
    wrong_keys = sorted(name for name in names if _WRONG.fullmatch(name))
    if right is None or not wrong_keys or not isinstance(flat[right], str):
        return flat
    wrong: list[Any] = []
    for name in wrong_keys:
        value = flat[names[name]]
        wrong += value if isinstance(value, list) else [value] if value not in (None, "") else []
    place = int(short_hash(flat[right], *map(str, wrong)), 16) % (len(wrong) + 1)
    rest = {key: value for key, value in flat.items() if strip_marks(key) not in wrong_keys}
    return {**rest, "options": [*wrong[:place], flat[right], *wrong[place:]]}


def _option_mappings(key: str, items: list[Mapping[str, Any]]) -> dict[str, Any]:
    names = {strip_marks(str(name)): name for name in items[0]}
    text = next((names[n] for n in ("text", "content", "value", "option", "answer", "noi_dung") if n in names), None)
    label = next((names[n] for n in ("label", "key", "id", "letter") if n in names), None)
    right = next((names[n] for n in ("correct", "is_correct", "iscorrect", "right", "dung") if n in names), None)
    if text is None:
        return {key: items}
    found: dict[str, Any] = {key: [item.get(text) for item in items]}
    if label is not None:
        found[f"{key}.label"] = [item.get(label) for item in items]
    if right is not None:
        found["answer"] = [item.get(text) for item in items if item.get(right) in (True, 1, "true", "True", "1")]
    return found


class AnswerFormat(NamedTuple):
    """How keys are written in a file: letter, index0, index1, text, or ambiguous; `detail` says what decided it."""

    name: str
    detail: str


def find_answer_format(rows: Iterable[tuple[object, list[str]]]) -> AnswerFormat:
    """Decides over all (key, option texts) of a file.

    Numbers count from 0 where a 0 occurs, from 1 where a key equals the number of options; they are texts where
    that holds for more rows than counting does. A file that shows neither is ambiguous.

    >>> find_answer_format([(1, ["x", "y"]), (0, ["x", "y"])]).name
    'index0'
    """
    keys = [(key[0] if isinstance(key, list) and len(key) == 1 else key, options) for key, options in rows]
    texts_of_keys = [(str(key).strip(), options) for key, options in keys if key is not None and str(key).strip() and len(options) >= 2]
    if not texts_of_keys:
        return AnswerFormat("letter", "no keys")
    texts = sum(any(fold_option(option) == fold_option(key) for option in options) for key, options in texts_of_keys)
    letters = sum(letter_of(key) is not None for key, _ in texts_of_keys)
    numbers = [(number, len(options)) for key, options in texts_of_keys if (number := number_of(key)) is not None]
    if len(numbers) * 2 > len(texts_of_keys):
        return _number_format(numbers, texts, len(texts_of_keys))
    if texts > letters:
        return AnswerFormat("text", f"{texts} of {len(texts_of_keys)} keys are the text of an option")
    return AnswerFormat("letter", f"{letters} of {len(texts_of_keys)} keys are letters")


def _number_format(numbers: list[tuple[int, int]], texts: int, total: int) -> AnswerFormat:
    from_zero = sum(0 <= number < options for number, options in numbers)
    from_one = sum(1 <= number <= options for number, options in numbers)
    if texts > max(from_zero, from_one):
        return AnswerFormat("text", f"{texts} of {total} keys are the text of an option")
    zeros, tops = sum(number == 0 for number, _ in numbers), sum(number == options for number, options in numbers)
    if zeros > tops:
        return AnswerFormat("index0", f"{zeros} keys are 0")
    if tops > zeros:
        return AnswerFormat("index1", f"{tops} keys equal the number of options")
    return AnswerFormat("ambiguous", f"{len(numbers)} numbers as keys, {zeros} of them 0 and {tops} the number of options")
