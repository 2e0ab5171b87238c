"""Upper bound: engine and encoder in a loop, without HTTP, queue or clients.

        python -m bench.rivals.bare SECONDS     (the rest is set by the environment, see `inside`)

Waits for a line on stdin before it begins, so that several processes can begin together.
"""

from __future__ import annotations

import json
import sys
import time

from bench.rivals.inside import MAX_BATCH, Inside, orders

WARM_UP_BATCHES = 3


def loop(inside: Inside, seconds: float) -> dict[str, float]:
    """Return images per second, and processor milliseconds for each."""
    began, used = time.perf_counter(), time.process_time()
    count = 0
    while (took := time.perf_counter() - began) < seconds:
        seeds = list(range(count, count + MAX_BATCH))
        for seed, image in zip(seeds, inside.render(seeds), strict=True):
            inside.encode(seed, image)
        count += MAX_BATCH
    spent_ms = (time.process_time() - used) * 1000
    return {"images_per_s": count / took, "cpu_ms_per_image": spent_ms / count}


def main() -> None:
    """Load, warm up, wait for the start signal, and print the result as JSON."""
    inside = orders().open()
    for _ in range(WARM_UP_BATCHES):
        inside.render(list(range(MAX_BATCH)))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(loop(inside, float(sys.argv[1]))), flush=True)


if __name__ == "__main__":
    main()
