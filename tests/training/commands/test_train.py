"""`train` as it is typed: what is checked first, what a run begins with, what lies beside it."""

import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from models.card import NAME_PATTERN
from tests.training.conftest import Run
from training.config.config import TrainingConfig
from training.interpreter import python_command
from training.run_folder.checkpoint import PATTERN, images_of
from training.run_folder.journal import read_lines


def test_a_dry_run_prints_the_configuration_and_writes_nothing(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole of it, as the run folder would keep it."""
    assert run(*train_words, "--set", "seed=7", "--dry-run") == 0

    told = TrainingConfig.from_json(capsys.readouterr().out)
    assert (told.seed, told.levels[1].batch_size, told.total_images) == (7, 4, 16)
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_checks_the_data(
    run: Run, train_words: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same message as the run itself."""
    assert run(*train_words, "--set", "levels.8.batch_size=13", "--dry-run") == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "has 12 pictures, fewer than the largest batch of 13" in captured.err


def test_a_run_that_kept_its_presets_weights_goes_on_when_they_are_named(
    run: Run, train_words: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its objective would bring others along; the run keeps its own where none is named."""
    changed = [*train_words, "--set", "objective=wgan-gp"]
    named = [*changed, "--set", "penalty_weight=0.05", "--set", "drift=0"]
    assert run(*named) == 0

    assert run(*changed) == 0
    assert run(*named) == 0
    assert run(*train_words) == 2
    assert "begun with other values of objective: repeat" in capsys.readouterr().err


def test_a_game_that_breaks_down_ends_with_code_2(
    run: Run, train_words: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the step, the terms, and what to try."""
    assert run(*train_words, "--set", "levels.*.learning_rate=1e30") == 2

    said = capsys.readouterr().err
    assert "is not finite after" in said
    assert "--set 'levels.*.learning_rate=5e+29'" in said
    assert "consistency" not in said
    assert run(*train_words, "--set", "levels.*.learning_rate=0.001") == 0


def test_a_run_begins_with_a_bundle_and_goes_on_by_the_same_command(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The configuration and the card tell which; without it the same folder is refused."""
    assert run(*train_words) == 0
    assert run("export", "--run", tmp_path / "run", "--out", tmp_path / "old") == 0
    again = [tmp_path / "next" if word == tmp_path / "run" else word for word in train_words]
    begun = [*again, "--init-from", tmp_path / "old"]
    capsys.readouterr()

    assert run(*begun) == 0
    assert "beginning with old@" in capsys.readouterr().out
    assert run(*begun) == 0
    assert "beginning with" not in capsys.readouterr().out
    assert run("export", "--run", tmp_path / "next", "--out", tmp_path / "new") == 0
    card = json.loads((tmp_path / "new" / "card.json").read_text())
    assert card["training"]["init_from"].startswith("old@")
    assert run(*again) == 2
    assert "begun with other values of levels, init_from" in capsys.readouterr().err


def test_a_run_goes_on_when_what_it_began_with_has_changed_or_is_gone(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its weights lie in the checkpoint: the name alone is asked for."""
    first = tmp_path / "run"
    longer = ["--set", "levels.8.stable_images=16"]
    begun = [tmp_path / "next" if word == first else word for word in train_words]
    begun += ["--init-from", first]
    assert run(*train_words) == run(*begun) == 0
    name = json.loads((tmp_path / "next" / "config.json").read_text())["init_from"]
    assert run(*train_words, *longer) == 0
    capsys.readouterr()

    assert run(*begun, *longer) == 0
    assert "finished after 16 images" in capsys.readouterr().out
    shutil.rmtree(first)
    assert run(*begun, "--set", "levels.8.stable_images=24") == 0
    assert "finished after 24 images" in capsys.readouterr().out
    assert json.loads((tmp_path / "next" / "config.json").read_text())["init_from"] == name

    assert run(*begun[:-1], tmp_path / "another") == 2
    assert "another is not a bundle" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("network.fmap_max=4", "network.fmap_max=8"),
        ("levels.4.stable_images=12", "levels.4.stable_images=0"),
        ("levels.8.fade_images=4", "levels.8.fade_images=0"),
    ],
)
def test_settings_that_the_beginning_decides_are_refused(
    run: Run,
    train_words: list[object],
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    told: str,
) -> None:
    """Before any work, also in a dry run; those that come to the same are welcome."""
    begun = [*train_words, "--init-from", finished, "--set", setting]

    assert run(*begun, "--dry-run") == run(*begun) == 2

    captured = capsys.readouterr()
    assert f"(finished) decides {told}: latent and feature maps" in captured.err
    assert (captured.out, list(tmp_path.iterdir())) == ("", [])
    assert run(*begun, "--set", told, "--dry-run") == 0


def test_a_run_that_was_begun_with_such_settings_goes_on(
    run: Run,
    train_words: list[object],
    finished: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the command that began it; one line says what is passed over."""
    begun = [*train_words, "--init-from", finished]
    assert run(*begun) == 0
    capsys.readouterr()

    assert run(*begun, "--set", "network.fmap_max=4", "--set", "levels.8.stable_images=16") == 0

    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "(finished) decides network.fmap_max=8: " in captured.err
    assert "is passed over" in captured.err
    assert "finished after 16 images" in captured.out


def test_event_files_are_an_option(run: Run, train_words: list[object], tmp_path: Path) -> None:
    """They lie in a folder of the run."""
    assert run(*train_words, "--tensorboard") == 0
    assert len(list((tmp_path / "run/tensorboard").glob("events.out.tfevents.*"))) == 1


def test_without_its_package_the_option_says_what_to_install(
    run: Run,
    train_words: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before any work; without the option nothing is missed."""
    monkeypatch.delitem(sys.modules, "training.run.events", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboardX.event_file_writer", None)

    assert run(*train_words, "--tensorboard") == 2
    assert "pip install tensorboardX" in capsys.readouterr().err


# ----------------------------------------------------------------------------------------
# Advice that works when it is followed


def test_a_run_is_given_a_smaller_batch_and_goes_back_by_its_own_command(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the messages advise; nothing that came after is lost."""
    assert run(*train_words) == 0
    folder = tmp_path / "run"
    first = min(map(images_of, (folder / "checkpoints").glob(PATTERN)))

    assert run(*train_words, "--from", first, "--set", "levels.*.batch_size=2") == 0

    said = capsys.readouterr()
    assert f"going back to {first} images" in said.err
    assert f"from {first} images on: levels.8.batch_size=2" in said.out
    assert (folder / "abandoned").is_dir()
    lines = read_lines(folder / "journal.jsonl")
    assert [line["batch_size"] for line in lines if int(str(line["images_shown"])) > first] == [2]


def test_the_closing_lines_can_be_pasted(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the folder of the run has a space, capitals or an accent in its name."""
    folder = tmp_path / "My Fotos \u00e9 (2)"
    words = [folder if word == tmp_path / "run" else word for word in train_words]

    assert run(*words) == 0

    commands = [shlex.split(line) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert [words[:4] for words in commands] == [
        [python_command(), "-m", "training", "evaluate"],
        [python_command(), "-m", "training", "export"],
    ]
    assert all(words[words.index("--run") + 1] == str(folder) for words in commands)
    name = Path(commands[1][commands[1].index("--out") + 1]).name
    assert NAME_PATTERN.fullmatch(name)


def test_raw_photos_are_answered_with_the_command_that_prepares_them(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Into a folder beside them, not among them."""
    photos = tmp_path / "my photos"
    photos.mkdir()

    assert run("train", "--data", photos, "--run", tmp_path / "run", "--preset", "tiny") == 2

    (line,) = [t for t in capsys.readouterr().err.splitlines() if "training prepare" in t]
    source, out = shlex.split(line)[4:6]
    assert Path(source) == photos
    assert photos not in Path(out).parents


def test_a_misspelt_preset_is_told_the_right_name(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Instead of all of them."""
    assert run("train", "--data", tmp_path, "--run", tmp_path, "--preset", "persona-128") == 2

    assert "no preset named persona-128; did you mean personas-128?" in capsys.readouterr().err


def test_a_preset_file_trains_as_the_preset_by_its_name(
    run: Run,
    train_words: list[object],
    config: TrainingConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same configuration in a dry run and in the folder; a damaged file ends with code 2."""
    preset = tmp_path / "preset.json"
    preset.write_text(config.to_json())
    by_file = [preset if word == "eight" else word for word in train_words]
    assert run(*train_words, "--dry-run") == 0
    by_name = capsys.readouterr().out

    assert run(*by_file, "--dry-run") == 0
    assert capsys.readouterr().out == by_name
    assert run(*by_file) == run(*by_file) == 0
    assert (tmp_path / "run" / "config.json").read_text() == by_name

    preset.write_text("{")
    capsys.readouterr()
    assert run(*by_file) == 2
    assert "preset.json is no preset" in capsys.readouterr().err
