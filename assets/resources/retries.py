"""A step is tried again where that can help: when a disk, a share or the network failed for a moment, never for what data, settings or
rights cause."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

PASSING = frozenset(
    {
        errno.EIO,
        errno.EAGAIN,
        errno.EBUSY,
        errno.EINTR,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ECONNABORTED,
        errno.ECONNRESET,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.ESTALE,
        errno.ENOLCK,
    }
)
MAX_RETRIES, SECONDS = 2, 10.0


def may_pass(error: BaseException) -> bool:
    """Whether an error, or one that it came from, is of a kind that passes by itself."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        if isinstance(found, OSError) and found.errno in PASSING:
            return True
        seen.append(found)
        found = found.__cause__
    return False


@contextmanager
def retried(seconds: float = SECONDS) -> Iterator[None]:
    """Asks Dagster to run the step again, at most twice, when its body failed by what may pass."""
    try:
        yield
    except Exception as error:
        if may_pass(error):
            raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=seconds) from error
        raise
