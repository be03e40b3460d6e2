"""The structure that the design promises: imports one way, small files, a wheel of two packages that works."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import TypeGuard

import pytest

import slant
from slant.inference.manifest import BundleFiles
from support import ROOT, SAMPLES

ORDER = (
    "errors", "systems", "labels", "types", "terminal", "values", "records", "article", "text", "targets", "features", "sources", "heads", "inference", "batch", "data", "evaluation",
    "training", "progress", "show", "cli_files", "cli_score", "cli_classify", "cli_train", "cli", "__main__",
)  # fmt: skip
"""Rooms of slant in the order in which they may know of each other: each only of those before it."""
FILES = sorted([*(ROOT / "model").rglob("*.py"), *(ROOT / "service").rglob("*.py")])
FORBIDDEN = {
    "fastapi",
    "pydantic",
    "starlette",
    "uvicorn",
    "slant_service",
    "pandas",
    "torch",
    "transformers",
    "huggingface_hub",
}
DISK = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "mkdir", "rename"}
TRAINED = ("encoder", "attribution")
WITH_TORCH = (
    {f"training/{what}/{name}.py" for what in TRAINED for name in ("network", "tune", "export")}
    | {
        "training/checkpoint.py",
        "training/encoder/hearer.py",
        "training/encoder/thaw.py",
    }
    | {f"training/reader/{name}.py" for name in ("network", "batches", "losses", "train", "export", "weights")}
)
MAY_TOUCH_DISK = {"text/language.py", "inference/bundle.py", "inference/stored.py", "batch/files.py", "batch/onward.py", "batch/store.py",
                  "batch/survey.py", "records/whole.py", "data/label_map.py", "data/subtopics.py", "data/catalog.py", "training/build.py", "training/cache.py", "training/measure.py", "cli.py", "cli_classify.py", "cli_files.py",
                  "training/checkpoint.py", "training/borrow.py", "training/encoder/hearer.py",
                  *(f"training/reader/{name}.py" for name in ("recipe", "weights", "train", "export", "make")),
                  *(f"training/{what}/{name}.py" for what in TRAINED for name in ("recipe", "train", "tune", "export"))}  # fmt: skip


def imports(path: Path) -> set[str]:
    """Return the full names of all modules that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def room(module: str) -> str:
    return [*module.split("."), ""][1]


@pytest.mark.parametrize("path", [path for path in FILES if "slant_service" not in path.parts], ids=str)
def test_imports_point_one_way(path: Path) -> None:
    relative = path.relative_to(ROOT / "model" / "slant")
    own = relative.parts[0].removesuffix(".py")
    for module in imports(path):
        if module.split(".")[0] in FORBIDDEN:
            assert relative.as_posix() in WITH_TORCH, f"{relative} imports {module}"
        if module.startswith("slant.") and own != "__init__":
            assert ORDER.index(room(module)) <= ORDER.index(own), f"{relative} imports {module}"


def test_the_service_does_not_know_training_or_evaluation() -> None:
    for path in (ROOT / "service").rglob("*.py"):
        assert not {"training", "evaluation", "cli"} & {
            room(name) for name in imports(path) if name.startswith("slant.")
        }


def test_only_few_files_touch_the_disk() -> None:
    for path in (ROOT / "model" / "slant").rglob("*.py"):
        relative = path.relative_to(ROOT / "model" / "slant").as_posix()
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
        assert relative in MAY_TOUCH_DISK or not names & DISK, f"{relative}: {names & DISK}"


WITH_TELEMETRY_OFF = {"model/slant/features/runtime.py", "model/slant/training/graph_tools.py"}


def test_onnxruntime_is_imported_with_its_telemetry_off() -> None:
    for path in [*FILES, *(ROOT / "tests").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        allowed = path.relative_to(ROOT).as_posix() in WITH_TELEMETRY_OFF
        inside = {one for block in ast.walk(tree) if may_import(block, allowed) for one in ast.walk(block)}
        found = [one for one in ast.walk(tree) if of_onnxruntime(one) and one not in inside]
        assert not found, f"{path}:{found[0].lineno}: wanted slant.features.runtime"


def may_import(block: ast.AST, allowed: bool) -> bool:
    """Tell whether onnxruntime may be imported within: where it is off, or where nothing is imported in truth."""
    if isinstance(block, ast.If):
        return ast.unparse(block.test) == "TYPE_CHECKING"
    return allowed and isinstance(block, ast.With) and ast.unparse(block.items[0]) == "telemetry_off()"


def of_onnxruntime(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    """Tell whether a node imports onnxruntime or a part of it."""
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "onnxruntime" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "onnxruntime"


def test_files_are_small_and_roots_are_no_packages() -> None:
    for path in FILES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
    assert not (ROOT / "model" / "__init__.py").exists()
    assert not (ROOT / "service" / "__init__.py").exists()


def test_version_and_changelog_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert slant.__version__ == version
    released = [heading for heading in headings if heading != "## Unreleased"]
    assert released[0] == f"## {version}"
    assert slant.load().bundle.manifest.version == version


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel through the sdist, from a copy without git's metadata and without the network."""
    folder = tmp_path_factory.mktemp("build")
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "build", "dist")
    source = shutil.copytree(ROOT, folder / "source", ignore=ignored)
    _hatchling("build_sdist", source, folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as sdist:
        sdist.extraction_filter = getattr(tarfile, "data_filter", None)  # Python before 3.11.4 has none
        sdist.extractall(folder)
    _hatchling("build_wheel", next(path for path in folder.glob("slant-*") if path.is_dir()), folder)
    return next(folder.glob("*.whl"))


def _hatchling(step: str, source: Path, out: Path) -> None:
    code = f"from hatchling.build import {step}; {step}({str(out)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)


def test_the_wheel_holds_the_two_packages_and_the_bundle(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"slant", "slant_service"}
    bundle = {name.rsplit("/", 1)[1] for name in names if name.startswith("slant/bundles/default/")}
    assert bundle == {"manifest.json", *BundleFiles().hashed()}
    assert "slant/py.typed" in names


def test_the_wheel_answers_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """Only the base dependencies, at the locked versions, from uv's cache; skipped where that is empty."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        pytest.skip("uv is not installed")
    environment = os.environ | {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "fresh"), "UV_OFFLINE": "1"}
    command = [
        uv,
        "sync",
        "--frozen",
        "--no-dev",
        "--no-install-project",
        "--project",
        str(ROOT),
        "--python",
        sys.executable,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"uv's cache does not hold the locked wheels: {done.stderr.strip().splitlines()[-1]}")
    python = tmp_path / "fresh" / "bin" / "python"
    subprocess.run(
        [uv, "pip", "install", "--no-deps", "--offline", "--python", str(python), str(wheel)],
        check=True,
        capture_output=True,
    )
    answer = subprocess.run(
        [str(python.parent / "slant"), "classify", str(SAMPLES / "08_football.txt"), "--target", "the referee"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert '"name": "sport"' in answer.stdout
    missing = subprocess.run([str(python.parent / "slant"), "serve"], capture_output=True, text=True, check=False)
    assert missing.returncode == 1
    assert "pip install 'slant[service]'" in missing.stderr
