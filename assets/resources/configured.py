"""The resources as the code location binds them: the UI shows their descriptions and fields; assets get the plain objects."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import dagster as dg
from pydantic import Field

from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry, open_foundry
from assets.resources.lake_io import LakeIOManager
from assets.resources.launchpad import TrainingResource, with_changes
from assets.resources.runs import READ_VERSION, run_chain, run_tags
from pipeline.common.store.retention import VERSION, lease
from schemas.errors import ConfigError


class FoundriesResource(dg.ConfigurableResource[Foundries]):
    """The configurations and the data root: which questions are read, what is done to them, and where all that is made lies."""

    configurations: dict[str, str] = Field(description="Dataset -> its YAML, from the project root. MCQ_CONFIG names others.")
    data_root: str = Field(description="Tables, models and reports lie below it. MCQ_DATA_ROOT names another.")
    training: dg.ResourceDependency[TrainingResource]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Foundries]:
        """The Foundries of a run, each read once, when it is first asked for. From then on the run is tagged with the dataset, and holds
        a lease on its tables, and on those of the runs that it continues, until it ends; its tag may pin a version."""
        with ExitStack() as until_the_end:

            def opened(dataset: str) -> Foundry:
                foundry = with_changes(self.opened(dataset), self.training)
                if context.run is not None:
                    foundry = replace(foundry, pinned=context.run.tags.get(READ_VERSION) or None)
                if context.run is not None and context.instance is not None:
                    until_the_end.enter_context(lease(foundry.lake, run_chain(context.instance, context.run)))
                    context.instance.add_run_tags(context.run.run_id, run_tags(foundry))
                    if foundry.pinned:
                        # Cleaning leaves a version to the runs that read it.
                        foundry.lake.note_run(context.run.run_id, VERSION, foundry.version().name)
                return foundry

            yield Foundries(list(self.configurations), opened)

    def opened(self, dataset: str) -> Foundry:
        """Reads a dataset's configuration as it is now. Raises ConfigError."""
        foundry = open_foundry(self.configurations[dataset], self.data_root)
        if foundry.config.dataset != dataset:
            raise ConfigError(
                f"{foundry.config_file} was of dataset {dataset} when the code location was loaded, and is of "
                f"{foundry.config.dataset} by now; reload the code location"
            )
        return foundry


@dg.io_manager(
    required_resource_keys={"foundries"},
    description="Tables by the hash of their rows: a run reads what it wrote itself, else what the published version holds.",
)
def lake_io_manager(context: dg.InitResourceContext) -> LakeIOManager:
    """The IO manager over the lakes of the datasets, through the same Foundries as the assets."""
    return LakeIOManager(context.resources.foundries)


def resources_over(*foundries: Foundry) -> Mapping[str, Any]:
    """What assets need, over Foundries that are open: for runs outside the code location."""
    opened = Foundries.over(*foundries)
    return {"foundries": opened, "io_manager": LakeIOManager(opened)}


def configured(foundries: list[Foundry], data_root: str) -> Mapping[str, Any]:
    """What assets need, as the code location binds it."""
    training = TrainingResource.configure_at_launch()
    files = {foundry.config.dataset: str(foundry.config_file) for foundry in foundries}
    resource = FoundriesResource(configurations=files, data_root=data_root, training=training)
    return {"foundries": resource, "training": training, "io_manager": lake_io_manager}
