"""What other libraries say and nobody here can act on, silenced by its own words: whatever else they say is still seen."""

import logging
import warnings


def mute(logger: str, beginning: str) -> None:
    """Drops the lines of one logger that begin so, now and later; the library needn't be imported yet."""
    logging.getLogger(logger).addFilter(lambda record: not record.getMessage().startswith(beginning))


def mute_training_libraries() -> None:
    """Called by each child process before it imports one of them."""
    # A faster 4-bit product for CPUs with AVX512-BF16, said at import: it would be code downloaded from the hub, and we want none.
    mute("bitsandbytes.backends.cpu.ops", "Failed to load CPU gemm_4bit_forward")
    # Two checkpoints within a second: ordered by their step then, which is right.
    mute("transformers.trainer_utils", "mtime may not be reliable")
    # PEFT 0.21 asks transformers 5.23 by the old name; can go once it doesn't.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
