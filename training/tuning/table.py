"""Tables of a search: its trials, what mattered, and whether the best one holds with other seeds.

Owns the text of `trials.txt` and of the terminal. Measures nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from training.tuning.folders import BASELINE, best_trial, is_searched, trial_name
from training.tuning.influence import Influence
from training.tuning.outcome import (
    PARTS_SCORE,
    QUICK_SCORE,
    SettingValue,
    TrialOutcome,
    TuningRequest,
)

LARGE = 1_000
SCALES = {
    QUICK_SCORE: "SWD relative to that of real pictures, worse where variety is lacking",
    PARTS_SCORE: "parts that a reader recognises, their shares, and KID over its features",
}
NOISE = (
    "One run of each: scores of the same settings with other seeds differ, too, so small "
    "differences mean nothing."
)


def describe_outcome(name: str, outcome: TrialOutcome) -> str:
    """Describe an ended trial in one line."""
    score = outcome.measurements[-1].score if outcome.measurements else None
    told = f"score {score:.3f}" if score is not None else outcome.reason
    return (
        f"{name}  {outcome.state}  {told}  {outcome.images_shown:,} images in "
        f"{outcome.processor_seconds:.0f} s  {words_of(outcome.settings)}"
    )


def short(settings: Mapping[str, SettingValue]) -> dict[str, str]:
    """Settings for display: those equal at all levels in one, numbers with three digits."""
    found: dict[str, list[str]] = {}
    for name, value in settings.items():
        parts = name.split(".")
        key = f"levels.*.{parts[2]}" if parts[0] == "levels" else name
        text = in_short(value) if isinstance(value, float) else str(value)
        found.setdefault(key, []).append(text)
    return {
        name: texts[0] if len(set(texts)) == 1 else "/".join(texts) for name, texts in found.items()
    }


def in_short(number: float) -> str:
    """Number with three digits, or without a fraction from 1,000 on."""
    return f"{number:.0f}" if abs(number) >= LARGE else f"{number:.3g}"


def words_of(settings: Mapping[str, SettingValue]) -> str:
    """Settings of a trial in words."""
    words = ", ".join(f"{key}={value}" for key, value in short(settings).items())
    return words or "the settings of the preset"


def table_of_trials(
    outcomes: Mapping[str, TrialOutcome], request: TuningRequest, most: int | None = None
) -> list[str]:
    """Lines of the table: the best trials first, then the pruned and the failed ones.

    Args:
        outcomes: by name of the folder.
        request: of the search.
        most: number of rows; None for all. The baseline is always among them.
    """
    baseline = trial_name(BASELINE)
    own = outcomes[baseline].score if baseline in outcomes else None
    when = (
        f"scores at {request.resolution} px after {request.trial_seconds:.0f} s of processor time"
    )
    scale = f"{when}: {SCALES[request.score]}; 1 is as good as real pictures, lower is better"
    head = "trial,score,of the preset's,SWD,diversity,distinctness,images,seconds,settings"
    columns = head.split(",")
    lines = [scale, "", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    names = sorted(filter(is_searched, outcomes), key=lambda name: order_of(name, outcomes[name]))
    shown = names[:most]
    shown += [baseline] if baseline in names and baseline not in shown else []
    lines += [trial_row(name, outcomes[name], own) for name in shown]
    if len(shown) < len(names):
        lines += ["", f"{len(names) - len(shown)} more in trials.txt"]
    return lines


def order_of(name: str, outcome: TrialOutcome) -> tuple[int, float, str]:
    """Key by which trials are sorted: finished ones by score, others by the time they lasted."""
    if outcome.score is not None:
        return 0, outcome.score, name
    return 1, -outcome.processor_seconds, name


def trial_row(name: str, outcome: TrialOutcome, own: float | None) -> str:
    """Row of a trial; `own` is the score of the preset's own settings."""
    last = outcome.measurements[-1] if outcome.measurements else None
    numbers = ["-", "-", "-"]
    score, part = outcome.state, "-"
    if last:
        numbers = [f"{each:.2f}" for each in (last.swd, last.diversity, last.distinctness)]
        score = f"{outcome.state}, {last.score:.3f} at {last.percent} %"
    if outcome.score is not None:
        score, part = f"{outcome.score:.3f}", f"{100 * outcome.score / own:.0f} %" if own else "-"
    spent = [f"{outcome.images_shown:,}", f"{outcome.processor_seconds:.1f}"]
    cells = [name.removeprefix("trial-"), score, part, *numbers, *spent]
    return f"| {' | '.join([*cells, words_of(outcome.settings)])} |"


def lines_of_influence(
    influences: Sequence[Influence], finished: int, measured: tuple[int, int], needed: int
) -> list[str]:
    """Lines that say which settings mattered, or why that is not known.

    Args:
        influences: of all searched settings.
        finished: number of trials that the importances rest on.
        measured: percent of the time, and number of trials, that the correlations rest on.
        needed: fewest trials that say anything.
    """
    percent, count = measured
    if count < needed:
        return [f"what mattered: too few trials to say ({count} measured; {needed} are needed)"]
    told = (
        f"what mattered: rank correlation with the score of {count} trials after {percent} % of "
        "their time (-1 to 1; negative means that more is better), and importance "
    )
    few = f"(not known: {finished} trials have finished, {needed} are needed)"
    known = f"(PED-ANOVA, parts of 1, from {finished} finished trials)"
    given = any(each.importance is not None for each in influences)
    rows = [
        (each.name, signed(each.correlation), part_of_one(each.importance)) for each in influences
    ]
    head = ["| setting | rank correlation | importance |", "|---|---|---|"]
    return [
        told + (known if given else few),
        "",
        *head,
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def part_of_one(number: float | None) -> str:
    """Number with two digits; a dash for none."""
    return "-" if number is None else f"{number:.2f}"


def signed(number: float | None) -> str:
    """Number with its sign; a dash for none."""
    return "-" if number is None else f"{number:+.2f}"


def lines_of_repeats(outcomes: Mapping[str, TrialOutcome]) -> list[str]:
    """Lines that compare the best trial with the baseline, over all seeds of both."""
    best, baseline = best_trial(outcomes), trial_name(BASELINE)
    if best is None or best == baseline:
        return ["no trial was better than the preset's own settings"]
    found = {name: scores_of(outcomes, name) for name in (baseline, best)}
    own, better = outcomes[baseline].score, outcomes[best].score
    lines: list[str] = []
    if own and better:
        lines.append(
            f"the best trial ({best.removeprefix('trial-')}) has {100 * better / own:.0f} % of the "
            f"score of the preset's own settings ({better:.3f} and {own:.3f})"
        )
    repeats = {name: scores[1:] for name, scores in found.items()}
    if not all(repeats.values()):
        return [*lines, NOISE]
    told = {name: ", ".join(f"{score:.3f}" for score in scores) for name, scores in repeats.items()}
    ratio = mean(repeats[best]) / mean(repeats[baseline])
    verdict = "better" if ratio < 1 else "not better: keep the preset's own, or search longer"
    compared = (
        f"with other seeds: {told[best]}; the preset's own settings: {told[baseline]}; "
        f"{100 * ratio:.0f} % on average, so {verdict}. This is the fair comparison: the best of "
        "many trials was also the luckiest"
    )
    return [*lines, compared]


def scores_of(outcomes: Mapping[str, TrialOutcome], name: str) -> list[float]:
    """Scores of a trial and of its repeats."""
    own = [each for each in sorted(outcomes) if each == name or each.startswith(f"{name}-seed")]
    return [score for each in own if (score := outcomes[each].score) is not None]
