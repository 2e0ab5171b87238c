"""A real server on a real port: one seed, one picture; bad input; clients that go; the end."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import httpx2
import pytest

from models.families.progan.config import ProganConfig
from tests.conftest import write_bundle
from tests.journeys.server import PATIENCE_S, Server, ready_server

pytestmark = pytest.mark.timeout(900)

SLOW = ProganConfig(resolution=64, channels=3, latent_size=64, fmap_base=4096, fmap_max=128)


@pytest.fixture(scope="module")
def server(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all journeys that leave it as it was."""
    with ready_server(bundles, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


# ----------------------------------------------------------------------------------------
# The promise of a seed


def digests_in_a_crowd(server: Server) -> list[str]:
    """Seed 7 among 32 concurrent requests of mixed resolutions, eight times."""

    async def crowd() -> list[str]:
        limits = httpx2.Limits(max_connections=32)
        url = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=PATIENCE_S) as client:
            paths = [
                "/images/7" if n % 4 == 0 else f"/images/{n}?resolution={4 << n % 4}"
                for n in range(32)
            ]
            answers = await asyncio.gather(*(client.get(path) for path in paths))
        assert {200} == {answer.status_code for answer in answers}
        return [answer.headers["x-pixel-sha256"] for answer in answers[::4]]

    return asyncio.run(crowd())


def test_one_seed_is_one_picture_alone_in_a_crowd_and_after_a_restart(
    server: Server, bundles: Path, tmp_path: Path
) -> None:
    """Byte for byte, the file too; by a process that imports everything anew."""
    alone = server.client.get("/images/7")
    crowd = digests_in_a_crowd(server)
    again = server.client.get("/images/7")
    chain = str(server.log.parent / "credentials")
    log = tmp_path / "log"
    with ready_server(bundles, log, from_scratch=True, credentials_folder=chain) as restarted:
        later = restarted.client.get("/images/7")

    assert {alone.headers["x-pixel-sha256"]} == set(crowd)
    assert alone.content == again.content == later.content
    assert alone.headers["etag"] == later.headers["etag"]
    assert server.metric("progan_selftest_ok") == 1.0


def test_batches_form_under_load(server: Server) -> None:
    """Requests that wait together are computed together."""
    before = server.metric("progan_batch_size_count"), server.metric("progan_batch_size_sum")
    answer = server.client.post("/generate?count=64&resolution=16")
    after = server.metric("progan_batch_size_count"), server.metric("progan_batch_size_sum")

    assert answer.status_code == 200
    assert after[1] - before[1] == 64
    assert after[0] - before[0] < 64


def test_the_shown_key_frames_are_the_pictures_of_their_seeds(server: Server) -> None:
    """Over the wire, from the real network."""
    walk = server.client.get("/interpolate?seed=a&seed=b&steps=3&format=json").json()["frames"]

    for frame, seed in ((walk[0], "a"), (walk[-1], "b")):
        digest = server.client.get(f"/images/{seed}").headers["x-pixel-sha256"]
        assert frame["pixel_sha256"] == digest
    assert len({frame["pixel_sha256"] for frame in walk}) == 4


# ----------------------------------------------------------------------------------------
# Bad input: an answer that helps, and a service that lives on


@pytest.mark.parametrize(
    ("method", "path", "status", "hint"),
    [
        ("POST", "/generate?resolution=48", 422, "it has 4, 8, 16, 32"),
        ("POST", "/generate?resolution=2048", 422, "it has 4, 8, 16, 32"),
        ("POST", "/generate?count=0", 422, "greater than or equal to 1"),
        ("POST", "/generate?count=1000", 422, "less than or equal to 64"),
        ("POST", "/generate?format=bmp", 422, "'png', 'webp' or 'jpeg'"),
        ("POST", "/generate?model=nobody", 404, "loaded are tiny-32"),
        ("POST", "/generate?label=cat", 422, "leave label out"),
        ("GET", "/images/-1", 422, "from 0 to 9223372036854775807"),
        ("GET", f"/images/{2**63}", 422, "from 0 to 9223372036854775807"),
        ("GET", f"/images/{'x' * 129}", 422, "1 to 128 characters"),
        ("GET", "/interpolate?seed=1", 422, "at least 2"),
        ("GET", "/interpolate?seed=1&seed=2&steps=0", 422, "greater than or equal to 1"),
        ("GET", "/images/7?size=64", 422, "this route has no such parameter"),
        ("GET", "/nowhere", 404, "/docs lists what there is"),
        ("PUT", "/generate", 405, "the header Allow says"),
    ],
)
def test_bad_input_gets_a_problem_that_says_what_to_do(
    server: Server, method: str, path: str, status: int, hint: str
) -> None:
    """Each with its status, its id, and no word in vain."""
    answer = server.client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert hint in answer.json()["detail"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert server.client.get("/images/1?resolution=4").status_code == 200


def test_a_body_of_ten_megabytes_is_refused(server: Server) -> None:
    """And the connection can be used again."""
    answer = server.client.post("/generate", content=b"x" * 10_000_000)

    assert answer.status_code == 413
    assert "send no body" in answer.json()["detail"]
    assert server.client.post("/generate?resolution=4").status_code == 200


def test_bytes_that_are_no_http_do_not_hurt(server: Server) -> None:
    """Whatever knocks on the port."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as knock:
        knock.sendall(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" * 20 + b"\r\n\r\n")
        assert b"400" in knock.recv(100)

    assert server.client.get("/health/live").status_code == 200


def test_damaged_bundles_are_named_and_the_good_one_is_served(
    bundles: Path, tmp_path: Path
) -> None:
    """Truncated, one flipped bit, no weights: each refused with what to do."""
    folder = tmp_path / "bundles"
    for name in ("good", "truncated", "flipped", "bare"):
        shutil.copytree(bundles / "tiny-32", folder / name)
        card = folder / name / "card.json"
        card.write_text(card.read_text("utf-8").replace('"tiny-32"', f'"{name}"'), "utf-8")
    weights = (folder / "truncated" / "generator.safetensors").read_bytes()
    (folder / "truncated" / "generator.safetensors").write_bytes(weights[:-100])
    flipped = bytearray(weights)
    flipped[len(flipped) // 2] ^= 0x10
    (folder / "flipped" / "generator.safetensors").write_bytes(flipped)
    (folder / "bare" / "generator.safetensors").unlink()

    with ready_server(folder, tmp_path / "log") as server:
        readiness = server.client.get("/health/ready")
        picture = server.client.get("/images/7")
        ok = server.metric("progan_selftest_ok")

    assert (readiness.status_code, picture.status_code) == (200, 200)
    assert set(readiness.json()["refused"]) == {"truncated", "flipped", "bare"}
    assert all("Copy the bundle again" in why for why in readiness.json()["refused"].values())
    assert "bundle flipped is refused" in server.text
    assert ok == 0.0


def test_with_damaged_bundles_alone_it_lives_and_says_why(bundles: Path, tmp_path: Path) -> None:
    """Not ready is not dead."""
    folder = tmp_path / "bundles"
    shutil.copytree(bundles / "tiny-32", folder / "tiny-32")
    (folder / "tiny-32" / "card.json").write_text("{}")
    with ready_server(folder, tmp_path / "log") as server:
        live = server.client.get("/health/live")
        ready = server.client.get("/health/ready")
        picture = server.client.get("/images/7")

    assert (live.status_code, ready.status_code, picture.status_code) == (200, 503, 503)
    assert "every bundle" in picture.json()["detail"]


def test_a_setting_that_does_not_fit_ends_the_start_with_its_name(tmp_path: Path) -> None:
    """Before anything is loaded."""
    with pytest.raises(
        AssertionError, match="PROGAN_DEADLINE_S: write a number of seconds above 0"
    ):
        Server(tmp_path, tmp_path / "log", deadline_s="-1")


# ----------------------------------------------------------------------------------------
# Clients that go, and the end


@pytest.fixture(scope="module")
def slow_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network that takes its time."""
    return write_bundle(tmp_path_factory.mktemp("slow"), "slow-64", SLOW).parent


@pytest.fixture(scope="module")
def slow_server(slow_bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose queue is easily filled: 256 images, one at a time."""
    log = tmp_path_factory.mktemp("server") / "log"
    # Images alone are to fill it: on a busy machine so many are minutes of work.
    work = dict.fromkeys(("queue_work_s", "deadline_s", "interpolation_deadline_s"), "100000")
    with ready_server(slow_bundles, log, max_batch="1", **work) as server:
        yield server


COMPUTED = 'progan_images_total{model="slow-64",resolution="64"}'
WAITING = 'progan_queue_depth{model="slow-64"}'
CANCELLED = 'progan_refused_total{reason="cancelled"}'
LONG_WALK = "GET /interpolate?seed=1&seed=2&seed=3&seed=4&seed=5&steps=240&format=json"


def test_a_client_that_hangs_up_while_it_waits_is_never_computed(slow_server: Server) -> None:
    """Its places are free at once, and it is counted."""
    server, before = slow_server, slow_server.metric(CANCELLED)
    with _Asking(server, LONG_WALK):
        leaving = [_Asking(server, "POST /generate?count=64") for _ in range(3)]
        _until(lambda: server.metric(WAITING) >= 100)
        for client in leaving:
            client.close()
        _until(lambda: server.metric(CANCELLED) == before + 3)
        assert server.metric(WAITING) <= 16  # of the walk, which has the places of its window
    _until(lambda: server.metric(CANCELLED) == before + 4)
    computed = server.metric(COMPUTED)
    answer = server.client.get("/images/5")

    assert answer.status_code == 200
    assert server.metric(WAITING) == 0
    assert server.metric(COMPUTED) - computed <= 2  # what was under way, and this picture
    assert '"outcome": "client-gone"' in server.text


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(slow_server: Server) -> None:
    """And those who were admitted are served."""
    server = slow_server
    _until(lambda: server.metric(WAITING) == 0)
    with _Asking(server, "POST /generate?count=64&resolution=32") as first:
        crowd = [_Asking(server, "POST /generate?count=64") for _ in range(4)]
        _until(lambda: server.metric(WAITING) > 192)
        refused = server.client.post("/generate?count=64")
        for client in crowd:
            client.close()

        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["type"] == "urn:problem-type:progan:queue-full"
        assert first.recv(12) == b"HTTP/1.1 200"
    assert server.metric('progan_refused_total{reason="queue_full"}') >= 1


def test_a_request_that_takes_too_long_is_answered_in_time(
    slow_bundles: Path, tmp_path: Path
) -> None:
    """With 504, and the rest of it is not computed."""
    with ready_server(slow_bundles, tmp_path / "log", deadline_s="0.05", max_batch="1") as server:
        late = server.client.post("/generate?count=64")

        assert late.status_code == 504
        assert "within 0.05 s" in late.json()["detail"]
        assert server.metric(COMPUTED) < 64
        assert server.metric('progan_refused_total{reason="deadline"}') == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_a_signal_lets_the_admitted_finish_and_ends_well(
    slow_bundles: Path, tmp_path: Path, signum: signal.Signals
) -> None:
    """Exit 0, and no client loses its picture."""
    with ready_server(slow_bundles, tmp_path / "log") as server:
        with _Asking(server, "POST /generate?count=16&resolution=64") as client:
            _until(lambda: server.metric("progan_batch_size_count") >= 1)
            server.process.send_signal(signum)
            assert client.recv(12) == b"HTTP/1.1 200"
            while client.recv(65536):
                pass
        assert server.process.wait(PATIENCE_S) == 0
    assert "given up" not in server.text


def test_a_signal_while_it_loads_ends_it_well(slow_bundles: Path, tmp_path: Path) -> None:
    """No library is torn down under the thread that loads."""
    with Server(slow_bundles, tmp_path / "log", from_scratch=True) as server:
        server.process.terminate()

        assert server.process.wait(PATIENCE_S) == 0


def test_a_second_signal_ends_at_once(slow_bundles: Path, tmp_path: Path) -> None:
    """Whatever is under way."""
    with ready_server(slow_bundles, tmp_path / "log", drain_grace_s="600") as server:
        server.process.terminate()
        server.wait_for("draining")
        assert server.client.get("/health/ready").status_code == 503
        server.process.terminate()

        assert server.process.wait(PATIENCE_S) == 128 + signal.SIGTERM


def test_each_request_is_one_line_of_json(server: Server) -> None:
    """With its id, route, recipe and where its time went."""
    server.client.get("/images/99?resolution=8", headers={"X-Request-ID": "journey-1"})
    _until(lambda: "journey-1" in server.text)
    lines = [json.loads(line) for line in server.text.splitlines() if "journey-1" in line]

    assert len(lines) == 1
    assert lines[0].keys() >= {"time", "level", "queue_ms", "generate_ms", "encode_ms"}
    told = {name: lines[0][name] for name in ("route", "method", "status", "seed", "resolution")}
    assert told == {
        "route": "/images/{seed}",
        "method": "GET",
        "status": 200,
        "seed": "99",
        "resolution": 8,
    }


class _Asking:
    """A request on a bare socket, which may be hung up."""

    def __init__(self, server: Server, line: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
        head = f"{line} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        self.socket.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())

    def recv(self, size: int) -> bytes:
        """At most `size` bytes of the answer."""
        return self.socket.recv(size)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def __enter__(self) -> Self:
        """The request is on its way."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()


def _until(fact: Callable[[], bool]) -> None:
    """Give the server time until `fact()` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.02)
