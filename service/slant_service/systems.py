"""Where the service can run: what is missing is told at once, in one sentence."""

from __future__ import annotations

import multiprocessing
import platform
import signal
import tempfile

from slant.errors import SlantError


def check_system() -> None:
    """Check that this system has what the service is made of.

    Raises
    ------
    SlantError
        It has not: a kind of process, a signal, a folder that may be written to.
    """
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    if not (forks and hasattr(signal, "SIGHUP")):
        raise SlantError(
            f"the service runs on Linux and macOS, and not on {platform.system() or 'this system'}: "
            "start it in a container or under WSL; slant classify works here"
        )
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise SlantError(
            "the service needs a folder for temporary files that it may write to, for the sockets of its own "
            "processes: mount one at /tmp, or name one in TMPDIR"
        ) from error
