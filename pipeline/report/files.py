"""Section of the report on files: how each was read, and what of it a person should look at."""

from pipeline.report.document import Block, Cell, Line, TableBlock, Text
from pipeline.report.facts import EXAMPLES, Facts, cut
from schemas.tables.row import RowMapping


def files(facts: Facts) -> list[Block]:
    """Files to look at, for most reasons first: how each was read, what came of it, and the text that none of its records holds."""
    if not facts.files:
        return []
    read = f"{len(facts.files):,} files were read"
    looked = sorted(
        (file for file in facts.files if file["looks"]), key=lambda file: (-len(file["looks"]), -file["rejected"], file["file"])
    )
    if not looked:
        return [Text(f"{read}, all of them as their readers expect: most records kept, hardly any text outside them.")]
    rows: list[list[Cell]] = [
        [_name(file), file["records"], file["rejected"], _unread(file), _why(file)] for file in looked[: 2 * EXAMPLES]
    ]
    more = f", of which these {len(rows)} need it most" if len(looked) > len(rows) else ""
    said = f"{read}; a person should look at {len(looked):,}{more}. `mcq inspect FILE` shows what is read from one."
    return [Text(said), TableBlock(["file", "records", "refused", "text in no record", "why"], rows, wide=frozenset({4}))]


def _name(file: RowMapping) -> list[Line]:
    name = f"{file['file']}#{file['part']}" if file["part"] else file["file"]
    return [Line(name, "code"), Line(f"{file['reader']}, {file['layout']}", "dim")]


def _unread(file: RowMapping) -> str:
    return "" if file["unread_fraction"] is None else f"{file['unread_fraction']:.0%}"


def _why(file: RowMapping) -> list[Line]:
    return [*(Line(cut(look)) for look in file["looks"]), *(Line(cut(piece), "dim") for piece in file["unread"][:2])]
