"""JSON in which databases write the type beside each value: Firestore's `{"stringValue": "x"}`, DynamoDB's `{"S": "x"}`."""

from collections.abc import Mapping
from typing import Any

_SCALARS = {
    *("stringValue", "integerValue", "doubleValue", "booleanValue", "nullValue", "timestampValue", "referenceValue", "bytesValue"),
    *("S", "N", "BOOL", "NULL", "B"),
}
_LISTS, _MAPS = ("L", "SS", "NS"), ("M",)
MAX_LEVELS = 50


def untyped_row(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row that a document of Firestore or an item of DynamoDB stands for; None for any other mapping.

    >>> untyped_row({"name": "q/1", "fields": {"q": {"stringValue": "x"}, "key": {"integerValue": "2"}}})
    {'q': 'x', 'key': 2}
    >>> untyped_row({"q": {"S": "x"}, "options": {"L": [{"S": "a"}, {"S": "b"}]}})
    {'q': 'x', 'options': ['a', 'b']}
    """
    fields = item.get("fields") if isinstance(item.get("fields"), Mapping) else item.get("Item", item)
    if (
        not isinstance(fields, Mapping)
        or not fields
        or not all(isinstance(value, Mapping) and _is_typed(value) for value in fields.values())
    ):
        return None
    return {str(name): _untyped(value, 0) for name, value in fields.items()}


def _is_typed(value: Mapping[str, Any]) -> bool:
    if len(value) != 1:
        return False
    ((kind, inner),) = value.items()
    if kind in _SCALARS:
        return not isinstance(inner, Mapping | list)
    return (
        kind in ("arrayValue", "mapValue", "geoPointValue", *_MAPS)
        if isinstance(inner, Mapping)
        else kind in _LISTS and isinstance(inner, list)
    )


def _untyped(value: Any, level: int) -> Any:
    if not isinstance(value, Mapping) or not _is_typed(value) or level > MAX_LEVELS:
        return value
    ((kind, inner),) = value.items()
    if kind in ("integerValue", "N") and isinstance(inner, str) and inner.removeprefix("-").isdecimal() and len(inner) < 19:
        return int(inner)
    if kind in ("nullValue", "NULL"):
        return None
    if kind == "arrayValue":
        inner = inner.get("values") or []
    if kind == "mapValue":
        inner = inner.get("fields") or {}
    if isinstance(inner, list):
        return [_untyped(one, level + 1) for one in inner]
    return {str(name): _untyped(one, level + 1) for name, one in inner.items()} if isinstance(inner, Mapping) else inner
