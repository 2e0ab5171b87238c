"""The page's scripts at work: the addresses they make, and the key they send to a real service."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from models.latent import parse_seed
from service.settings import Settings
from tests.service.painter import Painter, card_named, service_with
from tests.web.browser import run_script


@pytest.mark.parametrize("label", ["class 2", "T-shirt/top & more", "Größe+1"])
def test_a_chosen_class_is_in_the_addresses_of_pictures_and_walks(
    settings: Settings, label: str
) -> None:
    """As the service understands it, whatever its name is made of."""
    card = card_named("things-32", labels=(label, "the seed's own"))
    code = """
    const { imageAddress, interpolationAddress } = await script("pictures.js");
    const model = { model: given[0], label: given[1] };
    const fields = { ...model, resolution: 32, steps: 2, format: "json" };
    const walk = interpolationAddress(["1", "2"], fields);
    print([imageAddress({ seed: "ada", ...model, resolution: 32 }), walk]);
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
    const fields = { ...model, resolution: 32, steps: 4, format: "gif" };
    const walk = interpolationAddress(["1", "2"], fields);
    print([imageAddress({ seed: "ä 7", label: "", ...model, resolution: 32 }), walk]);
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
    const addresses = seeds.map((seed) => imageAddress({ seed, ...model, resolution: 32 }));
    print([addresses, galleryAddress(seeds, { ...model, resolution: 32 })]);
    """
    addresses, gallery = run_script(code, json.dumps(seeds))
    with service_with(Painter(), settings) as client:
        single = [client.get(f"/{address}").headers["x-seed"] for address in addresses]
        together = client.post(f"/{gallery}", headers={"Accept": "application/json"})

    assert single == [str(parse_seed(seed)) for seed in seeds]
    assert together.headers["x-seed"] == ",".join(single)


def test_who_subscribes_is_told_at_once_and_of_changes_of_its_fields_alone() -> None:
    """Until its signal ends; states are never changed, only replaced."""
    code = """
    const { createStore } = await script("store.js");
    const store = createStore({ model: "a", seed: "1" });
    const calls = [];
    const leaving = new AbortController();
    store.subscribe(["model"], ({ model, seed }) => calls.push([model, seed]), leaving.signal);
    store.set({ seed: "2" });
    store.set({ model: "b" });
    store.set({ model: "b" });
    leaving.abort();
    store.set({ model: "c" });
    print([calls, Object.isFrozen(store.get()), store.get()]);
    """

    assert run_script(code) == [[["a", "1"], ["b", "2"]], True, {"model": "c", "seed": "2"}]


@pytest.mark.parametrize(
    "address",
    [
        "#seed=ripley&model=first&resolution=16",
        "#seed=7&end=ada&t=0.25&model=first&resolution=16&label=T-shirt%2Ftop",
        "#model=first&from=1000&at=420",
        "#view=kept&model=first&kept=seen",
        "#view=set&model=first&pictures=alan%0Aada",
    ],
)
def test_an_address_holds_all_that_its_view_shows(address: str) -> None:
    """Read and written again it is the same."""
    code = """
    const { formatAddress, parseAddress, usualFields } = await script("address.js");
    print(formatAddress({ ...usualFields(), ...parseAddress(given[0]) }));
    """

    assert run_script(code, address) == address


@pytest.mark.parametrize(
    ("address", "view", "fields"),
    [
        ("", "wall", {"from": "1", "at": 0}),
        ("#stage", "wall", {}),
        ("#seed=ripley", "picture", {"seed": "ripley", "resolution": 0}),
        ("#seed=", "picture", {"seed": "alan"}),
        ("#view=dreams&seed=ripley", "picture", {"seed": "ripley", "unknown": "dreams"}),
        ("#view=toString", "wall", {"unknown": "toString"}),
        ("#from=-5&at=many&resolution=1e9", "wall", {"from": "1", "at": 0, "resolution": 0}),
        ("#from=9223372036854775808", "wall", {"from": "1"}),
        ("#seed=a&end=b&t=7", "picture", {"end": "b", "t": 0.5}),
        ("#seed=a&end=b&t=", "picture", {"t": 0.5}),
    ],
)
def test_an_old_or_damaged_address_shows_what_it_can(
    address: str, view: str, fields: dict[str, object]
) -> None:
    """What is missing or not allowed has its usual value."""
    code = 'print((await script("address.js")).parseAddress(given[0]));'
    seen = run_script(code, address)

    assert seen["view"] == view
    assert seen | fields == seen


def test_a_typed_seed_is_trimmed_and_keeps_its_capitals() -> None:
    """And accents have one form, however a keyboard writes them."""
    seeds = {
        "alan ": "alan",
        "\u3000 Alan\t": "Alan",
        "\u200balan\ufeff": "alan",
        "Zoe\u0301": "Zo\u00e9",
        "a  b": "a  b",
        "0x10": "0x10",
        "half \ud83d": "half \ufffd",
    }
    code = "print(JSON.parse(given[0]).map((await script('seeds.js')).cleanSeed));"

    assert run_script(code, json.dumps(list(seeds))) == list(seeds.values())


def test_a_card_is_four_figures_in_words_and_a_promise_with_its_terms() -> None:
    """Each figure says which direction is good; a model without numbers shows none."""
    code = """
    const { figuresOf, promiseOf } = await script("card.js");
    const quality = {
      recall: { value: 0.5 },
      precision: { value: 0.25 },
      neighbour_ratio: { value: 1.5 },
      ms_ssim: { value: 0.3 },
      fd_efficientnet_lite0: { value: 99 },
    };
    const promiseBy = (engine) =>
      promiseOf({ digest: "0123456789abcdef", platform: "cpu, AVX2", engine });
    print({
      figures: figuresOf(quality),
      none: figuresOf({}),
      promise: promiseBy({ exact: true }),
      other: promiseBy({ exact: false, golden: { tried: 9, equal: 5 } }),
    });
    """
    seen = run_script(code)

    assert [figure[0] for figure in seen["figures"]] == [
        "Sameness",
        "Distance",
        "Precision",
        "Originality",
    ]
    assert [figure[1] for figure in seen["figures"]] == ["0.3", "99", "25 %", "1.5"]
    assert all(any(w in f[2] for w in ("lower", "higher", "near")) for f in seen["figures"])
    assert seen["none"] == []
    assert "here: cpu, AVX2." in seen["promise"]
    assert "whatever else is generated" in seen["promise"]
    assert "roundings" in seen["other"]
    assert "Of 9 pictures kept from when the model was made, 5 come out here" in seen["other"]
