"""Text is cleaned of what Python prints of code, in linear time, and of nothing else."""

from __future__ import annotations

import base64
import html
import io
import textwrap
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import many
from test_media import a_png

from nb2space.runtime.bundles import viewer_data
from nb2space.runtime.cleantext import clean_text
from nb2space.runtime.outputs import viewer_model, viewer_state
from nb2space.runtime.tracebacks import Tracebacks

CELL = "/tmp/ipykernel_77/2009757455.py"
SOURCE = "def zebra_margin(volume):\n    raise ValueError('first of it\\nsecond zebra line')\n"


def failing() -> Exception:
    import linecache

    linecache.cache[CELL] = (len(SOURCE), None, SOURCE.splitlines(True), CELL)
    names: dict[str, Any] = {}
    exec(compile(SOURCE, CELL, "exec"), names)
    try:
        names["zebra_margin"](3)
    except ValueError as error:
        return error
    raise AssertionError


def grouped() -> str:
    """A group's traceback; it is spelled out, since Python 3.10 knows no groups."""
    inner = "".join(traceback.format_exception(failing()))
    return (
        "  | ExceptionGroup: zebra group (1 sub-exception)\n"
        "  +-+---------------- 1 ----------------\n"
        + textwrap.indent(inner, "    | ")
        + "    +------------------------------------\n"
    )


def chained() -> str:
    try:
        raise RuntimeError("zebra reason") from failing()
    except RuntimeError:
        return traceback.format_exc()


def narrow() -> str:
    from rich.console import Console

    console = Console(width=30, force_jupyter=False, file=io.StringIO())
    try:
        raise failing()
    except ValueError:
        console.print_exception()
    printed = console.file
    assert isinstance(printed, io.StringIO)
    return printed.getvalue()


def stack(error: BaseException) -> str:
    return "".join(traceback.format_tb(error.__traceback__))


PRINTED: dict[str, Callable[[], str]] = {
    "traceback": lambda: "".join(traceback.format_exception(failing())),
    "chained": chained,
    "group": grouped,
    "frames": lambda: stack(failing()),
    "logged stack": lambda: f"Stack (most recent call last):\n{stack(failing())}",
    "frames and error": lambda: (
        stack(failing()) + "".join(traceback.format_exception_only(failing()))
    ),
    "syntax error": lambda: f'  File "{CELL}", line 1\n    zebra_price = = zebra\n           ^\n',
    "narrow rich": narrow,
    "warning": lambda: warnings.formatwarning(
        "zebra", type("ZebraNotice", (UserWarning,), {}), CELL, 2
    ),
    "example": lambda: "Failed example:\n    zebra_margin(4)\n",
    "debugger": lambda: f"> {CELL}(2)zebra_margin()\n-> raise zebra\n",
    "ipython": lambda: "Cell In[3], line 2\n      1 def zebra():\n----> 2     zebra / 0\n",
    "faults": lambda: f'  File "{CELL}", line 2 in zebra_margin\n',
    "with blanks of a page": lambda: (
        "<p>" + chained().replace(" ", "&nbsp;").replace("\n", "<br>") + "</p>"
    ),
    "in one line": lambda: repr(chained()),
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_of_running_code_goes(name: str) -> None:
    text = PRINTED[name]()
    assert "zebra" in text.lower() or name == "narrow rich"
    cleaned = clean_text(f"before\n{text}\nafter")
    assert "zebra" not in cleaned.lower() and "ipykernel" not in cleaned
    # What hides in one line cannot be cut out of its page.
    if name not in ("with blanks of a page", "in one line"):
        assert cleaned.startswith("before\n")


@pytest.mark.parametrize("name", ["traceback", "chained", "group", "frames", "logged stack"])
def test_it_goes_when_it_is_printed_line_by_line(name: str) -> None:
    tracebacks = Tracebacks()
    parts = [tracebacks.cut(line) for line in PRINTED[name]().splitlines(keepends=True)]
    assert "zebra" not in "".join(parts).lower()
    assert tracebacks.cut("\n") and tracebacks.cut("after\n") == "after\n"


REPRS = {
    "<function zebra at 0x7f0011223344>": "",
    "<function zebra(volume, f=<function <lambda> at 0x7f0011223344>) -> float>": "",
    "<function __main__.zebra(sep='>', zebra_rate=3) -> 'Zebra'> x": " x",
    "<bound method Zebra.head of    zebra  b\n0  1  2\n1  3  4>\nafter": "\nafter",
    "<Task pending name='T' coro=<zebra() running at /tmp/ipykernel_1/2.py:24>>": "",
    "<Task finished name='T' coro=<zebra() done> exception=ValueError('zebra')>": "",
    "<Thread(Thread-5 (zebra), started 1234)>": "",
    "<async_generator object zebra at 0x7f0011223344>": "",
    "<frame at 0x7f0011223344, file '/tmp/ipykernel_7/1.py', line 3, code zebra>": "",
    "<zebras.Zebra object at 0x7f0011223344>": "",
    "<ZebraKind.YEARLY: 2>": "",
    "__main__.ZebraContract": "",
    "defaultdict(__main__.ZebraContract, {'a': 1})": "defaultdict(…, {'a': 1})",
    "<td>&lt;function zebra.&lt;locals&gt;.zebras...</td><td>a</td>": "<td></td><td>a</td>",
    "0  <function zebra_of_the_yea...\n1  a > 3": "0  \n1  a > 3",
    "\x1b[1m<\x1b[0m\x1b[1;95mfunction\x1b[0m\x1b[39m zebra at \x1b[0m0x7f0011223344\x1b[1m>": "",
    "&lt;</span><b>function</b><i> zebra at 0x7f0011223344</i><span>&gt; x": (
        "</span><b></b><i></i><span> x"
    ),
    "1  0.0 2009757455.py:2(zebra_margin)\n": "1  0.0 notebook\n",
    "at /tmp/ipykernel_1/2.py:3(zebra)": "at notebook",
}


@pytest.mark.parametrize("text", REPRS)
def test_reprs_of_code_go(text: str) -> None:
    assert clean_text(text) == REPRS[text]


@pytest.mark.parametrize(
    "text",
    [
        "", "a < b and c > d -> 3", "<b>x</b>", "\x1b[31mred\x1b[0m\nx", "File report.csv, line 3",
        "<class 'pandas.core.frame.DataFrame'>\nRangeIndex: 3 entries", "12:30: done", "a\n\n\nb\n",
        "The following files:\n  a.py\n  b.py", "<function", "Total: 3...", "x\r\ny\r\n",
    ],
)  # fmt: skip
def test_what_says_nothing_of_code_stays(text: str) -> None:
    assert clean_text(text) == text


@many
@given(st.text(st.sampled_from("<>&lt;gt;File \"\\x1b[\n-:.(Traceback)0function __main__'")))
def test_no_text_makes_it_fail(text: str) -> None:
    cleaned = clean_text(text)
    assert isinstance(cleaned, str)


SLOW = [
    "<!--", "<!a ", "<!DOCTYPE [", "<?a ", "</ ", "data:text/html,", "<a ='", '<a ="', "<svg><desc",
    "`", "` ``", "```\n", "<a b=", "<title>", "<![CDATA[",
    "<function ", "<function x>", "<function (x>", "<function \n", "&lt;function ",
    "Traceback (most recent call last)\n", "<__main__.&", "ipykernel_1", "a", "12345.py", "<a.b",
    "<desc>", "<svg><desc>", "<svg><metadata>", 'srcdoc="', "data:image/png;base64,", "> x(1)\n",
    "x.py:1: a: ", 'File "', "\x1b[", "\x1b]", "<Task pending ", "\\", "&amp;", "╭─", "(", "\n",
]  # fmt: skip


@pytest.mark.parametrize("part", SLOW)
def test_a_long_text_is_cleaned_quickly(part: str) -> None:
    text = part * (1_000_000 // len(part))
    for clean in (
        viewer_state,
        lambda page: viewer_data({"text/html": page, "text/plain": ""}),
        lambda text: viewer_data({"text/markdown": text}),
    ):
        started = time.process_time()
        clean(text)
        assert time.process_time() - started < 3


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("mime", ["text/html", "text/markdown", "image/svg+xml", "state"])
@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p>a</p><!-- zebra -->b", "<p>a</p>b"),
        ("<p>a</p><!-- zebra", "<p>a</p>"),
        ("<!--[if zebra]> zebra <![endif]-->b", "b"),
        ("<!-->b", "b"),
        ("<svg><metadata>zebra</metadata><desc id='x'>zebra</desc><g/></svg>", "<svg><g/></svg>"),
        ('<iframe srcdoc="&lt;!-- zebra --&gt;x"></iframe>', '<iframe srcdoc="x"></iframe>'),
        ("a<!zebra is sold>b<?zebra?>c</ zebra>d<!ZEBRA>", "abcd"),
        ('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg></svg>', None),
        ("<!DOCTYPE html><p>a</p> 1 <? 2 and <! 3", None),
        (
            "a<! zebra >b<?= zebra ?>c</!zebra>d<!todo: zebra>e<!1 x>f<![if zebra]>g</>h",
            "abcdefg</>h",
        ),
        ('<p title="in a <script tag">a</p><!-- zebra -->b', '<p title="in a <script tag">a</p>b'),
        ("<a title=\"the sign <!-- x\">a</a> b <p title='<!-- x -->'>c</p>", None),
        ("a <b <!-- zebra -->c", "a <b c"),
        ("<textarea><!-- shown --></textarea><xmp><!-- shown --></xmp>", None),
        ("<svg><style/><g/><!-- zebra --></svg>a", "<svg><style/><g/></svg>a"),
        ("<svg><style>a{}<!-- zebra --></style></svg>", "<svg><style>a{}</style></svg>"),
        ("<svg><style><![CDATA[a>b{} <!-- x -->]]></style></svg>", None),
        ("<svg><desc>a<desc>b</desc>zebra</desc><g/></svg>", "<svg><g/></svg>"),
        ("<svg><g/></svg><desc>shown</desc>", None),
        (
            f'<iframe src="data:text/html,{html.escape("<p>a</p><!-- zebra -->")}"></iframe>',
            '<iframe src="data:text/html,%3Cp%3Ea%3C/p%3E"></iframe>',
        ),
        (
            '<iframe src="data:text/html;charset=utf-8,<p>a b</p>%3C!-- zebra --%3E"></iframe>',
            '<iframe src="data:text/html;charset=utf-8,%3Cp%3Ea%20b%3C/p%3E"></iframe>',
        ),
        (
            "<iframe><!-- zebra --></iframe><title><!-- zebra --></title>",
            "<iframe></iframe><title></title>",
        ),
        (
            f"<iframe src='data:text/html;base64,{coded('<!-- zebra -->x').rstrip('=')}'></iframe>",
            f"<iframe src='data:text/html;base64,{coded('x')}'></iframe>",
        ),
        (
            f'<iframe src="data:text/html,{quote("<!-- zebra -->x")}"></iframe>',
            '<iframe src="data:text/html,x"></iframe>',
        ),
        (
            f"<iframe src='data:text/html;base64,{coded('<!-- zebra -->x')}'></iframe>",
            f"<iframe src='data:text/html;base64,{coded('x')}'></iframe>",
        ),
        ("<script>a = '<!--'; b = '<desc>'</script>c", None),
    ],
)
def test_what_a_page_does_not_show_is_taken_out(mime: str, markup: str, left: str | None) -> None:
    shown = viewer_state(markup) if mime == "state" else viewer_data({mime: markup})[mime]
    if mime == "image/svg+xml" and "iframe" in markup:
        return
    assert shown == (markup if left is None else left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("A comment begins with `<!--`.\n\nThe last paragraph.", None),
        ("`<?php echo 1; ?>` and ``a ` <!-- b -->``", None),
        ("```html\n<!-- shown -->\n```\n<!-- zebra -->", "```html\n<!-- shown -->\n```\n"),
        ("```\n<!-- shown -->", None),
        ("it`s <!-- zebra -->a\n\nand `b", "it`s a\n\nand `b"),
        ("Run `sort </ x` now", None),
    ],
)
def test_code_in_markdown_is_shown(text: str, left: str | None) -> None:
    shown = viewer_data({"text/markdown": text})
    assert shown == {"text/markdown": text if left is None else left}


def test_what_is_entered_stays_as_it_was_entered() -> None:
    texts = ["use <!-- here", "a <!b c", "<!-- c -->", "cat </ dev", '"<?php echo 1 ?>" end']
    state = {"value": texts[0], "_options_labels": texts, "description": "a<!-- zebra -->"}
    assert viewer_model(state, "DropdownModel") == {**state, "description": "a"}
    assert viewer_model({"value": "a<!-- zebra -->"}, "HTMLModel") == {"value": "a"}
    for odd in (None, ["TextModel"], 5):
        assert viewer_model({"value": "a<!-- zebra -->"}, odd) == {"value": "a"}


def test_comments_of_latex_are_taken_out() -> None:
    shown = viewer_data({"text/latex": "$x$ % zebra\n5\\% and \\\\% zebra"})
    assert shown == {"text/latex": "$x$ \n5\\% and \\\\"}


VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"text/plain", "text/html"}, {"text/html"}),
        ({"text/html", "application/json"}, {"text/html"}),
        ({"image/png", "application/json"}, {"image/png"}),
        ({VIEW, "application/json", "text/plain"}, {VIEW}),
        ({"application/json", "text/plain"}, {"application/json"}),
        ({"text/latex", "image/png"}, {"text/latex"}),
        ({"text/html", "text/latex", "text/markdown"}, {"text/html"}),
        ({"image/png", "image/svg+xml"}, {"image/svg+xml"}),
        (
            {"text/html", "application/vnd.plotly.v1+json"},
            {"text/html", "application/vnd.plotly.v1+json"},
        ),
    ],
)
def test_of_several_forms_the_page_gets_what_it_shows(given: set[str], kept: set[str]) -> None:
    bundle = {mime: {"a": 1} if "json" in mime else "a" for mime in given}
    assert set(viewer_data(bundle)) == kept


def nested(depth: int) -> Any:
    value: Any = "zebra"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize(
    "data",
    [
        {"text/plain": 5}, {"text/html": None}, {"image/png": {"a": 1}}, {"text/html": ["a", 1]},
        {"application/json": nested(400)}, {3: "a"}, [], None, "text",
    ],
)  # fmt: skip
def test_what_is_no_value_of_its_type_is_left_out(data: Any) -> None:
    assert viewer_data(data) == {}


def test_texts_in_json_and_in_other_forms_are_cleaned_as_well() -> None:
    picture = f"data:image/png;base64,{base64.b64encode(a_png()).decode()}"
    figure = {"layout": {"images": [{"source": picture}], "title": "a <!-- zebra -->b"}}
    shown = viewer_data({"application/vnd.plotly.v1+json": figure})
    layout = shown["application/vnd.plotly.v1+json"]["layout"]
    inner = base64.b64decode(layout["images"][0]["source"].partition(",")[2])
    assert b"secret" in a_png() and b"secret" not in inner and inner.startswith(b"\x89PNG")
    assert layout["title"] == "a b"
    assert viewer_data({"application/xml": "<a><!-- zebra --></a>"}) == {
        "application/xml": "<a></a>"
    }
    for name in ("stderr", "error"):
        assert viewer_data({f"application/vnd.jupyter.{name}": "Traceback"}) == {}
    encoded = base64.b64encode(b"%PDF-1.4 at 0x7f0000000000").decode()
    assert viewer_data({"application/pdf": encoded}) == {"application/pdf": encoded}


def test_names_of_own_widgets_are_replaced_and_their_scripts_stay() -> None:
    script = "export default {render} // <!-- <desc>"
    shown = viewer_state({"_anywidget_id": "zebras.ZebraGauge", "_esm": script, "a": nested(400)})
    assert "zebra" not in repr(shown).lower() and shown["_esm"] == script
