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
from hub import Blob, Fault, LoggedRequest, SpaceLife, client_env
from hub.state import make_commit
from inprocess import hurried
from publishing import FREE_TOKEN, TOKEN, Author, files_of, published_files, sent

from nb2space.keystore import save_record
from nb2space.runtime.bundle import seal_bytes, unseal_bytes
from nb2space.seal import key_secret, new_key
from nb2space.space import (
    MANIFEST,
    SpaceFile,
    entries_of,
    manifest_bytes,
    read_files,
    read_manifest,
)

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


def test_spaces_that_are_not_meant(author: Author) -> None:
    outcome = do(author, "status")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "Error: Nothing was published from here yet. Name the Space with --to.\n"
    )
    outcome = do(author, "status", author.folder)
    assert outcome.err.endswith("was not published from here yet. Name the Space with --to.\n")
    outcome = do(author, "status", "--to", "ana/none")
    assert outcome.code == 3 and "Traceback" not in outcome.err


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
    # What differs from now is the version before, so the same again goes forth.
    outcome = do(author, "rollback", "--version", second[:7], "--no-wait", "--json")
    assert json.loads(outcome.out)["version"] == second
    assert published_files(repo) == files_of(author.folder)
    outcome = do(author, "rollback", "--version", "fffffff")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "Error: ana/report has no published version fffffff; nb2space history lists them.\n"
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


def test_a_colleague_without_the_key_publishes(
    author: Author, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author.hub.add_org("lamps", {"ana": "write", "eve": "write"}, plan="team")
    author.hub.add_user("eve", token="hf_test_eve_write")
    save_record(replace(author.record, secrets={"DB_PASSWORD": "correct horse"}))
    assert author.publish("--to", "lamps/report").code == 0
    repo = author.hub.repos["lamps/report"]
    # Her machine has the folder, but not what was in the key store: converting makes a new key.
    record = author.record
    monkeypatch.setenv("NB2SPACE_HOME", str(tmp_path / "key-store-of-eve"))
    save_record(replace(record, published={}, secrets={"DB_PASSWORD": ""}))
    with_new_key(author)
    outcome = author.publish("--to", "lamps/report", token="hf_test_eve_write")
    assert outcome.code == 0, outcome.err
    assert published_files(repo) == files_of(author.folder)
    # A value that she does not know stays.
    assert repo.secrets == {key_secret(record.key): record.key, **author.key,
                            "DB_PASSWORD": "correct horse"}  # fmt: skip
    assert len(repo.commits) == 3


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
    assert author.hub.repos == {} and "target" not in author.record.published
    assert author.published().commits


def test_no_wait(author: Author) -> None:
    outcome = author.publish("--no-wait")
    assert outcome.code == 0
    assert steady(outcome.out) == "Its page on the Hub: HUB/spaces/ana/report\n"
    assert not author.hub.log.matching("/runtime")
    assert "url" not in json.loads(author.publish("--no-wait", "--json").out)
    assert author.publish("--no-wait", "--verify").code == 2


def test_a_proposal(author: Author) -> None:
    repo = author.published()
    author.change()
    author.hub.log.clear()
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
    with_new_key(author)
    outcome = author.publish("--pr", "--to", "ana/report", token=FREE_TOKEN)
    assert outcome.code == 0 and "Note: Before it is merged, ana/report needs the" in outcome.err
    assert author.publish("--pr").code == 2
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
    assert [steady(url) for url in opened] == ["HUB/app/ana-report/", "HUB/spaces/ana/report"]
