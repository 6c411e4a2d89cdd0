"""The static form: what a conversion makes, what a browser shows of it, how it is published."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import source_lines, viewing
from conftest import NOTEBOOKS, ExampleSpace, Outcome, code
from publishing import FREE_TOKEN, an_author, published_files

from nb2space.space import MANIFEST, read_files, read_manifest

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

# What Voila's bundle says of any page: its own version of shared modules.
_SAID_ANYWHERE = re.compile(r"shared (?:singleton )?module")

# Cells whose controls a page can do by itself, and one whose callback nothing can replay.
SMALL = (
    "# Static",
    "from ipywidgets import interact\nimport ipywidgets as widgets",
    "@interact(number=(1, 4))\ndef doubled_value(number=2):\n    print('Twice is', number * 2)",
    "clicked = widgets.Button(description='Now')\nshown_time = widgets.Label('never')\n"
    "import time\n"
    "def tell_the_time(_):\n    shown_time.value = str(time.time_ns())\n"
    "clicked.on_click(tell_the_time)\ndisplay(clicked, shown_time)",
)


@dataclass
class Seen:
    """A static page in Chromium, and what was noticed while it loaded."""

    page: Any
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def check(self, host: str) -> None:
        """Nothing went wrong, and nothing came from elsewhere."""
        assert self.errors == []
        assert self.missing == []
        assert self.outside == []
        assert self.hosts <= {host}


@contextmanager
def serving_below(folder: Path, place: str = "some/where") -> Iterator[str]:
    """A plain web server that has `folder` below a path; the address of the folder."""
    prefix = f"/{place}/"

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            inside = path.startswith(prefix)
            return super().translate_path(path.removeprefix(prefix) if inside else "/none")

        def log_message(self, format: str, *words: Any) -> None:
            pass

    handler = functools.partial(Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def opened(chromium: Any, url: str, *, scripts: bool = True, frame: bool = False) -> Iterator[Seen]:
    """Open the page; with `frame`, inside a page of another address."""
    context = chromium.new_context(java_script_enabled=scripts)
    page = context.new_page()
    seen = Seen(page)

    def answered(response: Any) -> None:
        if response.status >= 400:
            seen.missing.append(response.url)
        if not response.url.startswith((url, "data:", "blob:")):
            seen.outside.append(response.url)

    def said(message: Any) -> None:
        if message.type == "error" and not _SAID_ANYWHERE.search(message.text):
            seen.errors.append(message.text)

    page.on("response", answered)
    page.on("console", said)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.hosts.add(request.url.split("/")[2]))
    if frame:
        page.set_content(f'<iframe src="{url}" width="1000" height="800"></iframe>')
    else:
        page.goto(url)
    yield seen
    context.close()


def host_of(url: str) -> str:
    """The host and port in an address."""
    return url.split("/")[2]


def convert_static(notebook: Path, place: Path, *words: str) -> ExampleSpace:
    """Convert a notebook into the static form, as a person would who agrees to all of it."""
    home = place / "key-store"
    subprocess.run(
        [sys.executable, "-m", "nb2space", "convert", str(notebook), "--static", "--yes", *words],
        cwd=place,
        env={**os.environ, "NB2SPACE_HOME": str(home)},
        check=True,
        timeout=280,
    )
    return ExampleSpace(place / f"{notebook.stem}-space", home)


@pytest.fixture(scope="module")
def static_spaces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ExampleSpace]:
    """The examples, each converted once."""
    made: dict[str, ExampleSpace] = {}

    def space(stem: str) -> ExampleSpace:
        if stem not in made:
            place = tmp_path_factory.mktemp(f"static-{stem}")
            notebook = NOTEBOOKS / f"{stem}.ipynb"
            if stem == "small":
                notebook = place / "small.ipynb"
                cells = [
                    nbformat.v4.new_markdown_cell(text) if text.startswith("#") else code(text)
                    for text in SMALL
                ]
                nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
            made[stem] = convert_static(notebook, place, "--lang", "id", "--allow-frozen")
        return made[stem]

    return space


EXAMPLES = {
    "report": "monthly sales report",
    "model": "model",
    "dashboard": "dashboard",
    "small": "Static",
}


@pytest.mark.parametrize("stem", EXAMPLES)
def test_folder(static_spaces: Callable[[str], ExampleSpace], stem: str) -> None:
    folder = static_spaces(stem).folder
    manifest = read_manifest(folder)
    files = {file.path: file.content for file in read_files(folder, manifest)}
    assert manifest.form == "static"
    assert "sdk: static" in files["README.md"].decode()
    assert not {"Dockerfile", "sealed.bin", "requirements.txt"} & set(files)
    assert not any(path.endswith((".py", ".ipynb")) for path in files)
    notebook = folder.parent / "small.ipynb" if stem == "small" else NOTEBOOKS / f"{stem}.ipynb"
    lines = source_lines(notebook)
    assert lines
    ours = [c for path, c in files.items() if not path.startswith("voila/")]
    assert [line for line in lines for content in ours if line in content] == []
    html = files["index.html"].decode()
    assert re.findall(r'(?:src|href)="(?:https?:)?/[^"]*"', html) == []
    assert str(Path.home()) not in html
    assert sys.prefix not in html


@pytest.mark.parametrize("stem", EXAMPLES)
def test_page_below_a_path(
    static_spaces: Callable[[str], ExampleSpace], chromium: Any, stem: str
) -> None:
    with serving_below(static_spaces(stem).folder) as url, opened(chromium, url) as seen:
        seen.page.get_by_text(EXAMPLES[stem], exact=False).first.wait_for()
        seen.page.locator(".jupyter-widgets").first.wait_for()
        # Until the last of the scripts has come.
        seen.page.wait_for_load_state("networkidle")
        seen.check(host_of(url))


def test_page_in_a_frame(static_spaces: Callable[[str], ExampleSpace], chromium: Any) -> None:
    folder = static_spaces("report").folder
    with serving_below(folder) as url, opened(chromium, url, frame=True) as seen:
        frame = seen.page.frame_locator("iframe")
        frame.get_by_text("Months ahead").first.wait_for()
        frame.locator("img").first.wait_for()
        seen.check(host_of(url))


def test_without_scripts(static_spaces: Callable[[str], ExampleSpace], chromium: Any) -> None:
    folder = static_spaces("report").folder
    with serving_below(folder) as url, opened(chromium, url, scripts=False) as seen:
        assert seen.page.locator("table").first.is_visible()
        assert seen.page.locator("img").first.is_visible()
        assert "Web shop" in seen.page.inner_text("body")
        assert seen.page.title() == "Alder Lamps: monthly sales report"


def test_controls_that_are_off_say_why(
    static_spaces: Callable[[str], ExampleSpace], chromium: Any
) -> None:
    with serving_below(static_spaces("small").folder) as url, opened(chromium, url) as seen:
        button = seen.page.get_by_role("button", name="Now")
        button.wait_for()
        assert button.is_disabled()
        assert button.get_attribute("title") == "Ini perlu versi langsung."


def test_view_serves_it(
    static_spaces: Callable[[str], ExampleSpace], chromium: Any, tmp_path: Path
) -> None:
    space = static_spaces("report")
    with (
        viewing(space.folder, cwd=tmp_path, home=space.home) as command,
        opened(chromium, command.url) as seen,
    ):
        seen.page.get_by_text("Months ahead").first.wait_for()
        seen.check(host_of(command.url))
    assert command.process.returncode in (0, 130)


def test_audit_finds_nothing_and_finds_what_is_put_in(
    static_spaces: Callable[[str], ExampleSpace], tmp_path: Path, run: Callable[..., Outcome]
) -> None:
    space = static_spaces("small")
    env = {"NB2SPACE_HOME": str(space.home)}
    assert run("audit", space.folder, env=env).code == 0
    folder = space.copy_to(tmp_path / "copy")
    page = folder / "index.html"
    line = "def doubled_value(number=2): print('Twice is', number * 2)"
    page.write_text(page.read_text().replace("</body>", f"<!-- {line} --></body>"))
    table = folder / "page" / "table.json"
    content = json.loads(table.read_bytes())
    content["states"]["x"] = {"state": {"value": "shown_time.value = str(time.time_ns())"}}
    table.write_text(json.dumps(content))
    from nb2space.audit import audit_folder
    from nb2space.keystore import find_record

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NB2SPACE_HOME", str(space.home))
        record = find_record(read_manifest(folder).space_id)
        assert record is not None
        report = audit_folder(folder, record)
    assert {leak.where for leak in report.leaks} >= {"index.html", "page/table.json"}


def test_published_on_a_free_account(
    static_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
    own_key_store: Path,
    run: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = static_spaces("report")
    with an_author(space, tmp_path, own_key_store, run, monkeypatch) as author:
        author.hub.app = None
        outcome = author.publish(token=FREE_TOKEN)
        assert outcome.code == 0, outcome.err
        repo = author.hub.repos["bob/report"]
        assert repo.sdk == "static"
        assert repo.secrets == {}
        manifest = (author.folder / MANIFEST).read_bytes()
        assert published_files(repo)[MANIFEST] == manifest
        assert "The app answers at" in outcome.out
        again = author.publish(token=FREE_TOKEN)
        assert "nothing to commit" in again.err


def test_a_free_account_is_told_of_it(author: Any) -> None:
    outcome = author.publish(token=FREE_TOKEN)
    assert outcome.code != 0
    assert "nb2space convert NOTEBOOK --static" in outcome.err


def test_the_same_notebook_gives_the_same_folder(
    static_spaces: Callable[[str], ExampleSpace], tmp_path: Path
) -> None:
    first = static_spaces("small")
    notebook = first.folder.parent / "small.ipynb"
    second = convert_static(notebook, tmp_path, "--lang", "id", "--allow-frozen")

    def content(folder: Path) -> dict[str, str]:
        entries = {entry.path: entry.sha256 for entry in read_manifest(folder).files}
        return {path: entries[path] for path in entries if path != "index.html"}

    assert content(first.folder) == content(second.folder)


def test_a_recorded_control_answers(
    static_spaces: Callable[[str], ExampleSpace], chromium: Any
) -> None:
    with serving_below(static_spaces("small").folder) as url, opened(chromium, url) as seen:
        seen.page.get_by_text("Twice is 4").wait_for()
        seen.page.locator(".noUi-handle").first.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.page.get_by_text("Twice is 6").wait_for()
        seen.check(host_of(url))
