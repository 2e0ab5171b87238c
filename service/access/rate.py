"""Rate limits per client: by key, else by address.

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
    """Counts requests per client.

    Args:
        rates: rates such as `120/minute` or `10/second; 1000/hour`.
    """

    def __init__(self, rates: str) -> None:
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
        who = self._window_of(address) if key is None else f"key {key.hex()}"
        # All rates are tested before one is counted: a refused request does not count.
        full = [rate for rate in self._rates if not self._windows.test(rate, who)]
        if full:
            ends = [self._windows.get_window_stats(rate, who).reset_time for rate in full]
            raise RateExceeded(
                f"more than {' and '.join(map(str, full))} from one client",
                retry_after_s=max(1, math.ceil(max(ends) - time.time())),
                allowed=str(full[-1]),
            )
        for rate in self._rates:
            self._windows.hit(rate, who)

    def _window_of(self, address: str) -> str:
        place = network_of(address).encode()
        digest = hashlib.blake2b(place, key=self._secret, digest_size=8).digest()
        return f"address {int.from_bytes(digest) % ADDRESS_WINDOWS}"


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
