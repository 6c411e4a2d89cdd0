"""The wall that knows the source: no line of it passes in any form, and all else does."""

from __future__ import annotations

import html
import json
import pprint
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import many, notebook_of

from nb2space.runtime.codeblocks import Blocks
from nb2space.runtime.sourcewall import SourceWall, code_rows, wall_of

LINE = "return volume * zebra_rate"
CODE = f'''
zebra_rate = 0.37  # agreed with the buyer
def zebra_margin(volume, rate=0.37):
    """Examples

    >>> zebra_margin(4)
    """
    {LINE}
exec("zebra_price = = zebra_rate * 3")
text = f"""
Offer of {{zebra_rate:.2f}} for {{volume}} pieces
"""
'''


def wall(source: str = CODE) -> SourceWall:
    return SourceWall(code_rows(source), str, Blocks([source]))


def highlighted(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(text, PythonLexer(), HtmlFormatter()))


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a sentence": lambda line: f"It is {line} today",
    "numbered": lambda line: f"---> 12     {line}",
    "blanks of a page": lambda line: line.replace(" ", "&nbsp;"),
    "blanks that do not break": lambda line: line.replace(" ", "\xa0"),
    "entities": lambda line: "".join(f"&#{ord(sign)};" for sign in line),
    "coloured": lambda line: line.replace("volume", "\x1b[31mvolume\x1b[0m"),
    "highlighted": highlighted,
    "JSON": lambda line: json.dumps({"a": f"\n{line}\n"}),
    "JSON in JSON": lambda line: json.dumps(json.dumps(f"\t{line}")),
    "escapes": lambda line: "".join(f"\\u{ord(sign):04x}" for sign in line),
    "a URL": lambda line: quote(line),
    "a page in a page": lambda line: f'<iframe srcdoc="{html.escape(highlighted(line))}">',
    "over two lines": lambda line: line.replace(" * ", " *\n    "),
    "pprint": lambda line: pprint.pformat(f"x = 1\n    {line}\n", width=20),
    "pprint in a page": lambda line: html.escape(pprint.pformat([f"    {line}\n"], width=20)),
    "JSON of pprint": lambda line: json.dumps(pprint.pformat(f"    {line}", width=12)),
    "framed": lambda line: f"│ ❱ 7 │ {line.replace(' * ', ' * │' + chr(10) + '│     ')} │",
}


LINES = [
    LINE,
    "# agreed with the buyer",
    "def zebra_margin(volume, rate=0.37):",
    "zebra_margin(4)",
    "zebra_price = = zebra_rate * 3",
    "Offer of {zebra_rate:.2f} for {volume} pieces",
]
# Made for the one line.
OF_ONE_LINE = {"over two lines", "framed", "highlighted", "a page in a page"}


@pytest.mark.parametrize(
    ("form", "line"),
    [(form, line) for form in FORMS for line in LINES if line == LINE or form not in OF_ONE_LINE],
)
def test_a_line_does_not_pass_in_any_form(form: str, line: str) -> None:
    text = FORMS[form](line)
    assert wall().hides(text)
    left = wall().without_source(f"before\n{text}\nafter")
    assert not wall().hides(left)
    assert line not in left


def test_of_plain_text_only_the_lines_go() -> None:
    text = f"before\n    {LINE}\nafter <b> it\n"
    assert wall().without_source(text, plain=True) == "before\nafter <b> it\n"
    # Of markup a part would be no markup.
    assert wall().without_source(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "volume * rate",
        "zebra_rate = 0.37",
        "zebra_rate",
        "the volume is 4",
        "Offer of 0.37 for",
    ],
)
def test_what_is_no_line_of_code_passes(text: str) -> None:
    assert not wall().hides(text)
    assert wall().without_source(text) is text


def test_what_an_app_may_well_say_is_no_row() -> None:
    assert not list(code_rows("month, units, channel\nsales.total_units\ntotal_units = 5\n'a b c'"))
    assert not list(code_rows("%%html\n<b class='a'>total_units(5)</b>"))


def test_values_are_walked_through() -> None:
    value = {
        "a": [LINE, 3, None, {"b": (f"x\n{LINE}", "good")}],
        LINE: "its key",
        "buffer": [LINE.encode(), memoryview(b"\xff\x00"), b"plain"],
    }
    told: list[str] = []
    one = SourceWall(code_rows(CODE), told.append)
    shown = one.value(value, "an output")
    assert shown == {
        "a": ["", 3, None, {"b": ["x\n", "good"]}],
        "buffer": [b"", b"\xff\x00", b"plain"],
    }
    one.value(LINE, "an output")
    one.value(LINE, "a widget")
    assert [text.rpartition(" of ")[2] for text in told] == ["an output", "a widget"]
    assert "volume" not in repr(told)


def test_without_code_it_is_no_wall() -> None:
    assert not SourceWall() and not SourceWall().hides(LINE)
    assert SourceWall().value(LINE, "text") == LINE


def live(*cells: Any) -> Any:
    made = notebook_of(*cells)
    for cell in made.cells:
        cell.metadata.setdefault("nb2space", {"shows_source": False})
    return made


def test_what_viewers_have_anyway_is_not_hidden() -> None:
    public = nbformat.v4.new_code_cell("open_rate = compute(volume)")
    public.metadata["nb2space"] = {"shows_source": True}
    hidden = "open_rate = compute(volume)\nmargin = compute(zebra)\nshown = compute(horse)"
    published = notebook_of("# We use `shown = compute(horse)`.")
    one = wall_of(live(public, hidden), ["import zebra_parts as parts"], published, str)
    assert not one.hides("open_rate = compute(volume)")
    assert not one.hides("shown = compute(horse)")
    assert one.hides("margin = compute(zebra)") and one.hides("import zebra_parts as parts")


@many
@given(st.text(), st.text(), st.sampled_from(sorted(FORMS)))
def test_nothing_makes_it_fail_and_nothing_passes(before: str, after: str, form: str) -> None:
    left = wall().without_source(f"{before}\n{FORMS[form](LINE)}\n{after}")
    assert not wall().hides(left)


@pytest.mark.parametrize(
    "part", ["<!--", "a.b.", "return volume * ", "&lt;", "\\u0041", "%41", "<a ", "((", "x\n"]
)
def test_a_long_text_is_searched_quickly(part: str) -> None:
    text = part * (1_000_000 // len(part))
    started = time.process_time()
    wall().without_source(text)
    assert time.process_time() - started < 3


def test_a_line_that_a_table_cuts_short_is_hidden() -> None:
    shown = wall().without_source("0  def zebra_margin(volume, rat...\n1  fine\n", plain=True)
    assert shown == "1  fine\n"
    assert wall().hides("<td>def zebra_margin(volume, rat...</td>")
    assert not wall().hides("Offer of the zebra for the volume...")
    assert not wall().hides("zebra_rate = 0...")


def test_a_large_published_text_stays_and_excuses_nothing_else() -> None:
    script = f"{LINE};" + "draw();" * 200_000
    one = wall_of(live("1", CODE), [], live(json.dumps(script)), str)
    published = json.dumps(script)
    assert one.value(published, "a widget") is published
    assert LINE not in one.value(f"{LINE}\nfine", "an output")
    assert LINE not in one.value("x" * 60_000 + f"\n{LINE}\n", "an output")


# -- lines that look like no code -----------------------------------------------------------

SPREAD = {
    "a dictionary": '{"north": 1,\n "south": 2}',
    "a dictionary with a name": 'rates = {\n    "north": 0.37,\n    "south": 0.12,\n}',
    "rows of data": "rows = [\n    [1, 20, 30],\n    [4, 50, 60],\n    [7, 80, 90],\n]",
    "a list of words": 'places = [\n    "North",\n    "South",\n    "West",\n]',
    "a query": 'query = """\nSELECT units, price\nFROM sales\nWHERE price > 3\n"""',
    "a text": '"""The offer of this week.\n\nIt ends in May.\n"""',
    "a docstring": 'def offer(volume):\n    """What the buyer must never learn.\n\n'
    '    It is a third of the price.\n    """\n    return 3',
    "constants": "rate = 0.37\nlimit = 500\nmonths = 12",
    "a text in brackets": 'text = (\n    "The offer of "\n    "this month."\n)',
    "a call": 'plot(\n    kind="bar",\n    color="red",\n    width=3,\n)',
}
VALUES = [
    "{'north': 0.37, 'south': 0.12}",
    json.dumps({"north": 0.37, "south": 0.12}),
    json.dumps({"north": 0.37, "south": 0.12}, indent=4),
    f"The rates:\n{json.dumps({'north': 0.37, 'south': 0.12}, indent=2)}\nof May",
    "[[1, 20, 30], [4, 50, 60], [7, 80, 90]]",
    "[[ 1 20 30]\n [ 4 50 60]\n [ 7 80 90]]",
    "['North', 'South', 'West']",
    "\nSELECT units, price\nFROM sales\nWHERE price > 3\n",
    "'\\nSELECT units, price\\nFROM sales\\nWHERE price > 3\\n'",
    "The offer of this week.\n\nIt ends in May.\n",
    "North",
    "North\nSouth\nWest",
    "rate = 0.37",
    "rate = 0.37, limit = 500",
    "limit = 500\nrate = 0.37",
    "north  0.37\nsouth  0.12",
]


def numbered(text: str) -> str:
    """As tracebacks list lines."""
    lines = enumerate(text.splitlines(), 1)
    return "\n".join(f"{'---> ' if n == 2 else '     '}{n} {line}" for n, line in lines)


def spread_wall() -> SourceWall:
    return wall_of(live(*SPREAD.values()), [], notebook_of("# Title"), str)


@pytest.mark.parametrize("name", SPREAD)
def test_a_cell_of_no_telling_lines_is_hidden(name: str) -> None:
    source, one = SPREAD[name], spread_wall()
    lines = source.splitlines()
    for text in (
        source,
        f"Now:\n{source}\nReady",
        numbered(source),
        json.dumps({"a": source}),
        repr(["", source]),
        repr(lines),
        json.dumps({"source": source.splitlines(keepends=True)}),
        "".join(f"<tr><th>{n}</th><td>{html.escape(s)}</td>" for n, s in enumerate(lines)),
    ):
        assert one.hides(text), text
    assert one.without_source(f"Now:\n{source}\nReady\n", plain=True) in ("", "Now:\nReady\n")
    left = one.without_source(f"{html.escape(source)}<br>".replace("\n", "<br>"))
    assert left == ""


@pytest.mark.parametrize("row", ['    "north": 0.37,', '{"north": 1,', "    [4, 50, 60],"])
def test_a_row_of_data_is_hidden_as_it_is_written(row: str) -> None:
    assert spread_wall().without_source(f"before\n{row}\nafter\n", plain=True) == "before\nafter\n"


@pytest.mark.parametrize("text", VALUES)
def test_a_value_that_the_code_has_is_shown(text: str) -> None:
    assert spread_wall().without_source(text) is text


def test_rows_that_the_outputs_show_are_not_hidden() -> None:
    published = notebook_of("# T\n\n```\nrate = 0.37\nlimit = 500\nmonths = 12\n```")
    one = wall_of(live(SPREAD["constants"]), [], published, str)
    assert not one.hides(SPREAD["constants"])


def test_what_ipython_makes_of_its_own_syntax_is_hidden() -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    cells = ["!curl zebra", "%run zebra", "%%sql zebra\nSELECT a", "zebras = !ls"]
    for cell in cells:
        assert wall(cell).hides(TransformerManager().transform_cell(cell))
    assert not wall("zebra(1)").hides("get_ipython().system('a')")


def test_a_text_file_that_a_cell_writes_may_be_shown() -> None:
    body = "zebra notes\nof this year\nof next year\nof any year"
    assert not wall(f"%%writefile notes.md\n{body}").hides(body)
    assert wall(f"%%writefile notes.py\n{body}").hides(body)


def test_a_published_text_with_an_ellipsis_is_not_hidden() -> None:
    hidden = "shown = compute(horse)\nmargin = compute(zebra)"
    published = notebook_of("# We use `shown = compute(horse)`.\n\nAnd more...")
    one = wall_of(live(hidden), [], published, str)
    assert not one.hides("shown = compute(horse)") and one.hides("margin = compute(zebra)")
    whole = "# We use `shown = compute(horse)`, then margin = compute(zebra)\ndef zebra(a, b, c..."
    both = wall_of(live(f"{hidden}\ndef zebra(a, b, c, d):\n    pass"), [], notebook_of(whole), str)
    assert not both.hides("shown = compute(horse)") and not both.hides("margin = compute(zebra)")
