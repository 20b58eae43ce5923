"""`mcq review --export` and `--import`: records to decide on as a spreadsheet, and the decisions that come back in it."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.keys import Keys
from cli.options import err, out, styled
from pipeline.common.store.decisions import Decisions, append_decisions, read_lines
from pipeline.review.published import Published, load_published
from pipeline.review.queues import Item
from pipeline.review.returned import Fault, read_workbook
from pipeline.review.standing import Standing
from pipeline.review.understood import Understood, understand
from pipeline.review.workbook import sheet_rows, write_workbook
from schemas.errors import ConfigError, DataError

MOST_FAULTS = 200


def send_out(foundry: Any, path: Path, published: Published, standing: Standing, items: Sequence[Item]) -> None:
    """Writes the spreadsheet."""
    require_xlsx(path)
    rows = sheet_rows(published, standing, items)
    if not rows:
        out.print("There is nothing to decide; no spreadsheet was written.")
        return
    write_workbook(path, rows, foundry.config.dataset, datetime.now(UTC))
    out.print(f"{len(rows):,} records written to {path}")
    out.print(f"Next: fill in the white cells, then `mcq review --import {path.name} --who NAME`.")


def bring_back(foundry: Any, path: Path, who: str) -> None:
    """Reads a spreadsheet and appends its decisions, all or none. Raises DataError with all that is wrong with it."""
    require_xlsx(path)
    sheet, faults = read_workbook(path)
    if sheet is None:
        refuse(path, faults)
    if sheet.dataset != foundry.config.dataset:
        raise DataError(f"{path.name} was exported from dataset {sheet.dataset!r}, this is {foundry.config.dataset!r}; name its --config")
    published = load_published(foundry.lake)
    lines = read_lines(foundry.decisions)
    found = understand(sheet, published, lines, who, datetime.now(UTC))
    if faults := [*faults, *found.faults]:
        refuse(path, sorted(faults))
    show(found, len(sheet.rows))
    if not found.decisions:
        out.print("There is nothing to write.")
        return
    if not Keys().confirm(f"Write {len(found.decisions):,} decisions by {who}?"):
        out.print("Nothing was written.")
        return
    seen = {line.decision.id for line in lines if line.decision}
    about = {decision.record_id for decision in found.decisions}

    def nothing_new(before: Decisions) -> str | None:
        new = [one for one in before.standing if one.id not in seen and one.record_id in about]
        return f"{new[-1].who} decided on {new[-1].record_id} at this very moment; nothing was written, import again" if new else None

    if (refusal := append_decisions(foundry.decisions, found.decisions, nothing_new)) is not None:
        raise DataError(refusal)
    out.print(styled(("saved: ", "green"), f"{len(found.decisions):,} decisions to {foundry.decisions}"))
    out.print("Next: `mcq run --until curated` applies them.")


def refuse(path: Path, faults: Sequence[Fault]) -> Any:
    """Raises DataError with every fault on a line of its own."""
    more = f"\n  and {len(faults) - MOST_FAULTS:,} more" if len(faults) > MOST_FAULTS else ""
    said = "".join(f"\n  {fault}" for fault in faults[:MOST_FAULTS])
    raise DataError(f"{path.name}: {len(faults):,} cells can't be understood; nothing was written. Mend them and import again:{said}{more}")


def show(found: Understood, rows: int) -> None:
    """What will be written, and what won't."""
    counts = Counter(decision.action for decision in found.decisions)
    said = ", ".join(f"{count:,} {action}" for action, count in counts.most_common())
    out.print(f"{rows:,} rows: {said or 'no decision'}; {len(found.known):,} imported before, {len(found.conflicts):,} conflicts")
    for text in (*found.implied, *found.known):
        out.print(f"  {text}")
    for text in found.conflicts:
        err.print(styled(("  conflict, not written: ", "bold yellow"), text))
    if found.conflicts:
        err.print("  Look at these records again: export them anew, or decide with `mcq review --all`.")


def require_xlsx(path: Path) -> None:
    """Raises ConfigError for another kind of file."""
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(f"{path.name}: expected a name that ends in .xlsx")
