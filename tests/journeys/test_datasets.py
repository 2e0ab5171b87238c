"""Data sets from a real service: cut, continued, refused, and beside other requests."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from models.picture import pixel_sha256
from tests.journeys.server import PATIENCE_S, Server, ready_server
from tests.service.dataset_files import (
    member_of_tar,
    records_in_tar,
    records_in_zip,
    samples_in_tar,
)
from tests.service.pictures import decoded

pytestmark = pytest.mark.timeout(900)

SMALL = "/datasets?resolution=4&format=webdataset"
OPEN = "progan_datasets_open"


@pytest.fixture(scope="module")
def server(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One service for all journeys that leave it as it was; it signs nothing."""
    log = tmp_path_factory.mktemp("server") / "log"
    with ready_server(bundles, log, credentials="off") as server:
        yield server


def until(fact: Callable[[], bool]) -> None:
    """Wait until `fact` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.01)


def read_some(server: Server, path: str, size: int) -> bytes:
    """The first `size` bytes or more; then the client hangs up."""
    content = bytearray()
    with server.client.stream("GET", path) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            content += piece
            if len(content) >= size:
                break
    return bytes(content)


def read_until_cut(server: Server, path: str, content: bytearray) -> None:
    """Read into `content`, and stop the service after 50 kB."""
    with server.client.stream("GET", path) as answer:
        for piece in answer.iter_raw():
            if len(content) < 50_000 <= len(content) + len(piece):
                server.process.send_signal(signal.SIGTERM)
            content += piece


def computed(server: Server) -> float:
    """Images of 4 px that the engine computed."""
    return server.metric('progan_images_total{model="tiny-32",resolution="4"}')


def test_two_thousand_pictures_cut_in_the_middle_and_continued_are_those_of_one_download(
    server: Server,
) -> None:
    """Record for record and picture for picture; each digest is that of its pixels."""
    whole = server.client.get(f"{SMALL}&count=2000").content
    first = read_some(server, f"{SMALL}&count=2000", len(whole) // 2)
    got = records_in_tar(first)
    missing = int(got[-1]["seed"]) + 1
    rest = server.client.get(f"{SMALL}&from_seed={missing}&count={2000 - missing}").content

    assert 500 < len(got) < 2000
    assert got + records_in_tar(rest) == records_in_tar(whole)
    pictures = [sample["png"] for part in (first, rest) for sample in samples_in_tar(part)]
    assert pictures == [sample["png"] for sample in samples_in_tar(whole)]
    assert member_of_tar(whole, "__complete__")["count"] == 2000
    with pytest.raises(StopIteration):
        member_of_tar(first, "__complete__")
    for record, picture in zip(records_in_tar(whole)[::100], pictures[::100], strict=True):
        assert pixel_sha256(decoded(picture, 3)) == record["pixel_sha256"]
    zipped = server.client.get("/datasets?resolution=4&count=150").content
    assert records_in_zip(zipped) == records_in_tar(whole)[:150]


def test_a_client_that_goes_leaves_the_engine_idle(server: Server) -> None:
    """Soon: at most what was under way is computed."""
    until(lambda: server.metric(OPEN) == 0.0)
    before = computed(server)
    _ = read_some(server, f"{SMALL}&count=100000", 100_000)
    until(lambda: server.metric(OPEN) == 0.0)
    after = computed(server)
    time.sleep(0.3)

    assert computed(server) == after
    assert after - before < 10_000
    assert 'outcome": "client-gone"' in server.text


def test_pictures_are_served_beside_an_open_download(server: Server) -> None:
    """Their bytes are the same, and the download goes on."""
    alone = server.client.get("/images/7").content
    with (
        httpx2.Client(base_url=server.client.base_url, timeout=PATIENCE_S) as other,
        server.client.stream("GET", f"{SMALL}&count=20000") as answer,
    ):
        pieces = answer.iter_raw()
        for _ in range(20):
            next(pieces)
            assert other.get("/images/7").content == alone
        assert other.get("/metrics").text.count(f"{OPEN} 1.0") == 1


def test_a_client_that_stops_reading_stops_the_work_for_it(server: Server) -> None:
    """Only what fits into the buffers between is made."""
    until(lambda: server.metric(OPEN) == 0.0)
    with (
        httpx2.Client(base_url=server.client.base_url, timeout=PATIENCE_S) as other,
        other.stream("GET", "/datasets?resolution=32&count=100000") as answer,
    ):
        pieces = answer.iter_raw()  # kept: without it the connection is closed
        next(pieces)
        line = 'progan_images_total{model="tiny-32",resolution="32"}'
        seen = [server.metric(line)]
        until(
            lambda: seen.append(server.metric(line)) or (len(seen) > 30 and seen[-1] == seen[-30])
        )

        assert server.metric(line) < 20_000


def from_address(server: Server, address: str) -> httpx2.Client:
    """A client with another address of this machine."""
    transport = httpx2.HTTPTransport(local_address=address)
    return httpx2.Client(base_url=server.client.base_url, transport=transport, timeout=PATIENCE_S)


def test_a_third_download_is_refused_with_the_time_to_wait(server: Server) -> None:
    """While two are open, as by default, and a second one of a client; others are served."""
    until(lambda: server.metric(OPEN) == 0.0)
    path = f"{SMALL}&count=100000"
    with (
        from_address(server, "127.0.0.2") as one,
        from_address(server, "127.0.0.3") as other,
        one.stream("GET", path),
    ):
        own = one.get(path)
        with other.stream("GET", path):
            refused = server.client.get(path)

        assert (own.status_code, refused.status_code) == (429, 503)
        assert min(int(each.headers["retry-after"]) for each in (own, refused)) >= 1
        assert server.client.get("/images/7?resolution=4").status_code == 200


@pytest.mark.slow
def test_a_client_that_takes_nothing_is_counted_as_slow(bundles: Path, tmp_path: Path) -> None:
    """Although it is the system that cuts it off."""
    ended = 'progan_datasets_total{{outcome="{}"}}'.format
    slow, gone = ended("client_slow"), ended("client_gone")
    with (
        ready_server(
            bundles, tmp_path / "log", credentials="off", client_write_timeout_s="1"
        ) as server,
        from_address(server, "127.0.0.2") as client,
        client.stream("GET", "/datasets?resolution=32&count=100000") as answer,
    ):
        pieces = answer.iter_raw()  # kept: without it the connection is closed
        next(pieces)
        until(lambda: server.metric(slow) + server.metric(gone) > 0.0)

        assert (server.metric(slow), server.metric(gone)) == (1.0, 0.0)
        assert server.metric('progan_refused_total{reason="cancelled"}') == 0.0
    assert "(client-slow)" in server.text


@pytest.mark.slow
def test_a_stop_cuts_a_download_and_tells_where_it_goes_on(bundles: Path, tmp_path: Path) -> None:
    """Exit 0; what came is whole, and the client sees that it is not all."""
    content = bytearray()
    with ready_server(bundles, tmp_path / "log", credentials="off") as server:
        with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
            read_until_cut(server, f"{SMALL}&count=1000000", content)
        code = server.process.wait(PATIENCE_S)
        text = server.text

    records = records_in_tar(bytes(content))
    assert code == 0
    assert [each["seed"] for each in records] == [str(n) for n in range(len(records))]
    assert f"from_seed={len(records)} at the latest" in text
    assert '"level": "error"' not in text
