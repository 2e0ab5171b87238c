"""Digests of pictures as clients get them from a service of several processes or replicas.

Owns the requests and the reading of files and log. Each request has a connection of its own, so
that all front ends or replicas answer. Knows no network.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import aiohttp
import numpy as np
from PIL import Image

from bench.served import service
from models.card import Card
from models.picture import pixel_sha256
from service.batching.recipe import Recipe
from service.facts import address_of

CONNECTIONS = 16
LIMIT_S = 120.0  # of one request
RAY_LOGS = Path("/tmp/ray")  # where Ray keeps them
OF_REPLICA = "replica_progan_replicas_"

Digests = dict[Recipe, str]


def digests_served(
    recipes: Sequence[Recipe],
    cards: Mapping[str, Card],
    module: str = "service",
    **settings: object,
) -> tuple[Digests, Counter[str]]:
    """Ask a service for the picture of each recipe; also counts the answers of each process.

    Args:
        recipes: in the order of the requests.
        cards: cards by pinned name of the model.
        module: that runs the service, or `service.cluster` for replicas.
        settings: settings of the service.

    Raises:
        SystemExit: a picture did not come, or its pixels are not those of its header.
    """
    with service(module, log_format="json", credentials="off", **settings) as served:
        found = asyncio.run(_ask(served.address, recipes, cards))
        return found, answers_by_process(served.log, logs_of_replicas(served.process.pid))


def answers_by_process(log: Path, replica_logs: Iterable[Path] = ()) -> Counter[str]:
    """Count the pictures that each process has answered.

    Processes have the name that is in the lines of `log`; a replica has that of its own log, which
    Ray writes.
    """
    found: Counter[str] = Counter()
    for each in (log, *replica_logs):
        for text in each.read_text().splitlines():
            _, brace, rest = text.partition("{")
            if '"generate_ms"' in rest:
                line = json.loads(brace + rest)
                found[line.get("process") or each.stem.removeprefix(OF_REPLICA)] += 1
    return found


def logs_of_replicas(starter: int) -> list[Path]:
    """Return the logs of the replicas of the cluster that the process `starter` has started."""
    return sorted(RAY_LOGS.glob(f"session_*_{starter}/logs/serve/{OF_REPLICA}*.log"))


async def _ask(address: str, recipes: Sequence[Recipe], cards: Mapping[str, Card]) -> Digests:
    found: Digests = {}
    waiting = iter(recipes)
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    timeout = aiohttp.ClientTimeout(total=LIMIT_S)
    async with aiohttp.ClientSession(address, connector=connector, timeout=timeout) as session:

        async def client() -> None:
            for recipe in waiting:
                path = address_of(recipe, cards[recipe.model], "png")
                async with session.get(path) as answer:
                    found[recipe] = _digest_in(await answer.read(), answer, path)

        await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return found


def _digest_in(content: bytes, answer: aiohttp.ClientResponse, path: str) -> str:
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {content[:300]!r}")
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    digest = pixel_sha256([pixels.reshape(*pixels.shape[:2], -1)])
    if digest != answer.headers["X-Pixel-SHA256"]:
        raise SystemExit(f"{path}: the file has other pixels than its header says")
    return digest
