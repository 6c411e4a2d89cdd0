"""Executions that are used again, and all that must make a conversion execute anew."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import get, viewing, wait_until
from conftest import code
from making import file_size_limit

from nb2space import cache, snapshot
from nb2space.audit.known import known_files
from nb2space.executions import Run
from nb2space.keystore import find_record
from nb2space.notebook import read_notebook
from nb2space.options import Options
from nb2space.running import Dialogue, run_source
from nb2space.sharing import unsteady
from nb2space.source import read_source
from nb2space.space import read_manifest

Write = Callable[..., Path]

# Notes each execution, in a way on which nothing depends.
COUNT = "with open('runs.log', 'a') as log:\n    _ = log.write('x')"


def executed(path: Path, **options: Any) -> Run:
    """The stage of a conversion that executes the notebook."""
    return run_source(read_source(path, Options(**options)), Options(**options), Dialogue())


def runs(path: Path) -> int:
    """How often the notebook beside which COUNT writes was executed."""
    return (path.parent / "runs.log").stat().st_size


def texts(run: Run) -> list[str]:
    """What the cells printed."""
    cells = (cell for cell in run.executed.notebook.cells if cell.cell_type == "code")
    return ["".join(o.get("text", "") for o in cell.outputs) for cell in cells]


def change(path: Path, **sources: str) -> None:
    """Replace cells of a saved notebook by their ids."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = sources.get(cell.id, cell.source)
    nbformat.write(notebook, path)


def entries() -> list[Path]:
    """The files of the cache."""
    return sorted(cache.cache_folder().iterdir())


@pytest.fixture(autouse=True)
def libraries_are_read(own_key_store: Path) -> None:
    """The cache has what was read of the libraries, too, but not because of the test."""
    known_files()
    shutil.rmtree(own_key_store, ignore_errors=True)


@pytest.mark.kernel
def test_an_unchanged_notebook_is_executed_once_with_the_same_outcome(notebook: Write) -> None:
    path = notebook(
        "# Title",
        f"{COUNT}\nprint('first')",
        code("print('never')", "skip-execution"),
        "",
        code("import ipywidgets as w\nslider = w.IntSlider(value=3)\nslider"),
        code("1 / 0", "raises-exception"),
    )
    first, second = executed(path), executed(path)
    assert (first.reused, second.reused, runs(path)) == (False, True, 1)
    assert second.executed == first.executed
    assert second.basis == first.basis is not None
    forced = executed(path, force=True)
    assert (forced.reused, runs(path)) == (False, 2)
    assert executed(path).reused


@pytest.mark.kernel
def test_prose_may_change_and_outputs_stay_with_their_cells(notebook: Write) -> None:
    path = notebook("# Title", f"{COUNT}\nprint('first')", "print('second')")
    executed(path)
    changed = nbformat.read(path, as_version=4)
    changed.cells[0].source = "# Another"
    changed.cells.insert(2, nbformat.v4.new_markdown_cell("Something between.", id="new"))
    nbformat.write(changed, path)
    again = executed(path)
    assert again.reused and runs(path) == 1
    cells = again.executed.notebook.cells
    assert [cell.source for cell in cells if cell.cell_type == "markdown"] == [
        "# Another",
        "Something between.",
    ]
    assert texts(again) == ["first\n", "second\n"]


def _data(path: Path) -> None:
    (path.parent / "data.csv").write_text("2")


def _new_file(path: Path) -> None:
    (path.parent / "more.csv").write_text("3")


def _module(path: Path) -> None:
    (path.parent / "mine.py").write_text("VALUE = 2")


def _outside(path: Path) -> None:
    (path.parent.parent / "outside.txt").write_text("changed")


def _package(path: Path) -> None:
    info = path.parent.parent / "site" / "demo-1.0.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.1\n")


def _code(path: Path) -> None:
    change(path, c2="print('changed')")


def _tag(path: Path) -> None:
    changed = nbformat.read(path, as_version=4)
    changed.cells[1].metadata["tags"] = ["raises-exception"]
    nbformat.write(changed, path)


def _secret(path: Path) -> None:
    change(path, c1='password = "another-Hunter2!"')


def _log(path: Path) -> None:
    (path.parent / "runs.log").unlink()


CHANGES = [_data, _new_file, _module, _outside, _package, _code, _tag, _secret, _log]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook that depends on files of every kind."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "data.csv").write_text("1")
    (home / "mine.py").write_text("VALUE = 1")
    (tmp_path / "outside.txt").write_text("as it was")
    info = tmp_path / "site" / "demo-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "demo.py").write_text("")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    (info / "RECORD").write_text("demo.py,,\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}:{os.environ.get('PYTHONPATH', '')}")
    cells = [
        code("year = 1", "parameters"),
        'password = "Hunter2-prod!"',
        "import demo, mine\nprint(mine.VALUE, open('data.csv').read())",
        f"{COUNT}\nprint(year, open({str(tmp_path / 'outside.txt')!r}).read())",
    ]
    made = [nbformat.v4.new_code_cell(c) if isinstance(c, str) else c for c in cells]
    for number, cell in enumerate(made):
        cell["id"] = f"c{number}"
    path = home / "project.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


@pytest.mark.kernel
def test_whatever_the_run_followed_from_makes_it_run_anew(project: Path) -> None:
    for changed in CHANGES:
        assert not executed(project).reused, changed
        assert executed(project).reused, changed
        changed(project)
    assert not executed(project).reused


@pytest.mark.kernel
def test_a_parameter_and_a_setting_of_the_machine_make_it_run_anew(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed(project)
    assert not executed(project, parameters={"year": 2}).reused
    assert executed(project, parameters={"year": 2}).reused
    monkeypatch.setenv("TZ", "Asia/Jakarta")
    assert not executed(project).reused


@pytest.mark.kernel
def test_a_file_that_was_only_touched_or_belongs_to_another_is_no_change(project: Path) -> None:
    executed(project)
    os.utime(project.parent / "data.csv", (2_000_000_000, 2_000_000_000))
    (project.parent / "other.ipynb").write_text("{}")
    (project.parent / ".hidden").write_text("")
    (project.parent / "other-space").mkdir()
    (project.parent / "other-space" / "nb2space.json").write_text("{}")
    assert executed(project).reused


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which one can connect."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.kernel
def test_what_may_come_out_otherwise_is_executed_each_time(notebook: Write, port: int) -> None:
    (notebook("x").parent / "clock.py").write_text("import time\nNOW = time.time()")
    for source in (
        "import time\nprint(time.time())",
        "import os\nprint(os.environ.get('HOME'))",
        "import random\nprint(random.random())",
        "import numpy as np\nprint(np.random.rand())",
        "import pandas as pd\nprint(pd.Series(range(99)).sample(3))",
        "import numpy as np\nprint(np.random.default_rng().random())",
        "exec('x = 1')",
        "import clock\nprint(clock.NOW)",
        "n = len(open('state').read())\nopen('state', 'w').write('x' * (n + 1))",
        "import os\nopen('out.txt', 'w').close()\nprint(os.listdir('.'))",
        "!echo program",
        # What libraries do is seen, whatever the code looks like.
        "import pydoc\npydoc.pipepager('text', 'cat')",
        f"import logging.handlers as h\nh.SocketHandler('127.0.0.1', {port}).createSocket()",
    ):
        path = notebook(source)
        (path.parent / "state").write_text("")
        assert executed(path).basis is None, source
        assert not cache.cache_folder().exists(), source


@pytest.mark.kernel
def test_what_a_seed_decides_is_used_again(notebook: Write) -> None:
    path = notebook(
        "import random\nimport numpy as np\nrandom.seed(1)\nnp.random.seed(1)",
        "print(random.random(), np.random.rand(), np.random.default_rng(4).random())",
    )
    first, second = executed(path), executed(path)
    assert second.reused and texts(first) == texts(second)


@pytest.mark.kernel
def test_a_file_that_changes_while_the_notebook_runs_is_not_trusted(notebook: Write) -> None:
    path = notebook("import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.05)")
    (path.parent / "data.csv").write_text("before")

    def interfere(number: int, count: int) -> None:
        (path.parent / "data.csv").write_text("after")
        (path.parent / "go").write_text("")

    source = read_source(path, Options())
    assert run_source(source, Options(), Dialogue(cells=interfere)).basis is None


READ_AS_UNSTEADY = {
    "reads the clock": ["import ipywidgets as w\nimport time\nw.IntSlider(); time.time()"],
    "uses the network": ["import polars as pl\npl.read_csv('https://example.org/a.csv')"],
    "draws random numbers without a seed": [
        "from random import choice\nchoice([1, 2])",
        "import random as r\nr.shuffle([1, 2])",
    ],
    "runs code that cannot be judged by reading": ["%%time\nx = 1", "x ="],
    "": [
        "import ipywidgets as w\nw.IntSlider()",
        "import random\nrandom.Random(3).random()",
        "print('see https://example.org for more')",
        "path = 'file:///home/data.csv'",
        "import time\ntime.sleep(0)",
    ],
}


@pytest.mark.parametrize(
    ("source", "reason"), [(s, reason) for reason, all_ in READ_AS_UNSTEADY.items() for s in all_]
)
def test_code_tells_what_may_come_out_otherwise(source: str, reason: str) -> None:
    assert unsteady([source], [], []) == reason
    assert unsteady([], [source], []) == reason


def test_draws_that_the_run_was_seen_to_make_need_a_seed() -> None:
    assert unsteady(["x = sample()"], [], ["numpy"]) == "draws random numbers without a seed"
    assert unsteady(["import numpy as np", "np.random.seed(3)"], [], ["numpy"]) == ""
    assert unsteady(["import torch\ntorch.rand(1)"], [], ["torch"]) != ""


@pytest.mark.kernel
def test_the_cache_is_private_and_says_nothing_in_the_clear(notebook: Write) -> None:
    path = notebook('password = "Hunter2-prod!"', "print('telling output', 40 + 2)")
    assert executed(path).basis
    (entry,) = entries()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(entry.parent.stat().st_mode) == 0o700
    words = (b"Hunter2", b"telling", b"print", b"outputs", b"PK\3\4")
    assert not any(word in entry.read_bytes() for word in words)
    assert "Hunter2" not in entry.name


@pytest.mark.kernel
def test_damaged_and_foreign_entries_are_as_none(notebook: Write) -> None:
    path = notebook(f"{COUNT}\nprint('right')")
    executed(path)
    (entry,) = entries()
    whole = entry.read_bytes()
    other = cache.key_of("another question")
    cache.keep(other, {"cells": "what no conversion keeps"})
    (foreign,) = set(entries()) - {entry}
    damages = [b"", b"nonsense", whole[:-1], whole[:60] + b"\0" + whole[61:], foreign.read_bytes()]
    for number, damage in enumerate(damages, 2):
        entry.write_bytes(damage)
        again = executed(path)
        assert (again.reused, texts(again), runs(path)) == (False, ["right\n"], number)
    entry.unlink()
    entry.mkdir()
    assert texts(executed(path)) == ["right\n"]


@pytest.mark.parametrize("answer", [{}, {"cells": 1}, {"cells": [], "basis": []}])
@pytest.mark.kernel
def test_entries_of_another_form_are_as_none(notebook: Write, answer: dict[str, Any]) -> None:
    from nb2space import executions

    path = notebook("print(1)")
    source = read_source(path, Options())
    cache.keep(executions._key(source, source.code.notebook), answer)
    assert executions.find_run(source, source.code.notebook) is None


def test_a_full_disk_takes_no_entry_and_breaks_nothing() -> None:
    key = cache.key_of("question")
    with file_size_limit(20):
        cache.keep(key, {"answer": "x" * 1000})
    assert cache.find(key) is None and entries() == []
    cache.keep(key, {"answer": 1})
    assert cache.find(key) == {"answer": 1}


def test_the_cache_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [cache.key_of(number) for number in range(6)]
    monkeypatch.setattr(cache, "_MOST_ENTRIES", 3)
    for number, key in enumerate(keys):
        cache.keep(key, {"number": number})
        used = time.time() - 100 + number
        os.utime(cache._path_of(key), (used, used))
    cache.keep(keys[0], {"number": 0})
    assert [key for key in keys if cache.find(key)] == [keys[0], *keys[-2:]]
    old = cache._path_of(keys[5])
    os.utime(old, (1_000_000_000, 1_000_000_000))
    cache.keep(keys[0], {"number": 0})
    assert not old.exists()
    monkeypatch.setattr(cache, "_MOST_BYTES", 1)
    cache.keep(keys[0], {"number": 0})
    assert entries() == []


def test_a_snapshot_waits_for_nothing_and_gives_up_on_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")
    taken = snapshot.take(tmp_path, [str(tmp_path / "folder"), "/nowhere/at/all"], ())
    assert taken and taken.inside == ("folder/a.txt", "link", "loop", "pipe")
    again = snapshot.from_kept(json.loads(json.dumps(vars(taken))))
    assert again == taken and snapshot.holds(again, ())
    (tmp_path / "folder" / "a.txt").write_text("b")
    assert not snapshot.holds(again, ())
    monkeypatch.setattr(snapshot, "_MOST_FILES", 2)
    assert snapshot.take(tmp_path, [], ()) is None


# The whole command.


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a Space folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


NOTE = (
    "Note: Neither the code nor what it reads has changed since an earlier run, so that run's "
    "outputs are used; --force executes again.\n"
)


@pytest.mark.kernel
def test_converting_again_makes_the_same_and_says_so(
    notebook: Write, run: Callable[..., Any], tmp_path: Path
) -> None:
    path = notebook("# Title", f'{COUNT}\npassword = "Hunter2-prod!"\nprint("one")')
    first = run("convert", path)
    folder = tmp_path / "small-space"
    made = contents(folder)
    second = run("convert", path)
    assert (second.code, contents(folder), runs(path)) == (0, made, 1)
    assert second.err == NOTE + first.err and "cells in" in first.out
    assert second.out.startswith("small-space: 'Title', 2 cells, ")
    # What was not reused is made of the same run.
    (folder / "index.html").unlink()
    third = json.loads(run("convert", path, "--json").out)
    assert third["reused"] and contents(folder) == made
    titled = run("convert", path, "--title", "Another")
    assert NOTE in titled.err and read_manifest(folder).title == "Another" and runs(path) == 1
    assert read_manifest(folder).title == "Another"
    back = run("convert", path)
    assert NOTE in back.err and contents(folder) == made and runs(path) == 1
    forced = run("convert", path, "--force", "--json")
    assert not json.loads(forced.out)["reused"] and runs(path) == 2
    record = find_record(read_manifest(folder).space_id)
    assert record and record.options["force"] is False
    refused = run("convert", path, "--force", "--no-execute")
    assert refused.code == 2 and "--force executes the notebook" in refused.err


@pytest.mark.kernel
def test_what_lies_beside_the_notebook_is_heeded_without_executing(
    notebook: Write, run: Callable[..., Any], tmp_path: Path
) -> None:
    path = notebook("# Title\n\nText.", "print('one')")
    assert run("convert", path).code == 0
    (tmp_path / "requirements.txt").write_text("pandas==2.2.3\n")
    assert run("convert", path).code == 0
    assert "pandas==2.2.3" in (tmp_path / "small-space" / "requirements.txt").read_text()
    change(path, c0="# Title\n\nOther words.")
    assert NOTE in run("convert", path).err
    assert "Other words." in (tmp_path / "small-space" / "index.html").read_text()


@pytest.mark.kernel
def test_a_page_without_a_kernel_is_made_once_as_well(
    notebook: Write, run: Callable[..., Any], tmp_path: Path
) -> None:
    path = notebook(
        "# Title",
        f"{COUNT}\nfrom ipywidgets import interact\n\n@interact(n=(1, 3))\ndef f(n):\n    print(n)",
    )
    first = run("convert", path, "--static", "--yes")
    made = contents(tmp_path / "small-space")
    second = run("convert", path, "--static")
    assert (first.code, second.code, runs(path)) == (0, 0, 1), first.err + second.err
    assert second.err.startswith(NOTE) and contents(tmp_path / "small-space") == made
    assert read_notebook(path).cells[1].outputs == []


@pytest.mark.kernel
def test_a_cache_that_cannot_be_written_breaks_no_conversion(
    notebook: Write, run: Callable[..., Any], own_key_store: Path
) -> None:
    path = notebook(f"{COUNT}\nprint('one')")
    own_key_store.mkdir()
    (own_key_store / "executions").write_text("not a folder")
    for number in (1, 2):
        assert run("convert", path).code == 0 and runs(path) == number


@pytest.mark.kernel
def test_watching_shows_edited_prose_without_executing(
    notebook: Write, tmp_path: Path, own_key_store: Path
) -> None:
    path = notebook("# Title", f"{COUNT}\nprint('one')")
    with viewing(path, "--watch", cwd=tmp_path, home=own_key_store) as app:
        change(path, c0="# Another title")
        wait_until(lambda: b"Another title" in _page(app.url))
    assert runs(path) == 1


def _page(url: str) -> bytes:
    """The page, or nothing while the app starts again."""
    try:
        return get(url)[2]
    except OSError:
        return b""
