"""A step that doesn't fit keeps less, then is taken in halves: the same loss, the same gradients, the same samples in the same order.

The loss divides by the samples of a whole step, so what parts of a batch add up to is what the batch gives at once.
"""

from collections.abc import Iterator
from typing import Any

import torch
from transformers import Trainer

from pipeline.common.model.job import log
from pipeline.common.model.memory import give_back, is_out_of_memory
from pipeline.training.recomputing import blocks, recompute, recomputed


def parts(inputs: dict[str, torch.Tensor], size: int) -> Iterator[dict[str, torch.Tensor]]:
    """A batch in parts of at most `size` rows, in order; a batch that is small enough is one part, untouched."""
    rows = len(inputs["input_ids"])
    if rows <= size:
        yield inputs
        return
    for start in range(0, rows, size):
        yield {name: tensor[start : start + size] for name, tensor in inputs.items()}


def trained_parameters(model: Any) -> list[torch.nn.Parameter]:
    """The weights that training changes."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


class MicroBatchTrainer(Trainer):  # type: ignore[misc]  # transformers is untyped to mypy
    """Trainer that takes a batch in parts of `micro_batch` rows. When memory doesn't suffice, every block computes its activations again
    from then on, where that `may_recompute` says so; then `micro_batch` is halved for good.

    Whoever derives from it keeps what it notes of samples in `history` and `recent`; both forget a part that is taken again.
    """

    history: Any
    recent: list[float]
    micro_batch: int
    may_recompute: bool = False

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Forward and backward pass of a batch; the sum of its parts' losses. Raises the error of memory when one row is too large."""
        waiting, total = list(parts(inputs, self.micro_batch)), torch.zeros((), device=self.args.device)
        del inputs
        while waiting:
            part = waiting.pop(0)
            before = self._gradients(), self.history.of(part["sample"].tolist()), len(self.recent)
            # The error holds the tensors of its frames: it is let go before memory is counted again.
            failed = None
            try:
                total = total + super().training_step(model, dict(part), num_items_in_batch)
            except (RuntimeError, MemoryError) as error:
                rows = len(part["input_ids"])
                if not is_out_of_memory(error) or (rows == 1 and not self._keeps_more()):
                    raise
                failed = rows
            if failed:
                self._restore(*before)
                self._make_room(failed)
                waiting = [smaller for larger in (part, *waiting) for smaller in parts(larger, self.micro_batch)]
        return total

    def _keeps_more(self) -> bool:
        return self.may_recompute and recomputed(self.model) < len(blocks(self.model))

    def _make_room(self, rows: int) -> None:
        give_back()
        if not self._keeps_more():
            self.halve(rows)
            return
        recompute(self.model, len(blocks(self.model)))
        log.warning("warning: out of memory with %d samples at once; every block computes its activations again now: slower", rows)

    def halve(self, rows: int) -> None:
        """From now on at most half of `rows` at once."""
        self.micro_batch = min(self.micro_batch, max(rows // 2, 1))
        log.warning(
            "warning: out of memory with %d samples at once; going on with %d at once, in %d passes a batch: the same update, slower",
            rows,
            self.micro_batch,
            -(-self.args.per_device_train_batch_size // self.micro_batch),
        )

    def note(self) -> str | None:
        """What a manifest says of halved batches, or None."""
        whole = self.args.per_device_train_batch_size
        if self.micro_batch >= whole:
            return None
        return (
            f"memory was too small for batch_size {whole}: it was taken {self.micro_batch} at once, with the same updates; "
            f"batch_size {self.micro_batch} with gradient_accumulation "
            f"{self.args.gradient_accumulation_steps * -(-whole // self.micro_batch)} says so in the configuration"
        )

    def _gradients(self) -> list[torch.Tensor | None]:
        """Copies outside the GPU of what earlier parts added up; a backward pass that fails half-way adds to some of them."""
        return [None if p.grad is None else p.grad.detach().to("cpu", copy=True) for p in trained_parameters(self.model)]

    def _restore(self, gradients: list[torch.Tensor | None], noted: Any, recent: int) -> None:
        for parameter, gradient in zip(trained_parameters(self.model), gradients, strict=True):
            if gradient is None:
                parameter.grad = None
            else:
                parameter.grad.copy_(gradient)
        self.history.put_back(noted)
        del self.recent[recent:]
