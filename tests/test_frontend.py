"""The page's own front end: every kind of output and control, with a kernel and without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import Viewer, viewer, viewing
from test_static import convert_static, serving_below

HEAD = """
from IPython.display import HTML, JSON, SVG, Javascript, Latex, Markdown, display
import ipywidgets as w
"""
VEGA = {
    "$schema": "https://vega.github.io/schema/vega/v5.json",
    "width": 60,
    "height": 60,
    "marks": [{"type": "rect", "encode": {"enter": {"width": {"value": 9}}}}],
}
SCRIPTED = "<p id=set>no</p><script>set.textContent = 'by script'</script>"
# What is displayed, and where that must be seen.
OUTPUTS = {
    "display(JSON({'first': [1, 2]}))": ".jp-RenderedJSON :text('first')",
    "display(Latex(r'$\\frac{a}{b}$'))": ".jp-RenderedLatex mjx-mfrac",
    "display(Markdown('is **bold** and $x^2$'))": ".jp-RenderedMarkdown strong:text('bold')",
    "display(HTML('<p>$y^3$</p>'))": ".jp-RenderedHTML mjx-container",
    f"display(HTML({SCRIPTED!r}))": "#set:text('by script')",
    "print('\\x1b[31mred\\x1b[0m')": "pre span.ansi-red-fg:text('red')",
    "display(Javascript('element.textContent = \"it ran\"'))": ":text('it ran')",
    f"display({{'application/vnd.vega.v5+json': {VEGA}}}, raw=True)": "canvas, svg.marks",
    'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\'))': (
        ".jp-RenderedSVG img"
    ),
    "display(w.HTMLMath('is $z^4$'))": ".widget-htmlmath mjx-container",
    "display(w.Label('is $q^5$'))": ".widget-label mjx-container",
    "display(w.Button(description='Go', icon='check'))": "button .fa-check",
    "display(w.Accordion([w.IntSlider()], titles=['one']))": ".jupyter-widget-Collapse-header",
    "display(w.Tab([w.Text('in a tab')], titles=['two']))": ".lm-TabBar-tab :text('two')",
}


@contextmanager
def page_of(form: str, chromium: Any, place: Path, *cells: str) -> Iterator[Viewer]:
    """The page of a notebook of these cells, in one of the two forms, with its widgets there."""
    path = place / "kinds.ipynb"
    made = [nbformat.v4.new_code_cell(text) for text in (HEAD, *cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    if form == "live":
        with (
            viewing(path, cwd=place, home=place / "key-store") as app,
            viewer(chromium, app.url) as seen,
        ):
            seen.wait_until_live()
            yield seen
    else:
        folder = convert_static(path, place, "--allow-frozen").folder
        with serving_below(folder) as url, viewer(chromium, url) as seen:
            seen.page.wait_for_function("nb2spaceFrontEnd.ready.then(() => true)")
            yield seen


@pytest.mark.kernel
@pytest.mark.browser
@pytest.mark.parametrize("form", ["live", "static"])
def test_every_kind_of_output_is_drawn(form: str, chromium: Any, tmp_path: Path) -> None:
    with page_of(form, chromium, tmp_path, *OUTPUTS) as seen:
        page = seen.page
        for there in OUTPUTS.values():
            page.locator(f"#rendered_cells :is({there})").first.wait_for(state="attached")
        # The icons' letters come from the app itself.
        page.wait_for_function(
            "document.fonts.load('900 16px \"Font Awesome 5 Free\"').then((fonts) => fonts.length)"
        )
        # JupyterLab's styles, which its less common renderers need, leave the page as it is.
        page.set_viewport_size({"width": 600, "height": 300})
        page.mouse.wheel(0, 200)
        page.wait_for_function("scrollY > 100")
    assert seen.errors == []


CAPTURE = """
out, inner = w.Output(), w.Output()
button = w.Button(description='More')
count = 0
@button.on_click
def pressed(_):
    global count
    count += 1
    with out:
        out.clear_output(wait=True)
        print('first', end=' ')
        print(count)
        display(Markdown('*two*'))
        display(w.IntSlider(description='made'))
        with inner:
            print('within')
display(button, out, inner)
"""


@pytest.mark.kernel
@pytest.mark.browser
def test_output_widgets_take_in_what_callbacks_show(chromium: Any, tmp_path: Path) -> None:
    with page_of("live", chromium, tmp_path, CAPTURE) as seen:
        page = seen.page
        outputs = page.locator(".widget-output")
        for number in ("1", "2", "3"):
            page.get_by_role("button", name="More").click()
            outputs.first.get_by_text(f"first {number}").wait_for()
        outputs.first.locator(".noUi-handle").wait_for()
        shown = outputs.first.locator(".jp-OutputArea-output:not(.jp-OutputArea-output *)")
        assert shown.count() == 3
        assert outputs.first.locator("em:text('two')").count() == 1
        assert outputs.nth(1).inner_text().split() == ["within"] * 3
        assert outputs.nth(1).locator("pre").count() == 1


BROKEN = """
class Strange(w.DOMWidget):
    from traitlets import Unicode
    _model_name = Unicode('StrangeModel').tag(sync=True)
    _model_module = Unicode('not-installed').tag(sync=True)
    _view_name = Unicode('StrangeView').tag(sync=True)
    _view_module = Unicode('not-installed').tag(sync=True)
display(Strange())
"""


@pytest.mark.kernel
@pytest.mark.browser
def test_a_widget_without_front_end_leaves_the_others_working(
    chromium: Any, tmp_path: Path
) -> None:
    answer = "@w.interact(n=(1, 9))\ndef f(n=2):\n    print('Twice is', 2 * n)"
    with page_of("live", chromium, tmp_path, BROKEN, answer) as seen:
        page = seen.page
        handle = page.locator(".noUi-handle")
        handle.focus()
        page.keyboard.press("ArrowRight")
        page.get_by_text("Twice is 6").wait_for()
