"""Notebooks that need packages, files, fonts or libraries, in images that are built for real.

    python tests/environments.py [--keep] [--view] [NAME ...]

Each directory of tests/corpus/environments holds a `notebook.ipynb`, what it needs, a `prepare.py`
that makes those of its files that are no text, and a `verify.py` that looks at the app as a viewer
does. The command converts each of them (or those that are named), builds the image, starts it, and
prints one line for each; its exit code is 1 when one failed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browsing import Viewer, source_lines, viewer, viewing, wait_until
from conftest import CHROMIUM, CHROMIUM_OPTIONS, CORPUS
from test_image import PORT, ImageTools, image_tools

from nb2space.keystore import find_record
from nb2space.space import read_manifest

ENVIRONMENTS = CORPUS / "environments"
NOTEBOOK = "notebook.ipynb"
PREPARE = "prepare.py"
VERIFY = "verify.py"

_CONVERT_SECONDS = 600
_PAGE_SECONDS = 300


def names() -> list[str]:
    """The names of all notebooks' directories."""
    return sorted(path.parent.name for path in ENVIRONMENTS.glob(f"*/{NOTEBOOK}"))


# What the files verify.py ask of a page.


def rows(seen: Viewer) -> list[str]:
    """The text of each row of the tables, with one blank between its cells."""
    found = seen.page.locator("#rendered_cells tr").all_inner_texts()
    return [" ".join(row.split()) for row in found]


def picture_sources(seen: Viewer) -> list[str]:
    """The `src` of every picture."""
    found = seen.page.locator("#rendered_cells img").all()
    return [picture.get_attribute("src") for picture in found]


def pictures(seen: Viewer) -> int:
    """How many pictures there are, once each of them has loaded."""
    loaded = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    wait_until(lambda: seen.page.evaluate(loaded))
    return len(picture_sources(seen))


def step(seen: Viewer, slider: int = 0) -> None:
    """Move a slider one step up."""
    handle = seen.page.locator(".noUi-handle").nth(slider)
    handle.focus()
    seen.page.keyboard.press("ArrowRight")


def choose(seen: Viewer, option: str) -> None:
    """Choose an option in the dropdown that has it."""
    listed = seen.page.locator(f'option[value="{option}"]')
    seen.page.locator("select").filter(has=listed).select_option(option)


def press(seen: Viewer, button: str) -> None:
    """Press the button of this name."""
    seen.page.get_by_role("button", name=button).click()


# From a directory to a page.


class Failure(Exception):
    """A conversion, a build or a start that failed, with what was printed."""


@dataclass
class Timing:
    """How long each stage took, in seconds, as far as it came; `megabytes` are the image's.

    `start` is from the folder to the answer of the app, the build included; `page` from opening
    the page to the moment when all cells are shown.
    """

    convert: float | None = None
    start: float | None = None
    page: float | None = None
    megabytes: int | None = None

    def __str__(self) -> str:
        stages = (("convert", self.convert), ("build", self.start), ("page", self.page))
        line = "  ".join(f"{stage} {_number(taken, 6, '.1f')} s" for stage, taken in stages)
        return f"{line}  {_number(self.megabytes, 5, 'd')} MB"


def _number(value: float | None, width: int, form: str) -> str:
    return "-".rjust(width) if value is None else format(value, f"{width}{form}")


def prepared(name: str, place: Path) -> Path:
    """The notebook in a copy of the directory `name` below `place`, with all of its files made."""
    copy = place / name
    shutil.copytree(ENVIRONMENTS / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / VERIFY).unlink()
    if (copy / PREPARE).is_file():
        _do([sys.executable, PREPARE], copy)
        (copy / PREPARE).unlink()
    return copy / NOTEBOOK


def converted(notebook: Path, place: Path) -> Path:
    """The folder below `place` that the installed nb2space makes of `notebook`."""
    folder = place / "space"
    _do([sys.executable, "-m", "nb2space", "convert", str(notebook), "-o", str(folder)], place)
    return folder


def _do(command: list[str], cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=_CONVERT_SECONDS
    )
    with (cwd / "command.log").open("a") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode:
        raise Failure(f"{' '.join(command)} ended with {done.returncode}:\n{_end(done.stderr)}")


def _end(text: str, lines: int = 30) -> str:
    return "\n".join(text.splitlines()[-lines:])


Serve = Callable[[Path, Path], AbstractContextManager[str]]
"""From a folder and a place for logs to the address at which the app answers."""


@contextmanager
def by_view(folder: Path, place: Path) -> Iterator[str]:
    """The app as `nb2space view` serves it: in the author's environment, in a second."""
    with viewing(folder, cwd=place, home=Path(os.environ["NB2SPACE_HOME"])) as app:
        yield app.url


@dataclass(frozen=True)
class Images:
    """Serves apps from images that `tools` build and start."""

    tools: ImageTools

    @contextmanager
    def __call__(self, folder: Path, place: Path) -> Iterator[str]:
        """The app in its image; what is printed goes to build.log and app.log in `place`."""
        record = find_record(read_manifest(folder).space_id)
        assert record
        logged = _logged(self.tools, place)
        try:
            with logged.running(folder, NB2SPACE_KEY=record.key, **record.secrets) as log:
                if not any("Ready" in line for line in log):
                    raise Failure(f"The app did not start:\n{_end(''.join(log))}")
                yield f"http://127.0.0.1:{PORT}/"
        except subprocess.CalledProcessError:
            raise Failure(f"No image:\n{_end((place / 'build.log').read_text())}") from None

    def megabytes(self) -> int | None:
        """The size of all files in the image that was built last."""
        counted = subprocess.run(
            [*self.tools.run, *self.tools.image, "du", "-smx", "/"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120,
        )  # fmt: skip
        found = re.match(r"\d+", counted.stdout)
        return int(found[0]) if found else None


@dataclass(frozen=True)
class _Logged(ImageTools):
    """Image tools behind a shell that keeps what they print."""

    last: tuple[str, ...] = ()

    @property
    def image(self) -> list[str]:
        return list(self.last)


def _logged(tools: ImageTools, place: Path) -> ImageTools:
    """The same `tools`; what they print is written to build.log and app.log in `place`."""
    return _Logged(
        build=["sh", "-c", 'exec "$@" >"$0" 2>&1', f"{place}/build.log", *tools.build],
        run=["bash", "-c", 'exec "$@" > >(exec tee "$0") 2>&1', f"{place}/app.log", *tools.run],
        last=tuple(tools.image),
    )


def check(name: str, place: Path, serve: Serve, chromium: Any, timing: Timing) -> None:
    """Convert the notebook `name`, serve it and look at it; the seconds are put into `timing`.

    Raises Failure, an AssertionError or an error of Playwright, the last two with the app's log.
    """
    notebook = prepared(name, place)
    begin = time.monotonic()
    folder = converted(notebook, place)
    timing.convert = time.monotonic() - begin
    begin = time.monotonic()
    with serve(folder, place) as url:
        timing.start = time.monotonic() - begin
        begin = time.monotonic()
        with viewer(chromium, url) as seen:
            try:
                seen.page.locator("#rendered_cells").wait_for(timeout=_PAGE_SECONDS * 1000)
                # Until then it shows what the author's run left.
                seen.wait_until_live(_PAGE_SECONDS)
                timing.page = time.monotonic() - begin
                _look(name, seen)
            except Exception as error:
                with suppress(Exception):
                    seen.page.screenshot(path=place / "page.png", full_page=True)
                raise AssertionError(f"{_place_of(error)}: {error}\n{_log(place)}") from error


def _look(name: str, seen: Viewer) -> None:
    _verify_of(name)(seen)
    pictures(seen)
    assert "could not be shown" not in seen.text()
    assert seen.hosts == {seen.page.url.split("/")[2]}, "nothing is asked of another host"
    received = seen.received()
    lines = source_lines(ENVIRONMENTS / name / NOTEBOOK)
    assert [line for line in lines if line in received] == [], "no script reaches a viewer"


def _verify_of(name: str) -> Callable[[Viewer], None]:
    spec = importlib.util.spec_from_file_location(f"verify_{name}", ENVIRONMENTS / name / VERIFY)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    verify: Callable[[Viewer], None] = module.verify
    return verify


def _place_of(error: Exception) -> str:
    """The line of a file of ours that the error came from, the innermost one."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(CORPUS.parent)]
    own = [frame for frame in ours if Path(frame.filename).name == VERIFY] or ours
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}, {own[-1].line}"


def _log(place: Path) -> str:
    log = place / "app.log"
    return f"The app's log:\n{_end(log.read_text(errors='replace'))}" if log.is_file() else ""


def main() -> int:
    """The command."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Check the notebooks of tests/corpus/environments")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them without a name")
    parser.add_argument("--keep", action="store_true", help="keep the folders, and say where")
    parser.add_argument("--view", action="store_true", help="serve them here, without images")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names()):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    tools = None if asked.view else image_tools()
    if not (tools or asked.view):
        parser.error("no Docker engine here, and NB2SPACE_IMAGE_TOOLS names no tools in its place")
    images = Images(tools) if tools else None
    place = Path(tempfile.mkdtemp(prefix="nb2space-environments-"))
    os.environ["NB2SPACE_HOME"] = str(place / "key-store")
    failed = False
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
            for name in asked.names or names():
                timing, end = Timing(), "ok"
                (place / name).mkdir()
                try:
                    check(name, place / name, images or by_view, chromium, timing)
                    timing.megabytes = images.megabytes() if images else None
                except Exception as error:
                    failed, end = True, f"FAILED\n{type(error).__name__}: {error}"
                print(f"{name:16}  {timing}  {end}", flush=True)
            chromium.close()
    finally:
        if asked.keep:
            print(f"Kept: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
