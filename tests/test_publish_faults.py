"""A fault at every single request of a publication, then the same command once more."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import Outcome
from hub import (
    Cut,
    Delay,
    Fault,
    ForgetCommit,
    HubServer,
    LoggedRequest,
    LoseAnswer,
    Refuse,
    client_env,
)
from inprocess import Clock, call, within
from publishing import TOKEN, Author, a_hub, files_of, published_files

from nb2space import patience
from nb2space.keystore import save_record

pytestmark = [
    pytest.mark.kernel,
    # lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

TARGET = "ana/report"
PASSWORD = 'correct horse/"battery"'
OLD_PASSWORD = "the password before"
API_KEY = "sk-live-0123456789"
SECRETS = {"DB_PASSWORD": PASSWORD, "OPENAI_API_KEY": API_KEY}

LIMITED = Refuse(429, headers={"Retry-After": "17"})
ONCE: dict[str, Fault] = {
    "429": LIMITED,
    "500": Refuse(500),
    "503": Refuse(503),
    "cut": Cut(),
    "lost answer": LoseAnswer(),
}
FROM_THERE_ON: dict[str, Fault] = {
    "limited": Refuse(429, headers={"Retry-After": "900"}),
    "down": Refuse(503),
    "offline": Cut(),
    "deaf": LoseAnswer(),
}


@dataclass
class Desk:
    """An author's machine, set back to the same state for each Hub."""

    author: Author
    monkeypatch: pytest.MonkeyPatch
    update: bool
    clock: Clock

    def __post_init__(self) -> None:
        save_record(replace(self.author.record, secrets=dict(SECRETS)))
        self.store = Path(os.environ["NB2SPACE_HOME"])
        self.saved = self.store.with_name("saved")
        shutil.copytree(self.store, self.saved)
        self.files = files_of(self.author.folder)

    @contextmanager
    def hub(self) -> Iterator[HubServer]:
        """A fresh Hub; with `update` an earlier version is there, with a secret of another value
        and one that is no longer used.
        """
        shutil.rmtree(self.store)
        shutil.copytree(self.saved, self.store)
        for path, content in self.files.items():
            (self.author.folder / path).write_bytes(content)
        # What the client has downloaded once it asks for less often.
        shutil.rmtree(self.author.home, ignore_errors=True)
        with a_hub() as hub:
            self.author.hub = hub
            if self.update:
                before = {"DB_PASSWORD": OLD_PASSWORD, "SMTP_PASSWORD": OLD_PASSWORD}
                save_record(replace(self.author.record, secrets=before))
                assert self.publish("--visibility", "private").code == 0
                save_record(replace(self.author.record, secrets=dict(SECRETS)))
                self.author.change()
                hub.log.clear()
            yield hub

    def publish(self, *words: str) -> Outcome:
        """`nb2space publish` in this process; nothing secret may be told, or be in any file."""
        wanted = ["--visibility", "protected"] if self.update else []
        env = client_env(self.author.hub, self.author.home, TOKEN)
        with within(self.monkeypatch, env):
            outcome = call("publish", self.author.folder, *(words or wanted))
        discreet(self.author, outcome.out + outcome.err)
        return outcome

    def complete(self) -> None:
        """The Space is there once, with everything, and there is nothing left to do."""
        hub = self.author.hub
        assert list(hub.repos) == [TARGET]
        repo = hub.repos[TARGET]
        assert repo.visibility == ("protected" if self.update else "public")
        assert published_files(repo) == files_of(self.author.folder)
        assert len(repo.commits) == (3 if self.update else 2)
        assert repo.secrets == {**self.author.key, **SECRETS}
        assert repo.runtime.stage == "RUNNING" and repo.runtime.sha == repo.head.oid
        assert self.author.record.published["target"] == TARGET
        assert "unfinished" not in self.author.record.published
        hub.log.clear()
        again = self.publish()
        assert again.code == 0 and hub.log.writes == []


def discreet(author: Author, shown: str) -> None:
    """Nothing secret is in `shown`, in a request but the one for it, or in a file."""
    secrets = [author.record.key, TOKEN, PASSWORD, API_KEY, OLD_PASSWORD]
    for secret in secrets:
        forms = {secret, json.dumps(secret)[1:-1]}
        assert not [form for form in forms if form in shown], shown
        for entry in author.hub.log:
            told = any(form.encode() in entry.raw or form in entry.path for form in forms)
            assert not told or (entry.method == "POST" and entry.path.endswith("/secrets"))
    stores = ("key-store", "saved")
    for path in author.folder.parent.rglob("*"):
        if path.is_file() and not set(stores).intersection(path.parts):
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path
    assert [entry.error for entry in author.hub.log if entry.error] == []


@pytest.fixture
def desk(author: Author, monkeypatch: pytest.MonkeyPatch, update: bool) -> Desk:
    return Desk(author, monkeypatch, update, Clock(monkeypatch))


BOTH = pytest.mark.parametrize("update", [False, True], ids=["first", "update"])


def requests_of(desk: Desk) -> list[LoggedRequest]:
    """Every request of a publication without faults."""
    with desk.hub() as hub:
        outcome = desk.publish()
        assert outcome.code == 0, outcome.err
        requests = list(hub.log)
        desk.complete()
    return requests


Hook = Callable[[LoggedRequest], Fault | None]


def at(place: int, fault: Fault, *, ever: bool) -> Hook:
    """The fault at the request of this place, or from there on."""
    seen = 0

    def hook(request: LoggedRequest) -> Fault | None:
        nonlocal seen
        seen += 1
        return fault if seen == place or (ever and seen > place) else None

    return hook


def changing(hook: Hook, struck: Callable[[], None] = lambda: None) -> Hook:
    """`hook` for requests that may change something, and `struck` with it."""

    def only(request: LoggedRequest) -> Fault | None:
        fault = hook(request) if request.method not in ("GET", "HEAD") else None
        if fault:
            struck()
        return fault

    return only


@pytest.mark.parametrize(
    ("update", "kind"),
    [*((False, kind) for kind in ONCE), (True, "429"), (True, "lost answer")],
)
def test_a_passing_fault_at_every_request_is_survived(desk: Desk, kind: str) -> None:
    for place, request in enumerate(requests_of(desk), 1):
        with desk.hub() as hub:
            hub.faults.hook = at(place, ONCE[kind], ever=False)
            desk.clock.slept.clear()
            outcome = desk.publish()
            hub.faults.clear()
            where = f"{place}: {request.method} {request.path}: {outcome.err}"
            assert outcome.code == 0, where
            limited = [entry.path for entry in hub.log if entry.status == 429]
            if limited and not re.search("^/lfs/|^/app/|/logs/", limited[0]):
                assert 17 in desk.clock.slept, where
            desk.complete()


@pytest.mark.parametrize(
    ("update", "kind"),
    [*((False, kind) for kind in FROM_THERE_ON), (True, "down"), (True, "deaf")],
)
def test_what_ends_a_publication_at_any_request_is_mended_by_the_next(
    desk: Desk, kind: str
) -> None:
    for place, request in enumerate(requests_of(desk), 1):
        with desk.hub() as hub:
            hub.faults.hook = at(place, FROM_THERE_ON[kind], ever=True)
            outcome = desk.publish()
            hub.faults.clear()
            where = f"{place}: {request.method} {request.path}: {outcome.err}"
            assert outcome.code == 3, where
            assert outcome.err.splitlines()[-1].startswith("Error: ") and outcome.out == "", where
            assert "defect" not in outcome.err, where
            again = desk.publish()
            assert again.code == 0, f"{where}{again.err}"
            desk.complete()


@BOTH
def test_answers_that_come_too_late(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    monkeypatch.setattr(patience, "_TIMEOUT", httpx2.Timeout(0.15))
    asked = [request for request in requests_of(desk) if request.method not in ("GET", "HEAD")]
    for place, request in enumerate(asked, 1):
        with desk.hub() as hub:
            hook = at(place, Delay(0.3), ever=False)
            hub.faults.hook = changing(hook)
            outcome = desk.publish()
            hub.faults.clear()
            assert outcome.code == 0, f"{place}: {request.method} {request.path}: {outcome.err}"
            desk.complete()


@BOTH
def test_a_forgotten_commit_is_noticed_and_made_again(desk: Desk) -> None:
    with desk.hub() as hub:
        hub.faults.add(ForgetCommit(), "/commit/")
        outcome = desk.publish()
        assert outcome.code == 3 and "does not hold what was published" in outcome.err
        assert hub.repos[TARGET].visibility == "private"
        assert desk.publish().code == 0
        desk.complete()


@dataclass
class Ending:
    """Ends a process when it is called; `arguments` is what others see of it."""

    process: subprocess.Popen[str]
    signal: signal.Signals
    arguments: str = ""

    def __call__(self) -> None:
        self.arguments = Path(f"/proc/{self.process.pid}/cmdline").read_text()
        self.process.send_signal(self.signal)


@pytest.mark.parametrize(
    ("update", "ending", "performed"),
    [
        (False, signal.SIGKILL, True),
        (False, signal.SIGKILL, False),
        (False, signal.SIGINT, True),
        (False, signal.SIGTERM, False),
        (True, signal.SIGKILL, True),
    ],
)
def test_a_publication_that_is_ended_at_any_change(
    desk: Desk, ending: signal.Signals, performed: bool
) -> None:
    changes = [request for request in requests_of(desk) if request.method not in ("GET", "HEAD")]
    for place in range(1, len(changes) + 1):
        with desk.hub() as hub:
            env = client_env(hub, desk.author.home, TOKEN)
            words = ["--visibility", "protected"] if desk.update else []
            process = subprocess.Popen(
                [sys.executable, "-m", "nb2space", "publish", str(desk.author.folder), *words],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            fault: Fault = LoseAnswer() if performed else Cut()
            hub.faults.hook = changing(at(place, fault, ever=True), ends := Ending(process, ending))
            shown, _ = process.communicate(timeout=60)
            hub.faults.clear()
            discreet(desk.author, shown + ends.arguments)
            assert process.returncode in (-9, 130, 143), shown
            again = desk.publish()
            assert again.code == 0, again.err
            desk.complete()
