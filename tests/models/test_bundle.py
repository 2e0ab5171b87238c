"""The exported artifact: what is saved comes back, in fp32 and with the digest of its weights."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models import bundle as bundle_module
from models.bundle import load_bundle, load_card, save_bundle
from models.card import Card, Data, Exit
from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.layout import file_sha256
from tests.models.bundle_files import change_card, weights_of


def test_a_bundle_draws_what_its_generator_drew(folder: Path, generator: Generator) -> None:
    """The same weights, ready for inference: in evaluation mode and without gradients."""
    bundle = load_bundle(folder)
    z, labels = torch.randn(2, 16), torch.tensor([0, 1])

    assert torch.equal(bundle.generator(z, labels=labels), generator(z, labels=labels))
    assert not bundle.generator.training
    assert not any(p.requires_grad for p in bundle.generator.parameters())


def test_the_card_is_saved_with_the_digest_of_the_weights(folder: Path, card: Card) -> None:
    """All else is as it was given; the preview lies beside it."""
    saved = load_card(folder)

    assert saved.weights_sha256 == file_sha256(folder / "generator.safetensors")
    assert replace(saved, weights_sha256=card.weights_sha256, exits=card.exits) == card
    assert load_bundle(folder).card == saved
    assert (folder / "preview.webp").read_bytes() == b"webp"
    assert {path.name for path in folder.iterdir()} == {
        "card.json",
        "generator.safetensors",
        "preview.webp",
    }


def test_weights_are_saved_in_fp32_whatever_they_were(tmp_path: Path, card: Card) -> None:
    """Training may hold them in another type or memory layout."""
    generator = Generator(card.network).to(torch.bfloat16)
    for kernel in (p for p in generator.parameters() if p.ndim == 4):
        kernel.data = kernel.data.contiguous(memory_format=torch.channels_last)

    save_bundle(tmp_path, generator, card, preview=b"")

    assert {t.dtype for t in weights_of(tmp_path).values()} == {torch.float32}
    saved = load_bundle(tmp_path).generator.state_dict()
    assert all(torch.equal(saved[k], v.float()) for k, v in generator.state_dict().items())


def test_the_same_weights_have_the_same_digest(tmp_path: Path, card: Card) -> None:
    """The file holds nothing but the tensors: no time, no path, no order of chance."""
    generator = Generator(card.network)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    one = save_bundle(tmp_path / "one", generator, card, preview=b"")
    two = save_bundle(tmp_path / "two", generator, card, preview=b"")

    assert one == two


def test_a_bundle_of_the_first_format_is_read(tmp_path: Path, config: ProganConfig) -> None:
    """As it was written by the first release, with one convolution for each exit."""
    generator = Generator(config, tuple(ExitShape((k,)) for k in (5, 3, 3, 1)))
    card = Card(
        name="old",
        title="Old",
        description="",
        licence="MIT",
        network=config,
        exits=tuple(Exit(r, (1,), None) for r in config.resolutions),
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256="",
        golden=(),
    )
    save_bundle(tmp_path, generator, card, preview=b"webp")
    kernels = zip(config.resolutions, (5, 3, 3, 1), strict=True)
    exits = [{"resolution": r, "kernel": k, "psnr_db": None} for r, k in kernels]
    change_card(tmp_path, exits=exits, format_version=1)

    z = torch.randn(1, 16)
    for level in range(4):
        old = generator(z, Growth(level))
        assert torch.equal(load_bundle(tmp_path).generator(z, Growth(level)), old)


def test_counts_among_the_weights_stay_whole_numbers(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as `num_batches_tracked` of a batch norm: fp32 would round them above 2^24."""

    def build(config: FamilyConfig, shapes: tuple[ExitShape, ...] | None) -> Generator:
        generator = Generator(config, shapes)
        generator.norm = torch.nn.BatchNorm1d(2)
        return generator

    offer = replace(bundle_module.FAMILIES["progan"], generator=build)
    monkeypatch.setitem(bundle_module.FAMILIES, "progan", offer)
    generator = build(card.network, (ExitShape(),) * 4)
    generator.get_submodule("norm").get_buffer("num_batches_tracked").fill_(2**24 + 1)

    save_bundle(tmp_path, generator, card, preview=b"")

    assert weights_of(tmp_path)["norm.num_batches_tracked"].dtype == torch.int64
    assert load_bundle(tmp_path).generator.get_buffer("norm.num_batches_tracked") == 2**24 + 1


def test_a_bundle_is_pushed_to_the_disk(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its three files, then their names: a power cut leaves no empty file under a good name."""
    pushed: list[Path] = []
    real = bundle_module.os.fsync

    def fsync(handle: int) -> None:
        pushed.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    monkeypatch.setattr(bundle_module.os, "fsync", fsync)
    save_bundle(tmp_path, Generator(card.network), card, preview=b"webp")

    assert {path.name for path in pushed[:-1]} == {
        *("card.json", "generator.safetensors", "preview.webp")
    }
    assert pushed[-1] == tmp_path.resolve()
