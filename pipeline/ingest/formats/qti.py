"""IMS QTI 1.2, 2.x and 3.0: the exchange format of learning platforms (Canvas, Blackboard, Respondus, TAO, ...), one XML file."""

from collections.abc import Iterator

from pipeline.ingest import qti2, qti12
from pipeline.ingest.choices import seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.xml_files import parse_xml, root_name, tag_of, wrong_root
from schemas.errors import DataError

ROOTS_12 = ("questestinterop",)
ROOTS = (*ROOTS_12, "assessmentitem", "assessmenttest", "assessmentsection", "assessmentitems")


def sniff(file: SniffedFile) -> bool:
    """The root element of an XML file."""
    return root_name(file) in ROOTS


class NoItemsError(DataError):
    """QTI that holds no item itself: a test that refers to them, or an empty bank."""


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question. Raises DataError when the file is no QTI, or a test whose items stand in other files."""
    return read_part(data, lambda href: None)


def read_part(data: bytes, sibling: qti2.Sibling, context: str = "") -> Iterator[Item | Text]:
    """`read` for one file of a package: `sibling` gives its other files by what refers to them, `context` is what a test says to it."""
    root = parse_xml(data)
    tag = tag_of(root)
    if tag not in ROOTS:
        raise wrong_root(root)
    count = 0
    for item in qti12.items_of(root) if tag in ROOTS_12 else qti2.items_of(root, sibling, context):
        count += 1
        yield seen_text(item)
        yield item
    if not count:
        references = list(qti2.references_of(root))
        if references:
            where = f"stand in files of their own ({references[0][:80]}): give the whole package (.zip)"
            raise NoItemsError(f"a test whose {len(references)} items {where}")
        raise NoItemsError(f"QTI without a question: no item below <{tag}>")


FORMAT = Format("qti", sniff, read_bytes=read)
