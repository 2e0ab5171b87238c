"""`python -m tests.ending_command WAY`: a command that ends in the way of its first word."""

from __future__ import annotations

import atexit
import resource
import sys
import threading
import time

CODES = {"zero": 0, "seven": 7, "none": None, "words": "some words"}


def end_later() -> None:
    """What a thread does after the last line of the command."""
    time.sleep(0.1)
    sys.stdout.write("a thread ends\n")


if __name__ == "__main__":
    sys.stdout.write(f"begins with {sys.argv[1:]}\n")
    atexit.register(sys.stdout.write, "registered for the exit\n")
    threading.Thread(target=end_later).start()
    way = sys.argv[1]
    if way == "limit":
        sys.stdout.write(f"may open {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}\n")
    if way == "error":
        raise ValueError("an error of its own")
    if way in CODES:
        sys.exit(CODES[way])
