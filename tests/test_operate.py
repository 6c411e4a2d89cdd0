"""What an author does with a published Space: look, go back, pause, delete, propose, hand over."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Outcome
from hub import Blob, Fault, LoggedRequest, LoseAnswer, SpaceLife, client_env
from hub.state import make_commit
from inprocess import hurried
from publishing import (
    FREE_TOKEN,
    READ_TOKEN,
    TOKEN,
    Author,
    files_of,
    names_in_bundle,
    published_files,
    sent,
    with_new_key,
)

from nb2space.cli import COMMANDS
from nb2space.keystore import save_record
from nb2space.seal import key_secret
from nb2space.space import MANIFEST

pytestmark = [
    pytest.mark.kernel,
    # lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


@pytest.fixture
def author(author: Author, monkeypatch: pytest.MonkeyPatch) -> Author:
    hurried(author, monkeypatch)
    return author


def do(author: Author, *words: str | Path, token: str = TOKEN) -> Outcome:
    """Any command; neither the key nor the token is told."""
    outcome = author.call(*words, env=client_env(author.hub, author.home, token))
    for secret in (author.record.key, token):
        assert secret not in outcome.out + outcome.err
    return outcome


def steady(text: str) -> str:
    """`text` without what differs each time."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "NOW", text)
    return re.sub(r"http://127\.0\.0\.1:\d+", "HUB", text)


def test_status(author: Author) -> None:
    repo = author.published()
    short = repo.head.oid[:7]
    expected = (
        "ana/report: running, public\n"
        f"The newest version is {short}.\n"
        f"Secrets: {key_secret(author.record.key)}\n"
        "The app: HUB/app/ana-report/\n"
        "Its page on the Hub: HUB/spaces/ana/report\n"
    )
    # By the folder, by the Space, and because there is only one.
    for words in ([author.folder], ["--to", "report"], ["--to", "ana/report"], []):
        outcome = do(author, "status", *words)
        assert (outcome.code, steady(outcome.out), outcome.err) == (0, expected, "")
    # Who may only read sees all but the secrets.
    for token in (READ_TOKEN, FREE_TOKEN):
        outcome = do(author, "status", token=token)
        assert steady(outcome.out) == re.sub("Secrets: .*\n", "", expected)
        assert do(author, "history", token=token).code == do(author, "logs", token=token).code == 0
        outcome = do(author, "pause", token=token)
        assert outcome.code == 2 and "Your token may not do this (pausing" in outcome.err
    old = repo.head.oid
    author.change()
    author.hub.life = SpaceLife(outcome="BUILD_ERROR", error_shows_new_sha=False)
    assert author.publish().code == 3
    outcome = do(author, "status")
    assert outcome.out.splitlines()[:3] == [
        "ana/report: build error, public",
        "The Hub says: Job failed with exit code: 1. Reason: cache miss: [2/2] COPY . .",
        f"It runs {old[:7]}; the newest version is {repo.head.oid[:7]}.",
    ]
    told = json.loads(do(author, "status", "--json").out)
    assert (told["stage"], told["newest"]) == ("BUILD_ERROR", repo.head.oid)


def test_every_command_has_json(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    """One object on standard output, and nothing beside it."""
    monkeypatch.setattr("click.launch", lambda url: None)
    calls: dict[str, list[str | Path]] = {
        "publish": [author.folder],
        "status": [],
        "logs": [],
        "open": [],
        "history": [],
        "rollback": [],
        "pause": [],
        "restart": [],
        "export": ["compose", author.folder, "-o", author.folder.with_name("made")],
        "delete": ["--confirm", "ana/report"],
    }
    # Tests of each have their JSON too.
    assert {*COMMANDS} - {*calls} == {"convert", "view", "scan", "audit"}
    author.published()
    author.change()
    for command, words in calls.items():
        outcome = do(author, command, *words, "--json")
        assert (outcome.code, outcome.err) == (0, ""), (command, outcome.err)
        assert json.loads(outcome.out).keys() & {"target", "folder"}, command
        for repo in author.hub.repos.values():
            repo.runtime.settle()


def test_spaces_that_are_not_meant(author: Author) -> None:
    outcome = do(author, "status")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "Error: Nothing was published from here yet. Name the Space with --to.\n"
    )
    outcome = do(author, "status", author.folder)
    assert outcome.err.endswith("was not published from here yet. Name the Space with --to.\n")
    outcome = do(author, "status", "ana/report")
    assert outcome.err == (
        "Error: There is no folder ana/report. A Space is named with: --to ana/report\n"
    )
    for words in (["status"], ["logs"], ["history"], ["rollback"], ["pause"], ["restart"]):
        outcome = do(author, *words, "--to", "ana/none")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(
            "Error: The Hub has no such Space, or does not show it to you ("
        )
    outcome = do(author, "delete", "--to", "ana/none", "--confirm", "ana/none")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Error: There is no Space ana/none that you can see.")


def test_logs(author: Author) -> None:
    author.published()
    author.hub.life.run_log = ["Listening", "\x1b[31mred\x1b[0m", f"leak {author.record.key}"]
    assert do(author, "restart").code == 0
    author.hub.repos["ana/report"].runtime.settle()
    outcome = do(author, "logs")
    assert outcome.code == 0 and steady(outcome.out) == (
        "===== Application Startup at NOW =====\nListening\nred\nleak •••••\n"
    )
    outcome = do(author, "logs", "--build", "--follow")
    assert outcome.out.splitlines()[1:] == [
        "--> FROM docker.io/library/python:3.11",
        "--> COPY . .",
    ]
    assert json.loads(do(author, "logs", "--json").out)["lines"][1] == "Listening"
    assert do(author, "logs", "--json", "--follow").code == 2


def test_history_and_rollback(author: Author) -> None:
    repo = author.published()
    first, before = repo.head.oid, published_files(repo)
    author.change()
    author.published()
    second = repo.head.oid
    outcome = do(author, "history")
    title = "Publish Alder Lamps: monthly sales report"
    assert steady(outcome.out) == (
        f"{second[:7]}  NOW  {title}  (runs)\n{first[:7]}  NOW  {title}\n"
    )
    outcome = do(author, "rollback")
    assert (outcome.code, steady(outcome.out)) == (0, "The app answers at HUB/app/ana-report/\n")
    assert steady(outcome.err).startswith(f"Going back to {first[:7]} of NOW, in one commit\n")
    assert published_files(repo) == before and len(repo.commits) == 4
    assert repo.head.title == f"Go back to {first[:7]}: {title}"
    # The same again changes nothing; forth again it goes by name.
    outcome = do(author, "rollback", "--no-wait")
    assert (outcome.code, len(repo.commits)) == (0, 4)
    assert outcome.err == (
        "ana/report holds that version already; name another one with --version\n"
    )
    outcome = do(author, "rollback", "--version", second[:7], "--no-wait", "--json")
    assert json.loads(outcome.out)["version"] == second
    assert published_files(repo) == files_of(author.folder)
    for revision in ("fffffff", "", second[:3]):
        outcome = do(author, "rollback", "--version", revision)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            f"Error: ana/report has no published version '{revision}'; nb2space history lists "
            "them.\n"
        )


def test_a_list_of_files_that_is_foreign_is_no_version(author: Author) -> None:
    repo = author.published()
    foreign = make_commit(repo.head, {**repo.head.tree, MANIFEST: Blob(b"[]")}, "x", "", "eve")
    repo.commits.append(foreign)
    author.publish("--overwrite")
    outcome = do(author, "rollback", "--version", foreign.oid[:9])
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"Error: The nb2space.json of {foreign.oid[:7]} is not of nb2space's making. Name another "
        "version with --version; nb2space history lists them.\n"
    )


def test_a_return_is_gone_on_with(author: Author) -> None:
    """A return that was interrupted goes on with the same command, rather than back again."""
    repo = author.published()
    before = published_files(repo)
    author.change()
    author.published()
    author.hub.faults.add(LoseAnswer(), "/commit/")
    assert do(author, "rollback").code == 0, "the lost answer's commit is known again"
    assert published_files(repo) == before and len(repo.commits) == 4
    # What ends it while it is followed.
    author.change("Once more.")
    author.published()
    author.hub.faults.refuse(503, "/runtime", skip=2, times=None)
    outcome = do(author, "rollback")
    assert outcome.code == 3 and "goes on where it stopped" in outcome.err
    author.hub.faults.clear()
    for _ in range(2):
        again = do(author, "rollback")
        assert again.code == 0, again.err
        assert published_files(repo) == before and len(repo.commits) == 6


def test_a_return_tells_of_secrets_that_are_gone(author: Author) -> None:
    names_in_bundle(author.folder, author.record, ["DB_PASSWORD"])
    author.change()
    save_record(replace(author.record, secrets={"DB_PASSWORD": "correct horse"}))
    author.published()
    save_record(replace(author.record, secrets={}))
    author.change()
    author.published()
    outcome = do(author, "rollback")
    assert outcome.code == 0
    assert steady(outcome.err).count(
        "Note: That version's code uses DB_PASSWORD, which the Space has no longer. Set it again: "
        "HUB/spaces/ana/report/settings\n"
    )


def test_a_version_with_another_key_and_back(author: Author) -> None:
    repo = author.published()
    old_key = author.key
    author.hub.life = SpaceLife(rolling=True)
    with_new_key(author)
    served: list[int] = []

    def visits(request: LoggedRequest) -> Fault | None:
        """Whatever the Space runs now has its key, at every moment of the publication."""
        name = re.findall(r"NB2SPACE_KEY_\w+", running(author))[-1]
        served.append(name in repo.secrets)
        return None

    author.hub.faults.hook = visits
    author.published()
    assert served and all(served)
    assert repo.secrets == {**old_key, **author.key}
    author.hub.faults.clear()
    # The earlier version needs its own key, which the Space still has.
    assert do(author, "rollback").code == 0
    author.published()
    for name in old_key:
        del repo.secret_settings[name]
    outcome = do(author, "rollback")
    assert outcome.code == 2
    assert "The key of that version is neither a secret of ana/report nor on" in outcome.err
    # With its past the key goes.
    author.change("Again.")
    assert author.publish("--squash-history").code == 0
    assert repo.secrets == author.key


def running(author: Author) -> str:
    repo = author.hub.repos["ana/report"]
    commits = repo.resolve(repo.runtime.sha or "main")
    assert commits
    return commits[-1].files["Dockerfile"].decode()


def test_pause_and_restart(author: Author) -> None:
    repo = author.published()
    outcome = do(author, "pause")
    assert (outcome.code, outcome.out, outcome.err) == (
        0, "ana/report is paused. Start it again with: nb2space restart --to ana/report\n", ""
    )  # fmt: skip
    assert repo.runtime.stage == "PAUSED"
    outcome = do(author, "restart", author.folder)
    assert outcome.out == (
        "ana/report starts again. See how it is with: nb2space status --to ana/report\n"
    )
    repo.runtime.settle()
    assert repo.runtime.stage == "RUNNING"


def test_delete_asks_for_the_name(author: Author) -> None:
    author.published()
    for words in ([], ["--confirm", "report"], ["--json"]):
        outcome = do(author, "delete", *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            "Error: ana/report was not deleted: its name was not given. Type it when asked, or say "
            "--confirm ana/report\n"
        )
    assert list(author.hub.repos) == ["ana/report"]
    outcome = do(author, "delete", "--confirm", "ana/report")
    assert outcome.out == "ana/report is deleted. The Space folder is still here.\n"
    assert author.hub.repos == {} and author.record.published == {}
    assert author.published().commits
    # Who deletes it on the Hub itself has it forgotten here in the same way.
    author.hub.repos.clear()
    outcome = do(author, "delete", "--confirm", "ana/report", "--json")
    assert json.loads(outcome.out) == {"target": "ana/report", "deleted": False}
    assert author.record.published == {}


def test_no_wait(author: Author) -> None:
    outcome = author.publish("--no-wait")
    assert outcome.code == 0
    assert steady(outcome.out) == (
        "The app will answer at HUB/app/ana-report/\n"
        "Its page on the Hub: HUB/spaces/ana/report\n"
        'To show it in a page of yours: <iframe src="HUB/app/ana-report/" title="Alder Lamps: '
        'monthly sales report" width="100%" height="800"></iframe>\n'
    )
    assert not author.hub.log.matching("/runtime")
    assert json.loads(author.publish("--no-wait", "--json").out)["answers"] is False
    assert author.publish("--no-wait", "--verify").code == 2


def test_a_proposal(author: Author) -> None:
    repo = author.published()
    author.change()
    author.hub.log.clear()
    outcome = author.publish("--pr", "--to", "ana/report", "--dry-run", token=FREE_TOKEN)
    assert outcome.code == 0 and outcome.out.startswith("ana/report: would be proposed\n")
    assert re.search(r"\n  changed  README.md .*\nNothing was sent.\n$", outcome.out, re.DOTALL)
    assert author.hub.log.writes == []
    outcome = author.publish("--pr", "--to", "ana/report", token=FREE_TOKEN)
    assert (outcome.code, steady(outcome.out)) == (
        0, "Proposed: HUB/spaces/ana/report/discussions/1\n"
    )  # fmt: skip
    assert outcome.err == "Proposing what changed, in one pull request\n"
    assert sent(author.hub.log.writes) == ["POST commit"]
    proposed = repo.refs["refs/pr/1"][-1].files
    assert {k: v for k, v in proposed.items() if k != ".gitattributes"} == files_of(author.folder)
    again = author.publish("--pr", "--to", "ana/report", token=FREE_TOKEN)
    assert steady(again.out) == "Proposed already: HUB/spaces/ana/report/discussions/1\n"
    # What was closed is no proposal any more.
    repo.closed_proposals.add("refs/pr/1")
    again = author.publish("--pr", "--to", "ana/report", "--json", token=FREE_TOKEN)
    assert steady(json.loads(again.out)["url"]) == "HUB/spaces/ana/report/discussions/2"
    with_new_key(author)
    outcome = author.publish("--pr", "--to", "ana/report", token=FREE_TOKEN)
    assert outcome.code == 0 and "Note: Before it is merged, ana/report needs the" in outcome.err
    assert author.publish("--pr").code == 2
    outcome = author.publish("--pr", "--to", "ana/report", "--visibility", "private")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2, "Error: --pr proposes files, and --visibility is for the owner of the Space."
    )  # fmt: skip
    said = author.publish("--pr", "--to", "ana/none", token=FREE_TOKEN)
    assert (said.code, said.err) == (
        2,
        "Error: There is no Space ana/none to propose anything to.\n",
    )


def test_a_deleted_folder_is_no_hindrance(author: Author) -> None:
    author.published()
    shutil.rmtree(author.folder)
    env = client_env(author.hub, author.home, TOKEN)
    assert author.call("status", env=env).out.startswith("ana/report: running, public\n")


def test_runs_on_machines_that_know_nothing(
    author: Author, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notebook: Callable[..., Path]
) -> None:
    """As in the guide's recipe for automation: each run converts anew, with a key of its own."""
    path = notebook("# Report", "1 + 1", name="report.ipynb")
    keys = []
    for number in (1, 2):
        monkeypatch.setenv("NB2SPACE_HOME", str(tmp_path / f"key-store-{number}"))
        author.folder = tmp_path / f"machine-{number}" / "report-space"
        author.folder.parent.mkdir()
        env = client_env(author.hub, author.home, TOKEN)
        assert author.call("convert", path, "-o", author.folder, env=env).code == 0
        words = ["--to", "ana/auto", "--yes", "--no-check"]
        if number == 2:
            refused = author.publish(*words)
            assert refused.code == 2 and "replace it with --overwrite" in refused.err
        author.hub.faults.refuse(503, "/commit/", times=None)
        assert author.publish(*words, "--overwrite").code == 3
        author.hub.faults.clear()
        outcome = author.publish(*words, "--overwrite")
        assert outcome.code == 0, outcome.err
        keys.append(author.key)
    repo = author.hub.repos["ana/auto"]
    assert repo.secrets == {**keys[0], **keys[1]} and len(repo.commits) == 3
    foreign = {**repo.head.tree, "script.py": Blob(b"print()")}
    repo.commits.append(make_commit(repo.head, foreign, "by hand", "", "ana"))
    assert author.publish("--to", "ana/auto", "--overwrite").code == 1


def test_open(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    author.published()
    assert steady(do(author, "open").out) == "HUB/app/ana-report/\n"
    assert steady(do(author, "open", "--page").out) == "HUB/spaces/ana/report\n"
    # A private app is seen on its page only.
    assert author.publish("--visibility", "private").code == 0
    assert steady(do(author, "open").out) == "HUB/spaces/ana/report\n"
    page = "HUB/spaces/ana/report"
    assert [steady(url) for url in opened] == ["HUB/app/ana-report/", page, page]
