"""Alarms: warnings about a run that trains badly.

Owns the rules for a mode collapse, a discriminator that is too strong, and pictures that get worse
over several ticks, as pure functions of the journal, without state to save. Measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median

AlarmLine = Mapping[str, object]
Alarms = list[dict[str, str]]

PAST = 20  # ticks of the run that a new one is compared with
FEWEST = 4  # ticks that a comparison needs
TWICE = 2  # ticks in a row before an alarm
SILENCE = 10  # ticks before the same alarm is repeated
FALLEN, POOR = 0.5, 0.6  # relative to the run's own past; to the data
COLLAPSED = 0.15  # relative to the data, whatever the past
RUNAWAY_TIMES, RUNAWAY_GAP = 5.0, 8.0  # relative to its own past; in units of the score
WORSE_TIMES, WORSE_TICKS = 2.0, 6  # relative to the best of the level; ticks in a row

VARIETY = {
    "diversity": "the mean distance between two generated pictures",
    "distinctness": "the distance of a generated picture to the one most like it",
}
HOW = "stop with Ctrl-C, and add it to the same command, which goes on with it from there"
COLLAPSE_ADVICE = (
    "Look at the grids: are pictures alike? Try a stronger penalty (--set penalty_weight=, twice "
    "what it is), {larger_batch} or {lower_rate}: " + HOW + "; --from best goes back to the best "
    "checkpoint. Or try --set objective=rpgan-r1r2 in a new run"
)
RUNAWAY_ADVICE = (
    "The discriminator tells them apart too easily. Try a stronger penalty (--set penalty_weight=, "
    "twice what it is) or {lower_rate}; with few pictures it may memorise them: prepare more, or "
    "try --set augment=color,translation,cutout or --set mirror=true: " + HOW
)
WORSE_ADVICE = (
    "Try {lower_rate} or a stronger penalty (--set penalty_weight=, twice what it is), with --from "
    "best: " + HOW + ". The best checkpoint is kept: export --checkpoint best"
)


@dataclass(frozen=True)
class Alarm:
    """One warning: its kind, the observation, and the advice."""

    kind: str
    seen: str
    advice: str


def alarms_after(lines: Sequence[AlarmLine]) -> list[Alarm]:
    """Alarms at the last of these journal lines, except kinds that the ten before it have."""
    said = {alarm["kind"] for line in lines[-1 - SILENCE : -1] for alarm in _alarms_of(line)}
    found = [*collapse(lines), *runaway(lines), *worsening(lines)]
    return [advised(alarm, lines[-1]) for alarm in found if alarm.kind not in said]


def advised(alarm: Alarm, line: AlarmLine) -> Alarm:
    """Fill in the values that the advice proposes: half the learning rate, and so on."""
    rate, size = line.get("learning_rate"), line.get("batch_size")
    rate = f"{rate / 2:g}" if isinstance(rate, float | int) else ""
    size = f"{2 * size}" if isinstance(size, int) else ""
    lower = f"a lower learning rate (--set 'levels.*.learning_rate={rate}')"
    larger = f"a larger batch (--set 'levels.*.batch_size={size}')"
    advice = alarm.advice.format(lower_rate=lower, larger_batch=larger)
    return replace(alarm, advice=advice)


def in_journal(alarms: Sequence[Alarm]) -> dict[str, object]:
    """Field of a journal line for these alarms; empty without alarms."""
    return {"alarms": [asdict(alarm) for alarm in alarms]} if alarms else {}


def collapse(lines: Sequence[AlarmLine]) -> list[Alarm]:
    """Mode collapse: low diversity, compared with the run's own past and with the data."""
    for name, meaning in VARIETY.items():
        values = series(lines, name)
        if len(values) < FEWEST + TWICE:
            continue
        now, past = max(values[-TWICE:]), median(values[-PAST - TWICE : -TWICE])
        if now < COLLAPSED or (now < FALLEN * past and now < POOR):
            seen = f"{name} is {values[-1]:.2f} of the data's ({meaning}), it was {past:.2f} before"
            return [Alarm("mode collapse", seen, COLLAPSE_ADVICE)]
    return []


def runaway(lines: Sequence[AlarmLine]) -> list[Alarm]:
    """Diverging discriminator: the gap between real and fake scores has become large."""
    here = at_this_level(lines)
    gaps = [
        real - fake
        for real, fake in zip(series(here, "score_real"), series(here, "score_fake"), strict=False)
    ]
    if len(gaps) < FEWEST + TWICE:
        return []
    now, past = min(gaps[-TWICE:]), median(gaps[-PAST - TWICE : -TWICE])
    if now < RUNAWAY_GAP or now < RUNAWAY_TIMES * abs(past):
        return []
    seen = f"the scores of real and generated pictures lie {gaps[-1]:.1f} apart, {past:.1f} before"
    return [Alarm("divergence", seen, RUNAWAY_ADVICE)]


def worsening(lines: Sequence[AlarmLine]) -> list[Alarm]:
    """Worsening: for several ticks, at a stable level, the SWD is far above its best."""
    held = [line for line in at_this_level(lines) if line.get("alpha") == 1.0]
    if not lines or lines[-1].get("alpha") != 1.0:
        return []
    values = series(held, "swd")
    if len(values) < FEWEST + WORSE_TICKS:
        return []
    best, now = min(values[:-WORSE_TICKS]), min(values[-WORSE_TICKS:])
    if now < WORSE_TIMES * best:
        return []
    seen = f"SWD has been at {now:.1f} or more for {WORSE_TICKS} ticks, its best was {best:.1f}"
    return [Alarm("pictures get worse", seen, WORSE_ADVICE)]


def best_tick(lines: Sequence[AlarmLine], resolution: int) -> int | None:
    """Images shown at the lowest SWD of the stable `resolution`; None if not yet reached."""
    known = [
        (float(str(line["swd"])), int(str(line["images_shown"])))
        for line in lines
        if line.get("resolution") == resolution and line.get("alpha") == 1.0 and "swd" in line
    ]
    return min(known)[1] if known else None


def at_this_level(lines: Sequence[AlarmLine]) -> list[AlarmLine]:
    """Lines of the current resolution."""
    return [line for line in lines if line.get("resolution") == lines[-1].get("resolution")]


def series(lines: Sequence[AlarmLine], name: str) -> list[float]:
    """Finite values of one number, oldest first."""
    values = [line[name] for line in lines if name in line]
    return [float(v) for v in values if isinstance(v, int | float) and math.isfinite(v)]


def _alarms_of(line: AlarmLine) -> Alarms:
    alarms: Alarms = line.get("alarms", [])  # pyright: ignore[reportAssignmentType] - we wrote it
    return alarms
