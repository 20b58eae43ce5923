"""The shrink guard: a blocking check on the ledger, so that a refresh that looks like an accident stops before it is published."""

from collections.abc import Sequence

import dagster as dg

from assets.resources.foundries import Foundries
from assets.resources.lake_io import find_table
from pipeline.guard import examine, note_blocked

ACCEPT_TAG = "mcq/accept"
# The value of the tag for a person who accepts what this run gives, whatever it is.
THIS_RUN = "this run"


def nothing_shrank(prefix: Sequence[str]) -> dg.AssetChecksDefinition:
    """The guard of the ledger under a prefix: it fails until a person accepts exactly this ledger in place of exactly the version that
    readers see."""

    @dg.asset_check(
        asset=dg.AssetKey([*prefix, "sample_ledger"]),
        name="nothing_shrank",
        description="No source lost much of its records, or has much more of them rejected, since the published version (`guard:`); "
        "`mcq run --accept` publishes all the same.",
        blocking=True,
    )
    def check(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
        foundry = foundries.of(context)
        ledger = find_table(foundry, context.instance, context.run, "sample_ledger").hash
        blocked = examine(foundry.lake, ledger, [source.name for source in foundry.config.sources], foundry.config.guard)
        said = context.run.tags.get(ACCEPT_TAG)
        accepted = said in (blocked.key, THIS_RUN)
        waits = bool(blocked.alarms) and not accepted
        note_blocked(foundry.lake, blocked if waits else None)
        metadata: dict[str, str | int] = {"sources": len(blocked.alarms)}
        if blocked.alarms:
            metadata["why"] = "\n".join(alarm.says for alarm in blocked.alarms)
        if waits:
            other = f" (what was accepted, {said}, is another state of the files)" if said else ""
            metadata["what_to_do"] = (
                f"mend the files and run again, or accept these numbers{other}: `mcq run --accept`, or in the UI launch the job with the "
                f"run tag {ACCEPT_TAG} = {blocked.key}. Readers still see the version before"
            )
        elif blocked.alarms:
            metadata["accepted"] = blocked.key
        return dg.AssetCheckResult(passed=not waits, severity=dg.AssetCheckSeverity.ERROR, metadata=metadata)

    return check
