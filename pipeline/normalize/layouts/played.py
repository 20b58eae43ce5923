"""Reports of a quiz that was played (Kahoot's raw data): a row is a player's answer, and what was right stands in a column of its own."""

from collections.abc import Mapping

from pipeline.common.grammar.columns import option_place, plain_name
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_RIGHT = ("correct_answers", "correct_answer", "dap_an_dung")
_PLAYERS = ("player", "nickname", "participant", "student", "nguoi_choi", "player_name", "student_name")
_GIVEN = ("answer", "answers", "player_answer", "student_answer", "response", "cau_tra_loi")


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    right = next((names[name] for name in _RIGHT if name in names), None)
    given = next((names[name] for name in _GIVEN if name in names), None)
    if right is None or given is None or "question" not in names or not any(name in names for name in _PLAYERS):
        return None
    options = [header for header in names.values() if (place := option_place(plain_name(header))) and place.words]
    if len(options) < 2:
        return None
    kept = {names["question"], right, *options}

    def reshape(cells: Cells) -> Cells:
        return {"correct_answer" if header == right else header: cells[header] for header in cells if header in kept}

    return reshape


LAYOUT = Layout("played", _fit, text_keys=True)
