"""The key of a watermark: its name, and the numbers that it determines."""

from __future__ import annotations

import pytest

from service.watermark.key import PUBLIC_KEY, watermark_key

OWN = "an own key of the operator"


def test_the_public_key_is_named_by_the_version_alone() -> None:
    """Names of other keys carry a fingerprint, so that another key is another fact."""
    assert watermark_key().name == watermark_key(PUBLIC_KEY).name == "1"
    assert watermark_key(OWN).name == "1-5c44d0a4"
    assert watermark_key(OWN + "!").name != watermark_key(OWN).name


def test_a_key_is_not_shown() -> None:
    """Neither its text nor what is derived from it appears in a log or a dump."""
    key = watermark_key(OWN)

    assert OWN not in repr(key)
    assert "secret" not in repr(key)


def test_a_short_key_is_refused() -> None:
    """With the way to make a long one."""
    with pytest.raises(ValueError, match="16 characters or more, not 6: write a random one"):
        watermark_key("secret")


def test_numbers_depend_on_key_and_purpose() -> None:
    """And on nothing else; the first ones are frozen with version 1."""
    key = watermark_key()

    assert key.numbers("phases", 3).tolist() == [37327986, 797413957, 979494027]
    assert key.numbers("phases", 9)[:3].tolist() == key.numbers("phases", 3).tolist()
    assert key.numbers("order", 3).tolist() != key.numbers("phases", 3).tolist()
    assert watermark_key(OWN).numbers("phases", 3).tolist() != key.numbers("phases", 3).tolist()
