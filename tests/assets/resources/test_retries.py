"""What is tried again, and what is not."""

import errno

import dagster as dg
import pytest

from assets.failures import why_failed
from assets.resources.retries import MAX_RETRIES, may_pass, retried
from schemas.errors import DataError


def chained(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OSError(errno.EIO, "Input/output error"), True),
        (chained(DataError("the table is damaged"), OSError(errno.ESTALE, "Stale file handle")), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (PermissionError(errno.EACCES, "Permission denied"), False),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (DataError("no record"), False),
        (ValueError("wrong"), False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(error, passes):
    assert may_pass(error) == passes


@pytest.mark.parametrize(("failures", "tries", "ends_well"), [(1, 2, True), (9, 1 + MAX_RETRIES, False)])
def test_a_step_is_tried_again_at_most_twice_and_then_fails_in_the_words_of_the_error(failures, tries, ends_well):
    tried = []

    @dg.asset
    def flaky():
        with retried(seconds=0):
            tried.append(1)
            if len(tried) <= failures:
                raise OSError(errno.EIO, "Input/output error")

    result = dg.materialize([flaky], raise_on_error=False)
    assert (result.success, len(tried)) == (ends_well, tries)
    if not ends_well:
        (failed,) = [event for event in result.all_events if event.is_step_failure]
        assert "Input/output error" in why_failed(failed)


def test_wrong_data_is_not_tried_again():
    tried = []

    @dg.asset
    def wrong():
        with retried(seconds=0):
            tried.append(1)
            raise DataError("a row breaks its bound")

    assert not dg.materialize([wrong], raise_on_error=False).success
    assert len(tried) == 1
