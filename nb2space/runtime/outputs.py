"""What of an output a viewer may see.

Used for the viewer's notebook at conversion, and in the Space for everything that a live kernel
sends: the same rule in both places.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from .bundles import viewer_data
from .cleantext import clean_text, text_of
from .markup import bare_markup
from .media import bare_data_urls
from .messages import problem_html

Output = dict[str, Any]
Report = Callable[[str], str]
"""Takes the details of a problem and gives its reference number."""

GUARDED = "nb2space"
"""The error name under which the guard in a kernel sends a reference number."""

# What a renderer needs to know of an output, per MIME type or beside it; the rest is dropped.
_RENDERER_METADATA = {"width", "height", "needs_background", "unconfined", "isolated", "expanded"}

_REFERENCE = re.compile(r"[0-9A-F]{6}")
# What a widget is made of: its scripts and styles, which are no text of the page's.
_MADE_OF = ("_esm", "_css")
LINKS = ("LinkModel", "DirectionalLinkModel")
"""Models that the page itself keeps alike, by their traits `source` and `target`; nothing refers
to one (ipywidgets.widgets.widget_link)."""
_OWN_NAME = "_anywidget_id"
# Controls whose texts the page shows letter by letter, as they were entered or offered: nothing in
# them is markup (@jupyter-widgets/controls: widget_string.ts, widget_selection.ts).
_PLAIN = (
    "TextModel", "TextareaModel", "PasswordModel", "ComboboxModel", "LabelModel", "DropdownModel",
    "SelectModel", "SelectMultipleModel",
)  # fmt: skip
_PLAIN_TRAITS = {"value", "options", "_options_labels", "placeholder"}
_DEEPEST = 100


def viewer_outputs(outputs: Iterable[Output], report: Report, language: str) -> list[Output]:
    """The outputs as a viewer may see them; a failed one becomes a friendly sentence."""
    shown = []
    for output in printed_whole(outputs):
        kept = viewer_output(output, report, language)
        if kept is not None:
            shown.append(kept)
    return shown


def printed_whole(outputs: Iterable[Output]) -> list[Output]:
    """The outputs with what was printed in pieces made one, as viewers read it.

    What was written to stderr between the pieces is not for viewers, and stays where it is.
    """
    whole: list[Output] = []
    begun = -1
    for output in outputs:
        is_stream = output.get("output_type") == "stream"
        text = text_of(output.get("text"))
        if is_stream and output.get("name") == "stdout" and text is not None:
            if begun >= 0:
                whole[begun] = {**whole[begun], "text": whole[begun]["text"] + text}
                continue
            begun, output = len(whole), {**output, "text": text}
        elif not is_stream:
            begun = -1
        whole.append(output)
    return whole


def viewer_output(output: Output, report: Report, language: str) -> Output | None:
    """One output as a viewer may see it; None for what is not for viewers."""
    kind = output.get("output_type")
    if kind == "stream":
        if output.get("name") != "stdout":
            return None
        text = clean_text(text_of(output.get("text")) or "")
        return {"output_type": "stream", "name": "stdout", "text": text}
    if kind == "error":
        data = {"text/html": problem_html(reference_of(output, report), language)}
        return {"output_type": "display_data", "data": data, "metadata": {}}
    if kind in ("display_data", "execute_result"):
        data = viewer_data(output.get("data", {}))
        metadata = renderer_metadata(output.get("metadata", {}))
        return {"output_type": "display_data", "data": data, "metadata": metadata} if data else None
    return None


def reference_of(error: dict[str, Any], report: Report) -> str:
    """The reference number of an error: the guard's, else a new one that `report` gives."""
    value = str(error.get("evalue", ""))
    if error.get("ename") == GUARDED and _REFERENCE.fullmatch(value):
        return value
    return report(f"{error.get('ename')}: {value}")


def viewer_model(state: dict[str, Any], model_name: Any) -> dict[str, Any]:
    """The state of a widget of this model, or a part of it, as a viewer may have it."""
    plain = _PLAIN_TRAITS if model_name in _PLAIN else ()
    return {
        name: _plain(item) if name in plain else _trait(name, item, 0)
        for name, item in state.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(bare_data_urls(value))
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def viewer_state(value: Any, depth: int = 0) -> Any:
    """A widget's state, or a part of it, cleaned and without what is nested too deeply."""
    if isinstance(value, str):
        return clean_text(bare_markup(value))
    if depth > _DEEPEST and isinstance(value, dict | list | tuple):
        return None
    if isinstance(value, dict):
        return {name: _trait(name, item, depth) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [viewer_state(item, depth + 1) for item in value]
    return value


def _trait(name: str, value: Any, depth: int) -> Any:
    if name == _OWN_NAME and isinstance(value, str):
        # anywidget names a model after the author's class; the page needs a name only.
        return f"app.{hashlib.sha256(value.encode()).hexdigest()[:12]}"
    return value if name in _MADE_OF else viewer_state(value, depth + 1)


def renderer_metadata(metadata: Any) -> dict[str, Any]:
    """The metadata that a renderer uses."""
    kept: dict[str, Any] = {}
    if not isinstance(metadata, dict):
        return kept
    for name, value in metadata.items():
        if name in _RENDERER_METADATA:
            kept[name] = value
        elif "/" in name and isinstance(value, dict):
            kept[name] = {k: v for k, v in value.items() if k in _RENDERER_METADATA}
    return kept
