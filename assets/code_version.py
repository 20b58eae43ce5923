"""The version of the code that computes a table or an adapter: what the code means, not how it is written or where it lies.

Counted are the syntax trees of a module and of all modules of ours that it reaches by its imports. Comments, docstrings, layout and the
descriptions of fields don't count; nor do names and places of files, so that a module can move. A name that an import brings stands for
the module that defines it. A package's own file counts where the package itself is imported, not where a module inside it is.
A template beside a module, `document.html.jinja` beside `document.py`, counts with it as it stands.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schemas.config.base import PROJECT_ROOT

OURS = ("schemas", "pipeline")


@cache
def code_version(module: str) -> str:
    """8 hexadecimal digits over the meaning of a module and of all that it reaches of `schemas` and `pipeline`.

    No number has to be raised by hand, and no edit that can change a result is missed. A package that is run (`python -m`) stands
    for its `__main__`.
    """
    return _hash([_meaning(_entry(module)), *sorted(map(_meaning, reached_files(module)))])[:8]


def reached_files(module: str) -> set[Path]:
    """The files of a module and of all modules of ours that it imports, directly or not, inside functions too."""
    found: set[Path] = set()
    left = [_entry(module)]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += [target for _, target in _read(path).imports]
    return found


class _Module(NamedTuple):
    """The hash of a module's own syntax tree without imports of ours, and these: (names as bound, file that defines them)."""

    own: str
    imports: list[tuple[str, Path]]


@cache
def _meaning(path: Path) -> str:
    module = _read(path)
    return _hash([module.own, *sorted(f"{names} {_read(target).own}" for names, target in module.imports)])


@cache
def _read(path: Path) -> _Module:
    parts: list[str] = []
    imports: list[ast.Import | ast.ImportFrom] = []
    _write(ast.parse(path.read_bytes()), parts, imports)
    if (template := path.with_suffix(".html.jinja")).is_file():
        parts.append(template.read_text(encoding="utf-8"))
    return _Module(_hash(parts), [found for node in imports for found in _imports(node)])


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Path]]:
    """What a statement imports of ours; a module imported from its package is its own file."""
    for alias in node.names:
        bound = alias.asname or alias.name
        if isinstance(node, ast.Import):
            yield bound, _file(alias.name)
        elif _path(inner := f"{node.module}.{alias.name}"):
            yield bound, _file(inner)
        else:
            yield f"{alias.name} as {bound}", _file(node.module or "")


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in OURS


def _entry(module: str) -> Path:
    return _path(f"{module}.__main__") or _file(module)


def _file(module: str) -> Path:
    path = _path(module)
    if path is None:
        raise LookupError(f"there is no module {module} in {', '.join(OURS)}")
    return path


@cache
def _path(module: str) -> Path | None:
    place = PROJECT_ROOT.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _write(node: ast.AST, parts: list[str], imports: list[ast.Import | ast.ImportFrom]) -> None:
    """Appends a syntax tree as flat text, without what carries no meaning, and the imports of ours that were met.

    Empty fields are left out: Python versions differ in them.
    """
    parts.append(type(node).__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if value is None or value == [] or name in _MEANINGLESS:
            continue
        parts.append(name)
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, ast.AST):
                parts.append(repr(item))
            elif isinstance(item, ast.Import | ast.ImportFrom) and all(map(_is_ours, _modules(item))):
                imports.append(item)
            elif not _is_silent(item):
                _write(item, parts, imports)
    parts.append(";")


_MEANINGLESS = ("ctx", "kind", "type_comment")


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


def _is_silent(item: ast.AST) -> bool:
    """Docstrings, and the descriptions of fields."""
    if isinstance(item, ast.Expr):
        return isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)
    return isinstance(item, ast.keyword) and item.arg == "description"


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
