"""Read by every Python that starts with this folder in PYTHONPATH: makes the flaky store known there, in workers too."""

from __future__ import annotations

import fsspec

fsspec.register_implementation("flaky", "flaky_store.FlakyStore")
