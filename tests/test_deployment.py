"""The files that the service is deployed with say what the code does: one recipe, closed as far as it goes."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.version import Version

from slant_service.admission import STREAM
from slant_service.settings import Settings
from support import ROOT

DOCKERFILE = (ROOT / "service" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "service" / "compose.yaml").read_text(encoding="utf-8"))
PROXY = (ROOT / "service" / "nginx.conf").read_text(encoding="utf-8")


def test_versions_that_are_known_to_be_unsafe_are_left_out() -> None:
    """What SECURITY.md says of lower bounds is what pyproject.toml has, and the lock keeps to it."""
    security = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        Requirement(one)
        for part in (project["dependencies"], *project["optional-dependencies"].values())
        for one in part
    }
    bounds = {one.name: {str(part) for part in one.specifier} for one in wanted}
    locked = {
        one["name"]: one.get("version", "")
        for one in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    }
    table = re.findall(r"^\| ([\w, -]+)(?: \(training\))? \| ([\d.]+) \| ", security, re.MULTILINE)
    assert len(table) >= 7
    for names, least in table:
        for name in names.split(", "):
            assert f">={least}" in bounds[name], name
            assert Version(locked[name]) >= Version(least), name


def test_there_is_one_recipe_for_the_image() -> None:
    ignored = {".venv", ".git", "build", "dist"}
    found = [path for path in ROOT.rglob("*Dockerfile*") if not ignored & set(path.parts)]
    assert found == [ROOT / "service" / "Dockerfile"]
    build = COMPOSE["services"]["slant"]["build"]
    assert (ROOT / "service" / build["context"] / build["dockerfile"]).samefile(found[0])


def test_the_image_runs_as_nobody_in_particular_and_takes_what_is_locked() -> None:
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.1[1-3]-slim-\w+(@sha256:[0-9a-f]{64})?", bases[0])
    assert any(line.startswith("USER 1") for line in lines)
    assert all("--frozen" in line for line in lines if "uv sync" in line)
    locked = {one["name"]: one["version"] for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert f"uv=={locked['uv']}" in DOCKERFILE
    for said in ("PYTHONSAFEPATH=1", "ORT_DISABLE_TELEMETRY=1", "/healthz", "WORKDIR /srv"):
        assert said in DOCKERFILE


def test_the_line_that_runs_the_image_has_keys() -> None:
    """Without them, and without saying that everybody may call, the service does not start there."""
    shown = DOCKERFILE.split("docker run -p")[1].split("\n#\n")[0]
    assert "SLANT_KEYS_FILE=" in shown
    assert "SLANT_HOST=0.0.0.0" in DOCKERFILE


def test_every_container_is_closed_and_bounded() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "memswap_limit", "pids_limit"} <= set(service), name
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"]), name


def test_only_the_proxy_is_reached_from_outside() -> None:
    services = COMPOSE["services"]
    assert "ports" not in services["slant"]
    assert COMPOSE["networks"][services["slant"]["networks"][0]]["internal"] is True
    assert services["proxy"]["ports"] == ["443:8443"]
    assert all(port.startswith("127.0.0.1:") for port in services["prometheus"]["ports"])


def test_the_settings_and_secrets_it_names_are_there() -> None:
    names = {name.removeprefix("SLANT_").lower() for name in COMPOSE["services"]["slant"]["environment"]}
    assert names <= set(Settings.model_fields)
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_the_proxy_bounds_each_address_and_waits_longer_than_the_service() -> None:
    assert {"limit_conn", "limit_req", "client_header_timeout", "client_body_timeout", "client_max_body_size"} <= set(
        re.findall(r"^\s*(\w+) ", PROXY, re.MULTILINE)
    )
    rest, stream = PROXY.split(f"location = {STREAM} {{")
    settings = Settings()
    assert seconds(rest, "proxy_read_timeout") > settings.timeout_s + settings.article_s
    assert seconds(stream, "proxy_read_timeout") > settings.idle_stream_s
    assert {"proxy_request_buffering off;", "proxy_buffering off;"} <= set(re.findall(r"proxy_\w+ off;", stream))
    for closed in ("/metrics", "/v1/admin/"):
        assert re.search(rf"location =? ?{closed} {{ return 404; }}", stream)
    assert PROXY.count("{") == PROXY.count("}")


def seconds(text: str, name: str) -> float:
    return float(re.findall(rf"{name} (\d+)s;", text)[-1])
