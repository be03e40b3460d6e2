"""The service against its own OpenAPI, by requests that nobody would write (Schemathesis).

Twelve cases an operation and kind in each run; FUZZ_CASES=100 for two thousand and more in all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode

from serving import Serving, serving
from slant_service.app import create_app
from slant_service.keys import new_key
from slant_service.settings import Settings

CASES = int(os.environ.get("FUZZ_CASES", "12"))
SECRET, KEY = new_key("fuzz", ["classify", "admin"])
REFUSED = ["400", "401", "403", "404", "409", "413", "415", "422", "429", "5xx"]
"""How something wrong may be answered: 413 too, where it is large as well."""
CHECKS = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
SCHEMA: Any = schemathesis.openapi.from_dict(create_app(Settings()).openapi(), config=CHECKS)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(keys=KEY.line()) as found:
        yield found


WRONG = [
    one
    for one in OPERATIONS
    if any(body.media_type == "application/json" for body in one.body) and not one.path.endswith("/batch")
]
"""Operations that refuse a wrong body as a whole; a stream answers for each of its lines, a batch for its articles."""


@schemathesis.serializer("application/x-ndjson")
def _lines(_: Any, value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        *((operation, GenerationMode.POSITIVE) for operation in OPERATIONS),
        *((operation, GenerationMode.NEGATIVE) for operation in WRONG),
    ],
    ids=lambda found: getattr(found, "label", getattr(found, "value", None)),
)
def test_no_request_gets_an_answer_that_is_not_documented(
    service: Serving, operation: Any, mode: GenerationMode
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def check(case: Any) -> None:
        case.call_and_validate(base_url=service.url, headers={"Authorization": f"Bearer {SECRET}"})

    check()
