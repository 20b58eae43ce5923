"""The templates of details are the sentences of the code: none is missing, none is left over."""

import ast
import re
from functools import cache
from itertools import takewhile
from string import Formatter

from pipeline.common.templates import Template
from schemas.config.base import PROJECT_ROOT
from schemas.details import DETAILS

STAGES = ("pipeline/ingest", "pipeline/normalize", "pipeline/select", "pipeline/common/grammar")
# What a queue says of a record is no detail, and is told as one.
TOLD_AS_WELL = (
    "pipeline/review/decide.py",
    "pipeline/review/doubts.py",
    "pipeline/review/published.py",
    "pipeline/review/queues.py",
    "pipeline/review/workbook.py",
)
MODULES = ("pipeline/common/store/decisions.py", "pipeline/common/reviewers.py", "pipeline/common/confined.py")
# What ends a run, or a command, and never stands in a table.
NO_DETAIL = (
    "quality.min_score",
    "the raw files can't be listed",
    "the decisions of reviewers can't be read",
)


@cache
def modules(*names):
    return {name: ast.parse((PROJECT_ROOT / name).read_text(encoding="utf-8")) for name in names}


def files():
    for folder in STAGES:
        yield from (path.relative_to(PROJECT_ROOT).as_posix() for path in sorted((PROJECT_ROOT / folder).rglob("*.py")))
    yield from MODULES


def shape(text):
    """A template with its fields left out."""
    return "".join(literal + ("\0" if name is not None else "") for literal, name, _, _ in Formatter().parse(text))


def written(node, constants):
    """A text as the code writes it, fields as \0; None for what is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(part.value if isinstance(part, ast.Constant) else constant(part.value, constants) for part in parts)
        case ast.Name(id=name):
            return constants.get(name)
    return None


def constant(node, constants):
    return constants.get(node.id, "\0") if isinstance(node, ast.Name) else "\0"


def is_reason(node):
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason"


def branches(node):
    """The texts that an expression may give."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return [*branches(body), *branches(orelse)]
        case ast.BoolOp(values=values):
            return [one for value in values for one in branches(value)]
    return [node]


def details(module):
    """Expressions that become a detail: beside a Reason, of an error that says what is wrong with a file or a decision, or named so."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="DataError" | "NotApplicableError"), args=[said, *_]):
                yield said
            case ast.Call(func=ast.Name(id="refused"), args=[_, _, said, *_]):
                yield said
            case ast.Call(args=parts) | ast.Tuple(elts=parts) if any(map(is_reason, parts)) and not isinstance(
                getattr(node, "ctx", None), ast.Store
            ):
                place = next(place for place, part in enumerate(parts) if is_reason(part))
                yield from parts[place + 1 :]
            case ast.keyword(arg="detail", value=said):
                yield said
            case ast.Assign(targets=[ast.Name(id="detail")], value=said):
                yield said
            case ast.Tuple(elts=[ast.Constant(value="applied" | "not_applicable" | "superseded" | "orphaned" | "ambiguous"), said]):
                yield said


def sentences():
    found = {}
    for name, module in modules(*files()).items():
        constants = {
            node.targets[0].id: node.value.value
            for node in module.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        }
        for expression in details(module):
            for branch in branches(expression):
                text = written(branch, constants)
                if text and " " in text.strip("\0 ") and not any(start in text for start in NO_DETAIL):
                    found.setdefault(text, f"{name}:{expression.lineno}")
    return found


def pattern(text):
    return re.compile(".+".join(map(re.escape, text.split("\0"))), re.DOTALL)


def test_every_sentence_of_the_code_is_a_template():
    shapes = list(map(shape, DETAILS))
    patterns = list(map(pattern, shapes))
    # Either may have words where the other has a field.
    missing = {
        text: where
        for text, where in sentences().items()
        if not any(one.fullmatch(text) for one in patterns) and not any(map(pattern(text).fullmatch, shapes))
    }
    assert missing == {}


def test_every_template_is_a_sentence_of_the_code():
    strings = {
        node.value
        for module in modules(*files(), *TOLD_AS_WELL).values()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    }
    everything = "\0".join(["", *sorted(strings), ""])
    pieces = {piece: text for text in DETAILS for piece in shape(text).split("\0")}
    assert {piece: text for piece, text in pieces.items() if piece not in everything and not is_put_together(piece, everything)} == {}


def is_put_together(piece, everything):
    """Whether it is the end of a string of the code, whole strings behind it, and the beginning of another."""

    def goes_on(rest):
        return f"\0{rest}" in everything or any(
            f"{start}\0" in everything and goes_on(rest[len(start) - 1 :]) for start in starts(f"\0{rest}", 3)
        )

    def starts(text, least):
        return (text[:end] for end in takewhile(lambda end: text[:end] in everything, range(least, len(text))))

    return any(f"{start}\0" in everything and goes_on(piece[len(start) :]) for start in starts(piece, 1))


def test_a_template_can_be_read_and_stands_once():
    assert all(Template(text).parts for text in DETAILS)
    assert len(set(DETAILS)) == len(DETAILS)
