"""A data root with two datasets, a server over it as a user starts it, and a browser where there is one."""

import html
import http.client
import http.cookiejar
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.assess import assess
from pipeline.audit.database import Sources, build_audit
from pipeline.common.store.lake import Version
from pipeline.deduplicate import deduplicate
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import Config
from schemas.config.base import PROJECT_ROOT
from schemas.tables.arrow import arrow_schema, to_table
from schemas.tables.curation import LedgerRow, Pair, Quality, SourceFile
from schemas.tables.evaluation import Prediction
from schemas.tables.training import TrainedSample

HOSTILE = (
    '<script>alert("mcq")</script><img src="http://evil.example/x.png" onerror="alert(2)"> [x](javascript:alert(3)) {{7*7}} '
    "\u202egnp.exe\u202c '; drop table ledger; -- Which of these words ends the sentence that was begun here?"
)
LONG = "Which of these words stands in the very long text? " + "word " * 20_000
ROWS = [
    {"question": "Thủ đô của nước Việt Nam là thành phố nào sau đây?", "options": ["Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ"], "answer": "A"},
    {"question": "Đường tròn có bao nhiêu trục đối xứng?", "options": ["Một", "Hai", "Bốn", "Vô số"], "answer": "D"},
    {
        "question": "Which machine is the seesaw of a playground an example of?",
        "options": ["Lever", "Pulley", "Wedge", "Screw"],
        "answer": "A",
    },
    {
        "question": "Which machine is the seesaw of a playground an example of?",
        "options": ["Lever", "Pulley", "Wedge", "Screw"],
        "answer": "B",
    },
    {"question": "Describe the water cycle in your own words, with an example.", "options": [], "answer": ""},
    {"question": "Which gas do plants take up from the air in daylight?", "options": ["Oxygen", "Carbon dioxide", "Neon"], "answer": "E"},
    {"question": HOSTILE, "options": ["<b>bold</b>", "javascript:alert(4)", "plain", "</script>"], "answer": "C"},
    {"question": "Look at the picture below. Which animal is it?", "options": ["A cat", "A dog", "A cow"], "answer": "B"},
    {"question": LONG, "options": ["word", "sword", "ford", "cord"], "answer": "A"},
]


def write_dataset(data_root, name, rows, with_model=True, published_at="2026-01-02T03:04:05+00:00"):
    """Curates raw rows and writes their audit database as a run does; an adapter has seen and answered the first kept question."""
    raw_folder = data_root / "raw" / name
    raw_folder.mkdir(parents=True, exist_ok=True)
    (raw_folder / "school.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    config = Config.model_validate({"dataset": name, "root": str(raw_folder), "sources": [{"name": "school", "path": "*.jsonl"}]})
    raw = ingest(config)
    normal = normalize(raw, config.sources)
    found = deduplicate(normal.questions, config.dedup)
    quality = assess(normal.questions)
    chosen = select(normal.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score)
    splits = split(chosen, config.split)
    ledger = to_table(build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config.curation(), {}), LedgerRow)
    tables = {"ledger": ledger, "quality": to_table(quality, Quality), "pairs": to_table(found.pairs, Pair)}
    tables["files"] = to_table(normal.files, SourceFile)
    first = ledger.to_pylist()[0]
    counts = {}
    for disposition in ledger["disposition"].to_pylist():
        counts[disposition] = counts.get(disposition, 0) + 1
    version = Version(name, first["dataset_version"], {"sample_ledger": f"{len(rows):016x}"}, counts, {}, "run-0001", published_at)
    path = data_root / "audit" / f"{name}.sqlite"
    kept = next((row for row in ledger.to_pylist() if row["split"]), None)
    adapters = [_adapter(data_root / "models" / name / "adapters" / "a1", kept)] if with_model and kept else []
    build_audit(path, Sources(tables, adapters, [], [version], lambda one: ledger))
    if kept:
        _show_prompt(path, kept)
    return ledger.to_pylist()


def _show_prompt(path, row):
    cells = {"record_id": row["record_id"], "base_model": "m", "base_revision": "r", "rendering": "x", "split": row["split"]}
    cells |= {"prompt": f"<|im_start|>user\n{row['stem']}<|im_end|>\n", "completion": "Hà Nội<|im_end|>", "prompt_tokens": 21}
    cells |= {"completion_tokens": 4, "neutralised_tokens": 0, "status": "ok"}
    with sqlite3.connect(path) as database:
        database.execute(f"insert or replace into examples ({', '.join(cells)}) values ({', '.join('?' * len(cells))})", [*cells.values()])
    database.close()


def _adapter(folder, row):
    (folder / "evaluations" / "e1").mkdir(parents=True, exist_ok=True)
    facts = {"dataset_version": row["dataset_version"], "run_id": "run-0002", "base_model": "m", "base_revision": "r", "method": "qlora"}
    (folder / "manifest.json").write_text(json.dumps({**facts, "device": "cpu", "steps": 3, "wall_seconds": 1.0, "kept_epoch": 2}))
    sample = {"record_id": row["record_id"], "split": "train", "status": "trained", "times_seen": 3, "first_loss": 2.0, "last_loss": 1.0}
    sample |= {"losses": [2.0, 1.5, 1.0], "option_orders": ["BACD", "CABD", "ABCD"]}
    sample |= {"gold_probabilities": [0.25, 0.5, 0.75], "gold_chosen": [False, True, True], "validation_loss": None}
    samples = pa.Table.from_pylist([sample], schema=arrow_schema(TrainedSample))
    pq.write_table(samples, folder / "samples.parquet")
    answer = {key: row[key] for key in ("record_id", "split", "split_group", "source", "subject", "language", "answer_index")}
    scores = [0.0, -1.0, -2.0, -3.0]
    predictions = [
        {**answer, "model": model, "mode": "cloze", "predicted_index": place, "correct": place == row["answer_index"]}
        | {"option_scores": [scores[(number - place) % 4] for number in range(4)], "gold_nll": 0.5}
        for model, place in (("base", (row["answer_index"] + 1) % 4), ("adapter", row["answer_index"]))
    ]
    table = pa.Table.from_pylist(predictions, schema=arrow_schema(Prediction))
    pq.write_table(table, folder / "evaluations" / "e1" / "predictions.parquet")
    (folder / "evaluations" / "e1" / "result.json").write_text(json.dumps({"verdict": "helped"}))
    return folder


class Served:
    """A server, its data root, and the rows of its dataset by what they are."""

    def __init__(self, port, data_root, ledger):
        self.port, self.data_root, self.ledger = port, data_root, ledger
        self.url = f"http://127.0.0.1:{port}"

    def row(self, beginning):
        return next(row for row in self.ledger if (row["stem"] or row["payload"]).startswith(beginning))

    @property
    def decisions(self):
        path = self.data_root / "review" / "d" / "decisions.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def get(self, path, **headers):
        """Status, headers and text of an address; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    write_dataset = staticmethod(write_dataset)

    def visitor(self):
        return Visitor(self)


class Visitor:
    """A browser without its eyes: keeps cookies, reads the form of a record's page, sends it."""

    def __init__(self, served):
        self.served = served
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def form(self, record_id):
        page = self.opener.open(f"{self.served.url}/record/{record_id}", timeout=60).read().decode()
        _, _, form = page.partition('<form id="decision"')
        return {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)}

    def send(self, record_id, form, origin=None, **fields):
        """Status, where it led to, and the page."""
        body = urllib.parse.urlencode({**form, **fields}, doseq=True).encode()
        headers = {"Origin": self.served.url if origin is None else origin}
        request = urllib.request.Request(f"{self.served.url}/record/{record_id}/decide?dataset=d", body, headers)
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as refused:
            return refused.code, refused.url, refused.read().decode()
        return answer.status, answer.url, answer.read().decode()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(folder, port):
    """`mcq audit` as a user starts it; answers by the time this returns."""
    command = [sys.executable, "-m", "cli.main", "audit", "--config", "c.yaml", "--data-root", "data", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return server
        assert server.poll() is None, server.stderr.read()
        time.sleep(0.1)
    raise AssertionError("the server doesn't answer")


@pytest.fixture(scope="module")
def served(questions, tmp_path_factory):
    """A server over the datasets `d` and `other`."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "c.yaml").write_text("dataset: d\nsources: [{name: school, path: a}]\n")
    ledger = write_dataset(folder / "data", "d", [*ROWS, *questions, questions[0]])
    write_dataset(folder / "data", "other", questions[:3], with_model=False)
    port = free_port()
    server = start(folder, port)
    try:
        yield Served(port, folder / "data", ledger)
    finally:
        server.terminate()
        server.wait(30)
        server.stderr.close()


@pytest.fixture(scope="session")
def chromium():
    """A real browser; the test is skipped, saying so, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed: no test in a browser")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium here: no test in a browser")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, served):
    """Opens a page in a browser of its own; whatever a page tries and may not, or gets wrong, fails the test."""
    contexts, troubles = [], []

    def open_address(address="/", **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("console", lambda message: message.type == "error" and troubles.append(f"console: {message.text}"))
        page.on("request", lambda request: request.url.startswith(served.url) or troubles.append(f"request: {request.url}"))
        page.goto(served.url + address)
        return page

    open_address.troubles = troubles
    yield open_address
    for context in contexts:
        context.close()
    assert [trouble for trouble in troubles if "status of 4" not in trouble] == []
