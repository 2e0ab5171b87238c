"""The watch over a run: what it says, what it keeps, and that a resumed one decides the same."""

from pathlib import Path

from models.families.progan.generator import Generator
from models.growth import Growth
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.run.monitor import RunMonitor
from training.run_folder.journal import Line, append_line


def line_at(images: int, swd: float, diversity: float = 1.0) -> Line:
    """A tick at 8 px, held."""
    where = {"images_shown": images, "resolution": 8, "alpha": 1.0}
    return {**where, "swd": swd, "diversity": diversity}


def test_the_best_checkpoint_and_the_best_before_it_are_kept(
    tmp_path: Path, config: TrainingConfig, prepared: Prepared
) -> None:
    """A resumed watch keeps the same ones."""
    watch = RunMonitor(tmp_path, config, prepared, print)
    kept: list[set[int]] = []
    for images, swd in enumerate([9.0, 5.0, 7.0, 4.0], start=1):
        append_line(tmp_path / "journal.jsonl", watch.observe(line_at(images, swd)))
        kept.append(watch.best())
        assert RunMonitor(tmp_path, config, prepared, print).best() == kept[-1]

    assert kept == [{1}, {1, 2}, {2}, {2, 4}]


def test_an_alarm_is_said_and_written_down(
    tmp_path: Path, config: TrainingConfig, prepared: Prepared
) -> None:
    """Once; a watch that goes on from the journal does not repeat it either."""
    said: list[str] = []
    journal = tmp_path / "journal.jsonl"
    for images in range(1, 10):
        watch = RunMonitor(tmp_path, config, prepared, said.append)
        append_line(journal, watch.observe(line_at(images, 1.0, 0.9 if images < 7 else 0.1)))

    assert len(said) == 1
    assert said[0].startswith("warning: mode collapse: diversity is 0.10 of the data's")
    assert journal.read_text().count('"alarms"') == 1
    assert '"alarms"' in journal.read_text().splitlines()[7]


def test_what_is_measured_depends_on_nothing_before(
    tmp_path: Path, config: TrainingConfig, prepared: Prepared
) -> None:
    """The three numbers of a tick, the same in another watch."""
    average = Generator(config.network)
    numbers = RunMonitor(tmp_path, config, prepared, print).measure(average, Growth(1))

    assert set(numbers) == {"swd", "diversity", "distinctness"}
    assert RunMonitor(tmp_path, config, prepared, print).measure(average, Growth(1)) == numbers
