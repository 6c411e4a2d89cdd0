"""Kernels that are forked from one parent: the same app as ever, and quicker."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import Any

import pytest
from forking import forks_of, kernel_of, parents, until
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
        shown, alike, own = zip(*asyncio.run(visits(forks)), strict=True)
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

    ordinary = asyncio.run(visit(None))
    assert ["display_data", "image/png", "text/plain"] in ordinary
    with forks_of(*cells[:2], modules=["matplotlib.pyplot"]) as forks:
        assert asyncio.run(visit(forks)) == ordinary


LEFT = {
    THREAD: "leaves threads running",
    "import subprocess\nsubprocess.Popen(['sleep', '60'])": "leaves processes running",
    "import socket\nkept = socket.socket()": "keeps a connection or a file that it writes to open",
    "kept = open('written.txt', 'w')": "keeps a connection or a file that it writes to open",
    "1 / 0": "fails when it runs before there is a viewer",
    "import ipywidgets\nslider = ipywidgets.IntSlider()": "makes controls",
    "shown = display(1, display_id=True)\nshown.update(2)": "changes what it has shown",
}


@pytest.mark.parametrize("source", LEFT)
def test_what_cannot_be_shared_runs_for_each_viewer(source: str, told: Any) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            assert await kernel.run("print('first')", "x = 2") == "first\n"

    with forks_of("print('first')", source, "x = 1") as forks:
        asyncio.run(visit(forks))
    assert f"Cell 2 {LEFT[source]}, so it and the cells after it run for each viewer" in told.text
    assert "1 cells ran once for all viewers" in told.text


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
        asyncio.run(visit(forks))
    assert f"Cell 1 {UNSETTLED[source]}" in told.text
    with forks_of(source, told=True) as forks:
        asyncio.run(visit(forks))
    assert "1 cells ran once for all viewers" in told.text


def test_heavy_computing_survives_the_fork() -> None:
    fit = (
        "import numpy as np\nfrom sklearn.cluster import KMeans\n"
        "from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor\n"
        "points = np.random.default_rng(0).normal(size=(3000, 3))\n"
        "def fit():\n"
        "    KMeans(3, n_init=1, random_state=0).fit(points)\n"
        "    HistGradientBoostingRegressor(max_iter=5).fit(points, points[:, 0])\n"
        "    RandomForestRegressor(5, n_jobs=2).fit(points, points[:, 0])\n"
        "    return float(np.linalg.svd(points @ points.T[:, :400])[1][0])"
    )

    async def visit(forks: Any) -> str:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            return await kernel.run(fit, "before = fit()", "print(fit() - before)")

    with forks_of(fit, "before = fit()") as forks:
        assert float(asyncio.run(asyncio.wait_for(visit(forks), 60))) == pytest.approx(0)


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
        asyncio.run(visit(forks))


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
            await until(lambda: told.text.count("ran once for all viewers") == 2)
            async with kernel_of(forks) as other:
                assert other.is_forked
            process = kernel.process
        assert process.wait(10) is not None

    with forks_of("x = 1") as forks:
        asyncio.run(visit(forks))
    assert "viewers get kernels that run every cell until it is back" in told.text


def test_crash_after_crash_ends_the_forking(told: Any) -> None:
    async def crash(forks: Any) -> bool:
        async with kernel_of(forks) as kernel:
            forked = kernel.is_forked
            os.kill(kernel.process.pid, signal.SIGSEGV)
            await until(lambda: kernel.process.poll() is not None)
            return forked

    with forks_of("x = 1") as forks:
        assert [asyncio.run(crash(forks)) for _ in range(4)] == [True, True, True, False]
    assert "Kernels cannot be forked: 3 of them crashed." in told.text


def test_a_module_that_leaves_threads_is_left_out(
    told: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit(forks: Any) -> None:
        async with kernel_of(forks) as kernel:
            assert kernel.is_forked
            assert await kernel.run("import busy_module", "print(busy_module.x)") == "3\n"

    (tmp_path / "busy_module.py").write_text(f"x = 3\n{THREAD}")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with forks_of("import sys\nsys.path", modules=("json", "busy_module")) as forks:
        forks._environment["PYTHONPATH"] = str(tmp_path)
        asyncio.run(visit(forks))
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
        asyncio.run(visit(forks))
