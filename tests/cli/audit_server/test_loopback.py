"""`mcq audit` answers this machine alone: asked by HTTP, as a browser under a foreign name would."""

import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import time

import pytest

from schemas.config.base import PROJECT_ROOT

pytest.importorskip("datasette")
EVIL = '<script>alert(1)</script> <img src="http://evil/x.png"> \u202egnp\x1b[2J {{7*7}}'


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """`mcq audit` over one row, started as a user starts it."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "data" / "audit").mkdir(parents=True)
    (folder / "c.yaml").write_text("dataset: d\nsources: [{name: s, path: a}]\n")
    with sqlite3.connect(folder / "data" / "audit" / "d.sqlite") as database:
        database.execute("create table ledger (stem text)")
        database.execute("insert into ledger values (?)", (EVIL,))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = [sys.executable, "-m", "cli.main", "audit", "--config", "c.yaml", "--data-root", "data", "--port", str(number)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(300):
                with socket.socket() as trying:
                    if trying.connect_ex(("127.0.0.1", number)) == 0:
                        break
                assert server.poll() is None, server.stderr.read()
                time.sleep(0.2)
            yield number
        finally:
            server.terminate()


def ask(port, path="/d/ledger", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_this_machines_own_names_are_answered(port):
    for host in (f"127.0.0.1:{port}", "127.0.0.1", f"localhost:{port}", "LOCALHOST", f"[::1]:{port}"):
        assert ask(port, Host=host)[0] == 200, host


@pytest.mark.parametrize("path", ["/", "/d/ledger.json", "/d.db", "/-/static/app.css"])
def test_a_request_under_another_name_learns_nothing(port, path):
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "0.0.0.0",
        "127.0.0.1:80:80",
        "",
    ):
        status, text = ask(port, path, Host=host)
        assert status in (400, 403), host
        assert "alert" not in text
    assert ask(port, path)[0] in (400, 403), "no name at all"


def test_a_page_from_elsewhere_changes_nothing(port):
    host = f"127.0.0.1:{port}"
    for origin in ("http://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost:1@evil.example"):
        assert ask(port, "/-/messages", "POST", Host=host, Origin=origin)[1] == "pages from elsewhere may change nothing here", origin
    assert ask(port, "/-/messages", "POST", Host=host, Origin=f"http://{host}")[1] != "pages from elsewhere may change nothing here"


def test_what_a_row_says_is_text_there_and_all_of_it_is_seen(port):
    _, page = ask(port, Host="localhost")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;U+202E&gt;gnp&lt;U+001B&gt;[2J {{7*7}}" in page
    assert "\u202e" not in page
