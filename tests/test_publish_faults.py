"""A fault at every single request of a publication, then the same command once more."""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
    Repo,
    client_env,
)
from inprocess import Clock, call, within
from publishing import TOKEN, Author, files_of, published_files

from nb2space import patience
from nb2space.keystore import save_record
from nb2space.space import MANIFEST

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
    "forbidden": Refuse(403),
}
STOPPED = (
    "Stopped. Run the same command again; it goes on where it stopped.",
    "Stopped waiting; the new version is published. See how it is with: nb2space status --to "
    f"{TARGET}",
)


@dataclass
class Desk:
    """An author's machine and the Hub, both set back to the same state as often as is wanted."""

    author: Author
    monkeypatch: pytest.MonkeyPatch
    update: bool
    clock: Clock
    repos: dict[str, Repo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """With `update` an earlier version is there, with a secret of another value and one that is
        no longer used.
        """
        if self.update:
            before = {"DB_PASSWORD": OLD_PASSWORD, "SMTP_PASSWORD": OLD_PASSWORD}
            save_record(replace(self.author.record, secrets=before))
            assert self.publish("--visibility", "private").code == 0
            self.author.change()
        save_record(replace(self.author.record, secrets=dict(SECRETS)))
        self.repos = copy.deepcopy(self.author.hub.repos)
        self.store = Path(os.environ["NB2SPACE_HOME"])
        self.saved = self.store.with_name("saved")
        shutil.copytree(self.store, self.saved)
        self.files = files_of(self.author.folder)

    def fresh(self) -> HubServer:
        """The Hub, after it and the author's machine are as they were at the beginning."""
        hub = self.author.hub
        hub.faults.clear()
        hub.wait_until_idle()
        shutil.rmtree(self.store)
        shutil.copytree(self.saved, self.store)
        # What the client has downloaded once it asks for less often.
        shutil.rmtree(self.author.home, ignore_errors=True)
        hub.repos = copy.deepcopy(self.repos)
        hub.log.clear()
        self.clock.slept.clear()
        return hub

    def publish(self, *words: str) -> Outcome:
        """`nb2space publish`, to be seen by everyone where it is new."""
        wanted = ["--visibility", "protected"] if self.update else []
        return self.run("publish", self.author.folder, *(words or wanted))

    def run(self, *words: str | Path) -> Outcome:
        """Any command in this process; nothing secret may be told, or be in any file."""
        env = client_env(self.author.hub, self.author.home, TOKEN)
        with within(self.monkeypatch, env):
            outcome = call(*words)
        discreet(self.author, outcome.out + outcome.err)
        return outcome

    def complete(self) -> None:
        """The Space is there once, with everything, and there is nothing left to do."""
        hub = self.author.hub
        assert list(hub.repos) == [TARGET]
        repo = hub.repos[TARGET]
        assert repo.visibility == ("protected" if self.update else "public")
        assert published_files(repo) == self.files
        ours = [one for one in repo.commits if one.files.get(MANIFEST) == self.files[MANIFEST]]
        assert ours == [repo.head] and len(repo.commits) <= (3 if self.update else 2)
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
    hub = desk.fresh()
    outcome = desk.publish()
    assert outcome.code == 0, outcome.err
    requests = list(hub.log)
    desk.complete()
    return requests


def telling_requests(desk: Desk) -> list[tuple[int, LoggedRequest]]:
    """The requests of a publication with their places from 1, but for those that ask once more for
    what was asked since the last change.
    """
    found: dict[tuple[int, str, str], tuple[int, LoggedRequest]] = {}
    changes = 0
    for place, request in enumerate(requests_of(desk), 1):
        changes += request.method not in ("GET", "HEAD")
        kind = re.sub(r"[0-9a-f]{40}|\?.*", "", request.path)
        found.setdefault((changes, request.method, kind), (place, request))
    return list(found.values())


def changes_of(desk: Desk) -> list[LoggedRequest]:
    """Those requests of a publication that may change something."""
    return [request for request in requests_of(desk) if request.method not in ("GET", "HEAD")]


Hook = Callable[[LoggedRequest], Fault | None]


def at(place: int, fault: Fault, *, ever: bool) -> Hook:
    """The fault at the request of this place, or from there on."""
    seen = itertools.count(1)

    def hook(request: LoggedRequest) -> Fault | None:
        number = next(seen)
        return fault if number == place or (ever and number > place) else None

    return hook


def changing(hook: Hook, struck: Callable[[], None]) -> Hook:
    """`hook` for requests that may change something, and `struck` with it."""

    def only(request: LoggedRequest) -> Fault | None:
        fault = hook(request) if request.method not in ("GET", "HEAD") else None
        if fault:
            struck()
        return fault

    return only


@BOTH
@pytest.mark.parametrize("kind", ONCE)
def test_a_passing_fault_at_every_request_is_survived(desk: Desk, kind: str) -> None:
    for place, request in telling_requests(desk):
        hub = desk.fresh()
        hub.faults.hook = at(place, ONCE[kind], ever=False)
        outcome = desk.publish()
        hub.faults.clear()
        where = f"{place}: {request.method} {request.path}: {outcome.err}"
        assert outcome.code == 0, where
        limited = [entry.path for entry in hub.log if entry.status == 429]
        if limited and not re.search("^/lfs/|^/app/|/logs/", limited[0]):
            assert 17 in desk.clock.slept, where
        desk.complete()


@BOTH
@pytest.mark.parametrize("kind", FROM_THERE_ON)
def test_what_ends_a_publication_at_any_request_is_mended_by_the_next(
    desk: Desk, kind: str
) -> None:
    for place, request in telling_requests(desk):
        hub = desk.fresh()
        hub.faults.hook = at(place, FROM_THERE_ON[kind], ever=True)
        outcome = desk.publish()
        hub.faults.clear()
        where = f"{place}: {request.method} {request.path}: {outcome.err}"
        assert outcome.code in (2, 3) if kind == "forbidden" else outcome.code == 3, where
        assert outcome.err.count("\nError: ") + outcome.err.startswith("Error: ") == 1, where
        assert outcome.out == "" and "defect" not in outcome.err, where
        again = desk.publish()
        assert again.code == 0, f"{where}{again.err}"
        desk.complete()


@BOTH
def test_a_commit_that_the_hub_forgets_at_any_request(desk: Desk) -> None:
    noticed = 0
    for place, request in telling_requests(desk):
        hub = desk.fresh()
        hub.faults.hook = at(place, ForgetCommit(), ever=False)
        outcome = desk.publish()
        hub.faults.clear()
        where = f"{place}: {request.method} {request.path}: {outcome.err}"
        assert outcome.code in (0, 3) and "defect" not in outcome.err, where
        if "/commit/" in request.path:
            noticed += "does not hold what was published" in outcome.err
            assert hub.repos[TARGET].visibility == "private"
        again = desk.publish()
        assert again.code == 0, f"{where}{again.err}"
        desk.complete()
    assert noticed == 1


@BOTH
def test_answers_that_come_too_late(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    asked = requests_of(desk)
    monkeypatch.setattr(patience, "_TIMEOUT", httpx2.Timeout(0.2))
    for place, request in enumerate(asked, 1):
        hub = desk.fresh()
        hub.faults.hook = at(place, Delay(0.3), ever=False)
        outcome = desk.publish()
        hub.faults.clear()
        assert outcome.code == 0, f"{place}: {request.method} {request.path}: {outcome.err}"
        # A secret that the Hub sets late may restart the Space after the publication has ended.
        hub.wait_until_idle()
        hub.repos[TARGET].runtime.settle()
        desk.complete()


@pytest.mark.parametrize("update", [True])
@pytest.mark.parametrize("kind", ["lost answer", "down", "deaf"])
def test_a_return_to_the_version_before_survives_the_same(desk: Desk, kind: str) -> None:
    desk.fresh()
    before = published_files(desk.author.hub.repos[TARGET])
    assert desk.publish().code == 0
    desk.repos = copy.deepcopy(desk.author.hub.repos)
    hub = desk.fresh()
    assert desk.run("rollback", "--to", TARGET).code == 0
    for place, request in enumerate(list(hub.log), 1):
        hub = desk.fresh()
        ever = kind in FROM_THERE_ON
        hub.faults.hook = at(place, {**ONCE, **FROM_THERE_ON}[kind], ever=ever)
        outcome = desk.run("rollback", "--to", TARGET)
        hub.faults.clear()
        where = f"{place}: {request.method} {request.path}: {outcome.err}"
        assert outcome.code == (3 if ever else 0), where
        if ever:
            again = desk.run("rollback", "--to", TARGET)
            assert again.code == 0, f"{where}{again.err}"
        repo = hub.repos[TARGET]
        assert published_files(repo) == before and len(repo.commits) == 4, where
        assert repo.runtime.stage == "RUNNING" and repo.runtime.sha == repo.head.oid


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
    for place in range(1, len(changes_of(desk)) + 1):
        hub = desk.fresh()
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
        if ending == signal.SIGINT:
            assert shown.splitlines()[-1] in STOPPED, shown
        again = desk.publish()
        assert again.code == 0, again.err
        desk.complete()
