"""Drawings as a source."""

from contextlib import nullcontext

import numpy as np
import pytest

from training.data.manifest import DataError
from training.data.shape import Shape
from training.data.sources.avatars import AvatarPictures, chosen_options, open_avatars
from training.data.sources.request import parse_request
from training.data.sources.style import known_styles


def draw(pictures: AvatarPictures, shape: Shape) -> np.ndarray:
    """All pictures of a request."""
    decoder = pictures.decoder(shape)
    return np.stack([decoder(entry.payload, nullcontext()).pixels for entry in pictures.entries()])


def test_every_number_gives_another_face_on_a_plain_background() -> None:
    """Eight faces differ, and their upper corners are of the colours that were asked for."""
    location = "dicebear:personas?count=8&size=64&background=102030,405060"
    drawn = draw(open_avatars(location), Shape(64, 3))

    assert len({picture.tobytes() for picture in drawn}) == 8
    corners = {tuple(corner) for corner in drawn[:, [0, 0], [0, 63]].reshape(-1, 3).tolist()}
    assert corners == {(0x10, 0x20, 0x30), (0x40, 0x50, 0x60)}


def test_the_same_request_draws_the_same_pixels_and_another_seed_others() -> None:
    """A drawing depends on its request and number alone."""
    once = draw(open_avatars("dicebear:personas?count=3&size=32"), Shape(32, 3))
    again = draw(open_avatars("dicebear:personas?count=3&size=32"), Shape(32, 3))
    other = draw(open_avatars("dicebear:personas?count=3&size=32&seed=1"), Shape(32, 3))

    np.testing.assert_array_equal(once, again)
    assert (once != other).any(axis=(1, 2, 3)).all()


def test_a_smaller_set_is_the_beginning_of_a_larger_one() -> None:
    """More pictures can be asked for without changing those there are."""
    few = draw(open_avatars("dicebear:personas?count=2&size=32"), Shape(32, 3))
    more = draw(open_avatars("dicebear:personas?count=3&size=32"), Shape(32, 3))

    np.testing.assert_array_equal(few, more[:2])


def test_without_background_the_corners_are_transparent() -> None:
    """Four channels keep what the drawing leaves open."""
    drawn = draw(open_avatars("dicebear:personas?count=2&size=32&background=none"), Shape(32, 4))

    assert (drawn[:, 0, 0, 3] == 0).all()
    assert (drawn[:, 16, 16, 3] == 255).all()


def test_dark_skin_is_brown_and_not_gray() -> None:
    """A face lightened within its mask keeps the colour of the skin below."""
    location = "dicebear:personas?count=40&size=32"
    cheeks = draw(open_avatars(location), Shape(32, 3))[:, 19, 11].astype(int)
    dark = cheeks[cheeks.max(axis=1) < 170]

    assert len(dark) >= 3
    assert (dark[:, 0] - dark[:, 2] > 30).mean() > 0.8


def test_licence_and_credit_come_with_the_style() -> None:
    """The card of a model can thank the artist without anybody typing."""
    origin = open_avatars("dicebear:personas").origin

    assert (origin.kind, origin.name, origin.licence) == ("dicebear", "personas", "CC BY 4.0")
    assert "Draftbit" in origin.attribution


def test_a_drawing_below_the_resolution_is_refused() -> None:
    """The message says what to ask for."""
    with pytest.raises(DataError, match="ask for size=128"):
        open_avatars("dicebear:personas?size=64").decoder(Shape(128, 3))


def test_the_natural_resolution_is_a_power_of_two() -> None:
    """Drawings of 200 pixels suggest 128."""
    assert open_avatars("dicebear:personas?size=200").natural_resolution() == 128


def test_of_a_square_drawing_another_shape_takes_what_fits() -> None:
    """96 by 64 lie within 100 pixels; 192 by 128 do not."""
    drawings = open_avatars("dicebear:personas?size=100")

    assert drawings.natural_resolution((4, 6)) == 64
    with pytest.raises(DataError, match="too small for 192: ask for size=192"):
        drawings.decoder(Shape(128, 3, "crop", (4, 6)))


@pytest.mark.parametrize("style", known_styles())
def test_every_installed_style_draws(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever parts its definition is made of; the drawing is no plain surface.

    The definitions are checked by their publisher: to do it again takes most of a minute.
    """
    monkeypatch.setattr("dicebear.validator.StyleValidator.validate", lambda _: None)
    pictures = open_avatars(f"dicebear:{style}?count=1&size=16")
    drawn = draw(pictures, Shape(16, 3))

    assert drawn.shape == (1, 16, 16, 3)
    assert drawn.std() > 0


def test_the_options_of_a_drawing_are_those_it_was_drawn_with() -> None:
    """Parts that the look leaves out are never chosen, and a number has its own options."""
    request = parse_request("dicebear:personas?count=40&background=102030")
    chosen = [chosen_options(request, number) for number in range(request.count)]

    assert all(options["backgroundColor"] == ["#102030"] for options in chosen)
    assert len({str(options["hairVariant"]) for options in chosen}) > 8
    assert "cap" not in {options["hairVariant"] for options in chosen}
    assert chosen[7] == chosen_options(request, 7) != chosen[8]
    assert any("facialHairVariant" not in options for options in chosen)


def test_chosen_parts_and_colours_are_drawn() -> None:
    """A choice replaces that of the look, which leaves caps out; other parts vary as before."""
    request = parse_request("dicebear:personas?count=12&hairVariant=cap,long&hairColor=f27d65")
    options = [chosen_options(request, number) for number in range(request.count)]

    assert {each["hairVariant"] for each in options} == {"cap", "long"}
    colours = [each["hairColor"] for each in options if each["hairVariant"] == "long"]
    assert colours == [["#f27d65"]] * len(colours) != []
    assert len({str(each["clothesVariant"]) for each in options}) > 1
