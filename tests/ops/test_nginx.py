"""The cache in front: a real nginx before a real service, whose requests are counted."""

from __future__ import annotations

import http.client
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from bench.service_process import free_port
from tests.conftest import write_bundle
from tests.faults.process import until
from tests.journeys.server import PATIENCE_S, Server
from tests.ops.nginx import START, Cache, cache_before, requests_at
from tests.ops.nginx_installed import NEEDS_NGINX

pytestmark = NEEDS_NGINX

SITE = "https://one.example"

IMAGES = "GET /images/{seed} 200"

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Front:
    """A service with a cache at the root and one below `/progan`, and what it said at its start."""

    service: Server
    root: Cache
    below: Cache
    without_models: list[httpx2.Response]

    def pinned(self, seed: object, more: str = "") -> str:
        """The path of a picture with the digest of its model."""
        model = self.service.client.get("/models").json()["models"][0]
        return f"/images/{seed}?model={model['name']}@{model['digest']}&resolution=8{more}"

    def asked(self, ask: Callable[[], object]) -> Counter[str]:
        """What reaches the service while `ask` runs."""
        before = requests_at(self.service.client)
        ask()
        return requests_at(self.service.client) - before


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One service for all tests that leave it running; a model comes after its first answers."""
    folder = tmp_path_factory.mktemp("front")
    bundles = folder / "bundles"
    bundles.mkdir()
    with (
        Server(bundles, folder / "log", cors_origins=SITE, bundles_poll_s="0.1") as service,
        cache_before(service.port, folder / "root") as root,
        cache_before(service.port, folder / "below", prefix="/progan") as below,
    ):
        service.wait_for("not ready")
        without = [root.client.get("/images/7?resolution=8") for _ in range(2)]
        write_bundle(folder / "made")
        (folder / "made/tiny-32").rename(bundles / "tiny-32")
        until(lambda: service.client.get("/health/ready").status_code == 200)
        yield Front(service, root, below, without)


def status_of(answer: httpx2.Response) -> str:
    """What the cache says of an answer, without its own name."""
    return answer.headers.get("cache-status", "").removeprefix("nginx; ")


# ----------------------------------------------------------------------------------------
# What is kept


def test_a_pinned_picture_is_asked_for_once(front: Front) -> None:
    """Later answers have the same bytes and headers, and say that no time was spent."""
    path, answers = front.pinned("once"), []

    asked = front.asked(lambda: answers.extend(front.root.client.get(path) for _ in range(5)))

    assert asked == {IMAGES: 1, "images": 1}
    assert [status_of(each) for each in answers] == ["fwd=uri-miss", *["hit"] * 4]
    assert len({each.content for each in answers}) == 1
    first, last = answers[0].headers, answers[-1].headers
    assert last["cache-control"] == "public, max-age=31536000, immutable"
    assert all(last[name] == first[name] for name in ("etag", "x-seed", "x-pixel-sha256"))
    assert last["x-request-id"] != first["x-request-id"]
    assert (first["server-timing"][:5], last["server-timing"]) == ("queue", "cache")


def test_a_client_that_has_the_bytes_costs_no_picture(front: Front) -> None:
    """The cache itself answers 304, and what it has not stored the service, without its engine."""
    path = front.pinned("known")
    tag = front.service.client.head(path).headers["etag"]
    answers: list[httpx2.Response] = []

    def ask() -> None:
        answers.append(front.root.client.get(path, headers={"If-None-Match": tag}))

    assert front.asked(ask) == {"GET /images/{seed} 304": 1}
    assert front.root.stored(path) == []  # the 304 of one client is no answer for others
    assert front.root.client.get(path).status_code == 200
    assert front.asked(ask) == {}
    assert [each.status_code for each in answers] == [304, 304]


def test_head_costs_no_picture(front: Front) -> None:
    """Nginx would make GET of it, and so the engine a picture."""
    path = front.pinned("head")
    asked = front.asked(lambda: front.root.client.head(path))

    assert asked == {"HEAD /images/{seed} 200": 1}


def test_a_name_is_checked_after_its_minute_without_a_picture(front: Front) -> None:
    """The service says 304, and the stored file is fresh for another minute."""
    path, answers = "/images/checked?resolution=8", []

    def ask() -> None:
        answers.append(front.root.client.get(path))

    assert front.asked(ask) == {IMAGES: 1, "images": 1}
    assert front.asked(ask) == {}
    front.root.age(path)
    assert front.asked(ask) == {"GET /images/{seed} 304": 1}
    assert front.asked(ask) == {}
    assert [status_of(each) for each in answers] == [
        "fwd=uri-miss",
        "hit",
        "fwd=stale; fwd-status=304",
        "hit",
    ]
    assert len({each.content for each in answers}) == 1
    assert {each.headers["cache-control"] for each in answers} == {"public, max-age=60"}


def test_a_crowd_costs_one_picture(front: Front) -> None:
    """Forty clients ask for one walk while it is made."""
    path = "/interpolate?seed=crowd&seed=other&steps=60&resolution=8&format=mp4"
    with ThreadPoolExecutor(40) as pool:
        answers: list[httpx2.Response] = []
        asked = front.asked(
            lambda: answers.extend(pool.map(lambda _: front.root.client.get(path), range(40)))
        )

    assert asked == {"GET /interpolate 200": 1, "images": 61}
    assert {each.status_code for each in answers} == {200}
    assert len({each.content for each in answers}) == 1


def test_parts_of_a_film_come_from_one(front: Front) -> None:
    """Before the film is stored as after it."""
    path = "/interpolate?seed=1&seed=2&steps=8&resolution=8&format=mp4"
    parts: list[httpx2.Response] = []

    def ask() -> None:
        for wanted in ("0-99", "100-", "-50"):
            parts.append(front.root.client.get(path, headers={"Range": f"bytes={wanted}"}))

    assert front.asked(ask) == {"GET /interpolate 200": 1, "images": 9}
    whole = front.root.client.get(path).content
    assert [each.status_code for each in parts] == [206] * 3
    assert [each.content for each in parts] == [whole[:100], whole[100:], whole[-50:]]
    assert parts[0].headers["content-range"] == f"bytes 0-99/{len(whole)}"
    beyond = front.root.client.get(path, headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


def test_what_scripts_of_another_site_may_read_is_kept_apart(front: Front) -> None:
    """An answer to a request without `Origin` lacks the header that lets them: `Vary` tells."""
    path = front.pinned("read")
    front.root.client.get(path)
    other = [front.root.client.get(path, headers={"Origin": SITE}) for _ in range(2)]

    assert [each.headers["access-control-allow-origin"] for each in other] == [SITE] * 2
    assert [status_of(each) for each in other] == ["fwd=uri-miss", "hit"]


def size_of(folder: Path) -> int:
    """Bytes on the disk; files that nginx removes meanwhile count no longer."""
    found = 0
    for each in folder.rglob("*"):
        with suppress(FileNotFoundError):
            found += each.stat().st_blocks * 512 if each.is_file() else 0
    return found


def test_the_disk_is_bounded(front: Front, tmp_path: Path) -> None:
    """What was asked for longest ago leaves first; a name's files have a limit of their own."""
    with cache_before(front.service.port, tmp_path, size="100k") as small:
        for seed in range(60):
            small.client.get(front.pinned(seed))
        limit = 100 * 1024
        assert size_of(small.folder) > limit
        until(lambda: size_of(small.folder) <= limit)  # nginx looks every ten seconds
        assert status_of(small.client.get(front.pinned(59))) == "hit"
        assert small.stored(front.pinned(0)) == []


# ----------------------------------------------------------------------------------------
# What is not


def test_no_error_is_kept(front: Front) -> None:
    """The 503 of a service without models, what is not there, what is wrong."""
    assert [each.status_code for each in front.without_models] == [503, 503]
    assert {each.headers["content-type"] for each in front.without_models} == {PROBLEM}
    assert front.root.client.get("/images/7?resolution=8").status_code == 200
    for path, status in (("/images/7?model=none", 404), ("/images/7?resolution=3", 422)):
        asked = front.asked(lambda path=path: [front.root.client.get(path) for _ in range(2)])
        assert asked == {f"GET /images/{{seed}} {status}": 2}


def test_new_pictures_and_data_sets_are_not_kept(front: Front) -> None:
    """Each request for new pictures draws its own seeds; an archive is as large as it likes."""
    one, other = (front.root.client.post("/generate?resolution=8") for _ in range(2))
    path = "/datasets?count=20&resolution=8"
    archive = front.root.client.get(path)

    assert one.headers["x-seed"] != other.headers["x-seed"]
    assert archive.content.startswith(b"PK")
    assert front.root.stored(path) == []


@pytest.mark.parametrize("header", [{"Authorization": "Bearer of-a-proxy"}, {"X-API-Key": "any"}])
def test_what_was_asked_for_with_a_key_is_not_kept(front: Front, header: dict[str, str]) -> None:
    """Even where the service needs none, and marks its answers as public."""
    path = front.pinned(f"keyed {next(iter(header))}".replace(" ", "+"))
    asked = front.asked(lambda: [front.root.client.get(path, headers=header) for _ in range(2)])

    assert asked == {IMAGES: 2, "images": 2}
    assert front.root.stored(path) == []


def test_an_upload_passes_within_the_limits_of_the_service(front: Front) -> None:
    """What is too large is refused by the service, in its own words, whatever nginx would allow."""
    picture = front.root.client.get(front.pinned("sent")).content
    proved = front.root.client.post("/verify", content=picture)
    large = front.root.client.post("/verify", content=bytes(2**24 + 1))

    assert proved.json()["remade"]["outcome"] == "equal"
    assert (large.status_code, large.headers["content-type"]) == (413, PROBLEM)
    assert "16777216" in large.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "//metrics",
        "/%6detrics",
        "/images/../metrics",
        "/images/..%2Fmetrics",
        "/health/live",
        "/health/ready",
        "/health/../metrics",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/progan"])
def test_operations_are_not_reached_through_it(front: Front, path: str, prefix: str) -> None:
    """However the path is written."""
    cache = front.below if prefix else front.root
    answers: list[http.client.HTTPResponse] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", cache.port, timeout=PATIENCE_S)
        connection.request("GET", prefix + path)
        answers.append(connection.getresponse())
        answers[0].read()
        connection.close()

    assert front.asked(ask) == {}
    assert (answers[0].status, answers[0].headers["content-type"]) == (404, PROBLEM)


# ----------------------------------------------------------------------------------------
# Below a path


def test_pages_and_their_files_work_below_a_path(front: Front) -> None:
    """Each file that a page names, and the page itself without its slash."""
    bare = front.below.client.get("/progan")
    assert (bare.status_code, bare.headers["location"]) == (301, "/progan/")
    for page in ("/progan/", "/progan/check", "/progan/docs"):
        answer = front.below.client.get(page)
        assert answer.status_code == 200
        for file in re.findall(r'(?:src|href)="([^"#]+)"', answer.text):
            address = urljoin(page, file)
            assert address.startswith("/progan/")
            if not address.startswith(("/progan/metrics", "/progan/health")):
                assert front.below.client.get(address).status_code == 200, address
    slash = front.below.client.get("/progan/docs/")
    assert slash.headers["location"] == "/progan/docs"
    assert front.below.client.get("/").status_code == 404


def test_addresses_lead_below_the_path(front: Front) -> None:
    """In headers, in JSON, in OpenAPI and in what is proved of a file; and they are kept."""
    new = front.below.client.post("/progan/generate?resolution=8&count=2").json()
    drawn = front.below.client.post("/progan/generate?resolution=8")
    description = front.below.client.get("/progan/openapi.json").json()
    proved = front.below.client.post("/progan/verify", content=drawn.content).json()
    addresses = [new["images"][0]["url"], drawn.headers["content-location"]]
    addresses += proved["remade"]["urls"]

    assert description["servers"] == [{"url": "/progan"}]
    assert len(addresses) >= 3
    for address in addresses:
        assert address.startswith("/progan/images/")
        assert front.below.client.get(address).status_code == 200
        assert status_of(front.below.client.get(address)) == "hit"


def test_a_client_cannot_say_where_the_service_is(front: Front) -> None:
    """Else a stored answer could lead others elsewhere."""
    path = front.pinned("misled")
    evil = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example"}
    led = front.root.client.get(path, headers=evil)

    assert led.headers["content-location"].startswith("/images/")


# ----------------------------------------------------------------------------------------
# When the service is away


def test_stored_pictures_outlive_the_service(front: Front, tmp_path: Path) -> None:
    """Pinned ones as ever, names though their minute is over; the rest is told to come again."""
    names = [f"/images/{n}?resolution=8" for n in range(2)]
    with cache_before(front.service.port, tmp_path) as cache:
        before = {p: cache.client.get(p).content for p in (*names, front.pinned("away"))}
        for path in names:
            cache.age(path)
    with cache_before(free_port(), tmp_path) as cache:  # started again, with nobody behind
        after = {path: cache.client.get(path) for path in before}
        unknown = cache.client.get("/images/unknown?resolution=8")
        page = cache.client.get("/")
        kept = cache.stored("/images/unknown?resolution=8")
    with cache_before(front.service.port, tmp_path) as cache:
        back = [cache.client.get(path) for path in before]

    assert {path: each.content for path, each in after.items()} == before
    assert [status_of(each) for each in after.values()] == [*["hit; detail=stale"] * 2, "hit"]
    for answer in (unknown, page):
        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert kept == []
    assert [status_of(each) for each in back] == [*["fwd=stale; fwd-status=304"] * 2, "hit"]


# ----------------------------------------------------------------------------------------
# Its variables


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UPSTREAM", "service"),
        ("UPSTREAM", "a:1; return 200"),
        ("LISTEN", "here"),
        ("PREFIX", "faces"),
        ("PREFIX", "/a b"),
        ("PREFIX", "/a\n;"),
        ("FOLDER", "relative"),
        ("SIZE", "10"),
        ("PROXIES", "proxy.example"),
    ],
)
def test_a_variable_that_nginx_would_misread_is_refused(name: str, value: str) -> None:
    """By its name and with an example."""
    variables = {"PATH": "/usr/bin:/bin", f"CACHE_{name}": value}
    run = subprocess.run(
        [str(START), "--print"], env=variables, capture_output=True, text=True, check=False
    )

    assert run.returncode == 2
    assert re.search(rf"CACHE_{name} is '.*as in CACHE_{name}=\S", run.stderr, re.DOTALL)
    assert run.stdout == ""
