"""What a Space has beyond a repo: secrets, variables, a runtime, logs and an app."""

from __future__ import annotations

import html
import json
import mimetypes
import re
from collections.abc import Mapping

from . import access
from .life import LogLine, Phase, build_plan, error_phase, start_plan, timestamp
from .state import AppRequest, HubState, Repo, Setting
from .wire import HubError, Request, Response, Router, json_response

router: Router[HubState] = Router()

HARDWARE = {"cpu-basic": 0, "cpu-upgrade": 500, "t4-small": 6667}
"""What a Space can run on, and its price in millionths of a dollar a minute."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def after_commit(hub: HubState, repo: Repo) -> None:
    """Start what a new commit on main sets going."""
    life, runtime, sha = hub.life_of(repo), repo.runtime, repo.head.oid
    sdk = repo.card.text("sdk")
    if sdk is None:
        runtime.plan([error_phase("CONFIG_ERROR", sha)], life.stale_polls)
        return
    repo.sdk = sdk
    if sdk == "static":
        runtime.plan([Phase("RUNNING", sha)], stale_polls=0)
    elif runtime.stage == "PAUSED":
        return  # Only a restart ends a pause.
    elif sdk == "docker" and "Dockerfile" not in repo.head.tree:
        runtime.plan([Phase("NO_APP_FILE", None)], life.stale_polls)
    else:
        runtime.plan(build_plan(life, runtime, sha), life.stale_polls)


def after_setting(hub: HubState, repo: Repo) -> None:
    """Restart the container, which reads secrets and variables only when it starts."""
    runtime = repo.runtime
    if repo.sdk == "static" or runtime.stage in ("PAUSED", "NO_APP_FILE"):
        return
    life = hub.life_of(repo)
    sha = repo.head.oid
    if set(repo.secret_settings) & set(repo.variable_settings):
        message = "Collision on variables and secrets names"
        runtime.plan([error_phase("CONFIG_ERROR", sha, message)], life.stale_polls)
    elif runtime.stage in ("RUNNING", "RUNTIME_ERROR", "APP_STARTING"):
        runtime.plan(start_plan(life, runtime, sha), life.stale_polls)
    else:
        runtime.plan(build_plan(life, runtime, sha), life.stale_polls)


def check_key(key: object) -> str:
    """The name of a secret or variable, which becomes that of an environment variable."""
    if not isinstance(key, str) or _KEY.match(key) is None:
        raise HubError(400, f'Invalid environment variable name: "{key}"')
    return key


@router.on("*", "/api/spaces/{space}/(?P<kind>secrets|variables)")
def settings(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.add_space_secret``, ``get_space_secrets``, ``delete_space_secret``, and variables.

    Both kinds are answered as an object by key; only variables have their ``value`` in it.
    """
    repo = access.writable_repo(hub, request, parts["space"])
    secret = parts["kind"] == "secrets"
    stored = repo.secret_settings if secret else repo.variable_settings
    if request.method == "POST":
        wanted = request.json_object()
        key, value = check_key(wanted.get("key")), wanted.get("value")
        if not isinstance(value, str):
            raise HubError(400, '"value" is required')
        changed = key not in stored or stored[key].value != value
        stored[key] = Setting(value, wanted.get("description"))
        if changed:
            after_setting(hub, repo)
    elif request.method == "DELETE":
        key = str(request.json_object().get("key"))
        if stored.pop(key, None) is not None:
            after_setting(hub, repo)
    elif request.method != "GET":
        raise HubError(405, "Method not allowed")
    answer: dict[str, dict[str, str]] = {}
    for name, setting in stored.items():
        answer[name] = {"key": name, "updatedAt": timestamp(setting.updated_at)}
        if setting.description is not None:
            answer[name]["description"] = setting.description
        if not secret:
            answer[name]["value"] = setting.value
    return json_response(answer)


@router.on("GET", "/api/spaces/hardware")
def list_hardware(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.list_spaces_hardware``; ``JobHardwareInfo.__init__`` reads it."""
    rows = [
        {
            "name": name,
            "prettyName": name,
            "cpu": "2 vCPU",
            "ram": "16 GB",
            "unitCostMicroUSD": micro,
            "unitCostUSD": micro / 1e6,
            "unitLabel": "minute",
        }
        for name, micro in HARDWARE.items()
    ]
    return json_response(rows)


@router.on("GET", "/api/spaces/{space}/runtime")
def runtime(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.get_space_runtime``, which ``wait_for_space`` polls. Counts as a poll."""
    repo = access.readable_repo(hub, request, parts["space"])
    repo.runtime.poll()
    return _runtime(hub, repo)


def _runtime(hub: HubState, repo: Repo) -> Response:
    return json_response(repo.runtime.json(hub.host_of(repo)))


def _container_repo(hub: HubState, request: Request, parts: Mapping[str, str]) -> Repo:
    repo = access.writable_repo(hub, request, parts["space"])
    if repo.sdk == "static":
        raise HubError(400, "Static Spaces are always running")
    return repo


@router.on("POST", "/api/spaces/{space}/restart")
def restart(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.restart_space``; ``factory_reboot`` builds the image again."""
    repo = _container_repo(hub, request, parts)
    life, state, sha = hub.life_of(repo), repo.runtime, repo.head.oid
    if request.flag("factory") or state.stage in ("BUILD_ERROR", "CONFIG_ERROR"):
        state.plan(build_plan(life, state, sha), stale_polls=0)
    elif state.stage != "NO_APP_FILE":
        state.plan(start_plan(life, state, sha), stale_polls=0)
    return _runtime(hub, repo)


@router.on("POST", "/api/spaces/{space}/pause")
def pause(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.pause_space``."""
    repo = _container_repo(hub, request, parts)
    repo.runtime.set("PAUSED", repo.runtime.sha)
    return _runtime(hub, repo)


@router.on("POST", "/api/spaces/{space}/hardware")
def hardware(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.request_space_hardware``; takes effect with the restart it causes."""
    repo = _container_repo(hub, request, parts)
    wanted = request.json_object()
    flavor = str(wanted.get("flavor"))
    if flavor != "cpu-basic" and not access.plan_of(hub, repo.namespace)[1]:
        raise HubError(402, "Payment method required to use paid hardware")
    repo.runtime.requested_hardware = flavor
    if "sleepTimeSeconds" in wanted:
        repo.runtime.sleep_time = wanted["sleepTimeSeconds"]
    after_setting(hub, repo)
    return _runtime(hub, repo)


@router.on("POST", "/api/spaces/{space}/sleeptime")
def sleep_time(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.set_space_sleep_time``."""
    repo = _container_repo(hub, request, parts)
    repo.runtime.sleep_time = request.json_object().get("seconds")
    return _runtime(hub, repo)


@router.on("GET", "/api/spaces/{space}/logs/(?P<kind>build|run)")
def logs(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """``HfApi.fetch_space_logs``: server-sent events, ``data: {"data": ..., "timestamp": ...}``.

    Empty ``data:`` lines are the Hub's keep-alive, which the client skips. Without ``follow``
    the client stops at the first event later than the ``Date`` header.
    """
    repo = access.readable_repo(hub, request, parts["space"])
    access.require_caller(hub, request)
    lines = repo.runtime.build_log if parts["kind"] == "build" else repo.runtime.run_log
    body = "data:\n\n" + "".join(f"data: {json.dumps(_event(line))}\n\n" for line in lines)
    return Response(
        200, body.encode(), {"Content-Type": "text/event-stream"}, hold_open=hub.logs_stay_open
    )


def _event(line: LogLine) -> dict[str, str]:
    # The client's documentation prints these with end="": the line break is part of the data.
    return {"data": line.text + "\n", "timestamp": timestamp(line.moment)}


@router.on("*", "/app/(?P<subdomain>[^/]+)(?P<path>/.*)?")
def app(hub: HubState, request: Request, parts: Mapping[str, str]) -> Response:
    """The Space's own host. The real one is ``https://<subdomain>.hf.space``."""
    found = [repo for repo in hub.repos.values() if repo.subdomain == parts["subdomain"]]
    if not found:
        return _page(404, "Sorry, we can't find the page you are looking for.")
    repo = found[0]
    # A private Space hides its app too; a protected one hides only its repo.
    hidden = repo.visibility == "private"
    if hidden and not access.can_read(hub, access.caller_of(hub, request), repo):
        return _page(404, "Sorry, we can't find the page you are looking for.")
    if not repo.runtime.serving:
        return _page(503, f"Your Space is in the stage {repo.runtime.stage}")
    visit = AppRequest(request, repo, parts.get("path") or "/", repo.runtime.sha)
    answering = repo.app or hub.app
    if answering is not None:
        return answering(visit)
    return _static_file(visit) if repo.sdk == "static" else _container_page(visit)


def _page(status: int, text: str) -> Response:
    page = f"<!doctype html>\n<title>Space</title>\n<p>{html.escape(text)}</p>\n"
    return Response(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _container_page(visit: AppRequest) -> Response:
    return _page(200, f"{visit.repo.id} serves commit {visit.sha}")


def _static_file(visit: AppRequest) -> Response:
    history = visit.repo.resolve(visit.sha or "main") or visit.repo.commits
    path = visit.path.lstrip("/")
    if not path or path.endswith("/"):
        path += visit.repo.card.text("app_file") or "index.html"
    blob = history[-1].tree.get(path)
    if blob is None:
        return _page(404, "Sorry, we can't find the page you are looking for.")
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Response(200, blob.content, {"Content-Type": kind})
