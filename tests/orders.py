"""What a stand-in for the classifier does when the text of an article orders it to."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

from slant.errors import ArticleError


def obey(text: str) -> None:
    """Do as a text says: DIE, FAIL, BLANK, WORK n (milliseconds), UNTIL path (that it is there)."""
    if "DIE" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "FAIL" in text:
        raise RuntimeError("cannot read SECRET")
    if "BLANK" in text:
        raise ArticleError("nothing readable is in it", field="text")
    if order := re.search(r"WORK (\d+)", text):
        threading.Event().wait(int(order[1]) / 1_000)
    if order := re.search(r"UNTIL (\S+)", text):
        while not Path(order[1]).exists():
            threading.Event().wait(0.005)
