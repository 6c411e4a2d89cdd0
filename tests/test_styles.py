"""The style sheet of pages: found in what is installed, and the part that a page begins with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_path

from nb2space.page.styles import first_styles
from nb2space.runtime.styles import style_sheet, styles_in

ROOTS = [Path(path) for path in jupyter_path()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_that_pages_show_has_its_style(theme: str) -> None:
    sheet = style_sheet(ROOTS, theme)
    for rule in (
        ".jp-RenderedHTMLCommon table",  # nbconvert's
        "--jp-layout-color0:",  # the theme's
        ".noUi-handle",  # the sliders'
        ".jupyter-widget-tab",
        ".fa-check:before",  # the icons'
        "font-family: MJXTEX",  # the formulas'
    ):
        assert rule in sheet, rule
    assert "${" not in sheet and "url()" not in sheet


def test_its_files_are_installed() -> None:
    named = set(re.findall(r"url\(\.\./voila/static/([^)?#]+)", style_sheet(ROOTS, "light")))
    folder = next(
        root / "voila/templates/base/static" for root in ROOTS if (root / "voila").is_dir()
    )
    assert len(named) > 20
    assert {name for name in named if not (folder / name).is_file()} == set()


def test_where_nothing_is_installed_there_is_no_style(tmp_path: Path) -> None:
    assert style_sheet([tmp_path], "light") == ""


@pytest.mark.parametrize("script", ["", "e.push([a.id,", "e.push([a.id,`", "\ud800"])
def test_scripts_without_styles(script: str) -> None:
    assert styles_in(script) == []


@pytest.mark.parametrize(
    ("script", "sheet"),
    [
        (
            r"""c.push([e.id,".a:before{content:'\\201C\x41'}\n",""])""",
            ".a:before{content:'\\201CA'}\n",
        ),
        (r"c.push([e.id,`.a{}\`\${x}`,``])", ".a{}`"),
        ('a=new URL(t(7),t.b),u=n()(a);8(e){e.exports="x"}c.push([e.id,`url(${u})`,""])', "url()"),
        (
            'a=new URL(t(7),t.b),u=n()(a);c.push([e.id,`url(${u})`,""]),7(e){e.exports="data:x"}',
            "url(data:x)",
        ),
        (
            'a=new URL(t(7),t.b),u=n()(a,{hash:"#x"});c.push([e.id,`url(${u})`,""]),'
            '7:(e,t,r)=>{e.exports=r.p+"f.woff"}',
            "url(../voila/static/f.woff)",
        ),
    ],
)
def test_styles_in_scripts(script: str, sheet: str) -> None:
    assert styles_in(script) == [sheet]


CSS = """
:root { --used: var(--inner); --inner: 1px; --unused: 2px; --far: url("data:x;y,}") }
/* .comment {} */
.a { margin: var(--used) !important }
.b, .a .c, p.a > b { color: red }
.a:not(.absent):hover { color: blue }
.a:is(.b, .c) { color: green }
[data-x="y, z"] .a { top: 0 }
@media print { .a { display: none } .b { display: none } }
@font-face { font-family: x; src: url(x) }
#here { left: 0 }
#there { left: 0 }
"""


def test_a_page_begins_with_what_fits_it() -> None:
    found = first_styles(CSS, '<p class="a other"><B>x</B></p><i id="here">')
    assert found.splitlines() == [
        ":root{--used:var(--inner);--inner:1px}",
        ".a{margin:var(--used)!important}",
        "p.a > b{color:red}",
        ".a:not(.absent):hover{color:blue}",
        ".a:is(.b, .c){color:green}",
        '[data-x="y, z"] .a{top:0}',
        "@media print{.a{display:none}}",
        "#here{left:0}",
    ]


def test_what_was_taken_apart_is_kept() -> None:
    first = first_styles(CSS, "<p class=a>")
    assert first_styles(CSS, "<p class=a>") == first != first_styles(CSS, "<p>")
