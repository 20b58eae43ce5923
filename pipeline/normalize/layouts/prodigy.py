"""Prodigy's choice tasks: `accept` lists the ids of the options chosen, `answer` says whether the annotator accepted the task at all."""

from collections.abc import Mapping

from pipeline.normalize.layouts.layout import Cells, Layout, Reshape

_VERDICTS = ("accept", "reject", "ignore")


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    accept, verdict = names.get("accept"), names.get("answer")
    if accept is None or verdict is None or not all(row.get(verdict) in (*_VERDICTS, None) for row in rows):
        return None

    def reshape(cells: Cells) -> Cells:
        rest = {key: value for key, value in cells.items() if key not in (accept, verdict)}
        return {**rest, "answer": cells.get(accept) if cells.get(verdict) == "accept" else None}

    return reshape


LAYOUT = Layout("prodigy", _fit)
