"""The real client against the Hub: accounts, repos, commits, reading back."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import (
    CommitInfo,
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    get_session,
    hf_hub_download,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils.sha import git_hash

from . import HubServer, Scope, client_env

README = b"---\ntitle: Report\nemoji: \xf0\x9f\x93\x8a\nsdk: docker\napp_port: 7860\n---\n\nHello\n"
BINARY = bytes(range(256)) * 20
REPO = "ana/report"

# lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def create(api: HfApi, **options: Any) -> None:
    api.create_repo(REPO, repo_type="space", space_sdk="docker", **options)


def commit(api: HfApi, files: dict[str, bytes], *deleted: str, **options: Any) -> CommitInfo:
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content) for path, content in files.items()),
        *(CommitOperationDelete(path) for path in deleted),
    ]
    done: CommitInfo = api.create_commit(
        REPO, operations=operations, commit_message="Publish", repo_type="space", **options
    )
    return done


def run_client(hub: HubServer, home: Path, code: str) -> None:
    env = client_env(hub, home, "hf_test_ana_write")
    subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True)


def status_of(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return error.value.response.status_code


def test_whoami(hub: HubServer, api: HfApi) -> None:
    hub.add_org("lab", {"ana": "write"}, plan="team")
    hub.add_token("ana", "hf_test_ana_fine", "fineGrained", [Scope("user", "ana")])
    me = api.whoami()
    assert (me["name"], me["isPro"], me["auth"]["accessToken"]["role"]) == ("ana", True, "write")
    assert [(org["name"], org["roleInOrg"], org["plan"]) for org in me["orgs"]] == [
        ("lab", "write", "team")
    ]
    assert api.whoami(token="hf_test_bob_write")["isPro"] is False
    fine = api.whoami(token="hf_test_ana_fine")["auth"]["accessToken"]
    assert fine["role"] == "fineGrained"
    assert fine["fineGrained"]["scoped"][0]["permissions"] == ["repo.content.read", "repo.write"]


def test_bad_token(hub: HubServer, api: HfApi) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as error:
        api.whoami(token="hf_test_unknown")
    assert status_of(error) == 401
    create(api)
    with pytest.raises(HfHubHTTPError, match="Invalid credentials") as error:
        api.space_info(REPO, token="hf_test_unknown")
    assert status_of(error) == 401
    assert not isinstance(error.value, RepositoryNotFoundError)


def test_create_and_exist(hub: HubServer, api: HfApi) -> None:
    secrets = [{"key": "KEY", "value": "not-a-real-secret"}]
    url = api.create_repo(
        REPO, repo_type="space", space_sdk="docker", visibility="protected", space_secrets=secrets
    )
    assert (url.repo_id, url.repo_type) == (REPO, "space")
    repo = hub.repos[REPO]
    assert (repo.visibility, repo.sdk, repo.secrets) == (
        "protected",
        "docker",
        {"KEY": "not-a-real-secret"},
    )
    assert set(repo.files) == {".gitattributes", "README.md"}
    with pytest.raises(HfHubHTTPError, match="already created") as error:
        create(api)
    assert status_of(error) == 409
    create(api, exist_ok=True)
    assert api.repo_exists(REPO, repo_type="space")
    assert not api.repo_exists("ana/other", repo_type="space")
    # The token given without a namespace in the id goes to the token's owner.
    assert api.create_repo("mine", repo_type="space", space_sdk="static").repo_id == "ana/mine"


def test_create_refused(hub: HubServer, api: HfApi) -> None:
    bob = HfApi(endpoint=hub.url, token="hf_test_bob_write")
    cases: list[tuple[HfApi, str, str, dict[str, Any], int]] = [
        (bob, "bob/app", "docker", {}, 402),
        (bob, "bob/app", "static", {"visibility": "protected"}, 402),
        (api, "ana/app", "docker", {"space_hardware": "t4-small"}, 402),
        (api, "bob/app", "static", {}, 403),
        (api, "nowhere/app", "static", {}, 403),
        (HfApi(endpoint=hub.url, token="hf_test_ana_read"), "ana/app", "static", {}, 403),
        (HfApi(endpoint=hub.url, token=False), "ana/app", "static", {}, 401),
    ]
    for client, repo_id, sdk, options, status in cases:
        with pytest.raises(HfHubHTTPError) as error:
            client.create_repo(repo_id, repo_type="space", space_sdk=sdk, **options)
        assert status_of(error) == status, repo_id
    assert not hub.repos
    # The client checks the same rules itself, so this takes a bare request.
    answer = get_session().post(
        f"{hub.url}/api/repos/create",
        headers={"authorization": "Bearer hf_test_ana_write"},
        json={"name": "-bad-", "type": "space", "sdk": "static"},
    )
    assert answer.status_code == 400 and "Invalid repo name" in answer.json()["error"]


def test_free_plan_keeps_using_its_docker_space(hub: HubServer, api: HfApi, tmp_path: Path) -> None:
    create(api)
    hub.users["ana"].plan = "free"
    # 402, then the client finds that the repo is there. This works with HF_ENDPOINT alone: with
    # HfApi(endpoint=...) create_repo then fails to parse the URL it makes itself (HfUriError).
    code = (
        "from huggingface_hub import HfApi\n"
        "HfApi().create_repo('ana/report', repo_type='space', space_sdk='docker', exist_ok=True)"
    )
    run_client(hub, tmp_path, code)
    assert [entry.status for entry in hub.log][-2:] == [402, 200]
    assert commit(api, {"Dockerfile": b"FROM scratch\n"}).oid == hub.repos[REPO].head.oid


def test_private_repo_is_hidden(hub: HubServer, api: HfApi) -> None:
    create(api, private=True)
    for token in ("hf_test_bob_write", False):
        with pytest.raises(RepositoryNotFoundError):
            api.space_info(REPO, token=token)
    assert api.space_info(REPO, token="hf_test_ana_read").private is True


def test_fine_grained_token(hub: HubServer, api: HfApi) -> None:
    create(api, private=True)
    hub.add_token("ana", "hf_test_one_space", "fineGrained", [Scope("space", REPO)])
    hub.add_token(
        "ana", "hf_test_look_only", "fineGrained", [Scope("user", "ana", ("repo.content.read",))]
    )
    one = HfApi(endpoint=hub.url, token="hf_test_one_space")
    commit(one, {"a.txt": b"a\n"})
    with pytest.raises(HfHubHTTPError) as error:
        one.create_repo("ana/more", repo_type="space", space_sdk="static")
    assert status_of(error) == 403
    look = HfApi(endpoint=hub.url, token="hf_test_look_only")
    assert look.space_info(REPO).id == REPO
    with pytest.raises(HfHubHTTPError, match="create_pr=1") as error:
        commit(look, {"a.txt": b"b\n"})
    assert status_of(error) == 403
    assert len(hub.repos[REPO].commits) == 2


def test_org_roles(hub: HubServer, api: HfApi) -> None:
    hub.add_org("lab", {"ana": "contributor", "bob": "read"}, plan="team")
    api.create_repo("lab/own", repo_type="space", space_sdk="docker")
    api.add_space_variable("lab/own", "A", "1")
    with pytest.raises(HfHubHTTPError) as error:
        api.add_space_variable("lab/own", "A", "2", token="hf_test_bob_write")
    assert status_of(error) == 403
    with pytest.raises(HfHubHTTPError) as error:
        api.create_repo("lab/x", repo_type="space", space_sdk="docker", token="hf_test_bob_write")
    assert status_of(error) == 403


def test_settings_delete_move(hub: HubServer, api: HfApi) -> None:
    create(api)
    api.update_repo_settings(REPO, repo_type="space", visibility="protected")
    assert hub.repos[REPO].visibility == "protected"
    info = api.space_info(REPO)
    assert info.private is True
    assert info.visibility == "protected"  # type: ignore[attr-defined]
    hub.report_visibility = False
    assert not hasattr(api.space_info(REPO), "visibility")
    api.update_repo_settings(REPO, repo_type="space", private=False)
    assert hub.repos[REPO].visibility == "public"
    api.move_repo(REPO, "ana/renamed", repo_type="space")
    assert api.space_info(REPO).id == "ana/renamed"  # Redirected.
    api.delete_repo("ana/renamed", repo_type="space")
    assert not hub.repos
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo("ana/renamed", repo_type="space")
    api.delete_repo("ana/renamed", repo_type="space", missing_ok=True)


def test_commit_text_and_binary(hub: HubServer, api: HfApi, tmp_path: Path) -> None:
    create(api)
    picture = tmp_path / "plot.png"
    picture.write_bytes(BINARY)
    done = api.create_commit(
        REPO,
        repo_type="space",
        commit_message="Publish",
        commit_description="from a notebook",
        operations=[
            CommitOperationAdd("README.md", README),
            CommitOperationAdd("app/main.py", b"print(1)\n"),
            CommitOperationAdd("app/plot.png", picture),
            CommitOperationAdd("data/table.parquet.bin", BINARY + b"!"),
            CommitOperationAdd("empty.bin", b""),
        ],
    )
    repo = hub.repos[REPO]
    assert len(hub.log.commits) == 1 and len(repo.commits) == 2
    head = repo.commits[-1]
    assert (head.oid, head.title, head.description, head.author) == (
        done.oid,
        "Publish",
        "from a notebook",
        "ana",
    )
    assert head.parent == repo.commits[0].oid
    assert head.files["README.md"] == README
    assert head.files["app/plot.png"] == BINARY
    assert head.lfs_paths == {"app/plot.png", "data/table.parquet.bin"}
    # *.bin was tracked from the start, the picture is added by the Hub.
    assert b"app/plot.png filter=lfs" in head.files[".gitattributes"]
    assert b"data/" not in head.files[".gitattributes"]
    assert len(hub.log.matching(r"^/lfs/", "PUT")) == 2
    assert done.repo_url.repo_id == REPO


def test_same_commit_again_is_skipped(
    hub: HubServer, api: HfApi, caplog: pytest.LogCaptureFixture
) -> None:
    create(api)
    files = {"README.md": README, "a.txt": "café\n".encode(), "b.bin": BINARY}
    first = commit(api, files)
    again = commit(api, files)
    assert again.oid == first.oid
    assert len(hub.log.commits) == 1
    assert "No files have been modified" in caplog.text
    # Of a mixed commit only what changed is sent.
    commit(api, {**files, "a.txt": b"new\n"})
    sent = [line["value"].get("path") for line in hub.log.commits[-1].body[1:]]
    assert sent == ["a.txt"]
    # The binary file was never sent twice.
    assert len(hub.log.matching(r"^/lfs/", "PUT")) == 1


def test_large_text_goes_to_lfs(hub: HubServer, api: HfApi) -> None:
    create(api)
    commit(api, {"big.txt": b"x" * (10 * 1024 * 1024 + 1), "small.txt": b"x"})
    assert hub.repos[REPO].head.lfs_paths == {"big.txt"}


def test_deletion(hub: HubServer, api: HfApi) -> None:
    create(api)
    commit(api, {"a.txt": b"a", "old/b.txt": b"b", "old/c.txt": b"c"})
    commit(api, {"d.txt": b"d"}, "a.txt", "old/")
    assert set(hub.repos[REPO].files) == {".gitattributes", "README.md", "d.txt"}
    with pytest.raises(RemoteEntryNotFoundError, match="trailing '/'"):
        commit(api, {"e.txt": b"e"}, "old")
    assert "e.txt" not in hub.repos[REPO].files


def test_parent_commit(hub: HubServer, api: HfApi) -> None:
    create(api)
    first = api.space_info(REPO).sha
    commit(api, {"a.txt": b"a"}, parent_commit=first)
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as error:
        commit(api, {"a.txt": b"b"}, parent_commit=first)
    assert status_of(error) == 412
    assert hub.repos[REPO].files["a.txt"] == b"a"


def test_pull_request(hub: HubServer, api: HfApi) -> None:
    create(api)
    bob = HfApi(endpoint=hub.url, token="hf_test_bob_write")
    with pytest.raises(HfHubHTTPError, match="create_pr"):
        commit(bob, {"a.txt": b"a"})
    done = commit(bob, {"a.txt": b"a"}, create_pr=True)
    assert (done.pr_num, done.pr_revision) == (1, "refs/pr/1")
    assert "a.txt" not in hub.repos[REPO].files
    assert hub.repos[REPO].refs["refs/pr/1"][-1].files["a.txt"] == b"a"
    pulls = api.list_repo_refs(REPO, repo_type="space", include_pull_requests=True).pull_requests
    assert pulls is not None and pulls[0].target_commit == done.oid
    assert api.space_info(REPO, revision="refs/pr/1").sha == done.oid


def test_card_is_validated(hub: HubServer, api: HfApi) -> None:
    create(api)
    for bad, message in [
        (b"---\nsdk: shiny\n---\n", '"sdk" must be one of'),
        (b"---\nsdk: docker\ncolorFrom: black\n---\n", '"colorFrom" must be one of'),
        (b"---\ntitle: A: b\n---\n", "Invalid YAML"),
        (b"---\nsdk: docker\nemoji: x\n---\n", "emoji"),
    ]:
        with pytest.raises(ValueError, match=message):
            commit(api, {"README.md": bad})
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        commit(api, {"README.md": b"# Hello\n"})
    assert len(hub.log.commits) == 1
    escaped = b'---\ntitle: "A: b"\nsdk: docker\nemoji: "\\U0001F4CA"\ntags: [a, b]\n---\n'
    commit(api, {"README.md": escaped})
    card = api.space_info(REPO).card_data
    assert card is not None and (card.title, card.tags) == ("A: b", ["a", "b"])


def test_gitignore(hub: HubServer, api: HfApi) -> None:
    create(api)
    commit(api, {".gitignore": b"*.tmp\nbuild/\n", "a.tmp": b"1", "build/x": b"2", "b": b"3"})
    assert set(hub.repos[REPO].files) == {".gitattributes", ".gitignore", "README.md", "b"}


def test_tree_and_paths(hub: HubServer, api: HfApi) -> None:
    create(api)
    commit(api, {"app/a.txt": b"a", "app/sub/b.bin": BINARY})
    hub.page_size = 2
    rows = list(api.list_repo_tree(REPO, repo_type="space", recursive=True))
    assert len(hub.log.matching("/tree/")) == 3
    files = {row.path: row for row in rows if isinstance(row, RepoFile)}
    folders = {row.path: row for row in rows if isinstance(row, RepoFolder)}
    assert set(files) == set(hub.repos[REPO].files)
    assert set(folders) == {"app", "app/sub"}
    assert files["app/a.txt"].blob_id == git_hash(b"a")
    lfs = files["app/sub/b.bin"].lfs
    assert lfs is not None and lfs.sha256 == hashlib.sha256(BINARY).hexdigest()
    assert files["app/sub/b.bin"].size == len(BINARY)
    below = api.list_repo_tree(REPO, "app", repo_type="space", expand=True)
    assert [row.path for row in below] == ["app/sub", "app/a.txt"]
    found = api.get_paths_info(REPO, ["app", "app/a.txt", "gone"], repo_type="space")
    assert [row.path for row in found] == ["app", "app/a.txt"]
    blobs = api.space_info(REPO, files_metadata=True).siblings
    assert blobs is not None
    assert {b.rfilename: b.blob_id for b in blobs}["app/a.txt"] == git_hash(b"a")


def test_tree_ids_are_those_of_git(hub: HubServer, api: HfApi, tmp_path: Path) -> None:
    create(api)
    commit(api, {"a-b/x": b"1", "a/y": b"2", "a.txt": b"3"})
    for path, content in hub.repos[REPO].files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    git("-c", "core.autocrlf=false", "add", ".")
    root = git("write-tree")
    rows = api.list_repo_tree(REPO, repo_type="space")
    ids = {row.path: row.tree_id for row in rows if isinstance(row, RepoFolder)}
    assert ids == {name: git("rev-parse", f"{root}:{name}") for name in ("a", "a-b")}


def test_history_and_squash(hub: HubServer, api: HfApi) -> None:
    create(api)
    for number in range(3):
        commit(api, {"a.txt": str(number).encode()})
    listed = api.list_repo_commits(REPO, repo_type="space")
    assert [item.commit_id for item in reversed(listed)] == [
        item.oid for item in hub.repos[REPO].commits
    ]
    assert listed[0].authors == ["ana"] and listed[-1].title == "initial commit"
    api.create_tag(REPO, tag="v1", repo_type="space", revision=listed[1].commit_id)
    refs = api.list_repo_refs(REPO, repo_type="space")
    assert [tag.name for tag in refs.tags] == ["v1"]
    api.super_squash_history(REPO, repo_type="space", commit_message="One")
    assert [item.title for item in hub.repos[REPO].commits] == ["One"]
    assert hub.repos[REPO].files["a.txt"] == b"2"
    with pytest.raises(RevisionNotFoundError):
        api.super_squash_history(REPO, repo_type="space", branch="gone")


def test_downloads(hub: HubServer, api: HfApi, tmp_path: Path) -> None:
    create(api)
    done = commit(api, {"a b.txt": b"text", "b.bin": BINARY})
    for path, content in (("a b.txt", b"text"), ("b.bin", BINARY)):
        local = hf_hub_download(
            REPO, path, repo_type="space", endpoint=hub.url, token=api.token, cache_dir=tmp_path
        )
        assert Path(local).read_bytes() == content
        assert done.oid in local
    assert api.file_exists(REPO, "b.bin", repo_type="space")
    assert not api.file_exists(REPO, "c.bin", repo_type="space")
    with pytest.raises(RevisionNotFoundError):
        api.space_info(REPO, revision="0" * 40)


def test_client_in_a_subprocess(hub: HubServer, tmp_path: Path) -> None:
    code = (
        "from huggingface_hub import HfApi\n"
        "api = HfApi()\n"
        "api.create_repo('ana/report', repo_type='space', space_sdk='static')\n"
        "api.upload_file(path_or_fileobj=bytes(range(256)), path_in_repo='x.bin',\n"
        "                repo_id='ana/report', repo_type='space')\n"
    )
    run_client(hub, tmp_path, code)
    assert hub.repos[REPO].head.lfs_paths == {"x.bin"}
    # The upload itself goes to a storage address, without the token.
    assert {entry.method: entry.token for entry in hub.log} == {
        "POST": "hf_test_ana_write",
        "PUT": None,
    }


def test_xet_is_refused_in_plain_words(hub: HubServer, api: HfApi, tmp_path: Path) -> None:
    pytest.importorskip("hf_xet")
    create(api)
    code = (
        "from huggingface_hub import HfApi\n"
        "HfApi().upload_file(path_or_fileobj=bytes(range(256)), path_in_repo='x.bin',\n"
        "                    repo_id='ana/report', repo_type='space')\n"
    )
    env = client_env(hub, tmp_path, "hf_test_ana_write")
    del env["HF_HUB_DISABLE_XET"]
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    assert done.returncode != 0 and b"xet-write-token" in done.stderr
    assert not hub.log.commits
