"""The endpoints that SERVICE may ask, and the network addresses that may be called for it.

What a name resolves to is checked with each call (forwarder.py), since it can change. What can be told from the IRI
alone is refused when the list is made: numbers that only some libraries read as addresses, user names, other
schemes.

Source of the special addresses: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and its
successors) and, for NAT64, RFC 6052.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from impckg.graph.errors import KgError

_PORTS = {"http": 80, "https": 443}
# What may stand in an IRI that goes into a request line: the characters of RFC 3986, in ASCII.
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]+")
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
# Libraries read 127.1, 0177.0.0.1, 0x7f.1 and 2130706433 as addresses: a name whose last part is a number is none.
_NUMBER = re.compile(r"(\d+|0x[0-9a-f]*)")
_NAMES_OF_THIS_MACHINE = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")

# With `allow_private`, these may be called as well, and only these.
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7")
)
# Nothing public is there, though ipaddress thought so in some version of Python.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class BadEndpoint(KgError):
    """An address cannot be one that SERVICE may ask."""


@dataclass(frozen=True)
class Endpoint:
    """A SPARQL endpoint: its IRI as queries name it, and what a request to it needs to know.

    host: a name in lower case, or an address without brackets. target: path and query of its IRI.
    """

    iri: str
    tls: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"


@dataclass(frozen=True)
class AllowList:
    """The endpoints that SERVICE may ask. In a query their IRIs stand exactly as they do here.

    allow_private: whether they may be on private or loopback addresses. Link-local ones, where clouds keep their
    credentials, may not even then.
    """

    endpoints: tuple[Endpoint, ...]
    allow_private: bool = False

    @classmethod
    def of(cls, iris: Iterable[str], allow_private: bool = False) -> "AllowList":
        """The list of these IRIs, in this order, each once.

        Raises BadEndpoint where one cannot be asked.

        >>> AllowList.of(["https://sparql.uniprot.org/sparql"]).endpoints[0].port
        443
        """
        return cls(tuple(_endpoint(iri, allow_private) for iri in dict.fromkeys(iris)), allow_private)

    def number(self, iri: str) -> int | None:
        """The place of an endpoint in the list, from 0; None where it is not in it."""
        return next((number for number, endpoint in enumerate(self.endpoints) if endpoint.iri == iri), None)

    def __str__(self) -> str:
        return ", ".join(f"<{endpoint.iri}>" for endpoint in self.endpoints) or "none"


NOBODY = AllowList(())
"""The list that has no one on it."""


def refusal(address: str, allow_private: bool) -> str | None:
    """Why a network address may not be called; None where it may.

    >>> refusal("127.0.0.1", allow_private=False)
    '127.0.0.1 is a private address'
    >>> refusal("::ffff:169.254.169.254", allow_private=True)
    '::ffff:169.254.169.254 is not a public address'
    """
    ip = ipaddress.ip_address(address)
    meant = _meant(ip)
    if any(meant in network for network in _PRIVATE):
        return None if allow_private else f"{address} is a private address"
    if (
        not meant.is_global
        or meant.is_multicast
        or any(meant in network for network in _SPECIAL)
        or (isinstance(meant, ipaddress.IPv6Address) and meant not in _GLOBAL_IPV6)
    ):
        return f"{address} is not a public address"
    return None


def _meant(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does.

    6to4 and Teredo hold one, too; their networks are refused as a whole.
    """
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


def _endpoint(iri: str, allow_private: bool) -> Endpoint:
    if not _URL.fullmatch(iri):
        raise BadEndpoint(f"{iri!r}: an endpoint's IRI has ASCII characters only, and no spaces")
    try:
        parts = urlsplit(iri)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise BadEndpoint(f"{iri}: cannot be read as an address: {error}") from error
    if parts.scheme not in _PORTS:
        raise BadEndpoint(
            f"{iri}: an endpoint is asked by http or https, not by {parts.scheme or 'nothing'!r}"
        )
    if "@" in parts.netloc:
        raise BadEndpoint(f"{iri}: names a user; endpoints are asked without a name or password")
    if "#" in iri:
        raise BadEndpoint(f"{iri}: has a fragment, which no request can carry")
    if port == 0:
        raise BadEndpoint(f"{iri}: there is no port 0")
    _check_host(iri, host, bracketed="[" in parts.netloc, allow_private=allow_private)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(iri, parts.scheme == "https", host, port or _PORTS[parts.scheme], target)


def _check_host(iri: str, host: str, bracketed: bool, allow_private: bool) -> None:
    if bracketed or _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            why = "an address with a zone" if "%" in host else refusal(host, allow_private)
        except ValueError as error:
            raise BadEndpoint(
                f"{iri}: {host!r} is neither a name nor an address; expected one like 192.0.2.1 or [2001:db8::1]"
            ) from error
        if why is not None:
            raise BadEndpoint(f"{iri}: {why}")
    elif not _NAME.fullmatch(host):
        raise BadEndpoint(f"{iri}: {host!r} is not the name of a machine, without a dot at its end")
    elif (host in _NAMES_OF_THIS_MACHINE or host.endswith(".localhost")) and not allow_private:
        raise BadEndpoint(f"{iri}: {host} is this machine itself")
