"""Whether packages go together is asked of pip before anything is sent, and once."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from publishing import Author

from nb2space.keystore import save_record
from nb2space.resolve import resolve

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_packages_that_do_not_go_together() -> None:
    assert resolve("click==8.1.7\n", HERE).problem == ""
    found = resolve("click==8.1.7\nclick>=8.2\n", HERE)
    assert found.problem and not found.unknown


def test_what_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert resolve("click\n", "2.7").unknown == "neither uv nor a pip for this Python is here."
    # Nothing listens there, so no index can be reached.
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert resolve("click\n", HERE).unknown == "no package index can be reached."


def test_uv_looks_through_all_indexes_as_pip_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert resolve("click\n", "3.12").problem == ""
    words = (tmp_path / "words").read_text()
    assert "pip compile" in words and "--index-strategy unsafe-best-match" in words


@pytest.mark.kernel
def test_publishing_asks_once(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    save_record(replace(author.record, resolved=""))
    step = "Checking that the packages can be installed together"
    first = author.publish("--dry-run")
    assert first.code == 0 and step in first.err and author.record.resolved
    assert step not in author.publish("--dry-run").err
    save_record(replace(author.record, resolved=""))
    assert step not in author.publish("--dry-run", "--no-check").err
