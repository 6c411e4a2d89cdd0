"""Every place of a notebook but its code: texts as they are read, not as they are stored."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nb2space.installed import is_installed
from nb2space.notebook import Notebook
from nb2space.secrets.tables import rows_of_frame, rows_of_html, rows_of_markdown
from nb2space.secrets.words import meaning_of
from nb2space.tags import numbered
from nb2space.widgets import saved_models

# What notebook tools write of themselves; none of it is the author's text.
_TOOLS = {"kernelspec", "language_info", "widgets", "celltoolbar", "toc", "varInspector"}
_BINARY = re.compile(r"image/(?!svg)|audio/|video/|application/(?:pdf|octet-stream|zip)")
_TAG = re.compile(r"<[^<>]*>")
_DATA_URL = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")
_VERBATIM = re.compile(r"\\verb(\W)(.*?)\1")
_VALUES = {"value", "currentValue", "default", "defaultValue", "text", "content"}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_ARRAYS = {"bdata", "__ndarray__"}


@dataclass(frozen=True)
class Place:
    """A text somewhere in a notebook or file.

    `where` says it in words; `cell` is the number of the cell, if it is one's; `name` is what the
    text is kept under, where it is the value of something.
    """

    where: str
    text: str
    cell: int | None = None
    name: str = ""


def places_of(notebook: Notebook) -> Iterator[Place]:
    """The texts of `notebook` that are no code."""
    for number, cell in numbered(notebook):
        label = f"cell {number}"
        if cell.cell_type != "code":
            kind = "text" if cell.cell_type == "markdown" else "raw text"
            text = _DATA_URL.sub("", cell.source)
            yield Place(f"{label}, {kind}", text, number)
            yield from _in_rows(rows_of_markdown(text), f"{label}, {kind}", number)
            for name, bundle in cell.get("attachments", {}).items():
                yield from _in_bundle(_decoded(bundle), f"{label}, attachment {name}", number)
        for output in cell.get("outputs", []):
            yield from _in_output(output, label, number)
        yield from _in_json(dict(cell.metadata), f"{label}, metadata", number)
    own = {name: value for name, value in notebook.metadata.items() if name not in _TOOLS}
    yield from _in_json(own, "metadata of the notebook", None)
    for model in saved_models(notebook.metadata).values():
        yield from _in_widget(model)


def texts_in_file(path: str, content: bytes) -> Iterator[Place]:
    """The texts of a data file; of JSON its values, of CSV its cells by their column."""
    text = _text_of_file(content)
    if text is None:
        return
    if path.endswith((".json", ".ipynb", ".jsonl", ".geojson")):
        rows = text.splitlines() if path.endswith(".jsonl") else [text]
        try:
            for row in filter(str.strip, rows):
                yield from _in_json(json.loads(row), path, None)
            return
        except (ValueError, RecursionError):
            pass
    if path.endswith(".pgpass"):
        for row in text.splitlines():
            yield Place(path, row.rpartition(":")[2], name="password")
    if path.endswith((".csv", ".tsv")):
        yield from _in_table(path, text)
    yield Place(path, text)


def _text_of_file(content: bytes) -> str | None:
    """A file's text, in the encodings that people's tools write; None for what is no text."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None if _NO_TEXT.search(content) else content.decode("cp1252", errors="replace")


def _in_table(path: str, text: str) -> Iterator[Place]:
    import csv

    rows = csv.reader(text.splitlines(), delimiter="\t" if path.endswith(".tsv") else ",")
    try:
        head = next(rows, [])
        # Of all others the whole text tells as much.
        telling = [place for place, name in enumerate(head) if meaning_of(name)]
        for row in rows if telling else ():
            for place in telling:
                if place < len(row) and row[place]:
                    yield Place(path, row[place], name=head[place])
    except csv.Error:
        return


def _in_output(output: Mapping[str, Any], label: str, number: int) -> Iterator[Place]:
    kind = output["output_type"]
    if kind == "stream":
        yield Place(f"{label}, output", _joined(output["text"]), number)
    elif kind == "error":
        text = "\n".join([str(output.get("evalue", "")), *map(str, output.get("traceback", []))])
        yield Place(f"{label}, error", re.sub(r"\x1b\[[0-9;]*m", "", text), number)
    else:
        yield from _in_bundle(output.get("data", {}), f"{label}, output", number)
        yield from _in_json(dict(output.get("metadata", {})), f"{label}, output's metadata", number)


def _in_bundle(bundle: Mapping[str, Any], label: str, number: int | None) -> Iterator[Place]:
    for mime, value in bundle.items():
        where = f"{label} ({mime})"
        if _BINARY.match(mime):
            yield from _in_binary(_joined(value), where, number)
        elif isinstance(value, dict) or (isinstance(value, list) and "json" in mime):
            yield from _in_json(value, where, number)
        else:
            text = _DATA_URL.sub("", _joined(value))
            yield Place(where, text, number)
            yield from _as_read(mime, text, where, number)


def _as_read(mime: str, text: str, where: str, number: int | None) -> Iterator[Place]:
    """A text as people read it: without tags and commands, its tables by their columns."""
    views: list[str] = []
    if "html" in mime or "svg" in mime or "xml" in mime:
        # Entities within attributes and within text.
        views = [html.unescape(text), html.unescape(_TAG.sub(" ", text))]
        yield from _in_rows(rows_of_html(text), where, number)
    elif "latex" in mime:
        views = [_VERBATIM.sub(r"\2", text).replace("&", ":").replace("\\\\", "\n")]
    elif mime == "text/plain":
        yield from _in_rows(rows_of_frame(text), where, number)
    for view in dict.fromkeys(views):
        if view != text:
            yield Place(where, view, number)


def _decoded(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """An attachment's texts as they are: Jupyter keeps them in base64."""
    found: dict[str, Any] = {}
    for mime, value in bundle.items():
        found[mime] = value
        if not _BINARY.match(mime):
            try:
                found[mime] = base64.b64decode(_joined(value), validate=True).decode("utf-8")
            except ValueError:
                continue
    return found


def _in_rows(rows: Iterable[Mapping[str, str]], where: str, number: int | None) -> Iterator[Place]:
    for row in rows:
        for name, value in row.items():
            if value:
                yield Place(where, value, number, name)


def _in_binary(encoded: str, where: str, number: int | None) -> Iterator[Place]:
    from nb2space.audit.disguise import views

    try:
        raw = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return
    # Texts beside the picture: pixels are noise, in which nothing of six signs can be read.
    for view in views(raw[:2_000_000]):
        runs = re.findall(r"[\x20-\x7e]{12,}", view)
        if runs:
            yield Place(where, "\n".join(runs), number)


def _in_json(value: Any, where: str, number: int | None, name: str = "") -> Iterator[Place]:
    if isinstance(value, dict):
        # {"name": "sessionid", "value": "…"}: a pair in other words.
        named = next((str(value[key]) for key in ("name", "key") if key in value), "")
        for key, item in value.items():
            if key not in _ARRAYS:
                # {"db_pass": {"value": "…"}}: the value of what is around it.
                own = (name or named) if key in _VALUES else str(key)
                yield from _in_json(item, where, number, own or str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _in_json(item, where, number, name)
    elif isinstance(value, str) and not is_installed(value):
        yield Place(where, _DATA_URL.sub("", value), number, name)


def _in_widget(model: Mapping[str, Any]) -> Iterator[Place]:
    kind = str(model.get("model_name", "")).removesuffix("Model")
    for name, value in model["state"].items():
        if name.startswith(("_model", "_view", "_dom")) or name == "layout":
            continue
        if kind == "Password" and name == "value" and value:
            yield Place("a Password widget's value", str(value), name="password")
        elif name == "outputs" and isinstance(value, list | tuple):
            for output in value:
                if isinstance(output, dict) and "output_type" in output:
                    yield from (
                        Place(f"a widget's {p.where.partition(', ')[2]}", p.text, None, p.name)
                        for p in _in_output(output, "widget", 0)
                    )
        else:
            described = str(model["state"].get("description", "")) if name == "value" else ""
            yield from _in_json(value, f"a {kind} widget's {name}", None, described or name)


def _joined(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else "".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )
