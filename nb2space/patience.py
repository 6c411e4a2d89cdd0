"""The Hub's client, made patient: a request that meets trouble on the way is sent again.

It takes the place of huggingface_hub's own HTTP client, so that each of its requests is covered.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.utils._http import hf_request_event_hook

# Seconds before each repetition, unless the Hub itself says how long to wait.
_PAUSES = (1, 2, 4, 8, 16)
# The Hub counts requests in windows of five minutes: huggingface.co/docs/hub/rate-limits
_LONGEST_WAIT = 300
_TIMEOUT = httpx2.Timeout(60, connect=15)

_BUSY = {408, 429, 500, 502, 503, 504}
_LOST = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)


class PatientClient(httpx2.Client):
    """Sends a request again, after growing pauses, while the network or the Hub is in trouble.

    All that nb2space asks may be asked twice: a commit names its parent, so that the Hub takes it
    once only. `tell` is told of each pause. What has troubled one request for half a minute is no
    longer waited for by the next ones, until one gets through.
    """

    def __init__(self, tell: Callable[[str], None], **options: Any) -> None:
        super().__init__(**options)
        self._tell = tell
        self._reached = False
        self._given_up = False

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """The answer to `request`, of the last try when none got through."""
        for pause in (*_PAUSES, None):
            last = pause is None or self._given_up or not _repeatable(request)
            try:
                answer = super().send(request, **options)
            except _LOST as error:
                # Without any network there is nothing to wait for.
                if last or (isinstance(error, httpx2.ConnectError) and not self._reached):
                    self._given_up = True
                    raise
                self._wait("The connection to the Hub was lost", pause or 0)
                continue
            self._reached = True
            if answer.status_code not in _BUSY:
                self._given_up = False
                return answer
            wait = max(told_wait(answer), pause or 0)
            if last or wait > _LONGEST_WAIT:
                self._given_up = True
                return answer
            answer.close()
            status = answer.status_code
            self._wait(
                "The Hub asks to slow down"
                if status == 429
                else f"The Hub has trouble (status {status})",
                wait,
            )
        raise AssertionError("the last try returns or raises")

    def _wait(self, trouble: str, seconds: int) -> None:
        self._tell(f"{trouble}; trying again in {seconds} s")
        time.sleep(seconds)


def told_wait(answer: httpx2.Response) -> int:
    """For how many seconds the Hub asks not to be asked again; 0 when it does not say."""
    # The Hub's own header has the seconds as t: huggingface.co/docs/hub/rate-limits
    told = answer.headers.get("Retry-After") or answer.headers.get("RateLimit") or ""
    found = re.search(r"(?:^|;t=)(\d+)$", told)
    return int(found[1]) if found else 0


def be_patient(tell: Callable[[str], None]) -> None:
    """Let every request of huggingface_hub in this process be patient."""
    # It would tell of its own repetitions too, in other words.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    set_client_factory(
        lambda: PatientClient(
            tell,
            event_hooks={"request": [hf_request_event_hook]},
            follow_redirects=True,
            timeout=_TIMEOUT,
        )
    )


def _repeatable(request: httpx2.Request) -> bool:
    # A file that is uploaded has been read by then; the client's own repetition rewinds it. A log
    # is a help only. A pull request would be made twice.
    return (
        isinstance(request.stream, httpx2.ByteStream)
        and "/logs/" not in request.url.path
        and "create_pr" not in request.url.params
    )
