"""What a notebook needs: its imports, read without running it, and what is installed for them."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import socket
import subprocess
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# The probe is begun where IPython runs.
import IPython  # noqa: F401
import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from making import many, notebook_of

from nb2space.environment import imported_names, inventory, probe
from nb2space.execute import inspect_kernel
from nb2space.syntax import parse_code


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a", {"a"}),
        ("import a.b.c as d, e", {"a", "e"}),
        ("from a.b import c", {"a"}),
        ("from . import a\nfrom .b import c", set()),
        ("from __future__ import annotations", {"__future__"}),
        ("def callback(change):\n    import late", {"late"}),
        ("async def f():\n    from late.part import x", {"late"}),
        ("f = lambda: __import__('x')", set()),
        ("try:\n    import a\nexcept ImportError:\n    import b", {"a", "b"}),
        ("if False: import a", {"a"}),
        ("class C:\n    import a", {"a"}),
        ("text = 'import a'  # import b", set()),
        ("%matplotlib inline\nimport a", {"a"}),
        ("%load_ext autoreload\n%autoreload 2\nfrom a import b", {"a"}),
        ("!pip install z\nimport a", {"a"}),
        ("files = !ls\nimport a", {"a"}),
        ("import a\nprint?", {"a"}),
        ("import a\n?print", {"a"}),
        ("for i in range(3):\n    %time i\n    import a", {"a"}),
        ("%%time\nimport a", {"a"}),
        ("\n%%capture out --no-stderr\n%%timeit -n 1\nimport a", {"a"}),
        ("%%bash\nimport a", set()),
        ("%%html\n<b>import a</b>", set()),
        ("%%writefile a.py\nimport a", set()),
        ("%%timed\nimport a", set()),
        ("await f()\nasync with g() as h:\n    import a", {"a"}),
        ("import a\n1 +", set()),
        ("import a; import b", {"a", "b"}),
        ("", set()),
        ("%%time", set()),
        (r"import a; '\d'", {"a"}),
        ("import a\0", set()),
        ("x = " + "-" * 100_000 + "1", set()),
        ("x = a" + ".b" * 20_000, set()),
        ("(" * 1000, set()),
    ],
)
def test_imports_are_read_from_the_syntax_tree(source: str, names: set[str]) -> None:
    assert imported_names(notebook_of(nbformat.v4.new_code_cell(source))) == names


def test_imports_of_all_code_cells_and_of_no_other() -> None:
    notebook = notebook_of(
        "import a", "1 +", nbformat.v4.new_markdown_cell("import b"),
        nbformat.v4.new_raw_cell("import c"), "import d",
    )  # fmt: skip
    assert imported_names(notebook) == {"a", "d"}


@many
@given(
    st.text()
    | st.lists(
        st.sampled_from(["import a", "\n", "%", "%%time", "!", "?", "(", "'''", "\\", " ", "\t",
                         "def f():", "x", "=", "\0", "\ud800", "await ", "#", ";"])
    ).map("".join)
)  # fmt: skip
@example("%%time\n%%time")
def test_any_source_is_parsed_or_not(source: str) -> None:
    parse_code(source)


def used() -> dict[str, Any]:
    """What was used since `loaded`, as told in this process."""
    answer: dict[str, Any] = json.loads(probe.used())
    return answer


def test_what_is_given_to_a_shell_is_told_whole(loaded: list[str]) -> None:
    subprocess.run("true && cd .", shell=True, check=True)
    subprocess.run(["/bin/true", "x"], check=True)
    os.system("true ; true")
    answer = used()
    assert answer["commands"] == ["true && cd .", "true ; true"]
    assert answer["ran"] == ["true"]


def test_hosts_are_told_by_the_names_that_were_asked_for(loaded: list[str]) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        socket.create_connection(("localhost", port)).close()
        socket.create_connection(("127.0.0.1", port)).close()
    assert used()["addresses"] == [f"localhost:{port}"]


def test_what_was_there_before_is_told_with_its_reader(loaded: list[str], tmp_path: Path) -> None:
    made = tmp_path / "made.txt"
    time.sleep(0.02)  # the clock of files ticks a hundred times a second
    subprocess.run(["cp", __file__, str(made)], check=True)
    made.read_text(), Path(__file__).read_text()
    answer = used()
    assert {__file__, str(made)} <= set(answer["read"])
    assert answer["read_in"][__file__] == 0 and str(made) not in answer["read_in"]


def report(imported: list[str], before: list[str]) -> dict[str, Any]:
    """What is needed, as told in this process."""
    answer: dict[str, Any] = json.loads(inventory.needed(imported, before))
    return answer


@pytest.fixture
def loaded() -> list[str]:
    """What was loaded before the author's code."""
    return list(json.loads(probe.begin()))


def test_what_is_imported_is_needed_with_its_version(loaded: list[str]) -> None:
    answer = report(["yaml", "json", "sys", "my_module"], loaded)
    assert answer["versions"]["PyYAML"]
    assert set(answer["versions"]) == {"PyYAML", "ipykernel", "ipywidgets"}
    assert answer["unknown"] == ["my_module"]
    assert answer["prefix"] == sys.prefix
    assert answer["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_what_the_run_loaded_is_needed_too(loaded: list[str]) -> None:
    importlib.import_module("yaml")
    assert "PyYAML" in report([], [name for name in loaded if name != "yaml"])["versions"]


def test_odd_modules_do_no_harm(loaded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    own, made = types.ModuleType("own_module"), types.ModuleType("made_up")
    own.__file__ = "/own_module.py"
    for name, module in {"own_module": own, "made_up": made, "no_parent.part": made}.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "blocked", None)
    answer = report([], loaded)
    assert (answer["modules"], answer["unknown"]) == ({"own_module": "/own_module.py"}, [])


def test_what_pip_left_half_installed_is_passed_over(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken-1.0.dist-info").mkdir()
    (tmp_path / "broken-1.0.dist-info" / "top_level.txt").write_text("broken\n")
    whole = tmp_path / "unversioned-1.0.dist-info"
    whole.mkdir()
    (whole / "METADATA").write_text("Metadata-Version: 2.1\nName: unversioned\n")
    (whole / "top_level.txt").write_text("unversioned\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    answer = report(["broken", "unversioned", "yaml"], loaded)
    assert set(answer["versions"]) == {"PyYAML", "ipykernel", "ipywidgets"}


@pytest.mark.parametrize(
    ("origin", "installer", "told"),
    [
        ({"url": "file:///home/conda/feedstock_root/x", "dir_info": {}}, "conda", False),
        ({"url": "file:///tmp/gone.whl", "archive_info": {}}, "pip", False),
        ({"url": "file:///tmp/gone", "dir_info": {"editable": True}}, "pip", True),
        ({"url": "file:///", "dir_info": {}}, "conda", False),
        ({"url": "file:///", "dir_info": {}}, "pip", True),
        ({"url": "https://example.org/x", "vcs_info": {}}, "uv", True),
    ],
)
def test_what_came_from_no_index(
    origin: dict[str, Any],
    installer: str,
    told: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    info = tmp_path / "planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (info / "direct_url.json").write_text(json.dumps(origin))
    (info / "INSTALLER").write_text(f"{installer}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = inventory.distributions()["planted"]
    assert bool(found["origin"]) is told
    assert found["editable"] is bool(told and origin.get("dir_info", {}).get("editable"))


def test_modules_of_the_author_are_told_with_all_that_they_import(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    for name, text in {
        "first.py": "def callback():\n    import second, yaml\n",
        "src/second/__init__.py": "from . import part\n",
        "src/second/part.py": "import third\n",
        "src/second/tests/test_part.py": "import pytest\n",
        "third.py": "import nowhere, first\n",
        "rich.py": "import click\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.delitem(sys.modules, "rich", raising=False)
    answer = report(["first", "rich"], loaded)
    assert answer["modules"] == {
        "first": str(tmp_path / "first.py"),
        "second": str(tmp_path / "src" / "second"),
        "third": str(tmp_path / "third.py"),
        "rich": str(tmp_path / "rich.py"),
    }
    # What stands before an installed package is not that package.
    assert {"PyYAML", "click"} < set(answer["versions"]) and "rich" not in answer["versions"]
    assert "pytest" not in answer["versions"] and answer["unknown"] == []
    assert answer["why"]["PyYAML"] == "imported"


def test_a_package_that_is_edited_in_its_folder_is_told_with_its_metadata(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, site = tmp_path / "project", tmp_path / "site"
    (project / "acme").mkdir(parents=True)
    (project / "acme" / "__init__.py").write_text("import yaml\n")
    info = site / "acme_lib-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-lib\nVersion: 1.0\nRequires-Dist: humanize>=4\n\nText\n"
    )
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    (info / "INSTALLER").write_text("pip")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.syspath_prepend(str(project))
    # The notebook lies in the project; a module that lies nowhere is no part of it.
    (project / "notebooks").mkdir()
    monkeypatch.chdir(project / "notebooks")
    monkeypatch.setitem(sys.modules, "made_by_cython", types.ModuleType("made_by_cython"))
    answer = report(["acme", "made_by_cython"], [*loaded, "made_by_cython"])
    assert answer["local"]["acme-lib"] == {
        "origin": project.as_uri(),
        "editable": True,
        "metadata": str(info),
        "used": True,
        "modules": {"acme": str(project / "acme")},
    }
    assert answer["distributions"]["acme-lib"]["requires"] == ["humanize>=4"]
    assert "acme-lib" not in answer["versions"] and "acme" not in answer["modules"]


@pytest.mark.kernel
def test_a_kernel_tells_what_it_runs_on(tmp_path: Path) -> None:
    notebook = notebook_of("def callback():\n    import yaml, my_module", "1 / 0")
    environment = inspect_kernel(notebook, folder=tmp_path, kernel="python3")
    assert environment.versions["PyYAML"]
    assert environment.unknown == ("my_module",)
    assert environment.prefix == sys.prefix


@pytest.mark.kernel
def test_a_caller_may_have_an_event_loop(tmp_path: Path) -> None:
    async def in_a_notebook() -> str:
        return inspect_kernel(notebook_of("1"), folder=tmp_path, kernel="python3").python

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(asyncio.run, in_a_notebook()).result().startswith("3.")
