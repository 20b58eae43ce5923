"""`mcq card`: the model card of an adapter."""

from cli.options import command, out, user_path
from cli.predict import AdapterOption


@command
def card(adapter: AdapterOption) -> None:
    """Write the model card, README.md, beside an adapter: data and licences, training, results, limits.

    Training and evaluation write it too; this renews it, where the data lies that it tells of (`--data-root`).
    """
    from assets.resources.foundry import data_root
    from pipeline.handover.card import write_card
    from pipeline.handover.job import open_adapter
    from schemas.config.base import PROJECT_ROOT

    out.print(str(write_card(open_adapter(user_path(adapter).resolve()), PROJECT_ROOT / data_root())))
