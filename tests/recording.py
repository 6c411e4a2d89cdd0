"""Notebooks that are recorded in tests, and comparing a recording with a fresh kernel."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from frozenplayer import FrozenPlayer
from operable import HEAD

from nb2space.execute import execute_notebook
from nb2space.page.record import Limits, record
from nb2space.page.record.blobs import viewer_model
from nb2space.page.record.domains import control_key, domain
from nb2space.page.record.keys import key_of
from nb2space.page.record.session import Session
from nb2space.page.tables import Frozen
from nb2space.widgets import VIEW_MIME


@dataclass(frozen=True)
class Recorded:
    """A recording, and the ids of all models of the kernel in the order of their making."""

    notebook: Any
    frozen: Frozen
    order: tuple[str, ...]
    names: tuple[str, ...]

    def labelled(self, label: str) -> str:
        """The id of the model with this description."""
        [found] = [
            m for m, model in self.frozen.states.items()
            if model["state"].get("description") == label
        ]  # fmt: skip
        return found

    def unit_of(self, label: str) -> Any:
        """The unit that the control with this description calls."""
        wanted = self.labelled(label)
        [unit] = [u for u in self.frozen.units if wanted in u.triggers or wanted == u.button]
        return unit


def record_cells(*cells: str, folder: Path, **limits: Any) -> Recorded:
    """Execute and record a notebook of these cells."""
    made = [nbformat.v4.new_code_cell(cell) for cell in (HEAD, *cells)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})
    order: list[str] = []
    names: list[str] = []

    async def work(client: Any) -> Frozen:
        session = Session(client, 10)
        before = await _names(session)
        await session.open()
        order.extend(session.mirror.states)
        await session.close()
        frozen = await record(client, limits=Limits(**limits))
        if await client.km.is_alive():
            names.extend(set(await _names(session)) - set(before))
        return frozen

    executed = execute_notebook(notebook, folder=folder, kernel="python3", afterwards=work)
    return Recorded(notebook, executed.afterwards, tuple(order), tuple(names))


async def _names(session: Session) -> list[str]:
    text = await session._evaluate("','.join(sorted(globals()))")
    return text.strip("'").split(",")


def differences(recorded: Recorded, folder: Path, moves: int, seed: int) -> list[str]:
    """What the tables show otherwise than a fresh kernel does, under the same random moves."""
    frozen, chance = recorded.frozen, random.Random(seed)

    async def work(client: Any) -> list[str]:
        session = Session(client, 10)
        await session.open()
        live = dict(zip(recorded.order, session.mirror.states, strict=True))
        player = FrozenPlayer(frozen)
        base = {m: f"#{n}" for n, m in enumerate(recorded.order)}
        live_base = {live[m]: name for m, name in base.items()}
        found = []
        buttons = [unit.button for unit in frozen.units if unit.button]
        controls = [
            m for m, model in frozen.states.items()
            if domain(model["state"]) is not None and m not in frozen.disabled
        ]  # fmt: skip
        for number in range(moves):
            model_id = chance.choice(controls + buttons)
            if model_id in buttons:
                await session.click(live[model_id])
                player.click(model_id)
            else:
                state = player.states[model_id]
                key = str(control_key(state))
                values = domain(state) or []
                value = chance.choice(values) if values else None
                if not values or key_of(value) == key_of(state.get(key)):
                    continue
                await session.update(live[model_id], key, value)
                player.set(model_id, key, value)
            for shown in frozen.states:
                there = viewer_model(session.mirror.states[live[shown]])
                one = _plain(player.states[shown], player.states, base)
                other = _plain(there, session.mirror.states, live_base)
                for key in one:
                    if one[key] != other.get(key):
                        found.append(f"move {number}: {key}: {one[key]!r} for {other.get(key)!r}")
        await session.close()
        return found

    return list(
        execute_notebook(
            recorded.notebook, folder=folder, kernel="python3", afterwards=work
        ).afterwards
    )


def _plain(value: Any, states: dict[str, Any], base: dict[str, str], depth: int = 0) -> Any:
    """A state in which other models have names that both kernels share."""
    if isinstance(value, str) and value.startswith("IPY_MODEL_"):
        return _model(value.removeprefix("IPY_MODEL_"), states, base, depth)
    if isinstance(value, dict):
        shown = {
            key: _plain(item, states, base, depth)
            for key, item in value.items()
            if key not in ("msg_id", VIEW_MIME)
        }
        if VIEW_MIME in value:
            shown[VIEW_MIME] = _model(value[VIEW_MIME]["model_id"], states, base, depth)
        return shown
    if isinstance(value, list | tuple):
        return [_plain(item, states, base, depth) for item in value]
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return value


def _model(model_id: str, states: dict[str, Any], base: dict[str, str], depth: int) -> Any:
    if model_id in base:
        return base[model_id]
    assert depth < 10, "models refer to each other"
    return _plain(viewer_model(states[model_id]), states, base, depth + 1)
