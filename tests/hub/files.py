"""Reading files: trees, single paths, commits, refs, downloads."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from . import access
from .git import Blob, tree_ids
from .life import timestamp
from .repos import revision
from .spaces import after_commit
from .state import Commit, HubState, Repo, make_commit
from .wire import HubError, Request, Response, Router, json_response

router: Router[HubState] = Router()


def _page(hub: HubState, request: Request, rows: list[dict[str, Any]]) -> Response:
    """One page of a listing, with the ``Link`` header that ``_pagination.paginate`` follows."""
    try:
        start = int(base64.urlsafe_b64decode(request.query.get("cursor", ["MA=="])[-1]))
    except (ValueError, binascii.Error):
        raise HubError(400, "Invalid cursor") from None
    answer = json_response(rows[start : start + hub.page_size])
    end = start + hub.page_size
    if end < len(rows):
        query = {key: values[-1] for key, values in request.query.items()}
        query["cursor"] = base64.urlsafe_b64encode(str(end).encode()).decode()
        answer.headers["Link"] = f'<{hub.url}{request.raw_path}?{urlencode(query)}>; rel="next"'
    return answer


def _file_row(path: str, blob: Blob) -> dict[str, Any]:
    """What ``RepoFile.__init__`` reads."""
    row: dict[str, Any] = {
        "type": "file",
        "path": path,
        "size": len(blob.content),
        "oid": blob.oid,
    }
    if blob.lfs:
        row["lfs"] = {
            "oid": blob.sha256,
            "size": len(blob.content),
            "pointerSize": len(blob.pointer),
        }
    return row


def _folder_row(path: str, oid: str) -> dict[str, Any]:
    """What ``RepoFolder.__init__`` reads."""
    return {"type": "directory", "path": path, "size": 0, "oid": oid}


def _with_last_commit(row: dict[str, Any], history: list[Commit]) -> dict[str, Any]:
    path = row["path"]

    def content(commit: Commit) -> list[tuple[str, str]]:
        return [
            (name, blob.oid)
            for name, blob in commit.tree.items()
            if name == path or name.startswith(f"{path}/")
        ]

    last = history[-1]
    for older in reversed(history[:-1]):
        if content(older) != content(last):
            break
        last = older
    date = timestamp(last.date)
    return {**row, "lastCommit": {"id": last.oid, "title": last.title, "date": date}}


@router.on("GET", "/api/spaces/{space}/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?")
def tree(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.list_repo_tree`` (and ``list_repo_files``)."""
    repo = access.readable_repo(hub, request, parts["space"])
    history = revision(repo, parts["revision"])
    files = history[-1].tree
    folder = parts.get("folder", "").strip("/")
    prefix = f"{folder}/" if folder else ""
    ids = tree_ids(files)
    if folder not in ids:
        raise HubError(404, f"{folder} does not exist on {parts['revision']}", code="EntryNotFound")
    deep = request.flag("recursive")
    rows = [
        _folder_row(path, oid)
        for path, oid in sorted(ids.items())
        if path
        and path.startswith(prefix)
        and path != folder
        and (deep or "/" not in path[len(prefix) :])
    ]
    rows += [
        _file_row(path, blob)
        for path, blob in files.items()
        if path.startswith(prefix) and (deep or "/" not in path[len(prefix) :])
    ]
    if request.flag("expand"):
        rows = [_with_last_commit(row, history) for row in rows]
    return _page(hub, request, rows)


@router.on("POST", "/api/spaces/{space}/paths-info/(?P<revision>[^/]+)")
def paths_info(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.get_paths_info``, which sends a form; missing paths are left out of the answer."""
    repo = access.readable_repo(hub, request, parts["space"])
    history = revision(repo, parts["revision"])
    form = parse_qs(request.body.decode())
    ids = tree_ids(history[-1].tree)
    rows: list[dict[str, Any]] = []
    for path in form.get("paths", []):
        blob = history[-1].tree.get(path)
        if blob is not None:
            rows.append(_file_row(path, blob))
        elif path in ids:
            rows.append(_folder_row(path, ids[path]))
    if form.get("expand", ["false"])[-1].lower() in ("1", "true"):
        rows = [_with_last_commit(row, history) for row in rows]
    return json_response(rows)


@router.on("GET", "/api/spaces/{space}/commits/(?P<revision>[^/]+)")
def commits(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.list_repo_commits``, the newest first."""
    repo = access.readable_repo(hub, request, parts["space"])
    rows = [
        {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.description,
            "authors": [{"user": commit.author}],
            "date": timestamp(commit.date),
        }
        for commit in reversed(revision(repo, parts["revision"]))
    ]
    return _page(hub, request, rows)


@router.on("GET", "/api/spaces/{space}/refs")
def refs(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.list_repo_refs``."""
    repo = access.readable_repo(hub, request, parts["space"])

    def named(prefix: str) -> list[dict[str, str]]:
        return [
            {"name": ref[len(prefix) :], "ref": ref, "targetCommit": history[-1].oid}
            for ref, history in repo.refs.items()
            if ref.startswith(prefix)
        ]

    answer: dict[str, Any] = {
        "branches": named("refs/heads/"),
        "tags": named("refs/tags/"),
        "converts": named("refs/convert/"),
    }
    if request.flag("include_prs"):
        answer["pullRequests"] = named("refs/pr/")
    return json_response(answer)


@router.on("GET", "/api/spaces/{space}/discussions")
def discussions(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.get_repo_discussions``; here all of them are pull requests."""
    repo = access.readable_repo(hub, request, parts["space"])
    status = request.query.get("status", ["all"])[-1]
    rows = [
        {
            "num": int(ref.rpartition("/")[2]),
            "title": history[-1].title,
            "author": {"name": history[-1].author},
            "status": "closed" if ref in repo.closed_proposals else "open",
            "isPullRequest": True,
            "createdAt": timestamp(history[-1].date),
            "repo": {"name": repo.id, "type": "space"},
        }
        for ref, history in repo.refs.items()
        if ref.startswith("refs/pr/")
    ]
    rows = [row for row in rows if status in ("all", row["status"])]
    return json_response({"discussions": rows, "count": len(rows), "start": 0})


@router.on("POST", "/api/spaces/{space}/(?P<kind>branch|tag)/(?P<name>[^/]+)")
def make_ref(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.create_branch`` (the path names the branch), ``create_tag`` (the revision)."""
    repo = access.writable_repo(hub, request, parts["space"])
    wanted = request.json_object()
    if parts["kind"] == "branch":
        ref = f"refs/heads/{parts['name']}"
        start = str(wanted.get("startingPoint") or "main")
    else:
        ref, start = f"refs/tags/{wanted.get('tag')}", parts["name"]
    if ref in repo.refs:
        raise HubError(409, f"Reference already exists: {ref}")
    repo.refs[ref] = list(revision(repo, start))
    return json_response({})


@router.on("DELETE", "/api/spaces/{space}/(?P<kind>branch|tag)/(?P<name>[^/]+)")
def delete_ref(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.delete_branch``, ``delete_tag``; what nothing else leads to is gone with it."""
    repo = access.writable_repo(hub, request, parts["space"])
    ref = f"refs/{'heads' if parts['kind'] == 'branch' else 'tags'}/{parts['name']}"
    if ref not in repo.refs:
        raise HubError(404, f"Invalid rev id: {parts['name']}", code="RevisionNotFound")
    if ref == "refs/heads/main":
        raise HubError(403, "The main branch cannot be deleted")
    del repo.refs[ref]
    return json_response({})


@router.on("POST", "/api/spaces/{space}/super-squash/(?P<branch>[^/]+)")
def squash(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.super_squash_history``: one commit of the same files takes the history's place.

    The new commit is a new head of main, so the Space sets out to build it like any other.
    """
    repo = access.writable_repo(hub, request, parts["space"])
    ref = f"refs/heads/{parts['branch']}"
    if ref not in repo.refs:
        revision(repo, parts["branch"])
        raise HubError(400, f"Invalid branch: {parts['branch']}")
    title = str(request.json_object().get("message") or "Super-squash")
    author = access.require_caller(hub, request).user.name
    repo.refs[ref] = [make_commit(None, repo.refs[ref][-1].tree, title, "", author)]
    if ref == "refs/heads/main":
        after_commit(hub, repo)
    return json_response({"commitId": repo.refs[ref][-1].oid})


@router.on("GET", "/spaces/{space}/(?:resolve|raw)/(?P<revision>[^/]+)/(?P<path>.+)")
def resolve(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``hf_hub_download``, ``get_hf_file_metadata`` (HEAD), ``file_exists``.

    The client needs ``X-Repo-Commit`` and ``ETag``; for LFS files it prefers ``X-Linked-Etag``
    and ``X-Linked-Size``. The real Hub redirects LFS files to a CDN; here they come directly.
    """
    repo: Repo = access.readable_repo(hub, request, parts["space"])
    head = revision(repo, parts["revision"])[-1]
    headers = {
        "X-Repo-Commit": head.oid,
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
    }
    blob = head.tree.get(parts["path"])
    if blob is None:
        raise HubError(404, "Entry not found", code="EntryNotFound", headers=headers)
    headers["ETag"] = f'"{blob.upload_oid}"'
    if blob.lfs:
        headers["X-Linked-Etag"] = headers["ETag"]
        headers["X-Linked-Size"] = str(len(blob.content))
    wanted = re.match(r"bytes=(\d+)-(\d*)\Z", request.headers.get("range", ""))
    if wanted is None:
        return Response(200, blob.content, headers)
    first, size = int(wanted[1]), len(blob.content)
    last = min(int(wanted[2] or size - 1), size - 1)
    if first > last:
        raise HubError(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(206, blob.content[first : last + 1], headers)
