"""`nb2space publish` while it follows: it tells truly whether the app is up, and why it is not."""

from __future__ import annotations

import pytest
from hub import AppRequest, Fault, LoggedRequest, Response, SpaceLife
from hub.state import make_commit
from inprocess import hurried
from publishing import Author, page_of, sentence, space_app

pytestmark = [
    pytest.mark.kernel,
    # lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


@pytest.fixture
def author(author: Author, monkeypatch: pytest.MonkeyPatch) -> Author:
    hurried(author, monkeypatch)
    return author


@pytest.mark.parametrize("shows_new", [True, False], ids=["new sha", "old sha"])
@pytest.mark.parametrize(
    ("outcome", "verb", "log"),
    [("BUILD_ERROR", "build", "build"), ("RUNTIME_ERROR", "start", "container")],
)
def test_failed_space(author: Author, outcome: str, verb: str, log: str, shows_new: bool) -> None:
    lines = [f"step {number}" for number in range(1, 31)]
    lines.append("ERROR: No matching distribution found for nosuch==1.0")
    fails = SpaceLife(
        outcome=outcome,  # type: ignore[arg-type]
        error_message="Exit code: 1",
        build_log=lines if verb == "build" else ["built"],
        run_log=lines if verb == "start" else ["never"],
        error_shows_new_sha=shows_new,
    )
    author.hub.life = fails
    expected = [
        f"Error: The Hub could not {verb} ana/report ({outcome}: Exit code: 1). "
        "The decisive lines of its log:",
        *(f"  {line}" for line in lines[-15:]),
        "What to do: No package index has nosuch==1.0 for the Space's Python. Declare a version "
        "that exists in a requirements.txt beside the notebook, convert again, and publish again.",
        f"The whole log: {author.hub.url}/spaces/ana/report?logs={log}",
    ]
    done = author.publish()
    assert done.code == 3 and "Traceback" not in done.err
    assert done.err.splitlines()[-18:] == expected
    # The same again does not hang: it tells the same, as nothing else was published.
    if shows_new:
        assert author.publish().err.splitlines()[-18:] == expected
    # Once mended, the old error is not taken for news.
    author.change()
    author.hub.life = SpaceLife()
    mended = author.publish()
    assert mended.code == 0, mended.err
    assert "error" not in mended.err


def test_paused_space(author: Author) -> None:
    repo = author.published()
    repo.runtime.set("PAUSED", repo.head.oid)
    author.change()
    said = sentence(author.publish(), 3)
    assert said == (
        "ana/report is paused; the new version is there and runs when the Space is started again: "
        "nb2space restart"
    )
    assert len(repo.commits) == 3


def test_someone_elses_version_came_after(author: Author) -> None:
    repo = author.published()
    author.change()

    def commit_after(request: LoggedRequest) -> Fault | None:
        if request.path.endswith("/runtime") and len(repo.commits) == 3:
            foreign = make_commit(repo.head, repo.head.tree, "theirs", "", "eve")
            repo.commits.append(foreign)
            repo.runtime.set("RUNNING", foreign.oid)
        return None

    author.hub.faults.hook = commit_after
    assert sentence(author.publish(), 3) == (
        "Someone else changed ana/report after this version was published, so it will not run. See "
        "what runs: nb2space history"
    )


def test_an_app_that_is_not_well(author: Author) -> None:
    """It must answer with this version, and so must its page; secrets are in no line of a log."""
    author.hub.life = SpaceLife(run_log=["Starting", f"MemoryError: {author.record.key}"])

    def old_page(visit: AppRequest) -> Response:
        if visit.path == "/nb2space/health":
            return space_app(visit)
        return Response(200, page_of(b"of another manifest"))

    author.hub.app = old_page
    outcome = author.publish()
    assert outcome.code == 3
    lines = outcome.err.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("Error: "))
    assert lines[place] == (
        "Error: ana/report runs, but the app is not well after 120 seconds: its page is not of "
        "this version. The decisive lines of its log:"
    )
    assert lines[place + 2 : place + 4] == ["  Starting", "  MemoryError: •••••"]
    assert lines[place + 4].startswith("What to do: It ran out of memory.")
    assert lines[-1] == f"The whole log: {author.hub.url}/spaces/ana/report?logs=container"


def test_an_app_that_goes_down_again_is_told_at_once(author: Author) -> None:
    def crashing(visit: AppRequest) -> Response:
        visit.repo.runtime.set("RUNTIME_ERROR", visit.sha, "Memory limit exceeded (16Gi)")
        return Response(503, b"")

    author.hub.app = crashing
    outcome = author.publish()
    assert outcome.code == 3 and "The Hub says: running\n" in outcome.err
    assert (
        "Error: The Hub could not start ana/report (RUNTIME_ERROR: Memory limit exceeded (16Gi))."
    ) in outcome.err
    assert "What to do: It ran out of memory." in outcome.err
