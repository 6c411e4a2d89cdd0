"""What no page can show is told by the number of its cell."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import display, notebook_of
from nbclient import NotebookClient

from nb2space.errors import CellError
from nb2space.execute import execute_notebook
from nb2space.outputcheck import check_outputs

NESTED = "x = y = {}\nfor _ in range(900):\n    y['a'] = {}\n    y = y['a']\n"


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("data", "mime"),
    [
        ("{'text/plain': 5}", "text/plain"),
        ("{'text/html': None}", "text/html"),
        ("{'text/plain': 'a', 'image/png': {'a': 1}}", "image/png"),
        ("{'application/json': x}", "JSON"),
    ],
)
def test_a_cell_that_displays_it_is_named(
    data: str, mime: str, notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Any]
) -> None:
    shows = f"{NESTED}from IPython.display import display\ndisplay({data}, raw=True)"
    done = run("convert", notebook("# Title", shows))
    assert done.code == 2 and "Cell 2 displays" in done.err and mime in done.err
    assert "Traceback" not in done.err and not (tmp_path / "small-space").exists()


def test_it_is_found_in_what_was_executed_before() -> None:
    value: Any = []
    for _ in range(300):
        value = [value]
    cells = notebook_of("# Title", "x").cells
    cells[1]["outputs"] = [display({"application/json": value})]
    with pytest.raises(CellError, match=r"Cell 2 .* nested too deeply"):
        check_outputs(notebook_of(*cells))
    cells[1]["outputs"] = [display({"text/html": ["a", "b"], "application/json": [1]})]
    check_outputs(notebook_of(*cells))


@pytest.mark.kernel
def test_nothing_is_asked_of_a_kernel_that_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended = NotebookClient._async_cleanup_kernel

    async def slowly(client: NotebookClient) -> None:
        await ended(client)
        await asyncio.sleep(2)

    monkeypatch.setattr(NotebookClient, "_async_cleanup_kernel", slowly)
    shows = "from IPython.display import display\ndisplay({'text/html': {}}, raw=True)"
    with pytest.raises(CellError, match="Cell 1 displays as 'text/html'"):
        execute_notebook(notebook_of(shows), folder=tmp_path, kernel="python3")
    gc.collect()
    assert caplog.messages == []
