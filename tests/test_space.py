"""The Space folder: whole or not at all, and nothing of the author's is ever lost in it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from making import file_size_limit, json_values, many, small_disk, without_rights

from nb2space.errors import InputError
from nb2space.space import (
    MANIFEST,
    Manifest,
    SpaceFile,
    check_replaceable,
    entries_of,
    manifest_as_dict,
    manifest_bytes,
    read_files,
    read_manifest,
    write_folder,
)

FILES = [
    SpaceFile("README.md", b"# Title\n", "card"),
    SpaceFile("a.ipynb", b"{}", "notebook"),
    SpaceFile("runtime/deep/a.py", b"x = 1\n", "server"),
]
MADE = Manifest(
    space_id="a1b2", form="docker", title='T "ü" 😀\n', notebook="a.ipynb", theme="light",
    language="en", show_source=False, python="3.11", made_by="test", files=entries_of(FILES),
)  # fmt: skip


def write(folder: Path, *more: SpaceFile) -> None:
    """Write the Space that the tests start from, with other files if they are given."""
    files = [*FILES, *more]
    manifest = replace(MADE, files=entries_of(files))
    write_folder(folder, [*files, SpaceFile(MANIFEST, manifest_bytes(manifest), "list")])


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A Space folder as a conversion leaves it."""
    write(tmp_path / "a-space")
    return tmp_path / "a-space"


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def only(folder: Path) -> None:
    """See that nothing lies beside `folder`."""
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_what_is_written_is_read(space: Path) -> None:
    assert read_manifest(space) == MADE
    assert check_replaceable(space) == MADE
    files = read_files(space, MADE)
    assert [file.path for file in files] == [*(file.path for file in FILES), MANIFEST]
    assert {file.path: file.content for file in files} == content(space)
    assert manifest_as_dict(MADE)["files"][0]["path"] == "README.md"
    only(space)


def test_a_second_conversion_replaces_the_first(space: Path) -> None:
    write(space, SpaceFile("more.txt", b"more", "more"))
    write_folder(space, [SpaceFile("only.txt", b"only", "only")])
    assert content(space) == {"only.txt": b"only"}
    only(space)


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    write(tmp_path / "new" / "deep" / "a-space")
    assert read_manifest(tmp_path / "new" / "deep" / "a-space") == MADE


@pytest.mark.parametrize("name", ["a[1]-space", "*", "ü 'x' -space", "-space", ".hidden"])
def test_any_name_of_a_folder_will_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    left_over = tmp_path / f".{name}.nb2space-0123"
    others = tmp_path / ".other.nb2space-0123"
    for path in (left_over, others):
        (path / "deep").mkdir(parents=True)
    write(folder)
    write(folder)
    assert read_manifest(folder) == MADE
    assert {path.name for path in tmp_path.iterdir()} == {name, others.name}


def test_what_a_killed_conversion_left_is_cleared(space: Path) -> None:
    for name in (".a-space.nb2space-1", ".a-space.nb2space-2-old"):
        (space.parent / name / "runtime").mkdir(parents=True)
    write(space)
    only(space)


def test_a_folder_that_a_killed_conversion_moved_aside_comes_back(space: Path) -> None:
    before = content(space)
    space.rename(space.with_name(".a-space.nb2space-1-old"))
    with file_size_limit(3), pytest.raises(InputError, match="Nothing was changed"):
        write(space)
    assert content(space) == before
    only(space)


def test_of_a_link_what_it_leads_to_is_replaced(space: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(space)
    assert check_replaceable(link) == MADE
    write(link, SpaceFile("more.txt", b"more", "more"))
    assert link.is_symlink()
    assert (space / "more.txt").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"link", "a-space"}


Failing = Callable[[Path], AbstractContextManager[Any]]


@pytest.mark.parametrize(
    "failing",
    [lambda space: file_size_limit(7), lambda space: without_rights(space.parent)],
    ids=["a write fails", "no rights"],
)
@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_changes_nothing(space: Path, failing: Failing, exists: bool) -> None:
    before = content(space)
    target = space if exists else space.with_name("other-space")
    with failing(space), pytest.raises(InputError, match="Nothing was changed"):
        write(target, SpaceFile("z", b"longer than seven", "z"))
    assert content(space) == before
    only(space)


def test_a_failure_between_the_two_renames_changes_nothing(
    space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file system fails just there when it is asked to, so the system's call is replaced."""
    before, rename = content(space), os.rename

    def failing(source: Path, target: Path) -> None:
        if target == space and not source.name.endswith("-old"):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        write(space)
    assert content(space) == before
    only(space)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own with a Space on it."""
    with small_disk(tmp_path / "disk", "size=64k") as mounted:
        if not mounted:
            pytest.skip("only root can mount a small disk")
        write(tmp_path / "disk" / "a-space")
        yield tmp_path / "disk"


def test_a_full_disk_changes_nothing(disk: Path) -> None:
    before = content(disk)
    with pytest.raises(InputError, match=r"No space left on device\. Nothing was changed\."):
        write(disk / "a-space", SpaceFile("big", bytes(90_000), "big"))
    assert content(disk) == before
    only(disk / "a-space")


def test_a_disk_that_cannot_be_written_changes_nothing(disk: Path) -> None:
    before = content(disk)
    assert os.system(f"mount -o remount,ro {disk}") == 0
    with pytest.raises(InputError, match="Read-only file system"):
        write(disk / "a-space")
    assert content(disk) == before


def test_a_file_in_the_way_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"cannot be written: .*Nothing was changed"):
        write(tmp_path / "file" / "a-space")
    assert (tmp_path / "file").read_text() == "mine"


def put(name: str) -> Callable[[Path], object]:
    """Something that writes a file of that name into the folder."""
    return lambda folder: (folder / name).write_text("mine")


def put_link(folder: Path) -> None:
    """Put a link to another file in a file's place."""
    (folder / "a.ipynb").unlink()
    (folder / "a.ipynb").symlink_to("README.md")


def put_socket(folder: Path) -> None:
    """Put a socket into the folder, which is no file to read."""
    here = os.getcwd()
    os.chdir(folder)  # a socket's path may be some hundred characters long only
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)


STRANGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (put("README.md"), "README.md"),
    "new": (put("notes.txt"), "notes.txt"),
    "new below": (put("runtime/deep/b.py"), "runtime/deep/b.py"),
    "hidden": (put(".env"), ".env"),
    "link": (lambda folder: (folder / "link").symlink_to("README.md"), "link"),
    "broken link": (lambda folder: (folder / "link").symlink_to("gone"), "link"),
    "link to a folder": (lambda folder: (folder / "link").symlink_to("/"), "link"),
    "pipe": (lambda folder: os.mkfifo(folder / "pipe"), "pipe"),
    "socket": (put_socket, "socket"),
    "link for a file": (put_link, "a.ipynb"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_a_folder_with_something_of_the_authors_is_left_alone(space: Path, name: str) -> None:
    change, told = STRANGE[name]
    change(space)
    with pytest.raises(InputError, match=f"changed since: {told}\\. They would be lost"):
        check_replaceable(space)


def test_many_strange_files_are_not_all_named(space: Path) -> None:
    for number in range(9):
        put(f"{number}.txt")(space)
    with pytest.raises(InputError, match=r"3\.txt, 4\.txt …\. They would be lost"):
        check_replaceable(space)


def test_clutter_and_missing_files_are_no_reason_to_refuse(space: Path) -> None:
    (space / "__pycache__").mkdir()
    for name in (".DS_Store", "runtime/Thumbs.db", "__pycache__/a.pyc"):
        put(name)(space)
    (space / "README.md").unlink()
    assert check_replaceable(space) == MADE


def test_where_nothing_is_nothing_is_replaced(tmp_path: Path) -> None:
    assert check_replaceable(tmp_path / "new") is None
    (tmp_path / "empty").mkdir()
    assert check_replaceable(tmp_path / "empty") is None
    assert check_replaceable(tmp_path / ("a" * 300)) is None, "writing will tell"


def test_foreign_things_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="was not made by nb2space"):
        check_replaceable(folder)
    with pytest.raises(InputError, match="is a file; name another folder with convert -o"):
        check_replaceable(folder / "thesis.tex")
    (tmp_path / "link").symlink_to("gone")
    with pytest.raises(InputError, match="name another folder"):
        check_replaceable(tmp_path / "link")
    (folder / "thesis.tex").rename(folder / MANIFEST)
    with pytest.raises(InputError, match="is damaged"):
        check_replaceable(folder)


def test_a_folder_without_rights_is_refused() -> None:
    # Not in tmp_path: above that, too, only its owner has rights.
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        space = Path(above) / "a-space"
        write(space)
        with without_rights(space), pytest.raises(InputError, match="cannot be read: Permission"):
            check_replaceable(space)


@pytest.mark.parametrize("change", [b"# Title\n ", b"", b"# title\n"])
def test_a_changed_file_is_not_published(space: Path, change: bytes) -> None:
    (space / "README.md").write_bytes(change)
    with pytest.raises(InputError, match=r"README\.md was changed after the conversion"):
        read_files(space, MADE)


def test_a_missing_file_is_told(space: Path) -> None:
    shutil.rmtree(space / "runtime")
    with pytest.raises(InputError, match=r"a\.py is missing; convert the notebook again"):
        read_files(space, MADE)


def test_what_is_not_listed_is_not_published(space: Path) -> None:
    put(".env")(space)
    assert ".env" not in {file.path for file in read_files(space, MADE)}


@pytest.mark.parametrize("name", ["gone", "file", "a" * 300])
def test_a_folder_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"(There is no folder|is a file, not) .*nb2space convert NOTEBOOK"
    ):
        read_manifest(tmp_path / name)


def test_a_folder_of_others_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a Space folder: it has no nb2space\.json"):
        read_manifest(tmp_path)


def changed(**changes: Any) -> dict[str, Any]:
    """The manifest's JSON with changes."""
    return {**json.loads(manifest_bytes(MADE)), **changes}


def entry(**changes: Any) -> list[Any]:
    """The manifest's list of files with changes in the first."""
    first, *rest = changed()["files"]
    return [{**first, **changes}, *rest]


DAMAGED: dict[str, Any] = {
    "empty": b"",
    "cut": manifest_bytes(MADE)[:-20],
    "binary": b"\xff\x00",
    "deep": b"[" * 100_000,
    "endless": b'{"format": 1, "x": ' + b"9" * 5000 + b"}",
    "list": [],
    "text": "x",
    "null": None,
    "no format": {key: value for key, value in changed().items() if key != "format"},
    "no title": {key: value for key, value in changed().items() if key != "title"},
    "unknown field": changed(more=1),
    "title as number": changed(title=5),
    "identity as number": changed(space_id=5),
    "truth as text": changed(show_source="no"),
    "no files": changed(files=[]),
    "files null": changed(files=None),
    "files as object": changed(files={}),
    "files of text": changed(files=["README.md"]),
    "path as null": changed(files=entry(path=None)),
    "size as text": changed(files=entry(size="8")),
    "entry with more": changed(files=entry(more=1)),
    **{
        f"path {path}": changed(files=entry(path=path))
        for path in ("../key.json", "/etc/passwd", "a/../../b", "", ".", "C:\\x", "..\\x", "C:x")
    },
    "notebook outside": changed(notebook="../a.ipynb"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_manifest_is_told(space: Path, name: str) -> None:
    made = DAMAGED[name]
    (space / MANIFEST).write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
    for ask in (read_manifest, check_replaceable):
        with pytest.raises(InputError, match=r"nb2space\.json is damaged|files that nb2space did"):
            ask(space)


def test_a_manifest_of_another_version_is_told(space: Path) -> None:
    (space / MANIFEST).write_text(json.dumps(changed(format=2)))
    with pytest.raises(InputError, match="made by another version of nb2space; convert"):
        read_manifest(space)


@pytest.mark.parametrize("path", ["a\0b", "a" * 300])
def test_a_path_that_no_file_can_have_is_missing(space: Path, path: str) -> None:
    (space / MANIFEST).write_text(json.dumps(changed(files=entry(path=path))))
    with pytest.raises(InputError, match="is missing"):
        read_files(space, read_manifest(space))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Space folder that a property may write to again and again."""
    folder = tmp_path_factory.mktemp("scratch") / "a-space"
    write(folder)
    return folder


@many
@given(json_values(), json_values())
def test_any_manifest_is_read_or_refused(scratch: Path, value: Any, other: Any) -> None:
    for made in (value, changed(title=value), changed(files=entry(path=value, why=other))):
        (scratch / MANIFEST).write_text(json.dumps(made))
        try:
            read_files(scratch, read_manifest(scratch))
        except InputError as error:
            assert str(scratch) in str(error)
