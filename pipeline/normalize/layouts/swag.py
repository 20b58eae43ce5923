"""SWAG (arXiv 1808.05326): a sentence, the beginning of the next one, and four endings."""

from collections.abc import Mapping

from pipeline.normalize.layouts.layout import Cells, Layout, Reshape


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    if not {"sent1", "sent2", "ending0", "ending1"} <= names.keys():
        return None
    sentences = names["sent1"], names["sent2"]

    def reshape(cells: Cells) -> Cells:
        # The video that the sentences describe isn't needed to end them.
        rest = {name: cell for name, cell in cells.items() if name != names.get("video_id")}
        return {**rest, "question_stem": " ".join(str(cells.get(name) or "").strip() for name in sentences).strip()}

    return reshape


LAYOUT = Layout("swag", _fit)
