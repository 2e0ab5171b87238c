"""Time until a visitor sees the first frame of a walk: as one file, and point by point.

    python -m bench.first_frame [--steps 24] [--repeat 5] [--resolution 256] [--unsigned]

Each walk has new seeds, so nothing is cached. *First byte* and *last byte* are those of the file of
`/interpolate`, which is sent when it is complete. *If streamed* estimates the first frame of a
stream: the longest wait and batch of the walk that `Server-Timing` states, and a frame's share of
its encoding. *Points* are the same frames by their own addresses, on two connections. Times are
medians in milliseconds; the default model is measured.
"""

from __future__ import annotations

import argparse
import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from statistics import median

import httpx2

from bench.served import service

FORMATS = ("webp", "gif", "png", "mp4", "strip")
CONNECTIONS = 2
PATIENCE_S = 120.0


def file_times(client: httpx2.Client, query: str) -> tuple[float, float, float]:
    """Return the milliseconds to the first byte, to the last, and of a stream's first frame."""
    began = time.perf_counter()
    with client.stream("GET", f"/interpolate?{query}") as answer:
        answer.raise_for_status()
        first = time.perf_counter()
        answer.read()
    last = time.perf_counter()
    spans = dict(re.findall(r"(\w+);dur=([0-9.]+)", answer.headers["server-timing"]))
    encode_each = float(spans["encode"]) / int(answer.headers["x-frames"])
    streamed = float(spans["queue"]) + float(spans["generate"]) + encode_each
    return (first - began) * 1000, (last - began) * 1000, streamed


def point_times(client: httpx2.Client, seed: int, steps: int, more: str) -> tuple[float, float]:
    """Return the milliseconds to the first frame and to all of them, by their own addresses."""

    def arrival(number: int) -> float:
        address = f"/images/{seed}?end={seed + 1}&t={number / steps}&{more}"
        client.get(address).raise_for_status()
        return time.perf_counter()

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as connections:
        arrivals = list(connections.map(arrival, range(steps + 1)))
    return (arrivals[0] - began) * 1000, (max(arrivals) - began) * 1000


def options_of() -> argparse.Namespace:
    """Parse the command line."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--resolution", type=int, help="else the largest")
    parser.add_argument("--unsigned", action="store_true", help="without Content Credentials")
    return parser.parse_args()


def main() -> None:
    """Measure each format, then the points, and print a table."""
    options = options_of()
    more = f"resolution={options.resolution}" if options.resolution else ""
    seeds = count(1_000_000, 10)
    credentials = "off" if options.unsigned else "on"
    with (
        service(credentials=credentials) as served,
        httpx2.Client(base_url=served.address, timeout=PATIENCE_S) as client,
    ):
        client.get(f"/interpolate?seed=1&seed=2&steps=1&{more}").raise_for_status()
        signed = "unsigned" if options.unsigned else "signed"
        print(f"{options.steps + 1} frames, {signed}; ms, medians of {options.repeat}\n")
        print(f"{'format':8}{'first byte':>12}{'last byte':>12}{'if streamed':>13}")
        for name in FORMATS:
            times = [
                file_times(
                    client,
                    f"seed={seed}&seed={seed + 1}&steps={options.steps}&format={name}&{more}",
                )
                for seed, _ in zip(seeds, range(options.repeat), strict=False)
            ]
            first, last, streamed = (median(column) for column in zip(*times, strict=True))
            print(f"{name:8}{first:12.0f}{last:12.0f}{streamed:13.0f}")
        points = [
            point_times(client, next(seeds), options.steps, f"format=webp&{more}")
            for _ in range(options.repeat)
        ]
        first, last = (median(column) for column in zip(*points, strict=True))
        print(f"\n{'points':8}{first:12.0f}{last:12.0f}   first and last frame")


if __name__ == "__main__":
    main()
