"""Odd notebooks of other tools become Spaces in both forms, and their folders give nothing out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import CORPUS
from making import occurs

from nb2space import running
from nb2space.convert import convert
from nb2space.environment import Environment
from nb2space.execute import inspect_kernel
from nb2space.keystore import find_record
from nb2space.options import Options
from nb2space.space import DOCKER, STATIC, read_manifest

ODD = sorted(CORPUS.glob("odd-*.ipynb"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What a kernel here says of itself, asked once for all notebooks."""
    empty = nbformat.v4.new_notebook()
    return inspect_kernel(empty, folder=tmp_path_factory.mktemp("empty"), kernel="python3")


@pytest.fixture
def space(environment: Environment, tmp_path: Path, monkeypatch: Any) -> Callable[..., Any]:
    """Convert a notebook in a folder of its own; the Space folder and what the author is told."""
    monkeypatch.setattr(running, "inspect_kernel", lambda *about, **where: environment)

    def made(path: Path, form: str) -> tuple[Path, tuple[str, ...]]:
        copy = tmp_path / "home" / "odd.ipynb"
        copy.parent.mkdir()
        shutil.copy(path, copy)
        options = Options(form=form, execute=False, kernel="python3", allow_frozen=True)
        return tmp_path / "space", convert(copy, tmp_path / "space", options).notices

    return made


@pytest.mark.parametrize("form", [DOCKER, STATIC])
@pytest.mark.parametrize("path", ODD, ids=lambda path: path.stem)
def test_an_odd_notebook_becomes_a_clean_space(path: Path, form: str, space: Any) -> None:
    folder, _ = space(path, form)
    record = find_record(read_manifest(folder).space_id)
    # The conversion ends with the audit of the folder, and stops at a leak.
    assert record and record.audited
    assert "SHOWN" in (folder / "index.html").read_text()
    # Of what our own modules and scripts say of secrets nothing is the author's.
    made = [
        file for file in folder.rglob("*") if file.suffix in (".html", ".ipynb", ".json", ".md")
    ]
    assert not [file for file in made if occurs("SECRET", file.read_text())]


@pytest.mark.parametrize("form", [DOCKER, STATIC])
def test_attached_pictures_are_shown_and_nothing_else_that_is_attached(
    form: str, space: Any
) -> None:
    folder, notices = space(CORPUS / "odd-attachments.ipynb", form)
    tags = re.findall(r"<img\b[^>]*>", (folder / "index.html").read_text())
    named = [
        (re.findall("alt=[\"']([^\"']*)", tag), re.findall("src=.data:image/([^;]*)", tag))
        for tag in tags
    ]
    shown = {name: kind for (name,), (kind,) in named}
    assert shown == {
        "one": "png", "drawn": "svg+xml", "plain": "svg+xml", "by [name]": "png", "tag": "png",
        "raw": "png", "gone": "gif", "page": "gif", "data": "gif", "by name": "gif",
    }  # fmt: skip
    missing = "Cell 2 shows a picture that is missing: attachment:"
    files = ["gone.png", "page.html", "data.json", "page.html", "gone%20too.png"]
    assert notices[: len(files)] == tuple(missing + name for name in files)
    assert not [notice for notice in notices if "paths" in notice]
