"""One base model in memory for many adapters, one after the other: each training finds it as the first one did."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def borrowed(base: Any) -> Iterator[Any]:
    """A causal model that may be wrapped, fused and packed; afterwards its modules, forward passes, hooks and attention are as before.

    Values of its own weights aren't put back: they are frozen, and nothing that trains adapters writes to them.
    """
    attention = base.config._attn_implementation
    before = [(module, _copy(vars(module))) for module in base.modules()]
    try:
        yield base
    finally:
        base.set_attn_implementation(attention)
        for module, state in before:
            vars(module).clear()
            vars(module).update(state)


def _copy(state: dict[str, Any]) -> dict[str, Any]:
    """Children, hooks and parameters stand in dictionaries of the module, which are replaced and written to."""
    return {name: value.copy() if isinstance(value, dict) else value for name, value in state.items()}
