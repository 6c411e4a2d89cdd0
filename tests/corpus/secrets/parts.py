"""Turns the plain texts of the corpus into notebooks and files.

A text is a row of blocks. The first line of a block names the case, its kind, its place and, for
true cases, the kinds of its secrets; what follows is written at that place:

    == name | kind | place | first secret, second secret
    password = "<< 1 >>"

`<< 1 >>` stands for the first secret, `<< uuid >>` for a made-up value that is no secret, and
`<< 1:json >>` for a value as it is written inside a JSON string. (The spaces keep scanners from
taking the mark itself for a password in an address.) A line of four hyphens separates the
cells of a case in code; elsewhere it separates the code from what the place holds.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from . import fakes

_WIDGETS = "application/vnd.jupyter.widget-state+json"
_VIEW = "application/vnd.jupyter.widget-view+json"

_TITLES = (
    "# Sales of the quarter",
    "# Rainfall in West Java\n\nMonthly figures of twelve stations.",
    "# Laporan penjualan\n\nRingkasan per bulan.",
    "# Customer churn, a first look",
    "# Air quality\n\nData: the city's open data portal.",
)
_STARTS = (
    "import numpy as np\nimport pandas as pd",
    "import os\nimport json\nimport pandas as pd",
    "from pathlib import Path\nimport requests",
    "%matplotlib inline\nimport matplotlib.pyplot as plt",
)
_ENDS = (
    "summary = [round(value * 1.1, 2) for value in (12.5, 14.0, 9.75)]\nsummary",
    "total = sum(range(10))\nprint(total)",
    'months = ["Jan", "Feb", "Mar"]\nlen(months)',
)

_WRITINGS: dict[str | None, Callable[[str], str]] = {
    None: lambda text: text,
    "json": lambda text: json.dumps(text)[1:-1],
    "html": lambda text: "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text),
    "b64": lambda text: base64.b64encode(text.encode()).decode(),
    "url": lambda text: quote(text, safe=""),
    "lines": lambda text: text.replace("\n", "\\n"),
    "tex": lambda text: re.sub(r"([_#%&$])", r"\\\1", text),
}


@dataclass(frozen=True)
class Case:
    """One notebook with its files, and the secrets in them (none in a look-alike)."""

    name: str
    kind: str
    place: str
    notebook: Callable[[], NotebookNode]
    files: Callable[[], dict[str, bytes]]
    secrets: tuple[str, ...]


def read_cases(text: str) -> list[Case]:
    """The cases of one text."""
    blocks = re.split(r"^== ", text, flags=re.MULTILINE)[1:]
    return [_case(*block.rstrip("\n").split("\n", 1)) for block in blocks]


def _case(head: str, body: str) -> Case:
    name, kind, place, *kinds = (part.strip() for part in head.split("|"))
    makers = [maker.strip() for maker in kinds[0].split(",")] if kinds else []
    values: list[str] = []
    for maker in makers:
        # Two secrets of one case must differ.
        tries = (fakes.make(maker, f"{name}/{at}") for at in count(len(values) + 1))
        values.append(next(value for value in tries if value not in values))
    filled = _fill(body, values, name)
    return Case(
        name,
        kind,
        place,
        partial(_notebook, name, place, filled),
        partial(_files, place, filled),
        tuple(fakes.core(value) for value in values),
    )


def _fill(text: str, values: list[str], name: str) -> str:
    def one(found: re.Match[str]) -> str:
        what, how = found[1], found[2]
        value = values[int(what) - 1] if what.isdigit() else fakes.make(what, name)
        return _WRITINGS[how](value)

    return re.sub(r"<< ([\w-]+)(?::(\w+))? >>", one, text)


def _split(body: str, code: str) -> tuple[str, str]:
    """The code and what the place holds, of a block that may leave the code out."""
    first, line, rest = body.partition("\n----\n")
    return (first, rest) if line else (code, body)


def _place(place: str) -> tuple[str, str, str]:
    """The sort of place, what is named there, and the detail: `output text/html: script`."""
    place, _, detail = place.partition(": ")
    sort, _, named = place.partition(" ")
    return sort, named, detail


def _notebook(name: str, place: str, body: str) -> NotebookNode:
    rng = Random(name)
    sort, named, detail = _place(place)
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.11.7"},
    }
    cells = [new_markdown_cell(rng.choice(_TITLES)), new_code_cell(rng.choice(_STARTS))]
    match sort:
        case "code":
            cells += [new_code_cell(source) for source in body.split("\n----\n")]
        case "markdown":
            cells.append(new_markdown_cell(body))
        case "raw":
            cells.append(new_raw_cell(body))
        case "output":
            code, held = _split(body, "show(result)")
            cells.append(new_code_cell(code, outputs=[_output(named, detail, held, rng)]))
        case "notebook":
            metadata |= json.loads(body)
            cells.append(new_code_cell("settings = read_settings()\nrun(settings)"))
        case "cell":
            code, held = _split(body, "frame = load()\nframe.head()")
            cells.append(new_code_cell(code, metadata=json.loads(held)))
        case "attachment":
            cell = new_markdown_cell(f"![what it looked like](attachment:{named})")
            mime = "image/png" if named.endswith(".png") else "text/plain"
            held = _image(detail, body, rng) if mime == "image/png" else _base64(body)
            cell["attachments"] = {named: {mime: held}}
            cells.append(cell)
        case "widget":
            code, held = _split(body, "form = make_form()\nform")
            model, number = f"{named}Model", fakes.make("hex-id", name)
            view = {_VIEW: {"model_id": number, "version_major": 2, "version_minor": 0}}
            cells.append(new_code_cell(code, outputs=[new_output("display_data", view)]))
            metadata["widgets"] = {_WIDGETS: _widget_state(model, number, held)}
        case "file":
            cells.append(new_code_cell(_split(body, _reading(named))[0]))
        case _:
            raise ValueError(f"{name}: no such place: {place}")
    cells.append(new_code_cell(rng.choice(_ENDS)))
    for at, cell in enumerate(cells):
        cell["id"] = f"cell-{at}"
        if cell["cell_type"] == "code":
            cell["execution_count"] = at
            for output in cell["outputs"]:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = at
    return new_notebook(cells=cells, metadata=metadata)


def _files(place: str, body: str) -> dict[str, bytes]:
    sort, named, _ = _place(place)
    return {named: _split(body, "")[1].encode() + b"\n"} if sort == "file" else {}


def _reading(path: str) -> str:
    """A line of code that uses the file."""
    if path.endswith(".py"):
        return f"import {path.removesuffix('.py').replace('/', '.')}"
    return f'with open("{path}") as opened:\n    content = opened.read()'


def _output(named: str, detail: str, held: str, rng: Random) -> NotebookNode:
    if named in ("stdout", "stderr"):
        return new_output("stream", name=named, text=held + "\n")
    if named == "error":
        *trace, last = held.split("\n")
        ename, _, evalue = last.partition(": ")
        return new_output("error", ename=ename, evalue=evalue, traceback=[*trace, last])
    if named == "image/png":
        return new_output("display_data", {named: _image(detail, held, rng)})
    if named.endswith("json"):
        return new_output("display_data", {named: json.loads(held)})
    data = {named: held} if named == "text/plain" else {named: held, "text/plain": "<object>"}
    return new_output("execute_result", data)


def _image(detail: str, text: str, rng: Random) -> str:
    """A PNG with the text in a chunk of the sort that `detail` names, or with no text at all."""
    image = Image.frombytes("RGB", (8, 8), rng.randbytes(192))
    info = PngInfo()
    if detail == "iTXt":
        info.add_itxt("Description", text)
    elif detail:
        info.add_text("Comment", text, zip=detail == "zTXt")
    written = io.BytesIO()
    image.save(written, "PNG", pnginfo=info)
    return base64.b64encode(written.getvalue()).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _widget_state(model: str, number: str, held: str) -> dict[str, Any]:
    own = json.loads(held) if held.startswith("{") else {"value": held}
    state = {"_model_module": "@jupyter-widgets/controls", "_model_name": model, "disabled": False}
    one = {
        "model_module": "@jupyter-widgets/controls",
        "model_module_version": "2.0.0",
        "model_name": model,
        "state": state | own,
    }
    return {"state": {number: one}, "version_major": 2, "version_minor": 0}
