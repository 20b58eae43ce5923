"""The study of alpha, rank and learning rate: beside the stages, in no job but its own."""

from typing import Any

import dagster as dg

from assets.catalogue import OWNERS
from assets.children import run_child
from assets.metadata import markdown_table
from assets.resources.cache_keys import places, study_folder
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.links import picture
from assets.resources.runs import tag_version
from assets.training import chat_examples
from pipeline.study.analysis import analyse
from pipeline.study.claims import claims
from pipeline.study.files import write_result
from pipeline.study.grid import BASE, grid
from pipeline.study.plot import study_plot
from pipeline.training.base_config import shape_of

# Run tags: begin no cell after so many minutes; do these cells alone (names, with commas between them).
MINUTES_TAG, CELLS_TAG = "mcq/study_minutes", "mcq/study_cells"


@dg.asset(
    name="lora_study",
    deps=[chat_examples],
    description="Every policy of alpha at every rank and learning rate with the same seeds and budget, and what claims on them are worth.",
    group_name="study",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    code_version=code_version("pipeline.study"),
    pool="gpu",
)
def lora_study(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Trains the cells that aren't done yet in a child process, and writes what all of them show."""
    foundry = foundries.of(context)
    at, config, tags = places(foundry), foundry.config, context.run.tags
    folder = study_folder(foundry, at)
    tag_version(context, at.version.dataset_version)
    job: dict[str, Any] = dict(at.job(folder))
    if MINUTES_TAG in tags:
        job["minutes"] = float(tags[MINUTES_TAG])
    if CELLS_TAG in tags:
        job["only"] = tags[CELLS_TAG].split(",")
    if job.get("minutes") != 0 or not (folder / BASE).is_file():
        run_child(context, foundry, "pipeline.study", folder, job)
    found = analyse(folder, config.study, grid(config.study, config.train, shape_of(config.train).hidden_size))
    write_result(folder, found)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"{folder.name}-{found['cells']['done']}"),
        metadata={
            "dagster/row_count": found["cells"]["done"],
            "cells": markdown_table([found["cells"]]),
            "claims": markdown_table([{"claim": one.claim, "what came out": one.found} for one in claims(found)], 2000),
            "plot": picture(foundry, "lora_study", study_plot(found, "png")),
            "dataset_version": at.version.dataset_version,
            "path": dg.MetadataValue.path(str(folder)),
        },
    )
