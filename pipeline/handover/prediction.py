"""One prediction: what makes it this one and no other, where it stands, how it begins, and what it leaves."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.common.files import file_hash, write_atomically
from pipeline.common.prompt import Style
from pipeline.common.text import canonical_json, short_hash
from pipeline.handover.asked_file import asked_rows
from pipeline.handover.job import Adapter
from pipeline.handover.working import Working
from pipeline.handover.written import FORMATS, require_writable, told_row, write_answers
from pipeline.ingest.files import printable
from schemas.config.sources import SourceConfig
from schemas.errors import ConfigError, DataError

DATABASE = "answers.sqlite"
BLOCKS = ("train", "render", "evaluate")


class Prediction:
    """The answers of an adapter, under a configuration that is its own but for where it runs, to the questions of a file.

    Raises ConfigError where `target` is no form that answers are written in.
    """

    def __init__(self, file: Path, source: SourceConfig, adapter: Adapter, config: dict[str, Any], mode: Style, target: Path) -> None:
        if target.suffix.removeprefix(".") not in FORMATS:
            raise ConfigError(f"{target}: expected a name that ends in {', '.join('.' + name for name in FORMATS)}")
        self.file, self.source, self.adapter, self.config, self.mode, self.target = file, source, adapter, config, mode, target
        self.folder = target.with_name(f"{target.name}.part")
        self.note = target.with_name(f"{target.name}.run.json")

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the answers hang on."""
        blocks = {name: self.config[name] for name in BLOCKS}
        read = self.source.model_dump(mode="json", include={"reader", "fields", "answer_format"})
        return {
            "file": printable(self.file.name),
            "file_sha256": file_hash(self.file),
            "read": read,
            "mode": self.mode,
            "adapter": self.adapter.folder.name,
            "adapter_files": self.adapter.manifest["files"],
            "dataset_version": self.adapter.manifest["dataset_version"],
            "base_revision": self.adapter.manifest["base_revision"],
            "config": blocks,
        }

    @property
    def fingerprint(self) -> str:
        """Equal for the same file, adapter and settings."""
        return short_hash(canonical_json(self.facts))

    def is_done(self) -> bool:
        """Whether the target holds these answers. Raises DataError where it is another's, or its working folder is."""
        if self.target.exists():
            if _noted(self.note) == self.fingerprint:
                shutil.rmtree(self.folder, ignore_errors=True)
                return True
            raise DataError(
                f"{self.target} exists and holds no answers of this file, adapter and settings; name another --out, or remove it"
            )
        if (file := self.folder / DATABASE).exists():
            with Working(file) as working:
                if working.fact("fingerprint") not in (None, self.fingerprint):
                    raise DataError(
                        f"{self.folder} holds an unfinished prediction of another file, adapter or settings ({working.fact('told')}): give "
                        "that command again to end it, name another --out, or remove the folder"
                    )
        return False

    @contextmanager
    def open(self, told: str) -> Iterator[Working]:
        """The working file with all questions in it, for this process alone; removed by `end`, and where nothing can be asked.

        Raises DataError where another process has it, and what `_begin` does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        is_new = not (self.folder / DATABASE).exists()
        try:
            with FileLock(self.folder / ".lock", timeout=0), Working(self.folder / DATABASE) as working:
                try:
                    self._begin(working, told)
                except BaseException:
                    if is_new:
                        shutil.rmtree(self.folder)
                    raise
                yield working
        except Timeout as error:
            raise DataError(f"another `mcq predict` writes {self.target} now; wait for it, or name another --out") from error

    def _begin(self, working: Working, told: str) -> None:
        """Reads the file, unless it was read already. Raises DataError where no question can be asked, or answers couldn't be written."""
        if working.fact("fingerprint") is not None:
            return
        rows = list(asked_rows(self.file, self.source))
        asked = [row for row in rows if not row["reason_codes"]]
        if not asked:
            reasons = Counter(code for row in rows for code in row["reason_codes"])
            counted = ", ".join(f"{code} {count:,}" for code, count in reasons.most_common()) or "it holds no record"
            first = f"; the first: {rows[0]['locator']}: {rows[0]['detail']}" if rows else ""
            raise DataError(f"{self.file} has no question that can be asked: {counted}{first}. `mcq inspect` shows how it is read")
        require_writable(self.target, rows)
        widest = max(len(row["options"]) for row in asked)
        working.fill(rows, fingerprint=self.fingerprint, widest=widest, told=told)

    def end(self, working: Working) -> dict[str, Any]:
        """Writes the answers and what they hang on, and removes the working file; returns what is noted of them."""
        counts: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for row, answer in working.all():
            told = told_row(row, answer)
            counts["records"] += 1
            counts["answered"] += told["chosen"] is not None
            counts["with_key"] += told["right"] is not None
            counts["right"] += bool(told["right"])
            reasons.update(told["reason_codes"])
        noted = {"fingerprint": self.fingerprint, "counts": dict(counts), "not_answered": dict(reasons.most_common())}
        noted |= {"ran_on": working.fact("ran_on"), **self.facts}
        write_atomically(self.note, json.dumps(noted, ensure_ascii=False, indent=1) + "\n")
        # Last: answers that stand without their note would pass for another run's.
        write_answers(working, self.target)
        shutil.rmtree(self.folder)
        return noted


def _noted(note: Path) -> str | None:
    try:
        found: str | None = json.loads(note.read_text(encoding="utf-8")).get("fingerprint")
    except (OSError, ValueError, AttributeError):
        return None
    return found
