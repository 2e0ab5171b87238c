"""The command `import`: from a file of another tool to a bundle that is served."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.bundle import load_bundle, load_card
from models.growth import Growth
from models.pixels import to_pixels
from models.resolution import level_of
from tests.journeys.server import ready_server
from tests.training.conftest import Run
from tests.training.imports.source_networks import (
    KINDS,
    SEEDS,
    SourceNetwork,
    latents,
    source_network,
)
from training.imports import tools
from training.imports.reading import SourceFile

ORIGIN = "Random weights, drawn in a test"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> SourceNetwork:
    """A file of pro_gan_pytorch, as if it had been read."""
    found = source_network("pro-gan-3")
    read = SourceFile(Path("faces.pth"), "ab" * 32, "shadow_generator", found.weights, {})
    monkeypatch.setattr(tools, "read_source", lambda *_: read)
    return found


def words(file: Path | str, tool: str, out: Path, *more: str) -> list[str]:
    """A command line."""
    given = [str(file), "--from", tool, "--out", str(out), "--threads", "1"]
    return ["import", *given, "--licence", "CC0-1.0", "--origin", ORIGIN, *more]


@pytest.mark.parametrize("kind", KINDS)
def test_an_imported_network_makes_the_pictures_of_its_tool(
    kind: str, tmp_path: Path, run: Run
) -> None:
    """For five seeds at every resolution.

    Theirs is computed in float64 by the arithmetic of the tool, ours in float32: 1e-5 of the range
    leaves room for its rounding, which is about 1e-6 with networks of this width.
    """
    network = source_network(kind)
    file, out = tmp_path / "weights.pth", tmp_path / "bundles" / "imported"
    network.save(file, network.weights)

    assert run(*words(file, network.tool, out)) == 0

    bundle = load_bundle(out)
    theirs = {name: value.double() for name, value in network.weights.items()}
    for resolution in (4, 8, 16, 32):
        level = level_of(resolution)
        expected = network.picture(theirs, latents(), level)
        ours = bundle.generator(latents().float(), Growth(level))
        assert (ours - expected).abs().max() <= 1e-5 * (expected.max() - expected.min())
        difference = to_pixels(ours).int() - to_pixels(expected.float()).int()
        assert difference.abs().max() <= 1  # where the value lies on a half
    assert bundle.card.resolutions == (4, 8, 16, 32)
    imported = bundle.card.training["imported"]
    assert isinstance(imported, dict)
    assert imported["file_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.usefixtures("network")
def test_the_card_tells_where_the_weights_are_from(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tool, digest of the file, licence and origin as stated; and that nobody measured."""
    out = tmp_path / "Faces of Others"

    assert run(*words("faces.pth", "pro-gan-pth", out, "--data", "faces", "--title", "Faces")) == 0

    card = load_card(out)
    assert (card.name, card.title, card.licence) == ("faces-of-others", "Faces", "CC0-1.0")
    assert (card.data.name, card.data.attribution, card.data.images) == ("faces", ORIGIN, 0)
    assert card.training["imported"] == {
        "tool": "pro_gan_pytorch (pro-gan-pth)",
        "origin": ORIGIN,
        "licence": "CC0-1.0",
        "network": "shadow_generator",
        "file": "faces.pth",
        "file_sha256": "ab" * 32,
    }
    assert "no pictures were compared" in str(card.quality["not_measured"])
    assert len(card.golden) == 6
    assert [exit_.psnr_db is None for exit_ in card.exits] == [False, False, False, True]
    said = capsys.readouterr().out
    assert f"{card.pinned_name}, proved\n" in said
    assert said.startswith("faces.pth: shadow_generator of 32 px, 35,208 weights\n")
    assert "   32 px  finished picture\n" in said
    assert "serve it: PROGAN_BUNDLES=" in said


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--licence", "  "], "--licence needs a text of 1 to 500 printable characters"),
        (["--origin", "x" * 501], "--origin needs a text of 1 to 500 printable characters"),
        (["--origin", "a\x1b[31m"], "--origin needs a text"),
        (["--name", "No Name"], "model name 'No Name'"),
        (["--resolution", "64"], "no 64 px to be imported up to: 8, 16, 32"),
    ],
)
def test_a_wrong_word_is_refused(
    more: list[str], message: str, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is written."""
    assert run(*words("faces.pth", "pro-gan-pth", tmp_path / "out", *more)) == 2

    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("network")
def test_licence_and_origin_must_be_stated(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no default for either."""
    for left_out in ("--licence", "--origin"):
        given = words("faces.pth", "pro-gan-pth", tmp_path / "out")
        place = given.index(left_out)
        assert run(*given[:place], *given[place + 2 :]) == 2
        assert f"the following arguments are required: {left_out}" in capsys.readouterr().err


@pytest.mark.usefixtures("network")
def test_an_older_bundle_is_replaced_only_on_request(tmp_path: Path, run: Run) -> None:
    """The words are those of `export`."""
    command = words("faces.pth", "pro-gan-pth", tmp_path / "out")

    assert [run(*command), run(*command), run(*command, "--replace")] == [0, 2, 0]


def test_an_imported_network_is_served(network: SourceNetwork, tmp_path: Path, run: Run) -> None:
    """By a real server, as the tool would draw it, at the top and below.

    A pixel may differ by one level where its value lies on a half; bf16 is off.
    """
    bundles = tmp_path / "bundles"
    assert run(*words("faces.pth", "pro-gan-pth", bundles / "faces")) == 0

    theirs = {name: value.double() for name, value in network.weights.items()}
    with ready_server(bundles, tmp_path / "log", default_model="faces") as server:
        (card,) = server.client.get("/models").json()["models"]
        assert card["training"]["imported"]["origin"] == ORIGIN
        assert card["engine"]["golden"]["tried"] == 6
        for seed, resolution in ((SEEDS[1], 32), (SEEDS[2], 8)):
            answer = server.client.get(f"/images/{seed}?resolution={resolution}")
            picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
            expected = network.picture(theirs, latents(), level_of(resolution))[seed : seed + 1]
            pixels = to_pixels(expected.float())[0].numpy()
            assert np.abs(picture.astype(int) - pixels.astype(int)).max() <= 1
        assert server.metric("progan_selftest_ok") == 1.0
