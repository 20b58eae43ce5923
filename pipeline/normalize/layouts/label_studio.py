"""Label Studio's JSON export: `data` holds the question, `annotations` what each annotator chose. Cancelled ones say nothing, and the
others have to agree."""

from collections.abc import Mapping
from typing import Any

from pipeline.normalize.layouts.layout import Cells, Layout, Reshape


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    column = names.get("annotations") or names.get("completions")
    if column is None or not any(_results(row.get(column)) for row in rows):
        return None

    def reshape(cells: Cells) -> Cells:
        # Predictions are a model's, never a key.
        rest = {key: value for key, value in cells.items() if key != column and key.partition(".")[0] not in ("predictions", "meta")}
        rest = {key.removeprefix("data."): value for key, value in rest.items() if key.removeprefix("data.") not in ("answer", "label")}
        chosen = [choices for annotation in cells.get(column) or [] if (choices := _chosen(annotation)) is not None]
        agreed = chosen[:1] if all(sorted(choices) == sorted(chosen[0]) for choices in chosen) else chosen
        return {**rest, "answer": [choice for choices in agreed for choice in choices]}

    return reshape


def _results(annotations: Any) -> bool:
    return isinstance(annotations, list) and any(isinstance(one, dict) and isinstance(one.get("result"), list) for one in annotations)


def _chosen(annotation: Any) -> list[str] | None:
    """What one annotation chose; None for one that was cancelled, or that chose nothing."""
    if not isinstance(annotation, dict) or annotation.get("was_cancelled") or annotation.get("skipped"):
        return None
    values = [one.get("value") for one in annotation.get("result") or [] if isinstance(one, dict)]
    found = [choice for value in values if isinstance(value, dict) for choice in value.get("choices") or []]
    return [str(choice) for choice in found] or None


LAYOUT = Layout("label_studio", _fit)
