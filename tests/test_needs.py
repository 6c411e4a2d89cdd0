"""What a Space needs: declared and installed packages, system packages, files, room."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import many

from nb2space.connections import connections_in
from nb2space.docker import Needs
from nb2space.environment.installs import installs_of, quiet_installs, without_installs
from nb2space.errors import FindingError, InputError
from nb2space.keystore import find_record
from nb2space.named import named_files
from nb2space.needs import refuse_logins
from nb2space.paths import relative_paths
from nb2space.runtime.bundle import unpack, unseal_bytes
from nb2space.secrets import find_in_files
from nb2space.space import read_manifest
from nb2space.syntax import parse_code


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
        ("!pip install a \\\n    b", ("a", "b"), ()),
        ("!apt-get update && apt-get install -y a1", (), ("a1",)),
        ("!apt-get install -y a1 && pip install 'a[b]'; echo done", ("a[b]",), ("a1",)),
        ("!DEBIAN_FRONTEND=x apt-get -o A=b install -y a1=2.4-7 > /dev/null", (), ("a1=2.4-7",)),
        ("!pip -q install a", ("a",), ()),
        ("!/usr/bin/python3 -m pip install --upgrade pip a", ("a",), ()),
        ("!pip install a; b c", ("a",), ()),
        ("%pip install -ra.txt --index-url=https://x -c b.txt a # c", ("a",), ()),
        ("out = !pip install a", ("a",), ()),
        ("!pip uninstall -y a", (), ()),
        ("%%bash\n# for plots\npip install a\napt-get install a1", ("a",), ("a1",)),
        ("%%bash\npip install a\nmake", ("a",), ()),
        ("%%capture\n%pip install a", ("a",), ()),
        ('"""\n!pip install a\n"""', (), ()),
    ],
)
def test_install_lines(row: str, pip: tuple[str, ...], apt: tuple[str, ...]) -> None:
    source = f"if True:\n{row}\n    x = 1" if row.startswith(" ") else f"{row}\nx = 1"
    source = row if row.startswith("%%") else source
    found = installs_of([(1, source)])
    assert (found.pip, found.apt) == (pip, apt)
    rest, quiet = without_installs(source), quiet_installs(source)
    if row.startswith(('"', "print")):
        assert rest == quiet == source
    else:
        assert "install" not in rest and (quiet.count(" install ") or not pip)
        assert "apt-get" not in quiet
    for made in (rest, quiet):
        assert parse_code(made) and made.count("\n") == source.count("\n")


@many
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ["%", "!", "\n", "x = ", "%%bash", "%%time", "pip install ", "'", '"', "\\\n",
             "/home/a", "(", "{", "}", "$x", "&&", "||", "#", "    ", "\0", "\r", "\ud800", "f'",
             "'''", "?", "apt-get install ", ";", "if a:"]
        )
    ).map("".join)
)  # fmt: skip
def test_any_source_is_read_and_keeps_its_rows(source: str) -> None:
    assert isinstance(installs_of([(1, source)]).notices, tuple)
    assert isinstance(named_files([("Cell 1", source)], Path("/home/a")).below, tuple)
    changes = (quiet_installs, without_installs, lambda s: relative_paths(s, Path("/home/a")))
    for changed in changes:
        assert changed(source).count("\n") == source.count("\n")
    assert all(each.port for each in connections_in(source))


def test_what_stands_beside_an_install_still_runs() -> None:
    assert without_installs("if a:\n    !apt-get update && ./make x; pip install y") == (
        "if a:\n    !: && ./make x; :"
    )
    assert quiet_installs("!cd x && pip3 -q install . && ls").startswith('!cd x && "{__import__')
    assert quiet_installs("%%sh\npip install y\nls") == "%%sh\npip install y > /dev/null 2>&1\nls"
    assert without_installs("a = !pip install y") == "pass; a = []"


def test_what_cannot_be_read_of_an_install_is_said() -> None:
    found = installs_of([(4, "!pip install {name} -r a.txt -i https://x\n!conda install y -y")])
    assert [text.partition(", which")[0] for text in found.notices] == [
        "Cell 4 installs '{name}'",
        "Cell 4 installs with conda",
    ]
    assert (found.files, found.options) == (("a.txt",), ("--extra-index-url https://x",))


def test_files_that_the_code_names(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other.csv"
    (home / "data").mkdir(parents=True)
    for name in ("x.csv", "y.csv", "z 1.json", ".hidden.csv"):
        (home / "data" / name).write_text("a\n")
    other.write_text("b\n")
    found = named_files(
        [
            (
                "Cell 1",
                "read('data/x.csv'); read('sqlite:///data/x.csv'); read('none.csv'); 'data'",
            ),
            ("Cell 2", f"read('../other.csv'); read({str(home / 'data' / 'x.csv')!r})"),
            ("Cell 3", f"!cat {other}"),
        ],
        home,
    )
    assert (found.below, found.outside) == (("data/x.csv",), (("Cell 2", str(other)),))
    found = named_files([("a.py", f"%run {other}\n%cd {home}"), ("b.py", "!cat data/y.csv")], home)
    assert (found.below, found.outside) == (("data/y.csv",), (("a.py", str(other)),))


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("open(f'data/{name}.csv')", ["x.csv", "y.csv"]),
        ("open(f'./data/{name}.json')", ["z 1.json"]),
        ("open('data/' + name + '.csv')", ["x.csv", "y.csv"]),
        ("open('data/%s.csv' % name)", ["x.csv", "y.csv"]),
        ("open('data/{}.csv'.format(name))", ["x.csv", "y.csv"]),
        ("open(os.path.join('data', f'z {number:d}.json'))", ["z 1.json"]),
        (
            "open(Path('data') / f'{name}.csv'); open(BASE / 'z 1.json')",
            ["x.csv", "y.csv", "z 1.json"],
        ),
        ("f'{name}/{name}', f'{name}', 1 / 2, f'../{name}.csv', f'data[{name}.csv'", []),
    ],
)
def test_files_that_the_code_makes_names_of(code: str, names: list[str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("x.csv", "y.csv", "z 1.json", ".hidden.csv"):
        (tmp_path / "data" / name).write_text("a\n")
    found = named_files([("Cell 1", code)], tmp_path)
    assert sorted(found.below) == [f"data/{name}" for name in names]


def test_absolute_paths_become_relative(tmp_path: Path) -> None:
    home = str(tmp_path)
    source = f"a = '{home}/data/x.csv'  # {home}\nb = f'{home}/{{name}}.csv'; c = Path(\"{home}\")"
    assert relative_paths(source, tmp_path) == (
        f"a = 'data/x.csv'  # {home}\nb = f'{{name}}.csv'; c = Path(\".\")"
    )
    assert relative_paths("x = 'data/x.csv'", tmp_path) == "x = 'data/x.csv'"


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("'HOME-data/x', '/mntHOME/x', 'HOME.csv', 'HOME data/x'", None),
        ("os.chdir('HOME/'); b = b'HOME/x'", "os.chdir('./'); b = b'x'"),
        ("'file://HOME/x', 'sqlite:///HOME/x.db'", "'file:x', 'sqlite:///x.db'"),
        ("%%time\na = 'HOME/x'\nb?", "%%time\na = 'x'\nb?"),
        (
            "%%timeit -n 3\n%%capture out\n\na = 'é' 'HOME/x'",
            "%%timeit -n 3\n%%capture out\n\na = 'é' 'x'",
        ),
        ("%%bash\ncat 'HOME/x'", "%%bash\ncat 'x'"),
        (
            "%cd HOME\n!cat \\\n    HOME/x\na = !ls HOME/\nb = 'HOME/x'",
            "%cd .\n!cat \\\n    x\na = !ls ./\nb = 'x'",
        ),
        ("def broken(:\n    'HOME/x'", None),
    ],
)
def test_other_folders_stay_and_other_lines_are_read(source: str, becomes: str | None) -> None:
    home = Path("/home/ana/proj")
    source = source.replace("HOME", str(home))
    assert relative_paths(source, home) == (source if becomes is None else becomes)


def test_the_home_folder_may_be_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    source = "a = expanduser('~/proj/x'), '~/project/x'\n%cd ~/proj"
    assert relative_paths(source, tmp_path / "proj") == (
        "a = expanduser('x'), '~/project/x'\n%cd ."
    )


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
        "def callback():\n    import yaml\n    needed = 'pyyaml', 'fonts-noto-cjk'\n"
        "    return needed, open('data/late.csv')",
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


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ("--index-url https://ana:pw@example.org/simple\n", "a password in the address"),
        ("x @ git+https://:pw@example.org/x\n", "a password in the address"),
        ("https://" + "ghp_" + "1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuVwXyZ" + "@x.org/x.whl", "a github"),
    ],
)
def test_what_is_installed_is_public_and_tells_no_password(requirements: str, said: str) -> None:
    needs = Needs(requirements)
    with pytest.raises(FindingError, match=f"Space's requirements.txt would hold {said}") as told:
        refuse_logins(needs, ())
    assert "pw@" not in str(told.value) and "ghp_1" not in str(told.value)
    found = find_in_files({"requirements.txt": requirements.encode()})
    refuse_logins(needs, {finding.fingerprint for finding in found})


def test_a_password_of_the_environment_is_not_there_when_the_hub_builds() -> None:
    with pytest.raises(InputError, match=r"take \$\{TOKEN\} from the environment"):
        refuse_logins(Needs("--index-url https://ana:${TOKEN}@example.org/simple\n"), ())
    refuse_logins(Needs("a @ git+ssh://git@example.org/a  # me:you@example.org\n"), ())


@pytest.mark.parametrize("words", [["--include", "none/*.csv"], ["--hardware", "Big One"]])
def test_options_that_are_none(
    words: list[str], run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook("print(1)")
    done = run("convert", "small.ipynb", *words)
    assert done.code == 2 and words[1].split("*")[0] in done.err
    assert not (tmp_path / "small-space").exists()
