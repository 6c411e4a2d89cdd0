"""`publish --verify` visits what was published, and `nb2space audit` decides what may be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from browsing import answering
from publishing import Author

from nb2space.audit.report import masked
from nb2space.keystore import save_record
from nb2space.runtime import health
from nb2space.serve import free_port, serving
from nb2space.space import MANIFEST

LINE = "residual = series - (start + slope * step)"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@contextmanager
def app_that_shows(text: str, version: str) -> Iterator[str]:
    """An app of the published version, with `text` on its page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            healthy = f'{{"state": "ready", "version": "{version}"}}'
            page = f'<meta name="nb2space-version" content="{version}"><p>{text}</p>'
            self.send_response(200)
            self.end_headers()
            self.wfile.write((healthy if self.path == health.PATH else page).encode())

        def log_message(self, *parts: Any) -> None:
            pass

    with answering(Page) as address:
        yield address


def test_the_published_app_is_visited(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(author.folder, free_port(None)) as server:
        monkeypatch.setattr(author.hub, "host_of", lambda repo: server.url.rstrip("/"))
        outcome = author.publish("--verify")
    assert outcome.code == 0, outcome.err
    assert "Nothing leaks: " in outcome.out and "from the kernel" in outcome.out
    assert f"Visiting {server.url}" in outcome.err


def test_a_published_leak_is_told(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    version = hashlib.sha256((author.folder / MANIFEST).read_bytes()).hexdigest()[:16]
    with app_that_shows(LINE, version) as url:
        monkeypatch.setattr(author.hub, "host_of", lambda repo: url)
        outcome = author.publish("--verify")
    assert outcome.code == 1
    assert f"page: GET /: line: {masked('line', LINE)}" in outcome.out
    assert "can be got by viewers; take it back, or pause it: " in outcome.err
    assert LINE not in outcome.out + outcome.err


def test_a_private_app_cannot_be_visited(author: Author) -> None:
    outcome = author.publish("--verify", "--visibility", "private")
    assert outcome.code == 2 and "lets no viewer in" in outcome.err
    assert author.hub.log.writes == []


def test_the_audit_decides_what_may_be_published(author: Author) -> None:
    save_record(replace(author.record, audited=""))
    refused = author.publish()
    assert refused.code == 1 and "was not found clean" in refused.err
    audited = author.call("audit", author.folder, "--no-browser")
    assert audited.code == 0, audited.out
    # The log of the app is not the author's concern here.
    assert audited.err.splitlines() == [
        f"Searching the files of {author.folder}",
        "Visiting the app, moving its controls and asking it for its code",
    ]
    assert author.publish().code == 0
