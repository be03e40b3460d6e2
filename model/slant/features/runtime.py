"""onnxruntime, imported with its telemetry off, and the sessions that it runs graphs in.

The library tells its maker of every start and session unless it is told not to while it is imported. Every import of
it goes through here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from slant.errors import OptionError

OFF = "ORT_DISABLE_TELEMETRY"
"""Read once, when the library is loaded."""
DEVICES = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

SILENT = 4
"""Errors are raised; logged beside that, they would quote the graph."""


@contextmanager
def telemetry_off() -> Iterator[None]:
    """Have telemetry off for what is imported within; the environment is afterwards as it was before."""
    before = os.environ.get(OFF)
    os.environ.setdefault(OFF, "1")
    try:
        yield
    finally:
        if before is None:
            del os.environ[OFF]


with telemetry_off():
    import onnxruntime
onnxruntime.disable_telemetry_events()  # where somebody else had imported it before

__all__ = ["DEVICES", "onnxruntime", "providers", "start_session", "telemetry_off"]


def start_session(
    graph: bytes, threads: int | None = None, device: str = "cpu", files: Mapping[str, bytes] | None = None
) -> onnxruntime.InferenceSession:
    """Start a graph.

    Parameters
    ----------
    graph
        The bytes of an ONNX file.
    threads
        Cores that one call may use; all that this process may run on if ``None``.
    device
        ``cpu``, or ``cuda`` where onnxruntime-gpu is installed.
    files
        What the graph may refer to as external data, by name. It finds nothing else: no file is opened.

    Returns
    -------
    onnxruntime.InferenceSession
        Safe to call from several threads.

    Raises
    ------
    OptionError
        The installed onnxruntime does not know the device.
    """
    options, table = _session_options(threads), dict(files or {}) or {"": b"\0"}  # an empty table would not be one
    options.add_external_initializers_from_files_in_memory(
        list(table), list(table.values()), [len(content) for content in table.values()]
    )
    return onnxruntime.InferenceSession(graph, options, providers=providers(device))


def _session_options(threads: int | None) -> onnxruntime.SessionOptions:
    """Return how a graph is run: on so many cores, or on all that this process may use, and without any file.

    The table of external data is not asked for what stands in an inner graph, in a function or in an attribute of the
    graph. For those the folder decides, and in that there can be nothing.
    """
    from joblib import cpu_count

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cpu_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return options


def providers(device: str) -> list[str]:
    """Return what onnxruntime calls a device; the CPU stands behind it for what it cannot do.

    Raises
    ------
    OptionError
        The installed onnxruntime does not know it.
    """
    name, there = DEVICES.get(device, ""), onnxruntime.get_available_providers()
    if name not in there:
        known = ", ".join(DEVICES)
        raise OptionError(
            f"device {device!r}: wanted one of {known}, and for cuda onnxruntime-gpu; here are {', '.join(there)}"
        )
    return list(dict.fromkeys([name, DEVICES["cpu"]]))
