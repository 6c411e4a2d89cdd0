"""`nb2space publish` where nothing goes wrong: what reaches the Hub, in which order, how often."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Outcome
from hub import Cut, Fault, LoggedRequest, SpaceLife, client_env
from inprocess import hurried
from publishing import (
    TOKEN,
    Author,
    files_of,
    published_files,
    sent,
)

from nb2space.keystore import save_record

pytestmark = pytest.mark.kernel


def test_first_publication(author: Author) -> None:
    arguments: set[str] = set()

    def look_around(request: LoggedRequest) -> Fault | None:
        if request.method != "GET":
            arguments.update(arguments_of_all_processes())
        return None

    author.hub.faults.hook = look_around
    outcome = author.publish()
    repo = author.hub.repos["ana/report"]
    url = f"{author.hub.url}/app/ana-report/"
    assert outcome.code == 0
    assert outcome.out == (
        f"The app answers at {url}\nIts page on the Hub: {author.hub.url}/spaces/ana/report\n"
        f'To show it in a page of yours: <iframe src="{url}" title="Alder Lamps: monthly sales '
        'report" width="100%" height="800"></iframe>\n'
    )
    shown = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "NOW", outcome.err)
    assert shown.splitlines() == [
        "Making the Space ana/report, private until it is complete",
        "Giving it the key to the sealed code",
        "Uploading what changed, in one commit",
        "Making it public",
        "Waiting until the app answers; Ctrl-C ends only the waiting",
        "The Hub says: building",
        "  ===== Build Queued at NOW =====",
        "  --> FROM docker.io/library/python:3.11",
        "  --> COPY . .",
        "The Hub says: app starting",
        "  ===== Application Startup at NOW =====",
        "  Listening on 0.0.0.0:7860",
        "The Hub says: running",
    ]
    assert [commit.title for commit in repo.commits] == [
        "initial commit",
        "Publish Alder Lamps: monthly sales report",
    ]
    listed = {entry["path"] for entry in json.loads(repo.files["nb2space.json"])["files"]}
    assert published_files(repo).keys() == listed | {"nb2space.json"}
    assert published_files(repo) == files_of(author.folder)
    # The key is there before the code that it opens.
    assert sent(author.hub.log.writes) == [
        "POST create",
        "POST secrets",
        "PUT lfs",
        "POST lfs",
        "POST commit",
        "PUT settings",
    ]
    assert repo.secrets == author.key
    assert any("nb2space" in line for line in arguments)
    assert not [line for line in arguments if author.record.key in line or TOKEN in line]
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200


def arguments_of_all_processes() -> set[str]:
    found = set()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(place.read_text(errors="replace"))
        except OSError:
            continue
    return found


def test_publishing_the_same_again_sends_nothing(author: Author) -> None:
    author.published()
    author.hub.log.clear()
    outcome = author.publish()
    assert outcome.code == 0 and author.hub.log.writes == []
    assert "ana/report holds exactly these files already" in outcome.err
    assert "The app answers at" in outcome.out


def test_json_is_one_object(author: Author) -> None:
    outcome = author.publish("--json")
    commit = author.hub.repos["ana/report"].head.oid
    assert json.loads(outcome.out) == {
        "target": "ana/report",
        "commit": commit,
        "url": f"{author.hub.url}/app/ana-report/",
        "page_url": f"{author.hub.url}/spaces/ana/report",
        "embed": f'<iframe src="{author.hub.url}/app/ana-report/" title="Alder Lamps: monthly sales'
        ' report" width="100%" height="800"></iframe>',
        "committed": True,
        "answers": True,
    }
    assert (outcome.code, outcome.err) == (0, "")
    again = author.publish("--json")
    assert json.loads(again.out)["committed"] is False
    assert json.loads(again.out)["commit"] == commit
    quiet = author.publish("--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_renamed_notebook_is_one_commit_without_stale_files(
    author: Author, notebook: Callable[..., Path], run: Callable[..., Outcome]
) -> None:
    repo = author.published()
    author.hub.log.clear()
    key = author.record.key
    # What the folder was made from is gone: it is sales.ipynb now.
    save_record(replace(author.record, notebook=str(author.folder.parent / "report.ipynb")))
    renamed = notebook("# Sales", "print('hello')", name="sales.ipynb")
    assert run("convert", renamed, "-o", author.folder).code == 0
    assert author.record.key == key
    planned = author.publish("--dry-run").out.splitlines()
    assert [line.split()[:2] for line in planned if line.startswith(("  new", "  deleted"))] == [
        ["new", "sales.ipynb"],
        ["deleted", "report.ipynb"],
    ]
    assert author.publish().code == 0
    assert sent(author.hub.log.writes)[-1] == "POST commit"
    assert len(repo.commits) == 3 and len(author.hub.log.commits) == 1
    assert not author.hub.log.matching("/secrets$", "POST")
    assert "report.ipynb" not in repo.files
    assert published_files(repo) == files_of(author.folder)


@pytest.mark.parametrize("reported", [True, False], ids=["told", "only private told"])
@pytest.mark.parametrize(
    ("first", "then"), [("public", "private"), ("protected", "public"), ("private", "protected")]
)
def test_visibility(author: Author, first: str, then: str, reported: bool) -> None:
    author.hub.report_visibility = reported
    repo = author.published("--visibility", first)
    assert repo.visibility == first
    assert author.hub.log.matching("/repos/create")[0].body["visibility"] == "private"
    author.hub.log.clear()
    assert author.published().visibility == first
    assert author.hub.log.writes == []
    assert author.published("--visibility", then).visibility == then
    assert sent(author.hub.log.writes) == ["PUT settings"]
    assert len(repo.commits) == 2


def test_dry_run_sends_nothing(author: Author) -> None:
    for exists in (False, True):
        if exists:
            author.published("--to", "ana/sales")
            author.change()
            author.hub.log.clear()
        known = author.record
        outcome = author.publish("--dry-run", "--to", "ana/sales", "--visibility", "private")
        assert outcome.code == 0 and outcome.err == ""
        assert {entry.method for entry in author.hub.log} <= {"GET", "HEAD"}
        assert author.record == known
        for path, content in files_of(author.folder).items():
            line = next(line for line in outcome.out.splitlines() if f" {path} " in line)
            change, _, size, unit, *why = line.split()
            changed = path in ("README.md", "nb2space.json")
            assert change == ("new" if not exists else "changed" if changed else "same")
            number = len(content) / (1000 if unit == "kB" else 1)
            assert size == f"{number:.0f}" and unit in ("B", "kB") and why
    assert "ana/sales: exists, would become private" in outcome.out
    assert author.hub.repos["ana/sales"].visibility == "public"


def test_targets(author: Author) -> None:
    author.hub.add_org("lamps", {"ana": "write"}, plan="team")
    author.published("--to", "sales")
    assert list(author.hub.repos) == ["ana/sales"]
    # What was published where is remembered.
    author.change()
    author.published()
    assert list(author.hub.repos) == ["ana/sales"]
    assert len(author.hub.repos["ana/sales"].commits) == 3
    # The Hub does not care for the case of an owner, so neither do we.
    author.published("--to", "Lamps/report")
    assert list(author.hub.repos) == ["ana/sales", "lamps/report"]
    assert author.hub.repos["lamps/report"].secrets == author.key
    author.hub.log.clear()
    author.published("--to", "ana/sales")
    assert author.hub.log.writes == []


def test_a_lost_secret_is_set_again(author: Author) -> None:
    repo = author.published()
    repo.secret_settings.clear()
    author.hub.log.clear()
    author.published()
    assert sent(author.hub.log.writes) == ["POST secrets"]
    assert repo.secrets == author.key


@pytest.mark.parametrize("rolling", [True, False])
def test_the_state_of_the_version_before_is_waited_out(author: Author, rolling: bool) -> None:
    repo = author.published()
    old = repo.head.oid
    author.change()
    author.hub.life = SpaceLife(stale_polls=4, rolling=rolling)
    repo.runtime.history.clear()
    outcome = author.publish()
    assert outcome.code == 0
    assert repo.runtime.history[0] == ("RUNNING", old)
    assert repo.runtime.history[-1] == ("RUNNING", repo.head.oid)
    assert outcome.err.splitlines()[-1] == "The Hub says: running"
    assert outcome.err.count("The Hub says: running\n") == 1


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_lost_answers_while_following_are_no_reason_to_give_up(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(author, monkeypatch)
    author.hub.faults.add(Cut(), "/runtime", skip=1, times=2)
    author.hub.faults.refuse(429, "/runtime", skip=1)
    assert author.publish().code == 0


def in_terminal(author: Author, typed: str, *words: str, kind: str = "dumb") -> str:
    """What a terminal of this kind shows of `nb2space publish` when this is typed."""
    ours, theirs = pty.openpty()
    env = {**os.environ, **client_env(author.hub, author.home, TOKEN), "TERM": kind}
    # As it is for a person: the client of the Hub may show its bars.
    del env["HF_HUB_DISABLE_PROGRESS_BARS"]
    command = [sys.executable, "-m", "nb2space", "publish", str(author.folder), *words]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(10) == 0, shown
    return shown.decode()


def test_in_a_terminal_it_asks_once(author: Author) -> None:
    shown = in_terminal(author, "sales\nprivate\n")
    assert "Publish to [ana/report]:" in shown and "Who may see it" in shown
    assert author.hub.repos["ana/sales"].visibility == "private"
    again = in_terminal(author, "")
    assert "Publish to" not in again and "Who may see it" not in again
    assert list(author.hub.repos) == ["ana/sales"]


def test_in_a_terminal_a_line_tells_for_how_long_it_follows(author: Author) -> None:
    shown = in_terminal(author, "", "--yes", kind="xterm-256color")
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
    for what in ("Publishing", "Following"):
        live = [line for line in lines if f" {what} ana/report" in line]
        assert live and all(re.fullmatch(rf"\S {what} ana/report 0:00:\d\d", line) for line in live)
    assert "The Hub says: building" in lines
    quiet = in_terminal(author, "", "--quiet", kind="xterm-256color")
    assert quiet == ""


def test_yes_takes_the_defaults(author: Author) -> None:
    shown = in_terminal(author, "", "--yes")
    assert "Publish to" not in shown
    assert author.hub.repos["ana/report"].visibility == "public"
