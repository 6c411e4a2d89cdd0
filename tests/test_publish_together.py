"""Two people publish to one Space: each version has its key, and none is lost by halves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hub import Fault, LoggedRequest, client_env
from inprocess import hurried
from publishing import Author, files_of, published_files, with_new_key

from nb2space.keystore import save_record
from nb2space.seal import key_secret

pytestmark = [
    pytest.mark.kernel,
    # lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

TARGET = "lamps/report"
EVE_TOKEN = "hf_test_eve_write"


@pytest.fixture
def author(author: Author, monkeypatch: pytest.MonkeyPatch) -> Author:
    hurried(author, monkeypatch)
    author.hub.add_org("lamps", {"ana": "write", "eve": "write"}, plan="team")
    author.hub.add_user("eve", token=EVE_TOKEN)
    return author


def test_a_colleague_without_the_key_publishes(
    author: Author, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_record(replace(author.record, secrets={"DB_PASSWORD": "correct horse"}))
    assert author.publish("--to", TARGET).code == 0
    repo = author.hub.repos[TARGET]
    # Her machine has the folder, but not what was in the key store: converting makes a new key.
    record = author.record
    monkeypatch.setenv("NB2SPACE_HOME", str(tmp_path / "key-store-of-eve"))
    save_record(replace(record, published={}, secrets={"DB_PASSWORD": ""}))
    with_new_key(author)
    outcome = author.publish("--to", TARGET, token=EVE_TOKEN)
    assert outcome.code == 0, outcome.err
    assert published_files(repo) == files_of(author.folder)
    # A value that she does not know stays.
    assert repo.secrets == {key_secret(record.key): record.key, **author.key,
                            "DB_PASSWORD": "correct horse"}  # fmt: skip
    assert len(repo.commits) == 3


@dataclass(frozen=True)
class Eve:
    """A colleague with a copy of the folder, converted anew on a machine of her own."""

    folder: Path
    env: Mapping[str, str]
    key: Mapping[str, str]

    def publish(self) -> None:
        """Her whole publication."""
        done = subprocess.run(
            [sys.executable, "-m", "nb2space", "publish", self.folder, "--to", TARGET, "--no-wait"],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


def eve_beside(author: Author, place: Path, monkeypatch: pytest.MonkeyPatch) -> Eve:
    """Eve, with another version of the author's folder."""
    with monkeypatch.context() as patch:
        record = author.record
        patch.setenv("NB2SPACE_HOME", str(place / "key-store"))
        hers = Author(author.hub, place / "report-space", author.home, author.call)
        shutil.copytree(author.folder, hers.folder)
        save_record(replace(record, published={}))
        with_new_key(hers)
        env = {**os.environ, **client_env(author.hub, place / "hf-home", EVE_TOKEN)}
        return Eve(hers.folder, env, hers.key)


@pytest.mark.parametrize("exists", [False, True], ids=["first", "update"])
def test_a_colleague_publishes_at_any_moment(
    author: Author, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    eve = eve_beside(author, tmp_path / "eve", monkeypatch)
    words = ["--to", TARGET, "--no-wait"]
    place = 0
    conflicts = 0
    while True:
        place += 1
        author.hub.repos.clear()
        save_record(replace(author.record, published={}))
        if exists:
            assert author.publish(*words).code == 0
            author.change(f"Changed {place} times.")
        seen = 0

        def between(request: LoggedRequest, place: int = place) -> Fault | None:
            nonlocal seen
            if request.token == EVE_TOKEN or request.method in ("GET", "HEAD"):
                return None
            seen += 1
            if seen == place:
                eve.publish()
            return None

        author.hub.faults.hook = between
        outcome = author.publish(*words)
        author.hub.faults.clear()
        if seen < place:
            break  # she was there before each change that a publication makes
        if outcome.code:
            conflicts += 1
            assert outcome.code == 3 and "Someone else" in outcome.err, outcome.err
        repo = author.hub.repos[TARGET]
        versions = [
            {path: text for path, text in commit.files.items() if path != ".gitattributes"}
            for commit in repo.commits
        ]
        assert versions.count(files_of(eve.folder)) == 1, "no version is lost"
        again = author.publish(*words)
        assert again.code == 0, again.err
        assert published_files(repo) == files_of(author.folder)
        assert repo.secrets.items() >= {**author.key, **eve.key}.items()
        assert repo.visibility == "public"
    assert place >= 5 and conflicts >= 2
