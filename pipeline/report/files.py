"""Section of the report on files: how each was read, and what of it a person should look at."""

from pipeline.report.document import Block, Cell, Line, TableBlock, Text
from pipeline.report.facts import EXAMPLES, Facts, cut
from pipeline.told import look_told
from schemas.tables.row import RowMapping


def files(facts: Facts) -> list[Block]:
    """Files to look at, for most reasons first: how each was read, what came of it, and the text that none of its records holds."""
    if not facts.files:
        return []
    _ = facts.words
    looked = sorted(
        (file for file in facts.files if file["looks"]), key=lambda file: (-len(file["looks"]), -file["rejected"], file["file"])
    )
    if not looked:
        none = _(
            "{count:,} files read, all of them as their readers expect: most records kept, hardly any text outside them.",
            count=len(facts.files),
        )
        return [Text(none)]
    rows: list[list[Cell]] = [
        [_name(facts, file), file["records"], file["rejected"], _unread(facts, file), _why(facts, file)] for file in looked[: 2 * EXAMPLES]
    ]
    said = [_("{count:,} files read; a person should look at {looked:,}.", count=len(facts.files), looked=len(looked))]
    if len(looked) > len(rows):
        said.append(_("These {count:,} need it most.", count=len(rows)))
    said.append(_("`mcq inspect FILE` shows what is read from one."))
    columns = [_("file"), _("records"), _("refused"), _("text in no record"), _("why")]
    return [Text(" ".join(said)), TableBlock(columns, rows, wide=frozenset({0, 4}))]


def _name(facts: Facts, file: RowMapping) -> list[Line]:
    name = f"{file['file']}#{file['part']}" if file["part"] else file["file"]
    return [facts.listed(cut(name), "code", file=file["file"]), Line(f"{file['reader']}, {file['layout']}", "dim")]


def _unread(facts: Facts, file: RowMapping) -> str:
    """The share of its text in no record; of a table, whose text all stands in cells, there is none to tell."""
    return facts.words("{share:.0%}", share=file["unread_fraction"]) if file["unread_fraction"] is not None else facts.words("undefined")


def _why(facts: Facts, file: RowMapping) -> list[Line]:
    looks = (Line(cut(look_told(look, facts.words), 300), "own") for look in file["looks"])
    return [*looks, *(Line(f"“{cut(piece)}”", "dim") for piece in file["unread"][:2])]
