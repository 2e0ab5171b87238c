"""The card of a bundle, and the strictness with which it is read."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.card import FORMAT_VERSION, NAME_PATTERN, Card, CardError, model_name_of
from models.exit_shape import ExitShape
from models.families.dcgan.config import DcganConfig
from models.layout import CARD_FILE

DCGAN = DcganConfig(8, generator_maps=4, discriminator_maps=4).to_dict()


def through_json(card: Card) -> dict[str, Any]:
    """What a reader finds in the file."""
    return json.loads(json.dumps(card.to_dict()))


def test_a_card_comes_back_from_json_as_it_was(card: Card) -> None:
    """Tuples, nested values and all."""
    assert Card.from_dict(through_json(card)) == card


def at(values: Any, path: str) -> Any:
    """The part of a card at a path such as `exits.1`; the card itself at an empty one."""
    for step in filter(None, path.split(".")):
        values = values[int(step) if isinstance(values, list) else step]
    return values


def test_the_pinned_name_holds_the_digest(card: Card) -> None:
    """`name@digest` never means another model."""
    assert card.pinned_name == "tiny@" + "0" * 64
    assert card.resolutions == (4, 8, 16, 32)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("run", "run"), ("My Faces", "my-faces"), ("Zo\u00eb", "zoe"), (".hidden_2", "hidden_2")),
        *(
            ("\u041b\u0438\u0446\u0430", "model"),
            ("", "model"),
            ("...", "model"),
            ("a" * 70, "a" * 64),
        ),
        *(("run (2)", "run-2"), ("a/b", "a-b"), ("x\n", "x"), ("-tiny", "tiny")),
    ],
)
def test_a_name_is_made_of_any_text(text: str, name: str) -> None:
    """What cannot stand in a name becomes a hyphen; accents are dropped."""
    assert model_name_of(text) == name


@given(st.text(max_size=100))
def test_a_name_that_is_made_is_always_one_that_fits(text: str) -> None:
    """For every text that there is."""
    assert NAME_PATTERN.fullmatch(model_name_of(text))


@pytest.mark.parametrize("name", ["", "Tiny", "a b", "-tiny", "a/b", "../x", "x" * 65, "tiny\n"])
def test_a_name_that_would_not_fit_into_an_address_is_refused(card: Card, name: str) -> None:
    """The message says which characters do."""
    with pytest.raises(CardError, match="use 1 to 64 lower-case letters"):
        replace(card, name=name)


def test_there_is_one_exit_for_each_resolution(card: Card) -> None:
    """Neither fewer nor in another order."""
    for exits in (card.exits[1:], card.exits[::-1]):
        with pytest.raises(CardError, match="one exit for each resolution, smallest first"):
            replace(card, exits=exits)


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0, None, "1"])
def test_another_format_is_refused_whatever_else_it_says(version: object) -> None:
    """A newer card may have other keys, so the version is looked at first."""
    with pytest.raises(CardError, match="use the release that wrote it, or export it again"):
        Card.from_dict({"format_version": version, "something": "new"})


@pytest.mark.parametrize("part", ["", "network", "exits.1", "data", "golden.0"])
def test_unknown_and_missing_keys_are_named(card: Card, part: str) -> None:
    """In the card itself and in each of its parts."""
    values = through_json(card)
    inner = at(values, part)
    path = f"{part}." if part else ""
    for lost in sorted(set(inner) - {"format_version", "classes", "labels"}):
        kept = inner.pop(lost)
        with pytest.raises(CardError, match=rf"{path}{lost}: missing.*Export the bundle again"):
            Card.from_dict(values)
        inner[lost] = kept
    inner["surprise"] = 1

    with pytest.raises(CardError, match=rf"{path}surprise: unknown"):
        Card.from_dict(values)


@pytest.mark.parametrize(
    "labels", [(), ("shirt",), ("shirt",) * 2, ("a", "b", "c"), ("a", "a", "b"), ("a", "")]
)
def test_there_is_one_label_for_each_class(card: Card, labels: tuple[str, ...]) -> None:
    """All different, so that each can be asked for."""
    with pytest.raises(CardError, match="one label for each of 2 classes, all different"):
        replace(card, labels=labels)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network", {"resolution": 32}),
        ("network", None),
        ("exits", 4),
        ("exits", [4, 8]),
        ("golden", None),
        ("labels", 3),
        ("data", "Fashion-MNIST"),
        ("name", 5),
    ],
)
def test_a_value_that_does_not_fit_is_refused(card: Card, key: str, value: object) -> None:
    """As a card that does not fit, not as a crash of the reader."""
    with pytest.raises(CardError):
        Card.from_dict({**through_json(card), key: value})


# ----------------------------------------------------------------------------------------
# Cards of older formats


def of_version_1(card: Card) -> dict[str, Any]:
    """The card as the first format had it: one convolution for each exit, and no cost."""
    values = through_json(card)
    exits = [
        {"resolution": e["resolution"], "kernel": 5, "psnr_db": e["psnr_db"]}
        for e in values["exits"]
    ]
    return {**values, "exits": exits, "format_version": 1}


def test_a_card_of_the_first_format_is_read(card: Card) -> None:
    """Its exits are linear; what they cost is not known; all else is as it was."""
    read = Card.from_dict(of_version_1(card))

    assert [e.shape for e in read.exits] == [ExitShape((5,))] * 4
    assert {(e.multiply_adds, e.share_of_path) for e in read.exits} == {(None, None)}
    assert [e.psnr_db for e in read.exits] == [30.0, 30.0, 30.0, None]
    assert read.format_version == FORMAT_VERSION
    assert replace(read, exits=card.exits) == card


@pytest.mark.parametrize("exit_", [{"resolution": 4}, [4, 8], None, {"kernel": "five"}])
def test_a_card_of_the_first_format_is_read_as_strictly(card: Card, exit_: object) -> None:
    """What does not fit is refused."""
    values = of_version_1(card)
    values["exits"][1] = exit_

    with pytest.raises(CardError, match=r"exits\.1.*Export the bundle again"):
        Card.from_dict(values)
    with pytest.raises(CardError, match="surprise: unknown"):
        Card.from_dict({**of_version_1(card), "surprise": 1})


@pytest.mark.parametrize(
    ("kernels", "hidden"),
    [
        *(((), (8,)), ((2,), ()), ((0,), ()), ((1, 3), ()), ((3,), (8,)), ((3, 1), (0,))),
        *((("3",), ()), ((101,), ()), ((1,) * 17, (8,) * 16), ((1, 1), (10**9,))),
    ],
)
def test_an_exit_that_cannot_be_is_refused(
    card: Card, kernels: tuple[int, ...], hidden: tuple[int, ...]
) -> None:
    """Kernels are odd, and there is one more of them than hidden layers."""
    values = through_json(card)
    values["exits"][0] |= {"kernels": list(kernels), "hidden": list(hidden)}

    with pytest.raises(CardError, match=r"the card does not fit: exits\.0"):
        Card.from_dict(values)


# ----------------------------------------------------------------------------------------
# Types


def paths_of(values: object, path: str = "") -> list[str]:
    """Paths of all values of a card; of the free ones, training and quality, the outermost."""
    found = [path] if path else []
    if path in ("training", "quality"):
        return found
    pairs: list[tuple[Any, Any]] = []
    if isinstance(values, dict):
        pairs = [*values.items()]
    elif isinstance(values, list):
        pairs = [*enumerate(values)]
    for key, value in pairs:
        found += paths_of(value, f"{path}.{key}" if path else str(key))
    return found


def with_value(card: Card, path: str, value: object) -> dict[str, Any]:
    """The card as it stands in a file, with another value at a path."""
    values = through_json(card)
    above, _, key = path.rpartition(".")
    inner = at(values, above)
    inner[int(key) if isinstance(inner, list) else key] = value
    return values


def wrong_for(value: object) -> st.SearchStrategy[Any]:
    """Values of other JSON types; where numbers are allowed, null is as well."""
    texts, numbers = st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    lists = st.lists(st.none() | st.booleans() | texts, max_size=3)
    objects = st.dictionaries(st.text(), st.none() | texts, max_size=3)
    kinds: dict[type, st.SearchStrategy[Any]] = {
        str: st.none() | numbers | lists | objects | st.booleans(),
        int: texts | st.floats() | lists | objects | st.booleans(),
        float: texts | lists | objects | st.booleans(),
        type(None): texts | lists | objects | st.booleans(),
        list: st.none() | numbers | texts | objects | st.booleans(),
        dict: st.none() | numbers | texts | lists | st.booleans(),
    }
    return kinds[type(value)]


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_value_of_another_type_is_refused_wherever_it_stands(
    card: Card, data: st.DataObject
) -> None:
    """Always as a card that does not fit; the message has the path of the field."""
    path = data.draw(st.sampled_from(paths_of(through_json(card))))
    wrong = data.draw(wrong_for(at(through_json(card), path)))

    with pytest.raises(CardError) as caught:
        Card.from_dict(with_value(card, path, wrong))

    if path not in ("name", "format_version"):
        assert path.split(".")[0] in str(caught.value) or "not JSON" in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_any_value_anywhere_gives_a_card_or_a_card_error(card: Card, data: st.DataObject) -> None:
    """Never another exception; a card that is read is one that can be written."""
    path = data.draw(st.sampled_from(paths_of(through_json(card))))
    with suppress(CardError):
        read = Card.from_dict(with_value(card, path, data.draw(JSON)))
        assert Card.from_dict(through_json(read)) == read


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(("data.images", "many"), ("licence", 7), ("data.images", -1), ("data.images", True)),
        *(("exits.0.psnr_db", float("nan")), ("exits.0.share_of_path", -0.1)),
        *(("golden.0.seed", -1), ("golden.0.seed", 2**63), ("golden.0.thumbnail", [256] * 48)),
        *(("golden.0.thumbnail", [0] * 47), ("golden.0.resolution", 64)),
        *(
            ("golden.0.pixel_sha256", ""),
            ("weights_sha256", "0" * 63),
            ("weights_sha256", "G" * 64),
        ),
        *(("network.latent_size", 10**30), ("network.fmap_max", 2**21), ("network.classes", -1)),
        *(("title", "\ud800"), ("labels", ["shirt", 2]), ("quality", {"swd": float("inf")})),
        *(("training", []), ("exits", {}), ("family", None), ("network", [])),
    ],
)
def test_a_value_out_of_range_is_refused(card: Card, path: str, value: object) -> None:
    """Numbers have limits, digests a form, and text is text."""
    with pytest.raises(CardError, match="the card does not fit"):
        Card.from_dict(with_value(card, path, value))


SHIPPED = Path(__file__).parents[2] / "models" / "pretrained"


@pytest.mark.parametrize("name", sorted(path.name for path in SHIPPED.iterdir()))
def test_a_shipped_card_is_written_as_it_was_read(name: str) -> None:
    """To the last byte."""
    text = (SHIPPED / name / CARD_FILE).read_text(encoding="utf-8")

    again = json.dumps(Card.from_dict(json.loads(text)).to_dict(), indent=2, ensure_ascii=False)

    assert again + "\n" == text


def deep(card: Card, **changes: Any) -> Card:
    """The card with pictures of 16 bits."""
    network = replace(card.network, channels=1)
    golden = tuple(replace(each, thumbnail=(0,) * 16) for each in card.golden)
    values = {"network": network, "golden": golden, "bit_depth": 16, "value_range": (0.0, 4095.0)}
    return replace(card, **(values | changes))


def test_a_card_of_sixteen_bits_states_what_its_pixels_stand_for(card: Card) -> None:
    """And comes back from JSON as it was, whole numbers included."""
    values = through_json(deep(card))

    assert (values["bit_depth"], values["value_range"]) == (16, [0.0, 4095.0])
    assert Card.from_dict(values) == deep(card)
    assert Card.from_dict({**values, "value_range": [0, 4095]}) == deep(card)


def test_a_card_of_eight_bits_is_written_as_ever(card: Card) -> None:
    """Earlier releases, which refuse keys that they do not know, read it."""
    assert {"bit_depth", "value_range"}.isdisjoint(card.to_dict())
    assert Card.from_dict({**through_json(card), "bit_depth": 8, "value_range": None}) == card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bit_depth": 12}, "bit_depth: Input should be 8 or 16, not 12"),
        ({"bit_depth": 8}, "value_range: with 16 bits two numbers, else none"),
        ({"value_range": None}, "value_range: with 16 bits two numbers, else none"),
        ({"value_range": [5, 5]}, "low below high"),
        ({"value_range": [0]}, "value_range"),
        ({"value_range": ["0", "1"]}, "value_range"),
    ],
)
def test_depth_and_range_that_do_not_agree_are_refused(
    card: Card, change: dict[str, Any], message: str
) -> None:
    """With the key, before anything is rendered."""
    with pytest.raises(CardError, match=message):
        Card.from_dict({**through_json(deep(card)), **change})


def test_colours_have_no_sixteen_bits(card: Card) -> None:
    """A network of three channels has a card of 8 bits."""
    with pytest.raises(CardError, match="only gray pictures have 16 bits, not those of 3 channels"):
        deep(card, network=card.network)


@pytest.mark.parametrize("family", ["vae", None, ["x"], 7])
def test_a_network_of_an_unknown_family_is_refused_in_words(card: Card, family: object) -> None:
    """The message lists the families that are known, and nothing of how they are told apart."""
    values = card.to_dict()
    values["network"]["family"] = family
    known = "biggan, cyclegan, dcgan, progan, stargan, stylegan"

    with pytest.raises(CardError, match=rf"not fit: network: its family is none of {known}\. Exp"):
        Card.from_dict(values)


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ({"family": "dcgan", **DCGAN, "resolution": 256}, "network: a DCGAN has at most 128 px"),
        ({"family": "dcgan", **DCGAN, "channels": "3"}, "network.channels: Input should be"),
        (7, "network: Input should be an object"),
    ],
)
def test_the_path_of_a_wrong_value_is_that_of_the_file(
    card: Card, network: object, told: str
) -> None:
    """Without the name by which the class of its family is found."""
    with pytest.raises(CardError, match=f"does not fit: {told}"):
        Card.from_dict({**card.to_dict(), "network": network})
