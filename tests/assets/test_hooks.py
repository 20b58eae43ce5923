"""News reach a real command and a real server, and no message shows where they went."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from assets import hooks
from schemas.errors import DataError

NEWS = {"event": "failed", "text": "sample_curate failed: tệp \ud800 mất; $(touch evil) `x`"}


@pytest.fixture(autouse=True)
def _no_hook(monkeypatch):
    monkeypatch.delenv(hooks.COMMAND, raising=False)
    monkeypatch.delenv(hooks.URL, raising=False)


@pytest.fixture
def server():
    """A webhook: what was posted to it, and its address; it answers with `status`."""
    posted = []

    class Webhook(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            posted.append((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(Webhook.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    serving = HTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield Webhook, posted, f"http://127.0.0.1:{serving.server_port}/s3cret"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_without_the_environment_nobody_is_told():
    assert not hooks.is_on()
    assert hooks.tell(NEWS) == []


def test_a_command_gets_the_news_on_its_stdin_and_no_shell_reads_them(monkeypatch, tmp_path):
    got = tmp_path / "got it.json"
    script = tmp_path / "hook.py"
    script.write_text("import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())")
    monkeypatch.setenv(hooks.COMMAND, f"{sys.executable} {script} '{got}'")
    monkeypatch.chdir(tmp_path)
    assert hooks.is_on()
    assert hooks.tell(NEWS) == [hooks.COMMAND]
    assert json.loads(got.read_text(encoding="utf-8"))["event"] == "failed"
    assert not (tmp_path / "evil").exists()


def test_a_webhook_gets_the_news_as_json(server, monkeypatch):
    _, posted, url = server
    monkeypatch.setenv(hooks.URL, url)
    assert hooks.tell(NEWS) == [hooks.URL]
    ((kind, body),) = posted
    assert kind == "application/json; charset=utf-8"
    assert json.loads(body)["text"].startswith("sample_curate failed: tệp")


def test_a_hook_that_fails_is_told_without_its_address_and_the_other_one_still_runs(server, monkeypatch):
    webhook, posted, url = server
    webhook.status = 403
    monkeypatch.setenv(hooks.URL, url)
    monkeypatch.setenv(hooks.COMMAND, f"{sys.executable} -c 'import sys; sys.exit(\"no network\")'")
    with pytest.raises(DataError) as error:
        hooks.tell(NEWS)
    assert str(error.value) == "MCQ_HOOK_COMMAND failed: it ended with 1: no network; MCQ_HOOK_URL failed: the server answered 403"
    assert len(posted) == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (hooks.COMMAND, "no-such-program-s3cret", "No such file or directory"),
        (hooks.COMMAND, "'unclosed", "No closing quotation"),
        (hooks.URL, "file:///etc/passwd?s3cret", "no http or https address"),
        (hooks.URL, "http://127.0.0.1:9/s3cret", "can't be reached"),
    ],
)
def test_a_hook_that_cannot_be_run_is_told_without_its_address(name, value, said, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(DataError, match=said) as error:
        hooks.tell(NEWS)
    assert "s3cret" not in str(error.value)
