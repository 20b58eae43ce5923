"""Python: lists and dictionaries of questions that are written out (`questions = [{...}]`). Code is parsed and never run."""

import ast
import warnings
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.decode import decode
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.literals import Computed, holds_question, literal_items, texts_of, with_questions
from schemas.errors import DataError

MAX_DEPTH = 60


def sniff(file: SniffedFile) -> bool:
    """The suffix."""
    return file.suffix == ".py"


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question of a list, `item:N`, or `NAME/item:N` where several lists hold questions; one with a value that code computes
    is rejected. Raises DataError for what is no Python, or holds no question."""
    try:
        text = decode(data).text
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, UnicodeError) as error:
        raise DataError(f"not readable as Python: {error}") from error
    found = with_questions(list(_literals(tree, text)))
    if not found:
        raise DataError(
            "code without questions that are written out: looked for lists of dictionaries with a question, options and an answer "
            '(`questions = [{"question": ..., "options": [...], "answer": ...}]`); questions that calls build are not read: '
            "write them out, or save the running program's list as JSON"
        )
    yield from literal_items(found)
    yield from texts_of([value for _, value in found])


def _literals(tree: ast.AST, text: str) -> Iterator[tuple[str, Any]]:
    """Outermost lists and dictionaries with questions in them, each with the name that it is assigned to, in order."""
    stack: list[tuple[str, ast.AST]] = [("", tree)]
    while stack:
        name, node = stack.pop()
        if isinstance(node, ast.List | ast.Tuple | ast.Dict):
            value = _value(node, text, 0)
            if holds_question(value):
                yield name, value
                continue
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
        stack += [(name, child) for child in reversed(list(ast.iter_child_nodes(node)))]


def _value(node: ast.AST, text: str, depth: int) -> Any:
    """What a literal stands for; an expression as Computed."""
    if depth <= MAX_DEPTH:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float)):
            return node.value
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [_value(one, text, depth + 1) for one in node.elts]
        if isinstance(node, ast.Dict):
            return {
                _key(key): _value(value, text, depth + 1) if key is not None else Computed("**...")
                for key, value in zip(node.keys, node.values, strict=True)
            }
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = _value(node.operand, text, depth + 1)
            return -inner if isinstance(inner, int | float) else Computed("-...")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = (_value(one, text, depth + 1) for one in (node.left, node.right))
            if all(isinstance(one, str) and not isinstance(one, Computed) for one in (left, right)):
                return left + right
    line = getattr(node, "lineno", 0)
    return Computed(f"{type(node).__name__} in line {line}")


def _key(node: ast.AST | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "**"


FORMAT = Format("python", sniff, read_bytes=read)
