"""``python -m slant_service``, and what ``slant serve`` calls."""

from __future__ import annotations

from typing import Any

import uvicorn
from pydantic import ValidationError

from slant.errors import InputError
from slant_service.app import create_app
from slant_service.settings import Settings


def run(**given: Any) -> None:
    """Serve until interrupted; ``given`` goes before what the environment says.

    Raises:
        InputError: a setting is not what it must be.
    """
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "SLANT_" + "_".join(map(str, first["loc"])).upper()
        raise InputError(f"setting {name}: {first['msg']}, got {first['input']!r}") from error
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="info")


if __name__ == "__main__":
    run()
