"""What fits, what limits it, and what to change where a plan doesn't fit: batch, length, checkpointing, method, model, in this order."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.training.activations import PASS_TOKENS
from pipeline.training.hardware import Target
from pipeline.training.known_models import KNOWN, known_shape
from pipeline.training.shapes import ModelShape
from pipeline.training.vram import MemoryPlan, Request, Workload, plan_memory, request_of, workload_of
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig

MAX_BATCH = 4096


@dataclass(frozen=True)
class Advice:
    """A plan, the largest batch (MAX_BATCH: any) and the longest sample (tokens) that fit, and what to change if it doesn't."""

    plan: MemoryPlan
    largest_batch: int
    longest_tokens: int
    changes: list[str]

    @property
    def batches(self) -> str:
        """The largest batch, in words: a batch of more tokens than a pass holds takes no more memory."""
        return "any" if self.largest_batch == MAX_BATCH else str(self.largest_batch or "none")

    @property
    def limit(self) -> str:
        """What memory depends on, in a sentence."""
        plan = self.plan
        if plan.workload.longest > PASS_TOKENS:
            bound = f"the longest sample ({plan.workload.longest} tokens) sets the memory: it is a pass alone, whatever the batch size"
        elif plan.at_once.samples < plan.request.batch:
            bound = f"a batch goes in passes of at most {PASS_TOKENS} tokens, which set the memory, whatever the batch size"
        else:
            bound = f"a batch is one pass of at most {plan.at_once.positions} tokens; from {PASS_TOKENS} on it goes in several"
        return f"{bound}; longest sample that fits: {self.longest_tokens or 'none'}"


def advise(
    shape: ModelShape,
    train: TrainConfig,
    render: RenderConfig,
    target: Target,
    rows: list[dict[str, object]] | None = None,
    asked_tokens: int = 0,
) -> Advice:
    """Plans the configured training on a target; `rows` are rendered examples, where there are any, and `asked_tokens` those of a pass of
    validation (`evaluate.batch_tokens`)."""
    request, workload = request_of(shape, train, target), replace(workload_of(rows or [], render), asked_tokens=asked_tokens)
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
    # Gradients that add up over several passes stay.
    several = replace(request, accumulation=max(request.accumulation, 2))
    if plan_memory(shape, replace(several, batch=1), workload, target).total_gib < plan_memory(shape, request, workload, target).total_gib:
        asked = several
        batch = max(largest(lambda size: fits(replace(asked, batch=size)), request.batch), 1)
        asked = replace(asked, batch=batch)
        passes = -(-request.batch * request.accumulation // batch)
        said.append(f"set train.batch_size: {batch} and gradient_accumulation: {passes} (the same updates)")
        if fits(asked):
            return said
    tokens = largest(lambda length: fits(asked, length), workload.longest)
    if tokens >= 64:
        return [*said, f"set render.max_seq_tokens: {tokens} (the longest sample has {workload.longest}; longer ones are not trained on)"]
    if asked.recomputed is not None and asked.recomputed < shape.layers:
        asked = replace(asked, recomputed=None)
        said.append("set train.gradient_checkpointing: null (blocks compute again where memory needs it)")
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
