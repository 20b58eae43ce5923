"""What every page needs of a request: its dataset, its reader's language and name, and how a page is written."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

from babel.numbers import format_decimal, format_percent
from datasette.utils.asgi import Request, Response

from cli.audit_server.databases import datasets
from cli.audit_server.headers import OURS
from pipeline.common.translations import LANGUAGES, Words
from pipeline.told import detail_told

LANGUAGE_COOKIE, REVIEWER_COOKIE = "mcq_language", "mcq_reviewer"
YEAR_SECONDS = 365 * 24 * 3600
LANGUAGE_NAMES = {"en": "English", "vi": "Tiếng Việt"}
STATIC = Path(__file__).parent / "static"
MOST_NAME_CHARS = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where the server reads and writes."""

    data_root: Path
    dataset: str

    def decisions(self, dataset: str) -> Path:
        """What a dataset's reviewers decided."""
        return self.data_root / "review" / dataset / "decisions.jsonl"

    def audit(self, dataset: str) -> Path:
        """A dataset's audit database."""
        return self.data_root / "audit" / f"{dataset}.sqlite"


def place_of(datasette: Any) -> Place | None:
    """What `server.build` was told; None for any other Datasette."""
    return getattr(datasette, "mcq_place", None)


class RefusedError(Exception):
    """A request that can't be answered: a status of HTTP and a sentence for people."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status, self.says = status, says


def chosen_language(arguments: Mapping[str, str], cookies: Mapping[str, str], accepted: str) -> str:
    """`?lang=`, else the cookie, else the browser's own choice in its order, else English.

    >>> chosen_language({}, {}, "fr, vi;q=0.9, en;q=0.8"), chosen_language({"lang": "en"}, {}, "vi")
    ('vi', 'en')
    """
    for name in (arguments.get("lang"), cookies.get(LANGUAGE_COOKIE)):
        if name in LANGUAGES:
            return str(name)
    weighed = []
    for place, part in enumerate(accepted[:1000].split(",")):
        name, _, weight = part.partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, name.strip().lower()[:2]))
        except ValueError:
            continue
    return next((name for _, _, name in sorted(weighed) if name in LANGUAGES), "en")


class Visit:
    """One request."""

    def __init__(self, datasette: Any, request: Request) -> None:
        place = place_of(datasette)
        assert place is not None
        self.datasette, self.request, self.place = datasette, request, place
        self.arguments = {name: request.args[name] for name in request.args}
        self.cookies = request.cookies
        self.language = chosen_language(self.arguments, self.cookies, request.headers.get("accept-language", ""))
        self.words = Words(self.language)
        self.datasets = datasets(datasette)
        asked = self.arguments.get("dataset") or self.place.dataset
        self.is_known = asked in self.datasets
        self.dataset = asked if self.is_known else self.place.dataset

    @property
    def reviewer(self) -> str:
        """The name that this browser decides under; empty until it was said."""
        return unquote(self.cookies.get(REVIEWER_COOKIE, ""))[:MOST_NAME_CHARS].strip()

    @property
    def database(self) -> Any:
        """The dataset's database. Raises RefusedError where there is none."""
        if not self.is_known or self.dataset not in self.datasets:
            raise RefusedError(404, self.words("There is no audit database of this dataset; a run of `mcq run` writes it."))
        return self.datasette.get_database(self.dataset)

    async def read(self, function: Callable[[Any], T]) -> T:
        """What a function of a connection returns: all of it from one version."""
        found: T = await self.database.execute_fn(function)
        return found

    def address(self, path: str, **arguments: Any) -> str:
        """An address of this server with the dataset in it; arguments without a value are left out."""
        told = {"dataset": self.dataset, **{name: value for name, value in arguments.items() if value not in (None, "")}}
        return f"{path}?{urlencode(told)}"

    def table(self, path: str = "") -> str:
        """The address of Datasette's own page of this dataset, or of a table or row in it."""
        return f"/{self.datasette.get_database(self.dataset).route}" + (f"/{path}" if path else "")

    @property
    def tables(self) -> str:
        """Datasette's own page of this dataset; its first page where the dataset isn't known."""
        return self.table() if self.dataset in self.datasets else "/-/databases"

    def here(self, **changed: str | None) -> str:
        """This page's address with other arguments; None leaves one out."""
        told = {**self.arguments, **changed}
        # Where a decision was refused, the page is the record's all the same.
        path = self.request.path.removesuffix("/decide")
        return f"{path}?{urlencode({name: value for name, value in told.items() if value})}"

    def number(self, value: float, digits: int = 0) -> str:
        """A number as the reader's language writes it."""
        return format_decimal(round(value, digits), format="#,##0." + "0" * digits if digits else "#,##0", locale=self.language)

    def percent(self, fraction: float, digits: int = 0) -> str:
        """A fraction of 0-1 in per cent, as the reader's language writes it."""
        return format_percent(fraction, format="#,##0." + "0" * digits + "%" if digits else "#,##0%", locale=self.language)

    async def render(self, template: str, status: int = 200, **context: Any) -> Response:
        """The page of a template, in the reader's language."""
        common = {"_": self.words, "visit": self, "language_names": LANGUAGE_NAMES, "asset": asset_address, "detail_told": detail_told}
        body = await self.datasette.render_template(template, {**common, **context}, request=self.request)
        headers = {"content-security-policy": OURS, "content-language": self.language, "cache-control": "no-store"}
        response = Response.html(body, status=status, headers=headers)
        if self.arguments.get("lang") == self.language:
            self.remember(response, LANGUAGE_COOKIE, self.language)
        return response

    def remember(self, response: Response, name: str, value: str) -> None:
        """Sets a cookie that other sites' requests never bear."""
        response.set_cookie(name, quote(value), max_age=YEAR_SECONDS, path="/", httponly=True, samesite="strict")


def asset_address(name: str) -> str:
    """The address of a file of ours, with a part that changes when the file does."""
    return f"/-/audit/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def moment(value: str | datetime | None) -> str:
    """A time as people read it, in UTC.

    >>> moment("2026-11-28T01:14:24.746+00:00")
    '2026-11-28 01:14 UTC'
    """
    if value is None:
        return ""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return f"{found.astimezone(UTC) if found.tzinfo else found:%Y-%m-%d %H:%M} UTC"


def pretty(payload: str) -> str:
    """A payload as people read it: JSON with a line a cell, any other text as it is."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    return json.dumps(found, ensure_ascii=False, indent=2) if isinstance(found, dict | list) else payload
