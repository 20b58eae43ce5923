"""Why a run failed, in the plain words of the error at the bottom of the chain."""

from typing import Any

import dagster as dg

from pipeline.common.text import one_line

# Dagster's error for a blocking check, whose text is a heading and then a line an asset: "sample/questions: answers_valid".
CHECK_FAILED = "DagsterAssetCheckFailedError"


def why_failed(event: dg.DagsterEvent) -> str:
    """Why a step or a run failed: the words of the Failure that was raised, or of the error at the bottom of the chain."""
    if event.event_type == dg.DagsterEventType.STEP_FAILURE:
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return str(data.user_failure_data.description)
        error = data.error
    else:
        data = event.job_failure_data
        if data.first_step_failure_event is not None:
            return why_failed(data.first_step_failure_event)
        error = data.error
    return root_cause(error) if error is not None else event.message or "no reason was given"


def root_cause(error: Any) -> str:
    """The words of the error at the bottom of a chain of Dagster's error records, without the name of its class."""
    while error.cause is not None:
        error = error.cause
    text = str(error.message).strip()
    if error.cls_name == CHECK_FAILED:
        _, *broken = text.splitlines()
        return "; ".join(f"what must hold does not: {line}" for line in broken) + "; the Checks page of the asset shows the rows"
    name, _, said = text.partition(": ")
    return said if said and name.rpartition(".")[2] == error.cls_name else text


def told_sentence(why: str) -> str:
    """What stands as the last line of a failed run."""
    return f"failed: {one_line(why)}"
