"""Logits of chosen positions by the model's own forward pass: its head with all that its family does there, for few positions only.

An MCQ needs 1-20 of its tokens predicted, and logits of all of them are the largest tensor of a run. transformers' causal models take
`logits_to_keep` and slice before their head, so soft-capping (Gemma 2), logit scales (Granite, Cohere) and biases are theirs and
no formula of ours. `prove` shows of a loaded model that it really does so, or refuses the model by name.
"""

from typing import Any

import torch

from schemas.errors import TrainingError

# Largest difference of two logits, relative to the largest logit, that the order of additions explains: fp32, and 16 bits.
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}


def causal_model(model: Any) -> Any:
    """The causal language model itself: what an adapter wraps is run with the adapter's layers in it."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def logits_at(model: Any, input_ids: torch.Tensor, kept: torch.Tensor, **inputs: Any) -> torch.Tensor:
    """fp32 logits (positions, vocabulary) of the positions where `kept` is true, row by row and in order.

    `input_ids` (batch, seq) int64 and `kept` (batch, seq) bool; further `inputs` (masks, positions) go to the model as they are.
    """
    return causal_model(model)(input_ids=input_ids, logits_to_keep=kept, use_cache=False, **inputs).logits.float()


def compute_context(device: torch.device) -> torch.autocast:
    """Autocast as training on this device has it: 16 bits on a GPU; a CPU's layers compute in the type that they were loaded in."""
    native = device.type != "cuda" or torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.autocast(device.type, enabled=device.type == "cuda", dtype=torch.bfloat16 if native else torch.float16)


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest difference of two tensors of one shape, relative to the largest value expected; infinity where one isn't finite."""
    found, expected = found.detach().float(), expected.detach().float()
    gap = float((found - expected).abs().max() / expected.abs().max().clamp_min(1e-9))
    return gap if gap == gap else float("inf")


def prove(model: Any, name: str) -> None:
    """Runs a few tokens both ways, all logits and chosen ones, in one padded batch as training has it.

    `name` is what the configuration calls the model. Raises TrainingError when they disagree or the model can't be asked so.
    """
    causal = causal_model(model)
    kind, device = causal.config.model_type, causal.device
    vocabulary = causal.get_input_embeddings().num_embeddings
    long = torch.arange(1, 12, device=device).mul(7).remainder(vocabulary)
    short = torch.nn.functional.pad(long.flip(0)[:7], (0, 4))
    kept = torch.zeros(2, 11, dtype=torch.bool, device=device)
    kept[0, 5:9] = kept[1, 2:7] = True
    try:
        with torch.inference_mode(), compute_context(device):
            alone = [causal(input_ids=ids[None], use_cache=False).logits[0] for ids in (long, short[:7])]
            found = logits_at(causal, torch.stack([long, short]), kept)
    except (TypeError, ValueError, RuntimeError, IndexError, AttributeError, NotImplementedError) as error:
        raise TrainingError(
            f"base model {name!r} ({kind}) can't be asked for the logits of chosen positions alone: {type(error).__name__}: "
            f"{str(error).strip().splitlines()[0] if str(error).strip() else 'no reason given'}; take a model of another family"
        ) from error
    expected = torch.cat([alone[0][5:9], alone[1][2:7]]).float()
    if found.shape != expected.shape:
        raise TrainingError(
            f"base model {name!r} ({kind}) gives logits of shape {tuple(found.shape)} where {tuple(expected.shape)} were asked for: its "
            "forward pass takes no `logits_to_keep`; take a model of another family"
        )
    allowed = TOLERANCE.get(causal.dtype, TOLERANCE[torch.float32])
    if (gap := difference(found, expected)) > allowed:
        raise TrainingError(
            f"base model {name!r} ({kind}) gives other logits for chosen positions of a padded batch than for a whole sequence: they "
            f"differ by {gap:.1e} of the largest, at most {allowed:.0e} is rounding; take a model of another family"
        )
