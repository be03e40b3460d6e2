"""API keys: who may come in, and what for. Only salted hashes are kept; a key is shown once, when it is made.

A line of the file, or of the environment variable: ``name scopes salt hash``, such as
``newsroom classify 9f…  51…``. Keys are random and long, so one fast hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from slant.errors import InputError
from slant_service.apart import in_daemon
from slant_service.settings import Settings

log = structlog.get_logger()

SCOPES = ("classify", "admin")
PREFIX = "slant_"
SALT, DIGEST = 16, 64
"""Bytes of a key's salt and of its hash."""
MOST_FAILED_LOOKS = 2
"""Times in a row that the file cannot be read, as where it is being replaced, after which its keys are not in force."""
LONGEST_LOOK = 5.0
"""Seconds that the file may take to be read before its keys are no longer in force."""
LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its name and hash, and the scopes it opens."""

    name: str
    scopes: frozenset[str]
    salt: bytes
    digest: bytes

    def fits(self, secret: str) -> bool:
        """Tell whether this is the key, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(_digest(self.salt, secret), self.digest)

    def line(self) -> str:
        """Return the key as it is kept."""
        return f"{self.name} {','.join(sorted(self.scopes))} {self.salt.hex()} {self.digest.hex()}"


def new_key(name: str, scopes: Iterable[str]) -> tuple[str, Key]:
    """Return a new secret, and the key to keep of it.

    Raises:
        InputError: the name or a scope cannot be.
    """
    secret, salt = PREFIX + secrets.token_urlsafe(32), secrets.token_bytes(SALT)
    return secret, _key(name, frozenset(scopes), salt, _digest(salt, secret))


def parse_keys(text: str, origin: str) -> tuple[Key, ...]:
    """Return the keys of a file's lines; empty ones and those that begin with # are passed over.

    Raises:
        InputError: a line is not a key; it names ``origin`` and the number of the line.
    """
    found, faults = _read_lines(text, origin)
    if faults:
        raise faults[0]
    return found


def find_key(keys: Iterable[Key], secret: str) -> Key | None:
    """Return the key that a secret is, after looking at all of them."""
    fitting = [key for key in keys if key.fits(secret)]
    return fitting[0] if fitting else None


class KeyRing:
    """The keys in force: those of the settings, and those of a file, read again when it has changed.

    ``faults`` is how many lines of the file are no keys, and at least one where it cannot be read.
    """

    def __init__(self, given: str | None, file: str | None) -> None:
        self._given = parse_keys(given, "SLANT_KEYS") if given else ()
        self._file = Path(file) if file else None
        self._read: tuple[Key, ...] = ()
        self._seen: tuple[int, ...] | None = None
        self._failed_looks = 0
        self.faults = 0
        self.closed = bool(given) or self._file is not None
        """Whether a key is needed at all. No key in a variable or file that is set lets nobody in."""
        self.refresh()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the keys that the settings name; errors as ``refresh``."""
        given = settings.keys.get_secret_value() if settings.keys else None
        return cls(given, settings.keys_file)

    def find(self, secret: str) -> Key | None:
        """Return the key in force that a secret is."""
        return find_key([*self._given, *self._read], secret)

    def refresh(self) -> None:
        """Read the file if it is another than before.

        Raises:
            InputError: some lines are no keys, and only the others are in force now; or it cannot be read, and none
                of it is in force if that was so the time before, too.
        """
        if self._file is None:
            return
        try:
            text, seen = _content(self._file, self._seen)
        except (OSError, ValueError) as error:
            self._failed_looks += 1
            self.faults = max(1, self.faults)
            if self._failed_looks >= MOST_FAILED_LOOKS:
                self._read, self._seen = (), None
            raise InputError(f"{self._file}: the keys cannot be read: {error}") from error
        self._failed_looks = 0
        if text is not None:
            self._read, faults = _read_lines(text, str(self._file))
            self._seen, self.faults = seen, len(faults)
            if faults:
                raise faults[0]

    async def keep_fresh(self) -> None:
        """Look at the file every second, apart from the event loop: a key is withdrawn without a restart."""
        said = ""
        while self._file is not None:
            await asyncio.sleep(1)
            looking = in_daemon(self.refresh)
            try:
                await asyncio.wait_for(asyncio.shield(looking), LONGEST_LOOK)
            except TimeoutError:
                self._read, self._seen, self.faults = (), None, 1
                log.error("the file of keys does not answer; none of its keys is in force", file=str(self._file))
                await asyncio.wait({looking})
            except InputError as error:
                if said != (said := str(error)):
                    log.error("the file of keys is not as it should be", reason=said, in_force=len(self._read))
            else:
                said = said if self.faults else ""


def _content(file: Path, seen: tuple[int, ...] | None) -> tuple[str | None, tuple[int, ...]]:
    """Return what a file holds, ``None`` if it is the one that was seen; and what to know it by.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a regular file of UTF-8 that is small enough.
    """
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
        about = os.fstat(opened.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_FILE:
            raise ValueError(f"wanted a regular file of at most {LARGEST_FILE} bytes")
        now = (about.st_dev, about.st_ino, about.st_ctime_ns, about.st_mtime_ns, about.st_size)
        return (None if now == seen else opened.read(LARGEST_FILE).decode()), now


def _read_lines(text: str, origin: str) -> tuple[tuple[Key, ...], list[InputError]]:
    """Return the keys that lines hold, and an error for each line that holds none."""
    found, faults = list[Key](), list[InputError]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(_parsed(line.split(), f"{origin}, line {number}"))
            except InputError as error:
                faults.append(error)
    return tuple(found), faults


def _parsed(words: list[str], where: str) -> Key:
    try:
        name, scopes, salt, digest = words
        return _key(name, frozenset(scopes.split(",")), bytes.fromhex(salt), bytes.fromhex(digest))
    except (ValueError, InputError) as error:
        raise InputError(f"{where}: wanted 'name scopes salt hash', as slant key prints it") from error


def _key(name: str, scopes: frozenset[str], salt: bytes, digest: bytes) -> Key:
    if not name.isidentifier() and not name.replace("-", "_").isidentifier():
        raise InputError(f"a key's name is letters, digits, - and _; got {name!r}")
    if not scopes or not scopes <= set(SCOPES):
        raise InputError(f"wanted scopes among {', '.join(SCOPES)}; got {', '.join(sorted(scopes)) or 'none'}")
    if len(salt) != SALT or len(digest) != DIGEST:
        raise InputError(f"a key's salt has {SALT} bytes and its hash {DIGEST}; got {len(salt)} and {len(digest)}")
    return Key(name, scopes, salt, digest)


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), salt=salt).digest()
