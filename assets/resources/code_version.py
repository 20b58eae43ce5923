"""The version of the code that computes a table or an adapter: what the code means, not how it is written or where it lies.

Counted are the syntax trees of a module and of all modules of ours that it reaches by its imports. Comments, docstrings, layout and the
descriptions of fields don't count; nor do names and places of files, so that a module can move. A name that an import brings stands for
the module that defines it. A package's own file counts where the package itself is imported, not where a module inside it is.
A template beside a module, `document.html.jinja` beside `document.py`, counts with it as it stands.
"""

import ast
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.common.files import write_atomically
from schemas.config.base import PROJECT_ROOT

OURS = ("schemas", "pipeline")
# Parsed files that are kept: some versions' worth.
KEPT = 2_000


@cache
def code_version(module: str) -> str:
    """8 hexadecimal digits over the meaning of a module and of all that it reaches of `schemas` and `pipeline`.

    No number has to be raised by hand, and no edit that can change a result is missed. A package that is run (`python -m`) stands
    for its `__main__`.
    """
    version = _hash([_meaning(_entry(module)), *sorted(map(_meaning, reached_files(module)))])[:8]
    _MEANINGS.save()
    return version


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
    own, imported = _parsed(path)
    return _Module(own, [_target(*statement) for statement in imported])


def _parsed(path: Path) -> tuple[str, list[tuple[str | None, str, str]]]:
    """The hash of a module's own syntax tree, and what it imports of ours: module (None: `import x`), name, name as bound."""
    text, template = path.read_bytes(), path.with_suffix(".html.jinja")
    beside = template.read_bytes() if template.is_file() else b""
    key = hashlib.sha256(b"%d %b%b" % (len(text), text, beside)).hexdigest()
    if key not in _MEANINGS.known:
        parts: list[str] = []
        imports: list[ast.Import | ast.ImportFrom] = []
        _write(ast.parse(text), parts, imports)
        if beside:
            parts.append(beside.decode("utf-8"))
        found = [
            (node.module or "" if isinstance(node, ast.ImportFrom) else None, alias.name, alias.asname or alias.name)
            for node in imports
            for alias in node.names
        ]
        _MEANINGS.add(key, _hash(parts), found)
    own, imported = _MEANINGS.known[key]
    return own, [(module, name, bound) for module, name, bound in imported]


def _target(module: str | None, name: str, bound: str) -> tuple[str, Path]:
    """What a statement imports of ours; a module imported from its package is its own file."""
    if module is None:
        return bound, _file(name)
    if _path(inner := f"{module}.{name}"):
        return bound, _file(inner)
    return f"{name} as {bound}", _file(module)


class _Meanings:
    """Parsed files by the hash of their bytes, kept beside Python's own compiled files: parsing all of them takes a second. Which files
    an import means is looked up each time."""

    def __init__(self, file: Path) -> None:
        self.file, self.new = file, False
        self.known: dict[str, Any] = {}
        self.code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        # Gone, damaged or written by other code: all is parsed again.
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(file.read_text(encoding="utf-8"))
            if kept["sum"] == self._sum(kept["known"]):
                self.known = kept["known"]

    def add(self, key: str, own: str, imported: list[tuple[str | None, str, str]]) -> None:
        self.known[key], self.new = (own, imported), True

    def save(self) -> None:
        """Keeps the newest KEPT; a folder that can't be written to is nobody's loss."""
        if self.new:
            self.new, known = False, dict(list(self.known.items())[-KEPT:])
            with suppress(OSError):
                write_atomically(self.file, json.dumps({"sum": self._sum(known), "known": known}))

    def _sum(self, known: dict[str, Any]) -> str:
        return _hash([self.code, json.dumps(known)])


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


_MEANINGS = _Meanings(Path(__file__).parent / "__pycache__" / "code_meanings.json")
