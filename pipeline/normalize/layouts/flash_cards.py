"""Flash cards (Anki's Front and Back, Quizlet's Term and Definition) whose front holds the options: the back opens with the key."""

import re
from collections.abc import Mapping

from pipeline.common.grammar.columns import find_fields
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_SIDES = (("front", "back"), ("term", "definition"), ("mat_truoc", "mat_sau"), ("vorderseite", "ruckseite"))
_LINE_END = re.compile(r"<br\s*/?>|</?(?:div|p)>|\n", re.IGNORECASE)


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    sides = next(((names[front], names[back]) for front, back in _SIDES if front in names and back in names), None)
    if sides is None or find_fields(list(names.values()), {}).usable:
        return None
    front, back = sides

    def reshape(cells: Cells) -> Cells:
        rest = {key: value for key, value in cells.items() if key not in sides}
        first, _, behind = _LINE_END.sub("\n", str(cells.get(back) or "").strip()).strip().partition("\n")
        return {**rest, "question": cells.get(front), "answer": first, "explanation": behind.strip()}

    return reshape


LAYOUT = Layout("flash_cards", _fit)
