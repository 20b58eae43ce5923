"""Writes the tables of docs/ that code knows better: `make docs`. All else in the files stays.

A table stands between the lines `<!-- NAME: written by make docs -->` and `<!-- NAME: end -->`; a new one is these and an item of `TABLES`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import FunctionType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from pipeline.assess.signals import SIGNALS
from pipeline.assess.signals.model import MODEL_SIGNALS
from pipeline.deduplicate import comparison
from pipeline.deduplicate import rules as judging
from pipeline.deduplicate.comparison import Comparison, Threshold
from pipeline.deduplicate.rules import LAST, SECTIONS
from pipeline.training.advice import advise
from pipeline.training.hardware import named_target
from pipeline.training.known_models import known_shape
from pipeline.training.vram import Workload, compare
from schemas.config import Config, load_config
from schemas.config.train import TrainConfig
from schemas.reasons import REASON_TEXT, Reason
from schemas.tables.column_text import tables_markdown

DOCS = Path(__file__).parent
# What rules are written with: names of both modules, the thresholds in the order of the code.
JUDGING = vars(comparison) | vars(judging)


class MarkdownTable(NamedTuple):
    """A Markdown table, header first, or a whole text of them, and the file of docs/ that holds it."""

    file: str
    name: str
    rows: Callable[[], Iterable[Sequence[str]] | str]


def filled(text: str, table: MarkdownTable) -> str:
    """The text of a file with the table written anew; raises ValueError where its marks don't stand in it once."""
    marks = f"<!-- {table.name}: written by make docs -->", f"<!-- {table.name}: end -->"
    before, found, rest = text.partition(marks[0])
    _, ended, after = rest.partition(marks[1])
    if not found or not ended or marks[0] in rest:
        raise ValueError(f"{table.file}: expected the lines {marks[0]} and {marks[1]}, once each and in this order")
    written = table.rows()
    lines = written.strip() if isinstance(written, str) else as_markdown(written)
    return "\n".join([before + marks[0], "", lines, "", marks[1] + after])


def as_markdown(rows: Iterable[Sequence[str]]) -> str:
    """A table, its header first; a bar in a cell ends none."""
    header, *lines = (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    return "\n".join([header, re.sub(r"[^|]+", "---", header), *lines])


def compared(rule: Callable[[Comparison], bool]) -> str:
    """The thresholds that a rule compares with, in its own code or in what it asks of the pair."""
    found: dict[str, None] = {}
    codes, asked = [rule.__code__], set[str]()
    while codes:
        for name in codes.pop().co_names:
            value = JUDGING.get(name, vars(Comparison).get(name))
            function = value.func if isinstance(value, cached_property) else value.fget if isinstance(value, property) else value
            if isinstance(value, Threshold):
                found[name] = None
            elif isinstance(function, FunctionType) and name not in asked and function.__code__.co_varnames[:1] in (("pair",), ("self",)):
                asked.add(name)
                codes.append(function.__code__)
    return ", ".join(f"`{name}` {JUDGING[name]:g}" for name in found)


def rules() -> Iterator[Sequence[str]]:
    """The rules in the order in which they are asked, under the sections' names."""
    yield "rule", "relation", "what it saw", "thresholds"
    for section in (*SECTIONS, LAST):
        yield f"**{section.when}**", "", "", compared(section.holds)
        for rule in section.rules:
            yield f"`{rule.name}`", f"`{rule.relation}`", re.sub(r"\{:(\w+)\}", r"*\1*", rule.saw), compared(rule.holds)


def figures() -> Iterator[Sequence[str]]:
    """The thresholds in the order of the code."""
    yield "threshold", "value", "what it bounds", "why there", "labelled pairs bear"
    for name, threshold in JUDGING.items():
        if isinstance(threshold, Threshold):
            yield f"`{name}`", f"{threshold:g}", threshold.bounds, threshold.why, threshold.bear


def signals() -> Iterator[Sequence[str]]:
    """Every quality signal, those of a model last."""
    yield "signal", "what it measures", "range", "fires from", "why there", "costs", "source"
    for signal in (*SIGNALS, *MODEL_SIGNALS):
        measures = " ".join((signal.measure.__doc__ or signal.says).split())
        fires = f"{signal.threshold:g}{', graded' if signal.graded else ''}"
        yield f"`{signal.name}`", measures, signal.span, fires, signal.why, f"{signal.penalty:g}", signal.source


def reasons() -> Iterator[Sequence[str]]:
    """Every reason code, in the order of the stages."""
    yield "reason", "what it means"
    yield from ((f"`{reason}`", REASON_TEXT[reason]) for reason in Reason)


def configuration() -> Iterator[Sequence[str]]:
    """Every key of a configuration file, block by block."""
    yield "key", "type and bounds", "default", "what it does"
    yield from settings(Config, "")


BOUNDS = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "min_length": "at least", "pattern": "like"}


def settings(model: type[BaseModel], prefix: str) -> Iterator[Sequence[str]]:
    """The fields of a block and of the blocks in it."""
    for name, field in model.model_fields.items():
        inner = next((kind for kind in (field.annotation, *get_args(field.annotation)) if is_block(kind)), None)
        key = f"{prefix}{name}"
        if inner is not None:
            many = get_origin(field.annotation) is list
            yield f"**`{key}{'[]' if many else ''}`**", "a list of" if many else "a block of", "", " ".join((inner.__doc__ or "").split())
            yield from settings(inner, f"{key}{'[]' if many else ''}.")
        else:
            bounds = [f"{sign} {getattr(part, bound)}" for part in field.metadata for bound, sign in BOUNDS.items() if hasattr(part, bound)]
            default = "(required)" if field.is_required() else f"`{json.dumps(field.get_default(call_default_factory=True))}`"
            yield f"`{key}`", "; ".join([kind_of(field.annotation), *bounds]), default, field.description or ""


def is_block(kind: Any) -> bool:
    """Whether an annotation is a block of settings."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def kind_of(annotation: Any) -> str:
    """An annotation as people read it: a type, or the words allowed."""
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{word}`" for word in annotation)
    inner = [kind_of(kind) for kind in get_args(annotation) if kind is not type(None)]
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join([*inner, *(["null"] if type(None) in get_args(annotation) else [])])
    if get_origin(annotation) in (list, dict):
        return f"{annotation.__origin__.__name__} of {' to '.join(inner)}"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(annotation.__name__, annotation.__name__)


def plans() -> Iterator[Sequence[str]]:
    """Every configuration for a T4 with its plan, samples at their longest."""
    yield (
        "configuration",
        "method",
        "batch x tokens",
        "weights, GiB",
        "step",
        "total",
        "usable",
        "blocks computed again",
        "longest sample, tokens",
    )
    target = named_target("t4")
    for path in sorted((DOCS.parent / "configs").glob("t4-*.yaml")):
        config = load_config(path)
        train, shape = config.train, known_shape(config.train.base_model)
        found = advise(shape, train, config.render, target, asked_tokens=config.evaluate.batch_tokens)
        plan = found.plan
        figures = (plan.standing_gib, plan.step_gib, plan.total_gib, target.capacity_gib)
        sizes = f"{train.batch_size} x {config.render.max_seq_tokens}"
        yield (
            f"[{path.stem}](../configs/{path.name})",
            train.method,
            sizes,
            *(f"{gib:.1f}" for gib in figures),
            f"{plan.recomputed} of {plan.layers}",
            f"{found.longest_tokens:,}",
        )


def methods() -> Iterator[Sequence[str]]:
    """The models of those configurations by every method: one sample of 1,024 tokens, every block computed again."""
    target, models = named_target("t4"), ("llama-3.1-8b", "qwen2.5-7b", "qwen3-4b", "qwen2.5-1.5b")
    plans = {
        name: compare(known_shape(name), TrainConfig(batch_size=1, gradient_checkpointing=True), Workload(1024), target) for name in models
    }
    yield "method", "optimiser", *models
    for number, plan in enumerate(plans[models[0]]):
        totals = (plans[name][number] for name in models)
        yield plan.request.method, plan.request.optimiser, *(f"{'**' * p.fits}{p.total_gib:.1f}{'**' * p.fits}" for p in totals)


TABLES = (
    MarkdownTable("memory.md", "plans", plans),
    MarkdownTable("memory.md", "methods", methods),
    MarkdownTable("duplicates.md", "rules", rules),
    MarkdownTable("duplicates.md", "thresholds", figures),
    MarkdownTable("quality.md", "signals", signals),
    MarkdownTable("tables.md", "tables", tables_markdown),
    MarkdownTable("configuration.md", "keys", configuration),
    MarkdownTable("reasons.md", "reasons", reasons),
)


def main() -> None:
    """Writes every table."""
    for table in TABLES:
        path = DOCS / table.file
        path.write_text(filled(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
