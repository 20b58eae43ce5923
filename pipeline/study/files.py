"""A study's result on disk: numbers, page and picture."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.common.files import write_atomically
from pipeline.study.page import page
from pipeline.study.plot import study_plot

RESULT, PAGE, PLOT = "study.json", "study.md", "study.svg"


def write_result(folder: Path, found: Mapping[str, Any]) -> None:
    """Writes `study.json`, `study.md` and `study.svg`, each whole."""
    write_atomically(folder / RESULT, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    write_atomically(folder / PLOT, study_plot(found, "svg"))
    write_atomically(folder / PAGE, page(found, PLOT))
