"""The author's modules and data: sealed, and there again when the app runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browsing import get, live, viewing

from nb2space.environment import Environment
from nb2space.environment.opened import Opened, opened_below
from nb2space.errors import InputError
from nb2space.ownfiles import OwnFiles, own_files
from nb2space.ownmodules import missing_modules, own_modules


def environment(folder: Path, *read: str, **further: Any) -> Environment:
    paths = tuple(str(folder / path) for path in read)
    return Environment("3.11", str(folder / ".venv"), read=paths, **further)


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def test_what_the_run_read_below_the_notebook_travels_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "project"
    used = ["data/x.csv", "model.bin", ".env"]
    others = [
        "report.ipynb",
        ".git/config",
        ".venv/lib/data.json",
        "env/lib/python3.11/site-packages/pkg/data.json",
        "report-space/sealed.bin",
        "__pycache__/helpers.pyc",
        "../outside.csv",
    ]
    write(home, *used, *others, "unread.csv")
    own = own_files(home, environment(home, *used, *others), home / "report-space")
    assert own.content == {path: path.encode() for path in used}
    assert own.notices == (
        "Sealed with the code: .env (0.0 kB), data/x.csv (0.0 kB), model.bin (0.0 kB).",
    )


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path / "project"
    write(home, "a.csv", "../secret.csv")
    os.symlink(home.parent / "secret.csv", home / "link.csv")
    own = own_files(home, environment(home, "a.csv", "link.csv"), home / "out")
    assert set(own.content) == {"a.csv"}


def test_modules_keep_their_place_and_those_from_elsewhere_lie_beside(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write(
        home, "helpers.py", "src/tools/__init__.py", "src/tools/deep/more.py", "src/tools/notes.txt"
    )
    write(tmp_path, "lib/shared/__init__.py", "lib/shared/.hidden.py", "lib/one.py")
    places = {
        "helpers": home / "helpers.py",
        "tools": home / "src" / "tools",
        "shared": tmp_path / "lib" / "shared",
        "one": tmp_path / "lib" / "one.py",
    }
    found = environment(
        home, modules={name: str(place) for name, place in places.items()}, unknown=("gone",)
    )
    assert list(own_modules(home, found)) == [
        "helpers.py", "one.py", "shared/__init__.py", "src/tools/__init__.py",
        "src/tools/deep/more.py",
    ]  # fmt: skip
    assert "'gone' belongs to no installed package" in missing_modules(found)[0]


def test_code_that_was_run_by_name_travels(tmp_path: Path) -> None:
    write(tmp_path, "common.py", "indexed.py", "tool.py", "data/y.parquet")
    opened = tuple(str(tmp_path / name) for name in ("data/y.parquet", "tool.py"))
    found = environment(tmp_path, "common.py", opened=opened, watched=True)
    assert set(own_files(tmp_path, found, tmp_path / "out").content) == {
        "common.py", "data/y.parquet",
    }  # fmt: skip
    ran = replace(found, commands=("python tool.py",))
    assert "tool.py" in own_files(tmp_path, ran, tmp_path / "out").content


def test_what_cannot_be_seen_is_said(tmp_path: Path) -> None:
    found = environment(tmp_path, versions={"pyarrow": "1.0", "pandas": "2.0"})
    (said,) = own_files(tmp_path, found, tmp_path / "out").notices
    assert said.startswith("Which files pyarrow opens cannot be seen here")
    assert own_files(tmp_path, replace(found, watched=True), tmp_path / "out").notices == ()


def test_files_that_anything_opens_are_seen(tmp_path: Path, own_key_store: Path) -> None:
    write(tmp_path, "a.csv", "in/b.csv", "in/.hidden", "space/nb2space.json", "space/c", "unread")
    # The key store of a test lies in its folder.
    write(own_key_store, "kept/by.us")

    async def run() -> Opened:
        with opened_below(tmp_path) as opened:
            (tmp_path / "new").mkdir()
            await asyncio.sleep(0.1)
            done = await asyncio.create_subprocess_shell(
                "cat a.csv in/b.csv in/.hidden space/c key-store/kept/by.us;"
                "echo 1 > new/made; cat new/made;"
                "echo >> a.csv",
                cwd=tmp_path,
                stdout=asyncio.subprocess.DEVNULL,
            )
            await done.wait()
        return opened

    # In a thread, since another test's browser may have an event loop in this one.
    with ThreadPoolExecutor(1) as threads:
        opened = threads.submit(asyncio.run, run()).result()
    assert sorted(opened.files()) == [str(tmp_path / name) for name in ("a.csv", "in/b.csv")]
    assert opened.complete


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("data", ["data/a.csv", "data/in/b.csv"]),
        ("data/", ["data/a.csv", "data/in/b.csv"]),
        ("data/**", ["data/a.csv", "data/in/b.csv"]),
        ("data/*.csv", ["data/a.csv"]),
        ("**/b.csv", ["data/in/b.csv"]),
    ],
)
def test_what_is_included(pattern: str, names: list[str], tmp_path: Path) -> None:
    write(tmp_path, "data/a.csv", "data/in/b.csv", "top.csv")
    own = own_files(tmp_path, environment(tmp_path), tmp_path / "out", include=[pattern])
    assert list(own.content) == names


@pytest.mark.parametrize("pattern", ["../x.csv", "/tmp/*.csv", "data/../../x", "~/x", "none/*"])
def test_what_cannot_be_included(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--include .* (leads out of|matches no file)"):
        own_files(tmp_path, environment(tmp_path), tmp_path / "out", include=[pattern])


def test_what_is_left_out_is_told_as_to_git(tmp_path: Path) -> None:
    names = ["data/a.csv", "data/b.csv", "top.csv", "in/top.csv", "in/keep.csv"]
    write(tmp_path, *names)
    (tmp_path / ".nb2spaceignore").write_text("# tables\n/top.csv\nin/*\n!in/keep.csv\n")
    found = environment(tmp_path, *names)
    own = own_files(tmp_path, found, tmp_path / "out", exclude=["data/a.*"])
    assert list(own.content) == ["data/b.csv", "in/keep.csv"]


def test_much_is_asked_about_and_too_much_refused(tmp_path: Path) -> None:
    def of_size(size: int) -> OwnFiles:
        with (tmp_path / "big.csv").open("wb") as file:
            file.truncate(size)
        return own_files(tmp_path, environment(tmp_path, "big.csv"), tmp_path / "out")

    assert of_size(100_000_000).question == ""
    assert "are 100 MB. The largest: big.csv. Each version" in of_size(100_000_001).question
    with pytest.raises(InputError, match=r"1100 MB\. .*big\.csv\. The Hub takes 1 GB"):
        of_size(1_100_000_000)


@pytest.mark.kernel
def test_the_app_finds_its_files_and_nobody_else_does(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, run: Callable[..., Any]
) -> None:
    write(tmp_path, "data/names.csv", "unread.csv")
    (tmp_path / "helpers.py").write_text(
        "from pathlib import Path\n\n"
        "def marker_function():\n    return Path('data/names.csv').read_text()\n"
    )
    path = notebook(
        "from helpers import marker_function\nprint('read', marker_function())",
        "with open('made.txt', 'w') as file:\n    file.write('x')\nprint(open('made.txt').read())",
    )
    done = run("convert", path)
    assert "Sealed with the code: data/names.csv (0.0 kB), helpers.py (0.1 kB)." in done.err
    folder = tmp_path / "small-space"
    for file in folder.rglob("*"):
        assert not file.is_file() or b"marker_function" not in file.read_bytes(), file
    assert not (folder / "data").exists()
    (tmp_path / "data" / "names.csv").unlink()
    (tmp_path / "helpers.py").unlink()
    with viewing(folder, cwd=tmp_path, home=own_key_store) as app:
        assert "read data/names.csv" in live(app.url)
        assert get(app.url + "data/names.csv")[0] == 404


@pytest.mark.kernel
def test_much_is_not_taken_along_unasked(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Any]
) -> None:
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(100_000_001)
    path = notebook("print(len(open('big.bin', 'rb').read(3)))")
    done = run("convert", path)
    assert done.code == 2 and done.err.rstrip().endswith("Nothing was written. Add --yes to agree.")
    assert "The files that the notebook uses are 100 MB. The largest: big.bin." in done.err
    assert not (tmp_path / "small-space").exists()


@pytest.mark.kernel
def test_a_rotated_key_opens_the_new_bundle_only(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Any]
) -> None:
    path = notebook("1")
    sealed = tmp_path / "small-space" / "sealed.bin"
    assert run("convert", path).code == 0
    first = sealed.read_bytes()
    assert run("convert", path).code == 0
    assert sealed.read_bytes() == first
    assert run("convert", path, "--rotate-key").code == 0
    rotated = sealed.read_bytes()
    assert rotated != first
    assert run("convert", path).code == 0
    assert sealed.read_bytes() == rotated, "the new key is kept"


@pytest.mark.kernel
def test_the_page_speaks_the_viewers_language(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, run: Callable[..., Any]
) -> None:
    from conftest import code

    path = notebook(code("1 / 0", "raises-exception"))
    assert run("convert", path, "--lang", "id").code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        page, body = get(app.url)[2].decode(), live(app.url)
    assert '<html lang="id">' in page
    assert "Bagian ini tidak dapat ditampilkan (referensi " in body
