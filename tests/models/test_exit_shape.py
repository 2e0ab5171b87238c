"""The convolutions of an exit, as plain data."""

import pytest

from models.exit_shape import BOX, ExitShape


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (ExitShape(), "1x1"),
        (BOX, "box filter"),
        (ExitShape((5,)), "5x5"),
        (ExitShape((1, 3, 1), (48, 24)), "1x1>48 3x3>24 1x1>image"),
    ],
)
def test_the_shape_of_an_exit_in_words(shape: ExitShape, words: str) -> None:
    """For a person who exports."""
    assert str(shape) == words


@pytest.mark.parametrize(
    ("kernels", "hidden"), [((2,), ()), ((-1,), ()), ((True,), ()), ((3, 1), (0,))]
)
def test_an_exit_has_odd_kernels_and_maps(
    kernels: tuple[int, ...], hidden: tuple[int, ...]
) -> None:
    """Whole numbers above 0."""
    with pytest.raises(ValueError, match="an exit needs"):
        ExitShape(kernels, hidden)


@pytest.mark.parametrize(
    ("kernels", "hidden"), [((1, 3), ()), ((3,), (8,)), ((1, 1), (8, 8)), ((), (8,))]
)
def test_an_exit_has_a_hidden_layer_between_any_two_kernels(
    kernels: tuple[int, ...], hidden: tuple[int, ...]
) -> None:
    """One kernel more than hidden layers."""
    with pytest.raises(ValueError, match="one kernel more than it has hidden layers"):
        ExitShape(kernels, hidden)
