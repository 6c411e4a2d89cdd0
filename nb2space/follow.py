"""Following a publication: until the Space runs the published commit and its app answers."""

from __future__ import annotations

import html
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from nb2space.errors import Nb2spaceError, RemoteError
from nb2space.hub import ConflictError, address_of, explained, visibility_of
from nb2space.publish import Publication
from nb2space.runtime import health
from nb2space.space import MANIFEST, STATIC, version_of
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


@dataclass(frozen=True)
class _App:
    """Where the app answers, and the token without which a private one does not; "" for none."""

    address: str
    token: str


def follow(
    api: HfApi,
    manifest: bytes,
    publication: Publication,
    step: Callable[[str], None],
    log: Callable[[str], None] | None = None,
    mask: Callable[[str], str] = str,
) -> str:
    """Wait until the Space runs the published commit and its app answers; the app's address.

    `manifest` is the published nb2space.json. `step` is told each stage, `log` each line of the
    build's and the app's log as it comes; `mask` takes secrets out of lines. Raises RemoteError,
    with the decisive lines of the log, when the Hub cannot build or start it, when the app is not
    well, or when it takes longer than 45 minutes.
    """
    begun = time.monotonic()
    first: tuple[str, str | None] | None = None
    moved = False
    last = ""
    stream: LogStream | None = None
    up_since: float | None = None
    app: _App | None = None

    def tell(line: str) -> None:
        if log:
            log(mask(line))

    for _ in _looks(_FOLLOW_SECONDS):
        with explained("following the build"):
            runtime = api.get_space_runtime(publication.target)
        stage, sha = str(getattr(runtime.stage, "value", runtime.stage)), runtime.raw.get("sha")
        if stream:
            stream.tell(tell)
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
        if stage in _UP and not (ours or sha is None):
            if time.monotonic() - begun > _STALE_SECONDS:
                _check_newest(api, publication)
            continue
        if stage == _EMPTY or (stage in _FAILED and not (ours or moved)):
            continue
        if stage != last:
            if stream:
                stream.end(tell)
            step(f"The Hub says: {stage.lower().replace('_', ' ')}")
            last = stage
            if log and stage in _BUILDING | _STARTING:
                stream = LogStream(api, publication.target, build=stage in _BUILDING)
        if stage in _FAILED:
            raise RemoteError(_failure(api, publication, stage, runtime.raw, mask))
        if stage not in _UP:
            up_since = None
            continue
        # The app may go down again, for a restart or for good; so the Hub is asked each time.
        up_since = up_since or time.monotonic()
        app = app or _app_of(api, publication)
        problem = _problem_of(app, manifest)
        if not problem:
            return app.address
        if time.monotonic() - up_since > _ANSWER_SECONDS:
            raise RemoteError(_not_well(api, publication, problem, manifest, mask))
    raise RemoteError(
        f"{publication.target} does not run the new version after 45 minutes; look at "
        f"{publication.page_url}?logs=build"
    )


def _check_newest(api: HfApi, publication: Publication) -> None:
    """Raise ConflictError when the Space has been given another version since."""
    with explained("looking for what was published since"):
        newest = api.space_info(publication.target).sha
    if newest != publication.commit:
        raise ConflictError(
            f"Someone else changed {publication.target} after this version was published, so it "
            "will not run. See what runs: nb2space history"
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


def _app_of(api: HfApi, publication: Publication) -> _App:
    with explained("asking for the app's address"):
        info = api.space_info(publication.target)
    address = address_of(info)
    if not address:
        raise RemoteError(f"The Hub does not tell the address of {publication.target}.")
    is_theirs = address.startswith(("https://", f"{api.endpoint}/"))
    token = _token(api) if visibility_of(info) == "private" and is_theirs else ""
    return _App(address, token)


def _problem_of(app: _App, manifest: bytes) -> str:
    """Why what answers is not the app of this manifest; "" when it is."""
    version = version_of(manifest)
    try:
        if json.loads(manifest)["form"] == STATIC:
            # A page without a kernel has nobody to ask; the list of its files tells its version.
            served = version_of(_fetched(app, MANIFEST))
            pages = r"\w+"
        else:
            served = str(json.loads(_fetched(app, health.PATH[1:]))["version"])
            pages = version
        if served != version:
            return "it still serves another version"
        page = _fetched(app, "").decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        return str(error)
    except (ValueError, KeyError, TypeError):
        return "what answers is not the app"
    if not re.search(rf'<meta name="nb2space-version" content="{pages}">', page):
        return "its page is not of this version"
    return ""


def _not_well(
    api: HfApi,
    publication: Publication,
    problem: str,
    manifest: bytes,
    mask: Callable[[str], str],
) -> str:
    said = (
        f"{publication.target} runs, but the app is not well after {_ANSWER_SECONDS} seconds: "
        f"{problem}."
    )
    if json.loads(manifest)["form"] == STATIC:
        return said  # a page without a kernel writes no log
    return said + _log_of(api, publication, "", mask, build=False)


def _fetched(app: _App, path: str) -> bytes:
    request = urllib.request.Request(app.address + path)
    if app.token:
        # Not for where the app may send the request on to.
        request.add_unredirected_header("Authorization", f"Bearer {app.token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def _failure(
    api: HfApi,
    publication: Publication,
    stage: str,
    raw: dict[str, Any],
    mask: Callable[[str], str],
) -> str:
    building = stage in ("BUILD_ERROR", "CONFIG_ERROR")
    told = mask(str(raw.get("errorMessage") or ""))
    return (
        f"The Hub could not {'build' if building else 'start'} {publication.target} "
        f"({stage}{': ' + told if told else ''})."
    ) + _log_of(api, publication, told, mask, build=building)


def _log_of(
    api: HfApi, publication: Publication, told: str, mask: Callable[[str], str], *, build: bool
) -> str:
    """What the log says of a failure, and what to do; `told` is what the Hub says of it."""
    try:
        lines = [mask(line) for line in fetched_lines(api, publication.target, build=build)]
    except Nb2spaceError:  # the log is a help, not the news
        lines = []
    parts = [
        " The decisive lines of its log:" if lines else "",
        *(f"  {line}".rstrip() for line in decisive_lines(lines)),
    ]
    if advice := hint_for([told, *lines]):
        parts.append(f"What to do: {advice}")
    kind = "build" if build else "container"
    return "\n".join([*parts, f"The whole log: {publication.page_url}?logs={kind}"])


def _token(api: HfApi) -> str:
    from huggingface_hub import get_token

    return api.token if isinstance(api.token, str) else get_token() or ""
