"""What the service needs of the system beside what every part does: told at once, in one sentence, if it is missing."""

from __future__ import annotations

import tempfile

from slant.errors import SlantError


def check_folder() -> None:
    """Check that there is a folder for temporary files.

    Raises
    ------
    SlantError
        There is none that may be written to.
    """
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise SlantError(
            "the service needs a folder for temporary files that it may write to, for the sockets of its own "
            "processes: mount one at /tmp, or name one in TMPDIR"
        ) from error
