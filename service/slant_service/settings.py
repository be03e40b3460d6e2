"""The service's settings: one typed, immutable place, from the environment (``SLANT_...``)."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What can be set, with its limits; a value out of them stops the service before it starts."""

    model_config = SettingsConfigDict(env_prefix="SLANT_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    bundle: str = "default"
    threads: int | None = Field(default=None, ge=1, description="cores one prediction may use; all by default")
    concurrency: int = Field(default=1, ge=1, le=64, description="predictions that run at the same time")
    max_body_bytes: int = Field(default=4_000_000, ge=1_000)
