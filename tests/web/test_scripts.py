"""The page's scripts at work: the addresses they make, and the key they send to a real service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

import pytest

from models.latent import parse_seed
from service.access.keys import digest_of
from service.settings import Settings
from tests.service.painter import Painter, card_named, service_with
from tests.web.browser import run_script, served

KEY: Final = "ada-0123456789"


@pytest.fixture
def guarded(settings: Settings) -> Iterator[str]:
    """The address of a service on a port, which asks for `KEY`."""
    with served(settings.model_copy(update={"api_keys": (digest_of(KEY),)})) as address:
        yield address


@pytest.mark.parametrize("label", ["class 2", "T-shirt/top & more", "Größe+1"])
def test_a_chosen_class_is_in_the_addresses_of_pictures_and_walks(
    settings: Settings, label: str
) -> None:
    """As the service understands it, whatever its name is made of."""
    card = card_named("things-32", labels=(label, "the seed's own"))
    code = """
    const { imageAddress, interpolationAddress } = await script("pictures.js");
    const model = { model: given[0], label: given[1] };
    const walk = interpolationAddress(["1", "2"], model, 32, 2, "json");
    print([imageAddress("ada", model, 32, "png"), walk]);
    """
    picture, walk = run_script(code, card.pinned_name, label)
    with service_with(Painter(card), settings) as client:
        one = client.get(f"/{picture}")
        other = client.get("/images/ada")
        several = client.get(f"/{walk}")

    assert one.status_code == 200
    assert unquote(one.headers["x-label"]) == label != unquote(other.headers["x-label"])
    assert several.json()["label"] == label


def test_where_no_class_is_chosen_no_address_tells_of_one() -> None:
    """So that models without classes are asked as ever."""
    code = """
    const { imageAddress, interpolationAddress } = await script("pictures.js");
    const model = { model: "plain@0f" };
    const walk = interpolationAddress(["1", "2"], model, 32, 4, "gif");
    print([imageAddress("ä 7", model, 32, "png"), walk]);
    """
    settings = "steps=4&fps=24&loop=true&resolution=32&model=plain@0f&format=gif"

    assert run_script(code) == [
        "images/%C3%A4%207?model=plain@0f&resolution=32&format=png",
        f"interpolate?seed=1&seed=2&{settings}",
    ]


def test_any_text_is_the_same_seed_in_every_address_of_the_page(settings: Settings) -> None:
    """Dots, slashes and endings, too, which a path would lose or take for a format."""
    seeds = ["ada", "..", ".", "a/b", "a//b", "/", "ada.png", "john.smith", "100%", "%41", "a\\b"]
    seeds += ["ä 7", "a?b#c", "a&b=c", "a+b", "鍵", "👩🏽‍🚀", "'\"<>", "-0", "007"]
    code = """
    const { imageAddress, galleryAddress } = await script("pictures.js");
    const seeds = JSON.parse(given[0]);
    const model = { model: "painter-32" };
    const addresses = seeds.map((seed) => imageAddress(seed, model, 32, "png"));
    print([addresses, galleryAddress(seeds, model, 32)]);
    """
    addresses, gallery = run_script(code, json.dumps(seeds))
    with service_with(Painter(), settings) as client:
        single = [client.get(f"/{address}").headers["x-seed"] for address in addresses]
        together = client.post(f"/{gallery}", headers={"Accept": "application/json"})

    assert single == [str(parse_seed(seed)) for seed in seeds]
    assert together.headers["x-seed"] == ",".join(single)


def test_a_request_waits_for_a_key_and_goes_on_with_the_one_that_opens(guarded: str) -> None:
    """The reader is told when one is refused; no address ever holds one."""
    code = """
    const [host, key] = given;
    const { request } = await script("api.js");
    const { setKey, onKeyRequired } = await script("key.js");
    const asked = [];
    const typed = ["wrong", key];
    onKeyRequired((refused) => {
      asked.push(refused);
      setTimeout(() => setKey(typed.shift()));
    });
    const cards = await (await request(`${host}/models`, signal, ignore)).json();
    const picture = await request(`${host}/images/7`, signal, ignore);
    const seed = picture.headers.get("X-Seed");
    print({ asked, sent, kept: [...stored.values()], model: cards.default, seed });
    """
    seen = run_script(code, guarded, KEY)

    assert seen["asked"] == [False, True]
    assert (seen["model"], seen["seed"]) == ("painter-32", "7")
    assert seen["kept"] == [KEY]
    assert [headers for _, headers, _ in seen["sent"]] == [
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": KEY},
        {"X-API-Key": KEY},
    ]
    assert [address for address, *_ in seen["sent"] if "wrong" in address or KEY in address] == []


def test_a_key_that_came_while_a_request_was_under_way_is_sent_at_once(guarded: str) -> None:
    """The reader is not asked again."""
    code = """
    const [host, key] = given;
    const { request } = await script("api.js");
    const { setKey, onKeyRequired } = await script("key.js");
    const asked = [];
    onKeyRequired((refused) => asked.push(refused));
    const answer = request(`${host}/models`, signal, ignore);
    setKey(key);
    print({ asked, status: (await answer).status, sent: sent.length });
    """

    assert run_script(code, guarded, KEY) == {"asked": [], "status": 200, "sent": 2}


def test_a_kept_key_is_sent_from_the_beginning(guarded: str) -> None:
    """As after the page was loaded again in the same tab."""
    code = """
    stored.set("progan-key", given[1]);
    const { request } = await script("api.js");
    const answer = await request(`${given[0]}/models`, signal, ignore);
    print({ status: answer.status, sent: sent.length });
    """

    assert run_script(code, guarded, KEY) == {"status": 200, "sent": 1}


def test_who_goes_elsewhere_no_longer_waits_for_a_key(guarded: str) -> None:
    """A picture that is not wanted any more is not fetched when the key has come."""
    code = """
    const { request } = await script("api.js");
    const { setKey, onKeyRequired } = await script("key.js");
    const gone = new AbortController();
    onKeyRequired(() => gone.abort());
    const answer = request(`${given[0]}/models`, gone.signal, ignore);
    const name = await answer.catch((error) => error.name);
    setKey(given[1]);
    await new Promise((resolve) => setTimeout(resolve));
    print({ name, sent: sent.length });
    """

    assert run_script(code, guarded, KEY) == {"name": "AbortError", "sent": 1}


def test_a_key_that_no_header_holds_is_not_taken() -> None:
    """Else every request would fail as if the service were not there."""
    code = """
    const { hasKey, keyHeaders, setKey } = await script("key.js");
    let name = "";
    try { setKey("鍵"); } catch (error) { name = error.name; }
    print({ name, has: hasKey(), headers: keyHeaders(), kept: stored.size });
    """

    assert run_script(code) == {"name": "TypeError", "has": False, "headers": {}, "kept": 0}


def test_nobody_follows_a_state_before_there_is_a_model() -> None:
    """An address may hold model and resolution long before the service has told its models."""
    code = """
    const { createStore } = await script("state.js");
    const store = createStore({ card: null, model: undefined });
    const calls = [];
    store.subscribe(["model", "card"], ({ model, card }) => calls.push([model, card]));
    store.set({ model: "a" });
    store.set({ card: "card" });
    store.set({ card: "card" });
    print(calls);
    """

    assert run_script(code) == [["a", "card"]]
