"""What the audit looks for, and in which disguises it finds it."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import os
import sys
import tarfile
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from auditing import in_png, kinds, zipped
from hypothesis import given, settings
from hypothesis import strategies as st
from making import VIEW, model, notebook_of, stream, view

from nb2space.audit.disguise import views
from nb2space.audit.known import Known
from nb2space.audit.messages import Widgets, frame_v1, message_of, share_of_message
from nb2space.audit.needles import Needles, needles_of
from nb2space.audit.report import SECRET, Report, masked
from nb2space.audit.search import Piece, search
from nb2space.audit.shown import (
    Share,
    share_of_notebook,
    share_of_output,
    share_of_state,
    share_of_text,
)
from nb2space.audit.source import parts_of

LINE = "zebra_offer = compute_zebra(volume, rate=0.37)"
NOTHING = Known(frozenset(), frozenset(), "")


def needles(*cells: Any, shown: str = "", common: frozenset[str] = frozenset()) -> Needles:
    """The needles of a notebook in memory."""
    return needles_of([notebook_of(*cells)], {}, shown=shown, common=common)


def found(content: bytes | str, cell: str, share: Share | None = None) -> set[str]:
    """The kinds of leaks of the code `cell` in `content`."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    channels = search([Piece("channel", "where", raw, share)], needles(cell), NOTHING)
    return kinds(channels).get("channel", set())


# -- what is looked for ---------------------------------------------------------------------


def test_source_is_taken_apart() -> None:
    parts = parts_of(
        "%config A.b = 1\n"
        "from pandas import DataFrame\n"
        "total = 3  # what we owe\n"
        "def owed(months, rate=0.1):\n"
        "    '''How much is owed.'''\n"
        "    text = f'''first\n"
        "      {rate:.1f} of {months} months\n"
        "      plain words'''\n"
        "    return [x.y for x in rows if x > 'zebra']\n"
    )
    assert parts.lines == (
        "%config A.b = 1",
        "from pandas import DataFrame",
        "total = 3",
        "def owed(months, rate=0.1):",
        "text = f'''first",
        "return [x.y for x in rows if x > 'zebra']",
    )
    assert parts.templates == ("{rate:.1f} of {months} months",)
    assert parts.comments == ("what we owe",)
    assert {"How much is owed.", "zebra", "plain words"} <= set(parts.literals)
    assert {"total", "owed", "months", "rate", "text"} <= set(parts.names)
    assert parts.signatures == ("owed(months, rate=0.1)",)
    assert parts.modules == ("pandas",)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("!curl example.org/zebra", "!curl example.org/zebra"),
        ("files = !ls zebra", "files = !ls zebra"),
        ("%%bash\necho zebra of the bank", "echo zebra of the bank"),
        ("this is ((( no Python at all", "this is ((( no Python at all"),
        ("zebra_frame?", "zebra_frame?"),
    ],
)
def test_what_is_no_python_is_looked_for_by_lines(source: str, line: str) -> None:
    assert line in parts_of(source).lines


def test_code_in_texts_is_looked_for_where_it_is_run() -> None:
    parts = parts_of(
        "exec('zebra = horse(4)')\n'''\n>>> zebra_margin(4)\n3\n'''\ntext = 'a = horse(3)'"
    )
    assert {"zebra = horse(4)", "zebra_margin(4)"} <= set(parts.lines)
    assert "a = horse(3)" not in parts.lines


def test_the_name_of_an_own_widget_is_not_shown() -> None:
    share = share_of_state({"_anywidget_id": "parts.ZebraGauge", "value": "horse"})
    assert "parts.ZebraGauge" in share.hidden and "horse" in share.shown


def test_html_of_a_magic_is_what_the_author_shows() -> None:
    parts = parts_of("%%html\n<b>zebra words of the author</b>")
    assert parts.lines == ("%%html",)


def test_what_the_author_writes_for_viewers_is_no_leak() -> None:
    cell = f"{LINE}\nlabel = 'the zebra contract'"
    assert {"line", "literal"} <= {n.kind for n in needles(cell).items}
    told = needles("# Prices", notebook_of(f"# We use `{LINE}`").cells[0], cell)
    assert LINE not in {n.text for n in told.items}


def test_what_outputs_show_excuses_texts_but_no_code() -> None:
    cell = f"{LINE}\nlabel = 'the zebra contract'"
    left = {n.text for n in needles(cell, shown=f"the zebra contract\n{LINE}").items}
    assert LINE in left and "the zebra contract" not in left


def test_hidden_text_and_hidden_prints_are_looked_for() -> None:
    text = nbformat.v4.new_markdown_cell(
        "the zebra buyer is a bank", metadata={"tags": ["remove-cell"]}
    )
    code = nbformat.v4.new_code_cell(
        "print('zebra is sold in May')", metadata={"tags": ["remove-output"]}
    )
    found = {(n.kind, n.text) for n in needles(text, code).items}
    assert ("hidden text", "the zebra buyer is a bank") in found
    assert ("hidden output", "zebra is sold in May") in found


def test_public_code_is_not_looked_for_but_hidden_code_is() -> None:
    public, private = nbformat.v4.new_code_cell(LINE), nbformat.v4.new_code_cell("a.zebra(b, c)")
    public.metadata["nb2space"] = {"shows_source": True, "shows_outputs": True}
    private.metadata["nb2space"] = {"shows_source": False, "shows_outputs": True}
    texts = {n.text for n in needles(public, private).items}
    assert LINE not in texts and "a.zebra(b, c)" in texts


def test_common_words_and_formats_are_not_looked_for() -> None:
    cell = "description = 'text/html'\nzebras = 'orientation'"
    common = frozenset({"description", "orientation", "text", "html"})
    words = {n.text for n in needles(cell, common=common).items if n.kind in ("name", "literal")}
    assert words == {"zebras"}


def test_own_modules_are_looked_for() -> None:
    made = needles_of([], {"pricing/zebra.py": f"def offer(volume):\n    {LINE}\n".encode()})
    assert LINE in {n.text for n in made.items}


# -- in every disguise ----------------------------------------------------------------------


def in_lines(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def in_json(text: str) -> str:
    return json.dumps({"a": text, "é": [1]})


def highlighted(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(text, PythonLexer(), HtmlFormatter()))


def coloured(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import Terminal256Formatter
    from pygments.lexers import PythonLexer

    return str(highlight(text, PythonLexer(), Terminal256Formatter()))


def tarred(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def in_jpeg(text: str) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "JPEG", comment=text)
    return buffer.getvalue()


def in_pdf(text: str) -> bytes:
    packed = zlib.compress(f"({text}) Tj".encode())
    return b"%PDF-1.4\n1 0 obj <</Filter/FlateDecode>>\nstream\n" + packed + b"\nendstream\n"


TEXT_FORMS: dict[str, Callable[[str], str]] = {
    "json": in_json,
    "html": html.escape,
    "url": urllib.parse.quote,
    "form": lambda text: urllib.parse.urlencode({"a": text}).replace("+", "%20"),
    "repr": repr,
    "javascript": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "base64": lambda text: f"data:;base64,{base64.b64encode(text.encode()).decode()}",
    "base64-url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64-lines": lambda text: in_lines(b"some more before it, of any length " + text.encode()),
    "hex": lambda text: text.encode().hex(),
    "gzip-base64": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "zlib-base64": lambda text: base64.b64encode(zlib.compress(text.encode())).decode(),
}
SHAPES: dict[str, Callable[[str], bytes]] = {
    **{name: lambda text, form=form: form(text).encode() for name, form in TEXT_FORMS.items()},  # type: ignore[misc]
    "plain": str.encode,
    "other blanks": lambda text: text.replace(" ", "\n\t ").replace(",", " , ").encode(),
    "numbered": lambda text: f"---> 12     {text}\n     13 ".encode(),
    "coloured": lambda text: coloured(text).encode(),
    "coloured in JSON": lambda text: in_json(coloured(text)).encode(),
    "highlighted": lambda text: highlighted(text).encode(),
    "highlighted in JSON": lambda text: in_json(highlighted(text)).encode(),
    "JSON in JSON": lambda text: in_json(in_json(text)).encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16 among bytes": lambda text: os.urandom(301) + text.encode("utf-16-le") + b"\xff",
    "gzip": lambda text: gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "zip": lambda text: zipped(text.encode()),
    "zip after bytes": lambda text: b"#!/bin/sh\n" + zipped(text.encode()),
    "tar in gzip": lambda text: tarred(text.encode()),
    "png": lambda text: in_png(text, compressed=False),
    "png compressed": lambda text: in_png(text, compressed=True),
    "png in base64": lambda text: base64.b64encode(in_png(text, compressed=True)),
    "jpeg": in_jpeg,
    "pdf": in_pdf,
    "svg": lambda text: f"<svg><metadata>{html.escape(text)}</metadata></svg>".encode(),
    "html comment": lambda text: f"<p>a</p><!-- {text} -->".encode(),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "line",
    [
        LINE,
        'if zebra["größe"] < limit and not flag(zebra): raise Offer(f"{zebra!r} & <b>")',
        "print('zebra\\n', text.replace('\\\\', \"/\"), sep='%20')",
    ],
    ids=["plain", "signs", "escapes"],
)
def test_a_line_is_found_in_each_disguise(shape: str, line: str) -> None:
    assert "line" in found(SHAPES[shape](line), line)


@settings(max_examples=120, deadline=None)
@given(forms=st.lists(st.sampled_from(sorted(TEXT_FORMS)), max_size=3), before=st.text(max_size=20))
def test_a_line_is_found_in_disguises_of_disguises(forms: list[str], before: str) -> None:
    text = f"{before}\n{LINE}\n"
    for form in forms:
        text = TEXT_FORMS[form](text.encode("utf-8", "replace").decode())
    assert "line" in found(text, LINE)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_search_fail(data: bytes) -> None:
    for mark in (b"", b"\x1f\x8b", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"%PDFstream\n", b"BZh9"):
        assert all(isinstance(text, str) for text in views(mark + data))


def test_only_whole_words_are_names() -> None:
    cell = "zebra_rate = zebra(1)"
    assert "name" in found("the zebra_rate is", cell)
    assert found("the zebra_rates are", cell) == set()


@pytest.mark.parametrize(
    "text",
    [
        "<function zebra_margin at 0x7f3a2b1c>",
        "<function __main__.zebra(volume)>",
        "&lt;function __main__.&lt;lambda&gt;(volume)&gt;",
        "[<__main__.Contract object at 0x7f3a2b1c>]",
        "<Task pending name='Task-5' coro=<zebra() running at notebook:24>>",
        "&lt;Thread(Thread-5 (zebra_margin), initial)&gt;",
        "<async_generator object zebra at 0x7f3a2b1c>",
        "Cell In[3], line 7",
        "Traceback (most recent call last):",
        "\x1b[31mTraceback (most recent\x1b[39m call last)",
    ],
)
def test_what_python_writes_of_code_is_a_leak_too(text: str) -> None:
    assert found(text, "x = 1", Share((text,))) & {"repr", "traceback"}


# -- what is shown, and what is only sent ---------------------------------------------------


def png_url(text: str) -> str:
    """A picture with a text beside it, as a page holds it."""
    return f"data:image/png;base64,{base64.b64encode(in_png(text, compressed=False)).decode()}"


LABELLED = "slider = Slider(description='Zebra volume')\nlabel.value = 'The zebra is sold'"


@pytest.mark.parametrize(
    "output",
    [
        stream("The zebra is sold"),
        {"output_type": "display_data", "data": {"text/html": "<b>The zebra is sold</b>"}},
        {"output_type": "execute_result", "data": {"text/plain": "'The zebra is sold'"}},
        {
            "output_type": "display_data",
            "data": {"image/svg+xml": "<svg><!-- The zebra is sold --><use/></svg>"},
        },
        {"output_type": "display_data", "data": {"application/json": {"a": ["The zebra is sold"]}}},
    ],
)
def test_a_shown_text_is_no_leak(output: dict[str, Any]) -> None:
    assert found(json.dumps(output), LABELLED, share_of_output(output)) == set()


@pytest.mark.parametrize(
    "output",
    [
        stream("The zebra is sold", "stderr"),
        {"output_type": "error", "ename": "E", "evalue": "The zebra is sold", "traceback": []},
        {"output_type": "display_data", "data": {"text/html": "<!-- The zebra is sold -->"}},
        {
            "output_type": "display_data",
            "data": {"text/html": "<b>1</b>", "text/plain": "The zebra is sold"},
        },
        {
            "output_type": "display_data",
            "data": {"text/html": "<b>1</b>"},
            "metadata": {"note": "The zebra is sold"},
        },
        {"output_type": "display_data", "data": {"text/markdown": "a <!-- The zebra is sold"}},
        {"output_type": "display_data", "data": {"text/latex": "$x$ % The zebra is sold"}},
        {
            "output_type": "display_data",
            "data": {"text/html": '<iframe srcdoc="a &lt;!-- The zebra is sold --&gt;"></iframe>'},
        },
        {
            "output_type": "display_data",
            "data": {"text/html": "<svg><desc>The zebra is sold</desc></svg>"},
        },
        {
            "output_type": "display_data",
            "data": {"text/html": f'<img src="{png_url("The zebra is sold")}">'},
        },
    ],
)
def test_a_text_that_is_only_sent_is_a_leak(output: dict[str, Any]) -> None:
    assert found(json.dumps(output), LABELLED, share_of_output(output)) == {"literal"}


def test_code_in_a_shown_output_is_a_leak() -> None:
    output = stream(f"some text\n{LINE}\n")
    assert "line" in found(json.dumps(output), LINE, share_of_output(output))


def test_a_printed_traceback_is_not_shown_and_what_is_around_it_is() -> None:
    text = (
        "before\nTraceback (most recent call last):\n  File 'a'\n    secret\nKeyError: 'x'\nafter"
    )
    share = share_of_text(text)
    assert share.shown == ("before\nafter",)
    assert "secret" in share.hidden[0]
    assert share_of_text("a.py:3: UserWarning: old\n  warn(x)\nrest").shown == ("rest",)


def test_states_of_widgets_that_nothing_displays_are_not_shown() -> None:
    cell = "Text('The zebra is sold')\nText('It is a horse')"
    notebook = notebook_of(
        nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(view("1" * 32))]),
        models={
            "1" * 32: model(children=["IPY_MODEL_" + "2" * 32]),
            "2" * 32: model(value="It is a horse"),
            "3" * 32: model(value="The zebra is sold"),
        },
    )
    content = json.dumps(notebook)
    channels = search(
        [Piece("c", "w", content.encode(), share_of_notebook(notebook))], needles(cell), NOTHING
    )
    assert [leak.excerpt for leak in channels[0].leaks] == [masked("literal", "The zebra is sold")]


def message(kind: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A kernel message."""
    header = {"msg_type": kind, "msg_id": "1"}
    parts = {"channel": "iopub", "header": header, "parent_header": {}, "metadata": {}}
    return {**parts, "content": content, **more}


def test_messages_are_read_in_each_form() -> None:
    from jupyter_server.services.kernels.connection.base import (
        serialize_binary_message,
        serialize_msg_to_ws_v1,
    )

    plain = message("stream", {"name": "stdout", "text": "hi"})
    parts = [json.dumps(plain[n]).encode() for n in ("header", "parent_header", "metadata")]
    v1 = serialize_msg_to_ws_v1([*parts, b'{"a": 1}', b"buffer"], "iopub")
    legacy = serialize_binary_message({**plain, "buffers": [b"one", b"two"]})
    assert message_of(json.dumps(plain).encode()) == plain
    assert message_of(frame_v1(plain)) == {**plain, "buffers": []}
    assert (message_of(v1) or {})["buffers"] == [b"buffer"]
    assert (message_of(legacy) or {})["buffers"] == [b"one", b"two"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 40))
def test_no_frame_makes_the_reading_fail(content: bytes, count: int) -> None:
    for frame in (content, count.to_bytes(8, "little") + content, bytes([0, 0, 0, 2]) + content):
        read = message_of(frame)
        assert read is None or isinstance(read["content"], dict)


def test_all_states_are_asked_for_and_only_displayed_ones_are_shown() -> None:
    states = {
        "a": {"model_name": "TextModel", "state": {"value": "It is a horse"}},
        "b": {"model_name": "TextModel", "state": {"value": "The zebra is sold"}},
    }
    told = message(
        "comm_msg", {"comm_id": "c", "data": {"method": "update_states", "states": states}}
    )
    shows = message("display_data", {"data": {VIEW: {"model_id": "a"}}})
    share = share_of_message(told, Widgets([told, shows], ()))
    assert any("horse" in text for text in share.shown)
    assert not any("zebra" in text for text in share.shown)
    assert any("zebra" in text for text in share.hidden)


def test_a_short_secret_may_be_part_of_a_word_and_a_long_one_not() -> None:
    secrets = [("secret PASSWORD", "mangga"), ("secret KEY", "kopitubruk")]
    sought = needles_of([notebook_of("1")], {}, secrets=secrets)

    def told(text: str) -> set[str]:
        channels = search([Piece("channel", "where", text.encode())], sought, NOTHING)
        return kinds(channels).get("channel", set())

    assert told("to Manggarai and manggarai") == set()
    assert told("it is mangga.") == {"secret PASSWORD"}
    assert told("xkopitubrukx") == {"secret KEY"}


# -- the report -----------------------------------------------------------------------------


@given(st.text())
def test_an_excerpt_shows_little(text: str) -> None:
    excerpt = masked("line", text)
    assert len(excerpt) <= 60 and "\n" not in excerpt
    assert "secret" not in masked("line", f"{text} secret")
    assert masked("secret DB_PASSWORD", text) == f"••• ({len(text)} characters)"


def test_an_audit_that_saw_nothing_is_not_fine() -> None:
    assert not Report(()).ok


# -- lines that look like no code -----------------------------------------------------------

SPREAD = [
    '{"north": 1,\n "south": 2}',
    'rates = {\n    "north": 0.37,\n    "south": 0.12,\n}',
    'query = """\nSELECT units, price\nFROM sales\n"""',
    "rows = [\n    [1, 20, 30],\n    [4, 50, 60],\n]",
    'def offer():\n    """What the buyer must never learn."""',
]


@pytest.mark.parametrize("cell", SPREAD)
def test_lines_that_an_app_shows_are_not_excused_by_it(cell: str) -> None:
    output = stream(f"{cell}\n")
    assert "line" in found(json.dumps(output), cell, share_of_output(output))
    searched = needles(cell, shown=cell)
    channels = search([Piece("live", "frame", json.dumps(output).encode())], searched, NOTHING)
    assert "line" in kinds(channels)["live"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT units, price\nFROM sales\n",
        "{'north': 0.37, 'south': 0.12}",
        json.dumps({"north": 0.37, "south": 0.12}, indent=4),
        "[[1, 20, 30], [4, 50, 60]]",
    ],
)
def test_a_value_that_is_shown_is_no_leak(text: str) -> None:
    output = stream(f"{text}\n")
    assert found(json.dumps(output), "\n".join(SPREAD), share_of_output(output)) == set()


def test_code_that_the_author_wrote_for_viewers_is_excused() -> None:
    text = notebook_of(f"# Prices\n\n{SPREAD[1]}").cells[0]
    searched = needles(text, SPREAD[1])
    channels = search([Piece("live", "frame", SPREAD[1].encode())], searched, NOTHING)
    assert "line" not in kinds(channels).get("live", set())


# Types have names of their own from Python 3.12 on.
_NAMES_OF_TYPES = (
    ["type zebra_tables = int", "def offer[zebra_tables](a): pass"]
    if sys.version_info >= (3, 12)
    else []
)


# -- names of all kinds ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "import pandas as zebra_tables",
        "from numpy import sum as zebra_tables",
        "frame.assign(zebra_tables=3)",
        "class Offer:\n    zebra_tables: int = 3",
        "offer.zebra_tables = 3",
        "prices = {'zebra_tables': 3}",
        "prices['zebra_tables']",
        "def offer():\n    global zebra_tables",
        "match offer:\n    case {'a': 1, **zebra_tables}: pass",
        "match offer:\n    case [1, *zebra_tables]: pass",
        "match offer:\n    case Offer(zebra_tables=3): pass",
        "match offer:\n    case int() as zebra_tables: pass",
        "if zebra_tables := 3: pass",
        "@zebra_tables\ndef offer(): pass",
        "@parts.zebra_tables(3)\nclass Offer: pass",
        *_NAMES_OF_TYPES,
    ],
)
def test_a_name_of_any_kind_is_looked_for(cell: str) -> None:
    output = stream("no zebra_tables here", "stderr")
    assert "name" in found(json.dumps(output), cell, share_of_output(output))
    shown = stream("zebra_tables")
    assert found(json.dumps(shown), cell, share_of_output(shown)) == set()


def test_a_comment_at_the_end_of_a_line_is_looked_for() -> None:
    for cell in ("rate = 3  # of the bank only", "f(\n    1,  # of the bank only\n)"):
        assert "comment" in found("a # of the bank only", cell)


def test_no_text_excuses_a_secret() -> None:
    secrets = [(f"{SECRET} TOKEN", "zebra-4711")]
    sought = needles_of([notebook_of("# It is zebra-4711")], {}, secrets=secrets)
    assert [n.text for n in sought.items] == ["zebra-4711"]
