"""Where `mcq audit` answers right now: it notes its address, and other commands name the page of what they print."""

import http.client
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from pipeline.common.files import is_alive, write_atomically

ADDRESS = re.compile(r"http://127\.0\.0\.1:([0-9]{1,5})")
ALIVE = "/-/audit/alive"
TIMEOUT_SECONDS = 2.0


def note_of(data_root: Path) -> Path:
    """The file in which a server notes its address."""
    return data_root / "audit" / ".server.json"


@contextmanager
def noted(data_root: Path, url: str) -> Iterator[None]:
    """The address stands in the note for as long as the body runs."""
    path = note_of(data_root)
    write_atomically(path, json.dumps({"url": url, "pid": os.getpid()}))
    try:
        yield
    finally:
        # A second server may have written its own meanwhile.
        with suppress(OSError, ValueError):
            if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
                path.unlink()


def running_server(data_root: Path) -> str | None:
    """The address of the audit server of a data root, such as http://127.0.0.1:8001; None where none answers."""
    try:
        note = json.loads(note_of(data_root).read_text(encoding="utf-8"))
        url, process = str(note["url"]), int(note["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found = ADDRESS.fullmatch(url)
    return url if found and is_alive(process) and _answers(int(found[1]), data_root) else None


def _answers(port: int, data_root: Path) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", ALIVE)
        answer = connection.getresponse()
        return answer.status == 200 and answer.read(10_000).decode(errors="replace") == str(data_root)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def record_address(data_root: Path, dataset: str, record_id: str) -> str | None:
    """The address of a record's page; None where no server answers."""
    url = running_server(data_root)
    return f"{url}/record/{record_id}?{urlencode({'dataset': dataset})}" if url else None


def dataset_address(data_root: Path, dataset: str) -> str | None:
    """The address of a dataset's first page; None where no server answers."""
    url = running_server(data_root)
    return f"{url}/?{urlencode({'dataset': dataset})}" if url else None
