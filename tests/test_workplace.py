"""Where kernels work: below its own folder only, gone afterwards, and without secrets."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import file_size_limit, many, small_disk
from test_space import MADE

from nb2space.runtime import workplace
from nb2space.runtime.bundle import BundleError
from nb2space.runtime.masking import MASK, Mask
from nb2space.runtime.settings import PORT, take_settings
from nb2space.runtime.workplace import NOTEBOOK, Workplace, leaves_folder, make_workplace
from nb2space.space import MANIFEST, manifest_bytes

FILES = {NOTEBOOK: '{"ü": 1}'.encode(), "a.py": b"a", "lib/deep/b.py": b"b"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Workplaces are made in a folder of the test's own, which is empty again in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(workplace, "_MEMORY", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_files_are_laid_out_and_the_notebook_stays_in_memory() -> None:
    with make_workplace(FILES) as made:
        found = {
            path.relative_to(made.files).as_posix(): path.read_bytes()
            for path in made.root.rglob("*")
            if path.is_file()
        }
        assert found == {"a.py": b"a", "lib/deep/b.py": b"b"}
        assert made.notebook == '{"ü": 1}'
        assert made.root.stat().st_mode & 0o077 == 0
        assert made.home.is_dir()


def test_without_memory_the_temporary_folder_is_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workplace, "_MEMORY", str(temporary / "gone"))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with make_workplace(FILES) as made:
        assert made.root.parent == temporary


@pytest.mark.parametrize(
    ("options", "room"),
    [
        ("size=64m", True),
        ("size=0", True),  # no limit
        ("size=33m", False),  # Docker's default, of which others have taken half
        ("size=64m,nr_inodes=6", False),  # for so many bytes, but not for so many files
    ],
)
def test_memory_is_used_where_it_has_room(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, options: str, room: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    disk = temporary.with_name("memory")
    monkeypatch.setattr(workplace, "_MEMORY", str(disk))
    with small_disk(disk, options) as mounted:
        if not mounted:
            pytest.skip("only root can mount a small disk")
        with make_workplace({**FILES, "data.bin": bytes(2_000_000)}) as made:
            assert made.root.parent == (disk if room else temporary)
            assert (made.files / "data.bin").stat().st_size == 2_000_000
            assert (made.files / "lib" / "deep" / "b.py").is_file()
            assert [path for path in disk.iterdir() if path != made.root] == []


def test_where_nothing_has_room_a_sentence_says_so(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with file_size_limit(1000), pytest.raises(BundleError) as caught:
        make_workplace({**FILES, "data.bin": bytes(2_000_000)})
    assert str(caught.value).startswith(
        "What sealed.bin holds (2.0 MB) cannot be written to the temporary folder: File too large. "
        "Give the container more room in /tmp or "
    )


def test_it_is_gone_after_a_failure() -> None:
    with pytest.raises(KeyError), make_workplace(FILES) as made:
        raise KeyError
    assert not made.root.exists()


def test_what_a_killed_server_left_is_removed_by_the_next(temporary: Path) -> None:
    place = "from nb2space.runtime import workplace; workplace._MEMORY = {!r}; "
    server = (
        "made = workplace.make_workplace({'notebook.ipynb': b'{}', 'a.py': b'a'}); "
        "print(made.root, flush=True); input()"
    )
    others = temporary / "nb2space-app-young"
    others.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", place.format(str(temporary)) + server],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout
        left = Path(started.stdout.readline().strip())
        os.utime(left, (0, 0))
        with make_workplace(FILES):
            assert (left / "files" / "a.py").is_file()
        started.kill()
        started.wait()
    with make_workplace(FILES) as made:
        assert set(temporary.iterdir()) == {others, made.root}
    others.rmdir()


OUTSIDE = [
    "../x", "a/../../x", "..", "/etc/x", "//host/share/x", "a/..", "..\\x", "a\\..\\..\\x",
    "\\x", "\\\\host\\share\\x", "C:\\x", "C:/x", "c:x", "", ".", "./", "/",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_outside_is_refused_before_anything_is_written(temporary: Path, name: str) -> None:
    assert leaves_folder(name)
    with pytest.raises(BundleError, match="holds a path outside its folder; convert again"):
        make_workplace({**FILES, name: b"evil"})
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a/b", "..a", "a..", "...", "a/..b/c", ".a", "ü/b", "a b"])
def test_a_path_inside_is_none_outside(name: str) -> None:
    assert not leaves_folder(name)


@many
@given(st.text("./\\:aC~", max_size=10))
def test_a_path_that_is_let_in_stays_inside(name: str) -> None:
    if not leaves_folder(name):
        folder = os.path.abspath("/work/files")
        assert os.path.normpath(os.path.join(folder, name)).startswith(folder + os.sep)


@pytest.mark.parametrize("files", [{}, {"a.py": b""}])
def test_a_bundle_without_a_notebook_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(BundleError, match="holds no notebook"):
        make_workplace(files)


def sealed_with(names: Any, **within: Any) -> dict[str, bytes]:
    """A bundle whose notebook names these secrets, and where in them they stand."""
    told = {"secrets": names, "secrets_within": within}
    notebook = {"metadata": {"nb2space": told}, "cells": []}
    return {NOTEBOOK: json.dumps(notebook).encode()}


def test_kernels_see_the_secrets_that_their_notebook_names() -> None:
    with make_workplace(sealed_with(["DB_PASSWORD", "openai_key"])) as made:
        assert made.secrets.names == ("DB_PASSWORD", "openai_key")
        environment = {"DB_PASSWORD": "correct horse", "OTHER": "x", "openai_key": "k", "PATH": "p"}
        seen = made.kernel_environment(environment)
        assert {name: seen.get(name) for name in environment} == {**environment, "OTHER": None}
        assert "DB_PASSWORD" not in made.kernel_environment({})
        assert made.kernel_environment({"HOME": "/root"})["HOME"] == str(made.home)


@pytest.mark.parametrize(
    "metadata", [{}, {"nb2space": {}}, {"nb2space": None}, {"nb2space": {"secrets": []}}, None]
)
def test_a_notebook_may_name_no_secrets(metadata: Any) -> None:
    with make_workplace({NOTEBOOK: json.dumps({"metadata": metadata}).encode()}) as made:
        assert made.secrets.names == ()


@pytest.mark.parametrize(
    "names",
    ["A", {"A": "b"}, 5, None, [5], [None], [""], ["A B"], ["1A"], ["A-B"], ["A=b"], ["A", "ü"],
     ["NB2SPACE_KEY"], ["NB2SPACE_"], ["nb2space_key"], ["A\n"]],
)  # fmt: skip
def test_what_can_be_no_secrets_name_is_refused(temporary: Path, names: Any) -> None:
    with pytest.raises(BundleError, match="names a secret that is no variable's name; convert"):
        make_workplace(sealed_with(names))
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_notebook_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match="holds a notebook that is none; convert again"):
        make_workplace({NOTEBOOK: content})


def test_a_missing_value_is_named_in_the_log_and_the_others_are_masked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from nb2space.runtime.server import _values_to_mask

    monkeypatch.setenv("DB_PASSWORD", "correct horse")
    monkeypatch.setenv("EMPTY_KEY", "")
    monkeypatch.delenv("OTHER_KEY", raising=False)
    sealed = sealed_with(["DB_PASSWORD", "EMPTY_KEY", "OTHER_KEY"], DB_PASSWORD=[[8, 0]])
    with make_workplace(sealed) as made:
        mask = Mask(_values_to_mask(made, ""))
    assert mask.text("a correct horse") == f"a {MASK}"
    assert mask.text("correct") == "correct" and mask.text("a horse") == f"a {MASK}"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("No value is set for EMPTY_KEY, OTHER_KEY; code ")


def test_log_records_are_masked_with_the_errors_that_they_tell_of() -> None:
    from nb2space.runtime.problems import keep_clean

    stream = io.StringIO()
    logger = logging.Logger("of this test")
    logger.addHandler(logging.StreamHandler(stream))
    keep_clean(logger, Mask(["correct horse"]))
    logger.warning("Problem %s: %s", "AB12CD", "login with correct horse failed")
    try:
        raise ValueError("correct horse")
    except ValueError:
        logger.exception("It failed: %(how)s", {"how": "correct%20horse"}, stack_info=True)
    logger.error("executing cell 1")
    shown = stream.getvalue()
    assert f"Problem AB12CD: login with {MASK} failed\n" in shown
    assert f"It failed: {MASK}\n" in shown and f"ValueError: {MASK}\n" in shown
    assert "correct horse" not in shown
    assert "executing cell" not in shown


SECRETS = [
    "NB2SPACE_KEY", "NB2SPACE_HOME", "NB2SPACE_", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "SPACE_ID",
    "DATABASE_URL", "PASSWORD", "JUPYTER_TOKEN", "LD_PRELOAD", "PYTHONSTARTUP", "PYTHONINSPECT",
    "path", "LCX", "XPATH", "PATH_", "VOILA_TOKEN", "SSH_AUTH_SOCK", "HOSTNAME",
]  # fmt: skip
NEEDED = ["PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "QUERY_STRING", "https_proxy"]


def test_kernels_see_no_secret(tmp_path: Path) -> None:
    given_ = {name: f"value of {name}" for name in (*SECRETS, *NEEDED, "HOME", "IPYTHONDIR")}
    seen = Workplace(tmp_path, "").kernel_environment(given_)
    assert set(seen) == {*NEEDED, "HOME", "IPYTHONDIR", "MPLCONFIGDIR"}
    assert {name: seen[name] for name in NEEDED} == {name: given_[name] for name in NEEDED}
    for name in ("HOME", "IPYTHONDIR", "MPLCONFIGDIR"):
        assert Path(seen[name]).is_relative_to(tmp_path / "home")


@many
@given(st.dictionaries(st.text("NB2SPACE_KEYHFTOKnb2_"), st.just("value"), max_size=5))
def test_nothing_of_nb2space_reaches_a_kernel(environment: dict[str, str]) -> None:
    seen = Workplace(Path("/x"), "").kernel_environment({"NB2SPACE_KEY": "k", **environment})
    assert not [name for name in seen if name.upper().startswith(("NB2SPACE", "HF_"))]
    assert "k" not in seen.values()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Space folder as far as settings read it."""
    made = replace(MADE, title="T", theme="dark", show_source=True)
    (tmp_path / MANIFEST).write_bytes(manifest_bytes(made))
    return tmp_path


def test_settings_take_the_key_out_of_the_environment(folder: Path) -> None:
    environment = {"NB2SPACE_KEY": "k", "NB2SPACE_HOME": "h", "NB2SPACE_X": "x", "PATH": "p"}
    settings = take_settings(folder, environment)
    assert environment == {"PATH": "p"}
    assert (settings.key, settings.notebook, settings.title) == ("k", "a.ipynb", "T")
    assert (settings.theme, settings.show_source) == ("dark", True)
    assert (settings.host, settings.port, settings.kernel) == ("0.0.0.0", PORT, "python3")
    assert not settings.watch
    assert not settings.tethered


def test_the_version_follows_every_file(folder: Path) -> None:
    before = take_settings(folder, {}).version
    assert take_settings(folder, {}).version == before
    with (folder / MANIFEST).open("a") as file:
        file.write(" ")
    assert take_settings(folder, {}).version != before


@pytest.mark.parametrize(("text", "port"), [("", PORT), ("8000", 8000), ("1", 1), ("65535", 65535)])
def test_a_port(folder: Path, text: str, port: int) -> None:
    assert take_settings(folder, {"NB2SPACE_PORT": text}).port == port


@pytest.mark.parametrize("text", ["http", "0", "-1", "65536", "80.5", "²", " "])
def test_what_is_no_port_ends_the_server_with_a_sentence(folder: Path, text: str) -> None:
    with pytest.raises(SystemExit, match=f"NB2SPACE_PORT is '{text}'. Give a whole number"):
        take_settings(folder, {"NB2SPACE_PORT": text})


def test_defaults_are_for_containers(folder: Path) -> None:
    environment: dict[str, Any] = {"NB2SPACE_WATCH": "1", "NB2SPACE_TETHERED": "1"}
    settings = take_settings(folder, environment)
    assert settings.watch
    assert settings.tethered
