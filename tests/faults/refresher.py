"""Refreshes of a small project, each in a forked process, each disturbed at one of its file operations.

`python -m tests.faults.refresher` reads one JSON object a line (folder, stop_at, how) and answers each with one (code, operations). It
imports once and forks often, which makes hundreds of refreshes affordable.

File operations are seen by Python's audit events (PEP 578), so that the product runs as it is; only fsync, which has no event, is
wrapped.
"""

import errno
import json
import os
import sys
import traceback
from pathlib import Path

import dagster as dg

from assets import audit, curation, report
from assets.checks import CURATION_CHECKS
from assets.resources.configured import FoundryResource, LakeResource
from assets.resources.foundry import Foundry
from schemas.config import load_config

KILLED = 9
ASSETS = [*dg.load_assets_from_modules([curation, audit, report]), *CURATION_CHECKS]
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.chmod", "tempfile.mkstemp"}


def open_project(folder: Path) -> Foundry:
    """The Foundry over the configuration, the raw files and the data root that lie in a folder."""
    return Foundry(folder / "tiny.yaml", load_config(folder / "tiny.yaml"), folder / "data")


def curate(foundry: Foundry) -> dg.ExecuteInProcessResult:
    """Refreshes a dataset in this process, with a run history of its own."""
    with dg.DagsterInstance.ephemeral() as instance:
        resource = FoundryResource(config_file=str(foundry.config_file), data_root=str(foundry.data_root))
        resources = {"foundry": resource, "io_manager": LakeResource(foundry=resource)}
        return dg.materialize(ASSETS, instance=instance, resources=resources, raise_on_error=False)


def has_published(result: dg.ExecuteInProcessResult) -> bool:
    """Whether the asset `dataset` ended well; the report stands behind it."""
    return any(event.asset_key == dg.AssetKey("dataset") for event in result.get_asset_materialization_events())


class Disturbance:
    """Counts the operations that change a file below a folder, and stops number `stop_at`, counted from 0.

    kill: the process ends before it. refuse: the disk is full. cut: a renamed file loses its second half, and the process ends.
    """

    def __init__(self, below: Path, stop_at: int, how: str) -> None:
        self.below, self.stop_at, self.how = str(below), stop_at, how
        self.operations = 0

    def watch(self) -> None:
        """From now on, for the rest of this process."""
        real_sync = os.fsync

        def sync(handle: int) -> None:
            self.meet("os.fsync", (self.below,))
            real_sync(handle)

        os.fsync = sync
        sys.addaudithook(lambda event, arguments: self.meet(event, arguments) if event in EVENTS else None)

    def meet(self, event: str, arguments: tuple) -> None:
        """One event."""
        path = arguments[0]
        if not isinstance(path, str | os.PathLike) or not os.fspath(path).startswith(self.below):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        self.operations += 1
        if self.operations != self.stop_at + 1:
            return
        if self.how == "refuse":
            raise OSError(errno.ENOSPC, "No space left on device", os.fspath(path))
        if self.how == "cut" and event == "os.rename" and Path(path).is_file():
            os.truncate(path, Path(path).stat().st_size // 2)
            Path(path).rename(arguments[1])
        os._exit(KILLED)


def disturbed(folder: Path, stop_at: int, how: str) -> dict[str, int]:
    """Refreshes the project in a forked process. `code`: 0 published, 1 failed and said so, 9 killed; `operations`: how many it came to,
    0 when it was killed."""
    told = folder / "operations"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            disturbance = Disturbance(folder / "data", stop_at, how)
            disturbance.watch()
            code = 0 if has_published(curate(open_project(folder))) else 1
            told.write_text(str(disturbance.operations))
        except BaseException:
            traceback.print_exc()
            code = 2
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    operations = int(told.read_text()) if told.exists() else 0
    told.unlink(missing_ok=True)
    return {"code": code, "operations": operations}


def main() -> None:
    """Answers until its input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(json.dumps(disturbed(Path(asked["folder"]), asked["stop_at"], asked["how"])) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
