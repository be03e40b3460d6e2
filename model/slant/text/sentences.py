"""Sentences of news English, as spans of the text they stand in.

Rules rather than a model: news prose is regular, offsets must be exact, and a rule can be read.
A passage ends at a paragraph break, at a hole left by cleaning, or at a line break that is not mere
wrapping; inside a passage a stop ends a sentence unless an abbreviation, an initial or the next
word says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slant.text.clean import HOLE
from slant.text.spans import Span, trim

LONGEST = 600
"""Characters after which a sentence without a stop is cut at white space: nothing longer is one."""

_TITLES = frozenset(
    "Mr Mrs Ms Mx Dr Prof Rev Fr Sr Hon St Mt Ft Sen Sens Rep Reps Gov Gen Col Lt Maj Capt Cmdr Adm Sgt Cpl Pvt Pres "
    "Supt Insp Det Atty Amb Sec Asst Dist Dept Messrs Mme Mlle Art Ch".split()
)
"""Stand before a name: the stop never ends a sentence. Their capital tells them from words (``art``, ``sec``)."""
_NEVER_LAST = frozenset("vs v cf viz eg ie e.g i.e no nos vol pp approx ca al".split())
_SELDOM_LAST = frozenset(
    "Jr Sr Inc Corp Co Ltd LLC Bros Plc PLC Assn Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu "
    "Thur Thurs Fri Sat Sun Ave Blvd Rd Est Ph.D M.Sc B.Sc Calif Conn Fla Ga Ill Ind Kan Ky La Md Mass Mich Minn Mo "
    "Miss Mont Neb Nev Okla Ore Pa Tenn Tex Va Vt Wash Wis Wyo Ala Ariz Ark Colo Del etc a.m p.m A.M P.M".split()
)
"""May end a sentence, and then the next word is one that often begins one; again the capital counts (``ill``)."""
_STARTERS = frozenset(
    "the a an he she it they we i you this that these those there here his her its their our my but and so yet or "
    "in on at by for from with as if when while after before since although though because however meanwhile "
    "still now then what who why how where which all some many most both no not one two for according last "
    "earlier later other another also more even instead moreover despite under over during among".split()
)
_STOP = re.compile(r"([.!?\u2026]+(?: [.!?\u2026]+)*|\u3002|\uff01|\uff1f)([\"')\]}]{0,4})")
_LATE_MARK = re.compile(r' "(?=\s|\Z)')
_WORD_BEFORE = re.compile(r"[^\s\"'(\[\x1f\u2014/-]+$")
_WORD_AFTER = re.compile(r"[\"'(\[]{0,3}([^\W_]+)")
_RUN_IN = re.compile(r"(?<![A-Za-z])[a-z]{3,24}(?=[A-Z][a-z])")
_BREAK = re.compile(rf"\n[ \n]*|{HOLE}[{HOLE} \n]*")


def sentences(cleaned: str) -> list[Span]:
    """Return the spans of the sentences of a cleaned text, in order, trimmed, none overlapping."""
    return [
        piece
        for start, end in _passages(cleaned)
        for sentence in _split(cleaned, start, end)
        for piece in _cut(cleaned, sentence)
    ]


def _passages(text: str) -> Iterator[tuple[int, int]]:
    """Yield the runs of text that a sentence cannot reach out of."""
    start, wrapped = 0, _is_wrapped(text)
    for gap in _BREAK.finditer(text):
        if _is_soft(text, start, gap, wrapped):
            continue
        yield start, gap.start()
        start = gap.end()
    yield start, len(text)


def _is_wrapped(text: str) -> bool:
    """Tell whether the lines were broken at a fixed width rather than at paragraphs."""
    lengths = [len(line) for line in text[:20_000].split("\n") if line.strip()]
    full = [length for length in lengths if 50 <= length <= 100]
    return len(lengths) >= 6 and max(lengths) <= 100 and len(full) >= 0.6 * len(lengths)


def _is_soft(text: str, start: int, gap: re.Match[str], wrapped: bool) -> bool:
    """Tell whether a break is one line's wrapping into the next, inside a sentence."""
    if HOLE in gap.group() or gap.group().count("\n") > 1 or gap.end() >= len(text):
        return False
    line_start = max(text.rfind("\n", start, gap.start()) + 1, start)
    if wrapped:
        return gap.start() - line_start >= 50
    return text[gap.end()].islower() and text[gap.start() - 1 : gap.start()] not in set(".!?:;\"'")


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the sentences of one passage."""
    begin = start
    for stop in _boundaries(text, start, end):
        sentence = trim(text, begin, stop)
        if sentence.start < sentence.end:
            yield sentence
        begin = stop
    last = trim(text, begin, end)
    if last.start < last.end:
        yield last


def _boundaries(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the offsets inside ``[start, end)`` at which one sentence ends and the next begins."""
    run_ins = (match.end() for match in _RUN_IN.finditer(text, start, end))
    yield from sorted({*_stops(text, start, end), *run_ins})


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where a stop ends a sentence, behind the quotation mark that closes it, which may stand a space apart."""
    marks, counted = 0, start
    for match in _STOP.finditer(text, start, end):
        if not _ends(text, match, end):
            continue
        stop, late = match.end(), _LATE_MARK.match(text, match.end(), end)
        if late:
            marks, counted = marks + text.count('"', counted, stop), stop
            stop = late.end() if marks % 2 else stop
        yield stop


def _ends(text: str, stop: re.Match[str], end: int) -> bool:
    """Tell whether a stop ends its sentence, from the words on both sides of it."""
    follows = text[stop.end() : min(stop.end() + 40, end)]
    after = _WORD_AFTER.match(follows.lstrip())
    if not follows.strip():
        return True
    if not follows[0].isspace():
        return _lost_its_space(text, stop, follows)
    if after is None:
        return True
    if after.group(1)[0].islower():
        return False
    return stop.group(1) != "." or not _is_abbreviation(text, stop, after.group(1))


def _lost_its_space(text: str, stop: re.Match[str], follows: str) -> bool:
    """Tell whether a stop without a space behind it still parts two sentences: ``war.The``."""
    before = text[max(stop.start() - 2, 0) : stop.start()]
    closed = bool(stop.group(2)) and follows[0].isupper()
    opens = re.match(r"[\"'(]?[A-Z][a-z]+[\s,']|[\"'(]?(?:I|A)\s", follows)
    return closed or (opens is not None and before[-1:].isalnum() and (before.islower() or before.isdigit()))


def _is_abbreviation(text: str, stop: re.Match[str], after: str) -> bool:
    """Tell whether the full stop belongs to the word before it and the sentence goes on."""
    found = _WORD_BEFORE.search(text, max(stop.start() - 20, 0), stop.start())
    if found is None or stop.group(2):
        return False
    word = found.group()
    if word.lower() == "no":
        return after[0].isdigit()
    if word in _TITLES or word.lower() in _NEVER_LAST:
        return True
    initials = re.fullmatch(r"[A-Z](?:\.[A-Za-z]){0,4}", word) is not None
    return (initials or word in _SELDOM_LAST) and after.lower() not in _STARTERS


def _cut(text: str, sentence: Span) -> Iterator[Span]:
    """Yield a sentence in pieces of at most ``LONGEST`` characters, cut at white space if there is any."""
    start = sentence.start
    while sentence.end - start > LONGEST:
        space = text.rfind(" ", start + 1, start + LONGEST)
        stop = space if space > start else start + LONGEST
        piece = trim(text, start, stop)
        if piece.start < piece.end:
            yield piece
        start = stop
    last = trim(text, start, sentence.end)
    if last.start < last.end:
        yield last
