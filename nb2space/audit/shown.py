"""Telling what an app shows from what it only sends.

A text such as "Months ahead" stands in the code and on a slider, and callbacks show texts that no
output held before. So texts and single words count as leaks only where nothing is shown: in error
messages, standard error, reprs beside a richer form, HTML comments, states of widgets that
nothing displays, replies of the kernel, headers. Lines of code are leaks everywhere.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nb2space.runtime.markup import SRCDOC
from nb2space.runtime.undoing import without_colours
from nb2space.widgets import STATE_MIME, VIEW_MIME

OUTPUT_MIME = "application/vnd.voila.cell-output+json"

_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
_UNSEEN_ELEMENT = re.compile(r"<(metadata|desc|template|noscript)\b[^>]*>.*?</\1\s*>", re.S | re.I)
_UNSEEN_MIME = re.compile(
    r'<(\w+)[^>]*data-mime-type="application/vnd\.jupyter\.(?:stderr|error)".*?</\1\s*>', re.S
)
# A picture of dots shows none of the texts in its file.
_PICTURE_URL = re.compile(r"data:image/(?:png|jpeg|gif|webp)[\w.;=-]{0,80},[^\s\"'<>()]*")
_LATEX_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.S | re.I)
_REFERENCE = re.compile(r"IPY_MODEL_([0-9A-Za-z-]+)")
_VIEWED = re.compile(r'\\?"model_id\\?":\s*\\?"([0-9A-Za-z-]+)')

_OWN_NAME = "_anywidget_id"

# Where a report of an error starts in a text, and the line that ends it.
_ERROR_STARTS = re.compile(
    r"Traceback \(most recent call last\)|^-{30,}$|^\S+:\d+: \w*Warning: |^Cell In ?\[\d+\]"
)
_ERROR_ENDS = re.compile(
    r"[\w.]*(?:Error|Exception|Exit|Interrupt|Iteration|Group)\b(?!.*Traceback)"
)
_WARNING = re.compile(r"^\S+:\d+: \w*Warning: ")


@dataclass(frozen=True)
class Share:
    """The texts of something that are `shown` to viewers, and those that are not."""

    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    def __add__(self, other: Share) -> Share:
        return Share(self.shown + other.shown, self.hidden + other.hidden)


def share_of_text(text: str) -> Share:
    """Of printed text, tracebacks and warnings are not meant for viewers."""
    shown: list[str] = []
    hidden: list[str] = []
    inside = until_next = False
    for line in without_colours(text).splitlines():
        if until_next:
            # The source line that follows a warning.
            until_next = False
            hidden.append(line)
        elif inside:
            hidden.append(line)
            inside = not _ERROR_ENDS.match(line)
        elif _WARNING.match(line):
            until_next = True
            hidden.append(line)
        elif _ERROR_STARTS.search(line):
            inside = True
            hidden.append(line)
        else:
            shown.append(line)
    return Share(("\n".join(shown),), ("\n".join(hidden),) if hidden else ())


def share_of_markup(text: str) -> Share:
    """Of HTML, SVG and Markdown, comments and elements that no page renders are not shown."""
    hidden = [match[1] for match in _COMMENT.finditer(text)]
    rest = _COMMENT.sub(" ", text)
    for pattern in (_UNSEEN_ELEMENT, _UNSEEN_MIME):
        hidden += [match[0] for match in pattern.finditer(rest)]
        rest = pattern.sub(" ", rest)
    hidden += _PICTURE_URL.findall(rest)
    share = Share((), tuple(hidden))
    for match in SRCDOC.finditer(rest):
        share += share_of_markup(html.unescape(match[1] or match[2] or ""))
    return share_of_text(SRCDOC.sub(" ", _PICTURE_URL.sub(" ", rest))) + share


def share_of_output(output: Mapping[str, Any]) -> Share:
    """Of one output as notebooks and messages have it."""
    kind = output.get("output_type")
    rest = {name: value for name, value in output.items() if name not in ("data", "text")}
    beside = Share((), (json.dumps(rest, ensure_ascii=False, default=str),))
    if kind == "stream" and output.get("name") != "stderr":
        return share_of_text(_joined(output.get("text", ""))) + beside
    data = output.get("data")
    if kind not in ("display_data", "execute_result", "update_display_data"):
        return Share((), (json.dumps(output, ensure_ascii=False, default=str),))
    share = beside
    if isinstance(data, dict):
        for mime, value in data.items():
            share += _share_of_data(mime, value, is_alone=len(data) == 1)
    return share


def _share_of_data(mime: str, value: Any, *, is_alone: bool) -> Share:
    text = _joined(value) if isinstance(value, str | list) else None
    if text is None:
        return _share_of_values(value)
    if mime == "text/plain":
        # Beside a richer form it is a Python repr that no page renders.
        return share_of_text(text) if is_alone else Share((), (text,))
    if mime == "image/svg+xml":
        # Matplotlib draws texts as outlines, with the text in a comment beside them.
        return share_of_markup(_COMMENT.sub(r" \1 ", text))
    if mime == "text/latex":
        comments = tuple(_LATEX_COMMENT.findall(text))
        return share_of_text(_LATEX_COMMENT.sub("", text)) + Share((), comments)
    if mime.startswith("text/") or "xml" in mime or "script" in mime:
        return share_of_markup(text)
    return Share((), (text,))


def _share_of_values(value: Any) -> Share:
    """Of a tree of JSON: every text in it may be drawn."""
    share = Share()
    for text in texts_in(value):
        share += share_of_markup(text)
    return share


def texts_in(value: Any) -> Iterator[str]:
    """The texts in a tree of JSON, its names included; numbers say nothing."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def share_of_state(state: Mapping[str, Any]) -> Share:
    """Of a displayed widget's state: its values are shown, its captured outputs as outputs are."""
    outputs = state.get("outputs")
    captured = [o for o in outputs if isinstance(o, dict)] if isinstance(outputs, list) else []
    # anywidget names a model after its class, which no page shows.
    share = Share((), (str(state.get(_OWN_NAME, "")),))
    beside = {_OWN_NAME, "outputs"} if captured else {_OWN_NAME}
    share += _share_of_values({k: v for k, v in state.items() if k not in beside})
    for output in captured:
        share += share_of_output(output)
    return share


def share_of_page(text: str) -> tuple[Share, set[str]]:
    """Of a page, and the ids of the widgets that it displays."""
    share = Share()
    viewed: set[str] = set()
    for attributes, body in _SCRIPT.findall(text):
        if "json" not in attributes:
            share += share_of_text(body)
            continue
        try:
            content = json.loads(body)
        except ValueError:
            share += Share((), (body,))
            continue
        if OUTPUT_MIME in attributes and isinstance(content, dict):
            share += share_of_output(content)
            viewed |= viewed_in(content)
        elif VIEW_MIME in attributes:
            viewed |= viewed_in(content)
        elif STATE_MIME in attributes and isinstance(content, dict):
            share += share_of_models(content.get("state", {}), viewed_in(text))
        else:
            share += Share((), (body,))
    return share + share_of_markup(_SCRIPT.sub(" ", text)), viewed


def share_of_models(models: Mapping[str, Any], viewed: Iterable[str]) -> Share:
    """Of widget models by id, each with its "state", when `viewed` are displayed."""
    states = {name: m.get("state", {}) for name, m in models.items() if isinstance(m, dict)}
    reached = displayed(states, viewed)
    share = Share()
    for name, model in models.items():
        if name in reached:
            share += share_of_state(states[name])
        else:
            share += Share((), (json.dumps(model, ensure_ascii=False, default=str),))
    return share


def share_of_notebook(notebook: Mapping[str, Any]) -> Share:
    """Of a viewer's notebook: text cells and outputs are shown, metadata is not."""
    share = Share()
    for cell in notebook.get("cells", []):
        rest = {k: v for k, v in cell.items() if k not in ("source", "outputs", "attachments")}
        share += Share((), (json.dumps(rest, default=str),))
        source = _joined(cell.get("source", ""))
        if cell.get("cell_type") == "code":
            share += Share((), (source,))
        else:
            share += share_of_markup(source)
        for output in cell.get("outputs", []):
            share += share_of_output(output)
        share += Share((), (json.dumps(cell.get("attachments", {}), default=str),))
    metadata = {k: v for k, v in notebook.get("metadata", {}).items() if k != "widgets"}
    share += Share((), (json.dumps(metadata, default=str),))
    widgets = notebook.get("metadata", {}).get("widgets", {})
    models = widgets.get(STATE_MIME, {}).get("state", {})
    return share + share_of_models(models, viewed_in(notebook.get("cells", [])))


def viewed_in(value: Any) -> set[str]:
    """The ids of the widget models that `value` (JSON, or text with JSON in it) displays."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return set(_VIEWED.findall(text))


def displayed(states: Mapping[str, Any], viewed: Iterable[str]) -> set[str]:
    """Those of the models that are displayed or that a displayed one refers to."""
    reached: set[str] = set()
    waiting = [name for name in viewed if name in states]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        text = json.dumps(states[name], default=str)
        found = set(_REFERENCE.findall(text)) | set(_VIEWED.findall(text))
        waiting += [other for other in found if other in states]
    return reached


def _joined(text: Any) -> str:
    """A text as notebooks have it: one string, or a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
