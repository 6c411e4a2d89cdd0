"""What a static page shows is what a live Voila shows, whatever is moved and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import operable
import pytest
from auditing import plain_voila
from sidebyside import differences, side
from test_static import convert_static, host_of, serving_below

NOTEBOOKS = {
    "independent groups": (operable.INTERACT, operable.APART),
    "chains and buttons": (operable.CHAIN, operable.BUTTONS, operable.CLAMP),
    "options that depend": (operable.CITIES,),
    "tabs and accordions": (operable.PAGES, operable.WITHIN_PAGES),
    "made widgets": (operable.DYNAMIC, operable.HIDDEN_BOX),
    "nested": (operable.NESTED,),
    "figure": (operable.FIGURE,),
    "pictures": (operable.CURVES,),
    "formulas": (operable.FORMULAS,),
    "selections": (operable.MANY, operable.RANGES),
    "inputs": (operable.INPUTS,),
}


@pytest.mark.kernel
@pytest.mark.browser
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_both_show_the_same(name: str, tmp_path: Path, chromium: Any) -> None:
    path = tmp_path / "moved.ipynb"
    cells = [nbformat.v4.new_code_cell(text) for text in (operable.HEAD, *NOTEBOOKS[name])]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    folder = convert_static(path, tmp_path).folder
    with (
        serving_below(folder) as url,
        plain_voila(path) as live_url,
        side(chromium, url) as page,
        side(chromium, live_url) as live,
    ):
        assert differences(page, live, moves=200, seed=1) == []
        assert page.errors == []
        assert page.hosts == {host_of(url)}
