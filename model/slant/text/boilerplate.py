"""What stands in scraped articles without being part of them.

``LINE`` must match a whole line, ``INLINE`` may match inside one: scrapers often run the furniture
of a page into its sentences. Both are built so that they match no hole left by an earlier match,
and every repetition is bounded, which keeps them linear on any input.
"""

from __future__ import annotations

import re

LONGEST_LINE = 200

_REST = r"[^\n\x1f]{0,160}"
_NAMES = r"[^()\n\x1f]{0,80}"
_AGENCY = (
    r"(?:AP|AFP|EPA|PA|UPI|ANI|PTI|Xinhua|Reuters|Getty(?: Images)?|Associated Press|Agence France-Presse"
    r"|Shutterstock|iStock|Alamy|Bloomberg|Rex Features|Press Association)"
)

_LINES = (
    # comment forms
    rf"leave a (?:reply|comment){_REST}",
    r"cancel reply",
    rf"your email address will not be published{_REST}",
    r"required fields are marked ?\*?",
    rf"save my name, email,? and website{_REST}",
    rf"notify me of (?:new|follow-?up) (?:comments|posts){_REST}",
    r"(?:name|email|website|comment|your (?:name|email|comment)) ?\*?",
    r"(?:post|submit|add|view|show|hide|load more|all|no)? ?comments?(?: \(?\d{1,6}\)?)?",
    r"\d{1,6} (?:comments?|shares?|likes?|retweets?|views?)",
    rf"(?:please )?(?:log|sign) in to (?:comment|reply|leave|post|join){_REST}",
    # share bars
    rf"click to (?:share|email|print){_REST}",
    r"(?:(?:share(?: this)?(?: (?:article|story|post|page))?(?: on)?|tweet|pin|email|print|copy link"
    r"|facebook|twitter|x|linkedin|whatsapp|reddit|pinterest"
    r"|telegram|mastodon|bluesky|threads"
    r"|messenger|flipboard|tumblr|save|like|follow|more|link|sms)[ |/,·•:]{0,3}){1,16}",
    rf"(?:follow|like|find|join) (?:us|me|the \w{{1,20}}|@?\w{{1,20}}) on "
    rf"(?:facebook|twitter|x|instagram|linkedin|youtube|whatsapp|telegram){_REST}",
    # links to elsewhere
    rf"(?:read|see|learn|show|view) (?:more|also|next|the full (?:story|article)){_REST}",
    rf"(?:click here|tap here){_REST}",
    rf"(?:continue|keep) reading{_REST}",
    r"(?:related|recommended|more|top|trending|popular|latest) (?:articles?|stor(?:y|ies)|posts?|news|topics?"
    r"|content|links?|coverage|reading)(?: (?:on|from|about|in|for) [^\n\x1f.]{0,60})?:?",
    rf"(?:also|don't miss|you may also like|you might also like|most (?:read|popular|viewed)|editor'?s'? picks?"
    rf"|next up|up next|recommended for you|more from [^\n\x1f.]{{0,60}}|in this (?:article|story))(?::{_REST})?",
    # newsletters, adverts, notices
    rf"(?:sign up|subscribe|register)(?: now| today| here| free)? (?:for|to|and)\b{_REST}",
    rf"(?:get|receive) (?:the|our|breaking|more|daily) [^\n\x1f.]{{0,60}}(?:inbox|newsletter|email){_REST}",
    r"(?:enter )?your email(?: address)?",
    r"(?:advertisement|advertising|ad policy|sponsored(?: content)?|promoted|scroll to continue)",
    r"(?:story|article) continues below(?: (?:advertisement|ad|video))?",
    rf"(?:this (?:site|website) uses|we use) cookies{_REST}",
    r"(?:accept|reject|manage)(?: all)? cookies",
    rf"(?:copyright ?)?(?:©|\(c\)) ?{_REST}",
    rf"(?:{_REST}[.] )?all rights reserved\.?{_REST}",
    r"skip to (?:main )?content",
    r"(?:home|menu|search|close|loading|play|pause|mute)(?:\.\.\.|…)?",
    r"(?:media playback is (?:not supported|unsupported) on (?:your|this) device)",
    rf"(?:terms (?:of (?:use|service)|and conditions)|privacy policy)(?: ?[|·•&] ?{_REST})?",
    # captions and credits
    rf"(?:image|media|video|photo)s? (?:copyright|caption|credit|source|by|courtesy)\b{_REST}",
    rf"(?:photo(?:graph)?|picture|image|video|credit|source)s?(?: credit)? ?[:/] ?{_REST}",
    rf"\({_NAMES}(?i:{_AGENCY})(?:/{_NAMES})?\)",
)

_INLINES = (
    r"Leave a (?:Reply|Comment)(?: Cancel reply)?(?= Your email|$)",
    r"Your email address will not be published\.?(?: Required fields are marked ?\*?)?"
    r"(?: (?:Comment|Name|Email|Website|Post Comment) ?\*?){0,6}",
    r"Save my name, email,? and website in this browser for the next time I comment\.?",
    r"Notify me of (?:new|follow-?up) (?:comments|posts) by email\.?",
    r"Click to (?:share|email|print)(?: this)?(?: on| a link to)? ?[A-Za-z]{0,12}"
    r"(?: \(Opens in new window\))?",
    r"\(Opens in new window\)",
    r"(?<![a-z] )(?:ADVERTISEMENT|Ad Policy|Story continues below advertisement)(?![a-z])",
    r"Media playback is (?:not supported|unsupported) on (?:your|this) device",
    r"Image copyright [A-Z][\w/. ]{0,40}(?= Image caption|$)",
    rf"\((?:(?:AP|AFP|EPA|PA|Reuters|Getty(?: Images)?) ?(?:Photo|Images?|file)?/[^()\n\x1f]{{0,80}}"
    rf"|(?:Photo|Image|Picture|Credit|Source) ?(?:by|:|credit|courtesy)[^()\n\x1f]{{0,80}}"
    rf"|[A-Z][\w.'-]{{0,30}}(?: [A-Z][\w.'-]{{0,30}}){{0,3}} ?/ ?{_AGENCY})\)",
    rf"(?<=[a-z]{{3}})[A-Z][^.!?()\n\x1f]{{0,120}} \((?:{_AGENCY})\)",  # a caption run into its sentence
    r"(?:READ|WATCH|SEE|LISTEN)(?: (?:MORE|ALSO|NEXT))?: [^.\n\x1f]{0,120}",
    r"(?:Read|See) (?:more|also):[^.\n\x1f]{0,120}",
)

LINE = re.compile("|".join(f"(?:{pattern})" for pattern in _LINES), re.IGNORECASE)
INLINE = re.compile("|".join(f"(?:{pattern})" for pattern in _INLINES), re.MULTILINE)
