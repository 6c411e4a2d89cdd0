"""Scripts that bring their chunks along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import viewer, viewing
from conftest import ExampleSpace
from jupyter_core.paths import jupyter_path

from nb2space.runtime.chunks import with_chunks


def installed(pattern: str) -> Path:
    """The first installed file of Jupyter's that fits."""
    return next(path for root in jupyter_path() for path in sorted(Path(root).glob(pattern)))


def test_voilas_script_has_what_it_names() -> None:
    path = installed("voila/templates/base/static/voila.js")
    whole = with_chunks(path)
    assert whole.endswith(path.read_bytes())
    assert whole.count(b".push([[") > 40


def test_an_extension_has_what_it_starts_with() -> None:
    manager = "labextensions/@jupyter-widgets/jupyterlab-manager/static"
    path = installed(f"{manager}/remoteEntry.*.js")
    whole = with_chunks(path)
    for chunk in path.parent.glob("[0-9]*.js"):
        assert chunk.read_bytes() in whole
    assert whole.endswith(path.read_bytes())


@pytest.mark.parametrize("name", ["voila.js", "remoteEntry.1.js", "other.js"])
@pytest.mark.parametrize("content", [b"", b"x.e(1)", b'"./extension":()=>x.e(7).then(', b"\xff("])
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
        assert "voila.js" in asked
        assert sum(name.endswith(".voila.js") for name in asked) < 25
