"""Reads the small YAML that a configuration is. Whatever a file holds, reading ends: with plain values, or with what is wrong and where.

Text keys, lists, mappings, text, numbers, yes or no, and null; no tags, and no key twice, which YAML itself lets pass.
"""

import re
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1_000_000
# As written out: an alias counts as much as what it stands for, so that nine lines can't become a thousand million values.
MAX_VALUES = 20_000
MAX_DEPTH = 20
MAX_INT_BITS = 64
MERGE = "tag:yaml.org,2002:merge"
# Half a pair of surrogates can't be written to any file, and no path holds NUL.
UNUSABLE = re.compile(r"[\x00\ud800-\udfff]")


def read_yaml(path: Path) -> Any:
    """The value that a YAML file holds. Raises OSError, ValueError or yaml.YAMLError, which say what is wrong in a few lines."""
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    # The loader is a SafeLoader that knows still less.
    return yaml.load(data.decode("utf-8-sig"), _Loader)


class LimitedLoader(yaml.SafeLoader):
    """Composes no more values than `max_values`, aliases written out, and none deeper than `max_depth`: else a yaml.YAMLError."""

    max_values, max_depth = MAX_VALUES, MAX_DEPTH

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.values, self.depth = 0, 0
        # Anchor -> how many values it stands for, itself included; None as long as they are being read.
        self.named: dict[str, int | None] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            if (size := self.named.get(event.anchor or "", 1)) is None:
                raise _error(f"*{event.anchor} stands within what it names", event)
            self._count(size, event)
            return super().compose_node(parent, index)
        self.check_tag(event)
        before = self.values
        self._count(1, event)
        if event.anchor is not None:
            self.named.setdefault(event.anchor, None)
        self.depth += 1
        if self.depth > self.max_depth:
            raise _error(f"lists and mappings stand more than {self.max_depth} deep in each other", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if event.anchor is not None:
            self.named[event.anchor] = self.values - before
        return node

    def check_tag(self, event: Any) -> None:
        """Raises for a tag that may not be used; here none is looked at."""

    def _count(self, values: int, event: Any) -> None:
        self.values += values
        if self.values > self.max_values:
            raise _error(f"it holds more than {self.max_values:,} values, aliases written out", event)


class _Loader(LimitedLoader):
    def check_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise _error(f"the tag {event.tag[:60]} can't be used here", event)

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        first: dict[str, Any] = {}
        for key, _ in node.value:
            if key.tag == MERGE:
                continue
            if key.tag != "tag:yaml.org,2002:str":
                raise _error("a key must be text; put it in quotes", key)
            if key.value in first:
                raise _error(f"the key {key.value[:60]!r} stands twice, first in line {first[key.value].start_mark.line + 1}", key)
            first[key.value] = key
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and (found := UNUSABLE.search(node.value)):
            raise _error(f"the character U+{ord(found[0]):04X} can't be used", node)
        try:
            value = super().construct_object(node, deep)
        except ValueError as error:  # a date that is none, digits without a digit, more digits than Python reads
            raise _error(f"{node.value[:60]!r} can't be read as the number or date that it looks like", node) from error
        if isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
            raise _error("a whole number this large can't be used", node)
        return value


def _error(problem: str, place: Any) -> yaml.YAMLError:
    mark = place.start_mark
    return yaml.YAMLError(f"line {mark.line + 1}, column {mark.column + 1}: {problem}")
