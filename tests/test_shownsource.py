"""Outputs that print the code stop the conversion, unless the author allows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import code

SHOWS = {
    "getsource": "import inspect\ndef secret_rate(amount):\n    return amount * 1.0725\n"
    "print(inspect.getsource(secret_rate))",
    "input history": "price_of_customer = 17 * 3\nprint(In[-1])",
    "html": "from IPython.display import HTML\ntop_customers = sorted([3, 1])[:2]\n"
    "HTML('<pre>top_customers = sorted([3, 1])[:2]</pre>')",
    "syntax": "from IPython.display import Code\nCode('margin = revenue - costs_of_goods')",
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", SHOWS)
def test_a_cell_that_shows_code_is_named(
    name: str, notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Any]
) -> None:
    extra = "revenue = costs_of_goods = 1\nmargin = revenue - costs_of_goods"
    path = notebook("# Title", extra, SHOWS[name])
    done = run("convert", path)
    assert done.code == 1, done
    assert "Cell 3 shows lines of the code" in done.err and "--allow-shown-source" in done.err
    assert not (tmp_path / "small-space").exists()
    assert run("convert", path, "--allow-shown-source").code == 0


@pytest.mark.kernel
def test_what_is_hidden_or_public_or_no_code_is_no_finding(
    notebook: Callable[..., Path], run: Callable[..., Any]
) -> None:
    hidden = code(SHOWS["getsource"], "remove-output")
    harmless = "label = 'Revenue'\nprint(label, 'is 12 of 100')\n'plain text'"
    assert run("convert", notebook("# T", hidden, harmless)).code == 0
    assert run("convert", notebook("# T", SHOWS["getsource"]), "--show-source").code == 0
