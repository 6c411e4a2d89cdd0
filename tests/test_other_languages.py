"""Notebooks in other languages than Python: a page of their outputs as they were saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from making import display, stream

# Made at run time, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuVwXyZ"

KERNELS = [
    {"name": "ir", "language": "R", "display_name": "R"},
    {"name": "julia-1.11", "language": "julia", "display_name": "Julia"},
]


@pytest.fixture
def fitted(notebook: Callable[..., Path]) -> Callable[..., Path]:
    """A notebook in another language, with outputs."""

    def write(kernel: dict[str, str]) -> Path:
        cell = nbformat.v4.new_code_cell(
            f"model_of_mine <- lm(mpg ~ wt, data = mtcars)\ntoken <- '{TOKEN}'\n!any(x %in% y)",
            outputs=[
                stream(f"The slope is -5.34, with {TOKEN}\n"),
                display({"text/html": "<table><tr><td>Mazda RX4</td></tr></table>"}),
            ],
        )
        return notebook("# Cars", nbformat.from_dict(cell), kernelspec=kernel)

    return write


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel["language"])
def test_saved_outputs_become_a_page_without_any_kernel(
    kernel: dict[str, str], fitted: Callable[..., Path], run: Callable[..., Any], tmp_path: Path
) -> None:
    path = fitted(kernel)
    for words in ((), ("--static",), ("--form", "auto", "--no-execute")):
        refused = run("convert", path, *words)
        assert refused.code == 2 and "add --static --no-execute" in refused.err
    done = run("convert", path, "--static", "--no-execute")
    assert done.code == 0, done.err
    folder = tmp_path / "small-space"
    page = (folder / "index.html").read_text()
    assert "The slope is -5.34" in page and "Mazda RX4" in page
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert b"model_of_mine" not in content and TOKEN.encode() not in content, file
    assert run("audit", "small-space").code == 0


def test_code_of_another_language_in_a_page_is_found(
    fitted: Callable[..., Path], run: Callable[..., Any], tmp_path: Path
) -> None:
    path = fitted(KERNELS[0])
    shown = nbformat.read(path, as_version=4)
    shown.cells[1].outputs[0].text = "model_of_mine <- lm(mpg ~ wt, data = mtcars)\n"
    nbformat.write(shown, path)
    found = run("convert", path, "--static", "--no-execute")
    assert found.code == 1 and "lines of the code in its output" in found.err
    assert not (tmp_path / "small-space").exists()
