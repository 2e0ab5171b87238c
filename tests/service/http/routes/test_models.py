"""`GET /models`: cards for people and machines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from service.access.keys import digest_of
from service.app import create_app
from service.batching.engine import ModelInfo
from service.composition import ServiceRuntime
from service.settings import Settings
from tests.service.painter import MODE, Painter, card_named, local, service_with, wait_until


def test_all_models_are_told_with_their_default(settings: Settings) -> None:
    """The one of the highest resolution is meant where none is named."""
    cards = (card_named("aaa-8", 8), card_named("faces-16", 16), card_named("faces-32"))
    with service_with(Painter(*cards), settings) as client:
        answer = client.get("/models").json()

        assert answer["default"] == "faces-32"
        assert ["aaa-8", "faces-16", "faces-32"] == [m["name"] for m in answer["models"]]
        assert [False, False, True] == [model["default"] for model in answer["models"]]
        assert client.get("/images/1").headers["x-model"].startswith("faces-32@")


@pytest.mark.parametrize("name", ["painter-32", card_named("painter-32").pinned_name])
def test_a_card_tells_what_a_client_needs(client: TestClient, name: str) -> None:
    """Resolutions, data, licence, digest, how it runs."""
    card = client.get(f"/models/{name}").json()

    assert card["pinned_name"] == card_named("painter-32").pinned_name
    assert card["digest"] == card["pinned_name"].partition("@")[2]
    assert card["resolutions"] == [4, 8, 16, 32]
    assert [(s["width"], s["height"]) for s in card["sizes"]] == [(r, r) for r in (4, 8, 16, 32)]
    assert (card["licence"], card["channels"], card["labels"]) == ("MIT", 3, [])
    assert (card["family"], card["takes"]) == ("progan", ["seed"])
    assert (card["bit_depth"], card["value_range"]) == (8, None)
    assert card["data"]["attribution"] == "nobody"
    assert card["engine"] == {
        "device": "cpu",
        "processor": "",
        "precision": "uint8",
        "libraries": "digests 1",
        "exact": True,
        "watermark": None,
        "golden": {"tried": 0, "equal": 0},
        "self_test": "",
    }
    assert card["platform"] == "cpu, uint8, digests 1"


def test_a_card_of_sixteen_bits_tells_what_its_pixels_stand_for(settings: Settings) -> None:
    """The values of 0 and 65,535."""
    deep = card_named("scans-32", channels=1, value_range=(-1024.0, 3071.0))
    with service_with(Painter(deep), settings) as client:
        card = client.get("/models/scans-32").json()

    assert (card["bit_depth"], card["value_range"]) == (16, [-1024.0, 3071.0])


def test_an_unknown_model_is_answered_with_those_there_are(client: TestClient) -> None:
    """Not found, and what could be."""
    answer = client.get("/models/nobody")

    assert answer.status_code == 404
    assert answer.json()["allowed"] == ["painter-32"]


def test_an_old_digest_tells_its_card_and_is_no_default(
    client: TestClient, painter: Painter
) -> None:
    """The list has what a name means now."""
    old, new = painter.cards[0], replace(painter.cards[0], weights_sha256="0" * 64)
    registry = local(client.app_state["runtime"]).registry
    registry.serve(painter.folder, ModelInfo(new, MODE), 0.0)
    local(client.app_state["runtime"])._publish()
    told = client.get(f"/models/{old.pinned_name}").json()

    assert (told["digest"], told["default"]) == (old.weights_sha256, False)
    assert [new.pinned_name] == [m["pinned_name"] for m in client.get("/models").json()["models"]]
    assert client.get("/health/ready").json()["leaving"] == [old.pinned_name]
    for model, card in (("painter-32", new), (old.pinned_name, old)):
        head = client.head(f"/images/1?model={model}")
        assert head.headers["x-model"] == card.pinned_name


def test_a_replaced_model_has_other_etags(client: TestClient, painter: Painter) -> None:
    """Whoever kept its picture gets the new one; whoever pinned the old one keeps it."""
    old, new = painter.cards[0], replace(painter.cards[0], weights_sha256="0" * 64)
    etag = client.head("/images/1").headers["etag"]
    local(client.app_state["runtime"]).registry.serve(painter.folder, ModelInfo(new, MODE), 0.0)
    local(client.app_state["runtime"])._publish()
    kept = {"If-None-Match": etag}

    assert client.head("/images/1", headers=kept).status_code == 200
    assert client.head("/images/1").headers["etag"] != etag
    assert client.head(f"/images/1?model={old.pinned_name}", headers=kept).status_code == 304


def test_without_a_default_models_are_listed_and_without_models_it_says_why(
    settings: Settings,
) -> None:
    """A name still means its model."""
    named = settings.model_copy(update={"default_model": "nobody"})
    runtime = ServiceRuntime(named, Painter(card_named("a"), card_named("b")).open)
    with TestClient(create_app(named, runtime)) as client:
        wait_until(lambda: client.get("/models").status_code == 200)
        assert client.get("/models").json()["default"] is None
        assert client.get("/images/1?model=a").status_code == 200
        assert "nobody" in client.get("/images/1").json()["detail"]
        for folder in ("a", "b"):
            local(runtime).registry.remove(named.bundles[0] / folder, 0.0)
        local(runtime)._publish()
        pinned = card_named("a").pinned_name

        assert "no bundle in" in client.get("/models").json()["detail"]
        assert client.get(f"/images/1?model={pinned}").status_code == 200


@pytest.mark.parametrize("path", ["/models", "/models/painter-32"])
def test_a_client_that_polls_gets_the_cards_only_when_they_change(
    client: TestClient, painter: Painter, path: str
) -> None:
    """After a replacement, the next poll has the new digest."""
    first = client.get(path)
    known = {"If-None-Match": first.headers["etag"]}
    same, head = client.get(path, headers=known), client.head(path)
    new = replace(painter.cards[0], weights_sha256="0" * 64)
    local(client.app_state["runtime"]).registry.serve(painter.folder, ModelInfo(new, MODE), 0.0)
    local(client.app_state["runtime"])._publish()
    changed = client.get(path, headers=known)

    assert (same.status_code, same.content) == (304, b"")
    assert head.headers["etag"] == same.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == "public, no-cache"
    assert changed.status_code == 200
    assert new.weights_sha256 in changed.text


def test_a_shared_cache_keeps_no_list_that_a_key_opened(settings: Settings) -> None:
    """It would hand it to clients without one."""
    closed = settings.model_copy(update={"api_keys": (digest_of("ada"),)})
    with service_with(Painter(), closed) as client:
        answer = client.get("/models", headers={"X-API-Key": "ada"})

    assert answer.headers["cache-control"] == "private, no-cache"
