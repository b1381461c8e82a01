"""What operators watch, in the words of Prometheus.

=====================================  =========  ==============================================================
``impckg_requests_total``              counter    requests by address and status
``impckg_query_seconds``               histogram  how long queries took, from first to last byte, by lane
``impckg_workers``                     gauge      workers by state: busy, idle
``impckg_queries_waiting``             gauge      queries in the queue
``impckg_workers_ended_total``         counter    workers that were killed or died, by reason
``impckg_answer_rows_total``           counter    rows and triples in answers
``impckg_answer_bytes_total``          counter    bytes in answers, before they are packed
``impckg_log_lines_lost_total``        counter    lines of the access log that could not be written
``impckg_release_info``                gauge      1 for the release that is served, named by a label
``process_...``                        gauge      memory, CPU time and open files of the process of the service
=====================================  =========  ==============================================================

Labels have few values: an address is one of those that the service has, never the path that somebody sent.

Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from dataclasses import dataclass

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.process_collector import ProcessCollector

MEDIA_TYPE = CONTENT_TYPE_LATEST

_ADDRESSES = (
    *(
        "/sparql",
        "/graphs",
        "/queries",
        "/questions",
        "/api",
        "/openapi.json",
        "/query",
        "/.well-known",
        "/about",
    ),
    *("/health", "/ready", "/metrics", "/vocabulary", "/shapes", "/schema", "/id", "/describe", "/static"),
)
_OTHER = "other"
_HOME = "/"
# From what an index answers at once to what the limit of time lets through.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


@dataclass(frozen=True)
class PoolState:
    """What the pool of workers does at the moment."""

    busy: int
    idle: int
    waiting: int


class Metrics:
    """The counts of one service. To be used from its event loop, or from any thread: each count is safe."""

    def __init__(self) -> None:
        """Make a registry of its own, so that two services in one process do not add up."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "impckg_requests", "Requests by address and status.", ("address", "status"), registry=registry
        )
        self._seconds = Histogram(
            "impckg_query_seconds",
            "How long queries took, by lane.",
            ("lane",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._workers = Gauge("impckg_workers", "Workers by state.", ("state",), registry=registry)
        self._waiting = Gauge("impckg_queries_waiting", "Queries in the queue.", registry=registry)
        self._ended = Counter(
            "impckg_workers_ended",
            "Workers that were killed or died, by reason.",
            ("reason",),
            registry=registry,
        )
        self._rows = Counter("impckg_answer_rows", "Rows and triples in answers.", registry=registry)
        self._bytes = Counter("impckg_answer_bytes", "Bytes in answers, unpacked.", registry=registry)
        self._lost = Counter(
            "impckg_log_lines_lost", "Lines of the log that were not written.", registry=registry
        )
        self._release = Gauge(
            "impckg_release_info", "The release that is served.", ("release",), registry=registry
        )

    def count_request(self, path: str, status: int) -> None:
        """Count a request; path is what was asked for, status what it was answered with (499: the client left)."""
        self._requests.labels(address_of(path), str(status)).inc()

    def count_query(self, lane: str, seconds: float, rows: int = 0, answer_bytes: int = 0) -> None:
        """Count a query that ended, well or not; lane is the one that it ended in."""
        self._seconds.labels(lane).observe(seconds)
        self._rows.inc(rows)
        self._bytes.inc(answer_bytes)

    def count_ended_worker(self, reason: str) -> None:
        """Count a worker that was killed or died. reason: the limit that was hit, `crash`, `cancelled` or `client left`."""
        self._ended.labels(reason).inc()

    def count_lost_log_line(self) -> None:
        """Count a line of the access log that could not be written."""
        self._lost.inc()

    def name_release(self, release: str) -> None:
        """Say which release is served from now on."""
        self._release.clear()
        self._release.labels(release).set(1)

    def exposition(self, pool: PoolState) -> bytes:
        """All counts as text, of media type MEDIA_TYPE."""
        self._workers.labels("busy").set(pool.busy)
        self._workers.labels("idle").set(pool.idle)
        self._waiting.set(pool.waiting)
        return generate_latest(self._registry)


def address_of(path: str) -> str:
    """The address of the service that a path is at or below; `other` for all that it does not have.

    >>> address_of("/questions/genes_of_phenotype"), address_of("/wp-login.php"), address_of("/")
    ('/questions', 'other', '/')
    """
    if path == _HOME:
        return _HOME
    first = "/" + path[1:].partition("/")[0]
    return first if first in _ADDRESSES else _OTHER
