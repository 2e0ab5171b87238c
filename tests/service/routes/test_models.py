"""`GET /models`: cards for people and machines."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from service.settings import Settings
from tests.service.painter import Painter, card_named, service_with


def test_all_models_are_told_with_their_default(settings: Settings) -> None:
    """The largest of the personas is meant where none is named."""
    cards = (card_named("aaa-8", 8), card_named("personas-16", 16), card_named("personas-32"))
    with service_with(Painter(*cards), settings) as client:
        answer = client.get("/models").json()

        assert answer["default"] == "personas-32"
        assert ["aaa-8", "personas-16", "personas-32"] == [m["name"] for m in answer["models"]]
        assert [False, False, True] == [model["default"] for model in answer["models"]]
        assert client.get("/images/1").headers["x-model"].startswith("personas-32@")


@pytest.mark.parametrize("name", ["painter-32", card_named("painter-32").pinned_name])
def test_a_card_tells_what_a_client_needs(client: TestClient, name: str) -> None:
    """Resolutions, data, licence, digest, how it runs."""
    card = client.get(f"/models/{name}").json()

    assert card["pinned_name"] == card_named("painter-32").pinned_name
    assert card["digest"] == card["pinned_name"].partition("@")[2]
    assert card["resolutions"] == [4, 8, 16, 32]
    assert (card["licence"], card["channels"], card["labels"]) == ("MIT", 3, [])
    assert card["data"]["attribution"] == "nobody"
    assert card["engine"] == {
        "device": "cpu",
        "precision": "uint8",
        "libraries": "digests 1",
        "exact": True,
    }


def test_an_unknown_model_is_answered_with_those_there_are(client: TestClient) -> None:
    """Not found, and what could be."""
    answer = client.get("/models/nobody")

    assert answer.status_code == 404
    assert answer.json()["allowed"] == ["painter-32"]
