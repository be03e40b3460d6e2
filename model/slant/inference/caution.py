"""How sure an answer must be. Little is imported here, so that a wrong wish is refused before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING

from slant.errors import OptionError

if TYPE_CHECKING:
    from slant.heads.stance import StanceHead


WITHHELD_AT = ("language-unsupported", "language-undetermined", "not-an-article")
"""Warnings that say that a text may be nothing to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """How sure an answer must be. Below ``min_confidence`` no label is given.

    ``coverage`` asks for a set of labels that holds the right one in that part of all answers. ``withhold`` are the
    warnings of which one is enough for no label to be given.
    """

    min_confidence: float = 0.0
    coverage: float | None = None
    withhold: tuple[str, ...] = ()

    def check(self, head: StanceHead | None) -> Caution:
        """Return itself.

        Raises
        ------
        OptionError
            A value is out of its range, or the bundle has nothing to draw label sets from.
        """
        if not is_number(self.min_confidence) or not 0 <= self.min_confidence <= 1:
            raise OptionError(f"wanted a number from 0 to 1, got {self.min_confidence!r}", field="min_confidence")
        for name in self.withhold:
            if name not in WITHHELD_AT:
                raise OptionError(f"wanted some of {', '.join(WITHHELD_AT)}, got {name!r:.40}", field="withhold")
        if self.coverage is None:
            return self
        if not is_number(self.coverage) or not 0 < self.coverage < 1:
            raise OptionError(f"wanted a number between 0 and 1, got {self.coverage!r}", field="coverage")
        if head is not None and head.reference is None:
            raise OptionError("this bundle was trained on too few rows for label sets", field="coverage")
        return self

    def after(self, warnings: Collection[str]) -> Caution:
        """Return how sure an answer must be that has these warnings: surer than any is, if it is to be withheld."""
        withheld = any(name in warnings for name in self.withhold)
        return replace(self, min_confidence=math.inf) if withheld else self


def is_number(value: object) -> bool:
    """Tell whether a value is a number, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)
