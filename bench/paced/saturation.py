"""A closed loop of requests that saturates a paced service, whose engine is a fast device.

Owns the pace of that device, the connections and the requests. Knows no processor time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

from bench.load import Record, Request, closed_loop
from bench.paced.engine import Pace
from bench.paced.process import PacedService

DEVICE = Pace(0.004)
BATCH = 32
CONNECTIONS = 64
WARM_UP_S = 0.5


def saturate(service: PacedService, requests: Iterator[Request], seconds: float) -> list[Record]:
    """Run a closed loop."""
    loop = closed_loop(service.address, requests, seconds, connections=CONNECTIONS)
    return asyncio.run(loop)


def requests_for(size: int, image_format: str) -> Iterator[Request]:
    """Yield requests for one seed after another."""
    return (Request(f"/images/{n}?resolution={size}&format={image_format}") for n in count(1000))
