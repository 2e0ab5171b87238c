"""Rate limits per client: by key, else by address; of requests, or of pictures in data sets.

Owns the windows and their assignment to clients. A window begins with a client's first request, so
Retry-After is exact. Addresses are hashed to a fixed number of windows, which bounds the memory;
the hash has a secret key, so that no client can choose to share another's window. Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from service.errors import RateExceeded

ADDRESS_WINDOWS = 2**14
NETWORK_BITS = 64  # prefix length in bits that one customer or one server has in IPv6


class RateLimit:
    """Counts requests, or pictures, per client.

    Args:
        rates: rates such as `120/minute` or `10/second; 1000/hour`.
        things: what is counted, for messages; requests if empty.
    """

    def __init__(self, rates: str, things: str = "") -> None:
        self._things = f"{things} " if things else ""
        self._rates = parse_many(rates)
        self._storage = MemoryStorage()
        self._windows = FixedWindowRateLimiter(self._storage)
        self._secret = secrets.token_bytes(32)

    def take(self, key: bytes | None, address: str) -> None:
        """Count one request of a client.

        Args:
            key: digest of its key, if it has a valid one.
            address: its IP address.

        Raises:
            RateExceeded: its window is used up; with the seconds until the next window.
        """
        # All rates are tested before one is counted: a refused request does not count.
        self.require(key, address)
        self.count(key, address)

    @property
    def most(self) -> int:
        """The largest number that one window can hold."""
        return min(rate.amount for rate in self._rates)

    def require(self, key: bytes | None, address: str, amount: int = 1) -> None:
        """Check that the windows of a client have room, without counting.

        Args:
            key: digest of its key, if it has a valid one.
            address: its IP address.
            amount: requests or pictures.

        Raises:
            RateExceeded: its window is used up; with the seconds until the next window.
        """
        who = self._client(key, address)
        full = [rate for rate in self._rates if not self._windows.test(rate, who, cost=amount)]
        if full:
            ends = [self._windows.get_window_stats(rate, who).reset_time for rate in full]
            raise RateExceeded(
                f"more {self._things}than {' and '.join(map(str, full))} from one client",
                retry_after_s=max(1, math.ceil(max(ends) - time.time())),
                allowed=str(full[-1]),
            )

    def count(self, key: bytes | None, address: str, amount: int = 1) -> None:
        """Count requests or pictures of a client, whether its windows have room or not."""
        who = self._client(key, address)
        for rate in self._rates:
            self._windows.hit(rate, who, cost=amount)

    def _client(self, key: bytes | None, address: str) -> str:
        return self._window_of(address) if key is None else client_name(key, address)

    def _window_of(self, address: str) -> str:
        place = network_of(address).encode()
        digest = hashlib.blake2b(place, key=self._secret, digest_size=8).digest()
        return f"address {int.from_bytes(digest) % ADDRESS_WINDOWS}"


def client_name(key: bytes | None, address: str) -> str:
    """Return the name of a client: its key, if it has a valid one, else its network."""
    return f"address {network_of(address)}" if key is None else f"key {key.hex()}"


def network_of(address: str) -> str:
    """The part of an address that a client cannot change: IPv4, or the /64 prefix of IPv6."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv4Address):
        return address
    if number.ipv4_mapped:
        return str(number.ipv4_mapped)
    return str(ipaddress.ip_network((int(number), NETWORK_BITS), strict=False))
