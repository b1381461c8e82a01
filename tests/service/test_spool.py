"""Bytes between a fast writer and a slow reader."""

from hypothesis import given
from hypothesis import strategies as st

from impckg.service.pool.spool import Allowance, Spool

MIB = 1024 * 1024


def drained(spool: Spool) -> bytes:
    parts = []
    while part := spool.read():
        parts.append(part)
    return b"".join(parts)


@given(st.lists(st.one_of(st.integers(1, 400_000), st.none()), max_size=40))
def test_what_is_written_is_read_in_its_order_whenever_it_is_read(steps):
    """A number is a part of that length that is written; None is a read."""
    spool, written, read = Spool(Allowance(1 << 30)), b"", b""
    for number, length in enumerate(steps):
        if length is None:
            read += spool.read()
        else:
            part = bytes([number]) * length
            written += part
            spool.write(part)
        assert len(spool) == len(written) - len(read)
    read += drained(spool)
    spool.close()

    assert read == written


def test_a_little_takes_no_disk_and_much_takes_what_it_is_long():
    allowance = Allowance(1 << 30)
    spool = Spool(allowance)

    spool.write(b"x" * 100_000)
    before = allowance.used
    for _ in range(10):
        spool.write(b"y" * MIB)
    during = allowance.used
    drained(spool)
    after = allowance.used
    spool.close()

    assert (before, during, after) == (0, 10 * MIB, 0)


def test_what_nobody_reads_is_given_back():
    allowance = Allowance(1 << 30)
    spool = Spool(allowance)
    spool.write(b"x" * MIB)

    spool.close()

    assert allowance.used == 0
    assert len(spool) == 0


def test_all_spools_share_one_allowance():
    allowance = Allowance(3 * MIB)
    large, small = Spool(allowance), Spool(allowance)

    for _ in range(4):
        large.write(b"x" * MIB)
    small.write(b"y")

    assert large.full
    assert not small.full, "what takes no disk need not wait for it"
    drained(large)
    assert not large.full
    large.close()
