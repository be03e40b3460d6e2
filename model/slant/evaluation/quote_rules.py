"""The yardstick for attributions: quotation marks, cue verbs and commas alone, nothing learnt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slant.sources.attribution import Attribution
from slant.text.clean import clean
from slant.text.sentences import sentences
from slant.text.spans import Span, trim

_CUE = re.compile(
    r"\b(?:said|says|say|saying|told|tells|added|adds|argued|argues|argue|claimed|claims|claim|insisted|insists|warned|warns|"
    r"announced|announces|reported|reports|wrote|writes|tweeted|noted|notes|stated|states|explained|explains|believes|"
    r"believe|believed|thinks|think|thought|suggested|suggests|acknowledged|acknowledges|admitted|admits|denied|denies|"
    r"asked|asks|called|calls|declared|declares|promised|promises|vowed|vows|predicted|predicts|concluded|concludes|"
    r"revealed|reveals|confirmed|confirms|estimated|estimates|found|finds|hopes|hoped|fears|feared|expects|expected|"
    r"rejected|rejects|dismissed|dismisses|criticized|criticised|accused|accuses|praised|praises)\b"
)
_ACCORDING = re.compile(r"[Aa]ccording to (?P<source>[^,.;\"]+)")
_QUOTED = re.compile(r'"[^"]{12,}?(?:"|$)')
_EDGE = re.compile(r'[,;:"()\u2014]|\s-\s')


def rule_attributions(text: str) -> list[Attribution]:
    """Return the attributions that rules find in a text, in order."""
    cleaned = clean(text)
    return [found for sentence in sentences(cleaned) for found in _found(cleaned, sentence)]


def _found(text: str, sentence: Span) -> Iterator[Attribution]:
    if according := _ACCORDING.search(text, *sentence):
        source, cue = Span(*according.span("source")), Span(according.start(), according.start("source"))
        before = trim(text, sentence.start, according.start())
        content = before if before.end - before.start > 3 else trim(text, according.end() + 1, sentence.end)
        yield Attribution((source,), (trim(text, *cue),), (content,))
        return
    verb = _CUE.search(_unquoted(text, sentence))
    if verb is not None:
        yield _by_verb(text, sentence, Span(sentence.start + verb.start(), sentence.start + verb.end()))


def _by_verb(text: str, sentence: Span, cue: Span) -> Attribution:
    edges = [edge.end() for edge in _EDGE.finditer(text, sentence.start, cue.start)]
    before = trim(text, edges[-1] if edges else sentence.start, cue.start)
    edge = _EDGE.search(text, cue.end, sentence.end)
    after = trim(text, cue.end, edge.start() if edge else sentence.end)
    quoted = tuple(Span(*found.span()) for found in _QUOTED.finditer(text, *sentence))
    if before.start < before.end:
        rest = trim(text, cue.end, sentence.end)
        return Attribution((before,), (cue,), quoted or (rest,))
    source = (after,) if after.start < after.end else ()
    return Attribution(source, (cue,), quoted or (trim(text, sentence.start, cue.start),))


def _unquoted(text: str, sentence: Span) -> str:
    """Return a sentence with blanks for what stands in quotation marks."""
    return _QUOTED.sub(lambda found: " " * len(found.group()), sentence.of(text))
