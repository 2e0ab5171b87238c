"""Addresses on a real port: as they are typed, and below a path behind a proxy."""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from models.latent import parse_seed
from tests.http_listener import listening
from tests.journeys.server import PATIENCE_S, Server, ready_server

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def server(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all."""
    with ready_server(bundles, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


def answer_to(server: Server, target: bytes) -> tuple[int, bytes]:
    """Status and headers of the answer to a request line that no client touches."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head = received.partition(b"\r\n\r\n")[0]
    return int(head.split()[1]), head


@pytest.mark.parametrize(
    "target",
    [b"/images/..", b"/images/%2e%2e", b"/images/.", b"/images/a//b", b"/images//a", b"/images/a/"]
    + [b"/images/7%0A", b"/images/%00", b"/images/%FF", b"/images?seed=%FF", b"/images/\xc3\xa9"]
    + [b"/images/7.svg", b"/images?seed=1&seed=2", b"/images?seed=" + b"x" * 129],
)
def test_what_could_arrive_as_another_seed_is_refused(server: Server, target: bytes) -> None:
    """Never a picture, and never a fault of the server."""
    status, head = answer_to(server, target)

    assert 400 <= status < 500
    assert b"image/" not in head


@pytest.mark.parametrize(
    ("target", "seed"),
    [
        (b"/images/%C3%A9", "é"),
        (b"/images?seed=%C3%A9", "é"),
        (b"/images?seed=..", ".."),
        (b"/images?seed=a//b", "a//b"),
        (b"/images?seed=7%0A", "7\n"),
        (b"/images?seed=%2B7", "7"),
        (b"/images/a%2Fb", "a/b"),
        (b"/images/a/b", "a/b"),
        (b"/images?seed=ada.png", "ada.png"),
        (b"/images/john.smith?fbclid=x", "john.smith"),
    ],
)
def test_a_text_arrives_as_it_is(server: Server, target: bytes, seed: str) -> None:
    """In each of its spellings."""
    status, head = answer_to(server, target)

    assert status == 200
    assert f"x-seed: {parse_seed(seed)}\r\n".encode() in head


def test_a_download_is_resumed(server: Server) -> None:
    """Byte for byte, from where it broke off."""
    address = "/interpolate?seed=1&seed=2&steps=4&format=mp4"
    whole = server.client.get(address)
    resumed = server.client.get(
        address, headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]}
    )

    assert (whole.status_code, resumed.status_code) == (200, 206)
    assert whole.content[:100] + resumed.content == whole.content


@contextmanager
def proxy_below(prefix: str, server: Server) -> Generator[str]:
    """A proxy that shows `server` below a path and takes that off, as most are set up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on("GET")

        def do_POST(self) -> None:
            self._pass_on("POST")

        def _pass_on(self, method: str) -> None:
            status, headers, content = 404, httpx2.Headers(), b"not of this service"
            if self.path.startswith(f"{prefix}/"):
                url = f"http://127.0.0.1:{server.port}{self.path.removeprefix(prefix)}"
                answer = httpx2.request(
                    method, url, headers={"X-Forwarded-Prefix": prefix}, timeout=PATIENCE_S
                )
                status, headers, content = answer.status_code, answer.headers, answer.content
            self.send_response(status)
            for name in ("content-type", "location", "content-location"):
                if name in headers:
                    self.send_header(name, headers[name])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the server has a log."""

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as listener:
        yield f"http://127.0.0.1:{listener.server_port}"


@pytest.mark.slow
def test_every_address_leads_back_through_a_proxy_below_a_path(server: Server) -> None:
    """In JSON, in headers, in redirects, in the description."""
    with (
        proxy_below("/my/faces", server) as outside,
        httpx2.Client(base_url=outside, timeout=PATIENCE_S, follow_redirects=True) as client,
    ):
        one = client.post("/my/faces/generate?seed=7")
        several = client.post("/my/faces/generate?seed=7&seed=8").json()["images"]
        addresses = [one.headers["content-location"], *(image["url"] for image in several)]
        pictures = [client.get(address) for address in addresses]
        redirected = client.get("/my/faces/models/")
        described = client.get("/my/faces/openapi.json").json()
        (base,) = (each["url"] for each in described["servers"])
        tried_out = client.get(f"{base}/images/ada")

    assert [picture.status_code for picture in pictures] == [200, 200, 200]
    assert pictures[0].content == one.content
    assert (redirected.status_code, str(redirected.url)) == (200, f"{outside}/my/faces/models")
    assert (base, tried_out.status_code) == ("/my/faces", 200)
