"""`mcq plan`: GPU memory by component, and what each alpha policy means."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.options import command, err, out, styled
from pipeline.training.policy import PolicyRow, Recipe
from pipeline.training.vram import USABLE_GIB
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError


@command
def plan(gpu: Annotated[str | None, typer.Option(help=f"plan for another GPU: {', '.join(USABLE_GIB)}")] = None) -> None:
    """Print the memory that the configured training needs, whether it fits, and the table of alpha and rank policies."""
    from assets.resources.configurations import load_foundry
    from pipeline.training import policy, vram

    foundry = load_foundry()
    train = foundry.config.train
    if gpu is not None:
        if gpu.lower() not in USABLE_GIB:
            raise ConfigError(f"--gpu {gpu!r} is unknown; known: {', '.join(USABLE_GIB)}; else set train.gpu_memory_gib in the config")
        train = train.model_copy(update={"gpu_memory_gib": USABLE_GIB[gpu.lower()]})
    show_memory(vram.plan(train, foundry.config.render), train)
    show_policies(policy.policy_table(vram.shape_of(train).hidden_size), train)
    show_recipes(policy.RECIPES)
    resolution = policy.resolve(train.policy, train.rank, vram.shape_of(train).hidden_size)
    for note in policy.warnings(train, resolution):
        err.print(styled(("warning:", "yellow"), f" {note}"))


def show_memory(found: Any, train: TrainConfig) -> None:
    """The plan by component, and whether it fits."""
    table = Table(
        title=f"GPU memory: {train.base_model}, {train.method}, rank {train.rank}, batch {train.batch_size}", title_justify="left", box=None
    )
    table.add_column("component")
    table.add_column("GiB", justify="right")
    for name, gib in found.components.items():
        table.add_row(name, f"{gib:.2f}")
    table.add_row("total", f"{found.total_gib:.2f}", style="bold")
    table.add_row("usable", f"{found.capacity_gib:.2f}")
    out.print(table)
    style, word = ("green", "fits") if found.fits else ("red", "does not fit")
    out.print(styled((word, style), f"; largest batch size that fits: {found.largest_batch or 'none'}\n"))


def show_policies(rows: list[PolicyRow], train: TrainConfig) -> None:
    """Every policy at every rank; none of them is best."""
    table = Table(
        title="alpha policies (scale multiplies B·A; learning rates whose first step, scale·rank·lr, is that of published recipes)",
        title_justify="left",
        box=None,
    )
    for name in ("policy", "rank", "alpha", "rsLoRA", "scale", "as plain alpha", "learning rate"):
        table.add_column(name, justify="left" if name == "policy" else "right")
    for row in rows:
        chosen = row.policy == train.policy.name and row.rank == train.rank
        rates = f"{row.learning_rate_low:.1e} to {row.learning_rate_high:.1e}"
        cells = (
            row.policy,
            str(row.rank),
            f"{row.alpha:g}",
            "yes" if row.use_rslora else "no",
            f"{row.scale:.3g}",
            f"{row.equivalent_alpha:.4g}",
            rates,
        )
        table.add_row(*cells, style="bold green" if chosen else None)
    out.print(table)


def show_recipes(recipes: Sequence[Recipe]) -> None:
    """What papers and tools use, in the same terms."""
    table = Table(title="published recipes", title_justify="left", box=None)
    for name in ("recipe", "rank", "alpha", "learning rate", "scale·rank·lr", "source"):
        table.add_column(name, justify="left" if name in ("recipe", "source") else "right")
    for recipe in recipes:
        figures = (str(recipe.rank), f"{recipe.alpha:g}", f"{recipe.learning_rate:.0e}", f"{recipe.coordinate:.1e}")
        table.add_row(recipe.name, *figures, recipe.source)
    out.print(table)
