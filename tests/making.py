"""What tests of several stages make: odd notebooks, widget states, and real failures of disks."""

from __future__ import annotations

import base64
import copy
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from hypothesis import settings
from hypothesis import strategies as st

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
OUTPUT_MODULE = "@jupyter-widgets/output"

# Two cores shared by many tests say nothing of how fast one example is.
few = settings(max_examples=40, deadline=None)
many = settings(max_examples=150, deadline=None)


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    """An output that was printed."""
    return {"output_type": "stream", "name": name, "text": text}


def display(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """An output that was displayed."""
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def view(model_id: Any) -> dict[str, Any]:
    """An output that displays a widget."""
    return display({VIEW: {"model_id": model_id, "version_major": 2}, "text/plain": "Widget()"})


def failure(text: str) -> dict[str, Any]:
    """The output of a cell that failed."""
    return {"output_type": "error", "ename": "E", "evalue": text, "traceback": [text]}


def model(module: str = "@jupyter-widgets/controls", **state: Any) -> dict[str, Any]:
    """A widget's model as it is saved in a notebook."""
    return {
        "model_module": module,
        "model_module_version": "2.0.0",
        "model_name": "AnyModel",
        "state": state,
    }


def notebook_of(*cells: Any, models: dict[str, Any] | None = None, **metadata: Any) -> Any:
    """A notebook in memory; text stands for a code cell, "# …" for a Markdown cell."""
    made = []
    for number, cell in enumerate(cells):
        if isinstance(cell, str):
            kind = "markdown" if cell.startswith("# ") else "code"
            cell = getattr(nbformat.v4, f"new_{kind}_cell")(cell)
        cell["id"] = f"c{number}"
        made.append(cell)
    if models is not None:
        metadata["widgets"] = {STATE: {"version_major": 2, "version_minor": 0, "state": models}}
    return nbformat.from_dict(nbformat.v4.new_notebook(cells=made, metadata=metadata))


def document() -> dict[str, Any]:
    """A valid notebook with something of everything, as plain JSON."""
    cell = nbformat.v4.new_code_cell(
        "import math\nmath.pi",
        metadata={"tags": ["hide-input", "parameters"], "name": "pi"},
        outputs=[
            stream("printed"),
            stream("warned", "stderr"),
            failure("failed"),
            display({"text/html": "<b>1</b>", "text/plain": "1"}, {"text/html": {"width": 5}}),
            display({"image/png": "aGk=", "application/json": {"a": [1, None, 2.5]}}),
            view("1" * 32),
            view("2" * 32),
        ],
    )
    made = notebook_of(
        "# Title\ntext ![a](attachment:a.png) <img src='b.png'>",
        cell,
        nbformat.v4.new_raw_cell("<b>raw</b>", metadata={"raw_mimetype": "text/html"}),
        models={
            "1" * 32: model(children=["IPY_MODEL_" + "3" * 32]),
            "2" * 32: model(OUTPUT_MODULE, outputs=[stream("inside")], msg_id="m"),
            "3" * 32: model(value=1),
        },
        kernelspec={"name": "python3", "display_name": "Python 3"},
        title="Titled",
    )
    made.cells[0]["attachments"] = {"a.png": {"image/png": "aGk="}}
    plain: dict[str, Any] = json.loads(json.dumps(made))
    return plain


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, with what JSON cannot hold in a file but can spell."""
    text = st.text(st.characters(codec=None, exclude_categories=[]), max_size=8)
    plain = st.none() | st.booleans() | st.integers() | st.floats() | text
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
    )


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from _places(value[key], (*path, key))


@st.composite
def mutated_documents(draw: st.DrawFn) -> Any:
    """The notebook of `document` with up to three parts replaced, taken out, or moved elsewhere."""
    made = copy.deepcopy(document())
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(made))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        inside = made
        for step in way:
            inside = inside[step]
        change = draw(st.sampled_from(["replace", "remove", "wrap", "copy"]))
        if change == "replace":
            inside[last] = draw(json_values())
        elif change == "remove":
            del inside[last]
        elif change == "wrap":
            inside[last] = [inside[last]]
        else:
            taken = made
            for step in draw(st.sampled_from(places)):
                taken = taken[step]
            inside[last] = copy.deepcopy(taken)
    return made


def occurs(token: str, text: str) -> bool:
    """True when `token` (letters and digits) is in `text`: as it is, or as Base64 or hex of it."""
    forms = [token, token.encode().hex()]
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + token.encode()).decode().rstrip("=")
        # The first and last letters depend on the bytes around.
        forms.append(coded[4 if shift else 0 : -2])
    return any(form in text for form in forms)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Within the block the system refuses to write more than `size` bytes to any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def without_rights(*paths: Path) -> Iterator[None]:
    """Within the block this process may neither read nor write at `paths`, even if it is root."""
    modes = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[bool]:
    """A file system of its own at `folder`, mounted with `options`; gives False if none can be."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
