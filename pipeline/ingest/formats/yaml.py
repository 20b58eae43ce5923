"""YAML: lists of questions, whatever wraps them, and RELATE's pages. Texts are taken as they are written: `no`, `1:30`, `010`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from pipeline.ingest.decode import decode
from pipeline.ingest.emphasis import plain_markdown
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.literals import document_items, holds_question, is_question, texts_of
from schemas.config.yaml_file import MERGE, LimitedLoader
from schemas.errors import DataError
from schemas.reasons import Reason

_NUMBER = re.compile(r"0|-?[1-9]\d{0,17}")
_NULL = ("", "~", "null", "Null", "NULL")
_RELATE_MARK = re.compile(r"\s*~([A-Z_]{5,20})~\s*")
_RELATE_PAGE = re.compile(r"(?:\w{1,40}\.)?\w{0,40}(?:Question|Page)(?:WithHumanGrading|WithHumanTextFeedback)?")


class _Loader(LimitedLoader):
    """`questions` of a file as large as those of other formats."""

    max_values, max_depth = 1_000_000, 60


def sniff(file: SniffedFile) -> bool:
    """The suffix."""
    return file.suffix in (".yaml", ".yml")


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question, as in JSON; several documents behind one another are a list. Raises DataError for what is no YAML, holds
    no question, or has aliases or nesting that no list of questions has."""
    try:
        documents = list(_documents(decode(data).text))
    except UnicodeError as error:
        raise DataError(str(error)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())[:300]
        cure = "; put texts with a question mark in quotes" if "got '?'" in told else ""
        raise DataError(f"not a readable YAML file: {told}{cure}") from error
    documents = [document for document in documents if document is not None]
    if pages := [page for document in documents for page in _pages(document)]:
        yield from (_page_item(number, page) for number, page in enumerate(pages, start=1))
        yield from (text for page in pages for text in texts_of([page.get("prompt"), page.get("choices")]))
        return
    value = documents[0] if len(documents) == 1 else documents
    if not documents:
        return
    items = list(document_items(value))
    if not (holds_question(value, True) or any(isinstance(item.payload, Mapping) and is_question(item.payload) for item in items)):
        names = ", ".join(map(str, value))[:200] if isinstance(value, Mapping) else f"a {type(value).__name__}"
        raise DataError(
            f"YAML without questions (it holds {names}): looked for mappings with a question, its options and its answer, like "
            "`- question: ...`, `options: [...]`, `answer: ...`; name other fields under `fields:`, or leave the file out in `path:`"
        )
    yield from items
    yield from texts_of(value)


def _documents(text: str) -> Iterator[Any]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            yield _value(loader, loader.get_node())
    finally:
        loader.dispose()


def _value(loader: _Loader, node: yaml.Node | None) -> Any:
    """A node as plain data: scalars as they are written, whole numbers as numbers."""
    if isinstance(node, yaml.ScalarNode):
        quoted = node.style in ("'", '"', "|", ">")
        if not quoted and node.value in _NULL:
            return None
        return int(node.value) if not quoted and _NUMBER.fullmatch(node.value) else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, one) for one in node.value]
    if isinstance(node, yaml.MappingNode):
        own = [key for key, _ in node.value if key.tag != MERGE]
        seen: set[str] = set()
        for key in own:
            if not isinstance(key, yaml.ScalarNode):
                raise ValueError(f"line {key.start_mark.line + 1}: a key that is a list or a mapping")
            if key.value in seen:
                raise ValueError(
                    f"line {key.start_mark.line + 1}: the key {key.value[:60]!r} stands twice in one mapping; begin each question with `- `"
                )
            seen.add(key.value)
        if len(own) < len(node.value):
            loader.flatten_mapping(node)
        return {str(key.value): _value(loader, value) for key, value in node.value}
    return None


def _pages(value: Any, level: int = 0) -> Iterator[Mapping[str, Any]]:
    """The pages of a RELATE flow or a file of one page: mappings with a type that ends in Question, and a prompt."""
    if isinstance(value, Mapping):
        kind = value.get("type")
        if isinstance(kind, str) and "prompt" in value and _RELATE_PAGE.fullmatch(kind):
            yield value
            return
        value = list(value.values())
    if isinstance(value, list) and level < 10:
        for one in value:
            yield from _pages(one, level + 1)


def _page_item(number: int, page: Mapping[str, Any]) -> Item:
    locator, kind = f"item:{number}", str(page["type"])
    cells: dict[str, Any] = {"question": plain_markdown(str(page.get("prompt") or "")).strip()}
    more = {"explanation": page.get("answer_explanation"), "id": page.get("id")}
    cells |= {name: plain_markdown(str(value)).strip() for name, value in more.items() if value}
    choices = page.get("choices")
    if "ChoiceQuestion" not in kind or not isinstance(choices, list):
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, f"RELATE's {kind}: it offers no choices")
    options = [_choice(choice) for choice in choices]
    cells["options"] = options
    if "Survey" in kind or not any(option["correct"] for option in options):
        return Item(locator, cells, Reason.MISSING_ANSWER, f"RELATE's {kind}: no choice bears ~CORRECT~")
    return Item(locator, cells)


def _choice(choice: Any) -> dict[str, Any]:
    text = "" if choice is None else str(choice)
    right = False
    while mark := _RELATE_MARK.match(text):
        right |= mark[1] in ("CORRECT", "ALWAYS_CORRECT")
        text = text[mark.end() :]
    return {"text": plain_markdown(text).strip(), "correct": right}


FORMAT = Format("yaml", sniff, read_bytes=read)
