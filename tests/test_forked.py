"""Kernels that are forked from one parent: the same app as ever, and quicker."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from browsing import kernels_below, live, parent_below, viewing, wait_until
from conftest import code
from forking import finished, forks_of, kernel_of, parents, until
from making import stream
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the server's log says."""
    caplog.set_level(logging.INFO, "nb2space")
    return caplog


SETUP = (
    "import decimal, os, random, sys, tempfile\nimport numpy as np\n"
    "random.seed(7)\ndecimal.getcontext().prec = 5\nos.environ['BY_AUTHOR'] = 'kept'\n"
    "out, place = sys.stdout, tempfile.TemporaryDirectory()\n"
    "with open('numbers.txt', 'w') as file:\n    written = file.write('12345')\n"
    "numbers = open('numbers.txt')",
    "print('one', end=' ')\nos.getpid()",
)
# What each viewer gets alike, and what each must have of their own.
ALIKE = (
    "print(random.random(), decimal.Decimal(1) / 3, os.environ['BY_AUTHOR'], numbers.read(),"
    " os.path.isdir(place.name), file=out)"
)
OWN = "print(os.getpid(), np.random.random(), os.environ['QUERY_STRING'])"


def test_viewers_share_what_is_done_and_nothing_else() -> None:
    async def visit(forks: Any, query: str) -> tuple[str, str, str]:
        async with kernel_of(forks, QUERY_STRING=query) as kernel:
            assert kernel.is_forked
            shown = await kernel.run(*SETUP)
            results = await kernel.run("In[1][:6], Out[2] == _, Out[2]")
            assert results.startswith("('import', True, ")
            return shown, await kernel.run(ALIKE), await kernel.run(OWN)

    async def visits(forks: Any) -> list[tuple[str, str, str]]:
        first = [await visit(forks, "a=1")]
        return first + await asyncio.gather(visit(forks, "a=2"), visit(forks, "a=3"))

    with forks_of(*SETUP) as forks:
        shown, alike, own = zip(*finished(visits(forks)), strict=True)
    assert shown[0].startswith("one ") and len(set(shown)) == 1
    assert set(alike) == {"0.32383276483316237 0.33333 kept 12345 True\n"}
    pids, drawn, queries = zip(*(text.split() for text in own), strict=True)
    assert len(set(pids)) == len(set(drawn)) == 3
    assert queries == ("a=1", "a=2", "a=3")


THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"


def test_plots_are_shown_by_shared_cells_and_by_the_viewers_own() -> None:
    cells = ("import matplotlib.pyplot as plt", "plt.plot([1, 2]); print('drawn')", "plt.figure();")

    async def visit(forks: Any) -> list[list[str]]:
        async with kernel_of(forks) as kernel:
            await kernel.run(*cells)
            return [
                [output.output_type, *sorted(output.get("data", {}))]
                for cell in kernel.client.nb.cells
                for output in cell.outputs
            ]

    ordinary = finished(visit(None))
    assert ["display_data", "image/png", "text/plain"] in ordinary
    with forks_of(*cells[:2], modules=["matplotlib.pyplot"]) as forks:
        assert finished(visit(forks)) == ordinary


WIDGETS = (
    "import ipywidgets as w\nimport matplotlib.pyplot as plt\n%matplotlib inline\ncalls = []\n"
    "from IPython.display import display",
    "@w.interact(n=w.IntSlider(value=3, max=9))\n"
    "def show(n):\n    calls.append(n)\n    print('n is', n)\n    plt.plot([1, n])",
    "said = w.Output()\nwith said:\n    print('inside')\n    inner = w.Output()\n    with inner:\n"
    "        display(w.Label('deep'))\n    print('inside again')\nprint('outside')\nsaid",
    "said.clear_output()\nwith said:\n    print('anew')\n"
    "picture = w.Image(value=b'bytes')\npicture",
)
# How the kernel sees its widgets, and that they work.
WORKING = (
    "slider, out = show.widget.children\nslider.value = 5\n"
    "print(calls, [o['output_type'] for o in out.outputs], out.msg_id, bytes(picture.value),"
    " [o.get('text') for o in said.outputs], len(inner.outputs))"
)


def test_widgets_of_shared_cells_are_as_they_ever_were() -> None:
    async def visit(forks: Any) -> list[Any]:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked is bool(forks)
            await kernel.run(*WIDGETS)
            shown = [
                [output.output_type, output.get("text"), *sorted(output.get("data", {}))]
                for cell in kernel.client.nb.cells
                for output in cell.outputs
            ]
            states = [
                (state.get("_model_name"), str(state.get("outputs"))[:60], state.get("value"))
                for state in kernel.client.widget_state.values()
            ]
            buffers = [str(given) for given in kernel.client.widget_buffers.values()]
            return [shown, states, buffers, await kernel.run(WORKING)]

    async def twice(forks: Any) -> list[list[Any]]:
        return await asyncio.gather(visit(forks), visit(forks))

    ordinary = finished(visit(None))
    assert "n is 3" in str(ordinary) and "b'bytes' ['anew\\n'] 1\n" in ordinary[3]
    with forks_of(*WIDGETS, modules=["matplotlib.pyplot"]) as forks:
        assert finished(twice(forks)) == [ordinary, ordinary]


def test_widgets_that_differ_from_those_of_the_conversion_are_each_viewers_own(told: Any) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            await kernel.run(*cells)

    cells = ("import ipywidgets as w\nx = 1", "import os\nw.IntText(len(os.listdir()))")
    with forks_of(*cells, told=False, widgets=["", "other"]) as forks:
        finished(visit(forks))
    assert "Cell 2 shows something else than at the conversion" in told.text


def test_a_module_that_makes_widgets_is_left_out(told: Any, tmp_path: Path) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            await kernel.run("import maker", "maker.made")
            assert "made of it" in str(kernel.client.widget_state)

    (tmp_path / "maker.py").write_text("import ipywidgets\nmade = ipywidgets.Label('made of it')")
    with forks_of("x = 1", modules=("maker",), path=str(tmp_path)) as forks:
        finished(visit(forks))
    assert "The module maker makes controls, so forks go without it." in told.text


LEFT = {
    THREAD: "leaves threads running",
    "import subprocess\nsubprocess.Popen(['sleep', '61.7'])": "leaves processes running",
    "import socket\nkept = socket.socket()": "keeps a connection or a file that it writes to open",
    "kept = open('written.txt', 'w')": "keeps a connection or a file that it writes to open",
    "import ipywidgets\nwith ipywidgets.Output():\n    1 / 0": "shows an error",
    "import mmap\nkept = mmap.mmap(-1, 64)": "keeps memory that other processes write to",
    "1 / 0": "fails when it runs before there is a viewer",
    "shown = display(1, display_id=True)\nshown.update(2)": "changes what it has shown",
}


@pytest.mark.parametrize("source", LEFT)
def test_what_cannot_be_shared_runs_for_each_viewer(source: str, told: Any) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            assert await kernel.run("print('first')", "x = 2") == "first\n"

    with forks_of("print('first')", source, "x = 1") as forks:
        finished(visit(forks))
    assert not [p for p in psutil.process_iter(["cmdline"]) if "61.7" in (p.info["cmdline"] or [])]
    assert f"Cell 2 {LEFT[source]}, so it and the cells after it run for each viewer" in told.text
    assert "cells that ran once for all: 1." in told.text


UNSETTLED = {
    "import numpy\nnumpy.random.random(3)": "draws random numbers without a seed",
    "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))": "uses the network",
    "import os\nos.system('true')": "runs other programs",
    "print('other')": "shows something else than at the conversion",
}


@pytest.mark.parametrize("source", UNSETTLED)
def test_what_may_differ_runs_for_each_viewer_unless_the_author_wants_it(
    source: str, told: Any
) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked

    with forks_of(source, told=False, modules=("numpy",), outputs=[[stream("as ever\n")]]) as forks:
        finished(visit(forks))
    assert f"Cell 1 {UNSETTLED[source]}" in told.text
    with forks_of(source, told=True) as forks:
        finished(visit(forks))
    assert "cells that ran once for all: 1." in told.text


def test_heavy_computing_survives_the_fork() -> None:
    fit = (
        "import numpy as np, pandas as pd\nfrom sklearn.cluster import KMeans\n"
        "from joblib import Parallel, delayed\n"
        "from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor\n"
        "points = np.random.default_rng(0).normal(size=(3000, 3))\n"
        "def fit():\n"
        "    KMeans(3, n_init=1, random_state=0).fit(points)\n"
        "    HistGradientBoostingRegressor(max_iter=5).fit(points, points[:, 0])\n"
        "    RandomForestRegressor(5, n_jobs=2).fit(points, points[:, 0])\n"
        "    assert Parallel(2)(delayed(abs)(n) for n in (-1, -2)) == [1, 2]\n"
        "    pd.DataFrame(points, columns=list('abc')).to_parquet('points.parquet')\n"
        "    pd.read_parquet('points.parquet')\n"
        "    return float(np.linalg.svd(points @ points.T[:, :400])[1][0])"
    )

    async def visit(forks: Any) -> str:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            return await kernel.run(fit, "before = fit()", "print(fit() - before)")

    with forks_of(fit, "before = fit()") as forks:
        assert float(finished(visit(forks))) == pytest.approx(0)


def test_a_kernel_is_interrupted_restarted_and_ended_as_ever() -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            loop = asyncio.create_task(kernel.run("print('begun')\nwhile True: pass"))
            await asyncio.sleep(0.5)
            await kernel.manager.interrupt_kernel()
            with pytest.raises(CellExecutionError, match="KeyboardInterrupt"):
                await asyncio.wait_for(loop, 20)
            assert await kernel.run("print(x)") == "1\n"
            before = kernel.process.pid
            await kernel.manager.restart_kernel()
            await kernel.client.kc.wait_for_ready(timeout=30)
            assert kernel.is_forked and kernel.process.pid != before
            assert await kernel.run("print(x)") == "1\n"
            process = kernel.process
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
            assert not await kernel.manager.is_alive()
        async with kernel_of(forks) as kernel:
            process = kernel.process
        assert process.wait(10) == 0

    with forks_of("x = 1") as forks:
        finished(visit(forks))


def test_the_death_of_the_parent_is_survived(told: Any) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            (parent,) = parents()
            os.kill(parent, signal.SIGKILL)
            assert await kernel.run("print(x)") == "1\n"
            await until(lambda: "ended with code -9" in told.text)
            async with kernel_of(forks) as other:
                assert not other.is_forked
                assert await other.run("x = 1", "print(x)") == "1\n"
            await until(lambda: told.text.count("ran once for all: 1.") == 2)
            async with kernel_of(forks) as other:
                assert other.is_forked
            process = kernel.process
        assert process.wait(10) is not None

    with forks_of("x = 1") as forks:
        finished(visit(forks))
    assert "viewers get kernels that run every cell until it is back" in told.text


def test_crash_after_crash_ends_the_forking(told: Any) -> None:
    async def crash(forks: Any) -> bool:
        async with kernel_of(forks) as kernel:
            forked = kernel.is_forked
            os.kill(kernel.process.pid, signal.SIGSEGV)
            await until(lambda: kernel.process.poll() is not None)
            return forked

    with forks_of("x = 1") as forks:
        assert [finished(crash(forks)) for _ in range(4)] == [True, True, True, False]
    assert "Kernels cannot be forked: 3 of them crashed." in told.text


def test_a_module_that_leaves_threads_is_left_out(told: Any, tmp_path: Path) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            assert await kernel.run("import busy_module", "print(busy_module.x)") == "3\n"

    (tmp_path / "busy_module.py").write_text(f"x = 3\n{THREAD}")
    with forks_of("x = 1", modules=("json", "busy_module"), path=str(tmp_path)) as forks:
        finished(visit(forks))
    assert "The module busy_module leaves threads running, so forks go without it." in told.text


def test_shared_cells_run_anew_and_those_who_are_there_stay(told: Any) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert await kernel.run("import os; x = os.getpid()", "print(x == os.getppid())") == (
                "True\n"
            )
            (before,) = parents()
            await until(lambda: "The shared cells ran anew." in told.text)
            async with kernel_of(forks) as other:
                assert other.is_forked
                shown = await other.run("print(x)")
                assert int(shown) != before
            assert await kernel.run("print(x)") == f"{before}\n"
        await until(lambda: before not in parents())

    with forks_of("import os; x = os.getpid()", refresh=1) as forks:
        finished(visit(forks))


def test_a_parent_that_does_not_start_leaves_ordinary_kernels(told: Any) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert not kernel.is_forked
            assert await kernel.run("print(1)") == "1\n"

    for command in ("/no/such/python", "false"):
        with forks_of("x = 1", python=command) as forks:
            finished(visit(forks))
    assert "Kernels cannot be forked: the parent does not start (No such file or dir" in told.text
    assert "Kernels cannot be forked: the parent ended while it ran the shared cells." in told.text


def test_viewers_of_the_app_share_and_are_kept_from_the_code(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    from nb2space.serve import free_port, serving

    path = notebook(
        code("import os, warnings\nmaker = os.getpid()\nprint('made by', maker)", "shared"),
        "def zebra(stripes):\n    raise ValueError('no zebra')",
        "print('mine', os.getppid() == maker, os.environ.get('QUERY_STRING'))",
        code("zebra(3)", "raises-exception"),
    )
    assert run("convert", path).code == 0
    manifest = json.loads((tmp_path / "small-space" / "nb2space.json").read_text())
    assert manifest["sharing"] == (
        "Cells 1 to 2 are run once for all viewers; cell 3 reads the environment."
    )
    with serving(tmp_path / "small-space", free_port(None), silent=True) as server:
        pages = [live(server.url, f"?who={who}") for who in "ab"]
        log = os.pread(server.log.fileno(), 100_000, 0).decode()
    makers = {re.search(r"made by (\d+)", page)[1] for page in pages}
    assert len(makers) == 1
    for page, who in zip(pages, "ab", strict=True):
        assert f"mine True who={who}" in page
        assert "This part could not be shown" in page
        assert "zebra" not in page and "ValueError" not in page
    assert "ValueError: no zebra (cell 4, line 1; cell 2, line 2)" in log
    assert "def zebra" not in log and "raise ValueError" not in log


def test_no_share_leaves_ordinary_kernels(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    path = notebook("import os\nprint('started')")
    assert run("convert", path, "--no-share").code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        assert b"started" in live(app.url).encode()
        assert parent_below(app.process.pid) is None
        assert len(kernels_below(app.process.pid)) == 1


def test_the_parent_ends_with_the_server_while_it_still_runs_shared_cells(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    path = notebook("import time\ntime.sleep(600)")
    assert run("convert", path, "--no-execute").code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        wait_until(lambda: parent_below(app.process.pid))
        parent = parent_below(app.process.pid)
        assert parent
        wait_until(lambda: psutil.Process(parent).num_threads() > 1, seconds=60)
        (server,) = psutil.Process(app.process.pid).children()
        server.kill()
        wait_until(lambda: not psutil.pid_exists(parent))


def test_nobody_is_left_when_the_server_is_killed(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    path = notebook("x = 1", "print('started')")
    assert run("convert", path).code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        live(app.url)
        # That of the rehearsal has ended.
        wait_until(lambda: len(kernels_below(app.process.pid)) == 1)
        parent, kernels = parent_below(app.process.pid), kernels_below(app.process.pid)
        assert parent
        (server,) = psutil.Process(app.process.pid).children()
        server.kill()
        wait_until(lambda: not [pid for pid in (parent, *kernels) if psutil.pid_exists(pid)])
