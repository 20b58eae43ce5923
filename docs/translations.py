"""Takes the texts that people read into the catalogue of each language: `make docs`.

New texts come in without a translation, those that the code no longer has go. A text is a string in `_("...")` or a like call of code
and templates (`SOURCES`), or stands in one of `REGISTRIES`.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from pipeline.audit import wording
from pipeline.common.files import write_atomically
from pipeline.common.translations import FOLDER, LANGUAGES
from pipeline.deduplicate.told import TEMPLATES
from pipeline.report.remedies import ACTIONS
from pipeline.split.balance import ATTRIBUTES
from schemas.details import DETAILS
from schemas.reasons import REASON_TEXT, SPLITS, Disposition, Relation
from schemas.wording import DISPOSITION_TEXT, LOOK_TEXT, NOT_TRAINED_TEXT, RELATION_TEXT, REPAIR_TEXT

ROOT = Path(__file__).parent.parent
SOURCES = (
    ("pipeline/**/*.py", "python", ("_", "Said")),
    ("cli/**/*.py", "python", ("_", "words")),
    ("pipeline/**/*.jinja", "jinja2.ext:babel_extract", ("_",)),
    ("cli/**/templates/*.html", "jinja2.ext:babel_extract", ("_",)),
)
"""Files, Babel's extractor for them, and the calls that mark a text."""
REGISTRIES = (
    *(REASON_TEXT, DISPOSITION_TEXT, RELATION_TEXT, REPAIR_TEXT, NOT_TRAINED_TEXT, LOOK_TEXT, ACTIONS, TEMPLATES),
    *(wording.ACTION_TEXT, wording.CHANGE_TEXT, wording.STATUS_TEXT, wording.LIST_TITLE, wording.LIST_TEXT, wording.FACET_TEXT),
    dict.fromkeys(("before", "after", *map(str, Disposition), *map(str, Relation), *map(str, SPLITS), *ATTRIBUTES)),
    dict.fromkeys(DETAILS),
)
"""Texts, or names without one that are texts themselves."""


def texts() -> list[str]:
    """Every text that people read in their language, sorted."""
    registered = (str(text or name) for registry in REGISTRIES for name, text in registry.items())
    return sorted({*registered, *written()})


def written() -> Iterator[str]:
    """Texts in code and templates."""
    for pattern, method, calls in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            with path.open("rb") as stream:
                for _, text, _, _ in extract(method, stream, dict.fromkeys(calls), (), {"silent": "false"} if "jinja2" in method else {}):
                    if isinstance(text, str):
                        yield text


def read_catalogue(path: Path) -> Catalog:
    """The catalogue of a file that is named by its language."""
    return read_po(BytesIO(path.read_bytes()), locale=path.stem)


def renewed(catalogue: Catalog) -> Catalog:
    """The catalogue with the texts of the code: what it knew keeps its translation."""
    found = Catalog(catalogue.locale, project="mcq-foundry", header_comment=HEADER, fuzzy=False)
    for text in texts():
        known = catalogue.get(text)
        found.add(text, known.string if known and not known.fuzzy else "").flags.clear()
    return found


HEADER = "# Vietnamese words of MCQ Foundry's pages, renewed by `make docs`: write a translation behind each empty msgstr."


def as_po(catalogue: Catalog) -> bytes:
    """The file of a catalogue: without a date, so that nothing changes when nothing is new."""
    stream = BytesIO()
    write_po(stream, catalogue, width=140, omit_header=True)
    lines = [HEADER, 'msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=utf-8\\n"', f'"Language: {catalogue.locale}\\n"', ""]
    return "\n".join([*lines, stream.getvalue().decode()]).encode()


def main() -> None:
    """Renews the catalogue of every language but English."""
    for language in LANGUAGES[1:]:
        path = FOLDER / f"{language}.po"
        catalogue = renewed(read_catalogue(path))
        write_atomically(path, as_po(catalogue))
        waiting = sum(not message.string for message in catalogue if message.id)
        print(f"{language}: {waiting} of {len(catalogue)} texts wait for their translation")


if __name__ == "__main__":
    main()
