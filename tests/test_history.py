"""A Space's past: what lies open in its git history is found before anything is published."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hub import Fault, LoggedRequest
from hub.git import Blob
from hub.state import Commit, Repo, make_commit
from publishing import TOKEN, Author, files_of, published_files

from nb2space.runtime.bundle import unpack, unseal_bytes
from nb2space.runtime.workplace import NOTEBOOK
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


def named(repo: Repo, ref: str, files: dict[str, bytes]) -> None:
    """Give the Space a branch, tag or pull request `ref` that holds these files."""
    tree = {path: Blob(content) for path, content in files.items()}
    commits = repo.commits
    repo.refs[ref] = [*commits, make_commit(commits[-1], tree, "aside", "", "ana")]


def code_of(author: Author) -> str:
    """The longest line of the author's code."""
    bundle = unpack(unseal_bytes((author.folder / "sealed.bin").read_bytes(), author.record.key))
    cells = [c for c in json.loads(bundle[NOTEBOOK])["cells"] if c["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    return max(lines, key=len)


def without_names_of_git(files: dict[str, bytes]) -> dict[str, bytes]:
    """A version as nb2space published it before manifests had the names that git gives."""
    manifest: dict[str, Any] = json.loads(files[MANIFEST])
    entries = [{k: v for k, v in entry.items() if k != "git"} for entry in manifest["files"]]
    return {**files, MANIFEST: json.dumps({**manifest, "files": entries}).encode()}


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


def test_a_harmless_past_is_no_reason_to_refuse(author: Author) -> None:
    with_past(author, {"README.md": b"---\nsdk: docker\n---\n", "logo.png": b"x", "LICENSE": b"x"})
    assert author.publish("--to", "ana/old").code == 0


def test_its_own_past_is_no_reason_to_refuse(author: Author) -> None:
    author.published("--to", "ana/report")
    author.change()
    author.published()
    author.change("Again.")
    assert len(author.published().commits) == 4


@pytest.mark.parametrize(
    ("ref", "way_out"),
    [
        ("refs/heads/draft 1", "hf repos branch delete ana/old 'draft 1' --type space"),
        ("refs/tags/v1", "hf repos tag delete ana/old v1 --type space"),
        ("refs/convert/parquet", "refs/convert/parquet"),
    ],
)
def test_what_only_a_ref_leads_to_is_found_with_and_without_squashing(
    author: Author, ref: str, way_out: str
) -> None:
    named(with_past(author), ref, {"app.py": b"import streamlit"})
    for words in ([], ["--squash-history"]):
        outcome = author.publish("--to", "ana/old", *words)
        assert outcome.code == 1
        assert "app.py" in outcome.err and way_out in outcome.err
        assert "--squash-history" not in outcome.err
        assert author.hub.log.writes == []


def test_a_strangers_proposal_stops_nobody_unless_it_holds_the_code(author: Author) -> None:
    repo = with_past(author)
    named(repo, "refs/pr/1", {"app.py": b"import streamlit", "data/customers.csv": b"name"})
    author.published("--to", "ana/old")
    author.change()
    named(repo, "refs/pr/2", {"app.py": f"def main():\n    {code_of(author)}\n".encode()})
    outcome = author.publish()
    assert outcome.code == 1
    assert "app.py (in pull request 2)" in outcome.err
    assert "not even closing it: publish to a new Space with --to" in outcome.err


def test_the_way_out_leads_to_one_commit_that_runs(author: Author) -> None:
    from huggingface_hub import HfApi

    repo = with_past(author, {"app.py": b"import streamlit"}, {"app.py": b"import gradio"})
    repo.refs["refs/tags/v1"] = repo.commits[:1]
    refusal = author.publish("--to", "ana/old")
    assert "(in branch main, tag v1)" in refusal.err
    assert "hf repos tag delete ana/old v1 --type space, and then make its" in refusal.err
    api = HfApi(endpoint=author.hub.url, token=TOKEN)
    api.delete_tag("ana/old", tag="v1", repo_type="space")
    author.published("--to", "ana/old", "--squash-history")
    assert [len(commits) for commits in repo.refs.values()] == [1]
    assert published_files(repo) == files_of(author.folder)
    again = author.publish()
    assert again.code == 0, again.err


def test_an_old_commit_that_gets_a_name_while_it_is_squashed_is_found(author: Author) -> None:
    repo = with_past(author, {"app.py": b"import streamlit"})
    repo.visibility = "private"

    def name_it(request: LoggedRequest) -> Fault | None:
        if "/super-squash/" in request.path:
            repo.refs["refs/tags/kept"] = repo.commits[:1]
        return None

    author.hub.faults.hook = name_it
    outcome = author.publish("--to", "ana/old", "--squash-history", "--visibility", "public")
    assert outcome.code == 1
    assert "app.py (in tag kept)" in outcome.err and "tag delete ana/old kept" in outcome.err
    assert repo.visibility == "private"


def test_a_listed_path_excuses_only_what_nb2space_put_there(author: Author) -> None:
    ours = files_of(author.folder)
    plain = {"report.ipynb": b'{"cells": [{"source": "x = 1"}]}', "runtime/gate.py": b"import os"}
    with_past(author, {**ours, **plain}, without_names_of_git({**ours, **plain}))
    outcome = author.publish("--to", "ana/old")
    assert outcome.code == 1
    assert "in the open: report.ipynb, runtime/gate.py (in branch main)." in outcome.err


def test_an_earlier_manifest_excuses_what_it_lists(author: Author) -> None:
    with_past(author, without_names_of_git(files_of(author.folder)))
    assert author.publish("--to", "ana/old").code == 0


def test_a_harmless_name_excuses_no_code_of_the_notebook(author: Author) -> None:
    line = code_of(author)
    with_past(
        author,
        {"README.md": f"---\nsdk: docker\n---\nAs in `{line}`".encode(), "logo.png": b"x"},
        {"Dockerfile": f"RUN echo {line!r}\n".encode(), "apt.txt": b"git"},
    )
    outcome = author.publish("--to", "ana/old")
    assert outcome.code == 1
    assert "in the open: Dockerfile, README.md (in branch main)." in outcome.err
    assert line not in outcome.err


def test_each_commit_is_looked_at_once_and_no_published_file_is_downloaded(author: Author) -> None:
    repo = author.published("--to", "ana/report")
    author.change()
    author.published()
    repo.refs["refs/tags/v1"], repo.refs["refs/pr/1"] = repo.commits[:2], repo.commits[:]
    seen = len(author.hub.log)
    assert author.publish("--dry-run").code == 0
    asked = [entry.path for entry in list(author.hub.log)[seen:]]
    assert sum("/refs" in path for path in asked) == 1
    assert sum("/commits/" in path for path in asked) == 2
    # The head's once more, to be compared with the folder.
    assert sum("/tree/" in path for path in asked) == len(repo.commits) + 1
    # What the Hub itself put there, and the manifests; they are kept from the time before.
    read = {path.rpartition("/")[2] for path in asked if "/resolve/" in path}
    assert read <= {".gitattributes", "README.md", MANIFEST}


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
