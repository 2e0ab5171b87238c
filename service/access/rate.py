"""Rate limits per client: by key, else by address.

Owns the windows and who shares one. A window begins with a client's first request, so Retry-After
is exact. Addresses share a fixed number of windows: memory stays bounded
however many there are, and a secret keeps anyone from aiming at another's. Knows no HTTP.
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
NETWORK_BITS = 64  # what one household or one server has of IPv6


class RateLimit:
    """Counts requests.

    Args:
        rates: such as `120/minute`, or `10/second; 1000/hour`.
    """

    def __init__(self, rates: str) -> None:
        self._rates = parse_many(rates)
        self._storage = MemoryStorage()
        self._windows = FixedWindowRateLimiter(self._storage)
        self._secret = secrets.token_bytes(32)

    def take(self, key: bytes | None, address: str) -> None:
        """Count one request of a client.

        Args:
            key: the digest of its key, if it has a good one.
            address: where it comes from.

        Raises:
            RateExceeded: it has had all of its window; with the seconds until the next.
        """
        who = self._window_of(address) if key is None else f"key {key.hex()}"
        # All are asked before one is charged: a request that is refused uses up nothing.
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
    """The part of an address that one client cannot change at will."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv4Address):
        return address
    if number.ipv4_mapped:
        return str(number.ipv4_mapped)
    return str(ipaddress.ip_network((int(number), NETWORK_BITS), strict=False))
