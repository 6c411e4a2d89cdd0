"""Reading a notebook: decode, upgrade, validate, with a clear error for each way to fail."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat.validator import NotebookValidationError, normalize

from nb2space.errors import InputError

Notebook = Any
"""A notebook as nbformat gives it (nbformat.NotebookNode, a dict with attributes)."""


def read_notebook(path: Path) -> Notebook:
    """The notebook at `path`, upgraded to nbformat 4.5 and validated.

    Raises InputError, naming the file and what to do, when it cannot be used.
    """
    text = _decode(path, _read_bytes(path))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not a readable notebook: its JSON is broken at line {error.lineno}, "
            f"column {error.colno} ({error.msg}). Open and save it in Jupyter, or restore a copy."
        ) from None
    except RecursionError:
        raise InputError(f"{path} is not a notebook: its JSON is nested too deeply.") from None
    if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
        raise InputError(f"{path} is not a Jupyter notebook: it is JSON, but has no 'nbformat'.")
    notebook = _upgrade(path, document)
    if not any(cell.source.strip() for cell in notebook.cells):
        raise InputError(f"{path} has no cell with content; there is nothing to show.")
    return notebook


def title_of(notebook: Notebook, path: Path) -> str:
    """A title for the app: the first level-one heading, else notebook metadata, else the name."""
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for line in cell.source.splitlines():
            if line.startswith("# "):
                return line[2:].strip().strip("#*_` ").strip() or path.stem
    title = notebook.metadata.get("title")
    if isinstance(title, str) and title.strip():
        return title.strip()
    return path.stem.replace("-", " ").replace("_", " ").strip().capitalize() or "Notebook"


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.ipynb")) if path.parent.is_dir() else []
        hint = f" Notebooks there: {', '.join(near[:5])}." if near else ""
        raise InputError(f"There is no file {path}.{hint}") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; name the notebook in it.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _decode(path: Path, raw: bytes) -> str:
    if not raw.strip():
        raise InputError(f"{path} is empty; it is not a notebook yet. Save it in Jupyter first.")
    try:
        return raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not a notebook: byte {error.start} is not valid text "
            "(notebooks are JSON in UTF-8)."
        ) from None


def _upgrade(path: Path, document: dict[str, Any]) -> Notebook:
    major = document["nbformat"]
    if major > 4:
        raise InputError(
            f"{path} is in notebook format {major}, which is newer than this nb2space knows (4). "
            "Save it as format 4, or install a newer nb2space."
        )
    try:
        with warnings.catch_warnings():
            # Missing and double cell ids are put right below; the author need not hear of them.
            warnings.simplefilter("ignore")
            notebook = nbformat.reader.reads(json.dumps(document))
            notebook = nbformat.convert(notebook, 4)
            notebook = _at_current_minor(notebook)
            nbformat.validate(notebook)
    except NotebookValidationError as error:
        where = "".join(f"[{part!r}]" for part in error.relative_path) or "the top level"
        raise InputError(
            f"{path} is not a valid notebook: {where}: {error.message[:200]}. "
            "Open and save it in Jupyter to repair it."
        ) from None
    except Exception as error:  # nbformat raises whatever a malformed old format makes it meet
        raise InputError(
            f"{path} is not a valid notebook ({type(error).__name__} while it was read as format "
            f"{major}). Open and save it in Jupyter to repair it."
        ) from None
    return notebook


def _at_current_minor(notebook: Notebook) -> Notebook:
    notebook.nbformat_minor = max(notebook.get("nbformat_minor", 0), 5)
    _, notebook = normalize(notebook, version=4, version_minor=notebook.nbformat_minor)
    return notebook
