"""What `dicebear:STYLE?...` asks for."""

import pytest

from training.data.manifest import DataError
from training.data.sources.request import AvatarRequest, parse_request


def test_settings_have_defaults() -> None:
    """A style alone is enough."""
    request = parse_request("dicebear:personas")

    assert (request.style, request.count, request.size, request.seed) == (
        "personas",
        20_000,
        256,
        "0",
    )
    assert len(request.background) == 8


def test_every_setting_can_be_given() -> None:
    """Colours may carry their #, as far as a shell lets them."""
    request = parse_request("dicebear:lorelei?count=5&size=64&seed=x&background=%23ffffff,d0c8ee")

    assert request == AvatarRequest("lorelei", 5, 64, "x", ("ffffff", "d0c8ee"))
    assert parse_request("dicebear:lorelei?background=none").background == ()


def test_parts_and_colours_of_the_style_can_be_chosen() -> None:
    """By the names that DiceBear has for them, in any order; a part may have those of another."""
    request = parse_request("dicebear:personas?hairVariant=long,bald&hairColor=%23f27d65")

    assert request.choices == (("hairColor", ("f27d65",)), ("hairVariant", ("long", "bald")))
    (star,) = parse_request("dicebear:planets?star02Variant=sparkle").choices
    assert star == ("star02Variant", ("sparkle",))


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("dicebear:", "no style ''; it has .*personas"),
        ("dicebear:../personas", "no style"),
        ("dicebear:personas?count=0", "count must be a whole number from 1"),
        ("dicebear:personas?count=many", "count must be"),
        ("dicebear:personas?size=2048", "size must be a whole number from 8 to 1024"),
        ("dicebear:personas?colour=red", "unknown colour; allowed: count"),
        ("dicebear:personas?background=red", "background must be `none` or colours"),
        ("dicebear:personas?hairColor=none", "hairColor must be colours like"),
        ("dicebear:personas?hairVariant=long,tall", "must be some of bald,.*not 'tall'"),
        ("dicebear:micah?skinColor=ffffff", "unknown skinColor; allowed: count, .*baseColor"),
    ],
)
def test_what_is_not_understood_is_refused(location: str, message: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(DataError, match=message):
        parse_request(location)
