"""Whatever cannot be converted: one sentence with advice, exit code 2, and nothing is written."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BOUND_BY_MODES, Outcome, code

from nb2space.cache import cache_folder

Run = Callable[..., Outcome]
Write = Callable[..., Path]


def everything(folder: Path) -> dict[str, bytes]:
    """Every file and folder below `folder`, but for the private cache and the machine's key."""
    kept = cache_folder()
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if not (path == kept or path in kept.parents or kept in path.parents)
        and path != kept.parent / "machine.key"
    }


@pytest.fixture
def refused(run: Run, tmp_path: Path) -> Callable[..., str]:
    """Run a command that must be refused; what it says after "Error: ", and is all it says."""

    def call(*words: str | Path, **how: Any) -> str:
        before = everything(tmp_path)
        outcome = run(*words, **how)
        assert everything(tmp_path) == before
        assert (outcome.code, outcome.out) == (2, ""), outcome.err
        assert outcome.err.startswith("Error: ") and outcome.err.count("\n") == 1, outcome.err
        return outcome.err.removeprefix("Error: ").rstrip("\n")

    return call


def test_files_that_are_no_notebooks(
    refused: Callable[..., str], notebook: Write, tmp_path: Path
) -> None:
    good = json.loads(notebook("1").read_text())
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "broken.ipynb").write_text('{"cells": [,]}')
    (tmp_path / "five.ipynb").write_text(json.dumps({**good, "nbformat": 5}))
    (tmp_path / "empty.ipynb").write_text(json.dumps({**good, "cells": []}))
    (tmp_path / "zero.ipynb").write_text("")
    (tmp_path / "photo.ipynb").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\xfa")
    (tmp_path / "list.ipynb").write_text("[1]")
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name, said in {
        "smal.ipynb": "There is no file smal.ipynb. Notebooks there: small.ipynb, ",
        "broke.ipynb": "There is no file broke.ipynb. Notebooks there: broken.ipynb, ",
        "nowhere/small.ipynb": "There is no file nowhere/small.ipynb.",
        "folder.ipynb": "folder.ipynb is a folder; name the notebook in it.",
        "broken.ipynb": "broken.ipynb is not a readable notebook: its JSON is broken at line 1, "
        "column 12 (Expecting value). Mend it there in a text editor, since Jupyter cannot open "
        "it, or restore a copy, such as the last one in .ipynb_checkpoints.",
        "pipe.ipynb": "pipe.ipynb is a pipe or a device. Save the notebook as a file first.",
        "five.ipynb": "five.ipynb is in notebook format 5, which is newer than",
        "empty.ipynb": "empty.ipynb has no cell with content; there is nothing to show.",
        "zero.ipynb": "zero.ipynb is empty; it is not a notebook yet. Save it in Jupyter first.",
        "photo.ipynb": "photo.ipynb is not a notebook: byte 0 is not valid text",
        "list.ipynb": "list.ipynb is not a Jupyter notebook: it is JSON, but has no 'nbformat'.",
    }.items():
        assert refused("convert", name).startswith(said)
    assert refused("view", "--no-browser", "smal.ipynb").startswith("There is no file smal.ipynb.")
    assert refused("view", "SMAL.IPYNB").startswith("There is no file SMAL.IPYNB.")
    assert refused("view", "smal") == (
        "There is no folder smal. Make one: nb2space convert NOTEBOOK"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("convert closed/small.ipynb", "closed/small.ipynb cannot be read: Permission denied."),
        ("view closed/small.ipynb", "closed/small.ipynb cannot be read: Permission denied."),
        ("scan closed/small.ipynb", "closed/small.ipynb cannot be read: Permission denied."),
        ("convert unread.ipynb", "unread.ipynb cannot be read: Permission denied."),
        ("scan unread.ipynb", "unread.ipynb cannot be read: Permission denied."),
        ("scan fixed", "fixed/unread.txt: Permission denied."),
        ("audit closed", "closed/nb2space.json cannot be read: Permission denied."),
        ("convert small.ipynb -o closed/a/space", "closed/a/space cannot be written: Permission "
         "denied. Name another folder with convert -o."),
        ("convert small.ipynb -o fixed/a/space", "fixed/a/space cannot be written: Permission "
         "denied. Name another folder with convert -o."),
        ("convert small.ipynb -o unread.ipynb/a", "unread.ipynb/a cannot be written: Not a "
         "directory. Name another folder with convert -o."),
    ],
)  # fmt: skip
def test_places_without_rights(
    run: Run, notebook: Write, tmp_path: Path, words: str, said: str
) -> None:
    small = notebook("open('executed', 'w')")
    modes = {"closed": 0o000, "fixed/unread.txt": 0o000, "fixed": 0o500, "unread.ipynb": 0o000}
    for name in ("closed", "fixed"):
        (tmp_path / name).mkdir()
    shutil.copy(small, tmp_path / "closed")
    shutil.copy(small, tmp_path / "unread.ipynb")
    (tmp_path / "fixed" / "unread.txt").touch()
    before = everything(tmp_path)
    for name, mode in modes.items():
        (tmp_path / name).chmod(mode)
    try:
        outcome = run(*words.split(), through=BOUND_BY_MODES)
    finally:
        for name in modes:
            (tmp_path / name).chmod(0o700)
    assert outcome == Outcome(2, "", f"Error: {said}\n")
    assert everything(tmp_path) == before


def test_places_that_the_system_does_not_know(
    refused: Callable[..., str], notebook: Write, tmp_path: Path
) -> None:
    notebook("1")
    name = "n" * 300 + ".ipynb"
    assert refused("convert", name) == f"{name} cannot be read: File name too long."
    gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    for command in ("convert", "view"):
        said = refused(command, tmp_path / "small.ipynb", through=["sh", "-c", gone, "sh"])
        assert said == "The current folder is not there any more. Change into one that is."


def test_a_port_that_is_taken(refused: Callable[..., str], notebook: Write) -> None:
    notebook("open('executed', 'w')")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert refused("view", "small.ipynb", "--no-browser", "--port", str(port)) == (
            f"Port {port} cannot be used: Address already in use. Choose another with --port."
        )


FULL = "Error: What this prints cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    ("words", "where", "code", "said"),
    [
        ("scan small.ipynb", ">/dev/full", 2, FULL),
        ("scan small.ipynb --json", ">/dev/full", 2, FULL),
        ("--version", ">/dev/full", 2, "Error: No space left on device.\n"),
        ("scan nowhere.ipynb", ">/dev/full 2>/dev/full", 2, ""),
        ("scan nowhere.ipynb", "2>&-", 2, ""),
        ("scan small.ipynb", ">&-", 0, ""),
    ],
)  # fmt: skip
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is full")
def test_where_nothing_can_be_printed(
    run: Run, notebook: Write, words: str, where: str, code: int, said: str
) -> None:
    notebook("1")
    outcome = run(*words.split(), through=["sh", "-c", f'exec "$@" {where}', "sh"])
    assert outcome == Outcome(code, "", said)


R = {"name": "ir", "language": "R", "display_name": "R"}
MISSING = {"name": "thesis", "language": "python", "display_name": "Thesis"}


def test_kernels(refused: Callable[..., str], notebook: Write) -> None:
    not_there = (
        "kernel 'thesis' is not installed here. Install it (python -m ipykernel install --user "
        "--name thesis, in its environment), or choose another with --kernel. Installed: python3"
    )
    notebook("1", kernelspec=MISSING)
    assert refused("convert", "small.ipynb").startswith(f"The notebook's {not_there}")
    notebook("1")
    assert refused("convert", "small.ipynb", "--kernel", "thesis").startswith(f"The {not_there}")
    for spec, language in (
        (R, "R"),
        ({"name": "ir", "display_name": "R"}, "R"),
        ({"name": "julia-1.10", "display_name": "Julia 1.10"}, "Julia"),
    ):
        notebook("cat(1)", kernelspec=spec)
        assert refused("convert", "small.ipynb") == (
            f"The notebook's kernel '{spec['name']}' runs {language}, and an app with a kernel can "
            "be made of Python notebooks only (IPython kernels). A page that shows the outputs as "
            "they are saved can be made of any: add --static --no-execute."
        )
    notebook("1", kernelspec={"name": "iris", "display_name": "Iris"})
    assert refused("convert", "small.ipynb").startswith("The notebook's kernel 'iris' is not inst")


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["/nowhere/bin/python"], "No such file or directory: '/nowhere/bin/python'"),
        ([sys.executable, "-m", "no_ipykernel"], f"{sys.executable}: No module named no_ipykernel"),
    ],
)
def test_kernel_that_does_not_start(
    refused: Callable[..., str], notebook: Write, tmp_path: Path, command: list[str], reason: str
) -> None:
    notebook("1", kernelspec=MISSING)
    spec = tmp_path / "share" / "kernels" / "thesis"
    spec.mkdir(parents=True)
    broken = {"argv": [*command, "{connection_file}"], "language": "python"}
    (spec / "kernel.json").write_text(json.dumps({**broken, "display_name": "Thesis"}))
    said = refused("convert", "small.ipynb", env={"JUPYTER_PATH": str(tmp_path / "share")})
    assert said.startswith("The kernel 'thesis' does not start: ")
    assert said.endswith(f"{reason}. Check it with: jupyter console --kernel thesis")


def test_output_folders(refused: Callable[..., str], notebook: Write, tmp_path: Path) -> None:
    notebook("1")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "link").symlink_to("nowhere")
    for folder, said in {
        "mine": "mine exists and was not made by nb2space, so it is left alone. Name another "
        "folder with convert -o, or move it away.",
        ".": ". holds the notebook itself; name another folder with convert -o.",
        "small.ipynb": "small.ipynb ",
        "mine/thesis.txt": "mine/thesis.txt is a file; name another folder with convert -o.",
        "link": "link is a link that leads nowhere. Remove it, or name another folder with "
        "convert -o.",
    }.items():
        assert refused("convert", "small.ipynb", "-o", folder).startswith(said)


@pytest.mark.kernel
def test_folder_that_the_author_worked_in(
    run: Run, refused: Callable[..., str], notebook: Write, tmp_path: Path
) -> None:
    notebook("1")
    assert run("convert", "small.ipynb").code == 0
    (tmp_path / "small-space" / "notes.txt").write_text("mine")
    (tmp_path / "small-space" / "README.md").write_text("mine too")
    said = refused("convert", "small.ipynb")
    assert "were changed since: README.md, notes.txt. They would be lost;" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-p", "month=1"], "There is no parameter 'month' in the parameters cell (cell 1). "
         "Did you mean 'months'?"),
        (["-p", "months=1", "-p", "x=2"], "There is no parameter 'x' in the parameters cell "
         "(cell 1). It sets: months, year."),
        (["-p", "months=1", "--no-execute"], "-p sets parameters of an execution; it cannot go "
         "with --no-execute."),
    ],
)  # fmt: skip
def test_parameters(
    refused: Callable[..., str], notebook: Write, words: list[str], said: str
) -> None:
    notebook(code("months = 3\nyear = 2026", "parameters"), "months")
    assert refused("convert", "small.ipynb", *words) == said


def test_parameters_without_a_cell_for_them(refused: Callable[..., str], notebook: Write) -> None:
    notebook("months = 3")
    said = refused("convert", "small.ipynb", "-p", "months=1")
    assert said.startswith("The notebook has no cell tagged 'parameters', so -p has nothing to")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["small.ipynb", "-p", "months"], "-p months is not NAME=VALUE, such as -p year=2026."),
        (["small.ipynb", "-p", "=1"], "-p =1 is not NAME=VALUE, such as -p year=2026."),
        (["small.ipynb", "-p", "a-b=1"], "-p a-b=1 is not NAME=VALUE, such as -p year=2026."),
        (["small.ipynb", "more.ipynb"], "Got unexpected extra argument (more.ipynb)"),
        (["small.ipynb", "--theme", "blue"], "Invalid value for '--theme': 'blue' is not one of"),
        (["small.ipynb", "--timeout", "0"], "Invalid value for '--timeout': 0 is not in the"),
        (["small.ipynb", "--timeout", "1.5"], "Invalid value for '--timeout': '1.5' is not a"),
        (["small.ipynb", "--ouput", "x"], "No such option '--ouput'. "),
    ],
)
def test_usage(run: Run, notebook: Write, tmp_path: Path, words: list[str], said: str) -> None:
    notebook("months = 3")
    before = everything(tmp_path)
    outcome = run("convert", *words)
    assert (outcome.code, outcome.out) == (2, "")
    usage, hint, blank, error = outcome.err.splitlines()
    assert usage == "Usage: nb2space convert [OPTIONS] NOTEBOOK" and blank == ""
    assert hint == "Try 'nb2space convert --help' for help."
    assert error.startswith(f"Error: {said}")
    assert everything(tmp_path) == before


def plain(text: str) -> str:
    """Text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.kernel
def test_failing_cell(run: Run, notebook: Write, tmp_path: Path) -> None:
    notebook("# Title\n", "def half(x):\n    raise ValueError(f'{x}\\n  is odd.')", "half(3)")
    before = everything(tmp_path)
    outcome = run("convert", "small.ipynb")
    assert (outcome.code, outcome.out) == (2, "")
    lines = plain(outcome.err).splitlines()
    assert lines[-1] == (
        "Error: Cell 3 failed: ValueError: 3 is odd. Nothing was written. Mend it, or tag it "
        "'raises-exception' if it should fail."
    )
    # The traceback is the author's, as Jupyter shows it; none of ours.
    assert "----> 1 half(3)" in lines
    assert "----> 2     raise ValueError(f'{x}\\n  is odd.')" in lines
    assert lines[-3:-1] == ["ValueError: 3", "  is odd."]
    assert "nb2space" not in "\n".join(lines)
    assert everything(tmp_path) == before


@pytest.mark.kernel
def test_cell_that_asks(run: Run, notebook: Write, tmp_path: Path) -> None:
    notebook("name = input('Who? ')")
    before = everything(tmp_path)
    # What is typed is not for the notebook.
    outcome = run("convert", "small.ipynb", text="ana\n")
    assert outcome.code == 2
    last = outcome.err.splitlines()[-1]
    assert last.startswith("Error: Cell 1 asks for input; there is nobody to answer.")
    assert everything(tmp_path) == before


@pytest.mark.kernel
def test_cell_that_kills_the_kernel(refused: Callable[..., str], notebook: Write) -> None:
    notebook("1", "import os\nos._exit(1)")
    assert refused("convert", "small.ipynb") == (
        "The kernel died in cell 2, as it does when memory runs out or a library crashes. "
        "Nothing was written."
    )


@pytest.mark.kernel
def test_cell_over_the_timeout(refused: Callable[..., str], notebook: Write) -> None:
    notebook("1", "import time\ntime.sleep(60)")
    assert refused("convert", "small.ipynb", "--timeout", "1") == (
        "Cell 2 did not finish within 1 seconds. Nothing was written. Give it more with "
        "--timeout SECONDS."
    )


@pytest.mark.kernel
def test_key_store_below_a_file(
    refused: Callable[..., str], notebook: Write, tmp_path: Path
) -> None:
    notebook("1")
    (tmp_path / "file").write_text("x")
    said = refused("convert", "small.ipynb", env={"NB2SPACE_HOME": "file/keys"})
    assert "Not a directory" in said and "NB2SPACE_HOME" in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only the superuser may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.kernel
def test_full_disk_leaves_the_folder_as_it_was(
    run: Run, notebook: Write, small_disk: Path, own_key_store: Path
) -> None:
    notebook("1")
    folder = small_disk / "space"
    assert run("convert", "small.ipynb", "-o", folder).code == 0
    fill(small_disk)
    notebook("print('x' * 100)")
    keys = own_key_store / "spaces"
    before, known = everything(small_disk), everything(keys)
    # With a new key, too, the folder that stays needs the one that it has.
    for target, *words in (folder, "--rotate-key"), (small_disk / "new", "--static", "--yes"):
        outcome = run("convert", "small.ipynb", "-o", target, *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            f"Error: {target} cannot be written: No space left on device. Nothing was changed.\n"
        )
        assert everything(small_disk) == before
        assert everything(keys) == known


@pytest.mark.kernel
def test_full_disk_of_the_key_store(
    refused: Callable[..., str], notebook: Write, small_disk: Path
) -> None:
    notebook("1")
    (small_disk / "spaces").mkdir()
    (small_disk / "executions").mkdir()
    fill(small_disk)
    said = refused("convert", "small.ipynb", env={"NB2SPACE_HOME": str(small_disk)})
    assert said == (
        f"The key cannot be kept in {small_disk}: No space left on device. Make room or rights "
        "there, or name another folder in NB2SPACE_HOME."
    )


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    filler = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(filler, b"x" * 4096)
    except OSError:
        os.close(filler)
