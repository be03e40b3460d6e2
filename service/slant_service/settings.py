"""The service's settings: one typed, immutable place, from the environment (``SLANT_...``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Self

from joblib import cpu_count
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from slant.errors import InputError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PREFIX = "SLANT_"
ELSEWHERE = frozenset({"SLANT_CACHE"})
"""Variables that are read by other commands."""
LINKED = re.compile(r"SLANT_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)")
"""Variables that Kubernetes sets in every container where a Service is called slant."""


class Settings(BaseSettings):
    """What can be set, with its limits; a value out of them stops the service before it starts."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    root_path: str = Field(default="", description="the prefix under which a proxy shows it, such as /slant")
    allow_anonymous: bool = Field(default=False, description="serve others than this machine without keys")
    keys: SecretStr | None = Field(default=None, description="API keys, as `slant key` prints them, one a line")
    keys_file: str | None = Field(default=None, description="a file of them, read again when it changes")
    rate_limit: str = Field(default="", description="articles of each key, such as 600/minute; none if empty")
    cors_origins: list[str] = Field(default=[], description="origins whose pages may call; none by default")

    bundle: str = "default"
    bundle_root: str | None = Field(default=None, description="folder of the bundles that admins may change to")
    workers: int = Field(default=1, ge=1, le=256, description="processes that judge articles")
    threads: int | None = Field(default=None, ge=1, description="cores of a worker; by default all, shared out")

    max_queue: int = Field(default=256, ge=64, description="articles that may wait")
    max_streams: int = Field(default=16, ge=1, description="streams that may be open at a time")
    max_batch_size: int = Field(default=8, ge=1, description="articles handed to a worker at a time")
    max_wait_ms: float = Field(default=0, ge=0, description="how long an article waits for others to go with it")
    timeout_s: float = Field(default=30, gt=0, description="after which an article that still waits is given up")
    article_s: float = Field(default=60, gt=0, description="that a worker may take over one article")
    load_s: float = Field(default=120, gt=0, description="that reading a bundle, and loading it, may each take")
    drain_s: float = Field(default=20, gt=0, description="for what is in work when the service is told to end")

    max_body_bytes: int = Field(default=4_000_000, ge=1_000, description="of a request, inflated")
    max_line_bytes: int = Field(default=4_000_000, ge=1_000, description="of a line of a stream")
    max_pending_bytes: int = Field(default=32_000_000, ge=1_000, description="of all bodies and lines in hand")
    max_connections: int = Field(default=1_000, ge=1, description="at a time; the oldest idle one gives way")
    keep_alive_s: float = Field(default=75, gt=0, description="that a connection may rest after an answer")
    idle_stream_s: float = Field(default=300, gt=0, description="that a stream may rest")
    slow_client_s: float = Field(default=10, gt=0, description="for a request's head, and between pieces of its body")
    body_s: float = Field(default=60, gt=0, description="for a whole body, and for one line of a stream")

    @property
    def threads_each(self) -> int:
        """Return the cores that one worker may use."""
        return self.threads or max(1, cpu_count() // self.workers)

    @property
    def has_keys(self) -> bool:
        """Tell whether callers need a key."""
        return bool(self.keys) or bool(self.keys_file)

    @field_validator("root_path")
    @classmethod
    def _path(cls, path: str) -> str:
        if path and not re.fullmatch(r"(/[\w.~-]+)+/?", path):
            raise ValueError("wanted a path that begins with /, such as /slant")
        return path.rstrip("/")

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.host not in LOOPBACK and not (self.has_keys or self.allow_anonymous):
            raise ValueError(f"listening on {self.host} needs keys or keys_file, or allow_anonymous said aloud")
        if self.max_pending_bytes < max(self.max_body_bytes, self.max_line_bytes):
            raise ValueError("max_pending_bytes is below what one body or line may have")
        return self


def read_settings(**given: Any) -> Settings:
    """Return the settings of the environment; ``given`` goes before what it says.

    Raises
    ------
    InputError
        A setting is not what it must be, or a variable's name is like a setting's and is none.
    """
    refuse_unknown(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise InputError(f"settings: {said}") from error
        name = PREFIX + "_".join(map(str, first["loc"])).upper()
        raise InputError(f"setting {name}: {said}, got {first['input']!r}{_hint(str(first['input']))}") from error
    except SettingsError as error:  # a list that is not JSON
        raise InputError(f'{PREFIX}CORS_ORIGINS: wanted a JSON list, such as ["https://example.org"]') from error


def refuse_unknown(names: Iterable[str]) -> None:
    """Check that every variable that looks like a setting is one: one that is misspelt would do nothing, in silence.

    Raises
    ------
    InputError
        One is none; the nearest name is told.
    """
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(name for name in names if name.upper().startswith(PREFIX)):
        end = name.upper().removeprefix(PREFIX)
        if end in known or name in ELSEWHERE or LINKED.fullmatch(name):
            continue
        near = get_close_matches(end, known, n=1)
        meant = f"did you mean {PREFIX}{near[0]}?" if near else "service/README.md lists those there are"
        raise InputError(f"{name} is no setting; {meant}")


def _hint(value: str) -> str:
    if value.startswith("tcp://"):
        return "; Kubernetes sets it so where a Service is called slant: say enableServiceLinks: false there"
    return ""
