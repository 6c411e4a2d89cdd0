"""Running the app elsewhere: what is written is valid, and viewers are kept apart."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import shutil
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from conftest import ExampleSpace, Outcome

from nb2space import elsewhere
from nb2space.keystore import find_record, save_record
from nb2space.serve import free_port, serving
from nb2space.space import read_manifest

PASSWORD = "correct 'horse' $HOME \\ \"battery\""


@pytest.fixture
def folder(
    example_spaces: Callable[[str], ExampleSpace], tmp_path: Path, own_key_store: Path
) -> Path:
    """A Space folder whose notebook has a secret."""
    example = example_spaces("report")
    shutil.copytree(example.home, own_key_store)
    made = example.copy_to(tmp_path / example.folder.name)
    record = find_record(read_manifest(made).space_id)
    assert record
    save_record(replace(record, secrets={"DB_PASSWORD": PASSWORD, "PIN": ""}))
    return made


def key_of(folder: Path) -> str:
    record = find_record(read_manifest(folder).space_id)
    assert record
    return record.key


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.mark.kernel
def test_compose(folder: Path, run: Callable[..., Outcome]) -> None:
    outcome = run("export", "compose", folder, "--copies", "3")
    assert (outcome.code, outcome.out) == (
        0,
        "report-space-compose: .gitignore, compose.yaml, nginx.conf, secrets.env\n"
        "Start it: docker compose -f report-space-compose/compose.yaml up --build\n"
        "Then open: http://localhost:8080/\n",
    )
    assert outcome.err.startswith("Note: The notebook's code uses the secret PIN, and this machine")
    made = folder.with_name("report-space-compose")
    files = written(made)
    services = yaml.safe_load(files["compose.yaml"])["services"]
    assert services.keys() == {"app-1", "app-2", "app-3", "front"}
    context = made / services["app-1"]["build"]["context"]
    assert (context / "Dockerfile").samefile(folder / "Dockerfile")
    assert re.findall(r"server (app-\d):7860;", files["nginx.conf"]) == ["app-1", "app-2", "app-3"]
    # Again replaces what the export before made.
    assert run("export", "compose", folder, "--copies", "2").code == 0
    assert "app-3" not in (made / "compose.yaml").read_text()
    check_secrets(made, "secrets.env", [PASSWORD.split()[0], key_of(folder)])
    check_schema(made / "compose.yaml", 0)
    (made / "compose.yaml").write_text(files["compose.yaml"].replace("restart:", "restrat:"))
    check_schema(made / "compose.yaml", 1)


def check_schema(compose: Path, expected: int) -> None:
    """Ask whether the file is as the published Compose specification has it."""
    words = ["--builtin-schema", "vendor.compose-spec", str(compose)]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words], capture_output=True, text=True
    )
    assert done.returncode == expected, done.stdout + done.stderr


@pytest.mark.kernel
def test_kubernetes(folder: Path, run: Callable[..., Outcome]) -> None:
    import kubernetes_validate

    words = ["--host", "sales.example.org", "--image", "registry.example.org/report:1"]
    outcome = run("export", "kubernetes", folder, "-o", "deploy", *words, "-q")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    made = folder.with_name("deploy")
    files = written(made)
    documents = [*yaml.safe_load_all(files["app.yaml"]), yaml.safe_load(files["secret.yaml"])]
    for document in documents:
        kubernetes_validate.validate(document, "1.31", strict=True)
    deployment, service, ingress, secret = documents
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "registry.example.org/report:1"
    assert container["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert ingress["spec"]["rules"][0]["host"] == "sales.example.org"
    key = key_of(folder)
    assert secret["stringData"] == {"NB2SPACE_KEY": key, "DB_PASSWORD": PASSWORD}
    check_secrets(made, "secret.yaml", [key, "battery"])


def check_secrets(made: Path, place: str, secrets: list[str]) -> None:
    """The secrets are in one file, which is its owner's only and which git leaves alone."""
    assert stat.S_IMODE((made / place).stat().st_mode) == 0o600
    assert (made / ".gitignore").read_text() == f"# Made by nb2space.\n{place}\n"
    for name, text in written(made).items():
        assert [secret in text for secret in secrets] == [name == place] * len(secrets)


@pytest.mark.kernel
def test_what_cannot_be_exported(folder: Path, run: Callable[..., Outcome]) -> None:
    outcome = run("export", "compose", folder, "-o", folder)
    assert outcome.code == 2
    assert outcome.err == (
        f"Error: {folder} is a Space folder, whose files are published. Name another with -o.\n"
    )
    own = folder.parent / "own"
    own.mkdir()
    (own / ".gitignore").write_text("thesis.tex\n")
    outcome = run("export", "kubernetes", folder, "-o", own)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"Error: {own}/.gitignore was not made by nb2space and would be lost. Name another folder "
        "with -o.\n"
    )
    assert written(own) == {".gitignore": "thesis.tex\n"}
    (folder.parent / "file").write_text("")
    outcome = run("export", "compose", folder, "-o", "file")
    assert outcome.code == 2 and "Traceback" not in outcome.err
    assert run("export", "heroku", folder).code == 2


@pytest.mark.parametrize(
    ("notebook", "name"),
    [
        ("Q3 Report!.ipynb", "q3-report"),
        ("é.ipynb", "app"),
        (f"{'a' * 39}-b.ipynb", "a" * 39),
        ("2026 sales.ipynb", "app-2026-sales"),
    ],
)
def test_names(folder: Path, notebook: str, name: str) -> None:
    manifest = replace(read_manifest(folder), notebook=notebook)
    assert elsewhere.app_name(manifest) == name


@contextmanager
def nginx(servers: list[str], place: Path) -> Iterator[str]:
    """A front server as it is exported, on loopback; its address."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port = free_port(None)
    conf = place / "nginx.conf"
    conf.write_bytes(elsewhere.front_server(servers, listen=f"127.0.0.1:{port}"))
    kept = f"daemon off; pid {place}/pid; error_log {place}/error.log;"
    process = subprocess.Popen([program, "-p", str(place), "-c", str(conf), "-g", kept])
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/nb2space/health").close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)


def has_kernel(url: str, kernel: str, cookie: str) -> bool:
    """Whether the server at `url` lets a page with this cookie reach its kernel."""
    base = urlsplit(url)
    connection = http.client.HTTPConnection(base.netloc, timeout=30)
    headers = {
        "Cookie": cookie,
        "Origin": f"http://{base.netloc}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    try:
        connection.request("GET", f"/api/kernels/{kernel}/channels?session_id=x", headers=headers)
        answer = connection.getresponse()
        answer.close()
        return answer.status == 101
    finally:
        connection.close()


@pytest.mark.kernel
def test_each_viewer_stays_with_the_copy_that_has_their_kernel(
    folder: Path, tmp_path: Path
) -> None:
    ports = [free_port(None), free_port(None)]
    servers = [f"127.0.0.1:{port}" for port in ports]
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(serving(folder, port, silent=True))
        url = stack.enter_context(nginx(servers, tmp_path))
        copies = set()
        for viewer in range(12):
            jar = http.cookiejar.CookieJar()
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
            opener.open(url, timeout=120).close()
            with opener.open(f"{url}nb2space/live", data=b"", timeout=120) as answer:
                session = answer.read().decode()
            found = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', session)
            assert found
            cookie = "; ".join(f"{one.name}={one.value}" for one in jar)
            assert elsewhere.COOKIE in cookie
            for _ in range(5):
                assert has_kernel(url, found[1], cookie)
            places = [has_kernel(f"http://{server}/", found[1], cookie) for server in servers]
            assert sorted(places) == [False, True]
            copies.add(places.index(True))
            if viewer >= 3 and len(copies) == 2:
                break
        assert copies == {0, 1}, "both copies have viewers"
