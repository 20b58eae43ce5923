"""Which runs belong together, and which haven't ended."""

import dagster as dg

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def run_chain(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """This run's id and those of the runs that it re-executes, newest first: their tables are its own."""
    chain = [run.run_id]
    while run.parent_run_id and run.parent_run_id not in chain:
        chain.append(run.parent_run_id)
        parent = instance.get_run_by_id(run.parent_run_id)
        if parent is None:
            break
        run = parent
    return chain
