"""The two notebooks that a Space carries, made from the author's executed one.

The *viewer's* notebook lies in the open: outputs and displayed widgets' state, no source, no
foreign metadata. The *live* notebook holds the code that the Space's kernels execute and travels
sealed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from nb2space.images import inline_images
from nb2space.notebook import Notebook
from nb2space.places import Veiled
from nb2space.runtime.bundles import viewer_data
from nb2space.runtime.cleantext import clean_text, text_of
from nb2space.runtime.masking import Mask
from nb2space.runtime.media import bare_buffer, bare_data_urls
from nb2space.runtime.outputs import renderer_metadata, viewer_model
from nb2space.runtime.sealedsecrets import NO_SECRETS, SealedSecrets
from nb2space.tags import CellView, numbered, view_of
from nb2space.widgets import (
    STATE_MIME,
    captured_outputs,
    displayed_models,
    is_output_area,
    saved_models,
)

# A model's id as kernels and pages draw it, and where an output or a state names one.
RANDOM_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Those that `runtime/widgetids.py` gave are the same in each run.
_COUNTED_ID = re.compile(r"6e62[0-9a-f]{28}")
_NAMED_ID = re.compile(rf'(?:"model_id": "|IPY_MODEL_)({RANDOM_ID.pattern})')

NOTHING_HIDDEN = Mask(())

# Cell numbers in notices are positions in the author's notebook, counted from 1.


@dataclass(frozen=True)
class Stripped:
    """What stripping gives: the two notebooks and sentences for the author.

    `model_ids` are the viewer's notebook's ids of widgets, by those that the kernel gave them.
    """

    viewer: Notebook
    live: Notebook
    notices: tuple[str, ...]
    model_ids: Mapping[str, str] = field(default_factory=dict)


def strip_notebook(
    executed: Notebook,
    *,
    folder: Path,
    title: str,
    show_source: bool,
    secrets: SealedSecrets = NO_SECRETS,
    veil: Mask = NOTHING_HIDDEN,
) -> Stripped:
    """Split `executed` into the viewer's and the live notebook.

    `secrets` says of those that the live one needs; `veil` takes private paths out of what is
    shown. `folder` is the author's notebook's own, where pictures in Markdown are looked up.
    With `show_source` the code of cells that are not tagged to hide it is kept for the viewer.
    """
    viewer_cells: list[Notebook] = []
    live_cells: list[Notebook] = []
    notices: list[str] = []
    veiled = Veiled(veil, saved_models(executed.metadata))
    for number, cell in numbered(executed):
        view = view_of(cell)
        if cell.cell_type == "code":
            outputs, said = viewer_outputs(cell.get("outputs", []))
            if view.shows_outputs:
                outputs = veiled.of(outputs, number)
            if not view.is_hidden:
                notices += [f"Cell {number} {what}" for what in said]
            live = _live_code(cell, number, view, outputs, show_source)
            live_cells.append(_placed(live, live_cells))
            if not view.is_hidden:
                source = cell.source if show_source and view.shows_source else ""
                source = veiled.of(source, number)
                shown = outputs if view.shows_outputs else []
                if source or shown:
                    seen = nbformat.v4.new_code_cell(source, outputs=shown, id=live.id)
                    viewer_cells.append(seen)
        elif view.shows_source:
            text, missing = _text_cell(cell, veiled.of(cell.source, number), folder)
            if text is not None:
                text = veiled.of(text, number)
                notices += [f"Cell {number} shows a picture that is missing: {m}" for m in missing]
                live_cells.append(_placed(text, live_cells))
                viewer_cells.append(text)
    viewer = _notebook(viewer_cells, title)
    # Cleaned first: what an output that is dropped refers to is not displayed.
    models = displayed_models(
        (output for cell in viewer_cells for output in cell.get("outputs", [])),
        {name: clean_model(model) for name, model in veiled.models.items()},
    )
    if models:
        viewer.metadata["widgets"] = {
            STATE_MIME: {"version_major": 2, "version_minor": 0, "state": models}
        }
    live = _notebook(live_cells, title)
    if secrets != NO_SECRETS:
        live.metadata["nb2space"] = secrets.as_metadata()
    viewer, model_ids = _with_stable_ids(viewer)
    return Stripped(
        viewer=viewer,
        live=live,
        notices=(*notices, *veiled.notices),
        model_ids=model_ids,
    )


def _placed(cell: Notebook, before: list[Notebook]) -> Notebook:
    """The cell with its place among the live cells as its id, which it has for viewers, too."""
    cell["id"] = f"cell-{len(before) + 1}"
    return cell


def _notebook(cells: list[Notebook], title: str) -> Notebook:
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "title": title,
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        },
    )


def _live_code(
    cell: Notebook, number: int, view: CellView, outputs: list[Any], show_source: bool
) -> Notebook:
    tags = [] if view.runs else ["skip-execution"]
    if view.may_fail:
        tags.append("raises-exception")
    live = nbformat.v4.new_code_cell(cell.source, metadata={"tags": tags})
    live.metadata["nb2space"] = {
        "number": number,
        "shows_source": show_source and view.shows_source,
        "shows_outputs": view.shows_outputs,
    }
    if not view.runs:
        # It never runs in the Space either, so what it showed on the author's machine stands.
        live.metadata["nb2space"]["outputs"] = outputs if view.shows_outputs else []
    return live


def _text_cell(cell: Notebook, text: str, folder: Path) -> tuple[Notebook | None, list[str]]:
    # A picture that was pasted and taken out of the text again is still attached to the cell.
    source, missing = inline_images(text, folder, cell.get("attachments", {}))
    source = bare_data_urls(source)
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(source), missing
    if cell.metadata.get("raw_mimetype") == "text/html":
        return nbformat.v4.new_raw_cell(source, metadata={"raw_mimetype": "text/html"}), missing
    return None, []


def viewer_outputs(outputs: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """The outputs that a viewer may see, and what to tell the author of the others."""
    kept: list[Any] = []
    said: dict[str, None] = {}
    for output in outputs:
        kind = output["output_type"]
        if kind == "error":
            name = output.get("ename", "an error")
            said[f"ends in {name}; viewers do not see the traceback."] = None
        elif kind == "stream" and output.get("name") == "stderr":
            said["writes warnings or messages to stderr; viewers do not see them."] = None
        elif kind == "stream":
            text = clean_text(text_of(output["text"]) or "")
            kept.append(nbformat.v4.new_output("stream", name="stdout", text=text))
        else:
            data = viewer_data(output["data"])
            metadata = renderer_metadata(output.get("metadata", {}))
            if data:
                kept.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata))
    return kept, list(said)


def clean_model(model: dict[str, Any]) -> dict[str, Any]:
    """A saved model as a viewer may have it."""
    state = dict(model["state"])
    if is_output_area(model):
        # The message that a capturing Output widget waits for is of a kernel that is gone.
        state.pop("msg_id", None)
        state["outputs"], _ = viewer_outputs(captured_outputs(model))
        return {**model, "state": state}
    cleaned = {**model, "state": viewer_model(state, model.get("model_name"))}
    if isinstance(model.get("buffers"), list):
        cleaned["buffers"] = [clean_buffer(buffer) for buffer in model["buffers"]]
    return cleaned


def clean_buffer(buffer: Any) -> Any:
    """A buffer of a saved model; without its texts when it is a picture."""
    try:
        raw = base64.b64decode(buffer["data"])
    except (TypeError, KeyError, ValueError):
        return buffer
    return {**buffer, "data": base64.b64encode(bare_buffer(raw)).decode("ascii")}


def _with_stable_ids(viewer: Notebook) -> tuple[Notebook, dict[str, str]]:
    """The notebook with its random widget model ids replaced by ordinal ones, and these by those.

    The same input is to give the same bytes. Ids that live kernels will give, too, stay.
    """
    text = json.dumps(viewer)
    # Only what looks random: a model may be named "a" in a notebook that some tool wrote.
    ids = filter(RANDOM_ID.fullmatch, saved_models(viewer.metadata))
    named = (match[1] for match in _NAMED_ID.finditer(text))
    stable = {
        old: old if _COUNTED_ID.fullmatch(old) else f"{number:032x}"
        for number, old in enumerate(dict.fromkeys((*ids, *named)), 1)
    }
    if not stable:
        return viewer, {}
    text = re.sub("|".join(stable), lambda match: stable[match[0]], text)
    return nbformat.from_dict(json.loads(text)), stable
