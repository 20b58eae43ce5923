"""Tells someone outside that a run failed, or that all is well again: by a command, or by a post to a webhook.

Off unless the environment names one: MCQ_HOOK_COMMAND, MCQ_HOOK_URL. They stand in no configuration, since an address of a webhook is
a secret, and no message shows it.
"""

import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping

from schemas.errors import DataError

COMMAND, URL = "MCQ_HOOK_COMMAND", "MCQ_HOOK_URL"
SECONDS = 20.0
SHOWN_CHARS = 500


def is_on() -> bool:
    """Whether the environment names a hook."""
    return bool(os.environ.get(COMMAND) or os.environ.get(URL))


def tell(news: Mapping[str, str]) -> list[str]:
    """Hands the news, a JSON object, to the command on its stdin and posts it to the webhook; gives what was told to whom.

    Raises DataError where one of them failed, after both were tried.
    """
    body = json.dumps(news, ensure_ascii=False).encode("utf-8", "backslashreplace")
    told, failed = [], []
    for name, send in ((COMMAND, _run), (URL, _post)):
        if target := os.environ.get(name):
            try:
                send(target, body)
                told.append(name)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                failed.append(f"{name} failed: {_in_words(error)}")
    if failed:
        raise DataError("; ".join(failed))
    return told


def _run(command: str, body: bytes) -> None:
    # No shell: what a run says is on stdin and never part of a command line.
    done = subprocess.run(shlex.split(command), input=body, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-SHOWN_CHARS:]
        raise ValueError(f"it ended with {done.returncode}{': ' + said if said else ''}")


def _post(url: str, body: bytes) -> None:
    if not url.lower().startswith(("https://", "http://")):
        raise ValueError("it is no http or https address")
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=SECONDS):
        pass


def _in_words(error: Exception) -> str:
    """An error without the address or the command line that it holds."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError):
        return f"the server can't be reached ({getattr(error.reason, 'strerror', None) or type(error.reason).__name__})"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {SECONDS:.0f} seconds"
    if isinstance(error, OSError):
        return str(error.strerror or type(error).__name__)
    return str(error) if type(error) is ValueError else type(error).__name__
