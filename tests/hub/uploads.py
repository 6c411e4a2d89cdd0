"""Writing files: the card check, preupload, LFS, and the commit itself.

The order in which ``HfApi.create_commit`` calls them: ``/api/validate-yaml`` if there is a
README.md, ``preupload``, for files in LFS mode the batch, the PUT and the verification, then one
POST of NDJSON to ``commit``. Files whose ``oid`` from preupload equals the local one are left out,
and without any file left there is no commit at all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from . import access
from .card import parse_card
from .git import Blob
from .repos import revision
from .spaces import after_commit
from .state import Commit, HubState, Repo, make_commit
from .upload_modes import REGULAR_LIMIT, ignored, track, upload_mode
from .wire import HubError, Request, Response, Router, json_response

router: Router[HubState] = Router()


@router.on("POST", "/api/validate-yaml")
def validate_yaml(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi._validate_yaml``."""
    access.caller_of(hub, request)
    card = parse_card(str(request.json_object().get("content", "")))
    answer = {
        "errors": [{"message": message, "type": "error"} for message in card.errors],
        "warnings": [{"message": message} for message in card.warnings],
    }
    return json_response(answer, 400 if card.errors else 200)


def _text(commit: Commit, path: str) -> str:
    blob = commit.tree.get(path)
    return "" if blob is None else blob.content.decode("utf-8", "replace")


def _upload_target(hub: HubState, request: Request, repo_id: str) -> Repo:
    """The repo to upload to. Readers may prepare a pull request, but not write to a branch."""
    access.require_caller(hub, request)
    if request.flag("create_pr"):
        return access.readable_repo(hub, request, repo_id)
    try:
        return access.writable_repo(hub, request, repo_id)
    except HubError as error:
        if error.message == access.READ_ONLY:
            advice = "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request"
            raise HubError(403, advice) from None
        raise


@router.on("POST", "/api/spaces/{space}/preupload/(?P<revision>[^/]+)")
def preupload(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``_commit_api._fetch_upload_modes``."""
    repo = _upload_target(hub, request, parts["space"])
    head = revision(repo, parts["revision"])[-1]
    wanted = request.json_object()
    attributes = _text(head, ".gitattributes")
    gitignore = wanted.get("gitIgnore")
    if gitignore is None:
        gitignore = _text(head, ".gitignore")
    answers: list[dict[str, Any]] = []
    for file in wanted.get("files", []):
        path, sample = file["path"], base64.b64decode(file["sample"])
        answer: dict[str, Any] = {
            "path": path,
            "uploadMode": upload_mode(path, file["size"], sample, attributes),
            "shouldIgnore": ignored(path, gitignore),
        }
        if path in head.tree:
            answer["oid"] = head.tree[path].upload_oid
        answers.append(answer)
    return json_response({"files": answers, "commitOid": head.oid})


@router.on("GET", "/api/spaces/{space}/xet-(?:read|write)-token/(?P<revision>[^/]+)")
def xet_token(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``_commit_api._upload_xet_files``: with hf_xet installed, the client asks for nothing else.

    No answer of the server makes the client fall back to LFS, so this refuses in plain words.
    """
    raise HubError(403, "This test Hub has no Xet storage: set HF_HUB_DISABLE_XET=1 in tests")


@router.on("POST", r"/spaces/{space}\.git/info/lfs/objects/batch")
def lfs_batch(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``lfs.post_lfs_batch_info``; an object without ``actions`` is already there."""
    repo = access.readable_repo(hub, request, parts["space"])
    access.require_caller(hub, request)
    objects: list[dict[str, Any]] = []
    for wanted in request.json_object().get("objects", []):
        oid, size = wanted["oid"], wanted["size"]
        answer: dict[str, Any] = {"oid": oid, "size": size}
        if oid not in repo.lfs_objects:
            href = f"{hub.url}/lfs/{repo.id}/{oid}"
            # On the real Hub the upload goes to a signed storage URL, without the user's token.
            answer["authenticated"] = True
            answer["actions"] = {
                "upload": {"href": f"{href}?size={size}"},
                "verify": {"href": f"{href}/verify"},
            }
        objects.append(answer)
    answer = {"transfer": "basic", "objects": objects}
    return json_response(answer, Content_Type="application/vnd.git-lfs+json")


@router.on("PUT", "/lfs/{space}/(?P<oid>[0-9a-f]{64})")
def lfs_upload(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``lfs._upload_single_part``."""
    repo = hub.repos.get(parts["space"])
    if repo is None or hashlib.sha256(request.body).hexdigest() != parts["oid"]:
        raise HubError(400, "The content does not match its SHA-256")
    repo.lfs_objects[parts["oid"]] = request.body
    return Response(200, headers={"ETag": f'"{parts["oid"]}"'})


@router.on("POST", "/lfs/{space}/(?P<oid>[0-9a-f]{64})/verify")
def lfs_verify(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """The last step of ``lfs.lfs_upload``."""
    repo = access.readable_repo(hub, request, parts["space"])
    content = repo.lfs_objects.get(parts["oid"])
    if content is None or len(content) != request.json_object().get("size"):
        raise HubError(404, "LFS object not found")
    return json_response({})


@router.on("POST", "/api/spaces/{space}/commit/(?P<revision>[^/]+)")
def commit(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``_commit_api._send_commit``; the answer's fields are those ``CommitInfo`` is made from."""
    repo = _upload_target(hub, request, parts["space"])
    history = revision(repo, parts["revision"])
    lines = request.parsed()
    if not isinstance(lines, list) or not lines or lines[0].get("key") != "header":
        raise HubError(400, "The first line of a commit must be its header")
    header = lines[0]["value"]
    if not header.get("summary"):
        raise HubError(400, '"summary" is not allowed to be empty')
    pull_request = request.flag("create_pr")
    ref = f"refs/heads/{parts['revision']}"
    if parts["revision"].startswith("refs/pr/"):
        ref = parts["revision"]
    if not pull_request and ref not in repo.refs:
        raise HubError(400, "Commits can only be added to a branch")
    expected = header.get("parentCommit")
    if expected is not None and expected != history[-1].oid:
        raise HubError(412, "A commit has happened since. Please refresh and try again.")
    tree = _changed_tree(repo, history[-1], lines[1:])
    author = access.require_caller(hub, request).user.name
    new = make_commit(history[-1], tree, header["summary"], header.get("description") or "", author)
    answer = {
        "success": True,
        "commitUrl": f"{hub.url}/spaces/{repo.id}/commit/{new.oid}",
        "commitOid": new.oid,
        "hookOutput": "",
    }
    if pull_request:
        number = 1 + sum(name.startswith("refs/pr/") for name in repo.refs)
        repo.refs[f"refs/pr/{number}"] = [*history, new]
        answer["pullRequestUrl"] = f"{hub.url}/spaces/{repo.id}/discussions/{number}"
    else:
        repo.refs[ref] = [*history, new]
        if ref == "refs/heads/main":
            after_commit(hub, repo)
    return json_response(answer)


def _changed_tree(repo: Repo, head: Commit, lines: list[dict[str, Any]]) -> dict[str, Blob]:
    """The files after the operations of a commit, which is refused as a whole or not at all."""
    tree = dict(head.tree)
    lfs_paths: list[str] = []
    for line in lines:
        key, value = line.get("key"), line.get("value", {})
        path = str(value.get("path", "")).rstrip("/")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise HubError(400, f"Invalid path: {path!r}")
        if key == "file":
            tree[path] = Blob(_decoded(path, value))
        elif key == "lfsFile":
            content = repo.lfs_objects.get(str(value.get("oid")))
            if content is None:
                raise HubError(400, f"LFS pointer points to a missing object: {path}")
            tree[path] = Blob(content, lfs=True)
            lfs_paths.append(path)
        elif key in ("deletedFile", "deletedFolder"):
            gone = [name for name in tree if name.startswith(f"{path}/")]
            if key == "deletedFile":
                gone = [path] if path in tree else []
            if not gone:  # create_commit looks for these words in the message.
                raise HubError(404, "A file with this name doesn't exist", code="EntryNotFound")
            for name in gone:
                del tree[name]
        else:
            raise HubError(400, f"Unknown commit operation: {key}")
    if lfs_paths:
        # The Hub keeps .gitattributes in step by itself, so that git clients see LFS files.
        attributes = tree.get(".gitattributes", Blob(b"")).content.decode()
        for path in lfs_paths:
            attributes = track(path, attributes)
        tree[".gitattributes"] = Blob(attributes.encode())
    readme = tree.get("README.md")
    if readme is not None and readme != head.tree.get("README.md"):
        errors = parse_card(readme.content.decode("utf-8", "replace")).errors
        if errors:
            raise HubError(400, "Invalid metadata in README.md: " + "; ".join(errors))
    return tree


def _decoded(path: str, value: Mapping[str, Any]) -> bytes:
    content = str(value.get("content", ""))
    if value.get("encoding") != "base64":
        return content.encode()
    try:
        data = base64.b64decode(content, validate=True)
    except binascii.Error:
        raise HubError(400, f"Invalid base64: {path}") from None
    if len(data) > REGULAR_LIMIT:
        raise HubError(400, f"Files larger than 10 MiB must be uploaded as LFS: {path}")
    return data
