"""Sockets that a server listens on, opened before anything is loaded.

Owns the error message for an address that cannot be used, and the address that users can open.
Knows neither servers nor protocols.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import cast

ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}

Address = tuple[str, int] | tuple[str, int, int, int]
Place = tuple[socket.AddressFamily, Address]


class ListenError(OSError):
    """Raised if the service cannot listen on its address; the message names the remedy."""


def listen(host: str, port: int, variable: str) -> list[socket.socket]:
    """Return a socket for each address of `host`, bound but not yet listening.

    Args:
        port: 0 selects a free port, the same for each address.
        variable: name of the port setting, for error messages; that of the host is derived from it.

    Raises:
        ListenError: the address is not one of this machine, or the port is in use or not allowed.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _places(host, port):
            taken = sockets[0].getsockname()[1] if sockets else address[1]
            sockets.append(_bound(family, (address[0], taken, *address[2:])))
    except (OSError, UnicodeError) as error:
        for opened in sockets:
            opened.close()
        raise ListenError(_advice(error, host, port, variable)) from error
    return sockets


def _places(host: str, port: int) -> list[Place]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    inet = (socket.AF_INET, socket.AF_INET6)
    places = [(family, cast("Address", address)) for family, _, _, _, address in found]
    return [place for place in dict.fromkeys(places) if place[0] in inet]


def _bound(family: socket.AddressFamily, address: tuple[str | int, ...]) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        # Two processes may bind one address with SO_REUSEADDR until one of them listens.
        opened.listen()
    except OSError:
        opened.close()
        raise
    opened.setblocking(False)
    return opened


def _advice(error: OSError | UnicodeError, host: str, port: int, variable: str) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        other = "PORT" if variable == "PROGAN_PORT" else variable
        return (
            f"port {port} of {host} is taken (address already in use): choose another one, "
            f"as in  {other}=9000 make serve"
        )
    if number == errno.EACCES:
        return f"port {port} needs rights that this user lacks: set {variable} to one above 1023"
    host_variable = variable.replace("PORT", "HOST")
    return f"{host_variable}: {host} is no address of this machine"


def url_of(sockets: Sequence[socket.socket]) -> str:
    """Return an address that users on this machine can open."""
    name: Address = sockets[0].getsockname()
    host, port = name[:2]
    shown = ALL_ADDRESSES.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def cut_off_stuck_clients(sockets: Sequence[socket.socket], limit_s: int) -> None:
    """Let the system close connections whose client reads nothing for `limit_s` s; Linux only."""
    if (option := getattr(socket, "TCP_USER_TIMEOUT", None)) is not None:
        for listener in sockets:
            listener.setsockopt(
                socket.IPPROTO_TCP, option, limit_s * 1000
            )  # accepted connections inherit it
