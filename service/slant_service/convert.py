"""Requests to articles, judgements to answers: the only place that knows both shapes."""

from __future__ import annotations

from slant.article import Article, Judgement
from slant.inference.bundle import Bundle
from slant_service import schemas


def to_article(request: schemas.Request) -> Article:
    """Return the article that a request holds."""
    return Article(text=request.text, html=request.html, title=request.title, id=request.id)


def to_answer(judgement: Judgement) -> schemas.Answer:
    """Return a judgement in the shape of the contract."""
    return schemas.Answer.model_validate(judgement.to_dict())


def to_model(bundle: Bundle) -> schemas.Model:
    """Return what the service says of its bundle."""
    manifest = bundle.manifest
    return schemas.Model(
        name=manifest.name,
        version=manifest.version,
        sha256=manifest.sha256,
        topics=manifest.topics,
        stances=manifest.stances,
        libraries=manifest.libraries,
        training=manifest.training,
        figures=manifest.figures,
    )


def to_topics(bundle: Bundle) -> list[schemas.TopicLabel]:
    """Return the topics that the bundle knows, of both levels; none if it has no topic head."""
    head = bundle.topic
    levels = [level for level in (head.first, head.second) if level] if head else []
    return [
        schemas.TopicLabel(
            code=label.code,
            name=label.name,
            threshold=round(float(threshold), 4),
            level=label.level,
            broader=label.broader,
        )
        for level in levels
        for label, threshold in zip(level.labels, level.thresholds, strict=True)
    ]
