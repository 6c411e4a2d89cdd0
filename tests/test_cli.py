"""The command line as a person reads it: whole transcripts, and how fast it is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ExampleSpace, Outcome
from publishing import Author, an_author

from nb2space.space import manifest_as_dict, read_manifest
from nb2space.version import __version__
from nb2space.watch import saved_since, say_if_saved_since

Run = Callable[..., Outcome]


def steady(text: str) -> str:
    """`text` with a word for each time and each size, which differ from run to run."""
    text = re.sub(r"\d+\.\d+ s\b", "TIME", text)
    text = re.sub(r"\d+\.\d+ GB, so at least \d+ viewers", "SIZE, so at least N viewers", text)
    return re.sub(r" *\d+(\.\d+)? (B|kB|MB)\b", " SIZE", text)


FITS = (
    "A viewer's kernel takes up to SIZE, so at least N viewers at once fit into the 16 GB of "
    "cpu-basic."
)


def shown(outcome: Outcome) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, without times and sizes."""
    return outcome.code, steady(outcome.out), steady(outcome.err)


@pytest.mark.kernel
def test_convert(run: Run, notebook: Callable[..., Path], tmp_path: Path) -> None:
    # A name that no shell and no command takes for what it is.
    notebook("# Hello\n", "print('hello')", name="-my report.ipynb")
    done = run("convert", "./-my report.ipynb")
    made = tmp_path / "-my report-space"
    count = sum(path.is_file() for path in made.rglob("*"))
    assert shown(done) == (
        0,
        f"-my report-space: 'Hello', 2 cells in TIME, {count} files, SIZE\n"
        "See it:     nb2space view './-my report-space'\n"
        "Publish it: nb2space publish './-my report-space'\n",
        f"Note: {FITS}\n",
    )
    # Again is no question and no error: the folder is made anew.
    assert shown(run("convert", "./-my report.ipynb", "--force")) == shown(done)


@pytest.mark.kernel
def test_convert_notice(run: Run, notebook: Callable[..., Path]) -> None:
    notebook("if False:\n    import nowhere_to_be_found")
    assert shown(run("convert", "small.ipynb"))[::2] == (
        0,
        "Note: The import 'nowhere_to_be_found' belongs to no installed package and no module "
        f"beside the notebook; the app will not find it.\nNote: {FITS}\n",
    )


@pytest.mark.kernel
def test_convert_json(run: Run, notebook: Callable[..., Path], tmp_path: Path) -> None:
    notebook("# Grüße\n", "print('hello')")
    done = run("convert", "small.ipynb", "--json")
    result = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert done.out == json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    assert result.pop("seconds") > 0
    assert [steady(notice) for notice in result.pop("notices")] == [FITS]
    manifest = manifest_as_dict(read_manifest(tmp_path / "small-space"))
    assert result == {
        "folder": "small-space",
        "cells": 2,
        "reused": False,
        "secrets": [],
        "manifest": {**manifest, "files": list(manifest["files"])},
    }
    assert result["manifest"]["title"] == "Grüße"


@pytest.mark.kernel
def test_convert_quiet(run: Run, notebook: Callable[..., Path], tmp_path: Path) -> None:
    notebook("if False:\n    import nowhere_to_be_found")
    assert shown(run("convert", "small.ipynb", "-q")) == (0, "", "")
    assert (tmp_path / "small-space" / "sealed.bin").is_file()


def test_view_help(run: Run) -> None:
    expected = """\
Usage: nb2space view [OPTIONS] DIR|NOTEBOOK

  Serve the Space folder DIR on this machine, as the Space will, and open it.

  A NOTEBOOK is converted first, into the folder that `nb2space convert` would
  make. Ctrl-C ends it.

Options:
  --no-browser          Do not open the browser; print the address only.
  --port INTEGER RANGE  The port to serve on. Without it: any free one.
                        [1<=x<=65535]
  --watch               Convert again whenever the notebook, or a file it
                        uses, is saved, and reload the page.
  --json                Print the result as JSON.
  -q, --quiet           Print nothing but errors.
  --debug               Show the full traceback of an error.
  -h, --help            Show this message and exit.
"""
    assert shown(run("view", "--help")) == (0, expected, "")
    # A command without its argument shows the same, but is not done.
    assert shown(run("view")) == (2, "", expected)


def test_help(run: Run) -> None:
    expected = """\
Usage: nb2space [OPTIONS] COMMAND [ARGS]...

  Turn a Jupyter notebook into a Hugging Face Space: viewers see the result,
  never the script.

  nb2space convert report.ipynb     make the Space folder report-space
  nb2space view report-space        see the app on this machine
  nb2space publish report-space     put it on the Hugging Face Hub

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
  convert   Make a Space folder of a notebook.
  view      See the app of a Space folder on this machine.
  scan      Look for secrets in a notebook or folder.
  audit     Prove that viewers get none of the code.
  publish   Put a Space folder on the Hugging Face Hub.
  status    Tell how a published Space is.
  logs      Show the log of a published Space.
  open      Open a published Space in the browser.
  history   List the published versions of a Space.
  rollback  Go back to an earlier version of a Space.
  pause     Stop the app of a published Space.
  restart   Start the app of a published Space again.
  delete    Delete a published Space.
  export    Write files to run the app elsewhere.
"""
    assert shown(run("--help")) == (0, expected, "")
    assert shown(run("-h")) == (0, expected, "")
    assert shown(run()) == (2, "", expected)
    assert shown(run("--version")) == (0, f"nb2space {__version__}\n", "")


USAGE = """\
Usage: nb2space [OPTIONS] COMMAND [ARGS]...
Try 'nb2space --help' for help.

Error: """


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["covnert", "a.ipynb"], "There is no command 'covnert'. Did you mean 'convert'?"),
        (["frobnicate"], "There is no command 'frobnicate'."),
        (
            ["report.ipynb"],
            "There is no command 'report.ipynb'. To convert it: nb2space convert report.ipynb",
        ),
        (
            ["my report.ipynb"],
            "There is no command 'my report.ipynb'. "
            "To convert it: nb2space convert 'my report.ipynb'",
        ),
    ],
)
def test_unknown_commands(run: Run, words: list[str], said: str) -> None:
    assert shown(run(*words)) == (2, "", f"{USAGE}{said}\n")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["covnert"], ["convert", "--help"]])
def test_what_is_slow_to_import_is_not_imported(words: list[str]) -> None:
    program = (
        "import json, sys\n"
        "from nb2space.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(json.dumps([*sys.modules]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60
    )
    imported = set(json.loads(done.stderr.splitlines()[-1]))
    assert "nb2space.cli" in imported
    slow = {"voila", "nbclient", "nbconvert", "nbformat", "huggingface_hub", "rich", "asyncio"}
    assert imported & slow == set()


@pytest.mark.parametrize("module", ["click", "nb2space.cli.output", "nb2space.cli.convert"])
def test_ctrl_c_is_answered_from_the_first_moment(module: str) -> None:
    program = (
        "import importlib.metadata, os, signal, sys\n"
        "class Ctrl:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n            os.kill(os.getpid(), signal.SIGINT)\n"
        "(entry,) = importlib.metadata.entry_points(group='console_scripts', name='nb2space')\n"
        "sys.meta_path.insert(0, Ctrl())\n"
        "entry.load()()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "convert", "small.ipynb"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\nStopped; nothing was left half-done.\n"


def test_the_end_does_not_cut_a_library_off_that_is_still_loaded() -> None:
    """A thread that is ended within a library written in C++ aborts the process."""
    program = (
        "import atexit, threading\n"
        "atexit.register(print, 'ended by Python')\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "from nb2space.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "covnert"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Did you mean 'convert'?\n")


@pytest.fixture
def author(
    example_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
    own_key_store: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Author]:
    with an_author(example_spaces("report"), tmp_path, own_key_store, run, monkeypatch) as someone:
        yield someone


@pytest.mark.kernel
def test_publish_dry_run(author: Author) -> None:
    entries = read_manifest(author.folder).files
    files = [(entry.path, entry.why) for entry in entries]
    files.append(("nb2space.json", "the list of these files"))
    width = max(len(path) for path, _ in files)
    rows = "".join(f"  new      {path:{width}} SIZE  {why}\n" for path, why in files)
    expected = (
        "ana/report: would be made, public\n"
        f"The secret {next(iter(author.key))} would be set.\n"
        f"{rows}"
        "Nothing was sent.\n"
    )
    outcome = author.publish("--dry-run")
    assert (outcome.code, re.sub(r" +SIZE", " SIZE", steady(outcome.out)), outcome.err) == (
        0,
        re.sub(r" +SIZE", " SIZE", expected),
        "",
    )
    assert ("sealed.bin", "the code, encrypted") in files
    plan = json.loads(author.publish("--dry-run", "--json").out)
    assert plan["dry_run"] is True and plan["plan"]["target"] == "ana/report"
    assert [(file["path"], file["why"]) for file in plan["plan"]["files"]] == files


@pytest.mark.parametrize("words", [["--include", "x"], ["--exclude", "x"], ["--hardware", "x"]])
def test_options_of_the_other_form(run: Run, words: list[str]) -> None:
    done = run("convert", "small.ipynb", "--static", *words)
    assert done.code == 2 and "--static has none" in done.err


@pytest.mark.kernel
def test_what_was_saved_since_is_named(
    run: Run, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    helpers, table = tmp_path / "helpers.py", tmp_path / "table.csv"
    helpers.write_text("A = 1")
    table.write_text("a,b")
    path, folder = (
        notebook("import helpers; print(open('table.csv').read())"),
        tmp_path / "small-space",
    )
    assert run("convert", path).code == 0
    assert saved_since(folder) == []
    later = (folder / "nb2space.json").stat().st_mtime + 5
    os.utime(path, (later, later))
    said: list[str] = []
    say_if_saved_since(folder, said.append)
    for other in (helpers, table):
        os.utime(other, (later, later))
    say_if_saved_since(folder, said.append)
    after = f"saved after {folder} was made; convert it again to have that."
    assert said[0] == f"small.ipynb was {after}"
    assert said[1:] in (
        [f"small.ipynb, helpers.py, table.csv were {after}"],
        [f"small.ipynb, table.csv, helpers.py were {after}"],
    )
    # They are as they were, so nothing is to be done.
    for each in (path, helpers, table):
        os.utime(each, (later - 5, later - 5))
    assert run("convert", path).code == 0
    assert saved_since(folder) == []


@pytest.mark.kernel
def test_the_notebook_of_a_space_folder_is_not_converted(
    run: Run, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("convert", notebook("print(1)")).code == 0
    again = run("convert", tmp_path / "small-space" / "small.ipynb", "-o", "other")
    assert again.code == 2
    assert "is the notebook of a Space folder, whose code was taken out. Convert" in again.err
