"""LibreOffice as a converter of old documents: without a window, network or macros, with a profile of its own and an end to its time."""

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from schemas.errors import DataError

# Less than the process with limits has by the clock for a file of any size (40 s). A start takes 2 s, and 1 more with a new profile.
SECONDS, MEMORY_BYTES, MAX_FILE_BYTES = 35, 4 * 2**30, 200 * 2**20
MAX_INPUT_BYTES = 50 * 2**20
# It ends with this code when it has set up a new profile and wants to be started again.
_AGAIN, _STARTS = 81, 3
_PLACES = (
    "/usr/lib/libreoffice/program",
    "/usr/lib64/libreoffice/program",
    "/opt/libreoffice/program",
    "/Applications/LibreOffice.app/Contents/MacOS",
)
_DEATH_SIGNAL, _NEW_USER, _NEW_NET = 1, 0x10000000, 0x40000000
# Macros never run, links are never followed, and what goes out by HTTP meets a port that nothing listens at.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetProxyType" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPProxyPort" oor:op="fuse"><value>9</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPSProxyName" oor:op="fuse"><value>127.0.0.1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPSProxyPort" oor:op="fuse"><value>9</value></prop></item>
</oor:items>
"""


def find_program() -> Path | None:
    """LibreOffice's own program, not the script around it: a process that can be ended as one. None where it isn't installed."""
    script = shutil.which("soffice") or shutil.which("libreoffice")
    folders = [*([Path(script).resolve().parent] if script else []), *map(Path, _PLACES)]
    places = (folder / name for folder in folders for name in ("soffice.bin", "soffice"))
    # The script named soffice starts others, which outlive it; on macOS the program is called so.
    return next((place for place in places if place.is_file() and (place.suffix or "MacOS" in place.parts)), None)


def convert(data: bytes, suffix: str) -> bytes:
    """The file as .docx. Raises DataError where LibreOffice is absent, takes too long, or makes nothing of it."""
    program = find_program()
    if program is None:
        raise DataError("LibreOffice (`soffice`) isn't installed: save the file as .docx")
    if len(data) > MAX_INPUT_BYTES:
        raise DataError(f"the document has {len(data):,} bytes; at most {MAX_INPUT_BYTES:,} are converted: save it as .docx")
    with tempfile.TemporaryDirectory(prefix="mcq-office-") as name:
        folder = Path(name)
        user = folder / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        source = folder / f"document{suffix}"
        source.write_bytes(data)
        made = folder / "made" / "document.docx"
        for _ in range(_STARTS):
            if _run(program, folder, source) != _AGAIN:
                break
        if not made.is_file() or made.stat().st_size > MAX_FILE_BYTES:
            raise DataError("LibreOffice makes no .docx of the document: open it in Word or LibreOffice and save it as .docx")
        return made.read_bytes()


def _run(program: Path, folder: Path, source: Path) -> int:
    kind = "Rich Text Format" if source.suffix == ".rtf" else "MS Word 97"
    command = [
        str(program),
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
    ]
    command += [f"--infilter={kind}", "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(folder / "made"), str(source)]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, preexec_fn=_limit, **streams) as process:
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DataError(f"LibreOffice takes more than {SECONDS} s for the document: open it in Word and save it as .docx") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _limit() -> None:
    """In the new process: its end with that of its parent, an end to memory, files and processor time, and no network where the system
    allows that."""
    library = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):
        library.prctl(_DEATH_SIGNAL, signal.SIGKILL)
        library.unshare(_NEW_USER | _NEW_NET)
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        _, highest = resource.getrlimit(kind)
        with contextlib.suppress(ValueError, OSError):
            limit = most if highest == resource.RLIM_INFINITY else min(most, highest)
            resource.setrlimit(kind, (limit, limit))
