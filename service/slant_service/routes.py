"""The routes of v1. They hold no rule of their own: read, call, answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request

from slant.errors import InputError
from slant_service import schemas
from slant_service.convert import to_answer, to_model, to_topics
from slant_service.engine import Engine
from slant_service.errors import of_slant

Problems = dict[int | str, dict[str, object]]


def _problems(*statuses: int) -> Problems:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"model": schemas.Problem, "content": content} for status in statuses}


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


Ready = Annotated[Engine, Depends(_engine)]
Articles = Annotated[list[schemas.Request], Body(min_length=1, max_length=schemas.MOST_ARTICLES)]

v1 = APIRouter(prefix="/v1", tags=["v1"])
probes = APIRouter(tags=["probes"])


@v1.post("/classify", operation_id="classify", responses=_problems(413, 415, 422, 500, 503))
async def classify(article: schemas.Request, engine: Ready) -> schemas.Answer:
    """Say what an article is about and where it stands toward each target."""
    return to_answer(await engine.classify(article), article)


@v1.post("/classify/batch", operation_id="classify_batch", responses=_problems(413, 415, 422, 500, 503))
async def classify_batch(articles: Articles, engine: Ready) -> list[schemas.Answer | schemas.Problem]:
    """Classify up to 64 articles; answers in order, and a problem in the place of an unreadable article."""
    return [await _one(article, engine) for article in articles]


@v1.get("/topics", operation_id="list_topics", responses=_problems(503))
async def topics(engine: Ready) -> list[schemas.TopicLabel]:
    """List the topics that the model knows."""
    return to_topics(engine.classifier.bundle)


@v1.get("/model", operation_id="describe_model", responses=_problems(503))
async def model(engine: Ready) -> schemas.Model:
    """Describe the loaded bundle: its labels, data, licences and measured figures."""
    return to_model(engine.classifier.bundle)


@probes.get("/healthz", operation_id="alive")
async def healthz() -> schemas.Status:
    """Tell that the process is alive, whatever its model does."""
    return schemas.Status(status="alive")


@probes.get("/readyz", operation_id="ready", responses=_problems(503))
async def readyz(engine: Ready) -> schemas.Status:
    """Tell that a bundle is loaded and has passed its self-test."""
    engine.check()
    return schemas.Status(status="ready")


async def _one(article: schemas.Request, engine: Engine) -> schemas.Answer | schemas.Problem:
    try:
        return to_answer(await engine.classify(article), article)
    except InputError as error:
        return of_slant(error, id=article.id)
