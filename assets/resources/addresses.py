"""Where the audit server answers: pages that are written once lead there. `MCQ_AUDIT_URL` names another place."""

import os
import re

from schemas.errors import ConfigError

DEFAULT = "http://127.0.0.1:8001"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")


def audit_url() -> str:
    """The address of the audit server, without a path. Raises ConfigError where `MCQ_AUDIT_URL` is none."""
    said = os.environ.get("MCQ_AUDIT_URL", "").rstrip("/") or DEFAULT
    if not _ADDRESS.fullmatch(said):
        raise ConfigError(f"MCQ_AUDIT_URL is {said!r}; expected an address such as {DEFAULT}")
    return said
