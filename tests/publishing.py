"""Publishing with the real command line to a Hub on loopback, whose Spaces open what they hold."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ExampleSpace, Outcome
from hub import AppRequest, Blob, HubServer, LoggedRequest, Repo, Response, client_env
from hub.state import make_commit

from nb2space.keystore import Record, find_record, save_record
from nb2space.resolve import digest_of
from nb2space.runtime.bundle import BundleError, seal_bytes, unpack, unseal_bytes
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.seal import key_secret, new_key, seal
from nb2space.space import (
    DOCKER,
    MANIFEST,
    SpaceFile,
    entries_of,
    manifest_bytes,
    read_files,
    read_manifest,
)

TOKEN = "hf_test_ana_write"
READ_TOKEN = "hf_test_ana_read"
FREE_TOKEN = "hf_test_bob_write"


def space_app(visit: AppRequest) -> Response:
    """What a published Space's container answers: ready only if its secret opens the bundle."""
    commits = visit.repo.resolve(visit.sha or "main")
    if not commits:
        return Response(404, b"The Hub has forgotten what this was built from.")
    files = commits[-1].files
    if visit.path != "/nb2space/health":
        return Response(200, page_of(files[MANIFEST]))
    try:
        # As the Dockerfile's last line has it.
        name = re.findall(r"NB2SPACE_KEY_\w+", files["Dockerfile"].decode())[-1]
        unseal_bytes(files["sealed.bin"], visit.repo.secrets.get(name, ""))
    except BundleError:
        return Response(503, b"This app is being prepared.")
    version = hashlib.sha256(files[MANIFEST]).hexdigest()[:16]
    health = json.dumps({"state": "ready", "version": version}).encode()
    return Response(200, health, {"Content-Type": "application/json"})


def page_of(manifest: bytes, text: str = "The app") -> bytes:
    """A page of the version that has this manifest."""
    version = hashlib.sha256(manifest).hexdigest()[:16]
    return f'<!doctype html><meta name="nb2space-version" content="{version}"><p>{text}'.encode()


@dataclass
class Author:
    """Someone who has converted a notebook and publishes its folder from a shell."""

    hub: HubServer
    folder: Path
    home: Path
    call: Callable[..., Outcome]

    @property
    def record(self) -> Record:
        """What the key store knows of the folder."""
        found = find_record(read_manifest(self.folder).space_id)
        assert found is not None
        return found

    @property
    def key(self) -> dict[str, str]:
        """The secret that holds the folder's key: its name and value."""
        return {key_secret(self.record.key): self.record.key}

    def publish(
        self,
        *words: str | Path,
        folder: Path | None = None,
        token: str | None = TOKEN,
        env: Mapping[str, str] | None = None,
    ) -> Outcome:
        """`nb2space publish`, after which nothing secret may be anywhere but in its request."""
        client = {**client_env(self.hub, self.home, token), **(env or {})}
        outcome = self.call("publish", folder or self.folder, *words, env=client)
        shown = " ".join([outcome.out, outcome.err, *map(str, words)])
        for secret in (self.record.key, *self.hub.tokens, token or TOKEN):
            assert secret not in shown
            for entry in self.hub.log:
                told = secret.encode() in entry.raw or secret in entry.path
                assert not told or entry.path.endswith("/secrets")
        assert [entry.error for entry in self.hub.log if entry.error] == []
        return outcome

    def published(self, *words: str) -> Repo:
        """The Space after a publication that must succeed."""
        outcome = self.publish(*words)
        assert outcome.code == 0, outcome.err
        return self.hub.repos[self.record.published["target"]]

    def change(self, text: str = "Changed.") -> None:
        """Make the folder as a conversion of a changed notebook would have made it."""
        manifest = read_manifest(self.folder)
        files = [file for file in read_files(self.folder, manifest) if file.path != MANIFEST]
        files = [
            replace(file, content=file.content + text.encode())
            if file.path == "README.md"
            else file
            for file in files
        ]
        (self.folder / "README.md").write_bytes(
            next(file.content for file in files if file.path == "README.md")
        )
        changed = manifest_bytes(replace(manifest, files=entries_of(files)))
        (self.folder / MANIFEST).write_bytes(changed)
        save_record(replace(self.record, audited=hashlib.sha256(changed).hexdigest()))


@contextmanager
def an_author(
    example: ExampleSpace,
    place: Path,
    key_store: Path,
    call: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Author]:
    """An author with a copy of an example's folder, at a Hub with a paying and a free account."""
    # Whatever else runs in this process must not decide how the command line meets the Hub.
    for name in client_env_names():
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(example.home, key_store)
    folder = example.copy_to(place / example.folder.name)
    manifest = read_manifest(folder)
    record = find_record(manifest.space_id)
    assert record
    if manifest.form == DOCKER:
        # The packages go together: tests/test_resolve.py asks that of pip, once.
        text = (folder / "requirements.txt").read_text()
        save_record(replace(record, resolved=digest_of(text, manifest.python)))
    with a_hub() as hub:
        yield Author(hub, folder, place / "hf-home", call)


@contextmanager
def a_hub() -> Iterator[HubServer]:
    """A Hub with a paying and a free account, whose Spaces open what they hold."""
    with HubServer() as hub:
        hub.app = space_app
        hub.add_user("ana", token=TOKEN, plan="pro")
        hub.add_token("ana", READ_TOKEN, role="read")
        hub.add_user("bob", token=FREE_TOKEN)
        yield hub


def client_env_names() -> list[str]:
    """The environment variables that change what huggingface_hub does."""
    return [
        name
        for name in os.environ
        if name.startswith(("HF_", "HUGGING")) or name.lower().endswith("_proxy")
    ]


def foreign_space(hub: HubServer, repo_id: str, files: Mapping[str, bytes]) -> Repo:
    """A Space that was made of something else."""
    repo = Repo(repo_id, "docker", created_by="ana")
    tree = {path: Blob(content) for path, content in files.items()}
    repo.refs["refs/heads/main"] = [make_commit(None, tree, "initial commit", "", "ana")]
    hub.repos[repo_id] = repo
    return repo


def with_new_key(author: Author) -> None:
    """Make the folder as a conversion with another key would have made it."""
    manifest, old, key = read_manifest(author.folder), author.record.key, new_key()
    changed = {}
    for file in read_files(author.folder, manifest):
        if file.path == "sealed.bin":
            changed[file.path] = seal_bytes(unseal_bytes(file.content, old), key)
        if file.path == "Dockerfile":
            names = key_secret(old).encode(), key_secret(key).encode()
            changed[file.path] = file.content.replace(*names)
    for path, content in changed.items():
        (author.folder / path).write_bytes(content)
    files = [
        SpaceFile(entry.path, (author.folder / entry.path).read_bytes(), entry.why)
        for entry in manifest.files
    ]
    (author.folder / MANIFEST).write_bytes(
        manifest_bytes(replace(manifest, files=entries_of(files)))
    )
    save_record(replace(author.record, key=key))
    author.change("With another key.")


def names_in_bundle(folder: Path, record: Record, names: list[str]) -> None:
    """Make the folder as the conversion of a notebook whose secrets have these names makes it."""
    manifest = read_manifest(folder)
    files = read_files(folder, manifest)
    (sealed,) = (file for file in files if file.path == "sealed.bin")
    bundle = unpack(unseal_bytes(sealed.content, record.key))
    live: dict[str, Any] = json.loads(bundle[NOTEBOOK])
    live["metadata"].setdefault("nb2space", {})["secrets"] = names
    again = seal({**bundle, NOTEBOOK: json.dumps(live).encode()}, record.key)
    (folder / "sealed.bin").write_bytes(again)
    changed = [
        replace(file, content=again) if file is sealed else file
        for file in files
        if file.path != MANIFEST
    ]
    (folder / MANIFEST).write_bytes(manifest_bytes(replace(manifest, files=entries_of(changed))))


def refused(author: Author, outcome: Outcome, code: int) -> str:
    """The sentence of a refusal before which nothing was sent, and after which nothing is known."""
    assert author.hub.log.writes == []
    return sentence(outcome, code)


def sentence(outcome: Outcome, code: int) -> str:
    """The one line of a refusal."""
    assert (outcome.code, outcome.out) == (code, ""), outcome.err
    lines = outcome.err.splitlines()
    assert lines[-1].startswith("Error: ") and "Traceback" not in outcome.err
    return lines[-1].removeprefix("Error: ")


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def published_files(repo: Repo) -> dict[str, bytes]:
    """The files of a Space without the one that is the Hub's own."""
    return {path: content for path, content in repo.files.items() if path != ".gitattributes"}


def sent(entries: list[LoggedRequest]) -> list[str]:
    """Requests as "METHOD last/parts", uploads of large files together."""
    words: list[str] = []
    for entry in entries:
        end = "lfs" if "lfs" in entry.path else entry.path.rsplit("/", 1)[-1]
        end = "commit" if "/commit/" in entry.path else end
        if words[-1:] != [f"{entry.method} {end}"] or end != "lfs":
            words.append(f"{entry.method} {end}")
    return words
