"""The cache in front: what the service still knows of its clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.journeys.server import PATIENCE_S, Server, ready_server
from tests.ops.nginx import Cache, cache_before
from tests.ops.nginx_installed import NEEDS_NGINX

pytestmark = NEEDS_NGINX
KEY = "a-key-of-a-test"


@pytest.fixture(scope="module")
def guarded(
    bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Cache]]:
    """A service with a key and a limit of five requests, and the cache that it believes."""
    folder = tmp_path_factory.mktemp("guarded")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
        with (
            ready_server(bundles, folder / "log", api_keys=KEY, rate_limit="5/hour") as service,
            cache_before(service.port, folder) as cache,
        ):
            yield service, cache


def test_nothing_is_shared_where_keys_are_set(guarded: tuple[Server, Cache]) -> None:
    """A picture for a key is not for others, and is not on the disk."""
    _, cache = guarded
    path = "/images/secret?resolution=8"
    with_key = cache.client.get(path, headers={"Authorization": f"Bearer {KEY}"})
    with client_at("127.0.0.9", cache) as other:
        without = other.get(path)

    assert with_key.headers["cache-control"].startswith("private")
    assert (with_key.status_code, without.status_code) == (200, 401)
    assert cache.stored(path) == []


def client_at(address: str, cache: Cache) -> httpx2.Client:
    """A client with an address of its own, which this machine has as well as 127.0.0.1."""
    transport = httpx2.HTTPTransport(local_address=address)
    url = f"http://127.0.0.1:{cache.port}"
    return httpx2.Client(transport=transport, base_url=url, timeout=PATIENCE_S)


def test_each_client_has_its_own_rate_limit(guarded: tuple[Server, Cache]) -> None:
    """By its address, which it cannot choose: what it says itself in the header is replaced."""
    _, cache = guarded
    with client_at("127.0.0.2", cache) as greedy, client_at("127.0.0.3", cache) as other:
        statuses = [greedy.get("/models").status_code for _ in range(6)]
        lying = greedy.get("/models", headers={"X-Forwarded-For": "127.0.0.3"})
        modest = other.get("/models")

    assert statuses == [401] * 5 + [429]
    assert (lying.status_code, modest.status_code) == (429, 401)
    assert int(lying.headers["retry-after"]) > 0


def test_a_proxy_in_front_names_the_client(guarded: tuple[Server, Cache], tmp_path: Path) -> None:
    """If its address is among those that are trusted; another one's word is worth nothing."""
    service, _ = guarded
    told = {"X-Forwarded-For": "127.0.0.4"}
    with (
        cache_before(service.port, tmp_path, proxies="127.0.0.5,10.0.0.0/8") as cache,
        client_at("127.0.0.5", cache) as proxy,
        client_at("127.0.0.6", cache) as stranger,
    ):
        statuses = [proxy.get("/models", headers=told).status_code for _ in range(6)]
        unbelieved = stranger.get("/models", headers=told)

    assert statuses == [401] * 5 + [429]
    assert unbelieved.status_code == 401
