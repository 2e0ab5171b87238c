"""Truncation and a second style of models whose layers have styles."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.latent import parse_seed
from models.picture import pixel_sha256
from service.batching.recipe import Recipe, StyleMix, point_of
from service.settings import Settings
from tests.service.painter import Painter, card_named, paint, service_with
from tests.service.styled_models import styled_card
from tests.service.truncated_models import truncated_card


@pytest.fixture
def styled(settings: Settings) -> Iterator[TestClient]:
    """A service with a model that takes psi and mix beside one that does not."""
    painter = Painter(styled_card(), card_named("painter-32"))
    with service_with(painter, settings) as client:
        yield client


def test_truncation_and_a_second_style_are_part_of_the_recipe(styled: TestClient) -> None:
    """In headers, file, address and ETag; the address gives the same picture."""
    asked = "/images/7?model=styled-16&psi=0.7&mix=ada@8"
    answer = styled.get(asked)
    recipe = Recipe(
        styled_card().pinned_name, point_of(7), 16, None, None, 0.7, StyleMix(parse_seed("ada"), 8)
    )
    address = answer.headers["content-location"]

    assert answer.headers["x-pixel-sha256"] == pixel_sha256([paint(recipe)])
    assert (answer.headers["x-psi"], answer.headers["x-mix"]) == ("0.7", f"{parse_seed('ada')}@8")
    text = Image.open(io.BytesIO(answer.content)).info
    assert (text["psi"], text["mix"]) == ("0.7", f"{parse_seed('ada')}@8")
    again = styled.get(address)
    assert again.headers["etag"] == answer.headers["etag"]
    assert again.content == answer.content
    others = [styled.get(asked.replace(*pair)) for pair in (("0.7", "0.6"), ("ada", "bob"))]
    others += [styled.get(asked.replace("@8", "@16")), styled.get("/images/7?model=styled-16")]
    for header in ("etag", "content-location", "x-pixel-sha256"):
        assert len({each.headers[header] for each in (answer, *others)}) == 5


def test_psi_of_one_is_the_picture_without_it(styled: TestClient) -> None:
    """One picture has one address."""
    plain, one = (styled.get(f"/images/7?model=styled-16{more}") for more in ("", "&psi=1"))

    assert plain.content == one.content
    assert "psi" not in one.headers["content-location"]
    assert "x-psi" not in one.headers


def test_between_styles_the_usual_method_is_the_straight_line(styled: TestClient) -> None:
    """And the only one."""
    answer = styled.get("/images/7?end=9&t=0.25&model=styled-16&psi=0.5")

    assert answer.headers["x-method"] == "lerp"
    refused = styled.get("/images/7?end=9&method=slerp&model=styled-16")
    assert refused.status_code == 422
    assert "in a straight line: leave it out" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("model=painter-32&psi=0.5", "painter-32 takes seed, and no psi: leave it out"),
        ("model=painter-32&mix=7@8", "painter-32 takes seed, and no mix: leave it out"),
        ("model=styled-16&psi=2", "to 1.5, not 2.0"),
        ("model=styled-16&psi=nan", "to 1.5, not nan"),
        ("model=styled-16&mix=7@4", "with a resolution of 8, 16"),
    ],
)
def test_what_a_model_does_not_take_is_refused_in_words(
    styled: TestClient, query: str, message: str
) -> None:
    """Nothing is rendered."""
    answer = styled.get(f"/images/7?{query}")

    assert answer.status_code == 422
    assert message in answer.json()["detail"]


def test_psi_of_a_model_without_styles_is_part_of_the_recipe(settings: Settings) -> None:
    """In headers, file, address and ETag, in a walk by either method, and in its limits."""
    with service_with(Painter(truncated_card()), settings) as client:
        answers = [client.get(f"/images/7?model=big-16{more}") for more in ("", "&psi=0.5")]
        far = client.get("/images/7?model=big-16&psi=1.2")
        between = client.get("/images/7?model=big-16&end=8&t=0.5&method=slerp&psi=0.5")
        models = client.get("/models/big-16").json()

    plain, answer = answers
    recipe = Recipe(truncated_card().pinned_name, point_of(7), 16, psi=0.5)
    assert answer.headers["x-pixel-sha256"] == pixel_sha256([paint(recipe)])
    assert answer.headers["x-psi"] == "0.5"
    assert "psi=0.5" in answer.headers["content-location"]
    assert answer.headers["etag"] != plain.headers["etag"]
    assert Image.open(io.BytesIO(answer.content)).info["psi"] == "0.5"
    assert between.headers["x-method"] == "slerp"
    assert (far.status_code, far.json()["detail"]) == (
        422,
        "psi: it is from 0, one latent for all seeds, to 1, not 1.2",
    )
    assert (models["takes"], models["max_psi"]) == (["seed", "psi"], 1.0)
