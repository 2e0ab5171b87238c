"""Several sources as the domains of one data set, for networks that translate between domains.

Owns their order and their names. Knows no kind of source: each domain is any other source, whose
own classes do not count. Nothing pairs the pictures of two domains.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from models.resolution import SQUARE, Size
from training.data.decode import Decoded, MemoryLock
from training.data.manifest import DataError, Source
from training.data.payload import DomainPayload, Payload
from training.data.shape import Shape
from training.data.sources.pictures import Decoder, Entry, PictureSource
from training.data.sources.state import Found, SourceState, StateWriter


@dataclass(frozen=True)
class DomainPictures:
    """The pictures of several sources, one after another; see `PictureSource`.

    Attributes:
        domains: at least two sources.
        label_names: one for each domain, in order.
    """

    domains: tuple[PictureSource, ...]
    label_names: tuple[str, ...]

    @property
    def origin(self) -> Source:
        """The origins of all domains; licences and attributions that are equal are told once."""
        origins = [domain.origin for domain in self.domains]
        return Source(
            "domains",
            "+".join(self.label_names),
            shlex.join(origin.location for origin in origins),
            "; ".join(told_once(origin.licence for origin in origins)),
            "; ".join(told_once(origin.attribution for origin in origins)),
        )

    @property
    def channels(self) -> int:
        """Those of the domain with the most."""
        return max(domain.channels for domain in self.domains)

    @property
    def count(self) -> int:
        """Number of pictures in all domains."""
        return sum(domain.count for domain in self.domains)

    @property
    def state(self) -> SourceState | None:
        """The states of all domains as one; None if the locations determine all pictures."""
        states = [domain.state for domain in self.domains]
        known = [state for state in states if state is not None]
        if not known:
            return None
        writer = StateWriter()
        for name, state in zip(self.label_names, states, strict=True):
            writer.add(Found(f"{name} {state.sha256 if state else ''}", 0, 0), is_time=False)
        return SourceState(
            sum(state.files for state in known),
            sum(state.bytes for state in known),
            max(state.newest for state in known),
            writer.state().sha256,
        )

    @property
    def passed_over(self) -> dict[str, int]:
        """Reason -> number of files, in all domains."""
        passed = Counter[str]()
        for domain in self.domains:
            passed.update(domain.passed_over)
        return dict(sorted(passed.items()))

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The smallest that a domain suggests, so that the pictures of all are large enough."""
        return min(domain.natural_resolution(base) for domain in self.domains)

    def decoder(self, shape: Shape) -> DomainDecoder:
        """The decoder of each domain.

        Raises:
            DataError: a domain has no pictures of this shape.
        """
        return DomainDecoder(tuple(domain.decoder(shape) for domain in self.domains))

    def entries(self) -> Iterator[Entry]:
        """The pictures of the first domain, then those of the second, and so on."""
        for number, (name, domain) in enumerate(zip(self.label_names, self.domains, strict=True)):
            for entry in domain.entries():
                assert not isinstance(entry.payload, DomainPayload), "a domain has no domains"
                payload = DomainPayload(number, entry.payload)
                yield replace(entry, name=f"{name}: {entry.name}", payload=payload, label=number)


@dataclass(frozen=True)
class DomainDecoder:
    """Decodes each picture as its domain does."""

    decoders: tuple[Decoder, ...]

    @property
    def shape(self) -> Shape:
        """Shape of the decoded pixels, the same in all domains."""
        return self.decoders[0].shape

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Decode to pixels `[H, W, C]`; `payload` names its domain."""
        assert isinstance(payload, DomainPayload), "each picture belongs to a domain"
        return self.decoders[payload.domain](payload.payload, memory_lock)


def open_domains(
    locations: Sequence[str], open_one: Callable[[str], PictureSource]
) -> DomainPictures:
    """Open several sources as domains, each named by its source: a style, a folder, a file.

    Sources of one name are told apart by a number.

    Raises:
        DataError: a source cannot be opened, or is named twice.
    """
    if repeated := [each for each, n in Counter(locations).items() if n > 1]:
        raise DataError(
            f"{repeated[0]} is named as two domains; a translation between equal pictures has "
            "nothing to learn: name each source once"
        )
    domains = tuple(open_one(location) for location in locations)
    return DomainPictures(domains, distinct([domain.origin.name for domain in domains]))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Number those names that occur more than once, from 1."""
    seen = Counter[str]()
    taken = Counter(names)
    found: list[str] = []
    for name in names:
        seen[name] += 1
        found.append(f"{name} {seen[name]}" if taken[name] > 1 else name)
    return tuple(found)


def told_once(texts: Iterator[str]) -> list[str]:
    """The texts that are not empty, in order, each once."""
    return [*dict.fromkeys(filter(None, texts))]
