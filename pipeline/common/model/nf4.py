"""A base model in NF4: how it is quantised, and what is done to it once it is loaded.

NF4 is a way to hold weights; all arithmetic is done on the 16-bit or fp32 matrices that they dequantise to. Where a CPU has plenty of
memory those matrices are kept: the same numbers, dequantised once and not in each pass.
"""

import os
from typing import Any

import bitsandbytes
import torch
import transformers
from bitsandbytes.functional import dequantize_4bit
from torch import nn
from torch.nn import functional

# Of a CPU's memory, what dequantised weights may take.
KEPT_SHARE = 0.05


class Dequantised(nn.Linear):  # type: ignore[misc]  # torch is untyped to mypy
    """A linear layer that holds what its NF4 weights dequantise to. Like bitsandbytes' layer it computes in the weights' type, whatever
    comes in, and gives back the type that came in."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(…, in) to (…, out)."""
        return functional.linear(x.to(self.weight.dtype), self.weight, self.bias).to(x.dtype)


def configuration(dtype: torch.dtype) -> Any:
    """QLoRA's quantisation (arXiv 2305.14314): NF4 in blocks of 64 whose constants are quantised again, 4.127 bits a weight."""
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )


def prepare(model: Any) -> None:
    """Makes a loaded NF4 model fit for training and scoring, in place.

    Norms become fp32, and with them what flows between the layers, from the embedding on (which keeps fp16 from overflowing); the
    matrices of embedding and head stay 16 bit: upcasting those too, as PEFT's `prepare_model_for_kbit_training` does, costs an 8B model
    2 GiB.
    """
    for name, parameter in model.named_parameters():
        if "norm" in name and parameter.ndim == 1:
            parameter.data = parameter.data.float()
    model.get_input_embeddings().register_forward_hook(lambda _module, _inputs, outcome: outcome.float())
    head = model.get_output_embeddings()
    head.register_forward_pre_hook(lambda module, inputs: (inputs[0].to(module.weight.dtype), *inputs[1:]))
    layers = {name: module for name, module in model.named_modules() if isinstance(module, bitsandbytes.nn.Linear4bit)}
    for module in layers.values():
        # In eval mode a CPU with AVX512-BF16 repacks the weights for inference, and later training steps silently get
        # no input gradient (bitsandbytes 0.50). Can go once repacking is undone by train().
        module.support_avx512bf16_for_cpu = False
    needed = sum(module.in_features * module.out_features * _dtype(module).itemsize for module in layers.values())
    if model.device.type == "cpu" and needed <= KEPT_SHARE * physical_memory():
        for name, module in layers.items():
            model.set_submodule(name, _kept(module))


def weights(module: Any) -> torch.Tensor:
    """(out, in): what the NF4 weights of bitsandbytes' linear layer stand for, in the type that it computes in."""
    bitsandbytes.nn.modules.fix_4bit_weight_quant_state_from_module(module)
    return dequantize_4bit(module.weight, module.weight.quant_state).to(_dtype(module))


def physical_memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _dtype(module: Any) -> torch.dtype:
    return module.compute_dtype or torch.float32


def _kept(module: Any) -> Dequantised:
    kept = Dequantised(module.in_features, module.out_features, bias=False, device="meta")
    kept.weight = nn.Parameter(weights(module), requires_grad=False)
    if module.bias is not None:
        kept.bias = nn.Parameter(module.bias.to(_dtype(module)), requires_grad=False)
    kept.train(module.training)
    return kept
