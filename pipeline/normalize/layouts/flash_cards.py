"""Flash cards (Anki's Front and Back, Quizlet's Term and Definition) whose front holds the options: the back opens with the key."""

from collections.abc import Mapping

from pipeline.common.grammar.columns import find_fields
from pipeline.common.html_signs import is_html
from pipeline.common.markup import html_text
from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_SIDES = (("front", "back"), ("term", "definition"), ("mat_truoc", "mat_sau"), ("vorderseite", "ruckseite"))


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    sides = next(((names[front], names[back]) for front, back in _SIDES if front in names and back in names), None)
    if sides is None or find_fields(list(names.values()), {}).usable:
        return None
    front, back = sides

    def reshape(cells: Cells) -> Cells:
        rest = {key: value for key, value in cells.items() if key not in sides}
        text = str(cells.get(back) or "")
        # The key's own tags ("<b>B. dog</b>") are no part of it, and the line ends of HTML part it from what explains it.
        first, _, behind = (html_text(text) if is_html(text) else text).strip().partition("\n")
        return {**rest, "question": cells.get(front), "answer": first, "explanation": behind.strip()}

    return reshape


LAYOUT = Layout("flash_cards", _fit)
