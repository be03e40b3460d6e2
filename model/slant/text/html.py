"""HTML to the article in it, by trafilatura."""

from __future__ import annotations

import logging
from typing import NamedTuple

from slant.errors import ArticleError
from slant.text.markup import limited

MOST_COMPARED = 5_000
"""Start tags of a page up to which trafilatura asks other extractors too; one of them takes the square of the tags."""


class Extracted(NamedTuple):
    """What an HTML page says: the article's text, its title if the page has one; ``cut``: some of it was not read."""

    text: str
    title: str | None
    cut: bool = False


def extract(html: str) -> Extracted:
    """Return the article that an HTML page or fragment holds.

    Raises:
        ArticleError: no article text was found in it.
    """
    import trafilatura  # seconds of imports that plain text does without

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it would quote the caller's page
    page = limited(html.encode("utf-8", "replace").decode())
    try:
        document = trafilatura.bare_extraction(
            page.html,
            include_comments=False,
            include_tables=False,
            with_metadata=True,
            fast=page.tags > MOST_COMPARED,
        )
    except MemoryError:
        raise
    except Exception:  # its parsers raise of all kinds, even assertions, and quote the page
        document = None
    if document is None or not document.text:
        raise ArticleError(f"no article text was found in the html ({len(html)} characters)", field="html")
    return Extracted(document.text, document.title, page.cut)
