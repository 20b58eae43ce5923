"""`mcq plan`: GPU memory by component, and what each alpha policy means."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.options import command, err, out, styled
from pipeline.training.hardware import CARDS
from pipeline.training.policy import PolicyRow, Recipe
from schemas.config.train import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.training.advice import Advice
    from pipeline.training.vram import MemoryPlan


@command
def plan(gpu: Annotated[str | None, typer.Option(help=f"plan for another GPU: {', '.join(CARDS)}")] = None) -> None:
    """Print the memory that the configured training needs, what fits and what to change, other methods beside it, and the table of
    alpha and rank policies.
    """
    from assets.resources.configurations import load_foundry
    from assets.resources.memory import advice_for, lengths_of
    from pipeline.training import policy
    from pipeline.training.base_config import shape_of
    from pipeline.training.hardware import named_memory, named_target
    from pipeline.training.vram import compare, workload_of

    foundry = load_foundry()
    train, target = foundry.config.train, None
    if gpu is not None:
        target = named_target(gpu)
        target = target if train.gpu_memory_gib is None else named_memory(target, train.gpu_memory_gib)
    advice = advice_for(foundry, target)
    show_memory(advice, train)
    shape, workload = shape_of(train), workload_of(lengths_of(foundry), foundry.config.render)
    show_methods(compare(shape, train, workload, advice.plan.target))
    show_policies(policy.policy_table(shape.hidden_size), train)
    show_recipes(policy.RECIPES)
    for note in policy.warnings(train, policy.resolve(train.policy, train.rank, shape.hidden_size)):
        err.print(styled(("warning:", "yellow"), f" {note}"))


def show_memory(advice: "Advice", train: TrainConfig) -> None:
    """The plan by component, whether it fits, and what to change where it doesn't."""
    found = advice.plan
    sizes = f"{train.method}, rank {train.rank}, batch {train.batch_size}, {found.workload.longest} tokens"
    table = Table(title=f"Memory on {found.target.name}: {train.base_model}, {sizes}", title_justify="left", box=None)
    table.add_column("component")
    table.add_column("GiB", justify="right")
    for name, gib in found.components.items():
        table.add_row(name, f"{gib:.2f}")
    table.add_row("total", f"{found.total_gib:.2f}", style="bold")
    table.add_row("usable", f"{found.target.capacity_gib:.2f}")
    out.print(table)
    style, word = ("green", "fits") if found.fits else ("red", "does not fit")
    again = f"; {found.recomputed} of {found.layers} blocks compute their activations again"
    out.print(styled((word, style), f"{again}; largest batch size that fits: {advice.batches}"))
    out.print(f"  {advice.limit}")
    for change in advice.changes:
        out.print(f"  {change}")
    if not found.workload.labelled:
        err.print(
            f"planned without data: samples of render.max_seq_tokens with {found.workload.assumed} labelled tokens each; "
            "after `mcq run --until rendered` the samples' own lengths count"
        )
    out.print()


def show_methods(plans: "Sequence[MemoryPlan]") -> None:
    """The same batch by every method."""
    table = Table(title="the same batch by other methods", title_justify="left", box=None)
    for name in ("method", "optimiser", "weights", "step", "total", "computed again", ""):
        table.add_column(name, justify="left" if name in ("method", "optimiser", "") else "right")
    for found in plans:
        figures = (f"{gib:.2f}" for gib in (found.standing_gib, found.step_gib, found.total_gib))
        again = f"{found.recomputed} of {found.layers}"
        table.add_row(found.request.method, found.request.optimiser, *figures, again, "fits" if found.fits else "does not fit")
    out.print(table)
    out.print()


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


def show_recipes(recipes: "Sequence[Recipe]") -> None:
    """What papers and tools use, in the same terms."""
    table = Table(title="published recipes", title_justify="left", box=None)
    for name in ("recipe", "rank", "alpha", "learning rate", "scale·rank·lr", "source"):
        table.add_column(name, justify="left" if name in ("recipe", "source") else "right")
    for recipe in recipes:
        figures = (str(recipe.rank), f"{recipe.alpha:g}", f"{recipe.learning_rate:.0e}", f"{recipe.coordinate:.1e}")
        table.add_row(recipe.name, *figures, recipe.source)
    out.print(table)
