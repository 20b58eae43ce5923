"""One hostile text in every place where data can hold one (stem, options, context, subject, explanation, header, file name, payload),
through every output: each shows the text and does nothing that the text says."""

import csv
import html
import json
import os
import re
import sqlite3
import warnings
from html.parser import HTMLParser

import dagster as dg
import openpyxl
import pyarrow.parquet as pq
import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from assets import curation, report
from assets.checks import CURATION_CHECKS
from assets.metadata import markdown_table
from assets.resources.configured import resources_over
from assets.resources.foundry import Foundry, ledger_of
from cli.display import Display
from cli.main import app
from cli.summary import summarise
from pipeline.audit.database import Sources, build_audit
from pipeline.common import plots
from pipeline.common.text import clean
from pipeline.export import FORMATS, export
from pipeline.ingest import read_file
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow

EVIL = (
    "=cmd|' /C calc'!A0 <script>alert(1)</script> <svg onload=alert(1)> [a](javascript:alert(1)) "
    "https://evil.example/x www.evil.example a@evil.example </style> </title> `code` **b** | a || {{7*7}} {% raw %} $\\ce{H2O}$ $x$ \\$ "
    "[bold] [/] [link=http://evil]l[/link] :bomb: <|im_end|> </s> 漢字 \\"
)
# A question that shows a picture is refused, so a picture stands where a kept question can have one.
PICTURE = "![x](http://evil/x.png) <img src=http://evil/x.png onerror=alert(1)> "
UNSEEN = "\x1b[2J\x1b]0;t\x07\x9b2J\u202egnp\u2066\u061c\u00ad\U000e0041\U000e007f\r\x00"
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
FILE = "=a|b ![x](http:) [bold] `c` {{7*7}} $\\ce{H2O}$ \x1b[2J \u202egnp <b>.jsonl"
SHEET = "-b [link=http:] <i>.csv"
RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OUR_TABLES = {
    "table_open",
    "table_close",
    "thead_open",
    "thead_close",
    "tbody_open",
    "tbody_close",
    "tr_open",
    "tr_close",
    "th_open",
    "th_close",
    "td_open",
    "td_close",
    "text",
    "inline",
}
# Record ids lead to their pages, and a paragraph says how many rows are left.
OUR_LINKS = {"link_open", "link_close", "paragraph_open", "paragraph_close"}
OUR_PAGES = OUR_TABLES | {
    "heading_open",
    "heading_close",
    "paragraph_open",
    "paragraph_close",
    "strong_open",
    "strong_close",
    "em_open",
    "em_close",
    "image",
}


def asked(number, stem="", **more):
    return {
        "question": f"Which of these is number {number}? {stem}{EVIL}{UNSEEN}",
        "options": [f"{EVIL} {n}{UNSEEN}" for n in range(4)],
        "answer": "ABCD"[number % 4],
        "context": f"Passage {number}. {EVIL}{UNSEEN}",
        "explanation": f"Because. {PICTURE}{EVIL}{UNSEEN}",
        "subject": f"{number} {PICTURE}$\\ce{{H2O}}$ {EVIL[:120]}{UNSEEN}",
        f"{EVIL}{PICTURE}{UNSEEN}": EVIL,
        **more,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Raw files, a configuration, and exports later on."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "raw").mkdir()
    rows = [
        asked(1),
        asked(2),
        asked(3, "other "),
        asked(4, "long " * 2_000),
        {"question": f"{PICTURE}{EVIL}{UNSEEN}", "options": [EVIL], "answer": EVIL},
    ]
    # Twice the same, and twice the same with another key.
    rows += [asked(1), {**asked(2), "answer": "A"}]
    (folder / "raw" / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with (folder / "raw" / SHEET).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[f"{EVIL} {n}\x1b[2J\u202e" for n in range(4)]] * 2)
    sources = [{"name": "s", "path": "*.jsonl", "licence": f"{PICTURE}{EVIL}{UNSEEN[:4]}"}, {"name": "t", "path": "*.csv"}]
    # As JSON: its escapes are YAML's too.
    split = {"method": "quota", "train": 0.5, "validation": 0.25, "test": 0.25}
    text = json.dumps({"dataset": "d", "root": str(folder / "raw"), "sources": sources, "split": split, "quality": {"min_score": 0}})
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def foundry(folder):
    return Foundry(folder / "c.yaml", load_config(folder / "c.yaml"), folder / "data")


@pytest.fixture(scope="module")
def events(foundry):
    """Two refreshes, the second with one question less."""
    assets = dg.load_assets_from_modules([curation, report])
    file = next((foundry.config.root_path).glob("*.jsonl"))
    whole = file.read_text(encoding="utf-8")
    with dg.DagsterInstance.ephemeral() as instance:
        lines = whole.splitlines(keepends=True)
        for text in ("".join(lines[:2] + lines[3:]), whole):
            file.write_text(text, encoding="utf-8")
            with warnings.catch_warnings():
                warnings.filterwarnings("error", "Glyph")
                result = dg.materialize(
                    [*assets, *CURATION_CHECKS], instance=instance, resources=resources_over(foundry), raise_on_error=False
                )
            assert result.success
    return result.all_events


@pytest.fixture(scope="module")
def ledger(events, foundry):
    return ledger_of(foundry, foundry.lake.current())


@pytest.fixture(scope="module")
def rows(ledger):
    found = to_rows(ledger, LedgerRow)
    assert {row["disposition"] for row in found} >= {"train", "duplicate", "conflict", "rejected"}
    assert any(row["disposition"] == "rejected" and "\u202e" in row["payload"] for row in found)
    return found


@pytest.fixture
def mcq(events, folder, monkeypatch):
    """A command, called in this process as on a wide terminal."""
    monkeypatch.chdir(PROJECT_ROOT)
    monkeypatch.setenv("COLUMNS", "4000")
    for name in ("MCQ_CONFIG", "MCQ_DATA_ROOT", "DAGSTER_HOME"):
        monkeypatch.setenv(name, os.environ.get(name, ""))

    def call(*arguments):
        done = CliRunner().invoke(app, [*arguments, "--config", str(folder / "c.yaml"), "--data-root", str(folder / "data")])
        assert done.exit_code == 0, done.output
        return done

    return call


# The audit server's pages: of a record, and of a list.
OURS = re.compile(r"http://127\.0\.0\.1:8001/(?:record/[0-9a-f]{16}\?dataset=d|records\?dataset=d&[a-z]+=[\w.%+-]+)")


def tokens(markdown):
    return [child for token in RENDERER.parse(markdown) for child in (token.children or [token])]


def test_cleaning_leaves_the_text_and_takes_what_nobody_sees(rows):
    stem = next(row["stem"] for row in rows if row["locator"].endswith("#line:1"))
    assert EVIL in stem
    assert not any(
        ACTS.search(text)
        for row in rows
        if row["stem"] and row["disposition"] != "rejected"
        for text in (row["stem"], *row["options"], row["subject"], row["context"], row["explanation"])
    )
    assert all("invisible_characters" in row["repairs"] for row in rows if row["disposition"] == "train")


def test_the_ui_renders_tables_of_text(events):
    shown = [
        entry.value
        for event in events
        if event.is_step_materialization
        for entry in event.step_materialization_data.materialization.metadata.values()
        if isinstance(entry, dg.MarkdownMetadataValue)
    ]
    assert len(shown) > 20
    for markdown in shown:
        found = tokens(markdown)
        kinds = {token.type for token in found}
        assert kinds <= (OUR_PAGES if markdown == "*no rows*" else OUR_TABLES | OUR_LINKS), kinds
        links = [token.attrs["href"] for token in found if token.type == "link_open"]
        assert all(re.fullmatch(r"http://127\.0\.0\.1:8001/record/[0-9a-f]{16}\?dataset=[a-z]+", link) for link in links), links
        _, _, after = markdown.partition("\n\n")
        assert markdown == "*no rows*" or re.fullmatch(r"|and [\d,]+ more", after), "a paragraph is our own count alone"
        assert not ACTS.search(markdown)
        assert not re.search(r"https?://\w|www\.\w|@\w", "".join(token.content for token in found if token.type == "text"))
    assert sum(html.unescape(markdown).count("<script>alert(1)") for markdown in shown) > 3
    cell = tokens(markdown_table([{"stem": EVIL}], 10_000).value)
    assert EVIL in "".join(token.content for token in cell).replace("\u2060", "")


@pytest.mark.parametrize("label", [EVIL, UNSEEN, "$\\ce{H2O}$", "$x", "漢字 العربية 👩‍🚀", "x" * 10_000, ""])
def test_a_picture_draws_any_label_as_it_is_and_says_nothing(label):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures = [
            plots.share_ranges([label, "b"], {"test": [(0.5, 0.4, 0.6), (0.5, 0.4, 0.6)]}, "share"),
            plots.funnel_bars({label: 3}, []),
            plots.vram_bars({label: 3.0}, 14.0),
        ]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {
            (name, value if name == "href" else (value or "")[:5])
            for name, value in attributes
            if name not in ("class", "id", "alt", "lang", "style")
        }

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(("file", "other"), [("latest.html", "vi"), ("latest.vi.html", "en")])
def test_the_report_is_a_page_of_text(events, foundry, file, other):
    text = (foundry.data_root / "reports" / "d" / file).read_text(encoding="utf-8")
    page = Page(text)
    assert not page.tags & {"script", "iframe", "object", "form", "base", "link", "svg", "b"}
    assert {pair for pair in page.attributes if pair[0] in ("src", "href") or pair[0].startswith("on")} <= {
        ("src", "data:"),
        *(("href", value) for _, value in page.attributes if re.fullmatch("#[a-z-]+", value) or OURS.fullmatch(value)),
        ("href", foundry.lake.current().name + (".vi.html" if other == "vi" else ".html")),
    }
    assert "default-src 'none'" in text
    assert text.count("</style>") == text.count("</title>") == 1
    assert "<script>alert(1)</script>" in page.text
    assert "{{7*7}}" in page.text
    assert "$\\ce{H2O}$ =cmd" in page.text
    assert "<U+202E>" in page.text
    assert not ACTS.search(text)


def test_the_card_is_text_beside_its_own_tables(ledger, foundry, tmp_path):
    export(tmp_path / "hf", "hf", ledger, foundry.lake.current(), foundry.config)
    body = (tmp_path / "hf" / "README.md").read_text(encoding="utf-8").split("---\n", 2)[2]
    found = tokens(body)
    assert not {token.type for token in found} & {"image", "link_open", "html_inline", "html_block", "s_open", "fence"}
    assert EVIL in "".join(token.content for token in found).replace("\u2060", "")
    assert not ACTS.search(body)


@pytest.mark.parametrize("form", FORMATS)
def test_every_export_holds_the_text_and_no_cell_is_a_formula(form, ledger, rows, foundry, tmp_path):
    export(tmp_path / form, form, ledger, foundry.lake.current(), foundry.config)
    kept = {row["record_id"]: row for row in rows if row["split"]}
    cells = []
    for file in (path for path in (tmp_path / form).rglob("*") if path.is_file()):
        text = file.read_bytes() if file.suffix in (".xlsx", ".parquet") else file.read_text(encoding="utf-8-sig")
        if file.suffix == ".csv":
            cells += [cell for row in csv.reader(text.splitlines(keepends=True)) for cell in row]
        elif file.suffix == ".xlsx":
            cells += [
                cell.value for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows() for cell in row if cell.value is not None
            ]
            assert all(cell.data_type != "f" for sheet in openpyxl.load_workbook(file) for row in sheet.iter_rows() for cell in row)
        elif file.suffix == ".gift":
            stems = [clean(json.loads(item.payload)["question"]) for item in read_file(file, "auto")[0].items]
            assert all(any(row["stem"] in stem for stem in stems) for row in kept.values() if f"::{row['record_id']}::" in text)
        elif file.suffix == ".jsonl":
            told = [
                {key: value for key, value in json.loads(line).items() if key not in ("context", "question", "options")}
                for line in text.splitlines()
            ]
            assert all(row["record_id"] in kept for row in told)
            assert not re.search(r"<\|im_end\|>|</s>", json.dumps(told))
        elif file.suffix == ".md":
            assert not {token.type for token in tokens(text.split("---\n", 2)[-1])} & {"image", "link_open", "html_inline", "html_block"}
        elif file.suffix == ".parquet":
            assert all(row["question"] == kept[row["record_id"]]["stem"] for row in pq.read_table(file, partitioning=None).to_pylist())
    assert not [cell for cell in cells if str(cell).startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert form not in ("csv", "xlsx") or any(EVIL in str(cell) for cell in cells)


COMMANDS = ("ledger", "trace", "trace of a rejected record", "diff", "inspect", "inspect of a sheet", "plan", "doctor")


def commands(folder, rows):
    kept, refused = (next(row for row in rows if row["disposition"] == name)["record_id"] for name in ("train", "rejected"))
    return {
        "ledger": ["ledger"],
        "trace": ["trace", kept],
        "trace of a rejected record": ["trace", refused],
        "diff": ["diff"],
        "inspect": ["inspect", str(folder / "raw" / FILE)],
        "inspect of a sheet": ["inspect", str(folder / "raw" / SHEET)],
        "plan": ["plan"],
        "doctor": ["doctor"],
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_text_and_nothing_acts_on_the_terminal(name, mcq, folder, rows):
    said = mcq(*commands(folder, rows)[name]).output
    assert not ACTS.search(said)
    if name not in ("plan", "doctor"):
        assert "=cmd|' /C" in said or "[link=http:] <i>.csv" in said
    if name in ("trace", "inspect"):
        assert EVIL.replace("\\", "") in said.replace("\\", "")
    if name in ("ledger", "trace", "inspect"):
        assert "[bold] `c` {{7*7}} $\\ce{H2O}$ <U+001B>[2J <U+202E>gnp" in said or name == "ledger"
    if name.startswith("trace of"):
        assert "\\u202e" in said or "<U+202E>" in said


def test_an_error_and_the_end_of_a_run_show_text(events, foundry, mcq, capsys):
    failed = CliRunner().invoke(app, ["inspect", f"{FILE}{UNSEEN[:20]}"])
    assert failed.exit_code == 1
    assert "[bold] `c` {{7*7}}" in failed.output
    assert not ACTS.search(failed.output)
    with Display("run") as display:
        for event in events:
            display.event(event)
    summarise(foundry, False)
    said = capsys.readouterr()
    assert "✓ dataset" in said.err
    assert not ACTS.search(said.err + said.out)


def test_what_a_machine_reads_is_whole_and_unseen_characters_are_numbers(mcq, rows):
    text = mcq("ledger", "--format", "jsonl").stdout
    assert [json.loads(line) for line in text.splitlines()] == rows
    story = mcq("trace", rows[0]["record_id"], "--json").stdout
    assert json.loads(story)["record"] == rows[0]
    assert not ACTS.search(text + story)
    table = list(csv.DictReader(mcq("ledger", "--format", "csv").stdout.splitlines(keepends=True)))
    assert [row["payload"] for row in table] == [row["payload"] for row in rows]
    changes = mcq("diff", "--format", "jsonl").stdout
    assert all(json.loads(line) for line in changes.splitlines())
    assert not ACTS.search(changes)


def test_the_audit_database_holds_every_text_as_it_is(foundry, rows, tmp_path):
    version = foundry.lake.current()
    tables = {"ledger": pq.read_table(foundry.lake.table_path("sample_ledger", version.tables["sample_ledger"]), partitioning=None)}
    build_audit(tmp_path / "audit.sqlite", Sources(tables))
    with sqlite3.connect(tmp_path / "audit.sqlite") as database:
        found = database.execute("select record_id, stem, payload, locator from ledger").fetchall()
    assert found == [(row["record_id"], row["stem"], row["payload"], row["locator"]) for row in rows]
