"""The process tree under faults, with real processes: what clients see, and what is left behind."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.faults.process import read_all, request_of
from tests.service.painter import PATIENCE_S
from tests.service.processes.painter_process import SLOW_SEED
from tests.service.processes.tree import Tree, is_right, until


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Two front ends and an engine; silence of ten seconds counts as a hang."""
    folder = tmp_path_factory.mktemp("tree")
    settings = {"stall_s": "3", "hang_s": "10"}
    with Tree(folder, **settings) as tree:
        yield tree.ready()


@contextmanager
def served_by(tree: Tree) -> Generator[dict[int, socket.socket]]:
    """A connection to each front end, by its process."""
    found: dict[int, socket.socket] = {}
    until(lambda: len(tree.pids("front_process")) == 2)
    while len(found) < 2:
        connection = socket.create_connection(("127.0.0.1", tree.port), PATIENCE_S)
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n")
        received = b""
        while not received.endswith(b"}"):  # head and body may arrive apart
            received += connection.recv(65536)
        pid = next(pid for pid in tree.pids("front_process") if has_connection(pid, connection))
        if pid in found:
            connection.close()
        else:
            found[pid] = connection
    with ExitStack() as closing:
        for connection in found.values():
            closing.enter_context(connection)
        yield found


def is_listening(port: int) -> bool:
    """Whether a connection is taken; an ended process may have its sockets for a moment."""
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def has_connection(pid: int, connection: socket.socket) -> bool:
    """Whether the other end of a connection is in a process."""
    here, there = connection.getsockname()[1], connection.getpeername()[1]
    line = f"0100007F:{there:04X} 0100007F:{here:04X}"
    rows = Path("/proc/net/tcp").read_text().splitlines()
    inode = next(row.split()[9] for row in rows if line in row)
    links = Path(f"/proc/{pid}/fd").iterdir()
    return any(f"socket:[{inode}]" == str(link.readlink()) for link in links)


def test_pictures_of_both_front_ends_are_right_and_one_scrape_tells_all(tree: Tree) -> None:
    """Counters of both are added, whichever answers the scrape."""
    images = 'progan_images_total{model="painter-32",resolution="32"}'
    before = tree.metric(images)
    with served_by(tree) as fronts:
        for seed, connection in enumerate(fronts.values()):
            connection.sendall(request_of(f"GET /images/{seed}"))
            assert is_right(answer_in(read_all(connection)), seed)
    until(lambda: tree.metric('progan_processes{kind="engine"}') == 1)
    scrapes = [tree.get("/metrics") for _ in range(4)]
    status = tree.get("/status")

    lines = [json.loads(line) for line in tree.log.read_text().splitlines() if line[0] == "{"]
    by_process = {line["process"] for line in lines}
    assert by_process >= {"supervisor", "front-0", "front-1", "engine-0"}
    for scrape in scrapes:
        assert scrape is not None
        assert f"{images} {before + 2}" in scrape.text
        assert 'progan_processes{kind="front"} 2.0' in scrape.text
        assert 'progan_processes{kind="engine"} 1.0' in scrape.text
        assert "progan_selftest_ok 1.0" in scrape.text
        assert scrape.text.count("process_start_time_seconds{") == 4
    assert status is not None
    assert "painter-32" in status.json()["models"]


def received_until_the_end(connection: socket.socket) -> bytes:
    """What comes before the other side ends, in whichever way."""
    try:
        return read_all(connection)
    except ConnectionResetError:
        return b""


def answer_in(received: bytes) -> httpx2.Response:
    """The answer in the bytes of a connection."""
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return httpx2.Response(int(lines[0].split()[1]), headers=headers, content=body)


def test_a_front_end_that_is_killed_takes_its_own_requests_with_it_alone(tree: Tree) -> None:
    """It is started again; the engine and the other one never stop."""
    restarts = tree.metric('progan_process_restarts_total{kind="front"}')
    (engine,) = tree.pids("painter_process")
    with served_by(tree) as fronts:
        (killed, lost), (_, kept) = fronts.items()
        for connection in (lost, kept):
            connection.sendall(request_of(f"GET /images/{SLOW_SEED}"))
        until(tree.is_rendering)
        tree.kill(killed)
        assert is_right(answer_in(read_all(kept)), SLOW_SEED)
        assert received_until_the_end(lost) == b""
    until(lambda: len(tree.pids("front_process")) == 2 and killed not in tree.pids())

    assert tree.pids("painter_process") == [engine]
    until(lambda: tree.pixel_memories() == 2)
    assert is_right(tree.get("/images/5"), 5)
    until(lambda: tree.metric('progan_process_restarts_total{kind="front"}') == restarts + 1)


def test_an_engine_that_is_killed_comes_back_and_clients_are_told_when(tree: Tree) -> None:
    """503 with Retry-After from both front ends, then the same pixels as before."""
    (engine,) = tree.pids("painter_process")
    with ThreadPoolExecutor(1) as pool:
        admitted = pool.submit(tree.get, f"/images/{SLOW_SEED}")
        until(tree.is_rendering)
        tree.kill(engine)
        lost = admitted.result()
        meanwhile = tree.get("/images/6")
    until(tree.is_ready)

    assert lost is not None
    assert (lost.status_code, lost.json()["type"]) == (503, "urn:problem-type:progan:engine-lost")
    assert int(lost.headers["retry-after"]) >= 1
    assert meanwhile is not None
    assert meanwhile.status_code == 503 or is_right(meanwhile, 6)
    assert is_right(tree.get("/images/6"), 6)
    assert tree.pids("painter_process") != [engine]
    until(lambda: tree.pixel_memories() == 2)


def test_an_engine_that_hangs_is_refused_in_time_and_started_again(tree: Tree) -> None:
    """It is stopped from outside; who was admitted waits no longer than it lives."""
    (engine,) = tree.pids("painter_process")
    # until the supervisor knows that it was ready, minutes of silence are allowed for its start
    until(lambda: tree.metric('progan_processes{kind="engine"}') == 1)
    tree.kill(engine, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        admitted: Future[httpx2.Response | None] = pool.submit(tree.get, "/images/7")
        until(lambda: not tree.is_ready())
        refused = tree.get("/images/8")
        live = tree.get("/health/live")
        lost = admitted.result()
    until(tree.is_ready)

    assert refused is not None
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert live is not None
    assert live.status_code == 200
    assert lost is not None
    assert lost.status_code == 503
    assert engine not in tree.pids()
    assert is_right(tree.get("/images/8"), 8)
    until(lambda: tree.pixel_memories() == 2)


def test_a_reload_reaches_the_engine_and_all_front_ends(tree: Tree, tmp_path: Path) -> None:
    """By SIGHUP to the supervisor."""
    bundles = Path(f"/proc/{tree.process.pid}/environ").read_bytes().split(b"PROGAN_BUNDLES=")[1]
    folder = Path(bundles.split(b"\0")[0].decode()) / "second"
    folder.mkdir()
    (folder / "card.json").write_text('{"name": "second"}')
    tree.kill(tree.process.pid, signal.SIGHUP)

    def all_have_it() -> bool:
        answers = [tree.get("/models/second") for _ in range(4)]
        return all(answer is not None and answer.status_code == 200 for answer in answers)

    until(all_have_it)


def test_a_signal_drains_the_tree_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """An admitted picture is delivered; exit code 0."""
    with Tree(tmp_path, frontends="1") as tree, ThreadPoolExecutor(1) as pool:
        tree.ready()
        admitted = pool.submit(tree.get, f"/images/{SLOW_SEED}")
        until(tree.is_rendering)
        shared = tree.shared_files()
        tree.kill(tree.process.pid, signal.SIGTERM)
        answer = admitted.result()
        code = tree.ended()

        assert is_right(answer, SLOW_SEED)
        assert code == 0
        assert (tree.pids(), tree.pixel_memories()) == ([], 0)
    assert not [file for file in shared if file.exists()]


def test_without_its_supervisor_every_process_ends_by_itself(tmp_path: Path) -> None:
    """Also one that hangs; the port is free again."""
    with Tree(tmp_path, frontends="1") as tree:
        tree.ready()
        assert len(tree.pids()) == 3
        (engine,) = tree.pids("painter_process")
        tree.kill(engine, signal.SIGSTOP)
        tree.kill(tree.process.pid)
        tree.ended()
        until(lambda: not tree.pids())

        assert tree.pixel_memories() == 0
        until(lambda: not is_listening(tree.port))


def test_a_tree_that_cannot_recover_ends_and_says_so(tmp_path: Path) -> None:
    """An engine that never becomes ready; meanwhile front ends answer."""
    with Tree(tmp_path, "broken_process", frontends="1") as tree:
        code = tree.ended()

        assert code == 70
        assert tree.pids() == []
    log = tree.log.read_text()
    assert log.count("engine-0 has ended (3): it is started again") == 5
    assert "engine-0 has ended (3) and does not become ready: ending with code 70" in log
