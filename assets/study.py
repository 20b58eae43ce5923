"""The study of alpha, rank and learning rate: beside the stages, in no job but its own."""

import dagster as dg

from assets.catalogue import OWNERS
from assets.children import minutes_of, run_the_rest
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
    at, config = places(foundry), foundry.config
    folder = study_folder(foundry, at)
    tag_version(context, at.version.dataset_version)
    cells = context.run.tags.get(CELLS_TAG)
    limits = {"minutes": minutes_of(context, MINUTES_TAG), "only": cells and cells.split(",")}
    run_the_rest(context, foundry, "pipeline.study", folder, BASE, limits)
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
