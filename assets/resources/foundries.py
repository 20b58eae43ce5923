"""The Foundry of each dataset, found by the key of the asset that asks: the first part of a key is its dataset's name."""

from collections.abc import Callable

import dagster as dg

from assets.resources.foundry import Foundry

Context = dg.AssetExecutionContext | dg.AssetCheckExecutionContext


class Foundries:
    """The resource that every asset takes. A configuration is read when the first asset of its dataset asks for it, so that one which
    is broken by now stops its own dataset and no other."""

    def __init__(self, datasets: list[str], opened: Callable[[str], Foundry]) -> None:
        self.datasets, self._opened = datasets, opened
        self._known: dict[str, Foundry] = {}

    @classmethod
    def over(cls, *foundries: Foundry) -> "Foundries":
        """Those that were opened before."""
        known = {foundry.config.dataset: foundry for foundry in foundries}
        return cls(list(known), known.__getitem__)

    def of(self, context: Context) -> Foundry:
        """The Foundry of the asset, or of the checked asset, that runs in this context. Raises ConfigError."""
        checked = isinstance(context, dg.AssetCheckExecutionContext)
        keys = [spec.asset_key for spec in context.check_specs] if checked else list(context.assets_def.keys)
        return self.of_key(keys[0])

    def of_key(self, key: dg.AssetKey) -> Foundry:
        """The Foundry of an asset. A key without a prefix belongs to the only dataset there is. Raises ConfigError."""
        (dataset,) = key.path[:-1] or self.datasets
        if dataset not in self._known:
            self._known[dataset] = self._opened(dataset)
        return self._known[dataset]


def sibling(key: dg.AssetKey, asset: str) -> dg.AssetKey:
    """The key of another asset of the same dataset."""
    return dg.AssetKey([*key.path[:-1], asset])
