"""What the system must have for the app, what fits into a Space, and what is out of its reach."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from making import notebook_of

from nb2space.connections import connection_notices, connections_in
from nb2space.environment import Environment
from nb2space.environment.debian import LIBRARIES, PROGRAMS, called_now
from nb2space.environment.system import SystemPackages, system_packages
from nb2space.execute import Executed
from nb2space.fit import fit_notices

PLAIN = Environment("3.11", "/venv")


def test_libraries_and_programs_become_packages(tmp_path: Path) -> None:
    environment = replace(
        PLAIN,
        libraries=(
            "/usr/lib/x86_64-linux-gnu/libGL.so.1.7.0",
            "/venv/lib/python3.11/site-packages/cv2.libs/libpng16.so",
            "/venv/lib/libcairo.so.2",
            "/usr/lib/x86_64-linux-gnu/libz.so.1",
        ),
        ran=("dot", "uname", "gcc"),
        commands=("cd x && git log | head > y", "echo ffmpeg"),
    )
    shell = ["unzip -q a.zip; LANG=C ls", "for f in *; do convert $f; done\npython x.py"]
    assert system_packages(tmp_path, environment, ["fonts-noto-cjk", "--yes"], shell) == (
        SystemPackages(("fonts-noto-cjk", "git", "graphviz", "imagemagick", "libgl1", "unzip"))
    )


def test_what_is_named_beside_the_notebook_wins(tmp_path: Path) -> None:
    (tmp_path / "apt.txt").write_text("# fonts\nfonts-noto-cjk fonts-dejavu\n")
    found = system_packages(tmp_path, replace(PLAIN, ran=("dot",)), ["x11"])
    assert found == SystemPackages(("fonts-dejavu", "fonts-noto-cjk"))


@pytest.mark.parametrize(
    ("asked", "names", "said"),
    [
        ("graphviz=2.42.2-7", ("graphviz",), "graphviz=2.42.2-7: the Space gets the version"),
        ("libgl1-mesa-glx", ("libgl1",), "libgl1-mesa-glx, which the code names, is called libgl1"),
        ("libaio1", ("libaio1t64",), "is called libaio1t64 in Debian 13"),
        ("openjdk-11-jdk", ("openjdk-21-jdk",), "is called openjdk-21-jdk"),
        ("wkhtmltopdf", (), "The code asks for wkhtmltopdf, which Debian 13"),
        ("git:amd64", ("git",), None),
    ],
)
def test_names_that_debian_has_changed(
    asked: str, names: tuple[str, ...], said: str | None, tmp_path: Path
) -> None:
    found = system_packages(tmp_path, PLAIN, [asked])
    assert found.names == names
    assert [said in notice for notice in found.notices if said] == ([True] if said else [])


def test_a_program_that_debian_no_longer_has_is_said(tmp_path: Path) -> None:
    found = system_packages(tmp_path, replace(PLAIN, ran=("wkhtmltopdf",)), [])
    assert found.names == () and "The run asks for wkhtmltopdf" in found.notices[0]


@pytest.mark.skipif(not shutil.which("dpkg"), reason="only Debian's packages are known by dpkg")
def test_dpkg_tells_what_the_tables_do_not(tmp_path: Path) -> None:
    # Neither in the tables nor in Python's image, and on each Debian machine.
    program = next(name for name in ("gpgv", "deb-systemd-helper") if shutil.which(name))
    found = system_packages(tmp_path, PLAIN, [], [f"{program} x && ls && cat y"])
    assert len(found.names) == 1 and found.names[0] in ("gpgv", "init-system-helpers")


def test_the_tables_name_packages_that_debian_has_and_the_guide_shows_them() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    for name in {*LIBRARIES.values(), *PROGRAMS.values()}:
        assert called_now(name) == name
        assert f"`{name}`" in guide, name


# -- what fits ------------------------------------------------------------------------------


def said_of(environment: Environment, hardware: str = "", seconds: float = 1.0) -> tuple[str, ...]:
    return fit_notices(Executed(notebook_of(), environment, seconds), hardware)


@pytest.mark.parametrize(
    ("gigabytes", "hardware", "said"),
    [
        (0.2, "", "up to 0.2 GB, so at least 64 viewers at once fit into the 16 GB of cpu-basic."),
        (
            3.0,
            "",
            "up to 3.0 GB, so 4 viewers at once fit into the 16 GB of cpu-basic for certain.",
        ),
        (12.0, "cpu-upgrade", "so 2 viewers at once fit into the 32 GB of cpu-upgrade"),
        (12.0, "", "so 1 viewer at once fit"),
        (20.0, "t4-small", "so no viewers at once fit into the 15 GB of t4-small"),
        (1.0, "l40sx1", "so at least 49 viewers"),
        (1.0, "tpu-9", "how much memory tpu-9 has is not known here, nor how many viewers fit."),
    ],
)
def test_how_many_viewers_fit(gigabytes: float, hardware: str, said: str) -> None:
    (notice,) = said_of(replace(PLAIN, peak_memory=int(gigabytes * 1e9)), hardware)
    assert said in notice


def test_what_takes_long_to_start_is_said() -> None:
    large = replace(PLAIN, sizes={"torch": int(3e9)})
    assert [" ".join(text.split()[:5]) for text in said_of(large)] == [
        "The packages take about 3.0"
    ]
    assert said_of(PLAIN, seconds=1799) == ()
    (start,) = said_of(replace(PLAIN, sizes={"x": int(1.2e9)}), seconds=1750)
    assert "(about 1 min) and running the cells (about 29 min) take longer than the 30" in start


# -- servers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import psycopg2\npsycopg2.connect('host=db.example.org port=6432')",
         ["db.example.org:6432"]),
        ("import psycopg2\npsycopg2.connect('host=db.example.org dbname=x')",
         ["db.example.org:5432"]),
        ("import pymysql\npymysql.connect(host='db', user='a')", ["db:3306"]),
        ("import pymysql\npymysql.connect(host='db', port=3307)", ["db:3307"]),
        ("create_engine('postgresql+psycopg://ana:pw@db.example.org/x')", ["db.example.org:5432"]),
        ("create_engine(f'mysql://{user}:{word}@db.example.org:3310/{name}')",
         ["db.example.org:3310"]),
        ("import pyodbc\nconnect('Server=tcp:db.example.org,1434;Database=x')",
         ["db.example.org:1434"]),
        ("socket.create_connection(('db', 5432)); ('v1.2', 3)", ["db:5432"]),
        ("'https://example.org:8443/x', 'see host=a'", []),
    ],
)  # fmt: skip
def test_servers_are_read_from_the_code(code: str, found: list[str]) -> None:
    named = [f"{each.host}:{each.port}" for each in connections_in(code) if each.host]
    assert named == found


def unreachable(code: str, environment: Environment = PLAIN) -> list[str]:
    return [text.partition(". Spaces")[0] for text in connection_notices([code], environment)]


def test_what_a_space_cannot_reach_is_said_by_name() -> None:
    addresses = ("10.0.0.1:5432", "127.0.0.1:9000", "localhost:22", "example.org:443", "1.1.1.1:53")
    environment = replace(PLAIN, addresses=addresses)
    assert unreachable("1", environment) == ["The run connected to 10.0.0.1:5432"]
    code = "import psycopg2\npsycopg2.connect(host='db.example.org')"
    assert unreachable(code, environment) == ["The run connected to db.example.org:5432"]
    assert unreachable(code) == ["The code connects to db.example.org:5432"]
    for code, driver in (("import redis", "redis"), ("open(f'redis://{host}/0')", "redis")):
        assert unreachable(code) == [
            f"The code uses {driver}, whose servers listen at port 6379 as a rule"
        ]
    assert unreachable("create_engine('postgresql://localhost/x')") == []
