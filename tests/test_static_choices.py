"""What the author decides of a page without a kernel: callbacks may run, what is lost, how much."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Outcome

from nb2space.space import read_manifest

pytestmark = pytest.mark.kernel

HEAD = "import ipywidgets as W\nfrom ipywidgets import interact"
SLIDER = "@interact(size=(0, 3))\ndef f(size):\n    print('size is', size)"
CHANCE = (
    "import random\npages = W.Tab([W.Label('A'), W.Label('B')]); seen = W.Label()\n"
    "pages.observe(lambda c: setattr(seen, 'value', str(random.random())), 'selected_index')\n"
    "W.VBox([pages, seen])"
)
TAGS = (
    "tags = W.TagsInput(value=['oak'], description='tags'); shown = W.Label()\n"
    "tags.observe(lambda c: setattr(shown, 'value', str(tags.value)), 'value')\n"
    "W.VBox([tags, shown])"
)
TWO = "@interact(a=(0, 40), b=(0, 40))\ndef two(a, b):\n    print(a + b)"  # 1681 states


def test_nobody_is_there_to_agree(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Outcome]
) -> None:
    outcome = run("convert", notebook(HEAD, SLIDER), "--static")
    assert outcome.code == 2
    assert outcome.err == (
        "Error: To record what the controls of cell 2 show, their callbacks run now, for every "
        "value, with all that they do beside showing something. Nothing was written. Add --yes "
        "to agree.\n"
    )
    assert not (tmp_path / "small-space").exists()


def test_the_author_is_asked_once(notebook: Callable[..., Path], tmp_path: Path) -> None:
    path = notebook(HEAD, SLIDER)
    code, text = at_a_terminal(tmp_path, "n\n", "convert", path, "--static")
    assert code == 130 and "callbacks run now" in text and "Go on? [Y/n]" in text
    assert not (tmp_path / "small-space").exists()
    code, text = at_a_terminal(tmp_path, "y\n", "convert", path, "--static")
    assert code == 0 and "Go on?" in text
    code, text = at_a_terminal(tmp_path, "", "convert", path, "--static")
    assert code == 0 and "Go on?" not in text


def test_a_loss_stops_unless_it_is_allowed(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Outcome]
) -> None:
    path = notebook(HEAD, SLIDER, CHANCE, TAGS)
    refused = run("convert", path, "--static", "--yes")
    assert refused.code == 1
    assert "The tabs in cell 3 cannot work without a kernel" in refused.err
    assert "--allow-frozen" in refused.err
    assert not (tmp_path / "small-space").exists()
    allowed = run("convert", path, "--static", "--yes", "--allow-frozen", "--json")
    assert allowed.code == 0, allowed.err
    assert any("The tabs in cell 3" in said for said in json.loads(allowed.out)["notices"])


def test_the_form_without_a_kernel_is_taken_where_nothing_is_lost(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Outcome]
) -> None:
    folder = tmp_path / "small-space"
    outcome = run("convert", notebook(HEAD, SLIDER), "--form", "auto", "--yes")
    assert outcome.code == 0 and read_manifest(folder).form == "static"
    outcome = run("convert", notebook(HEAD, SLIDER, CHANCE), "--form", "auto", "--yes")
    assert outcome.code == 0 and read_manifest(folder).form == "docker"
    assert "Note: Made with a kernel. Without one: The tabs in cell 3 cannot" in outcome.err
    assert (folder / "sealed.bin").exists()


def test_more_states_are_allowed_or_steps_left_out(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Outcome]
) -> None:
    path = notebook(HEAD, TWO)
    refused = run("convert", path, "--static", "--yes", "--max-states", "500")
    assert refused.code == 1 and "1,681 states" in refused.err
    coarse = run(
        "convert",
        path,
        "--static",
        "--yes",
        "--max-states",
        "500",
        "--coarsen",
        "5",
        "--lang",
        "id",
    )
    assert coarse.code == 0, coarse.err
    assert "The slider 'a' in cell 2 takes only one in 5 of its steps." in coarse.err
    states = json.loads((tmp_path / "small-space" / "page" / "table.json").read_bytes())["states"]
    hints = {model["state"].get("tooltip") for model in states.values()}
    assert "Bergerak dengan langkah 5." in hints


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--static", "--form", "docker"], "cannot go together"),
        (["--max-states", "5"], "add --static"),
        (["--coarsen", "5"], "add --static"),
        (["--allow-frozen"], "add --static"),
        (["--form", "auto", "--coarsen", "5"], "Take --static"),
        (["--static", "--hardware", "cpu-upgrade"], "for an app with a kernel"),
    ],
)
def test_options_that_do_not_go_together(
    words: list[str], said: str, notebook: Callable[..., Path], run: Callable[..., Outcome]
) -> None:
    outcome = run("convert", notebook(HEAD), *words)
    assert outcome.code == 2 and said in outcome.err


@pytest.mark.browser
def test_what_is_off_cannot_be_operated(
    notebook: Callable[..., Path], tmp_path: Path, chromium: Any
) -> None:
    from test_static import convert_static, opened, serving_below

    path = notebook(HEAD, CHANCE, TAGS)
    space = convert_static(path, tmp_path, "--allow-frozen")
    with serving_below(space.folder) as url, opened(chromium, url) as seen:
        bar = seen.page.locator(".lm-TabBar")
        bar.wait_for()
        seen.page.locator(".jupyter-widget-tab.nb2space-off > .lm-TabBar[inert]").wait_for()
        tags = seen.page.locator(".nb2space-off:not(.jupyter-widget-tab)")
        assert tags.locator("> :not([inert])").count() == 0
        assert tags.get_attribute("title") == "This needs the live version."
        tab = seen.page.locator(".lm-TabBar-tab").nth(1)
        place = tab.bounding_box()
        seen.page.mouse.click(place["x"] + 5, place["y"] + 5)
        assert tab.get_attribute("aria-selected") == "false"


def at_a_terminal(folder: Path, typed: str, *words: str | Path) -> tuple[int, str]:
    """Run a command at a terminal, type this into it; its exit code and all that was shown."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nb2space", *map(str, words)],
        cwd=folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(follower)
    os.write(leader, typed.encode())
    text = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # as Linux says that nobody writes any more
            break
        if not part:
            break
        text += part
    os.close(leader)
    return process.wait(60), text.decode(errors="replace")
