"""requirements.txt of a Space: what is declared, locked, installed by the code, or was used."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from making import notebook_of

from nb2space.environment import Environment
from nb2space.environment.backends import backends_of
from nb2space.environment.declared import Declared, declared_in, name_of
from nb2space.environment.installs import installs_of
from nb2space.environment.requirements import Wanted, requirements_text
from nb2space.errors import InputError
from nb2space.execute import Executed
from nb2space.localpackages import LocalPackages, local_packages
from nb2space.needs import needs_of

ENVIRONMENT = Environment(
    "3.11",
    "/venv",
    {"pandas": "2.2.0", "openpyxl": "3.1.5", "torch": "2.6.0+cu124"},
    why={"pandas": "imported", "openpyxl": "loaded", "torch": "imported"},
    distributions={
        "pandas": {"version": "2.2.0", "requires": ['openpyxl>=3; extra == "excel"', "numpy>=1"]},
        "openpyxl": {"version": "3.1.5", "requires": ["et-xmlfile"]},
        "et-xmlfile": {"version": "2.0.0", "requires": []},
        "numpy": {"version": "2.0.0", "requires": ['tzdata; sys_platform == "win32"']},
        "tzdata": {"version": "2025.1", "requires": []},
        "humanize": {"version": "4.9.0", "requires": []},
    },
)
PANDAS = replace(ENVIRONMENT, versions={"pandas": "2.2.0", "openpyxl": "3.1.5", "numpy": "2.0.0"})


def lines(text: str) -> list[str]:
    """The author's lines of a requirements.txt, without what runs the app."""
    return [row for row in text.splitlines()[1:] if not row.endswith("# runs the app")]


def lines_of(environment: Environment, folder: Path, *cells: str, **metadata: str) -> list[str]:
    """The author's lines for a notebook of these cells in `folder`."""
    return lines(needs(environment, folder, *cells, **metadata)[0])


def needs(
    environment: Environment, folder: Path, *cells: str, **metadata: str
) -> tuple[str, tuple[str, ...]]:
    """The requirements for a notebook of these cells in `folder`, and what is said."""
    sources = list(enumerate(cells, 1))
    declared = declared_in(folder, cells, python=environment.python, **metadata)
    local = local_packages(environment, declared)
    executed = Executed(notebook_of(), environment, 1.0)
    named = [(f"Cell {number}", text) for number, text in sources]
    found, said = needs_of(folder, sources, named, executed, declared, local, "")
    return found.requirements, (*local.notices, *said)


def write(folder: Path, **files: str) -> None:
    """Write files whose names are keywords, "__" for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_the_run_used_is_pinned_and_explained() -> None:
    assert lines(requirements_text(ENVIRONMENT)) == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "openpyxl==3.1.5  # loaded by the run",
        "pandas==2.2.0  # imported by the code",
        "torch==2.6.0+cpu  # imported by the code",
    ]


def test_a_torch_for_processors_needs_nothing_of_graphics_cards(tmp_path: Path) -> None:
    versions = {"torch": "2.6.0", "nvidia-cublas-cu12": "12.4.5.8", "triton": "3.2.0"}
    found = lines(requirements_text(replace(ENVIRONMENT, versions=versions)))
    assert found[1:] == ["torch==2.6.0+cpu  # imported by the code"]
    write(
        tmp_path,
        requirements__txt="--index-url https://download.pytorch.org/whl/cu121\ntorch==2.4.0+cu121\n",
    )
    assert lines_of(ENVIRONMENT, tmp_path)[0] == found[0]
    assert "torch==2.4.0+cpu  # requirements.txt" in lines_of(ENVIRONMENT, tmp_path)


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
        ("requirements.txt", "pandas==2.2.0 \\\n  --hash=sha256:abc\nPandas[excel]<3\n",
         ["pandas[excel]<3,==2.2.0  # requirements.txt"]),
        ("requirements.txt", "pandas\nhttps://x.y/z-1.0.whl\nhttps://x.y/a.zip\n",
         ["https://x.y/a.zip  # requirements.txt", "https://x.y/z-1.0.whl  # requirements.txt",
          "pandas  # requirements.txt"]),
    ],
)  # fmt: skip
def test_what_is_declared_wins(name: str, text: str, said: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    environment = replace(ENVIRONMENT, versions={"pandas": "2.2.0"})
    found = declared_in(tmp_path, [])
    assert lines(requirements_text(environment, Wanted(found))) == said
    assert found.where == name and "pandas" in found.names
    assert bool(found.notices) is (name == "environment.yml")


def test_what_the_declared_packages_do_not_bring_along_is_added(tmp_path: Path) -> None:
    write(tmp_path, requirements__txt="pandas\n")
    assert lines_of(PANDAS, tmp_path) == [
        "openpyxl==3.1.5  # loaded by the run",
        "pandas  # requirements.txt",
    ]
    write(tmp_path, requirements__txt="pandas[excel]\n")
    assert lines_of(PANDAS, tmp_path) == ["pandas[excel]  # requirements.txt"]


def test_files_that_a_requirements_file_names_are_read_in(tmp_path: Path) -> None:
    write(
        tmp_path,
        requirements__txt="-rbase.txt\n-c bounds.txt\n--requirement=more/more.txt\n",
        base__txt="pandas\n",
        bounds__txt="pandas<3\nnumpy<2.1\nscipy<9\n",
    )
    write(tmp_path / "more", more__txt="-r even.txt\n", even__txt="humanize\n")
    assert lines_of(PANDAS, tmp_path) == [
        "humanize  # requirements.txt",
        "numpy<2.1  # requirements.txt",
        "openpyxl==3.1.5  # loaded by the run",
        "pandas<3  # requirements.txt",
    ]


def test_lines_that_install_name_files_extras_and_indexes(tmp_path: Path) -> None:
    write(tmp_path, more__txt="-r even.txt\nrich==13.0  # a reason\n", even__txt="tabulate\n")
    write(tmp_path, bounds__txt="tabulate<9\nscipy<9\n")
    cell = (
        "%pip install -r more.txt -c bounds.txt 'pandas[excel]' humanize\n"
        "!pip install --index-url https://example.org/simple acme==1 pandas"
    )
    (said,) = [each for each in needs(PANDAS, tmp_path, cell)[1] if "everybody" in each]
    assert "says --extra-index-url https://example.org/simple, as the code does" in said
    assert lines_of(PANDAS, tmp_path, cell) == [
        "--extra-index-url https://example.org/simple",
        "acme==1  # installed by the code",
        "humanize==4.9.0  # installed by the code",
        "numpy==2.0.0  # loaded by the run",
        "openpyxl==3.1.5  # loaded by the run",
        "pandas[excel]==2.2.0  # imported by the code",
        "rich==13.0  # installed by the code",
        "tabulate<9  # installed by the code",
    ]


def test_a_block_in_a_cell_is_declared(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("scipy\n")
    cell = (
        '# /// script\n# requires-python = "==3.10"\n# dependencies = [\n#   "rich",\n# ]\n# ///\n'
    )
    found = declared_in(tmp_path, ["x = 1", cell])
    assert (found.requirements, found.python) == (("rich",), "==3.10")
    text, said = needs(ENVIRONMENT, tmp_path, cell)
    assert any("Declared is Python 3.10, but the notebook's kernel runs 3.11" in s for s in said)
    assert any("does not name pandas, torch, which the code imports" in s for s in said)
    assert "pandas==2.2.0  # imported by the code" in text


@pytest.mark.parametrize(
    ("files", "where", "requirements", "python"),
    [
        ({"pyproject__toml": "[tool.ruff]\n", "environment__yml": "dependencies: [{pip: [rich]}]"},
         "environment.yml", ("rich",), ""),
        ({"pyproject__toml": '[project]\nrequires-python = ">=3.12"\ndynamic = ["dependencies"]\n'},
         "", (), ">=3.12"),
        ({"environment__yml": "dependencies:\n- python>=3.12\n- {pip: [-r more.txt]}\n",
          "more__txt": "rich\n"}, "environment.yml", ("rich",), ">=3.12"),
        ({"environment__yml": "dependencies: [python 3.9.*]\n"}, "", (), "==3.9"),
    ],
)  # fmt: skip
def test_a_file_that_names_no_packages_hides_no_other(
    files: dict[str, str], where: str, requirements: tuple[str, ...], python: str, tmp_path: Path
) -> None:
    write(tmp_path, **files)
    found = declared_in(tmp_path, [])
    assert (found.where, found.requirements, found.python) == (where, requirements, python)
    said = needs(ENVIRONMENT, tmp_path)[1]
    assert any("Declared is Python" in text for text in said) is bool(python)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"pyproject__toml": "[x\n: {"}, "cannot be read"),
        ({"environment__yml": "[x\n: {"}, "cannot be read"),
        ({"pyproject__toml": "[project]\ndependencies = 'rich'"}, "must be a list of texts"),
        ({"pyproject__toml": "[project]\nrequires-python = 'new'"}, "'requires-python' is 'new'"),
        ({"requirements__txt": "-r a.txt", "a__txt": "-r requirements.txt"},
         "includes itself: requirements.txt → a.txt → requirements.txt"),
        ({"requirements__txt": "-r gone.txt"}, "gone.txt, which .*s.txt includes, cannot"),
        ({"requirements__txt": "-r https://me:pw@example.org/x"}, "include https://…@example.org/x"),
        ({"requirements__txt": "wheels/gone-1.0-py3-none-any.whl"}, "there is no such file here"),
        ({"requirements__txt": "git+https://me:pw@example.org/x"},
         "names 'git\\+https://…@example.org/x', but a Space is built without git"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_be_used(
    files: dict[str, str], said: str, tmp_path: Path
) -> None:
    write(tmp_path, **files)
    with pytest.raises(InputError, match=said) as caught:
        needs(ENVIRONMENT, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_names_are_normal() -> None:
    assert [name_of(t) for t in ("Scikit_Learn>=1", "a.b[c]==1 ; x", "--index-url x")] == [
        "scikit-learn", "a-b", "",
    ]  # fmt: skip


BLOCK = (
    '# /// script\n# dependencies = ["humanize[fast]", "rich; sys_platform == \'win32\'"]\n# ///'
)
LOCK = """version = 1
[[package]]
name = "humanize"
version = "4.9.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "numpy", version = "1.26.0", marker = "sys_platform == 'linux'" },
  { name = "colorama", marker = "sys_platform == 'win32'" }, { name = "tornado" }]
[package.optional-dependencies]
fast = [{ name = "orjson" }]
[[package]]
name = "numpy"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "numpy"
version = "1.26.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "orjson"
version = "3.10"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "colorama"
version = "0.4"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "tornado"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "rich"
version = "1"
source = { registry = "https://pypi.org/simple" }
"""


def test_a_lock_in_the_notebook_pins_what_a_cell_declares(tmp_path: Path) -> None:
    plain = replace(ENVIRONMENT, versions={})
    assert lines_of(plain, tmp_path, BLOCK, lock=LOCK) == [
        "humanize==4.9.0  # uv.lock",
        "numpy==1.26.0  # uv.lock",
        "orjson==3.10  # uv.lock",
    ]
    # The server's own packages stay as they were tested.
    assert "tornado==1.0" not in needs(plain, tmp_path, BLOCK, lock=LOCK)[0]


@pytest.mark.parametrize(
    ("lock", "said"),
    [("[[", "'uv.lock' cannot be read"), ("version = 1", "does not have 'humanize'")],
)
def test_a_lock_that_does_not_fit(lock: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        declared_in(tmp_path, [BLOCK], lock=lock)


def test_back_ends_of_code_that_did_not_run() -> None:
    code = "def late():\n    return pd.read_excel('x'), pd.read_parquet('y')"
    assert backends_of([code], PANDAS) == {"openpyxl": "loaded by pandas when it is needed"}
    assert backends_of([code], replace(PANDAS, versions={"rich": "1"})) == {}
    assert backends_of(["def broken("], PANDAS) == {}


# -- packages of other places than an index -------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Environment]:
    """An environment in which acme-lib was installed from a place."""
    (tmp_path / "work" / "acme").mkdir(parents=True)
    (tmp_path / "work" / "acme" / "__init__.py").write_text("VERSION = 1\n")
    (tmp_path / "work" / "acme" / "table.csv").write_text("a\n")
    (tmp_path / "work" / "acme" / ".env").write_text("x\n")
    info = tmp_path / "site" / "acme_lib-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: acme-lib\nVersion: 1.0\n")
    (info / "direct_url.json").write_text("{}")
    (info / "RECORD").write_text(
        "acme/__init__.py,sha256=x,1\n../../bin/acme,,\nacme/__pycache__/a.pyc,,\n"
    )

    def made(origin: str, *, editable: bool, used: bool = True) -> Environment:
        place = tmp_path / ("work" if editable else "site") / "acme"
        if not editable:
            place.mkdir()
            (place / "__init__.py").write_text("VERSION = 2\n")
        local = {
            "origin": origin, "editable": editable, "metadata": str(info), "used": used,
            "modules": {"acme": str(place)},
        }  # fmt: skip
        requires = ["humanize>=4", 'rich; extra == "all"', "late>=1"]
        return replace(
            ENVIRONMENT,
            versions={},
            local={"acme-lib": local},
            distributions={
                **ENVIRONMENT.distributions,
                "acme-lib": {"version": "1.0", "requires": requires},
            },
        )

    return made


def test_an_edited_package_travels_with_its_data_and_metadata(
    project: Callable[..., Environment], tmp_path: Path
) -> None:
    environment = project((tmp_path / "work").as_uri(), editable=True)
    found = local_packages(environment, Declared())
    assert sorted(found.content) == [
        "acme/__init__.py", "acme/table.csv", "acme_lib-1.0.dist-info/METADATA",
    ]  # fmt: skip
    assert lines_of(environment, tmp_path) == [
        "humanize==4.9.0  # needed by a package of the author's",
        "late>=1  # needed by a package of the author's",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "acme-lib @ git+https://me:pw@example.org/acme.git@main",
        "git+https://example.org/acme",
        "-e git+https://example.org/acme.git#egg=acme_lib",
    ],
)
def test_a_package_of_a_repository_travels_as_it_was_installed(
    line: str, project: Callable[..., Environment], tmp_path: Path
) -> None:
    environment = project("git+https://example.org/acme@1f3", editable=False, used=False)
    assert local_packages(environment, Declared()).content == {}
    write(tmp_path, requirements__txt=f"pandas\n{line}\n")
    found = local_packages(environment, declared_in(tmp_path, []))
    assert found.content == {
        "acme/__init__.py": b"VERSION = 2\n",
        "acme_lib-1.0.dist-info/METADATA": b"Name: acme-lib\nVersion: 1.0\n",
    }
    assert [row.partition(" ")[0] for row in lines_of(environment, tmp_path)] == [
        "humanize==4.9.0", "late>=1", "pandas",
    ]  # fmt: skip


def test_two_repositories_are_two_packages(tmp_path: Path) -> None:
    write(tmp_path, requirements__txt="git+https://example.org/a\ngit+https://example.org/b\n")
    assert [line.place for line in declared_in(tmp_path, []).local] == [
        "git+https://example.org/a", "git+https://example.org/b",
    ]  # fmt: skip


def test_a_declared_wheel_travels_unpacked(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    with zipfile.ZipFile(tmp_path / "wheels" / "my_own-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("my_own/__init__.py", "X = 1\n")
        wheel.writestr("my_own-1.0.dist-info/METADATA", "Name: my-own\nRequires-Dist: humanize\n\n")
        wheel.writestr("my_own-1.0.dist-info/RECORD", "")
    write(tmp_path, requirements__txt="./wheels/my_own-1.0-py3-none-any.whl\n")
    found = local_packages(ENVIRONMENT, declared_in(tmp_path, []))
    assert sorted(found.content) == ["my_own-1.0.dist-info/METADATA", "my_own/__init__.py"]
    assert found.requirements == {"humanize": "needed by a package of the author's"}


def test_other_places_of_a_package(project: Callable[..., Environment], tmp_path: Path) -> None:
    url = "https://github.com/explosion/models/x-1.0.whl"
    public = local_packages(project(url, editable=False), Declared())
    assert public == LocalPackages({}, {f"acme-lib @ {url}": "installed from there"}, frozenset())
    write(tmp_path, requirements__txt="humanize @ git+https://example.org/humanize\n")
    text, said = needs(ENVIRONMENT, tmp_path)
    assert "humanize==4.9.0  # requirements.txt" in lines(text)
    assert any("the Space gets version 4.9.0, which is on your machine" in each for each in said)


def test_compiled_parts_cannot_travel(project: Callable[..., Environment], tmp_path: Path) -> None:
    environment = project((tmp_path / "work").as_uri(), editable=True)
    (tmp_path / "work" / "acme" / "fast.cpython-311.so").write_bytes(b"")
    with pytest.raises(InputError, match=r"'acme-lib' .* compiled parts \(fast\.cpython-311\.so\)"):
        local_packages(environment, Declared())


def test_options_of_the_authors_machine_are_said(tmp_path: Path) -> None:
    write(tmp_path, requirements__txt="--find-links wheels\n-f https://x.y/\n--no-index\npandas\n")
    found = declared_in(tmp_path, [])
    assert found.requirements == ("-f https://x.y/", "pandas") and len(found.notices) == 2


def test_installs_are_none_where_nothing_is_installed() -> None:
    assert installs_of([(1, "print('pip install x')")]).pip == ()
