"""`python -m service verify`: the same proofs as over HTTP, and exit codes for scripts."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from service.batching.recipe import Method, Point, Recipe, point_of, walk
from service.commands.local_models import LocalModels
from service.commands.verify import add_arguments, run, trust_anchors_of
from service.credentials.development import ROOT_NAME, create_chain
from service.credentials.reading import LARGEST_FILE
from service.facts import file_facts
from service.media.encoding import FORMATS
from service.settings import Settings
from tests.service.pictures import painted


@pytest.fixture
def local(settings: Settings, bundles: Path) -> Settings:
    """Settings with the tiny bundle."""
    return settings.model_copy(update={"bundles": (bundles,)})


@pytest.fixture
def picture(local: Settings, tmp_path: Path) -> Path:
    """The picture of seed 7 in a file."""
    models = LocalModels(local)
    served = models.find("tiny-32")
    recipe = Recipe(served.pinned_name, point_of(7), 32)
    (pixels,) = models.render([recipe])
    path = tmp_path / "seven.png"
    path.write_bytes(FORMATS["png"].write(pixels, file_facts([recipe], served.card)))
    return path


def verified(settings: Settings, *arguments: str | Path) -> int:
    """The exit code of the command."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(list(map(str, arguments))), settings)


@pytest.mark.parametrize("method", Method)
def test_a_picture_between_two_seeds_is_proved(
    local: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: Method
) -> None:
    """It has the pixels of the frame of a walk, rendered in other company."""
    models = LocalModels(local)
    served = models.find("tiny-32")
    recipe = Recipe(served.pinned_name, Point(7, 9, 0.25, method), 32)
    frames = [replace(recipe, point=p) for p in walk([7, 9], 4, loop=False, method=method)]
    path = tmp_path / "between.png"
    pixels = models.render(frames)[1]
    path.write_bytes(FORMATS["png"].write(pixels, file_facts([recipe], served.card)))

    assert verified(local, path) == 0
    told = capsys.readouterr().out
    assert "tiny-32 made this picture from seeds 7, 9: made again" in told
    assert f"again at     /images/7?end=9&t=0.25&method={method}&model=tiny-32@" in told


def test_a_picture_of_a_bundle_is_proved(
    local: Settings, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model is loaded for it; the exit code says that all is well."""
    assert verified(local, picture) == 0
    told = capsys.readouterr().out

    assert told.startswith(
        f"{picture}: proved\n  tiny-32 made this picture from seed 7: made again"
    )
    assert "made again   equal" in told
    assert "again at     /images/7?model=tiny-32@" in told


def test_what_is_not_proved_has_another_code_than_what_cannot_be_read(
    local: Settings, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 and 2; every file is judged, whatever the others are."""
    foreign, text = tmp_path / "foreign.png", tmp_path / "text.png"
    Image.fromarray(painted(24)).save(foreign)
    text.write_text("no picture")

    assert verified(local, picture, foreign) == 1
    assert verified(local, text, tmp_path / "missing.png", picture) == 2
    told = capsys.readouterr().out
    assert f"{foreign}: unknown" in told
    assert "this is none of image/png" in told
    assert "No such file" in told
    assert told.count("proved\n") == 2


def test_the_roots_to_trust_are_files_that_can_be_read(
    local: Settings, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the root of this service, where there is one."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    root, other = (create_chain(datetime.now(UTC)).root_pem for _ in range(2))
    (folder / ROOT_NAME).write_text(root)
    (tmp_path / "other.pem").write_text(other)
    (tmp_path / "notes.md").write_text("no certificate")
    signing = local.model_copy(update={"credentials_folder": folder})

    assert trust_anchors_of([tmp_path / "other.pem"], signing) == f"{other}\n{root}"
    assert verified(local, "--trust", tmp_path / "notes.md", picture) == 2
    assert "notes.md holds no certificate as PEM" in capsys.readouterr().err
    assert verified(local, "--trust", tmp_path / "missing.pem", picture) == 2
    assert "--trust: " in capsys.readouterr().err


def test_a_file_without_an_end_is_not_read_into_memory(
    local: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading stops where it is known to be too large."""
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)

    assert verified(local, large) == 2
    assert f"larger than {LARGEST_FILE} bytes" in capsys.readouterr().out


def test_a_file_does_not_control_the_terminal(
    local: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever its metadata are made of."""
    path = tmp_path / "hostile.png"
    facts = {"model": "\x9b31m\u202ered", "seed": "7"}
    path.write_bytes(FORMATS["png"].write(painted(24), facts))

    assert verified(local, path) == 1
    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_json_is_one_object_for_each_file(
    local: Settings, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the path, and the answer of `POST /verify` or an error."""
    verified(local, "--json", picture, tmp_path / "missing.png")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())

    assert (first["path"], first["origin"]) == (str(picture), "proved")
    assert first["remade"]["outcome"] == "equal"
    assert "No such file" in second["error"]
