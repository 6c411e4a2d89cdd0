"""A Space's past: what lies open in its git history is found before anything is published."""

from __future__ import annotations

import json

import pytest
from hub import Fault, LoggedRequest
from hub.git import Blob
from hub.state import Commit, Repo, make_commit
from publishing import Author

from nb2space.space import MANIFEST


def with_past(author: Author, *past: dict[str, bytes]) -> Repo:
    """A Space "ana/old" that held each of `past` in turn, and nothing but its card now."""
    repo = Repo("ana/old", "docker", created_by="ana")
    commits: list[Commit] = []
    for number, files in enumerate([*past, {"README.md": b"---\nsdk: docker\n---\n"}]):
        tree = {path: Blob(content) for path, content in files.items()}
        parent = commits[-1] if commits else None
        commits.append(make_commit(parent, tree, f"commit {number}", "", "ana"))
    repo.refs["refs/heads/main"] = commits
    author.hub.repos["ana/old"] = repo
    return repo


@pytest.mark.parametrize(
    "plain",
    [
        {"app.py": b"import streamlit"},
        {"report.ipynb": b"{}"},
        {"data/customers.csv": b"name"},
        {"report.ipynb": b"{}", MANIFEST: json.dumps({"files": []}).encode()},
        {
            "report.ipynb": b"{}",
            MANIFEST: b'{"show_source": true, "files": [{"path": "report.ipynb"}]}',
        },
        {"secret.txt": b"x", MANIFEST: b"not json"},
    ],
    ids=["script", "notebook", "data", "unlisted", "once public", "no manifest"],
)
def test_a_past_in_the_open_is_refused_with_the_way_out(
    author: Author, plain: dict[str, bytes]
) -> None:
    repo = with_past(author, plain)
    outcome = author.publish("--to", "ana/old")
    assert outcome.code == 1
    assert sorted(set(plain) - {MANIFEST})[0] in outcome.err
    assert "--squash-history" in outcome.err and "--to" in outcome.err
    assert author.hub.log.writes == [] and repo.secrets == {}


def test_squashing_makes_it_one_commit_that_runs(author: Author) -> None:
    with_past(author, {"app.py": b"import streamlit"}, {"app.py": b"import gradio"})
    repo = author.published("--to", "ana/old", "--squash-history")
    assert len(repo.commits) == 1
    assert "app.py" not in repo.commits[-1].files
    assert (author.folder / "sealed.bin").read_bytes() == repo.commits[-1].files["sealed.bin"]
    again = author.publish()
    assert again.code == 0, again.err


def test_a_harmless_past_is_no_reason_to_refuse(author: Author) -> None:
    with_past(author, {"README.md": b"---\nsdk: docker\n---\n", "logo.png": b"x", "LICENSE": b"x"})
    assert author.publish("--to", "ana/old").code == 0


def test_its_own_past_is_no_reason_to_refuse(author: Author) -> None:
    author.published("--to", "ana/report")
    author.change()
    author.published()
    author.change("Again.")
    assert len(author.published().commits) == 4


def test_what_somebody_adds_behind_our_back_is_noticed(author: Author) -> None:
    def intrude(request: LoggedRequest) -> Fault | None:
        repo = author.hub.repos.get("ana/report")
        if repo and "/tree/" in request.path and repo.head.title.startswith("Publish"):
            tree = {**repo.head.tree, "intruder.py": Blob(b"print()")}
            repo.commits.append(make_commit(repo.head, tree, "not ours", "", "bob"))
        return None

    author.hub.faults.hook = intrude
    outcome = author.publish("--to", "ana/report")
    assert outcome.code == 3
    assert "does not hold what was published: intruder.py" in outcome.err
