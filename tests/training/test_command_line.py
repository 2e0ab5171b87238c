"""The command line: what it prints, what it leaves, and with which code it ends."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.bundle import load_card
from tests.training.conftest import Run
from training.commands import train
from training.data.stream import Prepared
from training.interpreter import python_command


def test_a_run_is_trained_and_exported(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command says what comes next, and ends with 0."""
    assert run(*train_words) == 0
    said = capsys.readouterr().out
    assert "finished after 16 images and 0 min" in said
    assert said.splitlines()[-2:] == [
        f"{python_command()} -m training evaluate --run {tmp_path / 'run'} --data {train_words[2]}",
        f"{python_command()} -m training export --run {tmp_path / 'run'} --out bundles/run",
    ]

    assert run("export", "--run", tmp_path / "run", "--out", tmp_path / "bundles" / "noise") == 0
    said = capsys.readouterr().out
    assert "    4 px  " in said
    assert "    8 px  finished picture " in said
    assert f"{tmp_path / 'bundles' / 'noise'}: noise@" in said
    served = f"PROGAN_BUNDLES={tmp_path / 'bundles'} {python_command()} -m service"
    assert f"serve it: {served}" in said


def test_a_run_is_measured_and_its_card_says_so(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table on the way, `quality.json` in the run, the numbers in the card."""
    run(*train_words)
    data, folder = train_words[2], tmp_path / "run"
    words = ["evaluate", "--run", folder, "--data", data, "--images", 12, "--pairs", 10]

    assert run(*words, "--device", "cpu", "--threads", 1) == 0

    said = capsys.readouterr().out
    assert re.search(
        r"^fd efficientnet lite0 +[\d.]+  lower is better; images 12$", said, re.MULTILINE
    )
    assert f"written: {folder / 'quality.json'} and {folder / 'neighbours.png'}" in said
    run("export", "--run", folder, "--out", tmp_path / "noise")
    quality = json.loads((tmp_path / "noise" / "card.json").read_text())["quality"]
    report = json.loads((folder / "quality.json").read_text())
    assert quality["swd"] == report["metrics"]["swd"]


def test_kept_exits_keep_the_name_and_words_of_the_card(
    run: Run, train_words: list[object], tmp_path: Path
) -> None:
    """Clients go on asking for the same model; what is told anew is new."""
    run(*train_words)
    out = tmp_path / "noise"
    words = ["export", "--run", tmp_path / "run", "--out", out]
    run(*words, "--name", "faces", "--title", "Faces", "--description", "Of nobody")
    before = load_card(out)

    assert run(*words, "--replace", "--keep-exits") == 0
    assert load_card(out) == before
    assert run(*words, "--replace", "--keep-exits", "--title", "More faces") == 0
    assert load_card(out) == replace(before, title="More faces")


def test_kept_exits_keep_the_discriminator(
    run: Run, train_words: list[object], tmp_path: Path
) -> None:
    """A card that only learns its quality loses nothing."""
    run(*train_words)
    out = tmp_path / "noise"
    words = ["export", "--run", tmp_path / "run", "--out", out]
    run(*words, "--with-discriminator")
    before = load_card(out)

    assert run(*words, "--replace", "--keep-exits") == 0
    assert load_card(out) == before
    assert (out / "discriminator.safetensors").is_file()
    assert run(*words, "--replace") == 0
    assert not (out / "discriminator.safetensors").exists()


def test_exits_are_kept_of_a_bundle_that_is_there(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of none they cannot be taken."""
    run(*train_words)
    words = ["export", "--run", tmp_path / "run", "--out", tmp_path / "none", "--replace"]

    assert run(*words, "--keep-exits") == 2
    assert "none does not exist, so it has no exits: omit --keep-exits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "holds no checkpoint: train it first"),
        (["--data", "nowhere"], "nowhere is no prepared folder"),
        (["--images", "9"], "a whole number from 10 is needed, not '9'"),
        (["--seed", "-1"], "a whole number from 0 is needed, not '-1'"),
        (["--inception", "no.pth"], "no.pth has SHA-256 none: it is not there; 6726825d"),
    ],
)
def test_evaluate_mistakes_are_told_in_the_same_way(
    run: Run,
    prepared: Prepared,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    """Nothing is made where there was nothing."""
    start = ["evaluate", "--run", tmp_path / "run", "--data", prepared.folder]

    assert run(*start, *words) == 2

    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_a_bundle_is_that_of_its_folder_unless_told(
    run: Run, train_words: list[object], tmp_path: Path
) -> None:
    """And the title is the name."""
    run(*train_words)
    words = ["export", "--run", tmp_path / "run", "--out"]

    run(*words, tmp_path / "noise")
    run(*words, tmp_path / "other", "--name", "told", "--title", "Told", "--description", "Much")

    cards = [json.loads((tmp_path / n / "card.json").read_text()) for n in ("noise", "other")]
    assert [(c["name"], c["title"], c["description"]) for c in cards] == [
        ("noise", "noise", ""),
        ("told", "Told", "Much"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "colour=3"], "error: no setting named colour: there are objective, "),
        (["--set", "seed"], "error: --set takes name=value, not 'seed'"),
        (["--set", "network.channels=1"], "error: /.* has 3 channels per picture, the preset"),
        (["--data", "nowhere"], "error: nowhere is no prepared folder"),
        (["--preset", "tiny"], "error: /.* has pictures of up to 8 px, the preset tiny needs 16"),
        (["--device", "abacus"], "error: --device abacus cannot be used: "),
        (["--preset", "nobody"], "argument --preset: no preset named nobody: there are .*demo-32,"),
        (["--threads", "0"], "argument --threads: 1 to 1024 threads are possible, not '0'"),
        (["--threads", "many"], "argument --threads: 1 to 1024 threads are possible, not 'many'"),
        (["--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_a_mistake_ends_with_one_sentence_and_code_2(
    run: Run,
    train_words: list[object],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    """On the standard error; nothing is written."""
    before = torch.get_num_threads()

    assert run(*train_words, *words) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.search(message, captured.err.splitlines()[-1])
    assert list(tmp_path.iterdir()) == []
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("words", [[], ["dance"], ["train"], ["export"]])
def test_words_that_are_no_command_end_with_code_2(
    run: Run, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """And a line of usage."""
    assert run(*words) == 2
    assert capsys.readouterr().err.startswith("usage: python -m training")


def test_export_mistakes_are_told_in_the_same_way(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No run, a place that is taken, and a name that cannot be."""
    run(*train_words)
    run("export", "--run", tmp_path / "run", "--out", tmp_path / "noise")
    capsys.readouterr()

    for source, out, name, message in (
        ("nowhere", "new", [], "holds no checkpoint: train it first"),
        ("run", "noise", [], "is there already: choose another --out, or add --replace"),
        ("run", "new", ["--name", "My Noise"], "model name 'My Noise'"),
    ):
        words = ("--run", tmp_path / source, "--out", tmp_path / out, *name)
        assert run("export", *words) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert message in said


def test_an_error_of_the_system_ends_with_code_1(
    run: Run, train_words: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run folder is a file: what was there stays."""
    (tmp_path / "run").write_text("mine")

    assert run(*train_words) == 1

    assert "What was written before is whole" in capsys.readouterr().err
    assert (tmp_path / "run").read_text() == "mine"


def test_what_is_interrupted_says_so_and_ends_with_code_130(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where no step is there to wait for."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.commands.export.load_run", interrupted)

    assert run("export", "--run", tmp_path, "--out", tmp_path / "out") == 130
    assert capsys.readouterr().err == "stopped. What was written before is whole\n"


def test_too_little_memory_is_told_with_what_to_try(
    run: Run,
    train_words: list[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As torch says it of a CPU; any other failure keeps its traceback."""

    def greedy(*_: object, **__: object) -> None:
        torch.empty(10**15)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a flaw of ours")

    monkeypatch.setattr(train, "train", greedy)
    assert run(*train_words) == 1
    said = capsys.readouterr().err
    assert "error: out of memory (" in said
    assert "smaller batches (--set 'levels.*.batch_size=" in said

    monkeypatch.setattr("training.commands.export.load_run", greedy)
    assert run("export", "--run", tmp_path, "--out", tmp_path / "out") == 1
    assert "is whole\n" in capsys.readouterr().err  # it has no batches

    monkeypatch.setattr(train, "train", broken)
    with pytest.raises(RuntimeError, match="a flaw of ours"):
        run(*train_words)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train", "3 processes cannot share the batch of 4 images at 4 px equally"),
        ("export", "only train is for several processes: start this without torchrun"),
    ],
)
def test_what_several_processes_cannot_do_is_refused_before_any_work(
    run: Run,
    train_words: list[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    message: str,
) -> None:
    """With code 2, and nothing on the disk."""
    told = {"TORCHELASTIC_RUN_ID": "x", "RANK": "0", "WORLD_SIZE": "3", "LOCAL_RANK": "0"}
    told["LOCAL_WORLD_SIZE"] = "3"
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    exporting = ["export", "--run", tmp_path / "run", "--out", tmp_path / "out"]

    assert run(*(train_words if command == "train" else exporting)) == 2

    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
