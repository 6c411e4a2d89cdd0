"""The real client against the Hub: secrets, the life of a Space, logs, its app."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from . import AppRequest, HubServer, Repo, Response, SpaceLife

REPO = "ana/report"
CARD = b"---\ntitle: Report\nsdk: docker\n---\n"
STATIC_CARD = b"---\ntitle: Report\nsdk: static\n---\n"


@pytest.fixture
def repo(hub: HubServer, api: HfApi) -> Repo:
    api.create_repo(REPO, repo_type="space", space_sdk="docker")
    return hub.repos[REPO]


def publish(api: HfApi, text: str = "1", card: bytes = CARD) -> str:
    files = {"README.md": card, "Dockerfile": f"FROM scratch\n# {text}\n".encode()}
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    return api.create_commit(
        REPO, operations=operations, commit_message="Publish", repo_type="space"
    ).oid


def follow(api: HfApi, polls: int) -> list[tuple[str, str | None]]:
    runtimes = [api.get_space_runtime(REPO) for _ in range(polls)]
    return [(runtime.stage, runtime.raw.get("sha")) for runtime in runtimes]


def visit(url: str | None, token: str | None = None) -> tuple[int, str]:
    assert url is not None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_secrets(repo: Repo, api: HfApi) -> None:
    api.add_space_secret(REPO, "KEY", "not-a-real-secret", description="for tests")
    listed = api.get_space_secrets(REPO)
    assert listed["KEY"].description == "for tests" and listed["KEY"].updated_at is not None
    assert repo.secrets == {"KEY": "not-a-real-secret"}
    api.add_space_secret(REPO, "KEY", "changed")
    assert repo.secrets == {"KEY": "changed"}
    api.delete_space_secret(REPO, "KEY")
    assert repo.secrets == {} and api.get_space_secrets(REPO) == {}
    with pytest.raises(BadRequestError, match="Invalid environment variable name"):
        api.add_space_secret(REPO, "1 KEY", "x")
    with pytest.raises(HfHubHTTPError):
        api.get_space_secrets(REPO, token="hf_test_bob_write")


def test_variables(repo: Repo, api: HfApi) -> None:
    assert api.add_space_variable(REPO, "A", "1")["A"].value == "1"
    assert api.get_space_variables(REPO)["A"].value == "1"
    assert repo.variables == {"A": "1"}
    assert api.delete_space_variable(REPO, "A") == {}


def test_first_build(hub: HubServer, repo: Repo, api: HfApi) -> None:
    first = api.get_space_runtime(REPO)
    assert (first.stage, first.hardware) == ("NO_APP_FILE", None)
    hub.life = SpaceLife(stale_polls=1, building_polls=2, starting_polls=1)
    sha = publish(api)
    assert follow(api, 6) == [
        ("NO_APP_FILE", None),
        ("BUILDING", None),
        ("BUILDING", None),
        ("APP_STARTING", sha),
        ("RUNNING", sha),
        ("RUNNING", sha),
    ]
    assert api.get_space_runtime(REPO).hardware == "cpu-basic"
    assert repo.runtime.polls == 8
    assert repo.runtime.history[-1] == ("RUNNING", sha)


def test_next_build_shows_the_old_commit_first(hub: HubServer, repo: Repo, api: HfApi) -> None:
    hub.life = SpaceLife(stale_polls=0)
    old = publish(api)
    repo.runtime.settle()
    repo.life = SpaceLife(stale_polls=2)
    new = publish(api, "2")
    # So a wait that starts at once ends at once, on the old commit.
    assert api.wait_for_space(REPO, poll_interval=0.01).raw["sha"] == old
    assert follow(api, 4) == [
        ("RUNNING", old),
        ("BUILDING", old),
        ("APP_STARTING", new),
        ("RUNNING", new),
    ]
    repo.life = SpaceLife(stale_polls=0, rolling=True)
    newer = publish(api, "3")
    assert follow(api, 3) == [
        ("RUNNING_BUILDING", new),
        ("RUNNING_APP_STARTING", new),
        ("RUNNING", newer),
    ]
    # The info of the repo shows the runtime, and its own newest commit, without a poll.
    polls = repo.runtime.polls
    info = api.space_info(REPO)
    assert info.sha == newer and info.runtime is not None and info.runtime.stage == "RUNNING"
    assert repo.runtime.polls == polls


@pytest.mark.parametrize("outcome", ["BUILD_ERROR", "RUNTIME_ERROR", "CONFIG_ERROR"])
def test_failures(hub: HubServer, repo: Repo, api: HfApi, outcome: str) -> None:
    hub.life = SpaceLife(
        stale_polls=0,
        outcome=outcome,  # type: ignore[arg-type]
        error_message="It broke",
        build_log=["Step 1", "ERROR: no such package"],
        run_log=["Traceback", "KeyError: 'x'"],
    )
    sha = publish(api)
    runtime = api.wait_for_space(REPO, poll_interval=0.01, timeout=5)
    assert (runtime.stage, runtime.raw["sha"], runtime.raw["errorMessage"]) == (
        outcome,
        sha,
        "It broke",
    )
    build = list(api.fetch_space_logs(REPO, build=True))
    run = list(api.fetch_space_logs(REPO))
    if outcome == "CONFIG_ERROR":
        assert build == run == []
    else:
        assert build[1:] == ["Step 1\n", "ERROR: no such package\n"]
    if outcome == "RUNTIME_ERROR":
        assert run[0].startswith("===== Application Startup")
        assert run[1:] == ["Traceback\n", "KeyError: 'x'\n"]
    assert visit(api.space_info(REPO).host)[0] == 503


def test_card_without_sdk(repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0)
    publish(api, card=b"---\ntitle: Report\n---\n")
    runtime = api.get_space_runtime(REPO)
    assert runtime.stage == "CONFIG_ERROR"
    assert runtime.raw["errorMessage"] == "Missing configuration in README"


def test_settings_restart_the_container(repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0)
    sha = publish(api)
    repo.runtime.settle()
    repo.life = SpaceLife(stale_polls=1)
    api.add_space_secret(REPO, "KEY", "not-a-real-secret")
    running = ("RUNNING", sha)
    assert follow(api, 3) == [running, ("APP_STARTING", sha), running]
    api.add_space_secret(REPO, "KEY", "not-a-real-secret")  # The same again: no restart.
    assert follow(api, 2) == [running, running]
    api.add_space_variable(REPO, "KEY", "1")
    assert follow(api, 2) == [running, ("CONFIG_ERROR", sha)]
    api.delete_space_variable(REPO, "KEY")
    assert api.wait_for_space(REPO, poll_interval=0.01).stage == "CONFIG_ERROR"
    assert api.wait_for_space(REPO, poll_interval=0.01).stage == "RUNNING"


def test_pause_restart_hardware(hub: HubServer, repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0)
    publish(api)
    repo.runtime.settle()
    assert api.pause_space(REPO).stage == "PAUSED"
    sha = publish(api, "2")
    assert follow(api, 2)[-1][0] == "PAUSED"
    assert api.restart_space(REPO).stage == "APP_STARTING"
    repo.runtime.settle()
    assert api.restart_space(REPO, factory_reboot=True).stage == "BUILDING"
    assert api.wait_for_space(REPO, poll_interval=0.01).raw["sha"] == sha
    with pytest.raises(HfHubHTTPError, match="Payment method") as error:
        api.request_space_hardware(REPO, "t4-small")  # type: ignore[arg-type]
    assert error.value.response.status_code == 402
    hub.users["ana"].can_pay = True
    runtime = api.request_space_hardware(REPO, "t4-small")  # type: ignore[arg-type]
    assert (runtime.hardware, runtime.requested_hardware) == ("cpu-basic", "t4-small")
    repo.runtime.settle()
    assert api.get_space_runtime(REPO).hardware == "t4-small"
    assert api.set_space_sleep_time(REPO, 300).sleep_time == 300
    repo.runtime.set("SLEEPING", sha)
    assert api.get_space_runtime(REPO).stage == "SLEEPING"


def test_wait_times_out(repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0, building_polls=1000)
    publish(api)
    with pytest.raises(TimeoutError, match="BUILDING"):
        api.wait_for_space(REPO, timeout=0.05, poll_interval=0.01)


def test_app(repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0)
    host = api.space_info(REPO).host
    assert visit(host)[0] == 503
    sha = publish(api)
    repo.runtime.settle()
    status, page = visit(host)
    assert status == 200 and sha in page

    def mine(request: AppRequest) -> Response:
        return Response(418, f"{request.path} {request.sha}".encode())

    repo.app = mine
    assert visit(f"{host}/health") == (418, f"/health {sha}")
    repo.runtime.set("PAUSED", sha)
    assert visit(host)[0] == 503


def test_visibility_of_the_app(hub: HubServer, repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0)
    publish(api)
    repo.runtime.settle()
    host = hub.host_of(repo)
    repo.visibility = "private"
    assert visit(host)[0] == visit(host, "hf_test_bob_write")[0] == 404
    assert visit(host, "hf_test_ana_read")[0] == 200
    repo.visibility = "protected"
    assert visit(host)[0] == 200


def test_static_space(hub: HubServer, api: HfApi) -> None:
    bob = HfApi(endpoint=hub.url, token="hf_test_bob_write")
    bob.create_repo("bob/page", repo_type="space", space_sdk="static")
    for text in (b"<p>1</p>", b"<p>2</p>"):
        done = bob.create_commit(
            "bob/page",
            repo_type="space",
            commit_message="Publish",
            operations=[
                CommitOperationAdd("README.md", STATIC_CARD),
                CommitOperationAdd("index.html", text),
            ],
        )
        runtime = bob.get_space_runtime("bob/page")
        assert (runtime.stage, runtime.raw["sha"]) == ("RUNNING", done.oid)
        host = bob.space_info("bob/page").host
        assert visit(host) == visit(f"{host}/") == (200, text.decode())
    assert visit(f"{host}/gone.html")[0] == 404
    with pytest.raises(BadRequestError, match="always running"):
        bob.pause_space("bob/page")


def test_following_logs(hub: HubServer, repo: Repo, api: HfApi) -> None:
    repo.life = SpaceLife(stale_polls=0)
    publish(api)
    repo.runtime.settle()
    hub.logs_stay_open = 0.2
    began = time.monotonic()
    lines = list(api.fetch_space_logs(REPO, follow=True))
    assert lines[-1] == "Listening on 0.0.0.0:7860\n"
    assert time.monotonic() - began >= 0.2
