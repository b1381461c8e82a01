"""The one process that writes, with real processes and real stores."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.errors import QueryError, SparqlSyntaxError, StoreError
from impckg.graph.store import open_store
from impckg.graph.updates import GraphsSaidTwice
from impckg.graph.writable import Document, RdfSyntaxError
from impckg.service.errors import EngineCrashed, LimitReached, RefusedQuery, status_of
from impckg.service.pool.writer import GraphChange, Update, Writer

NEW = "http://example.org/new"
INSERT = "INSERT DATA { <http://example.org/a> <http://example.org/b> %s }"
# 200 million rows, one after the other: minutes of work.
ENDLESS = """
INSERT {{ <http://example.org/a> <http://example.org/b> ?n }}
WHERE {{ SELECT (COUNT(*) AS ?n) WHERE {{ VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }} VALUES ?c {{ {numbers} }}
FILTER(?a + ?b + ?c < 0) }} }}
""".format(numbers=" ".join(map(str, range(600))))


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    made = ox.Store(str(folder))
    made.load(b"<http://example.org/a> <http://example.org/b> 0 .", format=ox.RdfFormat.TURTLE)
    made.flush()
    return folder


@asynccontextmanager
async def writing(store, time_seconds=20.0, memory_mib=1_024, published=None):
    writer = Writer(store, time_seconds, memory_mib, published)
    try:
        await writer.start()
        yield writer
    finally:
        await writer.stop()


def values(folder, graph=None):
    """The numbers that a store holds, as a reader sees them."""
    name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
    found = open_store(folder).oxigraph.quads_for_pattern(None, None, None, name)
    return sorted(int(quad.object.value) for quad in found)


def turtle(text):
    return Document(text.encode(), "text/turtle", "http://example.org/")


def test_each_change_has_a_snapshot_that_shows_it(store):
    async def change():
        async with writing(store) as writer:
            first = writer.snapshot
            one = await writer.apply(Update(INSERT % 1))
            two = await writer.apply(Update(INSERT % 2))
            assert writer.snapshot == two.snapshot
            return [(path.name, values(path)) for path in (first, one.snapshot, two.snapshot)]

    assert asyncio.run(change()) == [("000001", [0]), ("000002", [0, 1]), ("000003", [0, 1, 2])]
    assert values(store) == [0, 1, 2]


def test_snapshots_stand_beside_the_store_and_go_when_they_are_released(store):
    async def change():
        async with writing(store) as writer:
            first = writer.snapshot
            outcome = await writer.apply(Update(INSERT % 1))
            await writer.release(outcome.snapshot)  # the newest is kept
            await writer.release(store)  # and so is what is no snapshot
            kept = sorted(path.name for path in writer.folder.iterdir())
            await writer.release(first)
            left = sorted(path.name for path in writer.folder.iterdir())
            return writer.folder, kept, left

    folder, kept, left = asyncio.run(change())

    assert folder == store.with_name("store.snapshots")
    assert (kept, left) == (["000001", "000002"], ["000002"])
    assert not folder.exists()
    assert values(store) == [0, 1]


def test_snapshots_that_a_dead_writer_left_are_cleared_away(store):
    leftover = store.with_name("store.snapshots") / "000007"
    leftover.mkdir(parents=True)

    async def change():
        async with writing(store) as writer:
            return sorted(path.name for path in writer.folder.iterdir())

    assert asyncio.run(change()) == ["000001"]


def test_graphs_are_put_posted_and_deleted(store, tmp_path):
    file = tmp_path / "body"
    file.write_text("<c> <d> 4 .")

    async def change():
        async with writing(store) as writer:
            put = await writer.apply(
                GraphChange("put", NEW, (turtle("<a> <b> 1 , 2 ."), turtle("<a> <b> 3 .")))
            )
            post = await writer.apply(
                GraphChange("post", NEW, (Document(file, "text/turtle", "http://example.org/"),))
            )
            both = values(post.snapshot, NEW)
            deleted = await writer.apply(GraphChange("delete", NEW))
            again = await writer.apply(GraphChange("delete", NEW))
            default = await writer.apply(GraphChange("put", None, (turtle("<a> <b> 5 ."),)))
            return put, post, both, deleted, again, values(default.snapshot)

    put, post, both, deleted, again, default = asyncio.run(change())

    assert (put.created, post.created) == (True, False)
    assert both == [1, 2, 3, 4]
    assert (deleted.existed, again.existed) == (True, False)
    assert again.snapshot == deleted.snapshot, "what changes nothing needs no snapshot"
    assert default == [5]


@pytest.mark.parametrize(
    ("change", "kind", "status", "message", "place"),
    [
        (Update("CLEAR ALL ;\nINSERT { ?s"), SparqlSyntaxError, 400, "the query is not SPARQL: ", (2, 12)),
        (Update("CLEAR ALL ; DROP GRAPH <http://a/>"), QueryError, 422, "the update cannot be done: ", None),
        (
            Update("CLEAR ALL ; LOAD <http://127.0.0.1:9/>"),
            RefusedQuery,
            403,
            "LOAD is not available here",
            None,
        ),
        (
            Update("CLEAR ALL ; WITH <http://a/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", ("http://a/",)),
            GraphsSaidTwice,
            400,
            "line 1, column 13: the update says by USING or WITH",
            None,
        ),
        (
            GraphChange("put", None, (turtle("<a> <b> 1 ."), turtle("<a> <b>\n."))),
            RdfSyntaxError,
            400,
            "the graph: line 2, column 1: not Turtle: ",
            (2, 1),
        ),
        (
            GraphChange("post", None, (Document(b"", "text/html"),)),
            QueryError,
            422,
            "the graph: 'text/html'",
            None,
        ),
        (GraphChange("delete", "relative"), QueryError, 422, "'relative' cannot name a graph: ", None),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing_and_says_why(
    store, change, kind, status, message, place
):
    async def try_it():
        async with writing(store) as writer:
            before = writer.snapshot
            with pytest.raises(kind) as refused:
                await writer.apply(change)
            assert writer.snapshot == before
            after = await writer.apply(Update(INSERT % 1))
            return refused.value, values(after.snapshot), writer.restarts

    error, found, restarts = asyncio.run(try_it())

    assert type(error) is kind
    assert int(status_of(error)) == status
    assert str(error).startswith(message)
    if place:
        assert (error.line, error.column) == place
    assert (found, restarts) == ([0, 1], 0)


def test_the_fields_of_an_update_reach_the_store(store):
    async def change():
        async with writing(store) as writer:
            await writer.apply(GraphChange("put", NEW, (turtle("<a> <b> 1 ."),)))
            using = Update("INSERT { <s> ?p 2 } WHERE { ?s ?p 1 }", (NEW,), (), "http://example.org/")
            await writer.apply(using)
            union = Update(f"INSERT {{ GRAPH <{NEW}> {{ ?s ?p 3 }} }} WHERE {{ ?s ?p 0 ; ?q 1 }}", union=True)
            outcome = await writer.apply(union)
            return values(outcome.snapshot), values(outcome.snapshot, NEW)

    assert asyncio.run(change()) == ([0, 2], [1, 3])


def test_twenty_changes_at_once_are_made_one_after_the_other(store):
    told = []

    async def published(snapshot):
        told.append(values(snapshot))
        await asyncio.sleep(0.001)

    async def change():
        async with writing(store, published=published) as writer:
            # Each adds to what the one before it has left.
            text = "DELETE { ?s ?p ?o } INSERT { ?s ?p ?next } WHERE { ?s ?p ?o BIND(?o + 1 AS ?next) }"
            outcomes = await asyncio.gather(*(writer.apply(Update(text)) for _ in range(20)))
            return [outcome.snapshot.name for outcome in outcomes], values(writer.snapshot)

    names, found = asyncio.run(change())

    assert names == [f"{number:06}" for number in range(2, 22)]
    assert found == [20]
    assert told == [[number] for number in range(21)]


def test_a_change_that_takes_too_long_is_ended_and_the_next_is_made(store):
    async def change():
        async with writing(store, time_seconds=1.0) as writer:
            long = asyncio.create_task(writer.apply(Update(f"{INSERT % 8} ; {ENDLESS}")))
            await asyncio.sleep(0)
            waiting = asyncio.create_task(writer.apply(Update(INSERT % 1)))
            with pytest.raises(LimitReached) as refused:
                await long
            return refused.value, values((await waiting).snapshot), writer.restarts

    error, found, restarts = asyncio.run(change())

    assert str(error) == "the update took longer than 1 s; nothing of it is written"
    assert (error.limit, error.value) == ("time_seconds", 1.0)
    assert (found, restarts) == ([0, 1], 1)


# Each entity is ten times the one before: 2 GB of text in the end.
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
ENTITY_BOMB = f"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{ENTITIES}]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">
<rdf:Description rdf:about="http://example.org/a"><e:b>&a9;</e:b></rdf:Description></rdf:RDF>"""
# Each variable is twice as long as the one before: 2^34 bytes in the end.
DOUBLED = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(34))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (Update(f"INSERT {{ ?s ?p ?x34 }} WHERE {{ ?s ?p ?o BIND('y' AS ?x0) {DOUBLED} }}"), "the update"),
        (GraphChange("put", None, (Document(ENTITY_BOMB.encode(), "application/rdf+xml"),)), "the graph"),
    ],
)
def test_a_change_that_takes_too_much_memory_is_ended_and_the_next_is_made(store, change, what):
    async def try_it():
        async with writing(store, memory_mib=512) as writer:
            with pytest.raises(LimitReached) as refused:
                await writer.apply(change)
            return refused.value, values((await writer.apply(Update(INSERT % 1))).snapshot)

    error, found = asyncio.run(try_it())

    assert str(error) == f"{what} took more than 512 MiB of memory; nothing of it is written"
    assert (error.limit, error.value) == ("memory_mib", 512)
    assert found == [0, 1]


def test_a_change_that_crashes_the_engine_is_told_so_and_the_next_is_made(store):
    nested = "DELETE { ?s ?p ?o } WHERE " + "{" * 200_000 + "?s ?p ?o" + "}" * 200_000

    async def change():
        async with writing(store) as writer:
            with pytest.raises(EngineCrashed) as refused:
                await writer.apply(Update(nested))
            return str(refused.value), values((await writer.apply(Update(INSERT % 1))).snapshot)

    assert asyncio.run(change()) == ("the update made the engine crash; nothing of it is written", [0, 1])


def test_a_writer_that_is_killed_while_idle_is_started_anew(store):
    told = []

    async def published(snapshot):
        told.append(snapshot.name)

    async def change():
        async with writing(store, published=published) as writer:
            await writer.apply(Update(INSERT % 1))
            os.kill(writer.pid, signal.SIGKILL)
            await asyncio.to_thread(ends, writer.pid)
            outcome = await writer.apply(Update(INSERT % 2))
            return values(outcome.snapshot), outcome.snapshot.name

    found, last = asyncio.run(change())

    assert found == [0, 1, 2]
    assert told == ["000001", "000002", "000003", last]
    assert values(store) == found


def test_a_writer_that_is_killed_again_and_again_keeps_what_it_has_answered(store):
    async def change():
        done = {0}
        async with writing(store) as writer:
            for number in range(1, 16):
                task = asyncio.create_task(writer.apply(Update(INSERT % number)))
                # Sometimes before, sometimes during, sometimes after the change.
                await asyncio.sleep(0.004 * (number % 8))
                with suppress(ProcessLookupError, TypeError):
                    os.kill(writer.pid, signal.SIGKILL)
                # It may be killed anew while it is started again.
                with suppress(EngineCrashed, StoreError):
                    await task
                    done.add(number)
            outcome = None
            for _ in range(3):  # the last kill may still be under way
                with suppress(EngineCrashed, StoreError):
                    outcome = await writer.apply(Update(INSERT % 99))
            return done, set(values(outcome.snapshot))

    done, found = asyncio.run(change())

    assert done | {99} <= found
    assert found <= {*range(16), 99}
    assert set(values(store)) == found


def test_a_change_goes_on_when_nobody_waits_for_it(store):
    async def change():
        async with writing(store) as writer:
            waiting = asyncio.create_task(writer.apply(Update(INSERT % 1)))
            failing = asyncio.create_task(writer.apply(Update("nonsense")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            waiting.cancel()
            failing.cancel()
            outcome = await writer.apply(Update(INSERT % 2))
            return values(outcome.snapshot), waiting.cancelled()

    assert asyncio.run(change()) == ([0, 1, 2], True)


def test_a_second_writer_is_told_that_there_is_one_and_does_no_harm(store):
    async def change():
        async with writing(store) as writer:
            second = Writer(store, 5.0, 512)
            with pytest.raises(StoreError) as refused:
                await second.start()
            await second.stop()
            outcome = await writer.apply(Update(INSERT % 1))
            return str(refused.value), values(outcome.snapshot)

    message, found = asyncio.run(change())

    assert message == f"{store}: another process has the store open for writing; only one can"
    assert found == [0, 1]


def test_where_there_is_no_store_there_is_no_writer(tmp_path):
    with pytest.raises(StoreError, match="no store here"):
        Writer(tmp_path / "nothing", 5.0, 512)


def test_a_writer_that_stops_makes_the_changes_that_wait(store):
    async def change():
        writer = Writer(store, 20.0, 1_024)
        await writer.start()
        tasks = [asyncio.create_task(writer.apply(Update(INSERT % n))) for n in range(1, 4)]
        await asyncio.sleep(0)
        await writer.stop()
        outcomes = await asyncio.gather(*tasks)
        with pytest.raises(StoreError, match="the service is stopping; it takes no more changes"):
            await writer.apply(Update(INSERT % 9))
        return len(outcomes)

    assert asyncio.run(change()) == 3
    assert values(store) == [0, 1, 2, 3]
    assert not store.with_name("store.snapshots").exists()


def test_a_writer_that_stops_does_not_wait_for_ever(store):
    async def change():
        writer = Writer(store, 60.0, 1_024)
        await writer.start()
        tasks = [asyncio.create_task(writer.apply(Update(text))) for text in (ENDLESS, INSERT % 1)]
        await asyncio.sleep(0.2)
        await writer.stop(grace_seconds=0.1)
        return await asyncio.gather(*tasks, return_exceptions=True)

    errors = asyncio.run(change())

    assert [type(error) for error in errors] == [StoreError, StoreError]
    assert str(errors[0]) == "the service stopped before the update was written"
    assert values(store) == [0]


SERVE_AND_DIE = f"""
import asyncio, os, signal, sys
from pathlib import Path
from impckg.service.pool.writer import Update, Writer

async def main():
    writer = Writer(Path(sys.argv[1]), 60.0, 1_024)
    await writer.start()
    task = asyncio.create_task(writer.apply(Update({ENDLESS!r})))
    await asyncio.sleep(0.2)
    print(writer.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_process_ends_with_the_service_even_in_the_middle_of_a_change(store, tmp_path):
    program = tmp_path / "serve.py"
    program.write_text(SERVE_AND_DIE)

    service = subprocess.run(
        [sys.executable, str(program), str(store)], capture_output=True, text=True, check=False
    )

    assert service.returncode == -signal.SIGKILL, service.stderr
    assert ends(int(service.stdout))
    assert values(store) == [0]


def state(task):
    """The letter of a thread's state; None where it is gone."""
    try:
        return re.search(r"^State:\t(\w)", (task / "status").read_text(), re.MULTILINE)[1]
    except (FileNotFoundError, ProcessLookupError):
        return None


def ends(pid):
    """Whether a process with all its threads is gone, or only waits to be noticed, within some seconds."""
    for _ in range(100):
        states = [state(task) for task in Path(f"/proc/{pid}/task").glob("*")]
        if all(each in ("Z", None) for each in states):
            return True
        time.sleep(0.1)
    return False
