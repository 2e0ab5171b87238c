"""The number format of a run: that of its machine when it began, and no other from then on."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.conftest import train_a_run
from tests.training.settings import with_values
from training.config.config import CONFIG_FILE, TrainingConfig
from training.config.groups import AUTO, BF16, FP32
from training.data.stream import Prepared
from training.run_folder.precision import multiplies_bf16, precision_for, resolve_precision
from training.run_folder.resume import keep_config, read_config

CPU = torch.device("cpu")
FACTS = Path("/proc/cpuinfo")


@pytest.fixture
def undecided(config: TrainingConfig) -> TrainingConfig:
    """A configuration that leaves the format to the machine."""
    return replace(config, precision=AUTO)


@pytest.fixture
def on_processor(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A processor with matrix units for bf16, or without."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": request.param})


@pytest.mark.skipif(not FACTS.exists(), reason="needs Linux's own list of what a processor can do")
def test_matrix_units_are_found_where_the_system_lists_them() -> None:
    """Torch and the kernel agree about this very processor."""
    listed = "amx_bf16" in FACTS.read_text(encoding="utf-8").split()

    assert multiplies_bf16(CPU) == listed


@pytest.mark.parametrize(
    ("on_processor", "precision"), [(True, BF16), (False, FP32)], indirect=["on_processor"]
)
@pytest.mark.usefixtures("on_processor")
def test_a_new_run_takes_what_the_processor_is_faster_in(
    undecided: TrainingConfig, tmp_path: Path, precision: str
) -> None:
    """And nothing else of the configuration changes."""
    decided = resolve_precision(undecided, tmp_path / "run", CPU)

    assert decided == replace(undecided, precision=precision)


@pytest.mark.parametrize("on_processor", [True], indirect=True)
@pytest.mark.usefixtures("on_processor")
def test_fine_differences_are_taken_in_fp32_everywhere(undecided: TrainingConfig) -> None:
    """Their slope would be rounding; coarse ones may be taken in bf16."""
    fine = with_values(undecided, penalty="finite-difference")

    assert precision_for(fine, CPU).precision == FP32
    assert precision_for(with_values(fine, penalty_sigma=0.1), CPU).precision == BF16


@pytest.mark.parametrize("on_processor", [True], indirect=True)
@pytest.mark.usefixtures("on_processor")
def test_pictures_of_sixteen_bits_are_learned_in_fp32_everywhere(
    undecided: TrainingConfig, tmp_path: Path
) -> None:
    """A number in bf16 has eight significant bits."""
    assert resolve_precision(undecided, tmp_path / "run", CPU, 16).precision == FP32
    assert resolve_precision(undecided, tmp_path / "run", CPU, 8).precision == BF16


@pytest.mark.parametrize("precision", [FP32, BF16])
@pytest.mark.parametrize("on_processor", [True, False], indirect=True)
@pytest.mark.usefixtures("on_processor")
def test_what_a_person_asks_for_is_taken(config: TrainingConfig, precision: str) -> None:
    """On any processor."""
    asked = replace(config, precision=precision)

    assert precision_for(asked, CPU) == asked


@pytest.mark.parametrize("precision", [FP32, BF16])
@pytest.mark.parametrize("on_processor", [True, False], indirect=True)
@pytest.mark.usefixtures("on_processor")
def test_a_run_goes_on_in_the_format_it_began_in(
    undecided: TrainingConfig, tmp_path: Path, precision: str
) -> None:
    """Moved to another machine, too: else it would end as another run."""
    begun = replace(undecided, precision=precision)
    keep_config(tmp_path, begun)

    assert resolve_precision(undecided, tmp_path, CPU) == begun


def test_a_run_without_a_step_takes_another_format(config: TrainingConfig, tmp_path: Path) -> None:
    """Nothing was computed in the first one."""
    keep_config(tmp_path, replace(config, precision=BF16))
    other = resolve_precision(replace(config, precision=FP32), tmp_path, CPU)

    keep_config(tmp_path, other)

    assert read_config(tmp_path / CONFIG_FILE).precision == FP32


@pytest.mark.parametrize("on_processor", [True, False], indirect=True)
@pytest.mark.usefixtures("on_processor")
def test_the_folder_of_a_run_tells_what_it_computes_in(
    undecided: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """Never that it was left open."""
    run = train_a_run(undecided, prepared, tmp_path / "run")

    assert read_config(run / CONFIG_FILE) == precision_for(undecided, CPU)
