"""The tables of a search."""

from collections.abc import Callable

from training.tuning.influence import Influence
from training.tuning.outcome import TrialOutcome, TuningRequest
from training.tuning.table import (
    describe_outcome,
    lines_of_influence,
    lines_of_repeats,
    short,
    table_of_trials,
)


def test_rows_are_sorted_and_the_baseline_is_always_shown(
    request_: TuningRequest, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """Finished trials by their score, then those that ended early or broke."""
    outcomes = {
        "trial-0000": make_outcome(4.0, settings={}),
        "trial-0001": make_outcome(2.0),
        "trial-0002": make_outcome(5.0, state="pruned", processor_seconds=3.0),
        "trial-0003": make_outcome(None, state="diverged", reason="not finite"),
        "trial-0001-seed1": make_outcome(2.5, seed=1),
    }

    rows = [line for line in table_of_trials(outcomes, request_) if line.startswith("| 0")]
    assert [row[2:6] for row in rows] == ["0001", "0000", "0003", "0002"]
    assert "| 2.000 | 50 % |" in rows[0]
    assert rows[1].endswith("| the settings of the preset |")
    assert "| diverged | - | - |" in rows[2]
    assert "| pruned, 5.000 at 100 % | - |" in rows[3]
    few = table_of_trials(outcomes, request_, most=1)
    assert [line[2:6] for line in few if line.startswith("| 0")] == ["0001", "0000"]
    assert few[-1] == "2 more in trials.txt"


def test_settings_equal_at_all_levels_are_shown_once(
    make_outcome: Callable[..., TrialOutcome],
) -> None:
    """Different ones with a stroke between them."""
    settings = {"levels.4.learning_rate": 0.00123456, "levels.8.learning_rate": 0.00123456}
    assert short(settings) == {"levels.*.learning_rate": "0.00123"}
    assert short({**settings, "levels.8.learning_rate": 2.0}) == {
        "levels.*.learning_rate": "0.00123/2"
    }
    assert short({"ema_half_life_images": 12345.6}) == {"ema_half_life_images": "12346"}
    line = describe_outcome("trial-0003", make_outcome(None, state="failed", reason="no memory"))
    assert "failed  no memory  80 images in 10 s  discriminator_rate=1.5" in line


def test_few_trials_say_nothing_about_what_mattered() -> None:
    """With the number that is needed; correlations need no finished trials."""
    found = [Influence("a", 0.5, -0.25), Influence("b", 0.5, None)]
    assert lines_of_influence(found, 5, (100, 11), 12) == [
        "what mattered: too few trials to say (11 measured; 12 are needed)"
    ]
    lines = lines_of_influence(found, 14, (50, 20), 12)
    assert "of 20 trials after 50 % of their time" in lines[0]
    assert "from 14 finished trials" in lines[0]
    assert lines[-2:] == ["| a | -0.25 | 0.50 |", "| b | - | 0.50 |"]
    unknown = lines_of_influence([Influence("a", None, 0.5)], 5, (50, 20), 12)
    assert "not known: 5 trials have finished, 12 are needed" in unknown[0]
    assert unknown[-1] == "| a | +0.50 | - |"


def test_the_best_trial_is_compared_with_other_seeds(
    make_outcome: Callable[..., TrialOutcome],
) -> None:
    """Without repeats, a line says that one run each is noisy."""
    outcomes = {"trial-0000": make_outcome(4.0), "trial-0001": make_outcome(3.0)}
    assert "75 % of the score" in lines_of_repeats(outcomes)[0]
    assert "One run of each" in lines_of_repeats(outcomes)[1]

    repeated = outcomes | {
        "trial-0000-seed1": make_outcome(4.0),
        "trial-0001-seed1": make_outcome(2.0),
    }
    assert "50 % on average, so better." in lines_of_repeats(repeated)[1]
    unlucky = repeated | {"trial-0001-seed1": make_outcome(5.0)}
    assert "so not better: keep the preset's own" in lines_of_repeats(unlucky)[1]
    assert lines_of_repeats({"trial-0000": make_outcome(4.0)}) == [
        "no trial was better than the preset's own settings"
    ]
