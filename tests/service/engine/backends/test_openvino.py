"""The compiled form makes the generator's pictures, whatever it is cut into."""

from __future__ import annotations

import ctypes
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.pixels import to_pixels
from service.engine.backends import openvino
from service.engine.backends.eager import CompiledNetwork
from service.engine.backends.openvino import Compiler, openvino_network, shared_steps
from service.engine.backends.openvino_graph import graph_of
from service.engine.backends.openvino_rules import NotTranslatedError
from service.engine.device import Target
from service.engine.exactness import exact_network, ladder

CPU = torch.device("cpu")
CONFIG = ProganConfig(resolution=64, channels=3, latent_size=16, fmap_base=512, fmap_max=16)


def generator_of(config: ProganConfig = CONFIG) -> Generator:
    """Seeded random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return Generator(config).eval().requires_grad_(False)


def form_of(generator: Generator, precision: str = "fp32") -> CompiledNetwork:
    """Its compiled form; the generator is changed."""
    return openvino_network(generator, Target(CPU, 1, precision))


def pictures(form: CompiledNetwork, z: torch.Tensor) -> list[torch.Tensor]:
    """The images of all levels."""
    reached = [z]
    for step in form.trunk:
        reached.append(step(reached[-1]))
    return [way(reached[start]) for way, start in zip(form.ways, form.starts, strict=True)]


def latents(count: int) -> torch.Tensor:
    """`[count, 16]`."""
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("resolution", [8, 16, 64])
@pytest.mark.parametrize(("channels", "shared"), [(1, 0), (4, 2)])
def test_every_exit_makes_the_pictures_of_the_generator(
    monkeypatch: pytest.MonkeyPatch, resolution: int, channels: int, shared: int
) -> None:
    """Below, at and above the last shared level, and where none is shared."""
    monkeypatch.setattr(openvino, "MOST_SHARED_LEVELS", shared)
    monkeypatch.setattr(openvino, "SHARED_WEIGHTS", 0)
    generator = generator_of(ProganConfig(resolution, channels, 16, 512, 16))
    z = latents(3)
    expected = [generator(z, Growth(level)) for level in range(len(generator.exits))]

    form = form_of(generator)

    assert ("fp32", 1 + min(shared, len(generator.levels))) == (form.precision, len(form.trunk))
    for made, wanted in zip(pictures(form, z), expected, strict=True):
        torch.testing.assert_close(made, wanted, atol=1e-4, rtol=1e-4)


def test_with_classes_the_stem_takes_latent_and_class() -> None:
    """Twice as many numbers, in the pictures of the generator."""
    generator = generator_of(ProganConfig(16, 3, 16, 512, 16, classes=3))
    z, labels = latents(3), torch.tensor([2, 0, 2])
    entered = generator.stem_input(z, labels)
    expected = generator(z, labels=labels)

    made = pictures(form_of(generator), entered)[-1]

    torch.testing.assert_close(made, expected, atol=1e-4, rtol=1e-4)


def test_only_levels_with_many_weights_are_shared() -> None:
    """To keep them once; from the first on, and no further than 16 px."""
    with torch.device("meta"):
        wide, narrow = nn.Conv2d(512, 512, 3), nn.Conv2d(64, 64, 3)

    networks = [[], [narrow, wide], [wide, narrow, wide], [wide, wide, wide]]
    trunks = [nn.ModuleList([nn.Identity(), *levels]) for levels in networks]

    assert [1, 1, 2, 3] == [shared_steps(trunk) for trunk in trunks]
    assert shared_steps(nn.ModuleList()) == 0


def test_exits_may_be_small_networks() -> None:
    """Convolutions with activations between them."""
    generator = generator_of()
    maps = CONFIG.feature_maps(1)
    head = nn.Sequential(nn.Conv2d(maps, 8, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(8, 3, 1))
    generator.exits[1] = head.eval().requires_grad_(False)
    z = latents(2)
    expected = generator(z, Growth(1))

    torch.testing.assert_close(pictures(form_of(generator), z)[1], expected, atol=1e-4, rtol=1e-4)


def test_a_result_is_not_changed_by_the_next_call() -> None:
    """The library reuses its memory; what was given away is a copy."""
    form = form_of(generator_of())
    first = form.trunk[0](latents(1))
    kept = first.clone()
    form.trunk[0](latents(1) + 1.0)

    assert torch.equal(kept, first)


@pytest.mark.parametrize("shared", [0, 2])
def test_pictures_do_not_depend_on_their_batch(
    monkeypatch: pytest.MonkeyPatch, shared: int
) -> None:
    """Held to its exact sizes, at every level."""
    monkeypatch.setattr(openvino, "MOST_SHARED_LEVELS", shared)
    monkeypatch.setattr(openvino, "SHARED_WEIGHTS", 0)
    z = latents(9)
    form = exact_network(form_of(generator_of()), z[:4], ladder(4))
    alone = [pictures(form, z[i : i + 1]) for i in range(9)]
    for size in (2, 3, 5, 9):
        for level, together in enumerate(pictures(form, z[:size])):
            assert torch.equal(together, torch.cat([a[level] for a in alone[:size]])), (size, level)


def test_a_lower_precision_stays_near() -> None:
    """Where the processor has none, the form says so and is equal."""
    generator, z = generator_of(), latents(4)
    expected = to_pixels(generator(z)).numpy().astype(float)
    form = form_of(generator, "bf16")
    found = to_pixels(pictures(form, z)[-1]).numpy().astype(float)
    psnr_db = 10 * np.log10(255**2 / max(np.mean((expected - found) ** 2), 1e-9))

    assert form.precision in {"fp32", "bf16"}
    assert psnr_db > (35 if form.precision == "bf16" else 80)


def test_a_network_that_has_no_translation_is_refused() -> None:
    """By what it does."""
    generator = generator_of()
    generator.exits[2] = nn.Softmax(dim=1)

    with pytest.raises(NotTranslatedError, match="softmax is not known"):
        form_of(generator)


def test_a_step_takes_features_in_any_memory_order() -> None:
    """A slice, a transposed view: the numbers count."""
    step = Compiler(1, "fp32")(graph_of([nn.Conv2d(4, 4, 3, padding=1)], (4, 8, 8)))
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(3))

    assert torch.equal(step(x), step(x.contiguous(memory_format=torch.channels_last)))


class SignalStack(ctypes.Structure):
    """C's `stack_t`."""

    _fields_ = (
        ("place", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("size", ctypes.c_size_t),
    )


def signal_stack() -> tuple[int | None, int, int]:
    """The alternate signal stack of this thread."""
    stack = SignalStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.place, stack.flags, stack.size


@pytest.mark.skipif(sys.platform != "linux", reason="the structure is Linux's")
def test_a_thread_keeps_its_signal_stack_whoever_drops_a_form() -> None:
    """With a stack that is gone, the next signal would end the process."""
    before = signal_stack()
    forms = [form_of(generator_of())]
    forms[0].trunk[0](torch.zeros(1, CONFIG.latent_size))
    another = threading.Thread(target=forms.clear)
    another.start()
    another.join()

    assert signal_stack() == before


@pytest.mark.parametrize("shared", [0, 2])
def test_circular_padding_is_translated(monkeypatch: pytest.MonkeyPatch, shared: int) -> None:
    """At every exit, with the pictures of the generator in every batch."""
    monkeypatch.setattr(openvino, "MOST_SHARED_LEVELS", shared)
    monkeypatch.setattr(openvino, "SHARED_WEIGHTS", 0)
    config = replace(CONFIG, resolution=32, tiling=True)
    generator = generator_of(config)
    z = latents(9)
    expected = [generator(z, Growth(level)) for level in range(4)]

    form = exact_network(form_of(generator), z[:4], ladder(4))

    for level, wanted in enumerate(expected):
        torch.testing.assert_close(pictures(form, z)[level], wanted, atol=1e-4, rtol=1e-4)
        one = [pictures(form, z[k : k + 1])[level] for k in range(9)]
        assert torch.equal(torch.cat(one), pictures(form, z)[level])
