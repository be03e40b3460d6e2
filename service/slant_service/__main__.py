"""``python -m slant_service``, and what ``slant serve`` calls."""

from __future__ import annotations

from typing import Any

from slant.errors import MissingExtra
from slant.systems import check_system
from slant_service.systems import check_folder


def run(**given: Any) -> None:
    """Serve until told to end; ``given`` goes before what the environment says.

    Raises
    ------
    InputError
        A setting is not what it must be.
    SlantError
        This system, or what it grants, is not enough to serve on.
    """
    check_system("the service")
    check_folder()
    try:
        from slant_service.forkserver import prepare  # no system that is refused has what these import
        from slant_service.logs import set_up_logs
        from slant_service.settings import read_settings
    except ImportError as error:
        raise MissingExtra("service", str(error.name)) from error

    prepare()
    settings = read_settings(**given)
    from slant_service.server import Server  # long to load: meanwhile the fork server loads too

    set_up_logs()
    Server(settings).run()


if __name__ == "__main__":
    run()
