"""IMS QTI 1.2, 2.x and 3.0: the exchange format of learning platforms (Canvas, Blackboard, Respondus, TAO, ...), one XML file."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from pipeline.ingest import qti2, qti12
from pipeline.ingest.choices import seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.xml_files import parse_xml, root_name, tag_of, wrong_root
from schemas.errors import DataError

ROOTS_12 = ("questestinterop",)
ROOTS_2 = ("assessmentitem", "assessmenttest", "assessmentsection", "assessmentitems")


def sniff(file: SniffedFile) -> bool:
    """The root element of an XML file."""
    return root_name(file) in (*ROOTS_12, *ROOTS_2)


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question. Raises DataError when the file is no QTI, or a test whose items stand in other files."""
    return read_part(data, lambda href: None)


def read_part(data: bytes, sibling: qti2.Sibling) -> Iterator[Item | Text]:
    """`read` for one file of a package: `sibling` gives its other files by what refers to them."""
    root = parse_xml(data)
    tag = tag_of(root)
    if tag not in (*ROOTS_12, *ROOTS_2):
        raise wrong_root(root)
    items = qti12.items_of(root) if tag in ROOTS_12 else qti2.items_of(root, sibling)
    count = 0
    for count, item in enumerate(items, start=1):  # noqa: B007
        yield seen_text(item)
        yield item
    if not count:
        raise _without_items(root)


def _without_items(root: Element) -> DataError:
    if references := qti2.references_of(root):
        return DataError(
            f"a test whose {len(references)} items stand in files of their own ({references[0][:80]}): give the whole package (.zip)"
        )
    return DataError(f"QTI without a question: no item below <{tag_of(root)}>")


FORMAT = Format("qti", sniff, read_bytes=read)
