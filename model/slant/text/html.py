"""HTML to the article in it, by trafilatura."""

from __future__ import annotations

import logging
from typing import NamedTuple

from slant.errors import ArticleError


class Extracted(NamedTuple):
    """What an HTML page says: the article's text and, if the page has one, its title."""

    text: str
    title: str | None


def extract(html: str) -> Extracted:
    """Return the article that an HTML page or fragment holds.

    Raises:
        ArticleError: no article text was found in it.
    """
    import trafilatura  # seconds of imports that plain text does without

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it would quote the caller's page
    try:
        document = trafilatura.bare_extraction(
            html.encode("utf-8", "replace").decode(),
            include_comments=False,
            include_tables=False,
            with_metadata=True,
        )
    except (ValueError, RecursionError):
        document = None
    if document is None or not document.text:
        raise ArticleError(f"no article text was found in the html ({len(html)} characters)", field="html")
    return Extracted(document.text, document.title)
