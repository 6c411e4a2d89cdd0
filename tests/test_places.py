"""Paths of the author's machine, of anybody's home and of the container reach no viewer."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import live, viewing
from conftest import code
from making import display, failure, model, notebook_of, stream, view

from nb2space.audit import audit_folder
from nb2space.audit.known import Known
from nb2space.audit.needles import needles_of
from nb2space.audit.report import PATH
from nb2space.audit.search import Piece, search
from nb2space.keystore import find_record
from nb2space.places import author_places
from nb2space.runtime.places import HOME, OTHER, WORK, Place, Places, Veil
from nb2space.space import read_manifest
from nb2space.strip import Stripped, strip_notebook

ANA = Places(
    [
        Place("/home/ana", HOME),
        Place("/home/ana/work", WORK),
        Place("/home/ana/miniconda3/envs/x", OTHER),
        Place("/data/Ana María/nb", WORK),
        Place(r"D:\Users of us\Ana María", HOME),
        Place("/notes", WORK),
        Place("/usr/local", OTHER),
        Place("/", HOME),
    ]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # The author's own.
        ("'/home/ana/work/data/a.csv'", "'data/a.csv'"),
        ("in /home/ana/work, or /home/ana/work/", "in ., or ./"),
        ("/home/ana/work-old/a and /home/ana/work.bak", "~/work-old/a and ~/work.bak"),
        ("It is /home/ana.", "It is ~."),
        ("-I/home/ana/inc -L/home/bob/lib x/home/ana/work/a.py", "-I~/inc -L~/lib xa.py"),
        ("]/home/ana/work +/home/ana/work/b ~/home/ana/work/b", "]. +b ~b"),
        ("/home/ana/miniconda3/envs/x/lib/python3.11/json.py", "…/lib/python3.11/json.py"),
        ("d:/users of us/ana maría/a.csv", "~/a.csv"),
        ("/notes/a.csv, but /notes", "a.csv, but /notes"),
        # As programs write it.
        ("file:///home/ana/work/a.csv", "a.csv"),
        ("file%3A%2F%2F%2Fhome%2Fana%2Fa.csv", "~%2Fa.csv"),
        ("vscode://file/home/ana/a.py:3", "~/a.py:3"),
        (r'{"a": "\/home\/ana\/work\/a.csv"}', '{"a": "a.csv"}'),
        (r'"one\n/home/ana/two"', r'"one\n~/two"'),
        ("/data/Ana%20Mar%C3%ADa/nb/a.csv", "a.csv"),
        (r"/data/Ana Mar\u00eda/nb/a.csv", "a.csv"),
        ("&quot;&#x2F;home&#x2F;ana&#x2F;a&quot;", "&quot;~&#x2F;a&quot;"),
        ("\x1b[35m/home/ana/\x1b[0m\x1b[95ma.csv\x1b[0m", "\x1b[35m~/\x1b[0m\x1b[95ma.csv\x1b[0m"),
        ("<b>/home/</b><i>ana</i>", "<b>~</b><i></i>"),
        # Of anybody.
        ("/home/bob/a, /Users/bob/a, /root/a", "~/a, ~/a, ~/a"),
        (r"C:\Users\bob\a, C:\\Users\\bob\\a, c:/users/bob/a", r"~\a, ~\\a, ~/a"),
        (r"C:\Users\Bob Smith\a and so on", r"~\a and so on"),
        (r"\\wsl$\Ubuntu\home\bob\a /mnt/c/Users/bob/a", r"~\a ~/a"),
        ("/content/drive/MyDrive/a /kaggle/working/a", "~/a a"),
        ("/Workspace/Users/bob@example.org/a", "~/a"),
        ("/tmp/of-bob/a.csv /var/folders/4x/ab12/T/tmp1/a.csv", "…/a.csv …/tmp1/a.csv"),
        ("copied to host:/home/bob/a", "copied to host:~/a"),
    ],
)
def test_private_paths_are_shortened(text: str, shown: str) -> None:
    assert ANA.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "/usr/share/fonts /usr/local/lib/python3.12/json /tmp/a.csv /etc/passwd",
        "/home and /home/ and /root and /users/5",
        "https://x.org/home/ana https:\\/\\/x.org\\/home\\/ana x.org%2Fhome%2Fana",
        "backup/home/bob ~/home/bob ./home/bob",
        "<a href='/home/index.html'>at home</a>",
        "the root of 1/root/2 is x/root/y; AAAA+/home/AA",
    ],
)
def test_other_paths_stay(text: str) -> None:
    assert ANA.text(text) is text


def test_megabytes_take_no_time() -> None:
    for text in (
        "a line / of an output\n" * 50_000,
        "/home/" * 10_000,
        "C:\\Users\\" + "a " * 9000,
    ):
        begun = time.process_time()
        ANA.text(text)
        assert time.process_time() - begun < 2


def test_a_veil_reaches_every_part() -> None:
    veil = Veil(["correct horse"], ANA)
    value = {
        "/home/ana/a": ["/home/ana/b", {"c": "correct horse"}, 5],
        "binary": [b"/home/ana/d", memoryview(b"\xff/home/ana")],
    }
    assert veil.value(value) == {
        "~/a": ["~/b", {"c": "•••••"}, 5],
        "binary": [b"~/d", b"\xff/home/ana"],
    }
    assert veil.value(plain := {"a": ["b"]}) is plain


MODULE = "application/vnd.plotly.v1+json"


def stripped(*cells: Any, models: Any = None, show_source: bool = False) -> Stripped:
    return strip_notebook(
        notebook_of(*cells, models=models),
        folder=Path("."),
        title="T",
        show_source=show_source,
        veil=Veil((), ANA),
    )


def test_no_part_of_a_notebook_keeps_them() -> None:
    outputs = [
        stream("/home/ana/work/a.csv\n"),
        stream("/home/ana/b.csv\n"),
        display({"text/html": '<a href="file:///home/ana/work/c.html">c</a>'}),
        display({"image/svg+xml": "<svg><text>/Users/bob/d</text></svg>"}),
        display({MODULE: {"layout": {"title": {"text": "C:\\Users\\ana\\e"}}}}),
        display({"text/latex": "$/home/ana/f$"}, {"text/latex": {"width": "/home/ana/g"}}),
        display({"application/javascript": 'show("\\/home\\/ana\\/h")'}),
        view("1" * 32),
    ]
    models = {
        "1" * 32: model(value="/home/ana/work/i", children=["IPY_MODEL_" + "2" * 32]),
        "2" * 32: model("@jupyter-widgets/output", outputs=[stream("/home/ana/j")]),
    }
    shows = code("open('/home/ana/k')")
    shows["outputs"] = outputs
    never = code("x", "skip-execution")
    never["outputs"] = [stream("/home/ana/l")]
    text = nbformat.v4.new_markdown_cell("At /home/ana/m ![n](attachment:n.svg)")
    text["attachments"] = {"n.svg": {"image/svg+xml": "<svg><text>/home/ana/n</text></svg>"}}
    raw = nbformat.v4.new_raw_cell("<b>/home/ana/o</b>", metadata={"raw_mimetype": "text/html"})
    made = stripped(shows, never, text, raw, models=models, show_source=True)
    kept = json.dumps(made.viewer)
    assert "home" not in kept and "Users" not in kept
    plain = kept.replace("\\", "/").replace("//", "/").replace("//", "/")
    assert [letter for letter in "bdefghjklmo" if f"~/{letter}" not in plain] == []
    assert base64.b64encode(b"<svg><text>~/n</text></svg>").decode() in kept
    assert '"a.csv' in kept and '\\"c.html\\"' in kept and '"value": "i"' in kept
    # The code that runs is as it was; what the page shows beside it is not.
    assert made.live.cells[0].source == "open('/home/ana/k')"
    assert "home" not in json.dumps([made.live.cells[1:], made.live.metadata])


def test_the_author_is_told_where() -> None:
    said = (
        "Viewers see no more of one than what is below the notebook's folder (data/a.csv) or below "
        "a home (~/a.csv)."
    )
    silent, hidden, widget = code("x"), code("x", "hide-output"), code("w")
    # What viewers do not get is not told of either.
    silent["outputs"] = [stream("/home/ana", "stderr"), failure("/home/ana"), stream("/usr/lib")]
    hidden["outputs"] = [stream("/home/ana")]
    widget["outputs"] = [view("1" * 32)]
    models = {"1" * 32: model(value="/home/ana"), "2" * 32: model(value="/home/ana")}
    made = stripped("# /home/ana", silent, hidden, widget, models=models)
    assert made.notices[-1] == f"Cells 1 and 4 show paths of a computer. {said}"
    assert stripped("# /home/ana").notices == (f"Cell 1 shows paths of a computer. {said}",)
    assert stripped("# /usr/lib", silent).notices[2:] == ()


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ("see /home/ana/work", {PATH}),
        ('{"a": "\\/home\\/ana\\/work"}', {PATH}),
        ("L2hvbWUvYW5hL3dvcmsvYS5jc3Y=", {PATH}),
        ("https://x.org/home/ana/work", set()),
        ("/home/ana/workshop", set()),
    ],
)
def test_the_audit_looks_for_them(content: str, kinds: set[str]) -> None:
    # Not even what the author wrote for viewers excuses a path.
    needles = needles_of([notebook_of("# /home/ana/work")], {}, secrets=[(PATH, "/home/ana/work")])
    known = Known(frozenset(), frozenset(), "")
    (channel,) = search([Piece("channel", "where", content.encode())], needles, known)
    assert {leak.kind for leak in channel.leaks} == kinds


def test_the_places_of_an_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, real = tmp_path / "ana", tmp_path / "disk" / "work"
    real.mkdir(parents=True)
    home.mkdir()
    (home / "work").symlink_to(real)
    monkeypatch.setenv("HOME", str(home))
    places = Places(author_places(home / "work", str(home / "env")))
    assert places.text(f"{home}/work/a {real}/b {home}/c {home}/env/d") == "a b ~/c …/d"


@pytest.mark.kernel
def test_from_the_conversion_to_the_app(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    path = notebook(
        "# Report\n\nfrom /home/ana/report.csv",
        "import json, os, tempfile\nprint('in', os.path.abspath('a.csv'), os.getcwd())",
        code("print('home', os.path.expanduser('~/b.csv'))\nopen('a.csv').read()", "per-viewer"),
        "import ipywidgets as w\nw.Label(tempfile.mkdtemp() + '/c.csv | ' + json.__file__)",
    )
    (tmp_path / "a.csv").write_text("1")
    home = tmp_path / "home"
    home.mkdir()
    done = run("convert", path, env={"HOME": str(home)})
    assert done.code == 0, done.err
    assert "Note: Cells 1, 2, 3 and 4 show paths of a computer." in done.err
    folder = tmp_path / "small-space"
    record = find_record(read_manifest(folder).space_id)
    assert record and audit_folder(folder, record).ok
    page = (folder / "index.html").read_text()
    assert "from ~/report.csv" in page and str(tmp_path) not in page
    with viewing(folder, cwd=tmp_path, home=own_key_store) as app:
        shown = live(app.url)
    for text in (page, shown):
        assert "in a.csv ." in text and "home ~/b.csv" in text
    assert not [t for t in ("/nb2space-", "/shm", "/tmp/", str(tmp_path)) if t in shown]
