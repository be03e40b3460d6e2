"""``python -m slant_service``, and what ``slant serve`` calls."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from slant.errors import InputError
from slant_service.forkserver import prepare
from slant_service.logs import set_up_logs
from slant_service.settings import Settings


def run(**given: Any) -> None:
    """Serve until told to end; ``given`` goes before what the environment says.

    Raises:
        InputError: a setting is not what it must be.
    """
    prepare()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise InputError(f"settings: {first['msg'].removeprefix('Value error, ')}") from error
        name = "SLANT_" + "_".join(map(str, first["loc"])).upper()
        raise InputError(f"setting {name}: {first['msg']}, got {first['input']!r}") from error
    from slant_service.server import Server  # long to load: meanwhile the fork server loads too

    set_up_logs()
    Server(settings).run()


if __name__ == "__main__":
    run()
