"""Scripts that bring their chunks along."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from browsing import viewer, viewing
from conftest import ExampleSpace
from jupyter_core.paths import jupyter_path

from nb2space.page.assets import LIBRARIES
from nb2space.page.bundle import libraries_named, needed_chunks
from nb2space.runtime.chunks import with_chunks


def installed(pattern: str) -> Path:
    """The first installed file of Jupyter's that fits."""
    return next(path for root in jupyter_path() for path in sorted(Path(root).glob(pattern)))


def test_voilas_script_has_what_it_names() -> None:
    path = installed("voila/templates/base/static/voila.js")
    whole = with_chunks(path)
    assert whole.endswith(path.read_bytes())
    assert whole.count(b".push([[") > 10
    assert len(whole) < 400_000


def test_the_front_end_of_ipywidgets_has_what_it_names() -> None:
    manager = "labextensions/@jupyter-widgets/jupyterlab-manager/static"
    path = installed(f"{manager}/remoteEntry.*.js")
    whole = with_chunks(path)
    for name in (b"noUiSlider", b"ManagerBase", b"jQuery", b"DOMWidgetView"):
        assert name in whole and name not in path.read_bytes()
    assert whole.endswith(path.read_bytes())


@pytest.mark.parametrize("name", ["voila.js", "remoteEntry.1.js", "other.js"])
@pytest.mark.parametrize(
    "content", [b"", b"x.e(1)", b'"@lumino/widgets":()=>x.e(7).then(', b"\xff("]
)
def test_what_is_built_in_another_way_is_left_alone(
    name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert with_chunks(tmp_path / name) == content


@pytest.mark.browser
def test_a_page_asks_for_few_files(
    example_spaces: Callable[[str], ExampleSpace], chromium: Any
) -> None:
    space = example_spaces("report")
    with (
        viewing(space.folder, cwd=space.folder.parent, home=space.home) as app,
        viewer(chromium, app.url) as seen,
    ):
        asked: list[str] = []
        seen.page.on("request", lambda request: asked.append(request.url.split("/")[-1]))
        seen.page.reload()
        seen.wait_until_live()
        assert {"voila.js", "remoteEntry.js"} < set(asked)
        assert len(asked) < 14


def test_chunks_that_a_page_can_ask_for() -> None:
    bundle = installed("voila/templates/base/static/voila.js")
    every = set(bundle.parent.glob("*.voila.js"))
    drawing = needed_chunks(bundle, ["@jupyterlab/rendermime"])
    assert drawing < needed_chunks(bundle, LIBRARIES) < every
    assert needed_chunks(bundle, ["not a library"]) == set()
    # One library stands for others: what renders needs the widgets of lumino.
    assert needed_chunks(bundle, ["@lumino/widgets"]) < drawing


def test_of_another_bundle_all_chunks_are_taken(tmp_path: Path) -> None:
    bundle, chunk = tmp_path / "voila.js", tmp_path / "1.voila.js"
    bundle.write_text("made in another way")
    chunk.write_text("")
    assert needed_chunks(bundle, LIBRARIES) == {chunk}
    assert libraries_named(bundle, [chunk]) == set()


def test_libraries_that_other_front_ends_name(tmp_path: Path) -> None:
    bundle = installed("voila/templates/base/static/voila.js")
    script = tmp_path / "remoteEntry.js"
    script.write_text('x("default","@lumino/datagrid",1)')
    assert libraries_named(bundle, [script]) == {"@lumino/datagrid"}


def test_the_scripts_ask_for_no_other_libraries() -> None:
    scripts = resources.files("nb2space.templates").joinpath("page")
    texts = "".join(path.read_text() for path in scripts.iterdir() if path.name.endswith(".js"))
    asked = set(re.findall(r'"(@(?:lumino|jupyterlab)/[\w-]+)"', texts))
    assert asked <= set(LIBRARIES)
