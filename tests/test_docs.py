"""The documents say what is there: the reference is made from --help, links and files exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from conftest import NOTEBOOKS, ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "benchmarks", "docs", "nb2space",
    "notebooks", "pyproject.toml", "setup.cfg", "templates", "tests",
}  # fmt: skip


def test_the_reference_is_what_the_commands_say() -> None:
    path = ROOT / "docs" / "make_reference.py"
    spec = importlib.util.spec_from_file_location("make_reference", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert written == module.reference(), "run: python docs/make_reference.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_that_is_told_of_exists(document: Path) -> None:
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    known = {
        # The options stand in the first column, behind two spaces.
        name: set(re.findall(r"--[a-z-]+", " ".join(re.findall(r"(?m)^  (-.*?)(?:  |$)", text))))
        for name, text in re.findall(r"(?ms)^## nb2space (\w+)$(.*?)(?=^## |\Z)", reference)
    }
    assert "--no-share" in known["convert"] and "--title" not in known["view"]
    for name, words in re.findall(r"nb2space (\w+)([^\n`|]*)", document.read_text("utf-8")):
        if name in known:
            assert set(re.findall(r"--[a-z-]+", words)) <= known[name], f"{name}{words}"


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_coloured_ground_comes_with_a_colour_of_text(notebook: Path) -> None:
    """Without one, the text on it is white on a dark page."""
    text = notebook.read_text(encoding="utf-8")
    grounds = text.count("background: #")
    assert grounds and grounds == len(re.findall(r"background: #\w+; color: #\w+", text))


def test_the_top_level_is_as_agreed() -> None:
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {path.partition("/")[0] for path in listed} <= TOP_LEVEL
