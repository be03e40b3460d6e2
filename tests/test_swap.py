"""The bundle is swapped while the service answers: all workers or none, back at once, and never for a bad one."""

from __future__ import annotations

import concurrent.futures
import resource
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from serving import Serving, serving, until
from slant.inference.manifest import parse_manifest
from slant.inference.stored import DEFAULT
from slant_service.keys import new_key

SECRET, KEY = new_key("chief", ["admin", "classify"])
ADMIN = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder below which admins may name bundles: all of the tests' folders are in it."""
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def service(root: Path) -> Iterator[Serving]:
    with serving(workers=2, keys=KEY.line(), bundle_root=root) as found:
        yield found


@pytest.fixture
def client(service: Serving) -> Iterator[httpx2.Client]:
    with service.client(headers=ADMIN) as found:
        found.post("/v1/admin/bundle", json={"bundle": "default"}).raise_for_status()
        yield found


def bundle(folder: Path, name: str) -> Path:
    """Return a copy of the embedded bundle under another name."""
    shutil.copytree(DEFAULT, folder / name)
    return renamed(folder / name, name)


def renamed(where: Path, name: str) -> Path:
    file = where / "manifest.json"
    file.write_bytes(replace(parse_manifest(file, file.read_bytes()), name=name).to_json())
    return where


def swap(client: httpx2.Client, where: Path) -> httpx2.Response:
    """Change to the bundle in a folder of a test: below the root it has the name of that folder and its own."""
    return client.post("/v1/admin/bundle", json={"bundle": f"{where.parent.name}/{where.name}"})


def answering(client: httpx2.Client) -> str:
    """Return the name of the bundle that answers."""
    found: dict[str, Any] = client.post("/v1/classify", json={"text": "a"}).json()
    name: str = found["model"]["name"]
    return name


def test_no_answer_is_lost_in_a_swap_and_none_is_the_old_ones_after_it(
    service: Serving, client: httpx2.Client, tmp_path: Path
) -> None:
    stop, names, after = threading.Event(), list[str](), list[str]()
    swapped = threading.Event()

    def ask() -> None:
        with service.client(headers=ADMIN) as one:
            while not stop.is_set():
                late = swapped.is_set()
                (after if late else names).append(answering(one))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    until(lambda: len(names) > 20)
    assert swap(client, bundle(tmp_path, "other")).json()["name"] == "other"
    swapped.set()
    until(lambda: len(after) > 20)
    stop.set()
    for asker in askers:
        asker.join()
    assert Counter(names).keys() <= {"default", "other"}
    assert set(after) == {"other"}


def test_the_bundle_before_is_back_at_once(service: Serving, client: httpx2.Client, tmp_path: Path) -> None:
    workers = {worker.pid for worker in service.workers()}
    swap(client, bundle(tmp_path, "other")).raise_for_status()
    back = client.post("/v1/admin/bundle/rollback")
    assert back.json()["name"] == answering(client) == client.get("/v1/model").json()["name"] == "default"
    assert client.post("/v1/classify", json={"text": "a"}).json()["model"]["sha256"] in {str(pid) for pid in workers}
    assert client.post("/v1/admin/bundle/rollback").json()["name"] == answering(client) == "other"


@pytest.mark.parametrize(
    ("name", "said"),
    [("wrong", "self-test"), ("DIE", "died while it was loading"), ("FAIL", "RuntimeError"), ("damaged", "sha256")],
)
def test_a_bad_bundle_changes_nothing_and_says_why(
    service: Serving, client: httpx2.Client, tmp_path: Path, name: str, said: str
) -> None:
    bad, before = bundle(tmp_path, name), {worker.pid for worker in service.workers()}
    if name == "damaged":
        (bad / "heads.skops").write_bytes(b"")
    answer = swap(client, bad)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/unusable-bundle"
    assert said in answer.json()["detail"]
    assert answering(client) == "default"
    until(lambda: {worker.pid for worker in service.workers()} == before)


@pytest.mark.parametrize("name", ["none", "n" * 900, "no\0ne"], ids=["none", "long", "nul"])
def test_a_bundle_that_is_not_there_is_refused(client: httpx2.Client, tmp_path: Path, name: str) -> None:
    answer = swap(client, tmp_path / name)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/unusable-bundle")


def test_a_deleted_bundle_goes_on_answering_even_when_a_worker_must_be_replaced(
    service: Serving, client: httpx2.Client, tmp_path: Path
) -> None:
    swap(client, bundle(tmp_path, "doomed")).raise_for_status()
    shutil.rmtree(tmp_path / "doomed")
    for worker in service.workers():
        worker.send_signal(signal.SIGKILL)
    assert answering(client) == "doomed"
    assert swap(client, tmp_path / "doomed").status_code == 409


@pytest.mark.parametrize("name", ["/etc", "../..", "/", ".", "a/../../..", "~root", "//"])
def test_a_name_that_leads_out_of_the_root_is_refused(
    client: httpx2.Client, tmp_path: Path, name: str, root: Path
) -> None:
    """And what is said tells nothing of the server: neither where the root is nor what there is."""
    found = client.post("/v1/admin/bundle", json={"bundle": name})
    assert (found.status_code, found.json()["type"]) == (409, "/problems/unusable-bundle")
    assert str(root) not in found.text
    (tmp_path / "made.up").mkdir()
    (tmp_path / "made.up" / "manifest.json").write_text('{"sha256": "a", "format": "SECRET-CONTENT"}')
    refused = swap(client, tmp_path / "made.up")
    assert refused.status_code == 409
    assert "SECRET-CONTENT" not in refused.text


def test_the_workers_that_answer_are_counted_alone(service: Serving, client: httpx2.Client, tmp_path: Path) -> None:
    swap(client, bundle(tmp_path, "other")).raise_for_status()
    told = client.get("/metrics").text
    assert "slant_workers 2.0" in told
    assert "slant_workers_spare 2.0" in told
    assert len(service.workers()) == 4


def test_a_second_change_at_the_same_time_is_refused(client: httpx2.Client, service: Serving) -> None:
    def change(_: int) -> str:
        with service.client(headers=ADMIN) as one:
            answer = one.post("/v1/admin/bundle", json={"bundle": "default"})
            return str(answer.json().get("type", answer.status_code))

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        found = Counter(threads.map(change, range(4)))
    assert found["200"] >= 1
    assert found["200"] + found["/problems/change-under-way"] == 4
    assert answering(client) == "default"


def test_the_signal_loads_anew_what_stands_there_now(tmp_path: Path) -> None:
    where = bundle(tmp_path, "morning")
    with serving(bundle=where) as service, service.client() as client:
        assert answering(client) == "morning"
        renamed(where, "evening")
        service.process.send_signal(signal.SIGHUP)
        until(lambda: bool(service.said("loaded again")))
        assert answering(client) == "evening"
        for _ in range(20):
            service.process.send_signal(signal.SIGHUP)
        until(lambda: len(service.said("loaded again")) >= 2 and len(service.workers()) == 2)
        (where / "manifest.json").write_text("{}")
        service.process.send_signal(signal.SIGHUP)
        until(lambda: bool(service.said("nothing has changed")))
        assert answering(client) == "evening"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit is another")
def test_little_memory_is_enough_to_replace_a_worker(service: Serving, client: httpx2.Client) -> None:
    main = psutil.Process(service.process.pid)
    limited = {one.pid: resource.prlimit(one.pid, resource.RLIMIT_AS) for one in (main, *main.children())}
    try:
        for pid, (_, most) in limited.items():
            resource.prlimit(pid, resource.RLIMIT_AS, (4 * 2**30, most))
        for worker in service.workers():
            worker.send_signal(signal.SIGKILL)
        assert answering(client) == "default"
    finally:
        for pid, before in limited.items():
            resource.prlimit(pid, resource.RLIMIT_AS, before)


def test_a_full_disk_is_no_matter(service: Serving, client: httpx2.Client, tmp_path: Path) -> None:
    """Neither a swap nor the replacing of a worker writes a byte to a file."""
    other = bundle(tmp_path, "other")
    main = psutil.Process(service.process.pid)
    limited = {one.pid: resource.prlimit(one.pid, resource.RLIMIT_FSIZE) for one in (main, *main.children())}
    try:
        for pid, (_, most) in limited.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        swap(client, other).raise_for_status()
        for worker in service.workers():
            worker.send_signal(signal.SIGKILL)
        assert answering(client) == "other"
    finally:
        for pid, before in limited.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
