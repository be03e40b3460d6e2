"""What a scraper brings home in the place of an article: walls, errors, forms and lists.

Two things are looked at. Phrases that a site says to its visitor, and no article to its reader: each kind of page has
its own, and a page is of a kind if it is short and has several of them. And the shape of lines: a list is mostly short
lines that do not end as sentences do. No site is named, and nothing is learnt: each answer can be read off the rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

LOOKED_AT = 20_000
"""Characters of a page that are looked at."""
SHORT = 6_000
"""Characters of the longest page that can be a wall, an error or a form."""


def _any(*phrases: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(?<!\w)(?:{phrase})", re.IGNORECASE) for phrase in phrases)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: a ``strong`` phrase tells it, or ``least`` of the ``weak`` ones, within so many words."""

    name: str
    most_words: int
    strong: tuple[re.Pattern[str], ...]
    weak: tuple[re.Pattern[str], ...]
    least: int = 2

    def fits(self, page: str, words: int) -> bool:
        """Tell whether a page is of this kind."""
        if words > self.most_words:
            return False
        return (
            any(one.search(page) for one in self.strong)
            or sum(bool(one.search(page)) for one in self.weak) >= self.least
        )


_COOKIES = r"(?:cookies|similar technologies|trackers)"
KINDS = (
    Kind(
        "consent wall",
        450,
        _any(
            r"store and/or access information on (?:a|your) device",
            r"(?:we|this (?:site|website)|our (?:site|website))(?: and our [\w ]{0,30}partners)? (?:also )?uses? "
            rf"[\w ,]{{0,30}}{_COOKIES}",
            rf"(?:accept|reject|allow|decline|agree to|consent to) (?:all|our|the use of|optional)? ?{_COOKIES}",
            r"we value your privacy",
            r"before you continue to",
        ),
        _any(
            r"(?:accept|reject|decline|agree)(?: to)? (?:all|and (?:close|continue|proceed))",
            r"(?:manage|change|review|set) (?:my |your |the )?(?:cookies|preferences|choices|settings|options|consent)",
            r"your (?:privacy )?(?:choices|consent|privacy)",
            r"legitimate interest",
            r"our (?:[\w-]+ )?(?:vendors|partners)",
            r"(?:privacy|cookie) (?:policy|notice|statement|settings)",
            r"withdraw (?:your )?consent",
            r"personali[sz]ed? (?:ads|advertising|content)",
            r"(?:necessary|essential|functional|analytics|marketing|certain types of|some) cookies",
            r"(?:confirm|save) (?:my |your )?(?:choices|preferences|settings)",
            r"personal (?:data|information)",
            _COOKIES,
        ),
    ),
    Kind(
        "paywall",
        300,
        _any(
            r"to (?:continue|keep|finish) reading",
            r"(?:subscribe|register|sign up|log in|sign in)[\w ,]{0,30} to (?:continue|read|unlock|access|keep|view)",
            r"(?:you(?:'ve| have)|you are) (?:reached|read|used|hit)[\w ,]{0,40}(?:limit|articles?|stories)",
            r"(?:for|to|is) (?:our )?(?:paying |registered |premium )?(?:subscribers|members) only",
            r"(?:available|reserved|exclusive(?:ly)?|open)(?: only)? (?:for|to) [\w ]{0,24}(?:subscribers|members)",
            r"(?:unlock|get|read) (?:this|the full|the whole|the rest of (?:this|the)) (?:article|story|report)",
            r"(?:subscriber|member|premium)[- ](?:only|exclusive)",
        ),
        _any(
            r"(?:already|existing|not yet) (?:a |an )?(?:subscriber|subscribed|member)",
            r"(?:subscribe|join|upgrade)(?: now| today|:| for)",
            r"(?:start|try|begin) your (?:free |\d+[- ]\w+ )?trial",
            r"cancel (?:at )?any ?time",
            r"unlimited (?:digital )?access",
            r"(?:a|per|/) ?(?:week|month|year) (?:for|after|billed)",
            r"(?:billed|offer ends|first (?:month|year|\d+ (?:weeks|months)))",
            r"free articles?",
            r"(?:continue|keep|finish) reading",
            r"(?:only|our) subscribers",
            r"(?:a|your|our|[A-Z]\w+) subscription",
            r"(?:full|complete|unlimited) digital access",
            r"(?:rest|whole|remainder) of this (?:article|story|report|review|interview)",
        ),
    ),
    Kind(
        "error",
        160,
        _any(
            r"(?:page|article|story|content|file|url|address|link|document)s?(?: that)?(?: you| you're| you are| we)? ?"
            r"(?:are |were |have )?(?:looking for|requested|tried to \w+|followed)?[^.!?\n]{0,40}"
            r"(?:(?:can ?not|can't|could ?n[o']t|was not|were not|is not|isn't|not) (?:be )?(?:found|available|exist)"
            r"|does ?n[o']t exist|no longer (?:exists?|available|here)|(?:has|have|may have|might have) (?:been )?"
            r"(?:moved|removed|deleted|expired|archived|changed))",
            r"(?:error |http )?(?:40[0-9]|410|429|50[0-4])[ :\-|.]{1,4}(?:error|not found|forbidden|gone|bad gateway"
            r"|page|service|internal|unauthori[sz]ed|too many|that's an error)",
            r"error (?:code |number )?:? ?(?:40[0-9]|410|429|50[0-4]|10\d\d)",
            r"internal server error",
            r"bad gateway",
            r"access (?:is |has been )?denied",
            r"(?:do not|don't) have permission to (?:access|view)",
            r"(?:service|site|page|website) is (?:currently |temporarily )?(?:unavailable|down|offline)",
            r"(?:not available|unavailable|blocked) (?:in|from) your (?:country|region|location|area)",
        ),
        _any(
            r"something (?:has gone|went) wrong",
            r"(?:oops|whoops|uh-oh|we(?:'re| are) sorry|sorry)[,.! ]",
            r"(?:please )?try (?:again|reloading|refreshing|searching)",
            r"(?:go|return|back|head) (?:back )?to (?:the |our )?(?:home ?page|home|front page|main page)",
            r"check (?:the|your) (?:url|address|spelling|link|connection)",
            r"(?:ray|reference|incident|request|support) ?(?:id|#|number)",
            r"maintenance",
            r"(?:took too long|timed out|time-?out)",
            r"not found",
            r"contact (?:us|support|the (?:site|web))",
            r"use the (?:search|menu)",
        ),
    ),
    Kind(
        "script or robot check",
        160,
        _any(
            r"(?:enable|turn on|activate|allow|switch on|without) (?:javascript|js|scripts|cookies)",
            r"javascript (?:is|must be|needs to be|has been|to be)? ?(?:disabled|enabled|required|turned|not|switched)",
            r"(?:needs?|requires?) javascript",
            r"browser (?:is (?:not|no longer) supported|does ?n[o']t support|is out ?of ?date|is outdated)",
            r"checking (?:if|your|the) (?:the )?(?:site )?(?:browser|connection)",
            r"(?:verify(?:ing)?|confirm|prove|check)(?: that)? you(?:'re| are) (?:a )?(?:human|not a (?:ro)?bot|real)",
            r"(?:i'm|you're|you are) (?:not )?a robot",
            r"unusual (?:traffic|activity)",
            r"(?:think|thought|thinks|suspect) (?:that )?you(?:'re| are| were| may be) a (?:ro)?bot",
            r"human verification",
            r"(?:disabled|blocked) (?:cookies|javascript)",
            r"complete the (?:captcha|security check|challenge)",
            r"(?:disable|turn off|pause|using an|detected an) (?:your )?ad ?-?block",
        ),
        _any(
            r"just a moment",
            r"security (?:check|verification)",
            r"(?:captcha|ddos)",
            r"(?:update|upgrade) your browser",
            r"(?:supported|modern|another|different) browsers?",
            r"(?:reload|refresh) (?:the|this) page",
            r"(?:please wait|redirected|loading)",
        ),
    ),
    Kind(
        "login",
        180,
        _any(
            r"forgot(?:ten)? (?:your )?(?:password|username)",
            r"(?:log|sign) ?in (?:to|with) (?:your|my|an existing|a different|google|facebook|apple|e-?mail)",
            r"(?:enter|choose|reset|create|confirm) (?:your |a )?(?:new )?password",
            r"(?:keep me|stay) (?:signed|logged) in",
        ),
        _any(
            r"(?:log|sign) ?in",
            r"(?:create|register for|open) (?:a |an |your )?(?:free |new )?account",
            r"(?:do not|don't|already) have an account",
            r"(?:user ?name|e-?mail(?: address)?)",
            r"password",
            r"remember me",
            r"(?:sign up|register)",
            r"(?:terms (?:of (?:use|service)|and conditions)|privacy policy)",
        ),
        least=3,
    ),
)
_FURNITURE = re.compile(
    r"(?:\d{1,2}|an?) (?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?) ago|\d{1,2} ?min(?:ute)?s?(?: read)?"
    r"|(?:read|see|load|show|view) (?:more|all|full story)\b.{0,20}"
    r"|(?:next|previous|older|newer)(?: (?:page|posts|stories))?"
    r"|page \d+(?: of \d+)?|by [A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,3}|\d+ comments?|\d{1,2}:\d\d(?: ?[ap]m)?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2},? ?(?:\d{4})?|\d{1,2} \w{3,9} \d{4}|[\d\W]{1,12}",
    re.IGNORECASE,
)
LEAST_LINES = 8
"""Lines of the shortest list."""
LONG_LINE = 14
"""Words of a line that is prose, if it ends as a sentence does."""
LISTED = 0.7
"""The part of lines of a list that are no prose, and of its words that stand in them."""
_ENDS = re.compile(r"[.!?\u2026][\"')\]]*$")
_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")


def page_kind(text: str) -> str | None:
    """Return what a page is in the place of an article, ``None`` if it may be one.

    Parameters
    ----------
    text
        What the page says, as the caller sent it or as it was extracted.
    """
    page = text[:LOOKED_AT].translate(_STRAIGHT)
    words = len(page.split())
    for kind in KINDS if len(page) <= SHORT else ():
        if kind.fits(page, words):
            return kind.name
    return "list" if _is_list(page) else None


def _is_list(page: str) -> bool:
    lines = [line.strip() for line in page.split("\n") if line.strip()]
    if len(lines) < LEAST_LINES:
        return False
    bare = [
        line
        for line, following in pairwise([*lines, ""])
        if _FURNITURE.fullmatch(line) or not (_is_prose(line) or _goes_on(following))
    ]
    words = sum(len(line.split()) for line in bare)
    return len(bare) >= LISTED * len(lines) and words >= LISTED * len(page.split())


def _is_prose(line: str) -> bool:
    return len(line.split()) >= LONG_LINE or (_ENDS.search(line) is not None and len(line.split()) > 3)


def _goes_on(following: str) -> bool:
    """Tell from the line behind it whether a line was broken within a sentence."""
    return following[:1].islower() and not _FURNITURE.fullmatch(following)
