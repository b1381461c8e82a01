"""The server: the door behind uvicorn, in one process; the work is done by the workers of the pool.

uvicorn closes a connection whose reply was not completed without the chunk that would end it, which is how a client tells a
part from the whole. What it lacks are limits for a request that never ends, so they are added here.
"""

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable

import uvicorn
import uvloop

from impckg.service.connection import connections
from impckg.service.door import Door
from impckg.service.settings import Settings, check_settings

# How long clients may take to be told that their query is over.
_TO_TELL_SECONDS = 5.0
_BROKEN_OFF = "returned without completing response"
_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 30
# The head of a request holds the query of a GET, with up to three bytes for one, and what clients send along.
_HEAD_FACTOR = 3
_HEAD_BYTES = 32_768


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to end by SIGINT or SIGTERM. To be called in the main thread.

    ready: called with the address of the service once it listens and has the store open.

    Raises StoreError where there is no store, and OSError where the port cannot be had.
    """
    check_settings(settings)
    _log_failures_only()
    _allow_many_connections()
    listening = _listen(settings.host, settings.port)
    with listening, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listening, ready))


class _Server(uvicorn.Server):
    """uvicorn, that has the door end its queries while it waits for the connections they belong to."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self._door = door

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and wait for those there are."""
        await asyncio.gather(super().shutdown(sockets), self._door.stop())


def _log_failures_only() -> None:
    """Have uvicorn tell of failures of ours; not of what clients send, nor of streams that are broken off on purpose."""
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.ERROR)
    log.addFilter(lambda record: _BROKEN_OFF not in record.getMessage())


def _allow_many_connections() -> None:
    """Use as many file descriptors as the system allows: a connection takes one, and a worker five."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(settings: Settings, listening: socket.socket, ready: Callable[[str], None]) -> None:
    door = Door(settings)
    await door.start()
    config = uvicorn.Config(
        door,
        http=connections(_HEAD_FACTOR * settings.query_bytes + _HEAD_BYTES, settings.body_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.stop_seconds + _TO_TELL_SECONDS),
    )
    server = _Server(config, door)
    ready(_address(listening))
    # uvicorn raises the signal again that has ended it; by then we know.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        await server.serve(sockets=[listening])
    finally:
        await door.stop()
        door.close()


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
