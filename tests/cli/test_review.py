"""`mcq review` as people and scripts use it: by lines, on a terminal, killed in the middle, by spreadsheet."""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import openpyxl
import pytest
from typer.testing import CliRunner

from cli.main import app
from schemas.config.base import PROJECT_ROOT

HOSTILE = "Câu \x1b[2J\x1b]0;x\x07 <b>[red]đậm[/red]</b> nào \u202eđúng?"
SECONDS = 120


@pytest.fixture(scope="module")
def published(tmp_path_factory, make_dagster_home):
    """A project with a conflict, a question without a key and a hostile one; published once."""
    folder = tmp_path_factory.mktemp("project")
    cities = ["Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ"]
    rows = [
        {"question": "Thành phố nào là thủ đô của nước Việt Nam?", "options": cities, "answer": "Hà Nội"},
        {"question": "Thành phố nào là thủ đô của nước Việt Nam?", "options": cities[::-1], "answer": "Huế"},
        {"question": HOSTILE, "options": ["=1+1", "[link=x]b[/link]", "c\x1b[31m", "d"], "answer": ""},
        {"question": "Which planet is the largest of our solar system?", "options": ["Mars", "Jupiter", "Venus", "Earth"], "answer": ""},
        {"question": "Which metal is liquid at room temperature?", "options": ["Iron", "Mercury", "Lead", "Tin"], "answer": "Mercury"},
    ]
    (folder / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "c.yaml").write_text(f"dataset: desk\nroot: {folder}\nsources: [{{name: school, path: raw.jsonl}}]\n")
    home = make_dagster_home()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "cli.main",
            "run",
            "--until",
            "curated",
            "--config",
            str(folder / "c.yaml"),
            "--data-root",
            str(folder / "data"),
        ],
        env={"DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return folder, home


class Desk:
    """A reviewer's place: the published project, and decisions of this test alone."""

    def __init__(self, folder, home):
        self.folder, self.data = folder, folder / "data"
        self.file = self.data / "review" / "desk" / "decisions.jsonl"
        self.environment = {"DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
        self.environment |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def command(self, *arguments):
        shared = ["--config", str(self.folder / "c.yaml"), "--data-root", str(self.data)]
        return [sys.executable, "-m", "cli.main", "review", *arguments, *shared]

    def __call__(self, *arguments, keys="", expect=0, who="Lan", **environment):
        """In this process, which is enough for most: stdin is no terminal, a line is a key."""
        named = ["--who", who] if who else []
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, "MCQ_CONFIG": "", "MCQ_DATA_ROOT": "", **environment}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr("cli.options.STARTED_IN", self.folder)
            done = CliRunner().invoke(app, [*self.command(*arguments)[3:], *named], input="".join(f"{key}\n" for key in keys))
        assert done.exit_code == expect, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}\n{done.exception!r}"
        return done

    def lines(self):
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()] if self.file.exists() else []

    def said(self):
        """Actions that stand."""
        gone = {line.get("undoes") for line in self.lines()}
        return [line["action"] for line in self.lines() if line.get("id") not in gone and line["action"] != "undo"]


@pytest.fixture
def desk(published):
    desk = Desk(*published)
    for file in desk.data.glob("review/**/*"):
        if file.is_file():
            file.unlink()
    return desk


def test_without_a_queue_the_queues_are_counted_and_the_first_is_taken(desk):
    shown = desk(keys=["q"]).stdout
    assert "conflicts             1" in shown
    assert "rejected              2" in shown
    assert "conflicts: 1 of 1, 0 decided" in shown
    # The question stands before everything else that is said of it.
    assert shown.index("thủ đô") < shown.index("Why here") < shown.index("raw.jsonl#line", shown.index("Why here"))
    assert "✓ A. Hà Nội" in shown
    assert desk.lines() == []


def test_one_key_a_decision_and_what_comes_next_at_the_end(desk):
    done = desk("--queue", "rejected", keys=["w in the book", "B", "n later", "s"])
    assert "mcq run --until curated" in done.stdout
    first, second = desk.lines()
    assert (first["action"], first["answer_index"], first["why"], first["who"]) == ("set_answer", 1, "in the book", "Lan")
    assert (second["action"], second["why"]) == ("note", "later")
    assert first["record_id"] != second["record_id"]
    # What is decided isn't asked again, unless it is asked for; a note decides nothing.
    assert "1 of 1, 0 decided" in desk("--queue", "rejected", keys=["q"]).stdout
    assert "1 of 2, 0 decided" in desk("--queue", "rejected", "--all", keys=["q"]).stdout
    assert "set_answer B" in desk("--queue", "pending", keys=["q"]).stdout


def test_both_sides_are_decided_merged_and_kept_apart(desk):
    desk(keys=["x", "B", "u", "k", "b", "a"])
    actions = [line["action"] for line in desk.lines()]
    assert actions == ["set_answer", "undo", "apart", "accept"]
    answered, _, apart, accepted = desk.lines()
    # The other side stays in front when its decision is taken back; a step to another record brings the first to the front.
    assert apart["record_id"] == answered["record_id"] != accepted["record_id"] == apart["other_record_id"]
    assert apart["other_content_id"] != apart["content_id"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["J"], "it has 4 options, A-D"),
        (["a"], "no key is known"),
        (["m"], "stands beside no other record"),
        (["z"], "does nothing here"),
        (["u"], "nothing was decided"),
    ],
)
def test_what_a_record_can_not_take_is_told_and_not_written(desk, keys, said):
    assert said in desk("--queue", "rejected", keys=keys).stdout
    assert desk.lines() == []


def test_the_last_decision_of_a_queue_can_be_taken_back(desk):
    shown = desk(keys=["r", "u", "q"]).stdout
    assert "That was the last of this queue" in shown
    assert desk.said() == []


def test_hostile_text_shows_as_text(desk):
    shown = desk("--queue", "rejected", keys=["s", "q"]).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]đậm[/red]" in shown
    assert "[link=x]b[/link]" in shown


def editor(folder, text):
    """An editor that leaves this Python's doing: `text` changes `s`, what the file holds."""
    script = folder / "editor.py"
    script.write_text(
        f"import pathlib, sys\nfile = pathlib.Path(sys.argv[1])\ns = file.read_text(encoding='utf-8')\n{text}\nfile.write_text(s, encoding='utf-8')\n",
        encoding="utf-8",
    )
    return f"{sys.executable} {script}"


def test_an_edit_is_written_and_one_that_is_wrong_opens_again(desk):
    once = desk.folder / "once"
    once.unlink(missing_ok=True)
    wrong_first = (
        f"once = pathlib.Path({str(once)!r})\n"
        "if once.exists():\n"
        "    assert 'NOT SAVED: option A has no text' in s\n"
        "    s = s.replace('- \"\"', '- |-\\n    Hà Nội').replace('nước Việt Nam', 'Việt Nam')\n"
        "else:\n"
        "    once.write_text('x')\n"
        "    s = s.replace('- |-\\n    Hà Nội', '- \"\"')\n"
    )
    done = desk(keys=["e", "q"], EDITOR=editor(desk.folder, wrong_first))
    (line,) = desk.lines()
    assert (line["action"], line["stem"]) == ("edit", "Thành phố nào là thủ đô của Việt Nam?")
    assert "options" not in line
    assert "option A has no text" in done.stderr


@pytest.mark.parametrize("text", ["s = ''", "pass"])
def test_an_edit_that_changes_nothing_writes_nothing(desk, text):
    assert "nothing was changed" in desk(keys=["e"], EDITOR=editor(desk.folder, text)).stdout
    assert desk.lines() == []


@pytest.mark.parametrize(("text", "said"), [("s = 'no yaml: [at all'", "the edit can't be taken"), ("sys.exit(3)", "exit code 3")])
def test_an_editor_that_fails_ends_in_words(desk, text, said):
    assert said in desk(keys=["e"], EDITOR=editor(desk.folder, text)).stdout
    assert desk.lines() == []


def test_nobody_decides_without_a_name(desk):
    assert "who decides?" in desk(keys=["a"], who=None, expect=1).stderr
    desk(keys=["a"], who=None, MCQ_REVIEWER="Trần Hoa")
    assert desk.lines()[0]["who"] == "Trần Hoa"


def test_decisions_are_listed_with_their_lines_and_taken_back(desk):
    desk(keys=["a"])
    with desk.file.open("a", encoding="utf-8") as stream:
        stream.write('{"record_id": "xyz", "action": "accept", "who": "Hoa"}\n')
    rows = [json.loads(line) for line in desk("--list", "--format", "jsonl").stdout.splitlines()]
    assert [(row["line"], row["status"]) for row in rows] == [(1, "waits"), (2, "wrong_line")]
    assert "record_id" in rows[1]["detail"]
    name = desk.lines()[0]["id"]
    assert "taken back" in desk("--undo", name[:8]).stdout
    assert [line["action"] for line in desk.lines() if line.get("id") != name] == ["accept", "undo"]
    assert "was taken back already by Lan" in desk("--undo", name, expect=1).stderr
    assert "is the id of no decision" in desk("--undo", "nope", expect=1).stderr
    table = desk("--list")
    assert "taken_back" in table.stdout
    assert "1 wrong" in table.stderr.replace("\n", " ")


def test_two_things_at_once_are_refused(desk):
    assert "give one of them" in desk("--list", "--undo", "x", expect=1).stderr


def test_killed_between_two_keys_nothing_is_lost_and_the_rest_is_asked(desk):
    process = subprocess.Popen(
        desk.command("--queue", "rejected", "--who", "Lan"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env=desk.environment | {"PYTHONUNBUFFERED": "1"},
    )
    process.stdin.write("B\n")
    process.stdin.flush()
    while "saved:" not in (line := process.stdout.readline()):
        assert line, "it ended before it saved anything"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert desk.said() == ["set_answer"]
    assert "1 of 1, 0 decided" in desk("--queue", "rejected", keys=["q"]).stdout


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, desk, *arguments):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            # Whoever runs the tests in the background has it ignored, and children inherit that.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(desk.folder)
            os.execve(sys.executable, desk.command(*arguments), desk.environment)
        self.text, self.seen = "", 0

    def wait_for(self, text):
        """Reads until a text stands behind the one that was waited for before; both may come at once."""
        ends, start = time.monotonic() + SECONDS, self.seen
        while text not in self.text[start:]:
            assert time.monotonic() < ends, f"waited for {text!r} in\n{self.text[start:]}"
            if select.select([self.descriptor], [], [], 0.2)[0]:
                try:
                    data = os.read(self.descriptor, 65536)
                except OSError:
                    data = b""
                assert data, f"it ended before {text!r}:\n{self.text[start:]}"
                self.text += data.decode("utf-8", "replace")
        self.seen = self.text.index(text, start) + len(text)

    def send(self, keys):
        os.write(self.descriptor, keys.encode())

    def end(self):
        """Exit code; the rest of its output is read, so that it can end."""
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            if select.select([self.descriptor], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.text += os.read(self.descriptor, 65536).decode("utf-8", "replace")
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"it didn't end:\n{self.text[-1000:]}")


def test_on_a_terminal_single_keys_decide_and_the_name_is_asked_once(desk):
    terminal = Terminal(desk, "--queue", "rejected")
    terminal.wait_for("Your name")
    terminal.send("Trần Lan\r")
    terminal.wait_for("q quit")
    terminal.send("w")
    terminal.wait_for("why")
    terminal.send("vì sách viết thế\r")
    terminal.send("B")
    terminal.wait_for("saved:")
    terminal.wait_for("q quit")
    terminal.send("\x1b[C")
    terminal.wait_for("That was the last")
    terminal.send("u")
    terminal.wait_for("taken back:")
    terminal.send("2")
    terminal.wait_for("saved:")
    terminal.send("q")
    assert terminal.end() == 0
    assert [(line["who"], line["why"]) for line in desk.lines() if line["action"] == "set_answer"] == [
        ("Trần Lan", "vì sách viết thế"),
        ("Trần Lan", ""),
    ]
    again = Terminal(desk, "--queue", "rejected")
    again.wait_for("q quit")
    again.send("\x03")
    assert again.end() == 130
    assert "Your name" not in again.text
    assert "Traceback" not in again.text


def test_a_spreadsheet_goes_out_is_filled_in_and_comes_back(desk):
    desk("--export", "f.xlsx", "--queue", "conflicts")
    book = openpyxl.load_workbook(desk.folder / "f.xlsx")
    sheet = book["review"]
    places = {str(cell.value).split("\n")[0]: cell.column for cell in sheet[1]}
    assert sheet.max_row == 3
    sheet.cell(2, places["decision"]).value = "bogus"
    book.save(desk.folder / "f.xlsx")
    assert "row 2, column G (decision): found 'bogus'" in desk("--import", "f.xlsx", expect=1).stderr
    assert desk.lines() == []
    sheet.cell(2, places["decision"]).value = "accept"
    sheet.cell(3, places["decision"]).value = "reject"
    book.save(desk.folder / "f.xlsx")
    assert "2 rows: 1 accept, 1 reject" in desk("--import", "f.xlsx").stdout
    assert "2 imported before" in desk("--import", "f.xlsx").stdout
    assert desk.said() == ["accept", "reject"]
    assert "nothing to decide" in desk("--export", "g.xlsx", "--queue", "conflicts").stdout
    assert not (desk.folder / "g.xlsx").exists()
    assert "ends in .xlsx" in desk("--import", "f.csv", expect=1).stderr


def test_hostile_text_goes_through_a_spreadsheet_as_text(desk):
    desk("--export", "h.xlsx", "--queue", "rejected")
    sheet = openpyxl.load_workbook(desk.folder / "h.xlsx")["review"]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any("\x1b" in cell.value or "\u202e" in cell.value for cell in cells)
    assert "There is nothing to write" in desk("--import", "h.xlsx").stdout
