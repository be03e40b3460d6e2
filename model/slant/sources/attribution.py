"""An attribution: who (source) is said to say (cue) what (content), in the terms of PolNeAR (Newell et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from slant.text.spans import Span

ROLES = ("source", "cue", "content")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Spans of the caller's text, each part in order; ``source`` is empty where the text names none."""

    source: tuple[Span, ...]
    cue: tuple[Span, ...]
    content: tuple[Span, ...]

    @property
    def nearest_source(self) -> Span | None:
        """Return the span of the source that is nearest to the cue, ``None`` if there is none."""
        at = self.cue[0].start if self.cue else 0
        return min(self.source, key=lambda span: min(abs(span.start - at), abs(span.end - at)), default=None)

    def part(self, role: str) -> tuple[Span, ...]:
        """Return the spans of a role."""
        found: tuple[Span, ...] = getattr(self, role)
        return found
