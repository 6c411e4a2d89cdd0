"""The author's modules and data: sealed, and there again when the app runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import get, live, viewing

from nb2space.environment import Environment
from nb2space.errors import InputError
from nb2space.ownfiles import own_files


def environment(folder: Path, *read: str, unknown: tuple[str, ...] = ()) -> Environment:
    paths = tuple(str(folder / path) for path in read)
    return Environment("3.11", str(folder / ".venv"), {}, unknown, paths)


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
    own = own_files(home, environment(home, *used, *others), set(), home / "report-space")
    assert own.content == {path: path.encode() for path in used}
    assert own.notices == (
        "Sealed with the code: .env (0.0 kB), data/x.csv (0.0 kB), model.bin (0.0 kB).",
    )


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path / "project"
    write(home, "a.csv", "../secret.csv")
    os.symlink(home.parent / "secret.csv", home / "link.csv")
    own = own_files(home, environment(home, "a.csv", "link.csv"), set(), home / "out")
    assert set(own.content) == {"a.csv"}


def test_modules_come_whole_and_a_missing_one_is_named(tmp_path: Path) -> None:
    write(tmp_path, "helpers.py", "tools/__init__.py", "tools/deep/more.py", "tools/notes.txt")
    own = own_files(
        tmp_path,
        environment(tmp_path, unknown=("helpers", "tools", "gone", "not_ours")),
        {"helpers", "tools", "gone"},
        tmp_path / "out",
    )
    assert set(own.content) == {"helpers.py", "tools/__init__.py", "tools/deep/more.py"}
    assert [notice for notice in own.notices if "'gone'" in notice and "not find it" in notice]
    assert not [notice for notice in own.notices if "not_ours" in notice]


def test_too_much_is_refused_by_name(tmp_path: Path) -> None:
    with (tmp_path / "big.csv").open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(InputError, match=r"100 MB, more than the 100 MB.*big\.csv"):
        own_files(tmp_path, environment(tmp_path, "big.csv"), set(), tmp_path / "out")


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
