"""Adapter layers and gated feed-forwards in one step each: the same numbers for fewer passes over memory, and fewer tensors kept.

PEFT computes W·x, a copy of it, A·x, B·(A·x), its scaled copy and their sum one by one, and autograd keeps what each wants. Here a layer
adds into one result and keeps its input alone; a gated feed-forward keeps gate and up, and multiplies them again on the way
back, which costs no matrix product. `fuse` does so where a layer's outcome is proven equal, and leaves every other layer as it is.
"""

from types import MethodType
from typing import Any
from weakref import ReferenceType, ref

import bitsandbytes
import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from pipeline.common.model import nf4
from pipeline.common.model.head import TOLERANCE, difference
from pipeline.common.model.nf4 import Dequantised


class _LoraProduct(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped to mypy
    """x Wᵀ + scale · x Aᵀ Bᵀ (+ bias) with W frozen, computed and kept in W's dtype; gradients for x, A and B."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, layer: "_Layer", a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        rows = layer.rows(x)
        result, down = layer.product(rows, a, b)
        ctx.save_for_backward(rows, down, a, b)
        ctx.layer, ctx.shape, ctx.dtype = layer, x.shape, x.dtype
        return result.view(*x.shape[:-1], -1).to(layer.out_dtype(x))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        rows, down, a, b = ctx.saved_tensors
        d_rows, d_a, d_b = ctx.layer.gradients(gradients[0], rows, down, a, b, ctx.needs_input_grad[0])
        return None if d_rows is None else d_rows.view(ctx.shape).to(ctx.dtype), None, d_a, d_b


class _GatedProduct(torch.autograd.Function):  # type: ignore[misc]
    """The down projection of act(gate) · up, of which gate and up are kept and their product is formed again."""

    @staticmethod
    def forward(
        ctx: Any, gate: torch.Tensor, up: torch.Tensor, act: Any, layer: "_Layer", a: torch.Tensor, b: torch.Tensor
    ) -> torch.Tensor:
        product = act(gate) * up
        result, down = layer.product(product.flatten(0, -2).to(layer.dtype), a, b)
        ctx.save_for_backward(gate, up, down, a, b)
        ctx.layer, ctx.act = layer, act
        return result.view(*gate.shape[:-1], -1).to(layer.out_dtype(gate))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        gate, up, down, a, b = ctx.saved_tensors
        with torch.enable_grad():
            bent_gate = gate.detach().requires_grad_()
            bent = ctx.act(bent_gate)
        product = bent.detach() * up
        d_rows, d_a, d_b = ctx.layer.gradients(gradients[0], product.flatten(0, -2).to(ctx.layer.dtype), down, a, b, True)
        d_product = d_rows.view(gate.shape).to(gate.dtype)
        d_up = torch.mul(d_product, bent.detach(), out=product)
        (d_gate,) = torch.autograd.grad(bent, bent_gate, d_product.mul_(up))
        return d_gate, d_up, None, None, d_a, d_b


class _Layer:
    """One frozen linear layer under an adapter: its weights by `weights()`, dequantised when asked for."""

    last: tuple[ReferenceType[torch.Tensor], ReferenceType[torch.Tensor]] = (ref(torch.empty(0)), ref(torch.empty(0)))

    def __init__(self, module: Any) -> None:
        base = module.get_base_layer()
        self.scale = float(module.scaling["default"])
        self.bias = base.bias
        self.in_nf4 = isinstance(base, bitsandbytes.nn.Linear4bit)
        self.base = base
        self.dtype = (base.compute_dtype or torch.float32) if self.in_nf4 else base.weight.dtype

    def weights(self) -> torch.Tensor:
        """(out, in) in the compute dtype."""
        return nf4.weights(self.base) if self.in_nf4 else self.base.weight

    def out_dtype(self, x: torch.Tensor) -> torch.dtype:
        """16 bits where a GPU computes in them; on a CPU what came in, since attention and activations are faster in fp32 there."""
        return self.dtype if x.device.type == "cuda" else x.dtype

    def rows(self, x: torch.Tensor) -> torch.Tensor:
        """`x` as (tokens, in) in the compute dtype; what several layers read (q, k and v; gate and up) is converted and kept once."""
        if x.dtype == self.dtype:
            return x.reshape(-1, x.shape[-1])
        read, rows = _Layer.last[0](), _Layer.last[1]()
        if read is not x or rows is None or rows.dtype != self.dtype:
            rows = x.reshape(-1, x.shape[-1]).to(self.dtype)
            _Layer.last = (ref(x), ref(rows))
        return rows

    def product(self, rows: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's outcome (tokens, out), and rows·Aᵀ (tokens, rank), which its gradients need."""
        with torch.autocast(rows.device.type, enabled=False):
            weights = self.weights()
            down = rows @ a.to(self.dtype).T
            result = rows @ weights.T if self.bias is None else torch.addmm(self.bias.to(self.dtype), rows, weights.T)
            return result.addmm_(down, b.to(self.dtype).T, alpha=self.scale), down

    def gradients(
        self, gradient: torch.Tensor, rows: torch.Tensor, down: torch.Tensor, a: torch.Tensor, b: torch.Tensor, wants_rows: bool
    ) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        """Those of rows (None unless wanted), A and B."""
        with torch.autocast(rows.device.type, enabled=False):
            gradient = gradient.reshape(-1, gradient.shape[-1]).to(self.dtype)
            d_down = (gradient @ b.to(self.dtype)).mul_(self.scale)
            d_a, d_b = d_down.T @ rows, (gradient.T @ down).mul_(self.scale)
            d_rows = (gradient @ self.weights()).addmm_(d_down, a.to(self.dtype)) if wants_rows else None
            return d_rows, d_a.to(a.dtype), d_b.to(b.dtype)


def fuse(model: Any) -> int:
    """Gives the adapter's layers of a PEFT model their fused forward passes, in place; returns how many got one.

    Left alone: DoRA and other variants, dropout, and layers whose base is neither NF4 nor plain linear. While the adapter is
    switched off or merged, a layer is PEFT's own again.
    """
    layers = {module: _Layer(module) for module in model.modules() if _fits(module)}
    for module, layer in layers.items():
        module.forward = MethodType(_lora_forward(layer, module.forward), module)
    for module in model.modules():
        if getattr(module, "down_proj", None) in layers and all(hasattr(module, name) for name in ("gate_proj", "up_proj", "act_fn")):
            _fuse_gated(module, layers[module.down_proj])
    return len(layers)


def _fits(module: Any) -> bool:
    if not isinstance(module, LoraLayer) or module.lora_variant or list(module.active_adapters) != ["default"]:
        return False
    dropout = module.lora_dropout["default"]
    base = module.get_base_layer()
    plain = isinstance(base, bitsandbytes.nn.Linear4bit | Dequantised) or type(base) is nn.Linear
    return plain and (isinstance(dropout, nn.Identity) or dropout.p == 0) and not module.lora_bias["default"]


def _lora_forward(layer: _Layer, otherwise: Any) -> Any:
    def forward(module: Any, x: torch.Tensor, *args: Any, **options: Any) -> Any:
        if args or options or module.disable_adapters or module.merged or not torch.is_grad_enabled():
            return otherwise(x, *args, **options)
        return _LoraProduct.apply(x, layer, module.lora_A["default"].weight, module.lora_B["default"].weight)

    return forward


def _fuse_gated(module: Any, layer: _Layer) -> None:
    """Only where the module really is down(act(gate(x)) · up(x)): tried on a few random tokens."""
    otherwise = module.forward

    def forward(module: Any, x: torch.Tensor) -> Any:
        down = module.down_proj
        if down.disable_adapters or down.merged or not torch.is_grad_enabled():
            return otherwise(x)
        matrices = (down.lora_A["default"].weight, down.lora_B["default"].weight)
        return _GatedProduct.apply(module.gate_proj(x), module.up_proj(x), module.act_fn, layer, *matrices)

    weight = module.gate_proj.get_base_layer() if isinstance(module.gate_proj, LoraLayer) else module.gate_proj
    device = next(module.parameters()).device
    tokens = torch.randn(3, weight.in_features, generator=torch.Generator().manual_seed(0)).to(device, layer.dtype)
    with torch.enable_grad():
        expected, found = otherwise(tokens), forward(module, tokens)
    if difference(found, expected) <= TOLERANCE.get(layer.dtype, TOLERANCE[torch.float32]):
        module.forward = MethodType(forward, module)
