"""What is said when memory runs out, and how an attempt that may take too much leaves nothing behind."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

# A GPU's allocator has a type of its own; cuBLAS, and torch's CPU allocator, say it in a plain RuntimeError.
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED")

Found = TypeVar("Found")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of the GPU or the machine, is too small."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


def in_memory(compute: Callable[[], Found]) -> Found | None:
    """What `compute` gives, or None when memory ran out; what was taken for the attempt is free again then."""
    try:
        return compute()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Behind the handler: the error's traceback held the tensors of the attempt.
    give_back()
    return None


def give_back() -> None:
    """Gives what the allocator of a GPU holds unused back to it."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def halves(batch: Sequence[Found]) -> list[list[Found]]:
    """Both halves of a batch, the first one last, where it is taken from next."""
    middle = (len(batch) + 1) // 2
    return [list(batch[middle:]), list(batch[:middle])]
