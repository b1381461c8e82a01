"""The server: the application behind waitress, which runs wherever Python does."""

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from waitress.server import create_server

from impckg.service.app import create_app
from impckg.service.settings import Settings

# The engine's parser and planner recurse. With this stack it survives anything of a length that the guard
# lets pass (49,000 nested groups, 90,000 "!"), where the usual 8 MB end at 2,240. Only what is used is taken.
_STACK_BYTES = 256 * 1024 * 1024


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to end by SIGINT or SIGTERM. To be called in the main thread.

    ready: called with the address of the service once it listens.

    Raises StoreError where there is no store, and OSError where the port cannot be had.
    """
    app = create_app(settings)
    threading.stack_size(_STACK_BYTES)
    server = create_server(
        app, host=settings.host, port=settings.port, threads=settings.threads, ident="impckg"
    )
    # As the first process of a container we would not hear SIGTERM otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ready(_address(server))
    server.run()


def _address(server: Any) -> str:
    """Where a server listens; the first of its addresses if its host has several."""
    addresses = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    host, port = addresses[0]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
