"""XML files of every kind: opened once, safely, and told apart by their root element, as they share one suffix."""

import re
from html.entities import html5
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pipeline.ingest.decode import decode
from pipeline.ingest.items import SniffedFile
from schemas.errors import DataError

# Deeper ones are nobody's questions, and walking them could exhaust the stack.
MAX_XML_DEPTH = 200
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
# A document type that only names its definition, which nothing fetches. One with definitions inside ([...]) stays, and is refused.
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^<>\[\"']*+(?:(?:\"[^\"<>]*+\"|'[^'<>]*+')[^<>\[\"']*+)*+>", re.IGNORECASE)
# What stands before the root element.
_PROLOGUE = re.compile(
    r"\s++|<\?(?:[^?]|\?(?!>))*+\?>|<!--(?:[^-]|-(?!->))*+-->|<!DOCTYPE\s[^<>\[]*+(?:\[[^\]]*+\][^<>\[]*+)?>", re.IGNORECASE
)
_ROOT = re.compile(r"<(?:[\w.-]++:)?([A-Za-z_][\w.-]*+)")
# Entities of HTML, which XML doesn't know, and an ampersand alone.
_ENTITY = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]{1,31});|(?!#x?[0-9a-fA-F]{1,8};))")
_HEAD_BYTES = 20_000
# Texts that may begin with any tag and are no XML.
_MARKUP = (".md", ".markdown", ".rmd", ".qmd", ".rnw", ".tex", ".wiki")

# Kinds of XML by their root element, in words.
READ = "Moodle XML (<quiz>), QTI (<questestinterop>, <assessmentItem>), Open edX (<problem>), Hot Potatoes (JQuiz), WP-Pro-Quiz"
_KNOWN = {
    "moodle_backup": "the list of contents of a Moodle course backup: export the questions from the question bank as Moodle XML",
    "question_categories": "the question bank of a Moodle course backup: export the questions from the question bank as Moodle XML",
    "manifest": "the list of contents of a content package: give the package itself (.zip)",
    "html": "a web page: save it with the suffix .html",
    "worddocument": "a Word document saved as XML: save it as .docx",
    "package": "an Office document saved as XML: save it as .docx or .xlsx",
    "workbook": "a spreadsheet saved as XML: save it as .xlsx",
    "rss": "a news feed, no questions",
    "feed": "a news feed, no questions",
    "svg": "a drawing, no questions",
    "course": "the outline of a course: give the whole export (.zip, .tar.gz), or the files of its problems",
    "chapter": "the outline of a course: give the whole export (.zip, .tar.gz), or the files of its problems",
    "sequential": "the outline of a course: give the whole export (.zip, .tar.gz), or the files of its problems",
    "vertical": "the outline of a course: give the whole export (.zip, .tar.gz), or the files of its problems",
    "courseware": "a course: export its questions as QTI",
    "pool": "a pool of an old Blackboard: export it anew as QTI (a .zip with <questestinterop> in it)",
    "assessment": "an assessment without its items: export it as QTI",
}


def root_name(file: SniffedFile) -> str:
    """The local name of the root element in small letters, without the hyphens and the prefix `qti-` of QTI 3; "" for what is no XML.

    >>> root_name(SniffedFile(b'<?xml version="1.0"?>\\n<!-- x --><q:quiz>', ".xml", ""))
    'quiz'
    """
    if file.suffix in _MARKUP and b"<?xml" not in file.data[:100]:
        return ""
    head = file.data[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf")
    if b"<" not in head[:1000] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    text = head.decode("utf-16", "ignore") if head.startswith((b"\xff\xfe", b"\xfe\xff")) else head.decode("utf-8", "replace")
    place = 0
    while match := _PROLOGUE.match(text, place):
        place = match.end()
    root = _ROOT.match(text, place)
    return plain_tag(root[1]) if root else ""


def plain_tag(name: str) -> str:
    """A name without its namespace as QTI 1.2, 2 and 3 have it in common.

    >>> plain_tag("{http://x}qti-choice-interaction"), plain_tag("choiceInteraction")
    ('choiceinteraction', 'choiceinteraction')
    """
    local = name.rpartition("}")[2].rpartition(":")[2].lower()
    return local.removeprefix("qti-").replace("-", "")


def tag_of(element: Element) -> str:
    """`plain_tag` of an element; "" for comments and instructions."""
    return plain_tag(element.tag) if isinstance(element.tag, str) else ""


def attributes_of(element: Element) -> dict[str, str]:
    """Attributes by name without namespace and hyphens, in small letters."""
    return {name.rpartition("}")[2].lower().replace("-", ""): value for name, value in element.attrib.items()}


def parse_xml(data: bytes) -> Element:
    """The root element. Entities and document types with definitions are refused (defusedxml); one that only names its definition is
    passed over, and HTML's own entities (&nbsp;) are what they are in HTML.

    Raises:
        DataError: no readable XML.
    """
    try:
        root = _parse(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise DataError(f"not a readable XML file: {_in_words(error)}") from error
    _refuse_depth(root)
    return root


def _parse(data: bytes) -> Element:
    try:
        return _fromstring(data)
    except (ParseError, LookupError, ValueError, DefusedXmlException) as error:
        # The parser doesn't know the encoding that the file names, the file is in another (it is told as for plain text), something
        # stands before the declaration, or the file uses entities of HTML.
        try:
            text = _DECLARATION.sub("", decode(data).text.lstrip("\ufeff \t\r\n"))
            return _fromstring(_resolved(_DOCTYPE.sub("", text, count=1)))
        except DefusedXmlException:
            raise
        except (ParseError, ValueError):
            raise error from None


def _fromstring(text: bytes | str) -> Element:
    root: Element = fromstring(text, forbid_dtd=True)
    return root


def _resolved(text: str) -> str:
    """The text without entities of HTML; what CDATA holds is text already."""
    pieces, place = [], 0
    while (start := text.find("<![CDATA[", place)) >= 0:
        end = text.find("]]>", start)
        end = len(text) if end < 0 else end
        pieces += [_ENTITY.sub(_as_xml, text[place:start]), text[start:end]]
        place = end
    return "".join([*pieces, _ENTITY.sub(_as_xml, text[place:])])


def _as_xml(entity: re.Match[str]) -> str:
    name = entity[1]
    if name in ("amp", "lt", "gt", "quot", "apos"):
        return entity[0]
    known = html5.get(f"{name};") if name else None
    return "".join(f"&#{ord(char)};" for char in known) if known else f"&amp;{entity[0][1:]}"


def _in_words(error: Exception) -> str:
    if isinstance(error, DefusedXmlException):
        return "it defines a document type or entities of its own, which may grow without end: delete its <!DOCTYPE ...>"
    return str(error)


def _refuse_depth(root: Element) -> None:
    level = [root]
    for _ in range(MAX_XML_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise DataError(f"not a readable XML file: nested over {MAX_XML_DEPTH} levels deep")


def wrong_root(root: Element) -> DataError:
    """The refusal of a file with another root element than a reader's: what was found, and what is read."""
    name = root.tag.rpartition("}")[2] if isinstance(root.tag, str) else "?"
    looks = _KNOWN.get(tag_of(root))
    return DataError(f"the root element is <{name[:80]}>: {looks or 'no kind of question file that is known'}; XML that is read: {READ}")
