"""The routes of v1. They hold no rule of their own: read, call, answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST

from slant_service import schemas
from slant_service.auth import Calling, needs
from slant_service.engine import Engine
from slant_service.errors import respond
from slant_service.items import Item, in_place, requests_of
from slant_service.jobs import Answered, Refused
from slant_service.settings import Settings
from slant_service.stream import MEDIA_TYPE, PLAIN_BYTES, Stream
from slant_service.strict_json import parse_apart

Problems = dict[int | str, dict[str, Any]]
SAID = {
    400: "The body is not the gzip that it says it is.",
    401: "No key, or none that is in force.",
    403: "The key has not the scope that this path needs.",
    408: "The body came too slowly.",
    409: "There is no such bundle, it cannot be used, or another change is under way; nothing has changed.",
    413: "The body is longer than the limit, or inflates to too many times its size.",
    415: "The body is not JSON, or is encoded in an unknown way.",
    422: "The request is not in the documented form, or an article cannot be read.",
    429: "The key has used up its articles; Retry-After says when there are more.",
    500: "The service failed, or (article-timeout) was at an article for longer than it may be.",
    503: "No bundle is ready, or no more can be taken; Retry-After says when to try again.",
}


class StrictRequest(Request):
    """A request whose JSON is read as strictly as the contract needs it."""

    async def json(self) -> Any:
        """Return the body's JSON; raises as ``strict_json.parse``."""
        return await parse_apart(await self.body())


class StrictRoute(APIRoute):
    """A route that reads ``StrictRequest``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, given the stricter request."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return handle


def _problems(*statuses: int) -> Problems:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"model": schemas.Problem, "content": content, "description": SAID[status]} for status in statuses}


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Ready = Annotated[Engine, Depends(_engine)]
Articles = Annotated[list[Item], Body(min_length=1, max_length=schemas.MOST_ARTICLES)]
CALL = _problems(400, 401, 403, 408, 413, 415, 422, 429, 500, 503)
LOOK = _problems(401, 403, 429, 503)
LINES = {
    MEDIA_TYPE: {"schema": {"type": "string"}},
    PLAIN_BYTES: {"schema": {"type": "string", "format": "binary"}},
}
CHANGE = _problems(400, 401, 403, 408, 409, 413, 415, 422, 500, 503)

v1 = APIRouter(prefix="/v1", tags=["v1"], route_class=StrictRoute, dependencies=[needs("classify")])
admin = APIRouter(prefix="/v1/admin", tags=["admin"], route_class=StrictRoute, dependencies=[needs("admin")])
probes = APIRouter(tags=["probes"])


@v1.post("/classify", operation_id="classify", responses=CALL, response_model=schemas.Answer)
async def classify(article: schemas.Request, engine: Ready, caller: Calling) -> Response:
    """Say what an article is about and where it stands toward each target."""
    found = (await engine.judge([article], caller.name))[0]
    if isinstance(found, Answered):
        return _json(found.body)
    late = {"Retry-After": str(engine.queue.seconds_to_empty())} if found.problem.status == 503 else None
    return respond(found.problem, late)


@v1.post(
    "/classify/batch",
    operation_id="classify_batch",
    responses=CALL,
    response_model=list[schemas.Answer | schemas.Problem],
)
async def classify_batch(articles: Articles, engine: Ready, caller: Calling) -> Response:
    """Classify up to 64 articles; answers in order, and a problem in the place of what cannot be read."""
    if len(articles) > 1:
        await caller.spend(len(articles) - 1)  # one was counted with the call
    found = in_place(articles, await engine.judge(requests_of(articles), caller.name))
    return _json(b"[" + b",".join(map(_one, found)) + b"]")


@v1.post(
    "/classify/stream",
    operation_id="classify_stream",
    responses={**_problems(401, 403, 429, 503), 200: {"content": LINES, "description": "A line for each."}},
    response_class=Response,
    openapi_extra={"requestBody": {"required": True, "content": LINES}},
)
async def classify_stream(
    request: Request, engine: Ready, settings: Annotated[Settings, Depends(_settings)], caller: Calling
) -> Response:
    """Classify an endless stream: a request a line in, as for classify, an answer or a problem a line out, in order."""
    engine.require_ready()
    accepted = request.headers.get("accept", "")
    return Stream(engine, settings, caller, PLAIN_BYTES if PLAIN_BYTES in accepted else MEDIA_TYPE)


@v1.get("/topics", operation_id="list_topics", responses=LOOK)
async def topics(engine: Ready) -> list[schemas.TopicLabel]:
    """List the topics that the model knows."""
    return engine.about.topics


@v1.get("/model", operation_id="describe_model", responses=LOOK)
async def model(engine: Ready) -> schemas.Model:
    """Describe the loaded bundle: its labels, data, licences and measured figures."""
    return engine.about.model


@admin.post("/bundle", operation_id="swap_bundle", responses=CHANGE)
async def swap_bundle(wanted: schemas.BundleChange, engine: Ready) -> schemas.Model:
    """Load and prove another bundle beside the one in use, then put it in its place; a bad one changes nothing."""
    return (await engine.swap(engine.bundle_of(wanted.bundle))).model


@admin.post("/bundle/rollback", operation_id="roll_back_bundle", responses=_problems(401, 403, 409, 500, 503))
async def roll_back_bundle(engine: Ready) -> schemas.Model:
    """Put the bundle that was in use before this one in its place again, at once."""
    return (await engine.roll_back()).model


@probes.get("/healthz", operation_id="alive")
async def healthz() -> schemas.Status:
    """Tell that the process is alive, whatever its model does."""
    return schemas.Status(status="alive")


@probes.get("/readyz", operation_id="ready", responses=_problems(503))
async def readyz(engine: Ready) -> schemas.Status:
    """Tell that a bundle is loaded and has passed its self-test."""
    engine.require_ready()
    return schemas.Status(status="ready")


@probes.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses=_problems(401),
    dependencies=[needs()],  # any key will do
)
async def metrics(engine: Ready) -> Response:
    """Tell Prometheus how the service does."""
    return Response(engine.metrics.page(), media_type=CONTENT_TYPE_LATEST)


def _one(found: Answered | Refused) -> bytes:
    return found.body if isinstance(found, Answered) else found.problem.model_dump_json().encode()


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
