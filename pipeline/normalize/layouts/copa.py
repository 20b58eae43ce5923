"""COPA and XCOPA (arXiv 2005.00333): a premise, two choices, and `question` says whether the cause or the effect is asked for."""

from collections.abc import Mapping

from pipeline.common.text import is_vietnamese
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_ASKS = {
    ("cause", False): "What was the cause of this?",
    ("effect", False): "What happened as a result?",
    ("cause", True): "Nguyên nhân của việc này là gì?",
    ("effect", True): "Kết quả của việc này là gì?",
}


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    asked = names.get("question") or names.get("asks_for")
    if not {"premise", "choice1", "choice2"} <= names.keys() or asked is None or not any(_kind(row.get(asked)) for row in rows):
        return None
    premise_column = names["premise"]

    def reshape(cells: Cells) -> Cells:
        kind, premise = _kind(cells.get(asked)), str(cells.get(premise_column) or "").strip()
        if kind is None or not premise:
            return {**cells, "question_stem": cells.get(asked)}
        rest = {key: value for key, value in cells.items() if key != premise_column}
        return {**rest, "question_stem": f"{premise} {_ASKS[kind, is_vietnamese(premise)]}"}

    return reshape


def _kind(value: object) -> str | None:
    plain = str(value).strip().lower()
    return plain if plain in ("cause", "effect") else None


LAYOUT = Layout("copa", _fit)
