"""The audit of folders and of running apps: it finds what leaks, and accuses nobody falsely."""

from __future__ import annotations

import base64
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import nbformat
import pytest
from auditing import expected_leaks, in_png, leaks_on_visit, zipped
from browsing import answering, get
from conftest import CORPUS, ExampleSpace

from nb2space.audit import (
    audit_folder,
    audit_published,
    browser,
    client,
    mover,
    needles_of_record,
    refuse_leaks,
)
from nb2space.audit.report import masked
from nb2space.errors import FindingError
from nb2space.keystore import find_record
from nb2space.space import read_manifest

# -- folders --------------------------------------------------------------------------------


def record_of(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The key store's record of a converted folder; its store becomes the test's."""
    monkeypatch.setenv("NB2SPACE_HOME", str(home))
    record = find_record(read_manifest(folder).space_id)
    assert record
    return record


@pytest.mark.kernel
@pytest.mark.parametrize("stem", ["report", "model", "dashboard"])
def test_the_examples_folders_are_clean(
    stem: str, example_spaces: Callable[[str], ExampleSpace], monkeypatch: pytest.MonkeyPatch
) -> None:
    space = example_spaces(stem)
    record = record_of(space.folder, space.home, monkeypatch)
    report = audit_folder(space.folder, record)
    assert report.leaks == () and report.ok and not report.notes
    assert len(needles_of_record(space.folder, record).items) > 100


def _in_source(notebook: Any, line: str) -> None:
    notebook.cells.append(nbformat.v4.new_code_cell(line))


def _in_metadata(notebook: Any, line: str) -> None:
    notebook.metadata["papermill"] = {"parameters": {"text": line}}


def _in_error(notebook: Any, line: str) -> None:
    error = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[f"--> 3 {line}"])
    notebook.cells.append(nbformat.v4.new_code_cell("", outputs=[error]))


def _in_picture(notebook: Any, line: str) -> None:
    data = {"image/png": base64.b64encode(in_png(line, compressed=True)).decode()}
    output = nbformat.v4.new_output("display_data", data=data)
    notebook.cells.append(nbformat.v4.new_code_cell("", outputs=[output]))


def _in_attachment(notebook: Any, line: str) -> None:
    cell = nbformat.v4.new_markdown_cell("text")
    cell["attachments"] = {"a.txt": {"text/plain": line}}
    notebook.cells.append(cell)


@pytest.mark.kernel
@pytest.mark.parametrize(
    "plant", [_in_source, _in_metadata, _in_error, _in_picture, _in_attachment]
)
@pytest.mark.parametrize(
    "text", ["slope, start = np.polyfit(step, series, deg=1)", "months_ahead"], ids=["line", "name"]
)
def test_what_is_planted_in_the_viewers_notebook_is_found(
    plant: Callable[[Any, str], None],
    text: str,
    example_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = example_spaces("report")
    folder = space.copy_to(tmp_path / "planted")
    path = folder / "report.ipynb"
    notebook = nbformat.read(path, as_version=4)
    plant(notebook, text)
    nbformat.write(notebook, path)
    report = audit_folder(folder, record_of(folder, space.home, monkeypatch))
    assert {leak.where for leak in report.leaks} == {"report.ipynb"}
    assert ("line" if " " in text else "name") in {leak.kind for leak in report.leaks}


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("README.md", b"It uses\n\n    residual = series - (start + slope * step)\n", "line"),
        ("old.zip", zipped(b"# students pay, at most twelve labels\n"), "comment"),
        ("runtime/extra.py", b"def make_sales(year, months, seed=7): ...", "signature"),
        (".git/packed", zlib.compress(b"margin = 1.645 * residual.std(ddof=2)"), "line"),
        ("notes.txt", b"monthly sales: one row a month, one column of units per channel", None),
        ("make_sales", b"", "name"),
    ],
)  # fmt: skip
def test_what_is_planted_in_other_files_is_found(
    name: str,
    content: bytes,
    kind: str | None,
    example_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = example_spaces("report")
    folder = space.copy_to(tmp_path / "planted")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    found = {leak.kind for leak in audit_folder(
        folder, record_of(folder, space.home, monkeypatch)).leaks}  # fmt: skip
    assert (kind in found) if kind else not found


@contextmanager
def small_site(status: int = 200, body: bytes = b"<p>Hello</p>", **headers: str) -> Iterator[str]:
    """An address where each request has this answer; a page of a few words, without a kernel."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts: Any) -> None:
            pass

    with answering(Page) as address:
        yield f"{address}/"


@pytest.mark.kernel
def test_the_command_names_the_place_and_shows_no_code(
    example_spaces: Callable[[str], ExampleSpace], tmp_path: Path, run: Callable[..., Any]
) -> None:
    space = example_spaces("report")
    folder = space.copy_to(tmp_path / "planted")
    line = "residual = series - (start + slope * step)"
    (folder / "README.md").write_text(f"{line}\n")
    home = {"NB2SPACE_HOME": str(space.home)}
    with small_site() as url:
        done = run("audit", folder, "--no-browser", "--url", url, env=home)
        plain = run("audit", folder, "--no-browser", "--url", url, "--json", env=home)
    assert done.code == plain.code == 1
    assert f"README.md: line: {masked('line', line)}" in done.out
    assert "residual" not in done.out + done.err + plain.out + plain.err
    result = json.loads(plain.out)
    assert not result["ok"]
    places = {leak["where"] for channel in result["channels"] for leak in channel["leaks"]}
    assert places == {"README.md"}


def test_what_cannot_be_audited_is_said(
    example_spaces: Callable[[str], ExampleSpace], tmp_path: Path, run: Callable[..., Any]
) -> None:
    space = example_spaces("report")
    home = {"NB2SPACE_HOME": str(space.home)}
    nobody = run("audit", space.folder, "--no-browser", "--url", "http://127.0.0.1:9/", env=home)
    assert nobody.code == 3 and "does not answer" in nobody.err
    none = run("audit", tmp_path / "none")
    assert none.code == 2 and "There is no folder" in none.err
    unknown = run("audit", space.folder)
    assert unknown.code == 2 and "key of" in unknown.err
    sealed = space.copy_to(tmp_path / "other")
    (sealed / "sealed.bin").write_bytes(zipped(b"print(1)"))
    damaged = run("audit", sealed, env=home)
    assert damaged.code == 2 and "cannot be opened" in damaged.err


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({}, "is none of nb2space's"),
        ({"body": b'<meta name="nb2space-version" content="0123456789abcdef">'}, "another version"),
        ({"status": 401}, "only those in who log in"),
        ({"status": 302, "Location": "/login"}, "sends its visitors elsewhere"),
        ({"status": 503}, "answers with 503"),
    ],
)
def test_what_is_not_the_app_is_not_called_clean(
    answer: dict[str, Any],
    sentence: str,
    example_spaces: Callable[[str], ExampleSpace],
    run: Callable[..., Any],
) -> None:
    space = example_spaces("report")
    with small_site(**answer) as url:
        done = run("audit", space.folder, "--url", url, env={"NB2SPACE_HOME": str(space.home)})
    assert done.code == 1, done.out
    assert sentence in done.err and "So nothing is proved; " in done.err
    assert "Nothing leaks" not in done.out and "Traceback" not in done.err


def test_an_answer_that_is_cut_off_is_a_failure_of_the_network(
    example_spaces: Callable[[str], ExampleSpace], run: Callable[..., Any]
) -> None:
    space = example_spaces("report")
    with small_site(Content_Length="5000") as url:
        done = run("audit", space.folder, "--url", url, env={"NB2SPACE_HOME": str(space.home)})
    assert done.code == 3 and "closed" in done.err
    assert "Traceback" not in done.err


@contextmanager
def without_kernels(url: str) -> Iterator[str]:
    """The app at `url`, but that no live session is ever given."""
    ended = threading.Event()

    class Between(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = get(url.rstrip("/") + self.path)
            self.send_response(status)
            self.send_header("Content-Type", headers.get("Content-Type", ""))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if self.path.endswith("nb2space/live"):
                ended.wait()
            self.send_error(404)

        def log_message(self, *parts: Any) -> None:
            pass

    with answering(Between) as address:
        try:
            yield f"{address}/"
        finally:
            ended.set()


@pytest.mark.browser
def test_an_app_that_gives_no_kernel_is_not_called_clean(
    example_spaces: Callable[[str], ExampleSpace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nb2space.serve import free_port, serving

    space = example_spaces("report")
    record = record_of(space.folder, space.home, monkeypatch)
    # A real app is given minutes.
    monkeypatch.setattr(client, "_PAGE_SECONDS", 4)
    monkeypatch.setattr(browser, "_LOAD_SECONDS", 6)
    monkeypatch.setattr(browser, "_READY_SECONDS", 1)
    monkeypatch.setattr(mover, "_MOST_CONTROLS", 2)
    with (
        serving(space.folder, free_port(None), silent=True) as server,
        without_kernels(server.url) as url,
    ):
        for use_browser in (False, True):
            report = audit_published(
                space.folder, record, url, use_browser=use_browser, step=lambda said: None
            )
            assert not report.ok and not report.leaks
            assert client.NO_KERNEL in report.unseen
            assert use_browser == any("within 6 s" in said for said in report.unseen)
            with pytest.raises(FindingError, match="So nothing is proved"):
                refuse_leaks(report, "wait")


# -- running apps ---------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.parametrize("stem", ["report", "model", "dashboard"])
def test_the_examples_give_nothing_away(
    stem: str, example_spaces: Callable[[str], ExampleSpace], run: Callable[..., Any]
) -> None:
    space = example_spaces(stem)
    done = run("audit", space.folder, "--json", env={"NB2SPACE_HOME": str(space.home)})
    result = json.loads(done.out)
    assert done.code == 0, result
    assert result["ok"] and result["moved"] > 1
    # bqplot draws with widgets of its own.
    assert all(note.startswith("Not moved, since only their own") for note in result["notes"])
    sizes = {channel["name"]: channel["bytes_looked_at"] for channel in result["channels"]}
    # The controls were moved, and the kernel answered.
    assert sizes["from the kernel"] > 50_000 and sizes["to the kernel"] > 4_000


@pytest.mark.kernel
@pytest.mark.parametrize("stem", sorted(expected_leaks()))
def test_notebooks_made_to_leak_do_not(
    stem: str, tmp_path: Path, run: Callable[..., Any], own_key_store: Path
) -> None:
    from nb2space.serve import free_port, serving

    # This searches the folder, and writes none that leaks.
    assert run("convert", CORPUS / "leaky" / f"{stem}.ipynb").code == 0
    folder = tmp_path / f"{stem}-space"
    record = find_record(read_manifest(folder).space_id)
    assert record
    needles = needles_of_record(folder, record)
    with serving(folder, free_port(None)) as server:
        found = leaks_on_visit(server.url, needles, use_browser=False)
    assert ("leaks" if found else "clean") == expected_leaks()[stem][1], found


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_an_app_with_hidden_widgets_tells_nothing_by_hand(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    assert run("convert", CORPUS / "leaky" / "hidden-widget.ipynb").code == 0
    done = run("audit", "hidden-widget-space")
    assert done.code == 0, done.out
    assert "Nothing leaks" in done.out
