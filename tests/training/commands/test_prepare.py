"""What a person types and sees."""

import argparse
import io
from pathlib import Path

import pytest
from rich.console import Console

from training.commands.prepare import add_arguments, bar, lines, run
from training.data.manifest import DataError
from training.data.prepare import PrepareProgress


def parse(*words: str) -> argparse.Namespace:
    """What these words on the command line mean."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_the_command_prepares_and_ends_with_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table tells pictures, skipped ones, sizes, licence and seconds."""
    out = tmp_path / "out"
    status = run(parse("dicebear:personas?count=3&size=16", str(out), "--workers", "1"))
    told = capsys.readouterr().err

    assert status == 0
    assert (out / "manifest.json").exists()
    for words in ("3 pictures -> 16x16, RGB", "pictures  3", "4, 8, 16 px", "CC BY 4.0", "seconds"):
        assert words in told


def test_brackets_are_told_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In names and licences; no pair of them is taken for a style."""
    words = ("dicebear:personas?count=1&size=16", str(tmp_path / "[new]"), "--workers", "1")

    assert run(parse(*words, "--licence", "mine [/b]")) == 0
    told = "".join(capsys.readouterr().err.split())  # a table is as wide as the terminal
    assert "mine[/b]" in told
    assert "[new]" in told


def test_what_cannot_be_prepared_is_an_error_for_the_caller(tmp_path: Path) -> None:
    """All commands tell errors alike, so this one only raises."""
    with pytest.raises(DataError, match="does not exist"):
        run(parse(str(tmp_path / "nothing"), str(tmp_path / "out")))


def test_an_interruption_ends_with_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control-C is no crash."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.commands.prepare.prepare", interrupted)

    assert run(parse("x", str(tmp_path / "out"))) == 130
    assert "nothing was kept" in capsys.readouterr().err


def test_plain_lines_come_seldom_and_at_the_end() -> None:
    """A log gets one line in ten seconds, every note, and the last count."""
    file = io.StringIO()
    now = iter([0.0, 1.0, 11.0, 11.0, 12.0, 13.0, 13.0]).__next__
    with lines(Console(file=file, width=100), now) as report:
        report(PrepareProgress(0, 0, 4, "four [pictures]"))
        report(PrepareProgress(1, 0, 4))
        report(PrepareProgress(2, 1, 4))
        report(PrepareProgress(3, 1, 4))
        report(PrepareProgress(4, 1, 4))

    assert file.getvalue().splitlines() == [
        "four [pictures]",
        "2 of 4 pictures, 1 skipped",
        "4 of 4 pictures, 1 skipped",
    ]


def test_a_terminal_gets_a_bar() -> None:
    """It shows how many pictures are done and skipped."""
    file = io.StringIO()
    with bar(Console(file=file, width=100, force_terminal=True)) as report:
        report(PrepareProgress(0, 0, 40, "forty pictures"))
        report(PrepareProgress(20, 3, 40))

    assert "forty pictures" in file.getvalue()
    assert "20/40" in file.getvalue()
    assert "3 skipped" in file.getvalue()


def test_a_shape_is_height_by_width(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every size is then told as width x height; drawings, which are square, are cropped."""
    words = ("dicebear:personas?count=2&size=24", str(tmp_path / "out"), "--workers", "1")

    assert run(parse(*words, "--shape", "4x6", "--fit", "crop")) == 0
    told = capsys.readouterr().err
    assert "2 pictures -> 24x16, RGB" in told
    assert "6x4, 12x8, 24x16 px" in told


@pytest.mark.parametrize("text", ["4", "4:6", "x6", "4x6x8", "-4x6"])
def test_a_shape_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With an example of one."""
    with pytest.raises(SystemExit):
        parse("photos", "out", f"--shape={text}")
    assert "height x width is needed, as in 4x6" in capsys.readouterr().err


def test_several_sources_are_domains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last word is the folder to make, also after an option."""
    words = ("dicebear:personas?count=2&size=16", "dicebear:micah?count=2&size=16")

    assert run(parse(*words, str(tmp_path / "out"), "--workers", "1")) == 0
    assert "personas (2), micah (2)" in capsys.readouterr().err
    assert parse("--workers", "1", *words, "out").source == [*words]
