"""H5P packages (h5p.org): multiple choice, true or false and sets of them, also inside columns, presentations and books; other kinds of
content are named."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, refused, seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.members import Budget, members_of, zipped_names
from pipeline.ingest.nested import too_deep
from schemas.errors import DataError

# Content that only shows something, or holds other content.
_SHOWN = (
    "AdvancedText Text Image Video Audio Link Table Accordion Embed IFrameEmbed Shape ExportableTextArea Column Row RowColumn"
    " CoursePresentation InteractiveBook QuestionSet Timeline Collage ImageSlider Chart Agamotto GoToSlide Nil InteractiveVideo Page"
    " PageBreak AudioRecorder TwitterUserFeed"
).split()
# Content within content, by which a content.json of its own is told.
_SETS = re.compile(rb'"library"\s*:\s*"H5P\.\w+ \d')
_HEAD_BYTES = 2_000_000
_LIBRARY = re.compile(r"H5P\.(\w+)")
# A text above questions that is as long as a passage; shorter ones are headings.
MIN_PASSAGE_CHARS = 200


def sniff(file: SniffedFile) -> bool:
    """The suffix, a zip archive with H5P's own table of contents, or the content.json of one with pieces of content in it."""
    if file.suffix == ".json":
        return _is_object(file.data) and _SETS.search(file.data[:_HEAD_BYTES]) is not None
    return file.suffix == ".h5p" or zipped_names(file.data) >= {"h5p.json", "content/content.json"}


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question, in the order of the content. Raises DataError for a package without any."""
    if _is_object(data):
        about, content = None, _json(data.removeprefix(b"\xef\xbb\xbf"))
    else:
        about, content = _unpacked(data)
    if not isinstance(content, dict):
        raise DataError("no H5P package: content/content.json is missing, or isn't what it should be; download the .h5p anew")
    main = str(about.get("mainLibrary") or "") if isinstance(about, dict) else ""
    count = 0
    for piece in _content(main, content, "", ""):
        if isinstance(piece, Item):
            count += 1
            piece = piece._replace(locator=f"item:{count}")
            yield seen_text(piece)
        yield piece
    if not count:
        raise DataError(f"an H5P package without a question in it (its kind is {main or 'not named'})")


def _is_object(data: bytes) -> bool:
    return data[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def _unpacked(data: bytes) -> tuple[Any, Any]:
    """What a package says of itself, and its content."""
    members = {member.name: member for member in members_of(data, Budget(len(data)))}
    about, content = (_json(members[name].read()) if name in members else None for name in ("h5p.json", "content/content.json"))
    return about, content


def _json(data: bytes) -> Any:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"broken JSON in an H5P package: {error}") from error
    if too_deep(value):
        raise DataError("an H5P package that is nested too deeply")
    return value


def _content(library: str, params: Any, identifier: str, passage: str) -> Iterator[Item | Text]:
    """What a piece of content holds, and what stands inside it."""
    if not isinstance(params, dict):
        return
    found = _LIBRARY.search(library)
    name = found[1] if found else library
    if name == "MultiChoice":
        yield from _multiple_choice(params, identifier, passage)
    elif name == "TrueFalse":
        yield from _true_false(params, identifier, passage)
    elif name == "SingleChoiceSet":
        yield from _single_choices(params, identifier, passage)
    elif name and name not in _SHOWN:
        yield refused("item", _stem_of(params), f"H5P.{name} offers no choice of one among some", {"id": identifier, "context": passage})
    else:
        if name in ("AdvancedText", "Text") and isinstance(params.get("text"), str):
            yield Text(html_text(params["text"]))
        yield from _inside(params, name, "")


def _inside(value: Any, name: str, passage: str) -> Iterator[Item | Text]:
    """Pieces of content inside another, at whatever depth: a mapping with `library` and `params`. A long text is for what follows it in
    its list; what is asked within a video needs the video."""
    if isinstance(value, list):
        for element in value:
            text = _passage(element)
            passage = text or passage
            yield from _inside(element, name, passage)
    elif isinstance(value, dict):
        if isinstance(value.get("library"), str) and isinstance(value.get("params"), dict):
            pieces = _content(value["library"], value["params"], str(value.get("subContentId") or ""), passage)
            yield from (_in_video(piece) for piece in pieces) if name == "InteractiveVideo" else pieces
            return
        for element in value.values():
            yield from _inside(element, name, passage)


def _in_video(piece: Item | Text) -> Item | Text:
    if isinstance(piece, Text) or piece.reason:
        return piece
    return piece._replace(payload=piece.payload | {"image": "the video that it is asked in"})


def _passage(element: Any) -> str:
    """The text of an element that shows a passage."""
    inner = element.get("content", element) if isinstance(element, dict) else None
    if not isinstance(inner, dict) or not str(inner.get("library") or "").startswith(("H5P.AdvancedText", "H5P.Text ")):
        return ""
    params = inner.get("params")
    text = html_text(params["text"]) if isinstance(params, dict) and isinstance(params.get("text"), str) else ""
    return text if len(text) >= MIN_PASSAGE_CHARS else ""


def _multiple_choice(params: dict[str, Any], identifier: str, passage: str) -> Iterator[Item]:
    answers = params.get("answers")
    if not isinstance(params.get("question"), str) or not isinstance(answers, list):
        return
    answers = [answer for answer in answers if isinstance(answer, dict)]
    options = [_text(answer.get("text")) for answer in answers]
    right = [place for place, answer in enumerate(answers) if answer.get("correct") in (True, "true", 1)]
    yield _item(params, options, right, identifier, passage)


def _true_false(params: dict[str, Any], identifier: str, passage: str) -> Iterator[Item]:
    if not isinstance(params.get("question"), str):
        return
    correct = str(params.get("correct")).lower()
    yield _item(params, ["True", "False"], [["true", "false"].index(correct)] if correct in ("true", "false") else [], identifier, passage)


def _single_choices(params: dict[str, Any], identifier: str, passage: str) -> Iterator[Item]:
    """The right answer comes first, and is moved about where it is shown."""
    choices = params.get("choices")
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict) and isinstance(choice.get("answers"), list) and choice.get("question"):
            options = [_text(answer) for answer in choice["answers"]]
            yield _item(choice, options, [0] if options else [], str(choice.get("subContentId") or identifier), passage)


def _item(params: dict[str, Any], options: list[str], right: list[int], identifier: str, passage: str) -> Item:
    stem = _text(params.get("question"))
    picture = _picture(params.get("media")) or ("picture" if "[image]" in f"{stem} {' '.join(options)}" else "")
    return Item("item", choice_cells(stem, options, right, id=identifier, context=passage, image=picture))


def _text(value: Any) -> str:
    return html_text(value) if isinstance(value, str) else ""


def _picture(media: Any) -> str:
    """The file of the picture, sound or film above a question."""
    kind = media.get("type") if isinstance(media, dict) else None
    params = kind.get("params") if isinstance(kind, dict) else None
    if not isinstance(kind, dict) or not isinstance(params, dict) or not str(kind.get("library") or "").strip():
        return ""
    file = params.get("file") or params.get("sources") or params.get("files")
    file = file[0] if isinstance(file, list) and file else file
    return str(file.get("path") or "picture") if isinstance(file, dict) else ""


def _stem_of(params: dict[str, Any]) -> str:
    """Some text of a kind that isn't read, by which people find it."""
    names = ("question", "text", "taskDescription", "description", "intro", "textField", "title", "heading", "questions")
    texts = (params.get(name) for name in names)
    for text in texts:
        if isinstance(text, str) and text.strip():
            return html_text(text)
        if isinstance(text, list) and text and isinstance(text[0], str):
            return "\n".join(html_text(line) for line in text if isinstance(line, str))
    return ""


FORMAT = Format("h5p", sniff, read_bytes=read)
