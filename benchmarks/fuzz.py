"""Changes sound files, rows and configurations by chance, and asks of each what must always hold: a file gives records or is empty, each
record becomes a question or a rejection, a configuration is read or refused, nothing raises, and nothing takes long.

`make fuzz` for a minute, `SECONDS=3600 make fuzz` for an hour. What breaks a promise is saved in tests/corpus and replayed by every test run
from then on. `--seed S --first N` makes the same inputs again, from the N-th, while the sound files are the same.
"""

import argparse
import io
import json
import random
import re
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from pipeline.ingest import files_without_records, formats, ingest
from pipeline.ingest.archives import BROKEN
from pipeline.ingest.files import find_files
from pipeline.ingest.items import SniffedFile
from pipeline.normalize import normalize
from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.config.sources import SourceConfig
from schemas.errors import ConfigError

CORPUS = PROJECT_ROOT / "tests" / "corpus"
MAX_BYTES = 64_000
# Of processor time, for an input of at most MAX_BYTES.
MAX_SECONDS = 2
# Failures that are verdicts, but the guard's: a reader that raised them lost a file of which it might have read the rest.
NOT_MEANT = ("can't make sense of it", "to read it, more than a file of its size may", "of memory that one file may take")
# Libraries of native code, which panic and hang on some files; nothing here can mend them, and the file is refused.
NATIVE = ("xlsx", "parquet")
TOKENS = [
    *("Câu 1.", "Câu 2:", "Question 3.", "1.", "A.", "B)", "a.", "ĐÁP ÁN", "1A 2B", "Đáp án: B", "ANSWER: A", "Hết", "#Q ", "^ ", "Read the"),
    *("{=", "~", "}", "::", "$CATEGORY: a", "//", "%50%", "[", "]", "{", '"', '"""', "'", ",", ";", "\t", "|", "| --- |", "\n\n", "\r", "- [x] "),
    *("null", "true", "NaN", "1e999", "-1", "²", "9" * 30, "\\ud800", "\\u0000", "\ufeff", "\u0301\u0323", "Ã©", "Thñ ®«", "\u202e", "<b>", "**"),
    *('encoding="x"', "<answer ", "</text>", "<![CDATA[", "&lt;", 'r="XFD1048576"', 'w:val="²"', 't="s"', "<v>9</v>", "&a;", "!!python/x", "&a ", "*a"),
    *('"\\0"', "? ", "1: 2", "- ", "!!binary x", "!!timestamp x", "2020-01-01", "~: ", "<<: *a", "[[[[", "${X}", "%YAML 9", "---", ".inf", "0o7"),
]  # fmt: skip
ODD_VALUES = [
    *(None, True, False, 0, 1, -1, 3, 1e308, 10**30, "", " ", "A", "a", "0", "[]", "{}", "nan", "A. x B. y", "['a' 'b']", "\ud800", "\0", "[image]"),
    *([], {}, [[]], [None], ["a"], [1, 2], [{}], {"A": "x", "B": "y"}, {"text": ["x"], "label": ["A"]}, [{"text": "x", "label": 1}], "A" * 3000),
]  # fmt: skip
ODD_NUMBERS = [b"", b"0", b"-1", b"1e9", "²".encode(), b"abc", b"99999999", b"9" * 5000, b"18446744073709551616", b"1,5", b"true"]
NAMES = "question stem options choices answer A B correct_answer context label id questions messages row".split()


class Input(NamedTuple):
    """One thing to try: the name that its file bears, and what the file holds."""

    name: str
    data: bytes


class Finding(NamedTuple):
    """An input that broke a promise, and how."""

    number: int
    input: Input
    trace: str


class TooSlow(BaseException):
    """It takes longer than it may; no `except Exception` on the way holds it up."""


def seeds() -> list[Input]:
    """Sound files of every format, and configurations."""
    paths = [*(PROJECT_ROOT / "sample" / "raw").rglob("*"), *(CORPUS / "seeds").iterdir(), *(PROJECT_ROOT / "configs").glob("*.yaml")]
    return [Input(path.name, path.read_bytes()[:MAX_BYTES]) for path in sorted(paths) if path.is_file()]


def make_input(seed: int, number: int, sound: list[Input]) -> Input:
    """The `number`-th input of a seed: the same one always."""
    draw = random.Random(f"{seed}:{number}")
    name, data = draw.choice(sound)
    if name.endswith((".json", ".jsonl")) and draw.random() < 0.5:
        return Input("rows.json", _change_rows(data, draw)[:MAX_BYTES])
    for _ in range(draw.choice((1, 1, 2, 3, 6, 12))):
        data = _change(data, sound, draw)
    return Input(name, data[:MAX_BYTES])


def _change(data: bytes, sound: list[Input], draw: random.Random) -> bytes:
    if data[:2] == b"PK" and draw.random() < 0.8:
        try:
            return _change_part(data, sound, draw)
        # Broken by a change before.
        except (*BROKEN, ValueError, IndexError):
            pass
    if data[:1] == b"<" and draw.random() < 0.8:
        return _change_xml(data, draw)
    start, end = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
    end = min(end, start + draw.choice((1, 4, 30, 500, MAX_BYTES)))
    kind = draw.randrange(8)
    if kind == 0:
        return data[:start] + bytes([draw.randrange(256)]) + data[start + 1 :]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:start] + data[start:end] * draw.choice((2, 3, 50)) + data[end:]
    if kind == 3:
        return data[:start]
    if kind == 4:
        other = draw.choice(sound).data
        return data[:start] + other[draw.randrange(len(other) + 1) :]
    if kind == 5:
        return data[end:] + data[:end]
    token = draw.choice(TOKENS).encode("utf-8", "surrogatepass")
    return data[:start] + token * draw.choice((1, 1, 2, 40)) + data[end if kind == 6 else start :]


def _change_part(data: bytes, sound: list[Input], draw: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = draw.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, _change(content, sound, draw) if name == chosen else content)
    return packed.getvalue()


def _change_xml(data: bytes, draw: random.Random) -> bytes:
    """Well formed as it was: other values of attributes, other texts, elements twice or not at all."""
    kind = draw.choice((rb'(?<==")[^"]*(?=")', rb"(?<=>)[^<]+(?=<)", rb"<([\w:]+)(?: [^>]*)?/>|<([\w:]+)[^>]*>[^<]*</\2>"))
    found = list(re.finditer(kind, data))
    if not found:
        return data
    start, end = draw.choice(found).span()
    old = data[start:end]
    if old[:1] == b"<":
        return data[:start] + old * draw.choice((0, 2, 50)) + data[end:]
    other = data[slice(*draw.choice(found).span())]
    new = draw.choice((escape(draw.choice(TOKENS)).encode("utf-8", "replace"), draw.choice(ODD_NUMBERS), other, old + old))
    return data[:start] + new + data[end:]


def _change_rows(data: bytes, draw: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    try:
        rows = json.loads(text)
    except ValueError:
        rows = [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}") and _is_json(line)]
    rows = draw.sample(rows, min(len(rows), 5)) if isinstance(rows, list) else rows
    for _ in range(draw.choice((1, 2, 5))):
        rows = _change_value(rows, draw)
    return json.dumps(rows, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _change_value(value: Any, draw: random.Random) -> Any:
    """The value with one place in it changed: a cell put in, taken out, renamed, doubled, or given something odd."""
    if isinstance(value, dict) and value:
        name = draw.choice(list(value))
        kind = draw.randrange(6)
        if kind == 0:
            return {key: item for key, item in value.items() if key != name}
        if kind == 1:
            return {draw.choice(NAMES) if key == name else key: item for key, item in value.items()}
        if kind == 2:
            return {**value, draw.choice(NAMES): draw.choice(ODD_VALUES)}
        return {**value, name: _change_value(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.8:
        place = draw.randrange(len(value))
        if draw.random() < 0.2:
            return [*value, *value[place:]] if len(value) < 2000 else value[:place]
        return [*value[:place], _change_value(value[place], draw), *value[place + 1 :]]
    if isinstance(value, str) and draw.random() < 0.5:
        place = draw.randrange(len(value) + 1)
        return value[:place] + draw.choice(TOKENS) + value[place:]
    return draw.choice([*ODD_VALUES, [value], {"text": value}, value])


def try_input(given: Input) -> str:
    """What became of it, in a word. Raises where a promise is broken."""
    with tempfile.TemporaryDirectory() as folder, _limited():
        file = Path(folder) / given.name
        file.write_bytes(given.data)
        started = time.process_time()
        outcome = _try_configuration(file) if file.suffix == ".yaml" else _try_file(file)
        if (taken := time.process_time() - started) > MAX_SECONDS:
            raise AssertionError(f"{taken:.1f} s for {len(given.data):,} bytes")
        return outcome


def _try_configuration(file: Path) -> str:
    try:
        load_config(file)
    except ConfigError:
        return "configuration refused"
    return "configuration read"


def _try_file(file: Path) -> str:
    config = Config(dataset="fuzz", root=str(file.parent), sources=[SourceConfig(name="fuzz", path=file.name)])
    found = find_files(config)
    raw = ingest(config, found)
    result = normalize(raw, config.sources)
    given, gone = raw["record_id"].tolist(), [*result.questions["record_id"].tolist(), *result.rejected["record_id"].tolist()]
    assert len(set(given)) == len(given), "two records have one name"
    assert sorted(given) == sorted(gone), f"{len(given)} records, and {len(gone)} questions and rejections"
    assert given or files_without_records(config, found, raw) == [file.name], "a file without records is not listed"
    if not given:
        return "empty"
    if "unreadable_file" not in raw["reason_codes"][0]:
        return "questions" if len(result.questions) else "all rejected"
    if any(words in (detail := raw["detail"][0]) for words in NOT_MEANT):
        native = next((form.name for form in formats.FORMATS if form.sniff(SniffedFile(file.read_bytes(), file.suffix, ""))), "") in NATIVE
        # By the clock alone, it is the machine that was slow.
        assert native or "by the clock" in detail, f"a reader failed: {detail}"
        return "ended by a limit or a panic"
    return "unreadable"


@contextmanager
def _limited() -> Iterator[None]:
    """Ends work of this process after twice the time that it may take, and work of the readers' process after that time."""

    def give_up(*_: Any) -> None:
        raise TooSlow(f"more than {2 * MAX_SECONDS} s of processor time")

    before, limits = signal.signal(signal.SIGVTALRM, give_up), (formats.SECONDS, formats.SECONDS_PER_MEGABYTE)
    formats.SECONDS, formats.SECONDS_PER_MEGABYTE = MAX_SECONDS, 0
    signal.setitimer(signal.ITIMER_VIRTUAL, 2 * MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        formats.SECONDS, formats.SECONDS_PER_MEGABYTE = limits


def fuzz(seconds: float, seed: int, first: int = 0, tell: Callable[[Finding], None] = lambda _: None) -> tuple[Counter[str], list[Finding]]:
    """Tries inputs for so many seconds; what became of them, and one finding a kind of failure."""
    sound = seeds()
    outcomes: Counter[str] = Counter()
    findings: dict[str, Finding] = {}
    end, number = time.monotonic() + seconds, first
    while time.monotonic() < end:
        given = make_input(seed, number, sound)
        try:
            outcomes[try_input(given)] += 1
        except (Exception, TooSlow) as error:
            outcomes["broken promise"] += 1
            kind = _kind(error)
            if kind not in findings:
                findings[kind] = Finding(number, given, "".join(traceback.format_exception(error)))
                tell(findings[kind])
        number += 1
    return outcomes, list(findings.values())


def _kind(error: BaseException) -> str:
    """What two findings share that have one cause: the error, and the last line of the project that it passed."""
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if PROJECT_ROOT in Path(frame.filename).parents]
    places = [f"{frame.filename}:{frame.lineno}" for frame in lines if frame.filename != __file__]
    return " ".join([type(error).__name__, *places[-1:], str(error)[:100] if isinstance(error, AssertionError) else ""])


def save(finding: Finding, corpus: Path = CORPUS) -> Path:
    """Puts the input into the corpus, under a name by its content."""
    suffix = Path(finding.input.name).suffix
    path = corpus / ("configurations" if suffix == ".yaml" else "files") / f"{sha256(finding.input.data).hexdigest()[:8]}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(finding.input.data)
    return path


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=date.today().toordinal(), help="default: another one each day")
    parser.add_argument("--first", type=int, default=0, help="the first input's number")
    options = parser.parse_args()

    def tell(finding: Finding) -> None:
        print(f"\ninput {finding.number} of seed {options.seed}, saved as {save(finding)}\n{finding.trace}", flush=True)

    outcomes, findings = fuzz(options.seconds, options.seed, options.first, tell)
    print(f"seed {options.seed}, {outcomes.total():,} inputs: {', '.join(f'{count:,} {name}' for name, count in outcomes.most_common())}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
