"""Right and wrong answers in columns of their own: SciQ (arXiv 1707.06209), Open Trivia DB, GPQA, question banks of schools."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.common.grammar.columns import without_remark
from pipeline.common.text import short_hash
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_ANSWER = r"(?:answers?|options?|choices?)"
_WRONG = re.compile(
    rf"(?:distractors?|(?:in|not_)correct(?:_{_ANSWER})?|(?:wrong|false|fake)(?:_{_ANSWER})?|(?:dap_an|phuong_an|cau_tra_loi)_(?:sai|nhieu)"
    rf"|falsche_antwort(?:en)?|mauvaises?_reponses?|respuestas?_incorrectas?|risposta_errata|{_ANSWER}_(?:wrong|incorrect))(?:_?(?:\d{{1,3}}|(?<=_)[a-j]))?"
)
_RIGHT = (
    *("correct_answer", "correct", "best_answer", "right_answer", "correct_option"),
    *("dap_an_dung", "phuong_an_dung", "cau_tra_loi_dung", "answer", "richtige_antwort", "bonne_reponse", "respuesta_correcta"),
)


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    bare = {without_remark(header): header for header in names.values()} | dict(names)
    right_column = next((bare[name] for name in _RIGHT if name in bare), None)
    wrong_columns = list(dict.fromkeys(bare[name] for name in sorted(bare) if _WRONG.fullmatch(name)))
    if right_column is None or not wrong_columns or names.keys() & {"options", "choices"}:
        return None

    def reshape(cells: Cells) -> Cells:
        right = cells.get(right_column)
        wrong = [option for column in wrong_columns for option in _texts(cells.get(column), len(wrong_columns) == 1)]
        if not wrong or right is None or isinstance(right, dict | list):
            return cells
        # They have no order of their own, and one place for the right one would give it away: a hash of the texts places it.
        place = int(short_hash(str(right), *map(str, wrong)), 16) % (len(wrong) + 1)
        rest = {key: value for key, value in cells.items() if key not in wrong_columns}
        return {**rest, "options": [*wrong[:place], right, *wrong[place:]], "answer": right}

    return reshape


def _texts(value: Any, alone: bool) -> list[Any]:
    """The wrong answers in a cell: a list, or texts parted by semicolons where one column holds them all."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and alone and ";" in value:
        return [part.strip() for part in value.split(";") if part.strip()]
    return [] if value is None or value == "" else [value]


LAYOUT = Layout("distractors", _fit, text_keys=True)
