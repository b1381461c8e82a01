"""What can be set about the service: the table that the command line and the documentation are made from."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


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
    port: int = field(default=8000, metadata={"help": "the port to listen on; 0 for any that is free"})
    threads: int = field(default=8, metadata={"help": "how many requests are answered at the same time"})
    query_bytes: int = field(default=100_000, metadata={"help": "how long a query may be, in bytes"})
    query_depth: int = field(default=100, metadata={"help": "how deep a query may nest its brackets"})
    query_operators: int = field(
        default=2_000, metadata={"help": "how many operators and keywords a query may have"}
    )
    page_rows: int = field(
        default=1_000,
        metadata={"help": "how many rows of an answer a page shows; a download has them all"},
    )


@dataclass(frozen=True)
class SettingDescription:
    """A setting as users meet it."""

    name: str
    kind: type
    default: Any
    help: str


def describe_settings() -> tuple[SettingDescription, ...]:
    """All settings, in the order in which they are declared.

    >>> describe_settings()[1].name
    'host'
    """
    return tuple(
        SettingDescription(s.name, type(s.default), s.default, s.metadata["help"]) for s in fields(Settings)
    )
