"""Names and shapes in a file of another tool."""

import pytest
import torch
from torch import Tensor

from tests.training.imports.source_networks import genforce_shapes, random_weights
from training.imports.genforce import GENFORCE_LAYOUT
from training.imports.layout import Layout, require_layout, with_new_names
from training.imports.refusal import ImportRefusedError


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    """Those of a network of genforce."""
    return random_weights(genforce_shapes())


def test_a_whole_network_fits(tensors: dict[str, Tensor]) -> None:
    """Its number of levels is that of its toRGB layers."""
    assert require_layout(GENFORCE_LAYOUT, tensors) == 4


def test_tensors_that_do_not_fit_are_named(tensors: dict[str, Tensor]) -> None:
    """Missing ones, unknown ones, and those of another shape."""
    del tensors["layer3.bias"]
    tensors["noise"] = torch.zeros(1)
    tensors["layer1.weight"] = torch.zeros(3, 3)

    message = (
        r"not a generator of genforce .*: missing: layer3\.bias; unknown: noise; "
        r"of another shape: layer1\.weight \[3, 3\] \(not \[24, 24, 3, 3\]\)"
    )
    with pytest.raises(ImportRefusedError, match=message):
        require_layout(GENFORCE_LAYOUT, tensors)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "it has no output0.weight, but no tensor"),
        ({f"w{n}": torch.zeros(1) for n in range(9)}, "but w0, w1, w2, w3, w4, w5 and 3 more"),
        ({"a\n\x1b[31m" + "x" * 99: torch.zeros(1)}, r"but a\\n\\x1b\[31mx+$"),
        ({"output0.weight": torch.zeros(3, 4, 1, 1)}, "it has no output1.weight"),
        ({f"output{n}.weight": torch.zeros(1) for n in (0, 1)}, "missing: layer0.weight"),
    ],
)
def test_another_network_is_refused_with_the_names_it_has(
    tensors: dict[str, Tensor], message: str
) -> None:
    """A few of them, without characters that a terminal obeys."""
    with pytest.raises(ImportRefusedError, match=message):
        require_layout(GENFORCE_LAYOUT, tensors)


@pytest.mark.parametrize("name", ["layer0.weight", "output0.weight", "output1.weight"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 2), (3, 3, 3, 3), (3, 0, 1, 1)])
def test_no_shape_makes_the_check_fail(
    tensors: dict[str, Tensor], name: str, shape: tuple[int, ...]
) -> None:
    """It refuses each in words."""
    tensors[name] = torch.zeros(shape)

    with pytest.raises(ImportRefusedError, match="this is not a generator"):
        require_layout(GENFORCE_LAYOUT, tensors)


@pytest.mark.parametrize("axis", [0, 1])
def test_layers_without_a_value_are_refused(tensors: dict[str, Tensor], axis: int) -> None:
    """Pictures without a channel, or levels without a map, that agree with each other."""
    for level in range(4):
        name = f"output{level}"
        tensors[f"{name}.weight"] = tensors[f"{name}.weight"].narrow(axis, 0, 0)
        if axis == 0:
            tensors[f"{name}.bias"] = torch.zeros(0)

    with pytest.raises(ImportRefusedError, match=r"of another shape: .*0"):
        require_layout(GENFORCE_LAYOUT, tensors)


def test_weights_that_are_whole_numbers_are_refused(tensors: dict[str, Tensor]) -> None:
    """Such as quantised ones."""
    tensors["layer1.bias"] = tensors["layer1.bias"].to(torch.int8)

    with pytest.raises(ImportRefusedError, match=r"not floating-point: layer1\.bias"):
        require_layout(GENFORCE_LAYOUT, tensors)


def test_names_follow_the_level() -> None:
    """Patterns count from the level, from the one below, or in twos."""
    layout = Layout("any", "a", "b", "u{below}", "v{first}.{second}", "e{level}", ("in", "out"))

    assert [*layout.names(3)] == ["a", "b", "u0", "v2.3", "u1", "v4.5", "e0", "e1", "e2"]


def test_tensors_of_two_networks_do_not_become_one(tensors: dict[str, Tensor]) -> None:
    """As where one of them has `module.` before its names: the last one would have won."""
    assert with_new_names(tensors, str.upper).keys() == {name.upper() for name in tensors}

    tensors["module.layer1.bias"] = tensors["layer1.bias"] + 1
    with pytest.raises(ImportRefusedError, match=r"has layer1\.bias, module\.layer1\.bias, which"):
        with_new_names(tensors, lambda name: name.removeprefix("module."))
