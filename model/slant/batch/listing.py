"""The files of a folder in a store. What cannot be listed is an error: fsspec's own walk leaves it out in silence, and
with it every row that lies there.
"""

from __future__ import annotations

import re
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.asyn import AsyncFileSystem
from fsspec.utils import glob_translate

Infos = dict[str, dict[str, Any]]
"""What a store says of files, by name."""


def files_in(fs: Any, folder: str, depth: int | None = None) -> Infos:
    """Return the files of a folder and of those within it, in the order of their names.

    Parameters
    ----------
    fs
        The store.
    folder
        The name of the folder there.
    depth
        Levels of folders that are looked into; ``None``: all.
    """
    if _lists_by_itself(fs):
        found: Infos = fs.find(folder, maxdepth=depth, detail=True)
        return found
    found, level, left = {}, {folder.rstrip("/")}, depth
    seen = set(level)
    while level and left != 0:
        infos = [info for one in sorted(level) for info in fs.ls(one, detail=True)]
        named = {info["name"].rstrip("/"): info for info in infos}
        found |= {name: info for name, info in named.items() if info["type"] != "directory"}
        level = {name for name, info in named.items() if info["type"] == "directory"} - seen
        seen |= level
        left = None if left is None else left - 1
    return dict(sorted(found.items()))


def files_like(fs: Any, pattern: str) -> Infos:
    """Return the files whose names are like a pattern, in the order of their names."""
    if _lists_by_itself(fs):
        return {name: info for name, info in fs.glob(pattern, detail=True).items() if info["type"] != "directory"}
    first = re.search(r"[*?\[]", pattern)
    root, _, rest = pattern[: first.start() if first else None].rpartition("/")
    rest += pattern[first.start() :] if first else ""
    wanted = re.compile(glob_translate(pattern))
    try:
        found = files_in(fs, root or "/", None if "**" in rest else rest.count("/") + 1)
    except FileNotFoundError:
        return {}
    return {name: info for name, info in found.items() if wanted.match(name)}


def _lists_by_itself(fs: Any) -> bool:
    """Tell whether a store has a way of its own to list folders within folders."""
    kind = type(fs)
    own = getattr(kind, "_find", None)
    inherited = own is None or own is AsyncFileSystem._find
    return not (inherited and kind.find in (AbstractFileSystem.find, AsyncFileSystem.find))
