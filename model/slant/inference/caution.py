"""How sure an answer must be. Little is imported here, so that a wrong wish is refused before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slant.errors import OptionError

if TYPE_CHECKING:
    from slant.heads.stance import StanceHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """How sure an answer must be. Below ``min_confidence`` no label is given.

    ``coverage`` asks for a set of labels that holds the right one in that part of all answers.
    """

    min_confidence: float = 0.0
    coverage: float | None = None

    def check(self, head: StanceHead | None) -> Caution:
        """Return itself.

        Raises:
            OptionError: a value is out of its range, or the bundle has nothing to draw label sets from.
        """
        if not 0 <= self.min_confidence <= 1:
            raise OptionError(f"wanted a number from 0 to 1, got {self.min_confidence}", field="min_confidence")
        if self.coverage is None:
            return self
        if not 0 < self.coverage < 1:
            raise OptionError(f"wanted a number between 0 and 1, got {self.coverage}", field="coverage")
        if head is not None and head.reference is None:
            raise OptionError("this bundle was trained on too few rows for label sets", field="coverage")
        return self
