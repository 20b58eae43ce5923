"""Nothing is sent anywhere: a refresh needs no network, and asks for none."""

import os
import subprocess
import sys

import pytest

from schemas.config.base import PROJECT_ROOT

# Written before anything else is imported, so that no library is missed. Sockets of this machine's own processes are none.
WATCHED = """
import sys
def refuse(event, arguments):
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        raise SystemExit(f"asked for the network: {event} {arguments[:2]}")
sys.addaudithook(refuse)
sys.argv = ["mcq", *sys.argv[1:]]
from cli.main import app
app()
"""


@pytest.fixture
def curate_command(published, make_dagster_home):
    """The arguments and the environment of `mcq run --until curated` over the published project."""
    foundry, _ = published
    home = str(make_dagster_home())
    arguments = ["run", "--until", "curated", "--config", str(foundry.config_file), "--data-root", str(foundry.data_root)]
    return arguments, {"PATH": os.environ["PATH"], "HOME": home, "DAGSTER_HOME": home}


def call(command, environment):
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, encoding="utf-8", env=environment, timeout=300)


def test_a_refresh_asks_for_no_address(curate_command):
    arguments, environment = curate_command
    done = call([sys.executable, "-c", WATCHED, *arguments], environment)
    assert done.returncode == 0, done.stderr[-2000:]
    asks = "import socket; socket.getaddrinfo('example.org', 80)"
    refused = call([sys.executable, "-c", WATCHED.replace("from cli.main import app\napp()", asks)], environment)
    assert "asked for the network" in refused.stderr, "the watch itself works"


def test_a_refresh_runs_where_there_is_no_network(curate_command):
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this machine allows no network namespace (unshare -rn)")
    arguments, environment = curate_command
    done = call(["unshare", "-rn", sys.executable, "-m", "cli.main", *arguments], environment)
    assert done.returncode == 0, done.stderr[-2000:]
