"""The resources as the code location binds them: the UI shows their descriptions and fields; assets get the plain objects."""

import dagster as dg
from pydantic import Field

from assets.resources.foundry import Foundry, open_foundry
from assets.resources.lake_io import LakeIOManager


class FoundryResource(dg.ConfigurableResource[Foundry]):
    """One configuration and one data root: which questions are read, what is done to them, and where all that is made lies."""

    config_file: str = Field(description="The dataset's YAML, from the project root. MCQ_CONFIG names another.")
    data_root: str = Field(description="Tables, models and reports lie below it. MCQ_DATA_ROOT names another.")

    def create_resource(self, context: dg.InitResourceContext) -> Foundry:
        """Reads the configuration, once a run."""
        return open_foundry(self.config_file, self.data_root)


class LakeResource(dg.ConfigurableIOManagerFactory[LakeIOManager]):
    """Tables by the hash of their rows: a run reads what it wrote itself, else what the published version holds."""

    foundry: dg.ResourceDependency[Foundry]

    def create_io_manager(self, context: dg.InitResourceContext) -> LakeIOManager:
        """The IO manager over the lake of the Foundry's data root."""
        return LakeIOManager(self.foundry)
