"""Outputs that print the code stop the conversion, unless the author allows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import code
from making import notebook_of

from nb2space.execute import execute_notebook
from nb2space.shownsource import shown_source

CODE = '''import ast, base64, dis, html, inspect, io, json, logging, sys, traceback
import ipywidgets as widgets
from IPython.display import HTML, SVG, Code, display
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

def zebra_margin(volume, rate=0.37):
    """What the buyer must never learn."""
    return volume * rate'''
DATA = (
    'rates = {\n    "north": 0.37,\n    "south": 0.12,\n}\nquery = """\nSELECT units\nFROM b\n"""'
)
LINE = "In[1].splitlines()[-1].strip()"
PRINTS = {
    "getsource": "print(inspect.getsource(zebra_margin))",
    "pprint": "import pprint\npprint.pprint(inspect.getsource(zebra_margin), width=30)",
    "pprint of a list": "pprint.pprint([In[1].splitlines()[-1] * 2], width=12)",
    "history": "%history -n 1",
    "the last cell but one": "print(In[-2])\nprint(_i2)",
    "inputs": "print(_ih[1])",
    "an input by its name": "print(_i1)",
    "data": "print(In[2])",
    "a row of data": "print(In[2].splitlines()[1])",
    "bytecode": "dis.dis(zebra_margin)",
    "syntax tree": "print(ast.dump(ast.parse(In[1])))",
    "stack": "print(inspect.stack()[0].code_context)\nprint(traceback.format_stack()[-1])",
    "notebook": 'print(json.dumps({"cells": [{"source": In[1].splitlines(True)}]}))',
    "textarea": "widgets.Textarea(In[1])",
    "widget in a box": 'widgets.VBox([widgets.HTML(f"<pre>{html.escape(In[1])}</pre>")])',
    "captured": "area = widgets.Output()\nwith area:\n    print(In[1])\narea",
    "escaped": 'HTML(f"<pre>{html.escape(In[1])}</pre>")',
    "highlighted": "HTML(highlight(In[1], PythonLexer(), HtmlFormatter()))",
    "code": "Code(In[1], language='python')",
    "SVG": f"SVG(f'<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{{{LINE}}}</text></svg>')",
    "alt": f"HTML(f'<img alt=\"{{{LINE}}}\">')",
    "Plotly": 'display({"application/vnd.plotly.v1+json": {"data": [], "layout": '
    f'{{"title": {{"text": {LINE}}}}}}}}}, raw=True)',
    "base64": "print(base64.b64encode(In[1].encode()).decode())",
    "repr": "In[1]",
    "bytes": "print(In[1].encode())",
}
INNOCENT = {
    "JSON": "print(json.dumps(rates, indent=4))",
    "a value": "rates",
    "a query": "print(query)",
    "a table": "HTML('<table><tr><td>north</td><td>0.37</td></tr></table>')",
    "a slider": "widgets.IntSlider(description='zebra_margin')",
    "bytecode of others": "dis.dis(json.loads)",
    # What these print never gets to viewers.
    "an error that is logged": "try:\n    1 / 0\nexcept ZeroDivisionError:\n"
    "    logging.exception('no')\n    traceback.print_exc(file=sys.stdout)",
    "a pager": "%psource zebra_margin",
    "two question marks": "zebra_margin??",
    "recall": "%recall 1",
}


@pytest.mark.kernel
def test_cells_that_show_code_are_named(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Any]
) -> None:
    path = notebook("# Title", CODE, DATA, *PRINTS.values())
    done = run("convert", path)
    assert done.code == 1, done
    assert "Cell 4 shows lines of the code" in done.err and "--allow-shown-source" in done.err
    assert not (tmp_path / "small-space").exists()
    assert run("convert", path, "--allow-shown-source").code == 0


@pytest.mark.kernel
def test_what_is_hidden_or_public_is_no_finding(
    notebook: Callable[..., Path], run: Callable[..., Any]
) -> None:
    shows = "\n".join([CODE, PRINTS["getsource"]])
    assert run("convert", notebook("# T", code(shows, "remove-output"))).code == 0
    assert run("convert", notebook("# T", shows), "--show-source").code == 0


@pytest.mark.kernel
def test_each_way_to_show_code_is_found_and_nothing_else(tmp_path: Path) -> None:
    written = notebook_of(*map(code, [CODE, DATA, *PRINTS.values(), *INNOCENT.values()]))
    made = execute_notebook(written, folder=tmp_path, kernel="python3").notebook
    found = {shown.cell - 3: shown.text for shown in shown_source(made)}
    missed = {name for number, name in enumerate(PRINTS) if number not in found}
    accused = {name: found[n] for n, name in enumerate(INNOCENT, len(PRINTS)) if n in found}
    assert (missed, accused) == (set(), {})
