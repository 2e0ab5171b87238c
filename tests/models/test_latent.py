"""The seed contract. The numbers written here are frozen: if one changes, every picture does."""

import hashlib
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.latent import (
    MAX_SEED,
    Latent,
    label_of,
    latent_of,
    lerp,
    noise_of,
    parse_seed,
    slerp,
)

SEEDS = st.integers(0, MAX_SEED)


def test_the_seed_of_a_name_is_frozen() -> None:
    """Text is hashed by SHA-256: the first 8 bytes, big-endian, top bit cleared."""
    assert parse_seed("alice") == 3159282601090220207
    assert parse_seed("grace") == 6922310927755559283  # whose top two bits are both set
    assert parse_seed("Zoë 🐟") == (
        int.from_bytes(hashlib.sha256("Zoë 🐟".encode()).digest()[:8], "big") % 2**63
    )


def test_the_latent_of_a_seed_is_frozen() -> None:
    """Bit for bit, on every machine and in every release."""
    assert [value.hex() for value in latent_of(7, 4).tolist()] == [
        "-0x1.2d51680000000p-3",
        "0x1.0114d80000000p-1",
        "-0x1.1752660000000p+0",
        "0x1.79a5020000000p-1",
    ]
    assert hashlib.sha256(latent_of(7, 512).tobytes()).hexdigest() == (
        "eb39c8f535d2cd8c814e6c2fc65f4117c6433603df21d95b10a80894c684908b"
    )
    assert latent_of(0, 2).tolist() == pytest.approx([0.15853384, 2.9828794])
    assert latent_of(MAX_SEED, 2).tolist() == pytest.approx([0.16367185, 0.35691893])


def test_latents_follow_the_rule_as_it_is_written() -> None:
    """Raw Philox words, pair by pair through Box and Muller, in plain Python."""
    words = [int(word) >> 11 for word in np.random.Philox(key=42).random_raw(6)]
    literal: list[float] = []
    for w0, w1 in zip(words[0::2], words[1::2], strict=True):
        radius = math.sqrt(-2.0 * math.log((w0 + 1) / 2**53))
        angle = 2.0 * math.pi * (w1 / 2**53)
        literal += [radius * math.cos(angle), radius * math.sin(angle)]

    assert latent_of(42, 5).tolist() == pytest.approx(literal[:5], rel=1e-6)
    assert latent_of(42, 5).dtype == np.float32


@given(SEEDS, st.integers(1, 40), st.integers(1, 40))
def test_a_longer_latent_begins_with_a_shorter_one(seed: int, a: int, b: int) -> None:
    """Networks of different latent size see the same numbers as far as they look."""
    short, long = sorted((a, b))

    assert latent_of(seed, long)[:short].tolist() == latent_of(seed, short).tolist()


@given(SEEDS)
def test_every_seed_has_a_finite_latent_of_its_own(seed: int) -> None:
    """No seed meets log(0), and neighbours share nothing."""
    latent = latent_of(seed, 16)

    assert np.isfinite(latent).all()
    assert not np.intersect1d(latent, latent_of(seed ^ 1, 16)).size


def test_latents_are_standard_normal() -> None:
    """Mean 0, deviation 1, and about 4.55 % of the numbers beyond two deviations."""
    numbers = latent_of(1, 100_000)

    assert numbers.mean() == pytest.approx(0.0, abs=0.02)
    assert numbers.std() == pytest.approx(1.0, abs=0.02)
    assert (np.abs(numbers) > 2).mean() == pytest.approx(0.0455, abs=0.003)


@given(SEEDS)
def test_digits_are_the_integer_they_spell(seed: int) -> None:
    """With or without leading zeros or a plus."""
    assert parse_seed(str(seed)) == parse_seed(f"+00{seed}") == seed


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=128))
def test_any_text_that_is_no_number_is_a_seed(text: str) -> None:
    """Whatever a user types: digits of other scripts, control characters, half a surrogate."""
    assume(not re.fullmatch(r"[+-]?[0-9]+", text))

    assert 0 <= parse_seed(text) <= MAX_SEED


def test_digits_of_other_scripts_are_text() -> None:
    """Only 0 to 9 spell a number, so no two spellings of a name can collide with an integer."""
    assert parse_seed("٣") != 3
    assert parse_seed("1_000") != 1000
    assert parse_seed(" 7") != 7


@pytest.mark.parametrize("text", ["", "x" * 129, "-1", str(MAX_SEED + 1), "9" * 128])
def test_a_seed_out_of_range_is_refused(text: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match=r"1 to 128 characters|from 0 to 9223372036854775807"):
        parse_seed(text)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_an_integer_out_of_range_has_no_latent(seed: int) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match="from 0 to 9223372036854775807"):
        latent_of(seed, 4)


@given(SEEDS, SEEDS, st.sampled_from([slerp, lerp]))
def test_both_ends_of_a_walk_are_exact(
    a: int, b: int, between: Callable[[Latent, Latent, float], Latent]
) -> None:
    """The first and last frame are the pictures of the two seeds, bit for bit."""
    start, end = latent_of(a, 64), latent_of(b, 64)

    assert between(start, end, 0.0).tobytes() == start.tobytes()
    assert between(start, end, 1.0).tobytes() == end.tobytes()


@given(SEEDS, SEEDS, st.floats(0.0, 1.0))
def test_slerp_keeps_between_the_lengths_and_turns_evenly(a: int, b: int, t: float) -> None:
    """The length is interpolated; the angle to the start is t times the whole angle."""
    assume(a != b)
    start, end = (latent_of(seed, 64).astype(np.float64) for seed in (a, b))
    middle = slerp(latent_of(a, 64), latent_of(b, 64), t).astype(np.float64)

    lengths = [float(np.linalg.norm(v)) for v in (start, middle, end)]
    assert lengths[1] == pytest.approx((1 - t) * lengths[0] + t * lengths[2], rel=1e-5)
    whole = math.acos(start @ end / (lengths[0] * lengths[2]))
    cosine = start @ middle / (lengths[0] * lengths[1])
    assert cosine == pytest.approx(math.cos(t * whole), abs=1e-5)


def test_slerp_between_a_latent_and_itself_stays() -> None:
    """There is no great circle to follow, and none is needed."""
    latent = latent_of(7, 64)

    np.testing.assert_allclose(slerp(latent, latent, 0.3), latent, rtol=1e-6)


def test_slerp_between_opposites_passes_at_full_length() -> None:
    """A straight line would pass through zero."""
    latent = latent_of(7, 64)

    middle = slerp(latent, -latent, 0.5)

    assert np.linalg.norm(middle) == pytest.approx(np.linalg.norm(latent), rel=1e-5)
    assert middle @ latent == pytest.approx(0.0, abs=1e-3)


def test_lerp_is_the_straight_line() -> None:
    """A quarter of the way is a quarter of the difference."""
    start, end = latent_of(1, 8), latent_of(2, 8)

    np.testing.assert_allclose(lerp(start, end, 0.25), start + 0.25 * (end - start), atol=1e-6)


def test_the_class_of_a_seed_is_frozen() -> None:
    """It may never change: pictures without a label are known by it."""
    seeds = [0, 1, 2, 3, 7, 42, MAX_SEED]

    assert [label_of(seed, 10) for seed in seeds] == [8, 0, 5, 7, 8, 4, 0]


def test_classes_follow_the_rule_as_it_is_written() -> None:
    """The first word of Philox with the key seed + 2^64, scaled to the number of classes."""
    word = int(np.random.Philox(key=5 + 2**64).random_raw())

    assert [label_of(5, classes) for classes in (1, 2, 10, 1000)] == [
        *(0, word * 2 // 2**64, word * 10 // 2**64, word * 1000 // 2**64),
    ]


def test_seeds_have_all_classes_about_equally_often() -> None:
    """4,000 seeds over four classes: each 1,000, give or take five deviations."""
    counts = np.bincount([label_of(seed, 4) for seed in range(4_000)], minlength=4)

    assert np.abs(counts - 1_000).max() < 5 * (4_000 * 0.25 * 0.75) ** 0.5


@pytest.mark.parametrize(("seed", "classes"), [(-1, 3), (MAX_SEED + 1, 3), (0, 0)])
def test_no_seed_or_no_classes_have_no_label(seed: int, classes: int) -> None:
    """As with latents."""
    with pytest.raises(ValueError, match="a class are needed"):
        label_of(seed, classes)


@pytest.mark.parametrize("seed", [0, 7, 2**62 + 1, MAX_SEED])
def test_a_latent_is_that_of_the_rule_in_exact_arithmetic(seed: int) -> None:
    """Within one float32 step, which log, cos and sin of a processor may turn."""
    words = [int(word) for word in np.random.Philox(key=seed).random_raw(8)]
    expected: list[float] = []
    for first, second in zip(words[::2], words[1::2], strict=True):
        u, v = ((first >> 11) + 1) / 2**53, (second >> 11) / 2**53
        radius = math.sqrt(-2 * math.log(u))
        expected += [radius * math.cos(2 * math.pi * v), radius * math.sin(2 * math.pi * v)]

    step = np.spacing(np.abs(np.array(expected, np.float32)))

    assert (np.abs(latent_of(seed, 8) - np.array(expected)) <= step).all()


def test_the_noise_of_a_layer_is_frozen() -> None:
    """Bit for bit, and none that is the latent of a seed."""
    assert [float(x).hex() for x in noise_of(13, 3)] == [
        "-0x1.939f080000000p+0",
        "-0x1.2e7b880000000p-1",
        "0x1.89d20a0000000p-1",
    ]
    assert noise_of(0, 4).tolist() != latent_of(0, 4).tolist()
