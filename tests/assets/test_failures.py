"""Why a run failed, in plain words."""

import dagster as dg
import pytest

from assets.failures import told_sentence, why_failed
from schemas.errors import DataError


def failed_with(error, cause=None):
    @dg.asset
    def wrong():
        try:
            if cause:
                raise cause
        except Exception as inner:
            raise error from inner
        raise error

    events = dg.materialize([wrong], raise_on_error=False).all_events
    return [event for event in events if event.event_type in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE)]


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        (DataError("the table is gone: run it again"), None, "the table is gone: run it again"),
        (DataError("outer"), ValueError("inner: why"), "inner: why"),
        (dg.Failure("in its own words"), None, "in its own words"),
        (KeyError("name"), None, "'name'"),
    ],
)
def test_step_and_run_say_the_same_plain_words(error, cause, said):
    step, run = failed_with(error, cause)
    assert why_failed(step) == why_failed(run) == said
    assert told_sentence(said) == f"failed: {said}"


def test_a_failed_check_is_named_with_its_asset_and_where_to_look():
    @dg.asset(key=["sample", "questions"])
    def questions():
        pass

    @dg.asset_check(asset=questions, blocking=True)
    def answers_valid():
        return dg.AssetCheckResult(passed=False)

    @dg.asset(deps=[questions])
    def dataset():
        pass

    events = dg.materialize([questions, answers_valid, dataset], raise_on_error=False).all_events
    run = next(event for event in events if event.event_type == dg.DagsterEventType.RUN_FAILURE)
    said = "what must hold does not: sample/questions: answers_valid; the Checks page of the asset shows the rows"
    assert why_failed(run) == said


def test_the_sentence_is_one_line():
    assert told_sentence("two\n  errors") == "failed: two errors"
