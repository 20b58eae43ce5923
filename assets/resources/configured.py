"""The resources as the code location binds them: the UI shows their descriptions and fields; assets get the plain objects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import dagster as dg
from pydantic import Field

from assets.resources.foundry import Foundry, open_foundry
from assets.resources.lake_io import LakeIOManager
from assets.resources.runs import run_chain
from pipeline.common.store.retention import VERSION, lease

VERSION_TAG = "mcq/read_version"


class FoundryResource(dg.ConfigurableResource[Foundry]):
    """One configuration and one data root: which questions are read, what is done to them, and where all that is made lies."""

    config_file: str = Field(description="The dataset's YAML, from the project root. MCQ_CONFIG names another.")
    data_root: str = Field(description="Tables, models and reports lie below it. MCQ_DATA_ROOT names another.")

    def create_resource(self, context: dg.InitResourceContext) -> Foundry:
        """Reads the configuration, once a run; the run's tag may pin a version."""
        foundry = open_foundry(self.config_file, self.data_root)
        pinned = context.run.tags.get(VERSION_TAG) if context.run is not None else None
        return replace(foundry, pinned=pinned) if pinned else foundry

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Foundry]:
        """The Foundry; a run holds a lease on its tables, and on those of the runs that it continues, until it ends."""
        foundry = self.create_resource(context)
        if context.run is None or context.instance is None:
            yield foundry
            return
        with lease(foundry.lake, run_chain(context.instance, context.run)):
            if foundry.pinned:
                # Cleaning leaves a version to the runs that read it.
                foundry.lake.note_run(context.run.run_id, VERSION, foundry.version().name)
            yield foundry


class LakeResource(dg.ConfigurableIOManagerFactory[LakeIOManager]):
    """Tables by the hash of their rows: a run reads what it wrote itself, else what the published version holds."""

    foundry: dg.ResourceDependency[Foundry]

    def create_io_manager(self, context: dg.InitResourceContext) -> LakeIOManager:
        """The IO manager over the lake of the Foundry's data root."""
        return LakeIOManager(self.foundry)
