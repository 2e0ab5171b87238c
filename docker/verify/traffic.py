"""Light traffic with requests of every kind, so that every metric has data.

Owns the requests and their rate: two clients, each with one request at a time.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request

PAUSE_S = 0.2
# Requests of each kind; the last two are invalid on purpose, since errors are counted, too.
PATHS = (
    "GET /images/{n}",
    "GET /images/{n}?format=webp",
    "GET /images/{n}?format=jpeg",
    "POST /generate?count=3&seed={n}&seed={n}1&seed={n}2",
    "GET /interpolate?seed={n}&seed=1&steps=3",
    "GET /datasets?count=20&from_seed={n}&resolution=8",
    "GET /images/{n}?resolution=7",
    "GET /images/{n}?model=nobody",
)


def status_of(method: str, address: str) -> int:
    """Send one request and return its status; 0 if there is no response."""
    request = urllib.request.Request(address, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def send_traffic(target: str, seconds: float) -> None:
    """Run two clients for `seconds`, each with one request at a time and a pause between."""
    end = time.monotonic() + seconds

    def client(first: int) -> None:
        n = first
        while time.monotonic() < end:
            method, _, path = PATHS[n % len(PATHS)].partition(" ")
            status_of(method, f"http://{target}{path.format(n=n)}")
            n += 1
            time.sleep(PAUSE_S)

    clients = [threading.Thread(target=client, args=(first,)) for first in (0, 1000)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
