"""The lines of a stream: cut as they come, each counted from its first byte to its answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from slant.errors import SlantError
from slant_service.errors import of_slant, problem
from slant_service.request_body import BodyRefused
from slant_service.schemas import Problem

_BLANK = re.compile(rb"[ \t\r\n]*+")


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line that is not blank, or the problem of one that is not kept."""

    number: int
    content: bytes = b""
    problem: Problem | None = None


@dataclass(slots=True)
class Lines:
    """Cuts a body into lines.

    Parameters
    ----------
    limit
        Bytes that a line may have.
    seconds
        How long a line may take from its first byte to its end.
    hold
        Is told of bytes before they are kept; a SlantError that it raises is the problem of the line.
    """

    limit: int
    seconds: float = 60.0
    hold: Callable[[int], None] = lambda n: None
    _number: int = 1
    _begun: list[bytes] = field(default_factory=list)
    _size: int = 0
    _problem: Problem | None = None

    async def of(self, body: AsyncIterator[bytes]) -> AsyncIterator[NumberedLine]:
        """Yield the lines of a body as soon as each is whole.

        Raises
        ------
        BodyRefused
            A line takes too long to come.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as end:
                async for piece in body:
                    for line in self._cut(piece):
                        end.reschedule(None)
                        yield line
                    if not (self._begun or self._problem):
                        end.reschedule(None)
                    elif end.when() is None:
                        end.reschedule(loop.time() + self.seconds)
        except TimeoutError:
            said = f"line {self._number} was not whole within {self.seconds:g} seconds"
            raise BodyRefused(408, "too-slow", said) from None
        if self._begun or self._problem:
            yield self._line()

    def _cut(self, piece: bytes) -> list[NumberedLine]:
        found, at = [], 0
        while at < len(piece):
            if not self._begun and self._problem is None:
                begin = _match_end(piece, at)
                self._number += piece.count(b"\n", at, begin)
                at = begin
            end = piece.find(b"\n", at)
            self._keep(piece[at : end if end >= 0 else None])
            if end < 0:
                break
            found.append(self._line())
            at = end + 1
        return found

    def _keep(self, part: bytes) -> None:
        if self._problem is not None or not part:
            return
        try:
            if self._size + len(part) > self.limit:
                said = f"line {self._number} has more than {self.limit} bytes, which is the limit"
                self._problem = problem(413, "line-too-long", said)
            else:
                self.hold(len(part))
                self._begun.append(part)
                self._size += len(part)
        except SlantError as error:
            self._problem = of_slant(error)
        if self._problem is not None:
            self.hold(-self._size)
            self._begun, self._size = [], 0

    def _line(self) -> NumberedLine:
        found = NumberedLine(self._number, b"".join(self._begun), self._problem)
        self._number += 1
        self._begun, self._size, self._problem = [], 0, None
        return found


def _match_end(piece: bytes, at: int) -> int:
    blank = _BLANK.match(piece, at)
    return blank.end() if blank else at
