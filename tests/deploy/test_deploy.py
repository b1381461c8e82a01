"""What is in deploy/: that it fits the service as it is, and where nginx and systemd are at hand, that they take it."""

import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from impckg.service.settings import describe_settings

from ..service.conftest import start_service

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MANUAL = DEPLOY.parent / "docs" / "operations.md"
FILES = [*sorted(path for path in DEPLOY.iterdir() if path.is_file()), MANUAL]
# Debian puts it where only root looks.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
ANALYZE = shutil.which("systemd-analyze")
ANSWER_BYTES = 2_000_000

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: nginx-light)")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_setting_that_is_named_exists(file):
    known = {f"IMPCKG_{setting.name.upper()}" for setting in describe_settings()}

    assert set(re.findall(r"\bIMPCKG_[A-Z_]+", file.read_text(encoding="utf-8"))) - known == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_flag_that_is_named_exists(file):
    known = {"--help", *(f"--{setting.name.replace('_', '-')}" for setting in describe_settings())}
    serving = re.findall(
        r"impckg serve((?: --[a-z-]+(?: [^\s;,()-]\S*)?)+)", file.read_text(encoding="utf-8")
    )

    assert {flag for flags in serving for flag in re.findall(r"--[a-z-]+", flags)} - known == set()


def test_the_manual_has_the_defaults_of_the_limits():
    defaults = {setting.name: setting.default for setting in describe_settings()}
    table = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| ([\d,. ]+) \|", MANUAL.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {
        name: float(number.replace(",", ""))
        for names, numbers in table
        for name, number in zip(re.findall(r"`(\w+)`", names), numbers.split(", "), strict=True)
    }

    assert len(told) >= 10
    assert told == {name: defaults[name] for name in told}


def test_the_image_is_made_from_files_that_exist():
    project = DEPLOY.parent
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    taken = re.findall(r"^!(\S+)$", ignored, re.MULTILINE)

    assert [name for name in taken if not (project / name).exists()] == []
    assert {"pyproject.toml", "requirements.txt", "impckg", "service"} <= set(taken)


def test_the_container_does_not_run_as_root_and_takes_nothing_without_a_checksum():
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]
    installs = [line for line in lines if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert all(
        re.search(r":[\w.-]*\d[\w.-]*( AS build)?$", line) for line in lines if line.startswith("FROM")
    )


def test_the_compose_file_gives_the_service_data_that_it_can_only_read():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    service = services["service"]

    data = next(v for v in service["volumes"] if isinstance(v, dict) and v["target"] == "/data")
    assert data["read_only"] is True
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "ports" not in service, "only nginx is reached from outside"


def test_queries_may_end_before_the_service_is_killed():
    stop_seconds = next(setting.default for setting in describe_settings() if setting.name == "stop_seconds")
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "impckg.service", encoding="utf-8")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))

    assert float(unit["Service"]["TimeoutStopSec"]) > stop_seconds
    assert float(compose["services"]["service"]["stop_grace_period"].rstrip("s")) > stop_seconds


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not on this machine")
def test_systemd_takes_the_unit_and_finds_it_hardened(tmp_path):
    unit = tmp_path / "impckg.service"
    text = (DEPLOY / "impckg.service").read_text(encoding="utf-8")
    # The command is where an installation puts it; here it only must exist.
    unit.write_text(text.replace("/opt/impckg/bin/impckg", "/bin/true"), encoding="utf-8")

    verified = subprocess.run(
        [str(ANALYZE), "verify", str(unit)], capture_output=True, text=True, check=False
    )
    security = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stderr) == (0, "")
    assert security.returncode == 0, security.stdout[-1000:]


# ---------------------------------------------------------------- behind nginx


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "access.log"


@pytest.fixture(scope="module")
def behind_nginx(demo: Path, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx with our configuration, in front of a service with our demo."""
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    # As root, nginx would go on as a user that cannot reach the folders of tests.
    user = "user root;" if os.geteuid() == 0 else ""
    # The last --log wins over that of the fixture.
    with start_service(demo, "--log", str(log), "--result-bytes", str(ANSWER_BYTES)) as address:
        text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        for placed, here in {
            "server service:8000;": f"server {address.removeprefix('http://')};",
            "listen 80;": f"listen 127.0.0.1:{port};",
            "/tmp/nginx": f"{folder}/nginx",
            "/dev/stdout": f"{folder}/access.log",
            "worker_processes auto;": f"{user} worker_processes 1; daemon off;",
        }.items():
            assert placed in text
            text = text.replace(placed, here)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        command = [str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(address: str) -> None:
    for _ in range(100):
        try:
            assert requests.get(address, timeout=5).status_code == 200
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{address} does not answer")


def ask(service: str, query: str, **headers: str) -> requests.Response:
    return requests.get(
        f"{service}/sparql", params={"query": query}, headers={"Accept": "text/csv", **headers}, timeout=60
    )


@needs_nginx
def test_an_answer_comes_through_as_it_is(behind_nginx):
    response = ask(behind_nginx, "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 5000")

    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip", "packed by the service, not by nginx"
    assert len(response.text.splitlines()) == 5_001


@needs_nginx
def test_an_answer_that_breaks_off_is_known_to_be_a_part(behind_nginx):
    identity = {"Accept-Encoding": "identity"}

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(behind_nginx, "SELECT ?s ?p ?o WHERE { ?s ?p ?o }", **identity)


@needs_nginx
def test_the_service_knows_the_client_and_believes_no_claim_of_its_own(behind_nginx, log):
    ask(behind_nginx, "ASK { ?s ?p 'of client' }", **{"X-Forwarded-For": "203.0.113.9"})

    last = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    assert (last["path"], last["client"]) == ("/sparql", "127.0.0.1")


@needs_nginx
def test_a_long_query_comes_through_in_an_address_and_a_longer_one_in_a_form(behind_nginx):
    query = f"ASK {{ ?s ?p ?o }} # {'x' * 50_000}"
    longer = f"ASK {{ ?s ?p ?o }} # {'x' * 90_000}"

    assert ask(behind_nginx, query).text == "true"
    form = requests.post(
        f"{behind_nginx}/sparql", data={"query": longer}, headers={"Accept": "text/csv"}, timeout=60
    )
    assert form.text == "true"


@needs_nginx
def test_a_client_that_leaves_is_noticed_behind_nginx(behind_nginx, log):
    endless = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{behind_nginx}/sparql", params={"query": endless}, timeout=1)

    for _ in range(100):
        if "client left" in log.read_text(encoding="utf-8"):
            return
        time.sleep(0.1)
    pytest.fail("the query of a client that left ran on")
