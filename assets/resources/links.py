"""Addresses: of the audit server's pages, which Dagster's metadata leads to, and of runs in Dagster's UI."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import dagster as dg

from assets.resources.foundry import Foundry
from pipeline.common.escapes import markdown
from pipeline.common.files import write_atomically
from schemas.errors import ConfigError

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")
AUDIT, DAGSTER = "http://127.0.0.1:8001", "http://127.0.0.1:3000"


def audit_url(path: str = "/", **asked: str) -> str:
    """An address of the audit server, which MCQ_AUDIT_URL names where it isn't the default of `mcq audit`. Raises ConfigError.

    >>> audit_url("/records", dataset="year-12", list="conflicts")
    'http://127.0.0.1:8001/records?dataset=year-12&list=conflicts'
    """
    base = _base("MCQ_AUDIT_URL", AUDIT)
    return f"{base}{path}{'?' + urlencode(asked) if asked else ''}"


def record_url(dataset: str, record_id: str) -> str:
    """The page of a record."""
    return audit_url(f"/record/{quote(record_id, safe='')}", dataset=dataset)


def run_url(run_id: str) -> str:
    """The page of a run in Dagster's UI, which MCQ_DAGSTER_URL names where it isn't the default of `make dev`."""
    return f"{_base('MCQ_DAGSTER_URL', DAGSTER)}/runs/{quote(run_id, safe='')}"


def _base(variable: str, default: str) -> str:
    said = os.environ.get(variable, "").rstrip("/") or default
    if not _ADDRESS.fullmatch(said):
        raise ConfigError(f"{variable} is {said!r}; expected an address such as {default}")
    return said


def home_link(dataset: str) -> dg.UrlMetadataValue:
    """The audit server's first page for a dataset."""
    return dg.MetadataValue.url(audit_url("/", dataset=dataset))


def list_link(dataset: str, **asked: str) -> dg.UrlMetadataValue:
    """A list of records: a ready one by `list`, or narrowed by a column (`disposition`, `reason`, `flag`, `split`)."""
    return dg.MetadataValue.url(audit_url("/records", dataset=dataset, **asked))


def report_link(dataset: str) -> dg.UrlMetadataValue:
    """The newest report on a dataset."""
    return dg.MetadataValue.url(audit_url(f"/report/{dataset}"))


def linked(dataset: str, rows: Sequence[Mapping[str, Any]], *columns: str) -> list[dict[str, Any]]:
    """Rows whose record ids in these columns lead to the pages of the records."""
    return [{**row, **{name: _record(dataset, row[name]) for name in columns if row.get(name)}} for row in rows]


class Link(str):
    """A Markdown link that a table shows as it is; whatever else stands in a cell is escaped."""


def _record(dataset: str, record_id: str) -> Link:
    return Link(f"[{markdown(record_id[:8])}]({record_url(dataset, record_id)})")


def picture(foundry: Foundry, name: str, png: bytes) -> dg.MarkdownMetadataValue:
    """A picture that the UI shows in place, from the audit server; `name` of a-z, 0-9, _ and -. Its address changes when it does, so
    that no browser shows an old one. Raises OSError."""
    file = foundry.plots / f"{name}.png"
    if not file.is_file() or file.read_bytes() != png:
        write_atomically(file, png)
    address = audit_url(f"/plots/{foundry.config.dataset}/{name}.png", of=str(file.stat().st_mtime_ns)[-12:])
    return dg.MetadataValue.md(f"![{name}: `mcq audit` serves it]({address})")
