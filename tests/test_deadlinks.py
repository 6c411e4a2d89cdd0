"""Links to files of the author's are named; those that lead anywhere are not."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from nb2space.deadlinks import link_notices
from nb2space.widgets import STATE_MIME, VIEW_MIME

DEAD = (
    "Cell {cell} links to {files}, which viewers cannot open: an app gives out no file. Put what "
    "they may have into the link itself (href='data:text/csv;base64,...'), or on a site of your "
    "own."
)


def told(cell: Any, **models: Any) -> tuple[str, ...]:
    title = nbformat.v4.new_markdown_cell("# Title")
    metadata = {"widgets": {STATE_MIME: {"state": models}}}
    return link_notices(nbformat.v4.new_notebook(cells=[title, cell], metadata=metadata))


def showing(**data: Any) -> Any:
    return nbformat.v4.new_code_cell(
        "show()", outputs=[nbformat.v4.new_output("display_data", data=data)]
    )


@pytest.mark.parametrize(
    ("text", "files"),
    [
        # What IPython.display.FileLink shows.
        ("<a href='out/sales 2026.csv' target='_blank'>out/sales 2026.csv</a><br>",
         "out/sales 2026.csv"),
        ('<p><a class="x"\n HREF="a.csv?b=1&amp;c=2" download>Save</a></p>', "a.csv?b=1&c=2"),
        ("<a href='/home/ana/a.csv'>a</a> and <a href='file:///b.csv'>b</a>",
         "/home/ana/a.csv, file:///b.csv"),
        ("[the table](data/a.csv 'As CSV') and [another](<b c.csv>)", "data/a.csv, b c.csv"),
        ("".join(f"[x]({n}.csv)" for n in (1, 2, 3, 4, 5, 1)), "1.csv, 2.csv, 3.csv and 2 more"),
        ("[x](https://example.org/a.csv) <a href='HTTPS://a.org'>x</a> [m](mailto:a@b.c)", ""),
        ("<a href='data:text/csv,a'>x</a> [up](#top) <a href='//example.org/a'>x</a>", ""),
        ("![a picture](a.png) <img src='a.png'> <link href='a.css'> <a name='x'>x</a>", ""),
        ("a[0](x) is a call, $[f](0.5)$ a formula", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_links_are_named_wherever_they_are_shown(text: str, files: str) -> None:
    said = (DEAD.format(cell=2, files=files),) if files else ()
    assert told(nbformat.v4.new_markdown_cell(text)) == said
    assert told(showing(**{"text/markdown": text})) == said
    hidden = nbformat.v4.new_markdown_cell(text, metadata={"tags": ["remove-cell"]})
    assert told(hidden) == ()


def test_links_in_widgets_are_named() -> None:
    link = "<a href='a.csv'>Save</a>"
    said = (DEAD.format(cell=2, files="a.csv"),)
    html = {"model_module": "@jupyter-widgets/controls", "state": {"value": link}}
    output = nbformat.v4.new_output("display_data", data={"text/html": link})
    area = {"model_module": "@jupyter-widgets/output", "state": {"outputs": [output]}}
    shows = showing(**{VIEW_MIME: {"model_id": "a"}})
    assert told(shows, a=html) == said
    assert told(shows, a=area) == said
    assert told(shows, a={"state": {"value": 5}}, b=html) == ()
    assert told(showing(**{"text/html": link, "text/plain": "x"})) == said
    assert told(showing(**{"text/plain": link})) == ()
