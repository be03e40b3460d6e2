"""Traffic of all kinds at once, as a newsroom's day has it: single articles, batches, streams, junk, clients that leave."""

from __future__ import annotations

import asyncio
import gzip
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle, islice

import httpx2
from traffic import Peer, Shot, client, moments

Bodies = Iterator[bytes]
Kind = Callable[[httpx2.AsyncClient, str, Bodies], Awaitable[int]]
JSON = {"Content-Type": "application/json"}
MANY = 4
"""Articles in a batch or a stream."""


async def mixed(peer: Peer, articles: list[dict[str, object]], rate: float, seconds: float, seed: int) -> list[Shot]:
    """Send calls at random moments, ``rate`` a second on average; a shot's status is 200 if all was as it should be."""
    bodies, chance = cycle([peer.written(article) for article in articles]), random.Random(seed)
    start, shots = time.perf_counter(), list[asyncio.Task[Shot]]()
    async with client(1_000) as http:
        for moment in moments(rate, seconds, seed):
            await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
            kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
            shots.append(asyncio.create_task(_shoot(kind, http, peer.url, bodies, moment)))
        return list(await asyncio.gather(*shots))


async def _shoot(kind: Kind, http: httpx2.AsyncClient, url: str, bodies: Bodies, due: float) -> Shot:
    began = time.perf_counter()
    try:
        status = await kind(http, url, bodies)
    except httpx2.TransportError:
        status = 0
    return Shot(due, status, time.perf_counter() - began)


async def _single(http: httpx2.AsyncClient, url: str, bodies: Bodies) -> int:
    return (await http.post(url, content=next(bodies), headers=JSON)).status_code


async def _gzipped(http: httpx2.AsyncClient, url: str, bodies: Bodies) -> int:
    headers = JSON | {"Content-Encoding": "gzip"}
    return (await http.post(url, content=gzip.compress(next(bodies)), headers=headers)).status_code


async def _batch(http: httpx2.AsyncClient, url: str, bodies: Bodies) -> int:
    body = b"[" + b",".join(islice(bodies, MANY)) + b"]"
    answer = await http.post(f"{url}/batch", content=body, headers=JSON)
    return answer.status_code if answer.status_code != 200 or len(answer.json()) == MANY else 0


async def _stream(http: httpx2.AsyncClient, url: str, bodies: Bodies) -> int:
    lines = b"\n".join(islice(bodies, MANY))
    answer = await http.post(f"{url}/stream", content=lines, headers={"Content-Type": "application/x-ndjson"})
    return answer.status_code if answer.status_code != 200 or len(answer.text.splitlines()) == MANY else 0


async def _junk(http: httpx2.AsyncClient, url: str, bodies: Bodies) -> int:
    status = (await http.post(url, content=next(bodies)[:-5], headers=JSON)).status_code
    return 200 if status == 422 else status or 0


async def _leaving(http: httpx2.AsyncClient, url: str, bodies: Bodies) -> int:
    """Ask, and leave before the answer."""
    try:
        async with asyncio.timeout(0.03):
            return await _single(http, url, bodies)
    except TimeoutError:
        return 200


KINDS: dict[Kind, int] = {_single: 65, _gzipped: 10, _batch: 5, _stream: 5, _junk: 5, _leaving: 10}
"""How often each comes, in a hundred."""
