"""The games: reading of a step's pictures, and the step, by family.

Owns the choice of the step and the streams of pictures that it reads. Knows no run and no file but
the prepared pictures.
"""

from __future__ import annotations

from typing import Protocol

from models.families.table import offer_of
from training.config.config import TrainingConfig
from training.data.prefetch import BatchReader
from training.data.stream import ImageStream, Prepared
from training.device_copies import is_asynchronous
from training.distributed import Processes
from training.game.multi_domain_step import begin_multi_domain_step
from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.game.step import begin_step
from training.game.step_numbers import StepNumbers
from training.game.translation_step import take_translation_step


class Game(Protocol):
    """Reads the pictures of a step and takes it; without any state besides `TrainingState`."""

    def play(
        self,
        state: TrainingState,
        schedule: ScheduleState,
        config: TrainingConfig,
        strength: float,
        processes: Processes,
    ) -> StepNumbers:
        """Take one step; on a device that computes by itself, without waiting for it.

        Args:
            state: changed in place.
            schedule: of the step.
            config: settings of the step.
            strength: of augmentation, 0 to 1.
            processes: this process's place among all processes.
        """
        ...


class AdversarialGame:
    """Generator against discriminator, with pictures of the whole data set."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._reader: BatchReader | None = None

    def play(
        self,
        state: TrainingState,
        schedule: ScheduleState,
        config: TrainingConfig,
        strength: float,
        processes: Processes,
    ) -> StepNumbers:
        """Take one step; see `Game`."""
        reader = self._reader
        stream = renewed_stream(reader and reader.stream, self._prepared, config)
        if reader is None or stream is not reader.stream:
            self._reader = reader = BatchReader(stream, ahead=is_asynchronous(state.device))
        place = (schedule.images_shown, schedule.batch_size, processes.share)
        batch = reader.read(schedule.growth.resolution, *place)
        return begin_step(state, schedule, config, *batch, strength, processes)


class TranslationGame:
    """Two generators and two discriminators, with pictures of two domains, which nothing pairs."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._streams: list[ImageStream | None] = [None, None]

    def play(
        self,
        state: TrainingState,
        schedule: ScheduleState,
        config: TrainingConfig,
        strength: float,  # noqa: ARG002 - there is no augmentation but mirroring
        processes: Processes,  # noqa: ARG002 - the family is trained by one process
    ) -> StepNumbers:
        """Take one step; see `Game`."""
        streams = [
            renewed_stream(stream, self._prepared, config, domain)
            for domain, stream in enumerate(self._streams)
        ]
        self._streams = [*streams]
        place = (schedule.images_shown, schedule.batch_size)
        pixels = [stream.batch(schedule.growth.resolution, *place) for stream in streams]
        return StepNumbers.known(take_translation_step(state, schedule, config, pixels))


class MultiDomainGame:
    """One generator and one discriminator, with pictures of any number of domains."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._stream: ImageStream | None = None

    def play(
        self,
        state: TrainingState,
        schedule: ScheduleState,
        config: TrainingConfig,
        strength: float,  # noqa: ARG002 - there is no augmentation but mirroring
        processes: Processes,  # noqa: ARG002 - the family is trained by one process
    ) -> StepNumbers:
        """Take one step; see `Game`."""
        self._stream = stream = renewed_stream(self._stream, self._prepared, config)
        shown, size = schedule.images_shown, schedule.batch_size
        pixels = stream.batch(schedule.growth.resolution, shown, size)
        return begin_multi_domain_step(state, schedule, config, pixels, stream.labels(shown, size))


def game_of(config: TrainingConfig, prepared: Prepared) -> Game:
    """The game that the family of a configuration plays."""
    offer = offer_of(config.network)
    if not offer.translates:
        return AdversarialGame(prepared)
    return MultiDomainGame(prepared) if offer.many_domains else TranslationGame(prepared)


def renewed_stream(
    stream: ImageStream | None,
    prepared: Prepared,
    config: TrainingConfig,
    domain: int | None = None,
) -> ImageStream:
    """The stream of pictures; a new one if the setting of mirroring has changed."""
    mirror = config.augmentation.mirror
    if stream is None or stream.mirror != mirror:
        return ImageStream(prepared, config.seed, mirror, domain)
    return stream
