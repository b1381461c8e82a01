"""Many small sets and lists of integers in one array, for the kernel.

A family holds one set (or list) for each of its members, all in one array. What outgrows its place moves to one twice as
large, and its old place is used again. The array is taken from the operating system at its full length at once; only the
pages that are written to count as memory, so its length is the limit of memory and not its use.

One array, because each array that is taken out of a tuple costs the compiled code two atomic operations: with six
arrays in a tuple the kernel took five times as long.

Layout: the number of members; how much has been given out; the first free place of each length; for each member the
beginning of its place, the logarithm of its length (0: it has none) and how much of it is taken; then the places. A free
place begins with the next free one. In a set EMPTY marks what is not taken, so keys are not negative.

Everything here is compiled by numba at its first call, and kept on disk for the next process.
"""

from typing import TypeAlias

import numpy as np
from numba import njit

from impckg.ontology.reasoning.rows import Integers

Family: TypeAlias = Integers

EMPTY = -1
_MEMBERS, _TOP, _FREE = 0, 1, 2
_LENGTHS = 48
_HEADER = _FREE + _LENGTHS
_START, _BITS, _SIZE = 0, 1, 2
_FIELDS = 3
_SMALLEST = 2
# Of a set's places this many of 8 may be taken: fewer waste memory, more make long searches.
_LOAD = 6
# 2**64 / golden ratio: spreads neighbouring keys (Knuth, The Art of Computer Programming 3, 6.4).
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def family(members: int, capacity: int) -> Family:
    """Make a family of empty sets or lists. capacity: integers in all places, 8 bytes each."""
    places_begin = _HEADER + _FIELDS * members
    made = np.empty(places_begin + capacity, dtype=np.int64)
    made[:places_begin] = 0
    made[_FREE:_HEADER] = EMPTY
    made[_MEMBERS], made[_TOP] = members, places_begin
    return made


@njit(cache=True, nogil=True)
def members(family: Family) -> int:
    """How many sets or lists there are."""
    return int(family[_MEMBERS])


@njit(cache=True, nogil=True)
def start(family: Family, member: int) -> int:
    """Where the place of a set or list begins."""
    return int(family[_HEADER + _FIELDS * member + _START])


@njit(cache=True, nogil=True)
def size(family: Family, member: int) -> int:
    """How many integers a set or list has."""
    return int(family[_HEADER + _FIELDS * member + _SIZE])


@njit(cache=True, nogil=True)
def end(family: Family, member: int) -> int:
    """Where the place of a set ends, whose integers stand among EMPTY ones."""
    bits = family[_HEADER + _FIELDS * member + _BITS]
    return start(family, member) + (1 << bits if bits else 0)


def sizes(family: Family) -> Integers:
    """How many integers each set or list has: shape (members,)."""
    fields: Integers = family[_HEADER : _HEADER + _FIELDS * family[_MEMBERS]]
    return fields[_SIZE::_FIELDS]


@njit(cache=True, nogil=True)
def _slot(family: Family, begin: int, bits: int, key: int) -> int:
    """Where a set has the key, or would take it in."""
    mask = (1 << bits) - 1
    at = np.int64((np.uint64(key) * _SPREAD) >> np.uint64(64 - bits))
    while family[begin + at] != EMPTY and family[begin + at] != key:
        at = (at + 1) & mask
    return int(begin + at)


@njit(cache=True, nogil=True)
def holds(family: Family, member: int, key: int) -> bool:
    """Say whether a set holds a key."""
    bits = family[_HEADER + _FIELDS * member + _BITS]
    return bool(bits > 0 and family[_slot(family, start(family, member), bits, key)] == key)


@njit(cache=True, nogil=True)
def insert(family: Family, member: int, key: int) -> bool:
    """Put a key into a set; say whether it is new there. Raises MemoryError where there is no more room."""
    fields = _HEADER + _FIELDS * member
    bits = family[fields + _BITS]
    if bits:
        at = _slot(family, family[fields + _START], bits, key)
        if family[at] == key:
            return False
        if (family[fields + _SIZE] + 1) * 8 <= _LOAD << bits:
            family[at] = key
            family[fields + _SIZE] += 1
            return True
    _widen_set(family, fields)
    at = _slot(family, family[fields + _START], family[fields + _BITS], key)
    family[at] = key
    family[fields + _SIZE] += 1
    return True


@njit(cache=True, nogil=True)
def append(family: Family, member: int, value: int) -> None:
    """Put a value at the end of a list. Raises MemoryError where there is no more room."""
    fields = _HEADER + _FIELDS * member
    bits, taken = family[fields + _BITS], family[fields + _SIZE]
    if bits == 0 or taken == 1 << bits:
        _widen_list(family, fields)
    family[family[fields + _START] + taken] = value
    family[fields + _SIZE] = taken + 1


@njit(cache=True, nogil=True)
def written_down(family: Family) -> tuple[Integers, Integers]:
    """Write down all sets: the keys of member m, ascending, are keys[first[m] : first[m + 1]]; returns (first, keys)."""
    first = np.zeros(members(family) + 1, dtype=np.int64)
    for member in range(members(family)):
        first[member + 1] = first[member] + size(family, member)
    keys = np.empty(first[members(family)], dtype=np.int64)
    for member in range(members(family)):
        last = first[member]
        for at in range(start(family, member), end(family, member)):
            if family[at] != EMPTY:
                keys[last] = family[at]
                last += 1
        keys[first[member] : last].sort()
    return first, keys


@njit(cache=True, nogil=True)
def _widen_set(family: Family, fields: int) -> None:
    old, old_bits = family[fields + _START], family[fields + _BITS]
    bits = old_bits + 1 if old_bits else _SMALLEST
    begin = _place(family, bits)
    family[begin : begin + (1 << bits)] = EMPTY
    if old_bits:
        for at in range(old, old + (1 << old_bits)):
            if family[at] != EMPTY:
                family[_slot(family, begin, bits, family[at])] = family[at]
        _give_back(family, old, old_bits)
    family[fields + _START] = begin
    family[fields + _BITS] = bits


@njit(cache=True, nogil=True)
def _widen_list(family: Family, fields: int) -> None:
    old, old_bits = family[fields + _START], family[fields + _BITS]
    bits = old_bits + 1 if old_bits else _SMALLEST
    begin = _place(family, bits)
    for at in range(family[fields + _SIZE]):
        family[begin + at] = family[old + at]
    if old_bits:
        _give_back(family, old, old_bits)
    family[fields + _START] = begin
    family[fields + _BITS] = bits


@njit(cache=True, nogil=True)
def _place(family: Family, bits: int) -> int:
    """Find a place of 2**bits integers."""
    begin = int(family[_FREE + bits])
    if begin != EMPTY:
        family[_FREE + bits] = family[begin]
        return begin
    begin = int(family[_TOP])
    if begin + (1 << bits) > family.shape[0]:
        raise MemoryError("no more room")
    family[_TOP] = begin + (1 << bits)
    return begin


@njit(cache=True, nogil=True)
def _give_back(family: Family, begin: int, bits: int) -> None:
    family[begin] = family[_FREE + bits]
    family[_FREE + bits] = begin
