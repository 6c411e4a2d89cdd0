"""Notebooks that need packages, files, fonts or libraries, and find them in their image."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from environments import ENVIRONMENTS, NOTEBOOK, PREPARE, VERIFY, Images, Timing, check, names
from test_image import image_tools

# Those that tell most in the least time; all of them with NB2SPACE_ALL_ENVIRONMENTS=1.
FEW = ("declared", "own_modules")
ALL = os.environ.get("NB2SPACE_ALL_ENVIRONMENTS") == "1"


@pytest.mark.image
@pytest.mark.browser
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", names() if ALL else FEW)
def test_the_image_has_what_the_notebook_needs(name: str, tmp_path: Path, chromium: Any) -> None:
    tools = image_tools()
    if tools is None:
        pytest.skip("no Docker engine here, and NB2SPACE_IMAGE_TOOLS names no tools in its place")
    check(name, tmp_path, Images(tools), chromium, Timing())


def test_the_few_are_among_all() -> None:
    assert set(FEW) < set(names())


@pytest.mark.parametrize(
    "folder", sorted(p for p in ENVIRONMENTS.iterdir() if p.is_dir()), ids=lambda p: p.name
)
def test_a_directory_has_the_right_files(folder: Path) -> None:
    notebook = nbformat.read(folder / NOTEBOOK, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    tree = ast.parse((folder / VERIFY).read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert "verify" in functions
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "__pycache__":
            # What is no text is made by prepare.py in a copy, never committed.
            assert "\0" not in path.read_text(encoding="utf-8"), path
            assert path.stat().st_size < 20_000, path
    if (folder / PREPARE).exists():
        ast.parse((folder / PREPARE).read_text(encoding="utf-8"))
