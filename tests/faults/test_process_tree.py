"""A process tree from outside: memory that is full or refused, a supervisor that stands still."""

from __future__ import annotations

import resource
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.service.painter import PATIENCE_S
from tests.service.processes.tree import Tree, is_right, until

SEEDS = 64  # pictures of a request: 192 KiB at 32 px
REQUESTS = 12  # both front ends together have room for ten


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Two front ends with 1 MiB for unencoded pictures each; a stopped process is waited for."""
    settings = {"stall_s": "60", "hang_s": "90", "unencoded_bytes": str(2**21)}
    with Tree(tmp_path_factory.mktemp("tree"), queue_capacity="4096", **settings) as tree:
        yield tree.ready()


def generated(tree: Tree, first: int) -> httpx2.Response:
    """The answer to a request for many pictures."""
    seeds = "&".join(f"seed={seed}" for seed in range(first, first + SEEDS))
    address = f"http://127.0.0.1:{tree.port}/generate?resolution=32&{seeds}"
    return httpx2.post(address, timeout=PATIENCE_S)


def test_pictures_beyond_their_memory_are_refused_at_once_and_the_others_come(tree: Tree) -> None:
    """With Retry-After; afterwards all of the memory is free again."""
    (engine,) = tree.pids("painter_process")
    with ThreadPoolExecutor(REQUESTS) as pool:
        tree.kill(engine, signal.SIGSTOP)
        try:
            asked = [pool.submit(generated, tree, number * SEEDS) for number in range(REQUESTS)]
            until(lambda: sum(each.done() for each in asked) >= REQUESTS - 10)
            refused = [each.result() for each in asked if each.done()]
        finally:
            tree.kill(engine, signal.SIGCONT)
        answers = [each.result() for each in asked]

    for each in refused:
        problem = each.json()
        assert (each.status_code, problem["type"]) == (503, "urn:problem-type:progan:queue-full")
        assert "bytes of pictures wait to be encoded" in problem["detail"]
        assert int(each.headers["retry-after"]) >= 1
    done = [each for each in answers if each.status_code == 200]
    assert len(done) + len(refused) == REQUESTS
    assert all(len(each.json()["images"]) == SEEDS for each in done)
    again = [generated(tree, 0) for _ in range(4)]
    assert [each.status_code for each in again] == [200] * 4
    assert tree.pids("painter_process") == [engine]


def test_a_process_that_the_system_refuses_is_started_when_it_can_be(tree: Tree) -> None:
    """Here for want of descriptors; the other front end answers meanwhile."""
    supervisor = tree.process.pid
    limits = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    killed = tree.pids("front_process")[0]
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        tree.kill(killed)
        until(lambda: "cannot be started ([Errno 24]" in tree.log.read_text())
        assert is_right(tree.get("/images/5?resolution=32"), 5)
    finally:
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, limits)
    until(lambda: tree.metric('progan_processes{kind="front"}') == 2)

    assert killed not in tree.pids()
    assert is_right(tree.get("/images/5?resolution=32"), 5)


def test_a_supervisor_that_stands_still_stops_no_pictures_and_is_told_of(tree: Tree) -> None:
    """What only it knows is refused in seconds; when it goes on, no process was ended."""
    pids = tree.pids()
    tree.kill(tree.process.pid, signal.SIGSTOP)
    try:
        picture, scrape = tree.get("/images/3?resolution=32"), tree.get("/metrics")
    finally:
        tree.kill(tree.process.pid, signal.SIGCONT)
    until(lambda: tree.metric('progan_processes{kind="front"}') == 2)

    assert is_right(picture, 3)
    assert scrape is not None
    assert scrape.status_code == 503
    assert "supervisor" in scrape.json()["detail"]
    assert int(scrape.headers["retry-after"]) >= 1
    assert tree.pids() == pids


def test_idle_connections_and_reloads_take_nothing_from_others(tree: Tree) -> None:
    """Hundreds of connections that say nothing, one that never reads, and a reload with each."""
    place = ("127.0.0.1", tree.port)
    idle = [socket.create_connection(place, PATIENCE_S) for _ in range(300)]
    deaf = socket.create_connection(place, PATIENCE_S)
    deaf.sendall(b"GET /images/1?resolution=32 HTTP/1.1\r\nHost: test\r\n\r\n" * 200)
    try:
        for seed in range(20):
            tree.kill(tree.process.pid, signal.SIGHUP)
            assert is_right(tree.get(f"/images/{seed}?resolution=32"), seed)
    finally:
        for connection in (*idle, deaf):
            connection.close()
    assert tree.is_ready()
