"""Datasette with our pages, put together and served on 127.0.0.1."""

import signal
import socket
import sys
from pathlib import Path

from datasette.app import Datasette
from datasette.plugins import pm

from cli.audit_server import loopback, routes
from cli.audit_server.databases import renew
from cli.audit_server.visit import Place
from cli.running_server import noted
from schemas.errors import DataError

HERE = Path(__file__).parent
SETTINGS = {"sql_time_limit_ms": 5000, "default_page_size": 50, "suggest_facets": False, "num_sql_threads": 4, "allow_download": False}


def build(data_root: Path, dataset: str) -> Datasette:
    """The server over every audit database of a data root; `dataset` is the one that an address without a dataset means."""
    # Where rich is installed, Datasette 0.65 prints each page that isn't there as a traceback with all data in sight, and for some fails.
    pm.get_plugin("datasette.handle_exception").rich = None
    for plugin in (loopback, routes):
        if not pm.is_registered(plugin):
            pm.register(plugin, plugin.__name__)
    datasette = Datasette([], template_dir=str(HERE / "templates"), settings=SETTINGS)
    datasette.mcq_place = Place(data_root, dataset)
    # Datasette opens a memory database where it is given no file.
    if "_memory" in datasette.databases:
        datasette.remove_database("_memory")
    renew(datasette, data_root / "audit")
    return datasette


def serve(data_root: Path, dataset: str, port: int) -> None:
    """Serves until it is interrupted. Raises DataError where the port is taken."""
    import uvicorn

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise DataError(f"port {port} can't be used ({error.strerror}); name another with --port, or end the server that has it") from error
    # uvicorn ends on this signal, then raises it again: without a handler the note of the address would stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(build(data_root, dataset).app(), log_level="warning", lifespan="on", server_header=False)
    with listener, noted(data_root, f"http://127.0.0.1:{port}"):
        uvicorn.Server(config).run(sockets=[listener])
