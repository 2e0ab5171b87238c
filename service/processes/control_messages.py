"""Messages between the supervisor and the processes that it started.

Owns their types. Knows neither sockets nor what the supervisor does with them.
"""

from __future__ import annotations

import msgspec

from service.operations.metric_snapshots import MetricSnapshot
from service.refusal import Refusal


class Control(msgspec.Struct, tag=True, array_like=True, frozen=True, gc=False):
    """Base class of all messages of control; its name is sent with it."""


# ---------------------------------------------------------------------------------------- to it


class ProcessBeat(Control, frozen=True):
    """A process lives.

    Attributes:
        is_ready: True if it can do its work.
    """

    is_ready: bool


class TakeRequest(Control, frozen=True):
    """Count a request of a client; answered by `Granted`."""

    number: int
    key: bytes | None
    address: str


class RequirePictures(Control, frozen=True):
    """Check a client's window of pictures; answered by `Granted`."""

    number: int
    key: bytes | None
    address: str
    amount: int


class CountPictures(Control, frozen=True):
    """Count pictures that a client was sent; no answer."""

    key: bytes | None
    address: str
    amount: int


class TakePlace(Control, frozen=True):
    """Take the place of a data set of `count` pictures; answered by `Granted`."""

    number: int
    client: str
    count: int


class TellSent(Control, frozen=True):
    """Pictures of a data set that were sent so far; no answer."""

    number: int
    done: int


class LeavePlace(Control, frozen=True):
    """Give the place of a data set back; no answer."""

    number: int


class AskMetrics(Control, frozen=True):
    """Ask for the metrics of all processes; answered by `AllMetrics`."""

    number: int


class MetricsSnapshot(Control, frozen=True):
    """The metrics of one process, and its recent refusals by reason."""

    metrics: list[MetricSnapshot]
    refusals: dict[str, int]


class AskForModels(Control, frozen=True):
    """Ask that all engines read every bundle again; no answer."""


# ---------------------------------------------------------------------------------------- from it


class Granted(Control, frozen=True):
    """The answer to a request; with a refusal it was refused."""

    number: int
    refusal: Refusal | None = None


class AllMetrics(Control, frozen=True):
    """The metrics of all processes, and their recent refusals by reason."""

    number: int
    metrics: list[MetricSnapshot]
    refusals: dict[str, int]


class CollectMetrics(Control, frozen=True):
    """Ask a process for its metrics; answered by `MetricsSnapshot`."""


class LookForModels(Control, frozen=True):
    """Tell an engine to read every bundle again."""


ToSupervisor = (
    ProcessBeat
    | TakeRequest
    | RequirePictures
    | CountPictures
    | TakePlace
    | TellSent
    | LeavePlace
    | AskMetrics
    | MetricsSnapshot
    | AskForModels
)
FromSupervisor = Granted | AllMetrics | CollectMetrics | LookForModels
