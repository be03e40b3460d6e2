"""The Makefile sets up on machines behind a company's own certificate authority, without being told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support import ROOT

MAKE = shutil.which("make")
STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")


def told(*words: str, **environment: str) -> str:
    """Return what a recipe of the Makefile has in its environment."""
    assert MAKE
    shown = "shown: ; @echo certs=$$UV_SYSTEM_CERTS"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "SSL_", "MAKE"))}
    command = [MAKE, "--no-print-directory", "-C", str(ROOT), "--eval", shown, "shown", *words]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=True).stdout.strip()


def test_the_certificates_of_the_system_count_where_it_has_some(tmp_path: Path) -> None:
    store = tmp_path / "company.pem"
    store.touch()
    assert told(SSL_CERT_FILE=str(store)) == "certs=true"
    if any(Path(path).exists() for path in STORES):
        assert told() == "certs=true"


def test_who_says_otherwise_is_obeyed() -> None:
    assert told(UV_SYSTEM_CERTS="false") == "certs=false"


def test_where_there_is_no_store_the_tools_use_their_own() -> None:
    assert told("CERTS=") == "certs="


def test_pip_is_tried_again_with_those_certificates() -> None:
    assert MAKE
    command = [MAKE, "-n", "-B", "-C", str(ROOT), "setup", "CERTS=/a/company.pem"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "pip install --quiet 'uv>=0.11' || " in done.stdout
    assert "pip install --quiet --cert /a/company.pem 'uv>=0.11'" in done.stdout
