"""Injected faults, as the real client meets them; and the server's own manners."""

from __future__ import annotations

import threading
import time

import httpx2
import pytest
from huggingface_hub import CommitInfo, CommitOperationAdd, HfApi, get_session
from huggingface_hub.errors import HfHubHTTPError

from . import Cut, Delay, Fault, HubServer, LoggedRequest, LoseAnswer, Refuse

REPO = "ana/report"


@pytest.fixture(autouse=True)
def space(api: HfApi) -> None:
    api.create_repo(REPO, repo_type="space", space_sdk="docker")


def commit(api: HfApi, text: bytes = b"a") -> CommitInfo:
    return api.create_commit(
        REPO,
        operations=[CommitOperationAdd("a.txt", text)],
        commit_message="Publish",
        repo_type="space",
    )


def test_refused_commit(hub: HubServer, api: HfApi) -> None:
    rule = hub.faults.refuse(503, "/commit/", message="Busy")
    with pytest.raises(HfHubHTTPError, match="Busy") as error:
        commit(api)
    # The client does not try a commit again by itself.
    assert error.value.response.status_code == 503
    assert rule.struck == 1 and len(hub.log.commits) == 1
    assert len(hub.repos[REPO].commits) == 1
    commit(api)
    assert [entry.status for entry in hub.log.commits] == [503, 200]


def test_lost_answer_of_a_commit(hub: HubServer, api: HfApi) -> None:
    hub.faults.add(LoseAnswer(), "/commit/")
    with pytest.raises(httpx2.RemoteProtocolError):
        commit(api)
    sent = hub.log.commits[0]
    assert (sent.status, sent.delivered) == (200, False)
    assert len(hub.repos[REPO].commits) == 2
    # The same again finds that there is nothing left to do.
    assert commit(api).oid == hub.repos[REPO].head.oid
    assert len(hub.log.commits) == 1


def test_cut_before_the_request_is_performed(hub: HubServer, api: HfApi) -> None:
    hub.faults.add(Cut(), "/commit/")
    with pytest.raises(httpx2.RemoteProtocolError):
        commit(api)
    assert hub.log.commits[0].status is None
    assert len(hub.repos[REPO].commits) == 1


def test_client_retries_preupload(hub: HubServer, api: HfApi) -> None:
    hub.faults.refuse(500, "/preupload/")
    began = time.monotonic()
    commit(api)
    # http_backoff waits a second before its first repetition.
    assert time.monotonic() - began >= 1
    assert [entry.status for entry in hub.log.matching("/preupload/")] == [500, 200]


def test_rate_limit(hub: HubServer, api: HfApi) -> None:
    headers = {"RateLimit": '"api";r=0;t=7', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}
    hub.faults.refuse(429, "whoami", headers=headers)
    with pytest.raises(HfHubHTTPError, match="rate limit") as error:
        api.whoami()
    assert error.value.response.headers["RateLimit"] == '"api";r=0;t=7'
    hub.faults.refuse(429, "/runtime", headers=headers)
    with pytest.raises(HfHubHTTPError, match="Retry after 7 seconds"):
        api.get_space_runtime(REPO)


def test_rules_select(hub: HubServer, api: HfApi) -> None:
    next_one = len(hub.log) + 1
    hub.faults.refuse(418, ordinals=[next_one + 1])
    hub.faults.refuse(500, "/runtime", method="GET", skip=2, times=2)
    answers = []
    for _ in range(6):
        answer = get_session().get(f"{hub.url}/api/spaces/{REPO}/runtime")
        answers.append(answer.status_code)
    assert answers == [200, 418, 200, 500, 500, 200]
    hub.faults.clear()
    assert not hub.faults.rules


def test_hook_and_delay(hub: HubServer, api: HfApi) -> None:
    def hook(request: LoggedRequest) -> Fault | None:
        secret = isinstance(request.body, dict) and request.body.get("key") == "SECOND"
        return Refuse(500, "Not this one") if secret else None

    hub.faults.hook = hook
    api.add_space_secret(REPO, "FIRST", "not-a-real-secret")
    with pytest.raises(HfHubHTTPError, match="Not this one"):
        api.add_space_secret(REPO, "SECOND", "not-a-real-secret")
    assert set(hub.repos[REPO].secrets) == {"FIRST"}
    hub.faults.clear()
    hub.faults.add(Delay(0.1), "whoami")
    hub.faults.refuse(500, "whoami")
    began = time.monotonic()
    with pytest.raises(HfHubHTTPError):
        api.whoami()
    assert time.monotonic() - began >= 0.1


def test_client_gives_up_on_a_slow_answer(hub: HubServer, api: HfApi) -> None:
    hub.faults.add(Delay(30), "/api/spaces/")
    began = time.monotonic()
    with pytest.raises(httpx2.ReadTimeout):
        api.space_info(REPO, timeout=0.05)
    hub.stop()  # Does not wait for the rest of the delay.
    assert time.monotonic() - began < 5


def test_offline_and_back(hub: HubServer, api: HfApi) -> None:
    url = hub.url
    hub.stop()
    with pytest.raises(httpx2.ConnectError):
        api.whoami()
    hub.start()
    assert hub.url == url
    assert api.space_info(REPO).id == REPO


def test_log(hub: HubServer, api: HfApi) -> None:
    before = len(hub.log)
    commit(api)
    seen = [(entry.method, entry.path, entry.status) for entry in hub.log[before:]]
    assert seen == [
        ("POST", "/api/spaces/ana/report/preupload/main", 200),
        ("POST", "/api/spaces/ana/report/commit/main", 200),
    ]
    assert [entry.ordinal for entry in hub.log] == list(range(1, len(hub.log) + 1))
    assert [entry.path for entry in hub.log.writes] == [
        "/api/repos/create",
        "/api/spaces/ana/report/commit/main",
    ]
    keys = [line["key"] for line in hub.log.commits[0].body]
    assert keys == ["header", "file"]


def test_unknown_routes(hub: HubServer) -> None:
    for method, path, status in [
        ("GET", "/api/nothing", 404),
        ("POST", "/api/whoami-v2", 405),
        ("POST", "/api/repos/create", 401),
    ]:
        assert get_session().request(method, hub.url + path).status_code == status


def test_nothing_is_left_behind() -> None:
    threads = set(threading.enumerate())
    with HubServer() as server:
        server.add_user("eve", token="hf_test_eve")
        HfApi(endpoint=server.url, token="hf_test_eve").whoami()
    assert set(threading.enumerate()) <= threads
    server.stop()  # A second time is harmless.


def test_many_clients_at_once(hub: HubServer, api: HfApi) -> None:
    def add(number: int) -> None:
        api.add_space_variable(REPO, f"V{number}", str(number))

    workers = [threading.Thread(target=add, args=(number,)) for number in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(hub.repos[REPO].variables) == 10
