"""Writes docs/licences.md: the licence that each locked package declares. Run by `make lock`."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

DOCS = Path(__file__).parent
LOCK = DOCS.parent / "requirements.lock"
HEAD = """# Licences of the packages that we stand on

Written by `make lock` from what each installed package declares; `make sbom` writes the same with versions and dependencies in CycloneDX
form. Models and data have licences of their own: the model's card, and `licence:` of each source.

"""


def locked(text: str) -> list[str]:
    """Names in a requirements file, each once, by name."""
    return sorted({name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)})


def licence(name: str) -> str:
    """What a package declares: an SPDX expression, the first line of a text, or its classifiers."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return "not installed on this platform"
    if told.get("License-Expression"):
        return str(told["License-Expression"])
    classes = [text.rpartition(" :: ")[2] for text in told.get_all("Classifier") or [] if text.startswith("License ::")]
    first = (told.get("License") or "").strip().partition("\n")[0]
    return ", ".join(classes) or (first if 0 < len(first) < 60 and first != "UNKNOWN" else "see its files")


if __name__ == "__main__":
    rows = [f"| {name} | {licence(name)} |" for name in ["torch", *locked(LOCK.read_text(encoding="utf-8"))]]
    (DOCS / "licences.md").write_text(HEAD + "\n".join(["| package | licence |", "|---|---|", *rows]) + "\n", encoding="utf-8")
