"""API keys: who may come in, and what for. Only salted hashes are kept; a key is shown once, when it is made.

A line of the file, or of the environment variable: ``name scopes salt hash``, such as
``newsroom classify 9f…  51…``. Keys are random and long, so one fast hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from slant.errors import InputError
from slant_service.settings import Settings

log = structlog.get_logger()

SCOPES = ("classify", "admin")
PREFIX = "slant_"


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
    secret, salt = PREFIX + secrets.token_urlsafe(32), secrets.token_bytes(16)
    return secret, _key(name, frozenset(scopes), salt, _digest(salt, secret))


def parse_keys(text: str, origin: str) -> tuple[Key, ...]:
    """Return the keys of a file's lines; empty ones and those that begin with # are passed over.

    Raises:
        InputError: a line is not a key; it names ``origin`` and the number of the line.
    """
    found = list[Key]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            found.append(_parsed(line.split(), f"{origin}, line {number}"))
    return tuple(found)


def find_key(keys: Iterable[Key], secret: str) -> Key | None:
    """Return the key that a secret is, after looking at all of them."""
    fitting = [key for key in keys if key.fits(secret)]
    return fitting[0] if fitting else None


class KeyRing:
    """The keys in force: those of the settings, and those of a file, read again when it has changed."""

    def __init__(self, given: str | None, file: str | None) -> None:
        self._given = parse_keys(given, "SLANT_KEYS") if given else ()
        self._file = Path(file) if file else None
        self._read: tuple[Key, ...] = ()
        self._seen: tuple[int, int] | None = None
        self.refresh()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the keys that the settings name; errors as ``refresh``."""
        given = settings.keys.get_secret_value() if settings.keys else None
        return cls(given, settings.keys_file)

    @property
    def closed(self) -> bool:
        """Tell whether a key is wanted at all. An empty file lets nobody in."""
        return bool(self._given) or self._file is not None

    def find(self, secret: str) -> Key | None:
        """Return the key in force that a secret is."""
        return find_key([*self._given, *self._read], secret)

    def refresh(self) -> None:
        """Read the file if it is another than before.

        Raises:
            InputError: it cannot be read; the keys stay as they were.
        """
        if self._file is None:
            return
        try:
            about = self._file.stat()
            if (seen := (about.st_mtime_ns, about.st_size)) != self._seen:
                self._read = parse_keys(self._file.read_text(encoding="utf-8"), str(self._file))
                self._seen = seen
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self._file}: the keys cannot be read: {error}") from error

    async def keep_fresh(self) -> None:
        """Look at the file every second: a key is withdrawn without a restart."""
        while self._file is not None:
            await asyncio.sleep(1)
            try:
                self.refresh()
            except InputError as error:
                log.error("the keys stay as they were", reason=str(error))


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
    return Key(name, scopes, salt, digest)


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), salt=salt).digest()
