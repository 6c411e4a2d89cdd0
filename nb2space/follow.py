"""Following a publication: until the Space runs the published commit and its app answers."""

from __future__ import annotations

import hashlib
import html
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from nb2space.errors import Nb2spaceError, RemoteError
from nb2space.hub import explained, visibility_of
from nb2space.publish import Publication
from nb2space.runtime import health
from nb2space.space import MANIFEST, STATIC
from nb2space.spacelogs import LogStream, decisive_lines, fetched_lines, hint_for

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# huggingface_hub's SpaceStage: the stages from which nothing more comes by itself.
_FAILED = {"BUILD_ERROR", "RUNTIME_ERROR", "CONFIG_ERROR"}
_STOPPED = {"PAUSED", "STOPPED", "DELETING"}
_UP = {"RUNNING", "SLEEPING"}

# The stage of a Space without a Dockerfile: ours has one, so the Hub has not seen our commit yet.
_EMPTY = "NO_APP_FILE"

# The Hub gives a Space this long to start: huggingface.co/docs/hub/spaces-config-reference
# (startup_duration_timeout, default 30 minutes); the build comes before.
_FOLLOW_SECONDS = 45 * 60
_ANSWER_SECONDS = 120

# For how long the state from before a commit may still be shown.
_STALE_SECONDS = 30

_BUILDING = {"BUILDING", "RUNNING_BUILDING"}
_STARTING = {"APP_STARTING", "RUNNING_APP_STARTING"}


def follow(
    api: HfApi,
    manifest: bytes,
    publication: Publication,
    step: Callable[[str], None],
    log: Callable[[str], None] | None = None,
) -> str:
    """Wait until the Space runs the published commit and its app answers; the app's address.

    `manifest` is the published nb2space.json. `step` is told each stage, `log` each line of the
    build's and the app's log as it comes. Raises RemoteError, with the decisive lines of the log,
    when the Hub cannot build or start it, or when it takes longer than 45 minutes.
    """
    begun = time.monotonic()
    first: tuple[str, str | None] | None = None
    moved = False
    last = ""
    stream: LogStream | None = None
    for _ in _looks(_FOLLOW_SECONDS):
        with explained("following the build"):
            runtime = api.get_space_runtime(publication.target)
        stage, sha = str(getattr(runtime.stage, "value", runtime.stage)), runtime.raw.get("sha")
        if stream and log:
            stream.tell(log)
        if stage in _STOPPED:
            raise RemoteError(
                f"{publication.target} is {stage.lower()}; the new version is there and runs when "
                "the Space is started again: nb2space restart"
            )
        # Just after a commit the Hub still tells of the version before. It may also show an error
        # of ours with the commit that ran last; that one is not there from the beginning.
        first = first or (stage, sha)
        moved = moved or (stage, sha) != first or time.monotonic() - begun > _STALE_SECONDS
        ours = sha == publication.commit
        if (
            stage == _EMPTY
            or (stage in _UP and not (ours or sha is None))
            or (stage in _FAILED and not (ours or moved))
        ):
            continue
        if stage != last:
            if stream and log:
                stream.end(log)
            step(f"The Hub says: {stage.lower().replace('_', ' ')}")
            last = stage
            if log and stage in _BUILDING | _STARTING:
                stream = LogStream(api, publication.target, build=stage in _BUILDING)
        if stage in _FAILED:
            raise RemoteError(_failure(api, publication, stage, runtime.raw))
        if stage in _UP:
            return _answering(api, manifest, publication)
    raise RemoteError(
        f"{publication.target} does not run the new version after 45 minutes; look at "
        f"{publication.page_url}?logs=build"
    )


def embed_snippet(url: str, title: str) -> str:
    """The HTML with which another page shows the app at `url`."""
    named = html.escape(" ".join(title.split()), quote=True)
    return f'<iframe src="{url}" title="{named}" width="100%" height="800"></iframe>'


def _looks(seconds: float) -> Iterator[None]:
    """A look at once, the next ones soon, then one every 5 s, until `seconds` have passed."""
    deadline = time.monotonic() + seconds
    pause = 0.2
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(1.5 * pause, 5)


def _answering(api: HfApi, manifest: bytes, publication: Publication) -> str:
    """The app's address, once it answers with the version that has this manifest."""
    with explained("asking for the app's address"):
        info = api.space_info(publication.target)
    host = (info.host or "").rstrip("/")
    if not host:
        raise RemoteError(f"The Hub does not tell the address of {publication.target}.")
    version = hashlib.sha256(manifest).hexdigest()[:16]
    is_static = json.loads(manifest)["form"] == STATIC
    request = urllib.request.Request(host + (f"/{MANIFEST}" if is_static else health.PATH))
    if visibility_of(info) == "private" and host.startswith(("https://", f"{api.endpoint}/")):
        # Not for where the app may send the request on to.
        request.add_unredirected_header("Authorization", f"Bearer {_token(api)}")
    problem = "it does not answer"
    for _ in _looks(_ANSWER_SECONDS):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                content = answer.read()
            # A page without a kernel has nobody to ask; the list of its files tells its version.
            served = hashlib.sha256(content).hexdigest()[:16] if is_static else _told(content)
            if served == version:
                return host + "/"
            problem = "it still serves another version"
        except (OSError, HTTPException) as error:
            problem = str(error)
        except (ValueError, KeyError, TypeError):
            problem = "what answers is not the app"
    raise RemoteError(
        f"{publication.target} runs, but the app is not well after {_ANSWER_SECONDS} seconds: "
        f"{problem}. Look at {publication.page_url}?logs=container"
    )


def _told(health_answer: bytes) -> str:
    """The version that an app says it serves."""
    return str(json.loads(health_answer)["version"])


def _failure(api: HfApi, publication: Publication, stage: str, raw: dict[str, Any]) -> str:
    building = stage in ("BUILD_ERROR", "CONFIG_ERROR")
    try:
        lines = fetched_lines(api, publication.target, build=building)
    except Nb2spaceError:  # the log is a help, not the news
        lines = []
    told = str(raw.get("errorMessage") or "")
    parts = [
        f"The Hub could not {'build' if building else 'start'} {publication.target} "
        f"({stage}{': ' + told if told else ''})."
        + (" The decisive lines of its log:" if lines else ""),
        *(f"  {line}".rstrip() for line in decisive_lines(lines)),
    ]
    if advice := hint_for([told, *lines]):
        parts.append(f"What to do: {advice}")
    kind = "build" if building else "container"
    return "\n".join([*parts, f"The whole log: {publication.page_url}?logs={kind}"])


def _token(api: HfApi) -> str:
    from huggingface_hub import get_token

    return api.token if isinstance(api.token, str) else get_token() or ""
