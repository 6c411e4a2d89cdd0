"""Which cells the conversion finds to be the same for all viewers, and what it says of others."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import click
import pytest
from conftest import code
from hypothesis import given
from hypothesis import strategies as st
from making import many, notebook_of, stream

from nb2space.cli.steps import read_duration
from nb2space.runtime.forked.parent.digest import digest_of
from nb2space.sharing import sharing_of, with_sharing
from nb2space.space import read_manifest
from nb2space.strip import strip_notebook


def ends_of(*cells: Any, own: dict[str, bytes] | None = None) -> str:
    """What the manifest says of a notebook of these cells."""
    return sharing_of(notebook_of(*cells), own or {}, unsettled={}).ends


SHAREABLE = [
    "import numpy as np\nrng = np.random.default_rng(1)\nrng.normal()",
    "import random\nrandom.Random(4).random()",
    "%matplotlib inline\n%config InlineBackend.figure_formats = ['retina']",
    "import ipywidgets as widgets\nfrom ipywidgets import interact",
    "import time, requests, os",
    "import time\ntime.sleep(0)",
    "time = 5\nprint(time)",
    "import datetime\ndatetime.date(2026, 1, 1)",
    "from os import path\npath.join('a', 'b')",
    "import pandas as pd\npd.read_csv('a.csv').describe()",
    "print('the clock is 12 now')",
]


@pytest.mark.parametrize("source", SHAREABLE)
def test_what_is_the_same_for_all_is_shared(source: str) -> None:
    assert ends_of("x = 1", source) == "Cells 1 to 2 are run once for all viewers."


def test_a_secret_that_was_taken_out_of_the_code_is_the_same_for_all() -> None:
    lifted = notebook_of("import os\nkey = os.environ['API_KEY']", "import helpers")
    helpers = {"helpers.py": b"import os\nTOKEN = os.environ['TOKEN']"}

    def ends(*secrets: str) -> str:
        return sharing_of(lifted, helpers, unsettled={}, secrets=secrets).ends

    assert ends("API_KEY", "TOKEN") == "Cells 1 to 2 are run once for all viewers."
    assert ends("API_KEY").endswith("cell 2 uses a module of yours that may not be shared.")
    assert ends("TOKEN") == "No cell is shared: cell 1 reads the environment."


UNSHAREABLE = {
    "makes controls": [
        "import ipyleaflet as leaf\nleaf.Map()",
        "from ipympl.backend_nbagg import Canvas as c\nc()",
    ],
    "reads the clock": [
        "import time\ntime.time()",
        "from time import perf_counter as p\np()",
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.date.today()",
        "import pandas as pd\npd.Timestamp.now()",
        "import pandas as pd\npd.Timestamp('today')",
        "import numpy as np\nnp.datetime64('now')",
    ],
    "draws random numbers without a seed": [
        "import numpy as np\nnp.random.default_rng()",
        "from numpy.random import default_rng\ndefault_rng(None)",
        "import random\nrandom.Random()",
        "import uuid\nuuid.uuid4()",
        "import numpy as np\nmake = np.random.default_rng\nmake()",
        "import secrets\nsecrets.token_hex()",
        "import os\nos.urandom(3)",
    ],
    "reads the environment": [
        "import os\nos.environ['QUERY_STRING']",
        "from os import environ\nenviron.get('A')",
        "import os\nos.getenv('DB_PASSWORD')",
        "input()",
    ],
    "uses the network": ["import requests\nrequests.get('https://example.org')"],
    "makes temporary files": ["import tempfile\nplace = tempfile.mkdtemp()"],
    "runs other programs": ["import subprocess\nsubprocess.run('ls')"],
    "starts threads or processes": [
        "import threading\nthreading.Thread(target=print).start()",
        "await f()",
    ],
    "runs code that cannot be judged by reading": [
        "exec('x = 1')",
        "!ls",
        "%run other.py",
        "%%bash\nls",
        "%%time\nx = 1",
        "from time import *",
        "x = (",
    ],
}


@pytest.mark.parametrize(
    ("reason", "source"), [(why, text) for why, texts in UNSHAREABLE.items() for text in texts]
)
def test_what_may_differ_ends_sharing(reason: str, source: str) -> None:
    said = ends_of("x = 1", source, "y = 2")
    assert said == f"Cell 1 is run once for all viewers; cell 2 {reason}."


def test_tags_decide() -> None:
    clock = "import time\ntime.time()"
    assert ends_of(code(clock, "shared"), "x = 1") == "Cells 1 to 2 are run once for all viewers."
    assert ends_of("x = 1", code("y = 1", "per-viewer")).endswith("cell 2 is tagged 'per-viewer'.")
    assert ends_of("x = 1", code("y = 1", "raises-exception")).endswith("cell 2 may fail.")
    assert ends_of(code("import ipyleaflet as w\nw.Map()", "shared")).endswith("makes controls.")
    assert ends_of("x = 1", code("1 / 0", "skip-execution"), "y = 1") == (
        "Cells 1 to 3 are run once for all viewers."
    )


def test_a_tag_after_the_end_is_named_to_the_author() -> None:
    sharing = sharing_of(notebook_of("input()", code("x = 1", "shared")), {}, unsettled={})
    (notice,) = sharing.notices
    assert notice.startswith("Cell 2 is tagged 'shared', but runs for each viewer: cell 1 reads")


def test_what_the_run_was_seen_to_do_ends_sharing() -> None:
    notebook = notebook_of("x = 1", "import pandas as pd\npd.read_csv(x)")
    notebook.cells[1].execution_count = 2
    sharing = sharing_of(notebook, {}, unsettled={2: "uses the network"})
    assert sharing.ends.endswith("cell 2 uses the network.")


@pytest.mark.kernel
def test_what_cells_do_to_each_others_files_ends_sharing(
    notebook: Any, tmp_path: Any, run: Any
) -> None:
    (tmp_path / "visits.txt").write_text("1")
    (tmp_path / "data.txt").write_text("5")
    path = notebook(
        "data = open('data.txt').read()",
        "with open('made.txt', 'w') as file: print('x', file=file)",
        "with open('made.txt') as file: made = file.read()",
        "visits = int(open('visits.txt').read())",
        "with open('visits.txt', 'w') as file: print(visits + 1, file=file)",
    )
    assert run("convert", path).code == 0
    assert read_manifest(tmp_path / "small-space").sharing == (
        "Cells 1 to 3 are run once for all viewers; cell 4 reads a file that a later cell writes."
    )


class _Table(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"a\n1\n")

    def log_message(self, *text: Any) -> None:
        """Not on the terminal."""


@pytest.mark.kernel
def test_a_cell_that_connects_ends_sharing(notebook: Any, tmp_path: Any, run: Any) -> None:
    with HTTPServer(("127.0.0.1", 0), _Table) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/a.csv"
        path = notebook("import pandas as pd", f"pd.read_csv('{address}')", "x = 1")
        assert run("convert", path, env={"no_proxy": "127.0.0.1"}).code == 0
        server.shutdown()
    assert read_manifest(tmp_path / "small-space").sharing == (
        "Cell 1 is run once for all viewers; cell 2 uses the network."
    )


@pytest.mark.parametrize(
    ("path", "imported"),
    [
        ("lib/helpers.py", "helpers"),
        ("lib/tools/__init__.py", "tools"),
        ("lib/tools/part.py", "tools"),
        ("parts/space/helpers.py", "parts.space.helpers"),
    ],
)
def test_own_modules_in_other_folders_are_known_by_their_names(path: str, imported: str) -> None:
    own = {"lib/tools/__init__.py": b"", path: b"import time\nNOW = time.time()"}
    assert ends_of("x = 1", f"import {imported}", own=own).endswith(
        "cell 2 uses a module of yours that may not be shared."
    )


def test_the_authors_own_modules_are_read_too() -> None:
    cells = ("x = 1", "from helpers import load\nload()")
    assert ends_of(*cells, own={"helpers.py": b"def load(): return 1"}).endswith("all viewers.")
    clock = b"import time\nSTARTED = time.time()"
    assert ends_of(*cells, own={"helpers.py": clock, "data.csv": b"now"}).endswith(
        "cell 2 uses a module of yours that may not be shared."
    )


def test_the_live_notebook_tells_the_runtime_and_the_manifest_tells_no_code(tmp_path: Any) -> None:
    from nb2space.runtime.forked.plan import plan_of

    notebook = notebook_of("# Title", "import numpy, helpers\nnumpy.random.seed(3)", "input()")
    sharing = sharing_of(notebook, {"helpers.py": b""}, unsettled={}, refresh=60)
    assert sharing.ends == "Cell 2 is run once for all viewers; cell 3 reads the environment."
    stripped = strip_notebook(notebook, folder=tmp_path, title="", show_source=False)
    plan = plan_of(with_sharing(stripped.live, sharing), [])
    assert plan and plan.refresh == 60 and plan.modules == ("numpy",)
    (cell,) = plan.cells
    assert (cell.number, cell.seeds, cell.told) == (2, ("numpy",), False)
    assert plan_of(stripped.live, []) is None


SAME = [
    ("<Figure at 0x7f12ab>", "<Figure at 0x55cd01>"),
    ('<table id="T_a1b2c">', '<table id="T_00fff">'),
    ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "9b2e1f60-0d5e-4f0a-8a55-1c2d3e4f5a6b"),
    ("#m1a2b3c4d5e", "#mffee112233"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_drawn_anew_each_time_makes_no_difference(one: str, other: str) -> None:
    assert digest_of([stream(one)]) == digest_of([stream(other)])


@many
@given(st.text(max_size=20), st.text(max_size=20))
def test_other_texts_have_other_digests_however_they_are_cut(one: str, other: str) -> None:
    whole = [stream(f"a {one} {other}")]
    pieces = [stream(f"a {one} "), stream("warned", "stderr"), stream(other)]
    assert digest_of(whole) == digest_of(pieces)
    assert digest_of(whole) != digest_of([stream(f"a {one} {other}!")])


def test_numbers_are_no_ids() -> None:
    assert digest_of([stream("1234567890123")]) != digest_of([stream("1234567890124")])


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), ("30m", 1800), ("6h", 21600), ("1d", 86400)]
)
def test_a_time(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["6", "h", "0h", "-1h", "6 h", "6hours", "99999h", "²h"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(click.UsageError, match=r"is no time, such as 30m"):
        read_duration(text)


def test_options_that_do_not_go_together_are_told(run: Any) -> None:
    for options in (("--static", "--no-share"), ("--static", "--refresh-every", "6h")):
        done = run("convert", "any.ipynb", *options)
        assert done.code == 2 and "--static has none" in done.err
    done = run("convert", "any.ipynb", "--no-share", "--refresh-every", "6h")
    assert done.code == 2 and "--no-share has none" in done.err
