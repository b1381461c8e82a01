"""A process that cannot reach the network, whatever it is made to do.

The engine asks over HTTP whatever a query names behind SERVICE. What stands in front of it (guard.py, federation/)
reads queries and can be mistaken; the kernel cannot. Two of its means work for any user, in containers too, and
need no package (Linux on x86-64 and ARM; elsewhere nothing is cut, and `cut_network` says so):

* a seccomp filter that lets no socket be made but for talking within the machine (AF_UNIX), nor an io_uring, which
  could make one past the filter;
* Landlock (Linux 6.7), which knows TCP ports: a worker that may federate makes TCP sockets, and connects them to
  the one port of the forwarder. It is the port that is allowed, at whatever address.

What was tried besides: a network namespace (unshare) needs privileges that a service should not have, and most
containers forbid it. A limit of open files (RLIMIT_NOFILE) is no way: the engine opens the files of a store when it
needs them.

A process cannot take any of this back, and its children inherit it. Threads that are there already are bound by the
filter and not by Landlock; so call it before there are any. It is made against hostile queries. Hostile code would
find ways that the engine does not go: with `but_port`, for one, data sent along with the opening of a connection
(MSG_FASTOPEN), which Landlock does not see.
"""

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_VERSION_WITH_PORTS = 4
_LANDLOCK_BIND_TCP, _LANDLOCK_CONNECT_TCP = 1, 2
_LANDLOCK_RULE_NET_PORT = 2

_AF_UNIX, _AF_INET = 1, 2
_SOCK_STREAM, _SOCK_TYPE_MASK = 1, 0xF
_ANY_PROTOCOL, _TCP = 0, 6
_IO_URING_SETUP = 425

# Offsets in the kernel's struct seccomp_data; the arguments are 64 bits wide, their lower half comes first.
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT, _AT_SECOND_ARGUMENT, _AT_THIRD_ARGUMENT = 0, 4, 16, 24, 32
# Instructions of the kernel's packet filter: load a word, mask it, jump if equal, jump if a bit is set, return.
_LOAD, _AND, _IF_EQUAL, _IF_BIT, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x06
_ALLOW = 0x7FFF0000
_DENY = 0x00050000 | errno.EACCES
_X32_BIT = 0x40000000
"""System calls of the x32 way of calling have this bit, and would be other numbers."""


@dataclass(frozen=True)
class _Machine:
    """How a processor's system calls are known to the kernel: its name in a filter, and two of their numbers."""

    architecture: int
    socket: int
    seccomp: int


_MACHINES = {
    "x86_64": _Machine(architecture=0xC000003E, socket=41, seccomp=317),
    "aarch64": _Machine(architecture=0xC00000B7, socket=198, seccomp=277),
}


def cut_network(but_port: int | None = None) -> bool:
    """Cut this process off the network, for good.

    but_port: a TCP port that it may still connect to.

    Returns whether it is cut off. Where Landlock is missing, a process with `but_port` is not, and False is returned:
    it makes no sockets but TCP, and may connect them anywhere.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    limited = but_port is None or _limit_ports(libc, but_port)
    return _filter_sockets(libc, machine, tcp=but_port is not None) and limited


def _filter_sockets(libc: ctypes.CDLL, machine: _Machine, tcp: bool) -> bool:
    code = _program(machine, tcp)
    instructions = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: a count, padding, and a pointer.
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(instructions))
    filtered = libc.syscall(
        machine.seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.c_char_p(program)
    )
    return bool(filtered == 0)


def _program(machine: _Machine, tcp: bool) -> bytes:
    """The filter: each instruction has a code, how many to skip if so and if not, and a value."""
    # Landlock does not see the ports of other protocols that make streams.
    tcp_check = [
        (_IF_EQUAL, 0, 7, _AF_INET),
        (_LOAD, 0, 0, _AT_SECOND_ARGUMENT),
        (_AND, 0, 0, _SOCK_TYPE_MASK),
        (_IF_EQUAL, 0, 4, _SOCK_STREAM),
        (_LOAD, 0, 0, _AT_THIRD_ARGUMENT),
        (_IF_EQUAL, 1, 0, _ANY_PROTOCOL),
        (_IF_EQUAL, 0, 1, _TCP),
        (_RETURN, 0, 0, _ALLOW),
    ]
    instructions = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_IF_EQUAL, 1, 0, machine.architecture),
        (_RETURN, 0, 0, _DENY),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_IF_BIT, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _DENY),
        (_IF_EQUAL, 0, 1, _IO_URING_SETUP),
        (_RETURN, 0, 0, _DENY),
        (_IF_EQUAL, 1, 0, machine.socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _AT_FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, _AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        *(tcp_check if tcp else []),
        (_RETURN, 0, 0, _DENY),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def _limit_ports(libc: ctypes.CDLL, port: int) -> bool:
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)
    if version < _LANDLOCK_VERSION_WITH_PORTS:
        return False
    # Nothing is said about files; of the network, binding is never allowed and connecting to one port is.
    handled = struct.pack("QQ", 0, _LANDLOCK_BIND_TCP | _LANDLOCK_CONNECT_TCP)
    rules = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.c_char_p(handled), len(handled), 0)
    if rules < 0:
        return False
    rule = struct.pack("QQ", _LANDLOCK_CONNECT_TCP, port)
    added = libc.syscall(_LANDLOCK_ADD_RULE, rules, _LANDLOCK_RULE_NET_PORT, ctypes.c_char_p(rule), 0)
    restricted = libc.syscall(_LANDLOCK_RESTRICT_SELF, rules, 0)
    libc.close(rules)
    return bool(added == 0 and restricted == 0)
