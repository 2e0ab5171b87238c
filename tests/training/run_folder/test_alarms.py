"""Alarms: what raises them, what does not, and that they are not said every tick."""

import pytest

from training.run_folder.alarms import AlarmLine, alarms_after, best_tick, in_journal


def lines_of(name: str, values: list[float], **others: object) -> list[AlarmLine]:
    """A journal at 32 px, held, with these values of one number."""
    usual = {"resolution": 32, "alpha": 1.0, "score_fake": 0.0, **others}
    return [{"images_shown": n, **usual, name: value} for n, value in enumerate(values)]


def kinds(lines: list[AlarmLine]) -> list[str]:
    """What is said at the last line."""
    return [alarm.kind for alarm in alarms_after(lines)]


@pytest.mark.parametrize("name", ["diversity", "distinctness"])
def test_a_fall_of_variety_is_a_collapse(name: str) -> None:
    """Below half of its own past and well below the data, twice in a row."""
    (alarm,) = alarms_after(lines_of(name, [0.9] * 6 + [0.4, 0.3]))

    assert alarm.kind == "mode collapse"
    assert alarm.seen.startswith(f"{name} is 0.30 of the data's")
    assert "it was 0.90 before" in alarm.seen
    assert "penalty_weight" in alarm.advice


def test_a_run_that_never_had_variety_is_a_collapse() -> None:
    """Its own past is no excuse."""
    assert kinds(lines_of("diversity", [0.1] * 6)) == ["mode collapse"]


@pytest.mark.parametrize(
    "values",
    [
        [0.9] * 7 + [0.3],  # once
        [0.9] * 6 + [0.55, 0.55],  # less, but not by half
        [1.9] * 6 + [0.8, 0.8],  # by half, but near the data
        [0.9, 0.1, 0.1],  # hardly begun
    ],
)
def test_what_varies_as_usual_is_no_collapse(values: list[float]) -> None:
    """One bad tick, a small fall, a fall towards the data, and a young run."""
    assert kinds(lines_of("diversity", values)) == []


def test_scores_that_run_apart_are_a_divergence() -> None:
    """Five times as far as they used to be, and far in itself."""
    (alarm,) = alarms_after(lines_of("score_real", [1.0] * 6 + [10.0, 12.0]))

    assert alarm.kind == "divergence"
    assert alarm.seen == "the scores of real and generated pictures lie 12.0 apart, 1.0 before"


@pytest.mark.parametrize("values", [[1.0] * 6 + [6.0, 6.0], [20.0] * 8, [1.0] * 7 + [50.0]])
def test_scores_apart_are_no_divergence_by_themselves(values: list[float]) -> None:
    """Not so far, always so far, or only once."""
    assert kinds(lines_of("score_real", values)) == []


def test_the_past_of_another_resolution_does_not_count_for_scores() -> None:
    """A new level begins with scores of its own."""
    before: list[AlarmLine] = [
        {**line, "resolution": 16} for line in lines_of("score_real", [1.0] * 8)
    ]

    assert kinds([*before, *lines_of("score_real", [20.0] * 3)]) == []


def test_pictures_that_stay_worse_than_their_best_are_told() -> None:
    """For six ticks at twice the best; five are a mood."""
    (alarm,) = alarms_after(lines_of("swd", [30.0, 20.0, 25.0, 24.0] + [45.0] * 5 + [50.0]))

    assert alarm.kind == "pictures get worse"
    assert alarm.seen == "SWD has been at 45.0 or more for 6 ticks, its best was 20.0"
    assert kinds(lines_of("swd", [30.0, 20.0, 25.0, 24.0, 25.0] + [45.0] * 5)) == []


def test_while_a_level_fades_in_pictures_may_be_worse() -> None:
    """What they are compared with changes from tick to tick."""
    lines = lines_of("swd", [30.0, 20.0, 25.0, 24.0] + [45.0] * 6)
    lines[-1] = {**lines[-1], "alpha": 0.5}

    assert kinds(lines) == []


def test_an_alarm_is_not_said_again_for_ten_ticks() -> None:
    """Then it is, if nothing has changed."""
    lines: list[AlarmLine] = []
    said: list[int] = []
    for number, line in enumerate(lines_of("diversity", [0.05] * 30)):
        alarms = alarms_after([*lines, line])
        lines.append({**line, **in_journal(alarms)})
        said += [number] if alarms else []

    assert said == [5, 16, 27]
    assert all(("alarms" in line) == (n in said) for n, line in enumerate(lines))


def test_a_journal_without_quality_raises_nothing() -> None:
    """An older run has none; nor does what is not finite count."""
    assert kinds([{"images_shown": n, "resolution": 8, "alpha": 1.0} for n in range(20)]) == []
    assert kinds(lines_of("diversity", [float("nan")] * 20)) == []
    assert kinds([]) == []


def test_the_best_tick_is_the_lowest_swd_of_the_highest_resolution_held() -> None:
    """Neither a lower level nor a fade counts, and of equals the first is taken."""
    lines: list[AlarmLine] = [
        {"images_shown": 1, "resolution": 16, "alpha": 1.0, "swd": 1.0},
        {"images_shown": 2, "resolution": 32, "alpha": 0.5, "swd": 2.0},
        {"images_shown": 3, "resolution": 32, "alpha": 1.0, "swd": 5.0},
        {"images_shown": 4, "resolution": 32, "alpha": 1.0, "swd": 4.0},
        {"images_shown": 5, "resolution": 32, "alpha": 1.0, "swd": 4.0},
        {"images_shown": 6, "resolution": 32, "alpha": 1.0},
    ]

    assert best_tick(lines, 32) == 4
    assert best_tick(lines[:2], 32) is None
