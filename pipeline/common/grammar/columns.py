"""Which column holds what, decided once a file over all its rows, and recorded: a row's fate never hangs on one row's shape."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from pipeline.common.letters import LETTER_CELL
from pipeline.common.text import strip_marks

# Header names (see `plain_name`), best first: the first that a file has wins, so `answer` beats `correct_answer`.
# Underscores don't count: question_text is also questionText and "Question text".
SYNONYMS: dict[str, tuple[str, ...]] = {
    "stem": tuple(
        "question_stem stem question question_text cau_hoi noi_dung_cau_hoi noi_dung de_bai question_content prompt query problem content text"
        " instruction_question input question_title ctx goal sentence cau questions question_body questionstem_text ques quest q statement instruction"
        " title_text cau_dan question_stem_text noi_dung_cau cau_hoi_noi_dung frage fragetext fragentext fragestellung pregunta enunciado enonce intitule pergunta"
        " domanda soal pertanyaan".split()
        # What JSON calls a question now and then; titles come last, as most are those of something else.
        + "qtext question_html prompt_text stem_text stimulus question_name cau_hoi_text nd ten title".split()
    ),
    "options": tuple(
        "options choices choices_text question_choices phuong_an cac_phuong_an lua_chon cac_lua_chon dap_an_lua_chon candidates endings alternatives"
        " answer_options answer_choices possible_answers option choice answers mc_answers opts option_list choice_list cac_dap_an dap_an"
        " antworten antwortmoglichkeiten antwortoptionen reponses propositions respuestas opciones alternativas risposte opzioni mp_choice_options"
        " answer_list multiple_choice_options mc_options answer_data a options_text".split()
    ),
    "answer": tuple(
        "answer answer_key key choice dap_an_dung dap_an correct_option correct correct_choice correct_answer correct_index correct_answer_index"
        " answer_index answer_idx correct_idx right_answer correct_answers correct_answer_id correct_option_index correct_letter answer_letter label gold"
        " gold_label target ans cau_tra_loi_dung phuong_an_dung dap_an_chinh_xac tra_loi cau_tra_loi solution_letter khoa cop answers da is_correct_option"
        " answer_text output labels answer_number answer_option answer_choice correct_ans right_option right_choice lua_chon_dung dap_an_chuan"
        " correct_answer_option dap_an_dung_nhat ket_qua correct_options correct_choices right_answers answer_keys key_answer da_dung kq d_an cau_dung richtig richtige_antwort korrekt korrekte_antwort"
        " losung loesung bonne_reponse bonnes_reponses reponse_correcte reponse_juste reponse respuesta_correcta respuestas_correctas correcta respuesta"
        " resposta_correta gabarito resposta correta risposta_corretta risposta_esatta corretta risposta kunci_jawaban kunci jawaban_benar jawaban"
        " antwort".split()
        + [
            f"{right}_{what}_{how}"
            for right in ("correct", "right")
            for what in ("option", "answer", "choice")
            for how in ("number", "no", "letter")
        ]
        + [
            f"{right}_{what}_{how}"
            for right in ("correct", "right")
            for what in ("option", "answer", "choice")
            for how in ("id", "ids", "num", "index", "idx", "key", "label", "value", "text", "position")
        ]
        + "correct_options correct_choices correct_id correct_ids correct_key correct_text correct_value correct_label correct_position".split()
        + "correct_response right_index right_key answer_id answer_label answer_num answer_value valid_response_value kq ket_qua_dung ra".split()
        + "final_answer completion target_scores answer_position answer_content correct_content correct_letter correct_number correct_idx a".split()
    ),
    "context": tuple(
        "context passage article doan_van bai_doc ngu_canh paragraph background background_description reading reading_passage story ngu_lieu"
        " premise dialogue conversation passage_text reading_text van_ban hint text content passage_content stimulus scenario case_study vignette tinh_huong"
        " doan_trich excerpt extract bai_doc_hieu lesetext texto texte code_snippet snippet source_code question_code code doan_ma doan_code ma_nguon"
        " code_block given data du_lieu du_kien flores_passage table bang bang_so_lieu".split()
    ),
    "explanation": tuple(
        "explanation giai_thich loi_giai huong_dan_giai huong_dan rationale solution exp goi_y_tra_loi explain answer_explanation feedback"
        " general_feedback loi_giai_chi_tiet support overall_explanation erklarung begrundung explication explicacion explicacao spiegazione pembahasan"
        " question_feedback".split()
    ),
    "id": tuple(
        "id qid question_id ma_cau_hoi ma stt uid so_cau question_number question_no no nr tt cau_so question_order so_thu_tu".split()
    ),
    "subject": tuple("subject mon_hoc mon category topic chu_de linh_vuc chuyen_de subject_name domain".split()),
    "image": tuple(
        "image image_question question_image hinh_anh hinh figure picture img image_path image_url image_link image_bytes image_1".split()
    ),
}
_SQUEEZED = {part: {name.replace("_", ""): rank for rank, name in reversed(list(enumerate(names)))} for part, names in SYNONYMS.items()}
# Columns that each hold one option: a word for it, then its letter or number ("option_a", "opa", "Phương án 1", "A", "ending0").
_WORD = (
    r"options?|opt|op|choices?|answers?|ans|(?:cac_)?phuong_an|(?:cac_)?lua_chon|(?:cac_)?dap_an|(?:cau_)?tra_loi|p_?an?|d_?an?|endings?|sol|candidates?"
    r"|alternatives?|mc|antwort(?:moglichkeit|option)?|reponse|choix|proposition|opcion|respuesta|opcao|alternativa|resposta|risposta|opzione|pilihan"
    r"|opsi|jawaban"
)
_PLACE = r"(?:(?P<letter>(?<=_)[a-z]|[a-j])|(?P<number>\d{1,6}))"
_OPTION = re.compile(rf"(?:(?P<before>(?:[a-z]++_){{0,2}}?)(?P<word>{_WORD})_?)??{_PLACE}(?:_(?:text|content))?")
_OPTION_BEHIND = re.compile(
    rf"(?:(?P<letter>[a-j])|(?P<number>\d{{1,2}})(?:st|nd|rd|th)?)_(?P<before>)(?P<word>{_WORD})(?:_(?:text|content))?"
)
_SPELLED = {
    word: str(number)
    for number, words in enumerate(("one first", "two second", "three third", "four fourth", "five fifth", "six sixth"), start=1)
    for word in words.split()
}
# What such a column holds beside an option, or which option it always holds.
_NO_OPTION = frozenset(
    "incorrect correct not wrong right true false key dung sai nhieu explanation explain feedback rationale comment note reason giai thich loi image img"
    " picture hinh anh audio video percent weight score points point grade fraction student user selected chosen your next time is has richtige falsche"
    " bonne mauvaise correcta incorrecta correta errada corretta sbagliata benar salah".split()
)
_NUMBER_BEHIND = re.compile(r"_?(?:\d{1,2}|(?<=_)[a-j])$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# What stands behind a name: "(required)", "- max 120 characters", a star or colon.
_REMARK = re.compile(r"(?:[(\[{:*?]|\s[-–—]\s).*", re.DOTALL)


class FieldMap(NamedTuple):
    """Column of each question part; `options` is one column, or `option_columns` one an option, in order."""

    columns: dict[str, str]
    option_columns: list[str]

    @property
    def usable(self) -> bool:
        """Whether the question itself was found."""
        return "stem" in self.columns


@lru_cache(10_000)
def plain_name(header: str) -> str:
    """A header as SYNONYMS writes them.

    >>> plain_name("correctAnswer"), plain_name("Đáp án đúng")
    ('correct_answer', 'dap_an_dung')
    """
    return strip_marks(_CAMEL.sub("_", header))


@lru_cache(10_000)
def _other_name(header: str) -> str:
    """A header without the path before it and the remark behind it: "info.subject", "Answer 1 - max 75 characters"."""
    return plain_name(_REMARK.sub("", header.rpartition(".")[2]) if header.strip() else "")


@lru_cache(10_000)
def without_remark(header: str) -> str:
    """A header without the remark behind it; one that opens with a bracket ("(A) Option") stays."""
    return plain_name(_REMARK.sub("", header) or header)


@lru_cache(10_000)
def _path_name(header: str) -> str:
    """The last two steps of a path: "validation.valid_response.value" is a valid_response_value."""
    return plain_name("_".join(header.split(".")[-2:])) if header.count(".") > 1 else ""


def is_called(header: str, part: str) -> bool:
    """True for a header that names this part of a question."""
    return plain_name(header).replace("_", "") in _SQUEEZED[part]


# What is a question only where options stand beside it and nothing else is called one.
LAST_STEMS = ("title", "tieu_de", "item", "mcq")
# Names that mean the options only where their cells are lists: more often they mean the key.
WEAK_OPTIONS = ("option", "choice", "dap_an", "cac_dap_an", "answers", "a")
# Names that mean the question only where no other text of the row could be it.
WEAK_STEMS = ("ten", "nd", "title", "question_name")


def _strong(part: str, header: str) -> bool:
    plain = plain_name(header.rpartition(".")[2])
    return (part != "options" or plain not in WEAK_OPTIONS) and plain != "a" and (part != "stem" or plain not in WEAK_STEMS)


def find_fields(
    headers: Iterable[str], given: Mapping[str, str], empty: Collection[str] = (), accepts: Callable[[str, str], bool] = _strong
) -> FieldMap:
    """Maps headers (columns, or dotted paths of nested cells) to question parts.

    Args:
        headers: in the file's order.
        given: the config's `fields`; it wins.
        empty: headers without a value in the whole file; they are taken last, so that they hide no others.
        accepts: says of a part and a header called like it whether its cells can be that (options are lists, a stem is no number).

    >>> find_fields(["STT", "Câu hỏi", "A", "B", "C", "Đáp án"], {}).columns
    {'stem': 'Câu hỏi', 'answer': 'Đáp án', 'id': 'STT'}
    """
    headers = list(headers)
    columns = {part: column for part, column in given.items() if not part.startswith("option_")}
    option_columns = [given[part] for part in sorted(given) if part.startswith("option_")]
    taken = {*columns.values(), *option_columns}
    filled = [header for header in headers if header not in empty]
    for pool in (filled, headers) if empty else (filled,):
        for name in (plain_name, _other_name, _path_name):
            for part in SYNONYMS:
                if part in columns or (part == "options" and option_columns):
                    continue
                free = [header for header in pool if header not in taken]
                if found := _best(free, part, name, accepts):
                    columns[part] = found
                    taken.add(found)
            if "options" not in columns and not option_columns:
                option_columns = _option_columns([header for header in pool if header not in taken], name)
                taken |= set(option_columns)
    if "stem" not in columns and "context" not in columns and (option_columns or "options" in columns):
        titles = (header for header in filled if plain_name(header) in LAST_STEMS and header not in taken and accepts("stem", header))
        if (title := next(titles, None)) is not None:
            columns["stem"] = title
    if "stem" not in columns and "context" in columns and (option_columns or "options" in columns):
        columns["stem"] = columns.pop("context")
    return FieldMap(columns, option_columns)


def _best(headers: list[str], part: str, name: Callable[[str], str], accepts: Callable[[str, str], bool]) -> str | None:
    ranks = _SQUEEZED[part]
    ranked = sorted((ranks[plain], place) for place, header in enumerate(headers) if (plain := name(header).replace("_", "")) in ranks)
    found = (headers[place] for _, place in ranked)
    return next((header for header in found if accepts(part, header)), None)


class OptionPlace(NamedTuple):
    """What a header says of the option below it: the words before its place ("answer option"), whether the place is a letter, and which."""

    words: str
    lettered: bool
    place: int


@lru_cache(10_000)
def option_place(name: str) -> OptionPlace | None:
    """The option that a plain name stands for, None where it stands for none.

    >>> option_place("answer_option_2"), option_place("b_option"), option_place("explanation_answer_2")
    (OptionPlace(words='answer_option', lettered=False, place=2), OptionPlace(words='option', lettered=True, place=1), None)
    """
    name = "_".join(_SPELLED.get(token, token) for token in name.removeprefix("noi_dung_").split("_"))
    match = _OPTION.fullmatch(name) or _OPTION_BEHIND.fullmatch(name)
    if match is None:
        return None
    before = match["before"] or ""
    if _NO_OPTION & set(before.split("_")):
        return None
    letter = match["letter"]
    return OptionPlace(f"{before}{match['word'] or ''}", letter is not None, ord(letter) - 97 if letter else int(match["number"]))


def _option_columns(headers: list[str], name: Callable[[str], str]) -> list[str]:
    """The longest run of columns (at least two) with the same words before a letter from A or a number from 0 or 1, in that order.

    Where some of them bear a remark ("Answer 3 (Optional)"), they belong to the run as well.
    """
    runs: dict[tuple[str, bool], dict[int, str]] = {}
    for named in (name, without_remark):
        for header in headers:
            if (found := option_place(named(header))) and (named is name or (found.words, found.lettered) in runs):
                runs.setdefault((found.words, found.lettered), {}).setdefault(found.place, header)
    best: list[str] = []
    for run in runs.values():
        start = min(run)
        if start <= 1 and len(run) >= 2 and sorted(run) == list(range(start, start + len(run))) and len(run) > len(best):
            best = [run[place] for place in sorted(run)]
    return best


def left_out(option_columns: Collection[str], headers: Iterable[str]) -> list[str]:
    """Headers that are called like the columns of the options, with other places: they would hold options that nothing reads.

    >>> left_out(["Option 1", "Option 2"], ["Option 4 (rare)", "Notes"])
    ['Option 4 (rare)']
    """
    runs = {found[:2] for header in option_columns if (found := _any_place(header))}
    return [header for header in headers if header not in option_columns and (found := _any_place(header)) and found[:2] in runs]


def _any_place(header: str) -> OptionPlace | None:
    return option_place(plain_name(header)) or option_place(without_remark(header))


def same_but_number(header: str, headers: Iterable[str]) -> list[str]:
    """The other headers that differ from one in the number or letter at their ends only: "Answer 2" beside "Answer 1".

    >>> same_but_number("Correct answer", ["Correct answer 2", "Answer", "correct_answer_explanation"])
    ['Correct answer 2']
    """
    name = without_remark(header)
    base = _NUMBER_BEHIND.sub("", name)
    names = {other: without_remark(other) for other in headers if base not in ("", "column")}
    return [other for other, plain in names.items() if plain != name and _NUMBER_BEHIND.sub("", plain) == base]


def number_base(option_columns: list[str]) -> int | None:
    """0 or 1 where the columns of the options are numbered from there, None where they bear letters or names.

    >>> number_base(["ending0", "ending1"]), number_base(["Option 1", "Option 2"]), number_base(["A", "B"])
    (0, 1, None)
    """
    for name in (plain_name, _other_name):
        found = option_place(name(option_columns[0])) if option_columns else None
        if found and not found.lettered and found.place <= 1:
            return found.place
    return None


def is_headless(headers: list[str]) -> bool:
    """True for the names that a table without a header gets (ingest/tables.py)."""
    return len(headers) >= 4 and headers == [f"column_{i + 1}" for i in range(len(headers))]


def headless_fields(columns: Mapping[str, list[str]]) -> FieldMap:
    """The field map of a table without a header, by what its columns hold (their first texts): the column of single letters is the key,
    of what is left the first that isn't a running number the stem, and those behind it the options."""
    letters = [
        name for name, texts in columns.items() if sum(LETTER_CELL.fullmatch(text) is not None for text in texts) >= 0.9 * len(texts)
    ]
    if not letters:
        return FieldMap({}, [])
    key = letters[-1]
    rest = [name for name, texts in columns.items() if name != key and not all(text.isdigit() and len(text) < 6 for text in texts[:1])]
    if not rest:
        return FieldMap({}, [])
    stem = rest[0]
    behind = list(columns)[list(columns).index(stem) + 1 :]
    before = behind[: behind.index(key)] if key in behind else []
    highest = max((ord(text.strip("(.)").upper()[:1] or "A") - 64 for text in columns[key] if LETTER_CELL.fullmatch(text)), default=0)
    # Where the options between question and key are as many as the keys need, what stands behind the key is a remark, not an option.
    return FieldMap({"stem": stem, "answer": key}, before if max(highest, 2) <= len(before) else [name for name in behind if name != key])


def advice(headers: Collection[str], guess: Mapping[str, str]) -> str:
    """The `fields:` block to paste, as one line of YAML, with what a file's cells suggest and "..." for the rest."""
    names = ", ".join(headers)[:300] or "(none)"
    parts = {"stem": "...", **({} if "option_a" in guess else {"options": "..."}), "answer": "..."} | dict(guess)
    block = ", ".join(f"{part}: {_quoted(column)}" for part, column in parts.items())
    return f"found the fields {names}; write under the source: fields: {{{block}}}"


def _quoted(name: str) -> str:
    return (
        name
        if re.fullmatch(r"[\w.]+( [\w.]+)*|\.\.\.", name) and not name[:1].isdigit()
        else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
