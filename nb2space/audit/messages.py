"""What goes over a kernel's socket, taken apart into what viewers see and what they do not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nb2space.audit.shown import (
    Share,
    displayed,
    share_of_output,
    share_of_state,
    viewed_in,
)

_OUTPUTS = {"stream", "display_data", "execute_result", "update_display_data"}
_PARTS = ("header", "parent_header", "metadata", "content")

Message = dict[str, Any]


def message_of(frame: bytes) -> Message | None:
    """The kernel message in a frame, in each of the three forms; None when it is none.

    jupyter_server's websocket_protocols.md has the forms: JSON text; JSON with buffers behind a
    table of 32-bit offsets; and "v1", parts behind a table of 64-bit offsets.
    """
    for read in (_from_json, _from_legacy, _from_v1):
        try:
            message = read(frame)
        except (ValueError, IndexError, TypeError, KeyError):
            continue
        if isinstance(message, dict) and isinstance(message.get("content"), dict):
            return message
    return None


def _from_json(frame: bytes) -> Any:
    return json.loads(frame)


def _from_legacy(frame: bytes) -> Any:
    count = int.from_bytes(frame[:4], "big")
    if not 0 < count <= len(frame) // 4:
        return None
    offsets = [int.from_bytes(frame[4 * n + 4 : 4 * n + 8], "big") for n in range(count)]
    message = json.loads(frame[offsets[0] : offsets[1] if count > 1 else None])
    ends = [*offsets[2:], len(frame)]
    message["buffers"] = [frame[a:b] for a, b in zip(offsets[1:], ends, strict=False)]
    return message


def _from_v1(frame: bytes) -> Any:
    count = int.from_bytes(frame[:8], "little")
    if not 6 <= count <= len(frame) // 8:
        return None
    offsets = [int.from_bytes(frame[8 * n + 8 : 8 * n + 16], "little") for n in range(count)]
    parts = [frame[a:b] for a, b in itertools.pairwise(offsets)]
    message: Message = {"channel": parts[0].decode(), "buffers": parts[5:]}
    for name, part in zip(_PARTS, parts[1:5], strict=True):
        message[name] = json.loads(part)
    return message


def frame_v1(message: Message) -> bytes:
    """The message as a frame of the form "v1", which is what Voila's pages send."""
    packed = [json.dumps(message[name]).encode() for name in _PARTS]
    parts = [message["channel"].encode(), *packed]
    # The offset of each part and of the end, behind the number of offsets.
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = (len(offsets), *offsets)
    return b"".join([*(n.to_bytes(8, "little") for n in numbers), *parts])


def type_of(message: Message) -> str:
    """The message's type, such as "stream"."""
    header = message.get("header")
    return str(header.get("msg_type", "")) if isinstance(header, dict) else ""


class Widgets:
    """What is known of an app's widgets from all messages: their state, and which are displayed."""

    def __init__(self, messages: Iterable[Message], viewed: Iterable[str]) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        seen = set(viewed)
        for message in messages:
            for name, state in _states_in(message):
                self.states.setdefault(name, {}).update(state)
            if type_of(message) in _OUTPUTS:
                seen |= viewed_in(message["content"])
        self.displayed = displayed(self.states, seen)


def _states_in(message: Message) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ids and (parts of) states of the widgets that a message tells of."""
    content = message["content"]
    data = content.get("data")
    if not type_of(message).startswith("comm_") or not isinstance(data, dict):
        return
    if isinstance(data.get("state"), dict):
        yield str(content.get("comm_id")), data["state"]
    states = data.get("states")
    if isinstance(states, dict):
        for name, model in states.items():
            if isinstance(model, dict) and isinstance(model.get("state"), dict):
                described = {k: v for k, v in model.items() if k.startswith("model_")}
                yield name, {**described, **model["state"]}


def share_of_message(message: Message, widgets: Widgets) -> Share:
    """Of a kernel message: outputs and the values of displayed widgets are shown."""
    kind, content = type_of(message), message["content"]
    around = {name: message.get(name) for name in ("header", "parent_header", "metadata")}
    share = Share((), (_as_text(around),))
    if kind in _OUTPUTS:
        return share + share_of_output({**content, "output_type": kind})
    data = content.get("data")
    if not kind.startswith("comm_") or not isinstance(data, dict):
        return share + Share((), (_as_text(content),))
    told = dict(_states_in(message))
    for name, state in told.items():
        if name in widgets.displayed:
            share += share_of_state(state)
        else:
            share += Share((), (_as_text(state),))
    if not told and content.get("comm_id") in widgets.displayed:
        # A custom message of a displayed widget: what it draws.
        return share + share_of_state(data)
    rest = {k: v for k, v in data.items() if k not in ("state", "states")}
    return share + Share((), (_as_text({**content, "data": rest}),))


def controls(widgets: Widgets) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Ids and states of the displayed widgets."""
    yield from ((name, widgets.states[name]) for name in sorted(widgets.displayed))


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
