"""Systems that a part of Slant does not run on are refused at its start, in one sentence."""

from __future__ import annotations

import multiprocessing
import platform
import signal

from slant.errors import SlantError


def check_system(what: str) -> None:
    """Check that this system has the signals and processes that the service and batch scoring are made of.

    Parameters
    ----------
    what
        Which part it is that starts.

    Raises
    ------
    SlantError
        It has not.
    """
    signals = hasattr(signal, "SIGHUP") and hasattr(signal, "setitimer")
    if not (signals and "forkserver" in multiprocessing.get_all_start_methods()):
        raise SlantError(
            f"{what} runs on Linux and macOS, and not on {platform.system() or 'this system'}: "
            "start it in a container or under WSL; slant classify works here"
        )
