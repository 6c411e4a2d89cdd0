"""What a Space needs: declared and installed packages, system packages, files, room."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import notebook_of

from nb2space.environment import Environment
from nb2space.environment.declared import declared_in, name_of
from nb2space.environment.installs import installs_of, quiet_installs, without_installs
from nb2space.environment.requirements import requirements_text
from nb2space.environment.system import system_packages
from nb2space.errors import InputError
from nb2space.keystore import find_record
from nb2space.needs import fit_notices, needs_of
from nb2space.paths import named_files, relative_paths
from nb2space.runtime.bundle import unpack, unseal_bytes
from nb2space.space import read_manifest

ENVIRONMENT = Environment(
    "3.11",
    "/venv",
    {"pandas": "2.2.0", "openpyxl": "3.1.5", "torch": "2.6.0+cu124"},
    why={"pandas": "imported", "openpyxl": "loaded", "torch": "imported"},
)


def lines(text: str) -> list[str]:
    """The author's lines of a requirements.txt, without what runs the app."""
    return [row for row in text.splitlines()[1:] if not row.endswith("# runs the app")]


@pytest.mark.parametrize(
    ("row", "pip", "apt"),
    [
        ("%pip install tabulate==0.9.0", ("tabulate==0.9.0",), ()),
        ("!pip install -q 'pandas>=2,<3' openpyxl  # for Excel", ("pandas>=2,<3", "openpyxl"), ()),
        ("!{sys.executable} -m pip install -U --index-url https://x y", ("y",), ()),
        ("!python -m pip3 install a && echo done", ("a",), ()),
        ("%pip install -e . git+https://github.com/a/b ./c", (), ()),
        ("!sudo apt-get -qq install -y libgl1 ffmpeg", (), ("libgl1", "ffmpeg")),
        ("!apt-get update", (), ()),
        ("    !uv pip install rich", ("rich",), ()),
        ("print('!pip install x')", (), ()),
    ],
)
def test_install_lines(row: str, pip: tuple[str, ...], apt: tuple[str, ...]) -> None:
    source = f"if True:\n{row}\n    x = 1" if row.startswith(" ") else f"{row}\nx = 1"
    found = installs_of([(1, source)])
    assert (found.pip, found.apt) == (pip, apt)
    rest = without_installs(source)
    compile(rest, "cell", "exec")
    assert "install" not in rest or row.startswith("print")
    assert rest.count("\n") == source.count("\n")
    compile(quiet_installs(source), "cell", "exec")


def test_requirements_of_a_file_that_is_installed(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("-r even.txt\nrich==13.0  # a reason\n")
    (tmp_path / "even.txt").write_text("tabulate\n")
    needs, _ = needs_of(tmp_path, [(1, "%pip install -r more.txt")], ENVIRONMENT, "")
    assert "rich==13.0  # installed by the code" in lines(needs.requirements)
    assert "tabulate  # installed by the code" in lines(needs.requirements)


def test_what_the_run_used_is_pinned_and_explained() -> None:
    assert lines(requirements_text(ENVIRONMENT)) == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "openpyxl==3.1.5  # loaded by the run",
        "pandas==2.2.0  # imported by the code",
        "torch==2.6.0+cpu  # imported by the code",
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("requirements.txt",
         "pandas>=2  # frames\n-i https://x\n\nscipy[all]==1.0 ; python_version>'3'\n",
         ["-i https://x", "pandas>=2  # requirements.txt",
          "scipy[all]==1.0 ; python_version>'3'  # requirements.txt"]),
        ("pyproject.toml", '[project]\ndependencies = ["pandas>=2"]\n',
         ["pandas>=2  # pyproject.toml"]),
        ("environment.yml", "dependencies:\n- python=3.11\n- gdal\n- pip\n- pip:\n  - pandas>=2\n",
         ["pandas>=2  # environment.yml"]),
    ],
)  # fmt: skip
def test_what_is_declared_wins(name: str, text: str, said: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    environment = replace(ENVIRONMENT, versions={"pandas": "2.2.0", "openpyxl": "3.1.5"})
    found = declared_in(tmp_path, [])
    assert lines(requirements_text(environment, found)) == said
    assert found.where == name and "pandas" in found.names
    assert bool(found.notices) is (name == "environment.yml")


def test_a_block_in_a_cell_is_declared(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("scipy\n")
    cell = (
        '# /// script\n# requires-python = "==3.10"\n# dependencies = [\n#   "rich",\n# ]\n# ///\n'
    )
    found = declared_in(tmp_path, ["x = 1", cell])
    assert (found.requirements, found.python) == (("rich",), "3.10")
    needs, said = needs_of(tmp_path, [(1, cell)], ENVIRONMENT, "")
    assert any("Declared is Python 3.10, but the notebook's kernel runs 3.11" in s for s in said)
    assert any("does not name pandas, torch, which the code imports" in s for s in said)
    assert "pandas==2.2.0  # imported by the code" in needs.requirements


@pytest.mark.parametrize("name", ["pyproject.toml", "environment.yml"])
def test_a_declaration_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("[x\n: {")
    with pytest.raises(InputError, match="cannot be read"):
        declared_in(tmp_path, [])


def test_names_are_normal() -> None:
    assert [name_of(t) for t in ("Scikit_Learn>=1", "a.b[c]==1 ; x", "--index-url x")] == [
        "scikit-learn", "a-b", "",
    ]  # fmt: skip


def test_system_packages(tmp_path: Path) -> None:
    environment = replace(
        ENVIRONMENT,
        libraries=(
            "/usr/lib/x86_64-linux-gnu/libGL.so.1.7.0",
            "/venv/lib/python3.11/site-packages/cv2.libs/libpng16.so",
            "/usr/lib/x86_64-linux-gnu/libz.so.1",
        ),
        ran=("dot", "uname"),
    )
    assert system_packages(tmp_path, environment, ["fonts-noto-cjk", "--yes"]) == [
        "fonts-noto-cjk", "graphviz", "libgl1",
    ]  # fmt: skip
    (tmp_path / "apt.txt").write_text("# fonts\nfonts-noto-cjk fonts-dejavu\n")
    assert system_packages(tmp_path, environment, ["x11"]) == ["fonts-dejavu", "fonts-noto-cjk"]


def test_what_will_be_tight_is_said() -> None:
    large = replace(
        ENVIRONMENT,
        peak_memory=int(3e9),
        addresses=("10.0.0.1:5432", "127.0.0.1:9000", "example.org:443"),
        sizes={"torch": int(3e9)},
    )
    said = fit_notices(large, "")
    assert [" ".join(text.split()[:6]) for text in said] == [
        "Each viewer's kernel takes about 3.0",
        "The run connected to 10.0.0.1:5432. Spaces",
        "The packages take about 3.0 GB",
    ]
    assert "so 4 viewers at once fit into the 16 GB of cpu-basic" in said[0]
    assert fit_notices(replace(ENVIRONMENT, peak_memory=int(2e8)), "") == ()


def test_files_that_literals_name(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other.csv"
    (home / "data").mkdir(parents=True)
    (home / "data" / "x.csv").write_text("a\n")
    other.write_text("b\n")
    notebook = notebook_of(
        "read('data/x.csv'); read('sqlite:///data/x.csv'); read('none.csv'); 'data'",
        f"read('../other.csv'); read({str(home / 'data' / 'x.csv')!r})",
    )
    found = named_files(notebook, home)
    assert found.below == ("data/x.csv",)
    assert found.outside == ((2, str(other)),)


def test_absolute_paths_become_relative(tmp_path: Path) -> None:
    home = str(tmp_path)
    source = f"a = '{home}/data/x.csv'  # {home}\nb = f'{home}/{{name}}.csv'; c = Path(\"{home}\")"
    assert relative_paths(source, tmp_path) == (
        f"a = 'data/x.csv'  # {home}\nb = f'{{name}}.csv'; c = Path(\".\")"
    )
    assert relative_paths("x = 'data/x.csv'", tmp_path) == "x = 'data/x.csv'"


@pytest.mark.kernel
def test_a_conversion_takes_what_the_notebook_needs(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("a\n1\n")
    (tmp_path / "data" / "late.csv").write_text("b\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "apt.txt").write_text("fonts-noto-cjk\n")
    notebook(
        "# Needs",
        "%pip install pyyaml\n!apt-get install -y fonts-noto-cjk",
        f"text = open({str(tmp_path / 'data' / 'x.csv')!r}).read()\nprint(text)\n"
        "open('out/result.txt', 'w').write(text)",
        "def callback():\n    import yaml\n    return open('data/late.csv')",
    )
    done = run("convert", "small.ipynb", "--hardware", "cpu-upgrade", "--exclude", "nothing.*")
    assert done.code == 0, done.err
    folder = tmp_path / "small-space"
    assert (folder / "apt.txt").read_text() == "fonts-noto-cjk\n"
    assert "xargs apt-get install -y" in (folder / "Dockerfile").read_text()
    assert "suggested_hardware: cpu-upgrade" in (folder / "README.md").read_text()
    requirements = (folder / "requirements.txt").read_text()
    assert "pyyaml==" in requirements and "# imported by the code" in requirements
    record = find_record(read_manifest(folder).space_id)
    assert record
    bundle = unpack(unseal_bytes((folder / "sealed.bin").read_bytes(), record.key))
    assert set(bundle) == {"notebook.ipynb", "data/x.csv", "data/late.csv", "out/"}
    code = bundle["notebook.ipynb"].decode()
    assert "pip install" not in code and str(tmp_path) not in code and "'data/x.csv'" in code
    shown = (folder / "small.ipynb").read_text()
    assert "Requirement already" not in shown and str(tmp_path) not in shown
    assert str(sys.prefix) not in shown


@pytest.mark.parametrize("words", [["--include", "none/*.csv"], ["--hardware", "Big One"]])
def test_options_that_are_none(
    words: list[str], run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook("print(1)")
    done = run("convert", "small.ipynb", *words)
    assert done.code == 2 and words[1].split("*")[0] in done.err
    assert not (tmp_path / "small-space").exists()
