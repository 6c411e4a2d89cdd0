"""The recorded values, each kept once, cleaned for viewers and with the widgets that they show.

Two values are one when they differ in nothing but what is random in each run: the ids of widgets
that a callback made, and names that a library draws for its own markup.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from nb2space.page.record.mirror import Mirror, Place
from nb2space.runtime.outputs import Output, renderer_metadata, viewer_output, viewer_state
from nb2space.widgets import VIEW_MIME

_REFERENCE = "IPY_MODEL_"
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
# Markup's own names (a Styler's table, the clip paths of a plot) and when a picture was drawn.
_MARKUP_ID = re.compile(r"""\bid=\\?["']([\w-]*(?=[0-9a-f]*\d)[0-9a-f]{5,}[\w-]*)\\?["']""")
_DATE = re.compile(r"<dc:date>[^<]*</dc:date>")

Blob = dict[str, Any]


class Blobs:
    """All values that tables name, by number.

    `base` are the models that the page begins with, `bytes` the size of all values as JSON.
    """

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self.base = dict.fromkeys(mirror.states)
        self.all: list[Blob] = []
        self.bytes = 0
        self._names = {model_id: f"#{number}" for number, model_id in enumerate(self.base)}
        self._numbers: dict[str, int] = {}

    def put(self, place: Place) -> int:
        """The number of the value that a place has now."""
        value = self.mirror.value(place)
        buffers = self.mirror.buffers_at(place)
        made = self._made_models(value)
        models = [self._model(model_id) for model_id in made]
        blob: Blob = {"v": viewer_value(value, place[1])}
        if buffers:
            blob["b"] = buffers
        if models:
            blob["m"] = models
        text = json.dumps(blob, sort_keys=True, default=str)
        digest = self._digest(text, made)
        if digest not in self._numbers:
            # Ids that follow from the content make the same page of the same notebook.
            for number, model_id in enumerate(made):
                name = hashlib.sha256(f"{digest} {number}".encode()).hexdigest()[:32]
                text = text.replace(model_id, name)
            self._numbers[digest] = len(self.all)
            self.all.append(json.loads(text))
            self.bytes += len(text)
        return self._numbers[digest]

    def made(self, place: Place) -> dict[str, str]:
        """The models that a callback made and that a place shows now: their names in the blob."""
        blob = self.all[self.put(place)]
        ids = self._made_models(self.mirror.value(place))
        return {ours: model["i"] for ours, model in zip(ids, blob.get("m", []), strict=True)}

    def _digest(self, text: str, made: Iterable[str]) -> str:
        for number, model_id in enumerate(made):
            text = text.replace(model_id, f"@{number}")
        for model_id in references(text):
            text = text.replace(model_id, self._names.get(model_id, "gone"))
        return hashlib.sha256(without_chance(text).encode()).hexdigest()

    def _made_models(self, value: Any) -> list[str]:
        """The models that a callback made and `value` shows; each after those it refers to."""
        found: dict[str, None] = {}
        entered: set[str] = set()

        def visit(value: Any) -> None:
            for model_id in referred(value):
                if model_id in self.base or model_id in entered:
                    continue
                if model_id in self.mirror.states:
                    entered.add(model_id)
                    visit(self.mirror.states[model_id])
                    found[model_id] = None

        visit(value)
        return list(found)

    def _model(self, model_id: str) -> dict[str, Any]:
        model = {"i": model_id, "s": viewer_model(self.mirror.states[model_id])}
        buffers = self.mirror.buffers.get(model_id)
        return {**model, "b": buffers} if buffers else model


def without_chance(text: str) -> str:
    """`text` with what is random in each run replaced by what is not."""
    text = _DATE.sub("", _ADDRESS.sub("0x", text))
    for number, name in enumerate(dict.fromkeys(_MARKUP_ID.findall(text))):
        text = text.replace(name, f"id{number}")
    return text


def viewer_model(state: dict[str, Any]) -> dict[str, Any]:
    """A whole state as viewers may have it."""
    return {
        key: "" if key == "msg_id" else viewer_value(value, key) for key, value in state.items()
    }


def viewer_value(value: Any, key: str) -> Any:
    """One trait's value as viewers may have it: what failed or went to stderr is left out."""
    if key != "outputs" or not isinstance(value, list | tuple):
        cleaned = viewer_state({key: value})
        return cleaned.get(key)
    return [kept for output in value if (kept := _viewer_output(output)) is not None]


def _viewer_output(output: Any) -> Output | None:
    if not isinstance(output, dict) or output.get("output_type") == "error":
        return None
    kept = viewer_output(output, lambda details: "", "en")
    if kept is not None and "metadata" in kept:
        kept["metadata"] = renderer_metadata(kept["metadata"])
    return kept


def references(text: str) -> list[str]:
    """The ids of models that a JSON text names, in order."""
    pattern = rf'(?:"model_id": "|{_REFERENCE})([0-9A-Za-z-]+)'
    return list(dict.fromkeys(re.findall(pattern, text)))


def referred(value: Any) -> Iterator[str]:
    """The ids of the models that a value refers to or displays, in a fixed order."""
    if isinstance(value, str):
        if value.startswith(_REFERENCE):
            yield value.removeprefix(_REFERENCE)
    elif isinstance(value, dict):
        view = value.get(VIEW_MIME)
        if isinstance(view, dict) and isinstance(view.get("model_id"), str):
            yield view["model_id"]
        for key in sorted(value, key=str):
            yield from referred(value[key])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from referred(item)
