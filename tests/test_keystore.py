"""The key store: private, whole or not at all, and no folder's trouble is another's."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import file_size_limit, json_values, many, small_disk, without_rights

from nb2space.errors import InputError
from nb2space.keystore import (
    Record,
    find_record,
    keep_bundle,
    record_for,
    save_record,
    saved,
    store_folder,
)

RECORD = Record(
    space_id="a1b2",
    key="k" * 88,
    folder="/somewhere/report-space",
    notebook="/somewhere/ünïcode \udcff.ipynb",
    options={"parameters": {"n": 5, "x": None}},
    published={"target": "me/report"},
)


@pytest.fixture
def store(own_key_store: Path) -> Path:
    """The folder of the records, made."""
    save_record(RECORD)
    return own_key_store / "spaces"


def file_of(store: Path) -> Path:
    """The file of RECORD."""
    return store / f"{RECORD.space_id}.json"


def test_what_is_saved_is_found(store: Path) -> None:
    assert find_record("a1b2") == RECORD
    assert store_folder() == store
    assert find_record("ffff") is None


@pytest.mark.parametrize("known", [True, False])
def test_a_record_whose_folder_cannot_be_written_is_as_it_was(store: Path, known: bool) -> None:
    record = replace(RECORD, key="n" * 88, space_id="a1b2" if known else "ffff")
    with pytest.raises(InputError, match="full"), saved(record):
        keep_bundle(record, b"sealed")
        assert find_record(record.space_id) == record
        raise InputError("full")
    assert find_record("a1b2") == RECORD
    assert {path.name for path in store.iterdir()} <= {"a1b2.json", "a1b2.sealed"}
    with saved(record):
        pass
    assert find_record(record.space_id) == record


def test_only_the_author_can_read_it(store: Path) -> None:
    old = os.umask(0)
    try:
        save_record(replace(RECORD, space_id="ffff"))
        file_of(store).chmod(0o644)
        save_record(RECORD)
    finally:
        os.umask(old)
    for path in store.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.stat().st_mode) == 0o700


def test_the_store_is_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB2SPACE_HOME", str(tmp_path / "else where"))
    save_record(RECORD)
    assert (tmp_path / "else where" / "spaces" / "a1b2.json").is_file()


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_it_is_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("NB2SPACE_HOME")
    else:
        monkeypatch.setenv("NB2SPACE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert store_folder().is_relative_to(tmp_path)
    assert store_folder().parts[-2:] == ("nb2space", "spaces")


def test_a_folder_has_one_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "report-space"
    record = record_for(folder, None)
    assert record != record_for(folder, None), "nothing is kept before it is saved"
    save_record(record)
    monkeypatch.chdir(tmp_path)
    assert record_for(folder, None) == record
    assert record_for(folder, record.space_id) == record
    assert record_for(Path("report-space"), None) == record
    assert record_for(Path("x/../report-space"), None) == record
    other = record_for(tmp_path / "other-space", None)
    assert other.space_id != record.space_id
    assert other.key != record.key


def test_a_moved_folder_keeps_its_key(tmp_path: Path) -> None:
    record = record_for(tmp_path / "old", None)
    save_record(record)
    moved = record_for(tmp_path / "new", record.space_id)
    assert moved == replace(record, folder=str(tmp_path / "new"))


def test_a_folder_from_another_machine_gets_a_key_and_keeps_its_identity(tmp_path: Path) -> None:
    record = record_for(tmp_path / "cloned", "beef")
    assert record.space_id == "beef"
    assert record.key != record_for(tmp_path / "cloned", "beef").key


DAMAGED: dict[str, Any] = {
    "empty": "",
    "cut": json.dumps({"space_id": "a1b2"})[:-3],
    "binary": b"\xff\xfe\x00",
    "list": [],
    "null": None,
    "deep": "[" * 100_000,
    "no key": {"space_id": "a1b2", "folder": "/x"},
    "key as number": {"space_id": "a1b2", "key": 5, "folder": "/x"},
    "options as list": {"space_id": "a1b2", "key": "k", "folder": "/x", "options": []},
    "unknown field": {"space_id": "a1b2", "key": "k", "folder": "/x", "more": 1},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_record_is_named(store: Path, name: str) -> None:
    content = DAMAGED[name]
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    file_of(store).write_bytes(content.encode() if isinstance(content, str) else content)
    for ask in (lambda: find_record("a1b2"), lambda: record_for(Path("x"), "a1b2")):
        with pytest.raises(InputError, match=r"a1b2\.json is damaged\. Restore it .* new key\."):
            ask()
    file_of(store).unlink()
    assert find_record("a1b2") is None


@many
@given(st.fixed_dictionaries({name: json_values() for name in ("space_id", "key", "folder")}))
def test_any_content_is_a_record_or_refused(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    path = store_folder() / "c0de.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fields))
    try:
        record = find_record("c0de")
    except InputError as error:
        assert "c0de.json is damaged" in str(error)
    else:
        assert record is not None
        assert all(isinstance(value, str) for value in (record.key, record.folder))


def test_what_others_put_beside_the_records_is_passed_over(store: Path, tmp_path: Path) -> None:
    for name in ("._a1b2.json", "a1b2 (copy).json", ".DS_Store", "a1b2.json.0123", "x-y.json"):
        (store / name).write_text("not a record")
    assert record_for(Path(RECORD.folder), None) == RECORD
    assert record_for(tmp_path / "new", None).space_id != RECORD.space_id


@pytest.mark.parametrize("space_id", ["", "..", "../a1b2", "a/b", "/etc/passwd", "a b", "a\0b"])
def test_an_identity_that_is_a_path_is_refused(store: Path, space_id: str) -> None:
    with pytest.raises(InputError, match="no valid identity"):
        find_record(space_id)
    with pytest.raises(InputError, match="no valid identity"):
        save_record(replace(RECORD, space_id=space_id))


def unchanged(store: Path) -> None:
    """See that the store holds RECORD and nothing else."""
    assert [path.name for path in store.iterdir()] == ["a1b2.json"]
    assert find_record("a1b2") == RECORD


def test_a_failed_write_leaves_the_old_record(store: Path) -> None:
    with (
        file_size_limit(100),
        pytest.raises(InputError, match=r"cannot be kept in .*NB2SPACE_HOME\."),
    ):
        save_record(replace(RECORD, key="other"))
    unchanged(store)


def test_a_full_disk_leaves_the_old_record(own_key_store: Path) -> None:
    with small_disk(own_key_store, "size=16k") as mounted:
        if not mounted:
            pytest.skip("only root can mount a small disk")
        save_record(RECORD)
        (own_key_store / "big").write_bytes(bytes(4096))
        with pytest.raises(InputError, match="No space left on device"):
            save_record(replace(RECORD, options={"x": "x" * 9000}))
        unchanged(own_key_store / "spaces")


def test_a_store_without_rights_is_told(store: Path) -> None:
    with without_rights(store):
        with pytest.raises(InputError, match="cannot be read: Permission denied"):
            find_record("a1b2")
        with pytest.raises(InputError, match=r"cannot be kept in .*: Permission denied"):
            save_record(RECORD)
    unchanged(store)


def test_a_file_in_the_way_is_told(own_key_store: Path) -> None:
    own_key_store.write_text("a file")
    with pytest.raises(InputError, match="cannot be kept in"):
        save_record(RECORD)
    own_key_store.unlink()
    (own_key_store / "spaces" / "a1b2.json").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be kept in"):
        save_record(RECORD)
    with pytest.raises(InputError, match="cannot be read"):
        find_record("a1b2")
    shutil.rmtree(own_key_store)
    save_record(RECORD)
