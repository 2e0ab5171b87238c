"""Which models stand ready, which are on their way out, and which bundles were refused.

Owns what each folder gives, who has a name first, and how long an old digest stays: a while, and
until nothing needs it. Knows neither files nor engine nor threads; all calls come from the event
loop. Takes the time as an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from service.batching.engine import BundleRefused, ModelInfo
from service.errors import NotReady
from service.registry.catalogue import Catalogue, default_of

RETURN_GRACE_S = 1  # whoever had the old digest in hand when it went gets the new one


@dataclass(frozen=True, slots=True)
class RetiringModel:
    """A model that no folder holds any more.

    Attributes:
        since: the clock's time in seconds when it went.
        closed: whether its time is over: it finishes what is under way and takes nothing new.
    """

    served: ModelInfo
    since: float
    closed: bool = False


class ModelRegistry:
    """The stock behind the catalogue.

    Args:
        bundles: the folder, for messages.
        wanted_default: name of the model of requests that name none; None to choose.
        grace_s: seconds an old digest stays at least, unless the next one of its name follows.
    """

    def __init__(self, bundles: Path, wanted_default: str | None, grace_s: float) -> None:
        self._bundles = bundles
        self._wanted_default = wanted_default
        self._grace_s = grace_s
        self._held: dict[str, ModelInfo] = {}  # by folder
        self._refused: dict[str, str] = {}  # by folder
        self._leaving: dict[str, RetiringModel] = {}  # by pinned name, in the order they went
        self._in_use: Counter[str] = Counter()

    # ------------------------------------------------------------------ what folders give

    @property
    def names(self) -> set[str]:
        """The names of the models that folders give."""
        return {served.card.name for served in self._held.values()}

    @property
    def refused(self) -> list[str]:
        """The folders whose bundle is not served."""
        return sorted(self._refused)

    def held_by(self, folder: str) -> ModelInfo | None:
        """The model that `folder` gave last."""
        return self._held.get(folder)

    def require_free(self, folder: str, name: str, gone: Collection[str] = ()) -> None:
        """Nothing, if `folder` may give a model of that name.

        Args:
            folder: where it lies.
            name: of the model.
            gone: folders that are no longer there; their names are free.

        Raises:
            BundleRefused: another folder was first.
        """
        for other, served in self._held.items():
            if served.card.name == name and other != folder and other not in gone:
                raise BundleRefused(
                    f"a model named {name} is already loaded from another folder, {other}: "
                    "remove one"
                )

    def place(self, folder: str, served: ModelInfo, now: float, gone: Collection[str] = ()) -> None:
        """`folder` gives `served` from now on; what it gave before leaves.

        Raises:
            BundleRefused: another folder gives a model of that name.
        """
        self.require_free(folder, served.card.name, gone)
        heirs = [other for other in gone if self._name_of(other) == served.card.name]
        self._refused.pop(folder, None)
        before = [self._held.pop(each, None) for each in (folder, *heirs)]
        self._held[folder] = served
        self._leaving.pop(served.pinned_name, None)
        for old in before:
            self._let_go(old, now)

    def refuse(self, folder: str, reason: str) -> bool:
        """What lies in `folder` is not served; what it gave before is, still.

        Returns:
            Whether that is news.
        """
        known = self._refused.get(folder) == reason
        self._refused[folder] = reason
        return not known

    def remove(self, folder: str, now: float) -> None:
        """`folder` is no longer there."""
        self._refused.pop(folder, None)
        self._let_go(self._held.pop(folder, None), now)

    # ------------------------------------------------------------------ what clients may ask for

    def catalogue(self) -> Catalogue:
        """All that can be served at this moment."""
        models = {served.card.name: served for served in self._held.values()}
        default = default_of([served.card for served in models.values()], self._wanted_default)
        return Catalogue(
            dict(sorted(models.items())),
            dict(sorted(self._refused.items())),
            default,
            retiring={pin: old.served for pin, old in self._leaving.items() if not old.closed},
            no_default_reason="" if default else self._why_no_default(sorted(models)),
        )

    @contextmanager
    def using(self, pinned: str) -> Generator[None]:
        """Keep a model while pictures of it are awaited.

        Raises:
            NotReady: it has just been put away; the next request finds what is there instead.
        """
        known = pinned in self._leaving or any(
            served.pinned_name == pinned for served in self._held.values()
        )
        if not known:
            raise NotReady(
                f"{pinned} was put away while this request came in: send it again",
                retry_after_s=RETURN_GRACE_S,
            )
        self._in_use[pinned] += 1
        try:
            yield
        finally:
            self._in_use[pinned] -= 1

    # ------------------------------------------------------------------ the way out

    @property
    def anything_leaving(self) -> bool:
        """Whether there is an old digest."""
        return bool(self._leaving)

    def collect(self, now: float, queued: Mapping[str, int]) -> list[str]:
        """Close the old digests whose time is over; take out those that were closed and are free.

        Between the two lies one call at least, for requests that have just chosen their model.

        Args:
            now: the clock's time in seconds.
            queued: images that wait, by pinned name.

        Returns:
            The pinned names of those that were taken out; `using` refuses them from now on.
        """
        free = [
            pinned
            for pinned, leaving in self._leaving.items()
            if leaving.closed and not self._in_use[pinned] and not queued.get(pinned)
        ]
        for pinned in free:
            del self._leaving[pinned], self._in_use[pinned]
        latest = {leaving.served.card.name: pinned for pinned, leaving in self._leaving.items()}
        for pinned, leaving in self._leaving.items():
            if now - leaving.since >= self._grace_s or pinned not in latest.values():
                self._leaving[pinned] = replace(leaving, closed=True)
        return free

    # ------------------------------------------------------------------ inner parts

    def _name_of(self, folder: str) -> str | None:
        held = self._held.get(folder)
        return held.card.name if held else None

    def _let_go(self, old: ModelInfo | None, now: float) -> None:
        held = {served.pinned_name for served in self._held.values()}
        if old is not None and old.pinned_name not in held:
            self._leaving[old.pinned_name] = RetiringModel(old, now)

    def _why_no_default(self, loaded: list[str]) -> str:
        if loaded:
            return f"PROGAN_DEFAULT_MODEL is {self._wanted_default!r}, loaded are " + ", ".join(
                loaded
            )
        if self._refused:
            reasons = "; ".join(self._refused.values())
            return f"every bundle in {self._bundles} was refused: {reasons}"
        return (
            f"there is no bundle in {self._bundles}: put one there, or set PROGAN_BUNDLES to a "
            "folder that holds some"
        )
