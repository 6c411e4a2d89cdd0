"""Reading a notebook: decode, upgrade, validate, with a clear error for each way to fail."""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.validator import NotebookValidationError, normalize

from nb2space.errors import InputError
from nb2space.tags import view_of

Notebook = Any
"""A notebook as nbformat gives it (nbformat.NotebookNode, a dict with attributes)."""

_MINOR = 5
_FENCE = re.compile(r" {0,3}(```+|~~~+)")


def read_notebook(path: Path) -> Notebook:
    """The notebook at `path`, upgraded to nbformat 4.5 and validated.

    Raises InputError, naming the file and what to do, when it cannot be used.
    """
    text = _decode(path, _read_bytes(path))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if path.suffix.lower() != ".ipynb":
            raise InputError(f"{path} is not a notebook; notebooks end in .ipynb.") from None
        raise InputError(
            f"{path} is not a readable notebook: its JSON is broken at line {error.lineno}, "
            f"column {error.colno} ({error.msg}). Mend it there in a text editor, since Jupyter "
            "cannot open it, or restore a copy, such as the last one in .ipynb_checkpoints."
        ) from None
    except RecursionError:
        raise _too_deep(path) from None
    except ValueError:
        # Python reads whole numbers up to some 4300 digits only.
        raise InputError(f"{path} is not a notebook: it holds an endless number.") from None
    # True is an int to isinstance, but no format.
    if not isinstance(document, dict) or type(document.get("nbformat")) is not int:
        raise InputError(f"{path} is not a Jupyter notebook: it is JSON, but has no 'nbformat'.")
    notebook = _upgrade(path, document)
    for cell in notebook.cells:
        # What conversions note of cells is theirs alone to say.
        cell.metadata.pop("nb2space", None)
    if not any(cell.source.strip() for cell in notebook.cells):
        raise InputError(f"{path} has no cell with content; there is nothing to show.")
    return notebook


def is_notebook(target: Path) -> bool:
    """True when `target` is meant as a notebook, and not as a folder that was made of one."""
    is_file = target.suffix.lower() == ".ipynb" or os.path.lexists(target)
    return is_file and not os.path.isdir(target)


def title_of(notebook: Notebook, path: Path) -> str:
    """A title for the app: the first level-one heading, else notebook metadata, else the name."""
    for line in text_lines(notebook):
        if line.startswith("# "):
            return line[2:].strip().strip("#*_` ").strip() or path.stem
    title = notebook.metadata.get("title")
    if isinstance(title, str) and title.strip():
        return title.strip()
    return path.stem.replace("-", " ").replace("_", " ").strip().capitalize() or "Notebook"


def text_lines(notebook: Notebook) -> Iterator[str]:
    """The lines of the Markdown cells that viewers see, without blocks of code in them."""
    for cell in notebook.cells:
        if cell.cell_type != "markdown" or not view_of(cell).shows_source:
            continue
        fence = ""
        for line in cell.source.splitlines():
            mark = _FENCE.match(line)
            if mark and not fence:
                fence = mark[1]
            elif mark and mark[1].startswith(fence):
                fence = ""
            elif not fence:
                yield line


def _too_deep(path: Path) -> InputError:
    return InputError(f"{path} is not a notebook: its JSON is nested too deeply.")


def _read_bytes(path: Path) -> bytes:
    try:
        kind = path.stat().st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise InputError(f"{path} is a pipe or a device. Save the notebook as a file first.")
        return path.read_bytes()
    except FileNotFoundError:
        there = sorted(p.name for p in path.parent.glob("*.ipynb"))
        near = difflib.get_close_matches(path.name, there, n=5, cutoff=0)
        hint = f" Notebooks there: {', '.join(near)}." if near else ""
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
            notebook = nbformat.reader.reads(_encodable(document))
            notebook = nbformat.convert(notebook, 4)
            notebook = _at_current_minor(notebook)
            for cell in notebook.cells:
                # Cells that were text before keep them; Jupyter opens and ignores that.
                if cell.get("cell_type") == "code":
                    cell.pop("attachments", None)
            nbformat.validate(notebook)
    except NotebookValidationError as error:
        where = "".join(f"[{part!r}]" for part in error.relative_path) or "the top level"
        raise InputError(
            f"{path} is not a valid notebook: {where}: {_rule_of(error)}. "
            "Open and save it in Jupyter to repair it."
        ) from None
    except RecursionError:
        raise _too_deep(path) from None
    except Exception as error:  # nbformat raises whatever a malformed old format makes it meet
        raise InputError(
            f"{path} is not a valid notebook ({type(error).__name__} while it was read as format "
            f"{major}). Open and save it in Jupyter to repair it."
        ) from None
    return notebook


def _rule_of(error: NotebookValidationError) -> str:
    """What is wrong at a place, without what stands there: it may be a secret."""
    if error.validator == "required":
        return str(error.message)
    if error.validator == "type":
        return f"it is not of type {error.validator_value}"
    return "it is nothing that a notebook may have there"


def _encodable(document: dict[str, Any]) -> str:
    # JSON can spell halves of a character pair ("\\ud800") that no file in UTF-8 can hold.
    text = json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _at_current_minor(notebook: Notebook) -> Notebook:
    # Of a newer minor too: for those nbformat checks next to nothing.
    notebook.nbformat_minor = _MINOR
    _, notebook = normalize(notebook, version=4, version_minor=_MINOR)
    return notebook
