"""The audit moves every control that a viewer could move, and says which it could not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nb2space.audit.traffic import visit_app
from nb2space.serve import free_port, serving

# Of each kind one or more; each says its name on the page when its value changes, and the button
# makes a further one appear, in whose place it then puts another.
CONTROLS = """
import ipywidgets as W
from IPython.display import display

said, moved = W.HTML(), set()
def told(name):
    def on_change(change):
        moved.add(name)
        said.value = " ".join(sorted(moved))
    return on_change

made = {
    "range": W.FloatRangeSlider(), "switch": W.ToggleButton(description="switch"),
    "several": W.SelectMultiple(options=["a", "b"]), "date": W.DatePicker(), "time": W.TimePicker(),
    "colour": W.ColorPicker(concise=True), "upload": W.FileUpload(), "play": W.Play(max=3),
    "tags": W.TagsInput(value=["t"]), "hidden": W.Checkbox(), "late": W.Text(), "latest": W.Text(),
}
for name, control in made.items():
    control.observe(told(name), "value")
latest, late, hidden = (made.pop(name) for name in ("latest", "late", "hidden"))
folded = W.Accordion([hidden], titles=["More"])
place = W.VBox()
button = W.Button(description="press")
button.on_click(lambda _: setattr(place, "children", [late]))
late.observe(lambda _: setattr(place, "children", [latest]), "value")
greyed = W.Text(disabled=True)
display(said, *made.values(), folded, button, place, greyed)
"""
NAMES = {
    "range", "switch", "several", "date", "time", "colour", "upload", "play", "tags", "hidden",
    "late", "latest",
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_every_control_is_moved_also_those_that_appear(
    notebook: Callable[..., Path],
    run: Callable[..., Any],
    tmp_path: Path,
    own_key_store: Path,
) -> None:
    assert run("convert", notebook(CONTROLS, name="controls.ipynb")).code == 0
    with serving(tmp_path / "controls-space", free_port(None), silent=True) as server:
        log = visit_app(server.url, use_browser=True)
    (said,) = (
        state["value"]
        for state in log.widgets().states.values()
        if state.get("_model_name") == "HTMLModel"
    )
    assert set(said.split()) == NAMES
    assert log.notes == log.unseen == []
    # Two handles, three buttons of the player, the accordion's header, and the button itself.
    assert log.moved == len(NAMES) + 1 + 2 + 2
