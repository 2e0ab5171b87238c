"""Updates of the discriminator for each of the generator (`objective.critic_steps`).

Owns the choice of the steps that update the generator, as a pure function of images shown. Knows no
network.
"""

from __future__ import annotations

from training.game.schedule import ScheduleState
from training.game.settings import StepSettings
from training.objectives.losses import Terms


def generator_is_due(config: StepSettings, schedule: ScheduleState) -> bool:
    """True if this step updates the generator: the last of every `critic_steps` steps."""
    step = schedule.images_shown // schedule.batch_size
    return (step + 1) % config.objective.critic_steps == 0


def averaged_over(steps: int, terms: Terms) -> Terms:
    """Terms of a rare update, weighted so that their mean over all steps is that of the updates."""
    return {name: value * steps for name, value in terms.items()} if steps > 1 else terms
