"""Repos: create, delete, move, settings, info, and who am I.

The other end of each route is named in its docstring.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from . import access, spaces
from .git import Blob
from .life import Phase, timestamp
from .state import Commit, HubState, Repo, Setting, Visibility, make_commit
from .upload_modes import DEFAULT_ATTRIBUTES
from .wire import HubError, Request, Response, Router, json_response

router: Router[HubState] = Router()

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?\Z")
_README = """---
title: {title}
emoji: \N{PERSONAL COMPUTER}
colorFrom: blue
colorTo: gray
sdk: {sdk}
pinned: false
---

Check out the configuration reference at https://huggingface.co/docs/hub/spaces-config-reference
"""


@router.on("GET", "/api/whoami-v2")
def whoami(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.whoami``."""
    return json_response(access.whoami(hub, access.require_caller(hub, request)))


@router.on("POST", "/api/repos/create")
def create(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.create_repo``.

    With ``exist_ok`` the client accepts a 409 and then reads ``url`` from its body; after a 402
    or 403 it asks whether the repo is already there. So plan and rights are checked first.
    """
    caller = access.require_caller(hub, request)
    wanted = request.json_object()
    if wanted.get("type") != "space":
        raise HubError(400, "This test Hub holds Spaces only")
    repo_id = _new_id(wanted.get("organization") or caller.user.name, wanted.get("name"))
    visibility = _visibility(wanted)
    sdk = wanted.get("sdk")
    if sdk not in ("gradio", "streamlit", "docker", "static"):
        raise HubError(400, '"sdk" must be one of [gradio, docker, static, streamlit]')
    hardware = str(wanted.get("hardware") or "cpu-basic")
    namespace = repo_id.split("/")[0]
    access.require_namespace(hub, caller, namespace)
    access.require_plan(hub, namespace, sdk, hardware, visibility)
    if repo_id in hub.repos:
        raise HubError(
            409,
            "You already created this space repo",
            extra={"url": f"{hub.url}/spaces/{repo_id}"},
        )
    repo = Repo(repo_id, sdk, visibility, caller.user.name)
    for kind, settings in (
        ("secrets", repo.secret_settings),
        ("variables", repo.variable_settings),
    ):
        for item in wanted.get(kind) or []:
            spaces.check_key(item.get("key"))
            settings[item["key"]] = Setting(str(item["value"]), item.get("description"))
    repo.runtime.requested_hardware = repo.runtime.hardware = hardware
    repo.refs["refs/heads/main"] = [_first_commit(repo)]
    if sdk == "static":
        repo.runtime.plan([Phase("RUNNING", repo.head.oid)], stale_polls=0)
    hub.repos[repo_id] = repo
    hub.moved.pop(repo_id, None)
    return json_response(
        {"url": f"{hub.url}/spaces/{repo_id}", "name": repo_id, "private": repo.private}
    )


def _first_commit(repo: Repo) -> Commit:
    # The Hub gives every Space these two files, so a publisher never starts from nothing.
    readme = _README.format(title=repo.name.replace("-", " ").title(), sdk=repo.sdk)
    tree = {
        ".gitattributes": Blob(DEFAULT_ATTRIBUTES.encode()),
        "README.md": Blob(readme.encode()),
    }
    return make_commit(None, tree, "initial commit", "", "system")


def _new_id(namespace: str, name: object) -> str:
    # The rules of huggingface_hub.utils.validate_repo_id, which the Hub applies as well.
    if (
        not isinstance(name, str)
        or _NAME.match(name) is None
        or "--" in name
        or ".." in name
        or name.endswith(".git")
    ):
        raise HubError(400, f'Invalid repo name: "{namespace}/{name}"')
    return f"{namespace}/{name}"


def _visibility(wanted: Mapping[str, Any]) -> Visibility:
    value = wanted.get("visibility")
    if value is None:  # Clients before 2.0 send a boolean instead.
        value = "private" if wanted.get("private") else "public"
    for known in get_args(Visibility):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise HubError(400, '"visibility" must be one of [public, protected, private]')


def _named_repo(hub: HubState, request: Request) -> Repo:
    """The repo named by a body of name and organization, if the caller may administer it."""
    caller = access.require_caller(hub, request)
    wanted = request.json_object()
    namespace = wanted.get("organization") or caller.user.name
    return access.writable_repo(hub, request, f"{namespace}/{wanted.get('name')}")


@router.on("DELETE", "/api/repos/delete")
def delete(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.delete_repo``."""
    repo = _named_repo(hub, request)
    del hub.repos[repo.id]
    return json_response({})


@router.on("POST", "/api/repos/move")
def move(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.move_repo``; requests to the old id are redirected from then on."""
    wanted = request.json_object()
    caller = access.require_caller(hub, request)
    repo = access.writable_repo(hub, request, str(wanted.get("fromRepo")))
    namespace, _, name = str(wanted.get("toRepo")).partition("/")
    target = _new_id(namespace, name)
    access.require_namespace(hub, caller, namespace)
    if target in hub.repos:
        raise HubError(409, "A repository with this name already exists")
    del hub.repos[repo.id]
    hub.moved[repo.id] = target
    hub.moved.pop(target, None)
    repo.id = target
    hub.repos[target] = repo
    return json_response({})


@router.on("PUT", "/api/spaces/{space}/settings")
def settings(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.update_repo_settings``."""
    repo = access.writable_repo(hub, request, parts["space"])
    wanted = request.json_object()
    if "visibility" in wanted or "private" in wanted:
        visibility = _visibility(wanted)
        # Only what changes must be paid for: the Space itself may be older than its owner's plan.
        access.require_plan(hub, repo.namespace, "static", "cpu-basic", visibility)
        repo.visibility = visibility
    if "gated" in wanted:
        repo.gated = wanted["gated"]
    return json_response(
        {"private": repo.private, "visibility": repo.visibility, "gated": repo.gated}
    )


@router.on("GET", "/api/spaces/{space}/auth-check(?P<write>/write)?")
def auth_check(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.auth_check``."""
    if "write" in parts:
        access.writable_repo(hub, request, parts["space"])
    else:
        access.readable_repo(hub, request, parts["space"])
    return json_response({})


@router.on("GET", "/api/spaces")
def list_spaces(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.list_spaces``, as far as its ``author`` and ``search`` go."""
    caller = access.caller_of(hub, request)
    author = request.query.get("author", [None])[-1]
    search = request.query.get("search", [""])[-1].lower()
    return json_response(
        [
            info(hub, repo, repo.commits)
            for repo in hub.repos.values()
            if author in (None, repo.namespace)
            and search in repo.id.lower()
            and access.can_read(hub, caller, repo)
        ]
    )


@router.on("GET", "/api/spaces/{space}(?:/revision/(?P<revision>[^/]+))?")
def repo_info(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.space_info`` (and ``repo_info``, ``repo_exists``, an empty ``create_commit``)."""
    repo = access.readable_repo(hub, request, parts["space"])
    history = revision(repo, parts.get("revision", "main"))
    answer = info(hub, repo, history, blobs=request.flag("blobs"))
    expand = request.query.get("expand", []) + request.query.get("expand[]", [])
    if expand:
        answer = {key: value for key, value in answer.items() if key in ("_id", "id", *expand)}
    return json_response(answer)


def revision(repo: Repo, name: str) -> list[Commit]:
    """The history up to a revision; 404 as ``RevisionNotFoundError`` if there is none."""
    history = repo.resolve(name)
    if history is None:
        raise HubError(404, f"Invalid rev id: {name}", code="RevisionNotFound")
    return history


def info(
    hub: HubState, repo: Repo, history: list[Commit], *, blobs: bool = False
) -> dict[str, Any]:
    """What ``SpaceInfo.__init__`` reads. Reading it does not count as a poll of the runtime."""
    head = history[-1]
    siblings: list[dict[str, Any]] = []
    for path, blob in head.tree.items():
        sibling: dict[str, Any] = {"rfilename": path}
        if blobs:
            sibling.update(size=len(blob.content), blobId=blob.oid)
            if blob.lfs:
                sibling["lfs"] = {
                    "sha256": blob.sha256,
                    "size": len(blob.content),
                    "pointerSize": len(blob.pointer),
                }
        siblings.append(sibling)
    host = hub.host_of(repo)
    answer: dict[str, Any] = {
        "_id": f"id-{repo.id}",
        "id": repo.id,
        "author": repo.namespace,
        "sha": head.oid,
        "lastModified": timestamp(head.date),
        "createdAt": timestamp(repo.created_at),
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "host": host,
        "subdomain": repo.subdomain,
        "tags": [repo.sdk, "region:us"],
        "likes": 0,
        "sdk": repo.sdk,
        "models": [],
        "datasets": [],
        "region": "us",
        "runtime": repo.runtime.json(host),
        "cardData": repo.card.data,
        "siblings": siblings,
        "usedStorage": sum(len(blob.content) for blob in head.tree.values()),
    }
    if hub.report_visibility:
        answer["visibility"] = repo.visibility
    return answer
