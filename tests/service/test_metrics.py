"""What operators watch: the counts, and that nobody can make them grow without end."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from impckg.service.metrics import Metrics, PoolState, address_of

QUIET = PoolState(busy=0, idle=4, waiting=0)


def samples(metrics: Metrics, pool: PoolState = QUIET) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.exposition(pool).decode())
        for sample in family.samples
    }


def test_requests_are_counted_by_address_and_status():
    metrics = Metrics()

    metrics.count_request("/sparql", 200)
    metrics.count_request("/sparql", 200)
    metrics.count_request("/questions/genes_of_phenotype", 404)

    counted = samples(metrics)
    assert counted["impckg_requests_total", "/sparql", "200"] == 2
    assert counted["impckg_requests_total", "/questions", "404"] == 1


def test_a_scanner_that_tries_many_addresses_makes_one_count_of_them():
    metrics = Metrics()

    for number in range(1_000):
        metrics.count_request(f"/{number}/wp-login.php", 404)

    requests = [key for key in samples(metrics) if key[0] == "impckg_requests_total"]
    assert requests == [("impckg_requests_total", "other", "404")]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", "/"),
        ("", "other"),
        ("//", "other"),
        ("/sparql", "/sparql"),
        ("/sparql/", "/sparql"),
        ("/sparqlx", "other"),
        ("/id/line/X", "/id"),
        ("/.well-known/void", "/.well-known"),
        ("/query/abc", "/query"),
        ("/queries/abc", "/queries"),
        ("/\n/sparql", "other"),
    ],
)
def test_a_path_counts_for_the_address_that_it_is_below(path, address):
    assert address_of(path) == address


def test_queries_are_counted_by_lane_with_their_time_rows_and_bytes():
    metrics = Metrics()

    metrics.count_query("fast", 0.003, rows=10, answer_bytes=1_000)
    metrics.count_query("slow", 12.0, rows=5, answer_bytes=500)

    counted = samples(metrics)
    assert counted["impckg_query_seconds_count", "fast"] == 1
    assert counted["impckg_query_seconds_sum", "slow"] == 12.0
    assert counted["impckg_query_seconds_bucket", "fast", "0.0025"] == 0
    assert counted["impckg_query_seconds_bucket", "fast", "0.005"] == 1
    assert counted["impckg_answer_rows_total",] == 15
    assert counted["impckg_answer_bytes_total",] == 1_500


def test_the_pool_is_told_as_it_is_when_it_is_asked_for():
    metrics = Metrics()
    samples(metrics, PoolState(busy=4, idle=0, waiting=9))

    counted = samples(metrics, PoolState(busy=1, idle=3, waiting=0))

    assert counted["impckg_workers", "busy"] == 1
    assert counted["impckg_workers", "idle"] == 3
    assert counted["impckg_queries_waiting",] == 0


def test_workers_that_end_are_counted_by_reason():
    metrics = Metrics()

    for reason in ("time_seconds", "crash", "time_seconds"):
        metrics.count_ended_worker(reason)

    assert samples(metrics)["impckg_workers_ended_total", "time_seconds"] == 2


def test_a_new_release_takes_the_place_of_the_old():
    metrics = Metrics()

    metrics.name_release("2026.1")
    metrics.name_release("2026.2")

    releases = [key for key in samples(metrics) if key[0] == "impckg_release_info"]
    assert releases == [("impckg_release_info", "2026.2")]


def test_two_services_in_one_process_do_not_add_up():
    one, other = Metrics(), Metrics()

    one.count_lost_log_line()

    assert samples(one)["impckg_log_lines_lost_total",] == 1
    assert samples(other)["impckg_log_lines_lost_total",] == 0


def test_the_memory_of_the_service_is_told():
    assert samples(Metrics())["process_resident_memory_bytes",] > 1_000_000
