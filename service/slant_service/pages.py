"""Pages for people: the description of the interface. Their links are relative: they hold behind any prefix."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

STATIC = "static-offline-docs"
"""Where FastAPIOffline serves what the page needs."""

pages = APIRouter(include_in_schema=False)


@pages.get("/")
@pages.get("/docs")
async def docs() -> HTMLResponse:
    """Show every route, and let it be tried."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Slant",
        swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
        swagger_css_url=f"{STATIC}/swagger-ui.css",
        swagger_favicon_url=f"{STATIC}/favicon.png",
    )
