"""What differs between the settings of two runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.audit.runs import Run

FACTS = ("base_revision", "device", "compute_dtype")
UNSET = object()
"""Of a setting that only the other run has."""


def settings_apart(first: Run, second: Run) -> list[dict[str, Any]]:
    """Every setting that differs, by its dotted name, as `a` and `b`; one that only one run has is missing from the other. Beside the
    configuration: what computed, with which packages."""
    one, two = (dict(flat(_settings(run))) for run in (first, second))
    apart = [(name, one.get(name, UNSET), two.get(name, UNSET)) for name in {**one, **two}]
    return [
        {"setting": name, **{side: value for side, value in (("a", a), ("b", b)) if value is not UNSET}}
        for name, a, b in apart
        if type(a) is not type(b) or a != b
    ]


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a nested configuration by dotted names; items of a list that have a `name` go by it.

    >>> dict(flat({"train": {"rank": 8}, "sources": [{"name": "a", "path": "*"}], "modes": ["cloze"]}))
    {'train.rank': 8, 'sources.a.path': '*', 'modes': ['cloze']}
    """
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "name" in item for item in value):
        value = {str(item["name"]): {key: inner for key, inner in item.items() if key != "name"} for item in value}
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _settings(run: Run) -> dict[str, Any]:
    packages = run.manifest.get("packages") or {}
    return {**run.config, **{fact: run.manifest.get(fact) for fact in FACTS}, **({"packages": packages} if packages else {})}
