"""The checks of a device, all of them on the processor, as short as possible."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from bench import verify_cuda
from bench.device_checks.exactness import arrangements, fills
from bench.device_checks.finding import Budget, Finding, while_time
from bench.device_checks.runs import differences, failure
from bench.verify_cuda import measure, opened, options_of, table
from models.picture import Pixels
from service.batching.recipe import Recipe
from service.engine.loading import LoadedModel
from tests.conftest import MakeBundle

MINUTES = 10.0  # far more than the checks take


@pytest.mark.slow
def test_every_check_passes_on_the_processor(make_bundle: MakeBundle, tmp_path: Path) -> None:
    """Exact pictures, a reload under load, speeds, and two equal runs by the real command."""
    options = options_of(
        [
            *("--device", "cpu", "--tiny", "--seeds", "24", "--minutes", str(MINUTES)),
            *("--bundles", str(make_bundle().parent), "--peer", str(tmp_path), "--threads", "1"),
        ]
    )
    found = measure(options)

    passed = {each.check: each.passed for each in found}
    assert {name for name, good in passed.items() if good} == {
        "a reload under load",
        "tiny-32: load and self-test",
        "tiny-32: fills and places of a batch",
        "tiny-32: 24 seeds",
        "two runs",
    }, table(found)
    assert not [name for name, good in passed.items() if good is False]
    assert "0 pictures differ, engine alive" in found[0].told
    assert "pro-gan-pth is not installed" in "".join(each.told for each in found)


def test_a_picture_that_depends_on_its_batch_is_found(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the engine says of itself."""
    bundles = make_bundle().parent
    options = options_of(["--device", "cpu", "--bundles", str(bundles), "--threads", "1"])
    models = opened(options)
    model = models.load(next(bundles.iterdir()), lambda *_: None)
    models.activate(model)
    render = LoadedModel.render_batch

    def depends(self: LoadedModel, recipes: Sequence[Recipe]) -> list[Pixels]:
        images = render(self, recipes)
        if len(recipes) == 8:
            images[3] = images[3][::-1]
        return images

    monkeypatch.setattr(LoadedModel, "render_batch", depends)
    finding = fills(models, model, Budget.of(60 * MINUTES))

    assert finding.passed is False
    assert not finding.told.startswith("0 of")


def test_a_batch_is_filled_and_turned_in_every_way() -> None:
    """Each picture is in each place."""
    found = list(arrangements(3))

    assert found == [[0], [0, 1], [0, 1, 2], [1, 2, 0], [2, 0, 1]]


def test_what_the_time_does_not_allow_is_left_out_and_told() -> None:
    """But for the first part of a check that has begun."""
    assert [*while_time(Budget.of(0), 9)] == [0]
    assert [*while_time(Budget.of(60 * MINUTES), 3)] == [0, 1, 2]
    found = measure(options_of(["--device", "cpu", "--minutes", "0"]))

    assert {each.told for each in found} == {"left out: the time was up"}
    assert table(found)[-1] == "nothing failed"


def test_a_check_that_breaks_down_fails_and_the_next_one_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the first line of its error."""

    def breaks(*_: object) -> list[Finding]:
        raise RuntimeError("CUDA error: out of luck\nand more")

    def holds(*_: object) -> list[Finding]:
        return [Finding("second", "fine", passed=True)]

    monkeypatch.setattr(verify_cuda, "CHECKS", {"first": (0.5, breaks), "second": (1.0, holds)})
    found = measure(options_of(["--device", "cpu"]))

    assert found[0] == Finding("first", "RuntimeError: CUDA error: out of luck", passed=False)
    assert found[1].passed
    assert table(found)[-1] == "1 of 2 failed"


def test_runs_that_differ_are_named(tmp_path: Path) -> None:
    """In one byte of the journal, or without a checkpoint."""
    runs = [tmp_path / name for name in "ab"]
    for run in runs:
        (run / "checkpoints").mkdir(parents=True)
        (run / "journal.jsonl").write_text(run.name)
    (runs[0] / "checkpoints" / "checkpoint-8.safetensors").write_text("x")

    assert differences(*runs) == ["journal.jsonl", "checkpoints/checkpoint-8.safetensors"]
    assert not differences(runs[0], runs[0])


def test_a_command_that_fails_says_why() -> None:
    """In its last line."""
    command = [sys.executable, "-c", "import sys; sys.exit('no such device')"]

    assert failure(command, Budget.of(60 * MINUTES)) == "no such device"
    assert not failure([sys.executable, "-c", ""], Budget.of(60 * MINUTES))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_device_the_command_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """With an exit code of its own."""
    assert verify_cuda.main([]) == 2
    assert "--device cpu runs the same checks" in capsys.readouterr().err
