"""The picture of a search: the scores of its trials, and of each setting its values and scores.

Owns `tune.svg`: one file, readable in black and white, without scripts. Finished trials are filled
circles, pruned ones crosses, the preset's own settings a square; the broken line is their score.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from training.tuning.folders import BASELINE, best_trial, is_searched, number_of_trial, trial_name
from training.tuning.outcome import TrialOutcome
from training.tuning.table import in_short

WIDTH, HEIGHT = 420, 230  # of a panel, in pixels of the picture
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 40
PANEL_COLUMNS = 2
HEAD_HEIGHT = 66  # above the panels
MARGIN = 0.06  # of the range, on both sides
LOG_FROM = 5.0  # largest over smallest value from which an axis is logarithmic
MOST_OWN_TICKS = 4  # different values of a setting that get a tick each
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"

Ticks = Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Axis:
    """Axis of numbers, or of choices at 0, 1, 2, ...

    Attributes:
        low: smallest value.
        high: largest value.
        log: True for a logarithmic scale.
        ticks: values with their labels.
    """

    low: float
    high: float
    log: bool
    ticks: Ticks

    def place(self, value: float) -> float:
        """Place of a value, 0 at the low end and 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Panel:
    """One panel: the value of each trial across, its score upwards.

    Attributes:
        title: above it.
        values: number or text by the name of the trial; a trial without one is left out.
    """

    title: str
    values: Mapping[str, float | str]


def axis_of_numbers(values: Sequence[float]) -> Axis:
    """Axis for numbers, a little wider than they are; logarithmic if they span a wide range."""
    low, high = min(values), max(values)
    if low > 0 and high / low >= LOG_FROM:
        return Axis(low / 1.15, high * 1.15, log=True, ticks=labelled(steps_of_log(low, high)))
    room = MARGIN * (high - low) or abs(high) * 0.1 or 1.0
    return Axis(low - room, high + room, log=False, ticks=labelled(round_steps(low, high)))


def axis_of_choices(values: Sequence[str]) -> Axis:
    """Axis for choices, in the order of their numbers where they are numbers."""
    return Axis(-0.5, len(values) - 0.5, log=False, ticks=[*enumerate(values)])


def labelled(values: Sequence[float]) -> Ticks:
    """Values with short labels."""
    return [(value, in_short(value)) for value in values]


def round_steps(low: float, high: float) -> list[float]:
    """About four round values from `low` to `high`; the middle if there is none."""
    rough = (high - low) / 4 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)] or [(low + high) / 2]


def steps_of_log(low: float, high: float) -> list[float]:
    """Values 1, 2 and 5 times powers of ten from `low` to `high`; at most about seven."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [n * 10.0**power for power in powers for n in (1, 2, 5)]
    coarse = [10.0**power for power in powers]
    inside = [v for v in fine if low <= v <= high]
    return inside if len(inside) <= 7 else [v for v in coarse if low <= v <= high]


def picture_of(outcomes: Mapping[str, TrialOutcome], panels: Sequence[Panel], title: str) -> str:
    """Draw the panels below a title, as an SVG document.

    Args:
        outcomes: by name of the folder; repeats are not drawn.
        panels: one for each setting.
        title: of the picture.
    """
    scored = {
        name: outcome.measurements[-1].score
        for name, outcome in outcomes.items()
        if is_searched(name) and outcome.measurements
    }
    order = Panel("trials, in the order of their start", order_of_trials(scored))
    drawn = [panel_of(panel, scored, outcomes) for panel in (order, *panels)]
    rows = math.ceil(len(drawn) / PANEL_COLUMNS)
    width, height = PANEL_COLUMNS * WIDTH, HEAD_HEIGHT + rows * HEIGHT
    places = [
        (n % PANEL_COLUMNS * WIDTH, HEAD_HEIGHT + n // PANEL_COLUMNS * HEIGHT)
        for n in range(len(drawn))
    ]
    placed = [
        f"<g transform='translate({x} {y})'>{each}</g>"
        for (x, y), each in zip(places, drawn, strict=True)
    ]
    key = (
        "score: 1 is as good as real pictures, lower is better   ● finished   "
        "× pruned (score when it ended)   ○ the best   ■ the preset's own settings"
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
        f"height='{height}' font-size='11' {FONT}>"
        f"<rect width='{width}' height='{height}' fill='white'/>"
        f"<text x='16' y='26' font-size='16' font-weight='bold'>{html.escape(title)}</text>"
        f"<text x='16' y='48' xml:space='preserve'>{key}</text>{''.join(placed)}</svg>\n"
    )


def order_of_trials(scored: Mapping[str, float]) -> dict[str, float]:
    """Number of each trial."""
    return {name: float(number_of_trial(name)) for name in scored}


def panel_of(
    panel: Panel, scored: Mapping[str, float], outcomes: Mapping[str, TrialOutcome]
) -> str:
    """Draw one panel."""
    names = [name for name in scored if name in panel.values]
    heading = f"<text x='{LEFT}' y='20' font-weight='bold'>{html.escape(panel.title)}</text>"
    if not names:
        return heading + f"<text x='{LEFT}' y='60'>no trial has a score yet</text>"
    across = axis_across([panel.values[name] for name in names])
    upwards = axis_of_numbers([scored[name] for name in names])
    parts = [heading, frame_of(across, upwards)]
    own = scored.get(trial_name(BASELINE))
    if own is not None:
        y = y_of(upwards, own)
        parts.append(
            f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y:.1f}' y2='{y:.1f}' stroke='black' "
            "stroke-dasharray='5 4'/>"
        )
    best = best_trial(outcomes)
    for name in names:
        x, y = x_of(across, panel.values[name]), y_of(upwards, scored[name])
        parts.append(mark_of(name, outcomes[name], x, y))
        if name == best:
            parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='8' fill='none' stroke='black'/>")
    return "".join(parts)


def axis_across(values: Sequence[float | str]) -> Axis:
    """Axis for the values of a setting."""
    numbers = [value for value in values if not isinstance(value, str)]
    if len(numbers) == len(values):
        axis, different = axis_of_numbers(numbers), sorted({*numbers})
        few = len(different) <= MOST_OWN_TICKS
        return replace(axis, ticks=labelled(different)) if few else axis
    return axis_of_choices(sorted(dict.fromkeys(map(str, values)), key=order_of_choice))


def order_of_choice(text: str) -> tuple[float, str]:
    """Key that sorts choices as numbers, and texts after them."""
    try:
        return float(text.removeprefix("x")), text
    except ValueError:
        return math.inf, text


def x_of(axis: Axis, value: float | str) -> float:
    """Horizontal place in a panel."""
    if isinstance(value, str):
        value = next(place for place, label in axis.ticks if label == value)
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def y_of(axis: Axis, value: float) -> float:
    """Vertical place in a panel; the best score is at the bottom."""
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)


def frame_of(across: Axis, upwards: Axis) -> str:
    """Axes with their ticks."""
    floor, end = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        f"<path d='M{LEFT},{TOP}V{floor}H{end}' fill='none' stroke='black'/>",
        f"<text x='{LEFT - 40}' y='{TOP - 4}' font-size='10'>score</text>",
    ]
    for value, label in upwards.ticks:
        y = y_of(upwards, value)
        parts.append(
            f"<line x1='{LEFT}' x2='{end}' y1='{y:.1f}' y2='{y:.1f}' stroke='#ddd'/>"
            f"<text x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{label}</text>"
        )
    for value, label in across.ticks:
        x = x_of(across, value)
        parts.append(
            f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{floor}' y2='{floor + 4}' stroke='black'/>"
            f"<text x='{x:.1f}' y='{floor + 17}' text-anchor='middle'>{html.escape(label)}</text>"
        )
    return "".join(parts)


def mark_of(name: str, outcome: TrialOutcome, x: float, y: float) -> str:
    """Mark of a trial, with its name as a tooltip."""
    told = f"<title>{html.escape(name)}</title>"
    if name == trial_name(BASELINE):
        return f"<rect x='{x - 4:.1f}' y='{y - 4:.1f}' width='8' height='8'>{told}</rect>"
    if outcome.score is None:
        return (
            f"<path d='M{x - 4:.1f},{y - 4:.1f}l8,8m0,-8l-8,8' stroke='black' fill='none'>"
            f"{told}</path>"
        )
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4'>{told}</circle>"
