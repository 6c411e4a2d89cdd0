"""Fixtures that tests of several stages share. Everything is real: kernels, servers, Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
CORPUS = ROOT / "tests" / "corpus"

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    # Without these, Chromium looks for servers of its own at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def own_key_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Each test has a key store of its own; the author's is never touched."""
    home = tmp_path / "key-store"
    monkeypatch.setenv("NB2SPACE_HOME", str(home))
    yield home
    # A thread that is still loading would keep what it found in the next test's.
    for thread in threading.enumerate():
        if thread.name == "nb2space-warmup":
            thread.join()


@dataclass(frozen=True)
class Outcome:
    """How a command of nb2space ended."""

    code: int
    out: str
    err: str


BOUND_BY_MODES = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
)
"""What starts a command for which the modes of files hold, even if it is root who starts it."""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Outcome]:
    """Run the installed command `nb2space` in `tmp_path`, as a person would.

    `through` is a command that starts it, whose last words it becomes.
    """

    def call(
        *words: str | Path,
        env: dict[str, str] | None = None,
        text: str = "",
        through: Sequence[str] = (),
    ) -> Outcome:
        done = subprocess.run(
            [*through, sys.executable, "-m", "nb2space", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            input=text,
            capture_output=True,
            text=True,
            timeout=240,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of the given cells (text is code, "# …" is Markdown) to tmp_path."""

    def write(*cells: Any, name: str = "small.ipynb", **metadata: Any) -> Path:
        made = []
        for number, cell in enumerate(cells):
            if isinstance(cell, str):
                cell = (
                    nbformat.v4.new_markdown_cell(cell)
                    if cell.startswith("# ")
                    else nbformat.v4.new_code_cell(cell)
                )
            cell["id"] = f"c{number}"
            made.append(cell)
        path = tmp_path / name
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=metadata), path)
        return path

    return write


def code(source: str, *tags: str) -> Any:
    """A code cell with tags."""
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


@dataclass(frozen=True)
class ExampleSpace:
    """A Space folder converted once for all tests of a session, with the key store it needs."""

    folder: Path
    home: Path

    def record(self) -> Any:
        """What its key store knows of it."""
        from nb2space.keystore import find_record
        from nb2space.space import read_manifest

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NB2SPACE_HOME", str(self.home))
            return find_record(read_manifest(self.folder).space_id)

    def copy_to(self, target: Path) -> Path:
        """A copy of the folder that a test may change."""
        shutil.copytree(self.folder, target)
        return target


@pytest.fixture(scope="session")
def example_spaces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ExampleSpace]:
    """Convert a notebook of notebooks/ by its stem, once a session."""
    made: dict[str, ExampleSpace] = {}

    def space(stem: str) -> ExampleSpace:
        if stem not in made:
            place = tmp_path_factory.mktemp(stem)
            home = place / "key-store"
            subprocess.run(
                [sys.executable, "-m", "nb2space", "convert", str(NOTEBOOKS / f"{stem}.ipynb")],
                cwd=place,
                env={**os.environ, "NB2SPACE_HOME": str(home)},
                check=True,
                timeout=240,
            )
            made[stem] = ExampleSpace(place / f"{stem}-space", home)
        return made[stem]

    return space


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running Chromium, driven through Playwright."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "Chromium is not installed; tests/run installs what tests need"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def author(
    example_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
    own_key_store: Path,
    run: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """Someone whose report is converted, at a Hub on loopback: see publishing.Author."""
    from publishing import an_author

    with an_author(example_spaces("report"), tmp_path, own_key_store, run, monkeypatch) as one:
        yield one
