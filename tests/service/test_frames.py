"""What the service and a worker say to each other."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impckg.service.pool.frames import HEAD_BYTES, FrameKind, Frames, Task, frame, read_task, write_task

KINDS = st.sampled_from(FrameKind)


@given(st.lists(st.tuples(KINDS, st.binary(max_size=50))), st.lists(st.integers(1, 60), min_size=1))
def test_frames_are_told_apart_however_they_arrive(sent, lengths):
    stream = b"".join(frame(kind, content) for kind, content in sent)
    frames, received, at = Frames(), [], 0
    for number in range(len(stream)):
        length = lengths[number % len(lengths)]
        received += frames.feed(stream[at : at + length])
        at += length

    assert received == sent


def test_what_is_no_frame_is_an_error():
    with pytest.raises(ValueError, match="99"):
        list(Frames().feed(b"\x63\x00\x00\x00\x00"))


@given(st.text(), st.text(), st.sampled_from([None, "en"]), st.integers())
def test_a_task_arrives_as_it_was(text, value, language, number):
    bindings = {
        "thing": ox.NamedNode("urn:a"),
        "word": ox.Literal(value, language=language) if language else ox.Literal(value),
        "number": ox.Literal(number),
    }
    task = Task(
        text,
        "json",
        most_rows=1,
        most_bytes=2,
        default_graphs=("urn:g", "urn:h"),
        bindings=bindings,
        base_iri="http://a/",
        packed=True,
        guard=(100, 2_000),
        cut=9,
    )

    assert read_task(write_task(task)[HEAD_BYTES:]) == task
