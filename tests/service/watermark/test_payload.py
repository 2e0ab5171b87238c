"""The payload: 32 bits of a digest and their check, as coded bits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.watermark.payload import (
    CODED_BITS,
    GENERATORS,
    MEMORY,
    MESSAGE_BITS,
    decode_message,
    encode_message,
    message_of,
    model_prefix_of,
    prefix_in,
)

PREFIXES = st.binary(min_size=4, max_size=4).map(bytes.hex)


@given(PREFIXES)
def test_a_payload_survives_a_seventh_of_wrong_bits(prefix: str) -> None:
    """In any places that are apart from each other."""
    evidence = encode_message(message_of(prefix)) * 2.0 - 1.0
    evidence[::7] *= -1

    assert prefix_in(decode_message(evidence)) == prefix


@given(PREFIXES, st.integers(0, MESSAGE_BITS - 1))
def test_a_wrong_bit_fails_the_check(prefix: str, place: int) -> None:
    """A payload is read right or not at all."""
    message = message_of(prefix)
    message[place] ^= 1

    assert prefix_in(message) is None


def test_silence_is_no_payload() -> None:
    """Of a picture without any evidence all bits are decoded as 0."""
    assert prefix_in(decode_message(np.zeros(CODED_BITS))) is None


def test_strong_evidence_outweighs_weak() -> None:
    """Soft decisions: every third bit is wrong here, but faint."""
    evidence = encode_message(message_of("0a1b2c3d")) * 2.0 - 1.0
    evidence[1::3] *= -0.3

    assert prefix_in(decode_message(evidence)) == "0a1b2c3d"


def test_the_code_has_the_free_distance_of_its_table() -> None:
    """15 for 133, 145, 175: the fewest ones in the code of a message other than zero."""

    def weight(message: list[int]) -> int:
        register, ones = 0, 0
        for bit in [*message, *[0] * MEMORY]:
            register = (register >> 1) | (bit << MEMORY)
            ones += sum((register & generator).bit_count() & 1 for generator in GENERATORS)
        return ones

    assert min(weight([1, *rest]) for rest in product((0, 1), repeat=9)) == 15


def test_the_prefix_is_that_of_the_digest() -> None:
    """Of a pinned name."""
    assert model_prefix_of("a@b@0A1B2C3D4e") == "0a1b2c3d"


@pytest.mark.parametrize("text", ["0a1b2c", "0a1b2c3d4e", "no digits", ""])
def test_other_than_eight_digits_are_refused(text: str) -> None:
    """Before a picture carries them."""
    with pytest.raises(ValueError, match="hexadecimal"):
        message_of(text)
