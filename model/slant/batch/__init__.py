"""Scoring of files of any size: cut at any moment and taken up again, every row is judged exactly once."""

from __future__ import annotations

from slant.batch.asked import Columns
from slant.batch.run import Summary
from slant.batch.scoring import score

__all__ = ["Columns", "Summary", "score"]
