"""TruthfulQA (arXiv 2109.07958), multiple choice: `mc1_targets: {choices: [...], labels: [0, 1, 0]}`, the label 1 marks the right one."""

from collections.abc import Mapping

from pipeline.normalize.layouts.layout import Cells, Layout, Reshape


def _fit(names: Mapping[str, str], rows: list[Cells]) -> Reshape | None:
    # mc1_targets has one right answer, mc2_targets several.
    prefixes = ("mc1_targets", *(name.removesuffix("_labels") for name in names if name.endswith("_labels")))
    found = next((prefix for prefix in prefixes if {f"{prefix}_choices", f"{prefix}_labels"} <= names.keys()), None)
    if found is None:
        return None
    choices_column, labels_column = names[f"{found}_choices"], names[f"{found}_labels"]

    def reshape(cells: Cells) -> Cells:
        choices, labels = cells.get(choices_column), cells.get(labels_column)
        if not isinstance(choices, list) or not isinstance(labels, list) or len(choices) != len(labels):
            return cells
        return {**cells, "options": choices, "answer": [choice for choice, label in zip(choices, labels, strict=True) if label == 1]}

    return reshape


LAYOUT = Layout("truthfulqa", _fit, text_keys=True)
