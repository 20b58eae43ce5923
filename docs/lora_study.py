"""Writes the results of a study into docs/lora-study.md, with its picture: `python -m docs.lora_study FOLDER [CONFIG]`.

FOLDER holds the cells (`mcq study` names it); they are analysed anew, by today's code. CONFIG is configs/study.yaml by default.
"""

import sys
from pathlib import Path

from pipeline.common.files import write_atomically
from pipeline.study.analysis import analyse
from pipeline.study.grid import grid
from pipeline.study.page import results
from pipeline.study.plot import study_plot
from pipeline.training.base_config import shape_of
from schemas.config import load_config

DOCS = Path(__file__).parent
PAGE, PLOT = DOCS / "lora-study.md", DOCS / "lora-study.svg"
BEGIN, END = "<!-- results: written by python -m docs.lora_study -->", "<!-- results: end -->"


def main(folder: Path, config_file: Path = DOCS.parent / "configs" / "study.yaml") -> None:
    """Replaces what stands between the marks, and the picture. Raises ValueError where the marks are gone."""
    config = load_config(config_file)
    found = analyse(folder, config.study, grid(config.study, config.train, shape_of(config.train).hidden_size))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not ended:
        raise ValueError(f"{PAGE} lacks the lines {BEGIN} and {END}")
    write_atomically(PLOT, study_plot(found, "svg"))
    # A floor lower than on a page of its own.
    written = results(found, PLOT.name).replace("\n## ", "\n### ").strip()
    write_atomically(PAGE, "\n".join([before + BEGIN, "", written, "", END + after]))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
