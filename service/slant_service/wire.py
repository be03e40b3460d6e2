"""Messages between the service and its worker processes: pickles, each behind its length, on a pair of sockets.

Only processes that the service itself has started hold the other end, so the pickles are its own.
"""

from __future__ import annotations

import pickle
import socket
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from dataclasses import dataclass
from typing import Any

_LENGTH = struct.Struct("!Q")


class Gone(Exception):
    """The process at the other end is no more."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message as it is sent: what only passes through the service is not unpacked there."""

    content: bytes


async def receive(reader: StreamReader) -> Any:
    """Return the next message; raises as ``receive_packed``."""
    return pickle.loads((await receive_packed(reader)).content)  # noqa: S301 - from our own process


async def receive_packed(reader: StreamReader) -> Packed:
    """Return the next message as it came.

    Raises:
        Gone: none will come.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return Packed(await reader.readexactly(length))
    except (IncompleteReadError, OSError) as error:
        raise Gone from error


async def send(writer: StreamWriter, message: object) -> None:
    """Send a message, waiting while the other end is behind.

    Raises:
        Gone: nobody will read it.
    """
    content = _packed(message).content
    try:
        writer.write(_LENGTH.pack(len(content)))
        writer.write(content)
        await writer.drain()
    except OSError as error:
        raise Gone from error


def pack(message: object) -> Packed:
    """Return a message as it is sent."""
    return Packed(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


class Wire:
    """A worker's end, which waits."""

    def __init__(self, end: socket.socket) -> None:
        self._file = end.makefile("rwb")

    def receive(self) -> Any:
        """Return the next message.

        Raises:
            Gone: none will come.
        """
        try:
            (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
            return pickle.loads(self._exactly(length))  # noqa: S301 - from our own service
        except OSError as error:
            raise Gone from error

    def send(self, message: object) -> None:
        """Send a message.

        Raises:
            Gone: nobody will read it.
        """
        content = _packed(message).content
        try:
            self._file.write(_LENGTH.pack(len(content)))
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise Gone from error

    def _exactly(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) < size:
            raise Gone
        return found


def _packed(message: object) -> Packed:
    return message if isinstance(message, Packed) else pack(message)
