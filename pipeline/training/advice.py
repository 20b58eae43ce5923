"""What fits, and what to change where a plan doesn't: batch, length, checkpointing, method, model, in this order."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.training.hardware import Target
from pipeline.training.known_models import KNOWN, known_shape
from pipeline.training.shapes import ModelShape
from pipeline.training.vram import MemoryPlan, Request, Workload, plan_memory, request_of, workload_of
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig

MAX_BATCH = 4096


@dataclass(frozen=True)
class Advice:
    """A plan, the largest batch and the longest sample (tokens, at the planned batch) that fit, and what to change if it doesn't."""

    plan: MemoryPlan
    largest_batch: int
    longest_tokens: int
    changes: list[str]


def advise(
    shape: ModelShape, train: TrainConfig, render: RenderConfig, target: Target, rows: list[dict[str, object]] | None = None
) -> Advice:
    """Plans the configured training on a target; `rows` are rendered examples, where there are any."""
    request, workload = request_of(train, target), workload_of(rows or [], render)
    plan = plan_memory(shape, request, workload, target)

    def fits(asked: Request, tokens: int = workload.longest, of: ModelShape = shape) -> bool:
        return plan_memory(of, asked, replace(workload, longest=tokens), target).fits

    batch = largest(lambda size: fits(replace(request, batch=size)), MAX_BATCH)
    tokens = largest(lambda length: fits(request, length), shape.longest)
    return Advice(plan, batch, tokens, [] if plan.fits else changes(shape, request, workload, target, fits))


def largest(fits: Callable[[int], bool], limit: int) -> int:
    """The largest number up to `limit` that fits, 0 where 1 doesn't; what fits does so for every smaller number too."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def changes(shape: ModelShape, request: Request, workload: Workload, target: Target, fits: Callable[..., bool]) -> list[str]:
    """Sentences, the first that helps first; each change is added to those before it, until all of it fits."""
    said, asked = [], request
    if request.batch > 1:
        # Gradients that add up over several passes stay.
        asked = replace(request, accumulation=max(request.accumulation, 2))
        batch = max(largest(lambda size: fits(replace(asked, batch=size)), request.batch), 1)
        asked = replace(asked, batch=batch)
        passes = -(-request.batch * request.accumulation // batch)
        said.append(f"set train.batch_size: {batch} and gradient_accumulation: {passes} (the same updates)")
        if fits(asked):
            return said
    tokens = largest(lambda length: fits(asked, length), workload.longest)
    if tokens >= 64:
        return [*said, f"set render.max_seq_tokens: {tokens} (the longest sample has {workload.longest}; longer ones are not trained on)"]
    if not asked.checkpointing:
        asked = replace(asked, checkpointing=True)
        said.append("set train.gradient_checkpointing: true")
        if fits(asked):
            return said
    if asked.method != "qlora":
        asked = replace(asked, method="qlora", kinds=asked.kinds or tuple(shape.linears()))
        said.append("set train.method: qlora")
        if fits(asked):
            return said
    smaller = [
        name for name in sorted(KNOWN, key=lambda name: -known_shape(name).parameters) if known_shape(name).parameters < shape.parameters
    ]
    named = next((name for name in smaller if fits(replace(asked, kinds=tuple(known_shape(name).linears())), of=known_shape(name))), None)
    said.append(f"take a smaller base model ({named} fits)" if named else f"take a GPU of more than {target.capacity_gib:.1f} GiB")
    return said
