"""Articles of mixed length toward 0 to 3 targets, and two ways to send them: as fast as answers come, or at a rate.

At a rate (an open loop), requests leave when they are due, answered or not, and a latency counts from then:
a service that stalls cannot hide it (coordinated omission, Tene 2013).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import httpx2
import numpy as np

from support import read_samples


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: when it was due, its status (0: no answer), its latency in seconds."""

    due: float
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Peer:
    """A service under test: where it answers, and how it wants an article to be written."""

    name: str
    url: str
    written: Callable[[dict[str, object]], bytes]


def plain(request: dict[str, object]) -> bytes:
    """Return a request as Slant's own service wants it."""
    return json.dumps(request).encode()


def requests(seed: int = 0, n: int = 200) -> list[dict[str, object]]:
    """Return requests: real articles of 40 to 1,500 words, toward 0 to 3 targets."""
    chance, samples = random.Random(seed), read_samples()
    found = list[dict[str, object]]()
    for _ in range(n):
        one, other = chance.sample(samples, 2)
        words = f"{one.text}\n\n{other.text}".split(" ")
        length = round(40 * (1_500 / 40) ** chance.random())
        targets = [target["target"] for target in (one.targets + other.targets)]
        text = " ".join(words[:length])
        found.append(
            {"title": one.article.title, "text": text, "targets": chance.sample(targets, chance.randint(0, 3))}
        )
    return found


async def saturate(peer: Peer, articles: list[dict[str, object]], clients: int, seconds: float) -> list[Shot]:
    """Keep ``clients`` requests under way for some seconds."""
    bodies = cycle([peer.written(article) for article in articles])
    start = time.perf_counter()
    shots = list[Shot]()

    async def one(http: httpx2.AsyncClient) -> None:
        while (due := time.perf_counter()) < start + seconds:
            shots.append(await _shoot(http, peer, next(bodies), due, start))

    async with client(clients) as http:
        await asyncio.gather(*(one(http) for _ in range(clients)))
    return shots


async def at_rate(
    peer: Peer, articles: list[dict[str, object]], rate: float, seconds: float, seed: int = 0
) -> list[Shot]:
    """Send requests at random moments, ``rate`` a second on average, whatever becomes of those before."""
    bodies = cycle([peer.written(article) for article in articles])
    start = time.perf_counter()
    shots = list[asyncio.Task[Shot]]()
    async with client(5_000) as http:
        for moment in moments(rate, seconds, seed):
            await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
            shots.append(asyncio.create_task(_shoot(http, peer, next(bodies), start + moment, start)))
        return list(await asyncio.gather(*shots))


def summary(shots: list[Shot], seconds: float) -> dict[str, float]:
    """Return what shots come to: answers a second, refusals, and percentiles of the latency of what was answered."""
    good = np.array([shot.seconds for shot in shots if shot.status == 200]) if shots else np.zeros(0)
    refused = [shot.seconds for shot in shots if shot.status in (429, 503)]
    middle, worst = (float(np.percentile(good, q)) for q in (50, 99)) if len(good) else (float("nan"),) * 2
    return {
        "answers_per_second": len(good) / seconds,
        "answered": len(good),
        "refused": len(refused),
        "failed": len(shots) - len(good) - len(refused),
        "p50_ms": 1e3 * middle,
        "p99_ms": 1e3 * worst,
        "refused_p99_ms": 1e3 * float(np.percentile(refused, 99)) if refused else 0.0,
    }


def moments(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Yield when requests are due: ``rate`` a second on average, each without regard to the one before (Poisson)."""
    chance, now = random.Random(seed), 0.0
    while (now := now + chance.expovariate(rate)) < seconds:
        yield now


async def _shoot(http: httpx2.AsyncClient, peer: Peer, body: bytes, due: float, start: float) -> Shot:
    try:
        answer = await http.post(peer.url, content=body, headers={"Content-Type": "application/json"})
        status = answer.status_code
    except httpx2.TransportError:
        status = 0
    return Shot(due - start, status, time.perf_counter() - due)


def client(connections: int) -> httpx2.AsyncClient:
    """Return a client that waits long, and keeps so many connections."""
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx2.AsyncClient(timeout=120, limits=limits)
