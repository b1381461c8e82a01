"""What can be set about the service: the table that the command line and the documentation are made from.

A flag of `impckg serve` wins over a variable of the environment, which wins over the default: `--time-seconds 20`,
IMPCKG_TIME_SECONDS=20.
"""

from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from impckg.graph.errors import KgError


@dataclass(frozen=True)
class Settings:
    """How the service runs. Each field is a setting; its help stands beside it."""

    store: Path | str = field(
        default=Path("demo"),
        metadata={
            "help": "the store to serve: a folder that a build wrote, or the address of a SPARQL endpoint"
        },
    )
    host: str = field(
        default="127.0.0.1", metadata={"help": "the address to listen on; 0.0.0.0 for all of the machine's"}
    )
    port: int = field(
        default=8000, metadata={"help": "the port to listen on; 0 for any that is free", "least": 0}
    )
    workers: int = field(
        default=4, metadata={"help": "how many short queries are evaluated at the same time"}
    )
    long_queries: int = field(
        default=6, metadata={"help": "how many queries that take long may go on beside the short ones"}
    )
    time_seconds: float = field(default=60.0, metadata={"help": "how long a query may take"})
    cpu_seconds: int = field(default=60, metadata={"help": "how much CPU time a query may take"})
    memory_mib: int = field(default=2_048, metadata={"help": "how much memory a query may take"})
    result_rows: int = field(
        default=10_000_000, metadata={"help": "how many rows or triples an answer may have"}
    )
    result_bytes: int = field(default=2_000_000_000, metadata={"help": "how many bytes an answer may have"})
    query_bytes: int = field(default=100_000, metadata={"help": "how long a query may be, in bytes"})
    query_depth: int = field(default=100, metadata={"help": "how deep a query may nest its brackets"})
    query_operators: int = field(
        default=2_000, metadata={"help": "how many operators and keywords a query may have"}
    )
    client_queries: int = field(
        default=64, metadata={"help": "how many queries a client may have running or waiting"}
    )
    queue_length: int = field(default=256, metadata={"help": "how many queries may wait for their turn"})
    spool_mib: int = field(
        default=4_096, metadata={"help": "how much disk the answers may take that slow clients still read"}
    )
    body_seconds: float = field(
        default=20.0, metadata={"help": "how long a client may take to send a request"}
    )
    page_rows: int = field(
        default=1_000, metadata={"help": "how many rows of an answer a page shows; a download has them all"}
    )
    default_graph: str = field(
        default="union",
        metadata={
            "help": "what a query without FROM sees: the union of all graphs, or the one without a name",
            "choices": ("union", "own"),
        },
    )
    update_token: Path | None = field(
        default=None,
        metadata={"help": "a file with the token that updates must show; without it there are no updates"},
    )
    update_bytes: int = field(
        default=100_000_000, metadata={"help": "how long an update or a graph that is sent may be, in bytes"}
    )
    service_allow: tuple[str, ...] = field(
        default=(), metadata={"help": "an endpoint that SERVICE may ask; repeatable"}
    )
    service_allow_private: bool = field(
        default=False, metadata={"help": "let SERVICE reach private and loopback addresses, for tests"}
    )
    service_seconds: float = field(
        default=20.0, metadata={"help": "how long an endpoint that SERVICE asks may take"}
    )
    base_url: str | None = field(
        default=None,
        metadata={"help": "the public address of the service; without it, the one that a request came to"},
    )
    trusted_proxies: str = field(
        default="127.0.0.1",
        metadata={"help": "the proxies whose X-Forwarded-For is believed, by address, with commas"},
    )
    links: Path | None = field(
        default=None,
        metadata={
            "help": "a folder for the short links that users make; the folder links beside the live release unless said"
        },
    )
    log: str = field(
        default="-", metadata={"help": "where requests are logged: a file, - for standard error, none"}
    )
    log_queries: bool = field(
        default=False, metadata={"help": "log the text of queries, not only their hash"}
    )
    stop_seconds: float = field(
        default=10.0, metadata={"help": "how long queries may go on once the service is told to stop"}
    )


@dataclass(frozen=True)
class SettingDescription:
    """A setting as users meet it.

    choices: its values, where they are a closed list. least: the least that a number may be.
    """

    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...] | None = None
    least: int = 1


def check_settings(settings: Settings) -> None:
    """Refuse values that would mislead clients without a word. Raises KgError with the flag and what it takes."""
    if settings.base_url is not None and not settings.base_url.startswith(("http://", "https://")):
        raise KgError(
            f"--base-url: {settings.base_url!r} is no address; expected one that begins with https://"
        )
    for proxy in filter(None, (part.strip() for part in settings.trusted_proxies.split(","))):
        try:
            if proxy != "*":
                ip_network(proxy, strict=False)
        except ValueError as error:
            raise KgError(
                f"--trusted-proxies: {proxy!r} is no address; expected such as 127.0.0.1 or 10.0.0.0/8, with commas"
            ) from error


def describe_settings() -> tuple[SettingDescription, ...]:
    """All settings, in the order in which they are declared.

    >>> describe_settings()[1].name
    'host'
    """
    return tuple(
        SettingDescription(
            s.name,
            _kind(s.type),
            s.default,
            s.metadata["help"],
            s.metadata.get("choices"),
            s.metadata.get("least", 1),
        )
        for s in fields(Settings)
    )


def _kind(declared: Any) -> type:
    """The type that a value is read as: that of the parts of a tuple, the last of several that are possible."""
    parts = [part for part in get_args(declared) if isinstance(part, type) and part is not NoneType] or [
        declared
    ]
    return parts[-1]
