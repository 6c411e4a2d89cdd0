"""Fixtures for the tests of the Hub itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import HubServer, prepare_process

if TYPE_CHECKING:
    from huggingface_hub import HfApi

prepare_process()


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A running Hub with a paying and a free account, and some tokens."""
    from huggingface_hub import close_session

    with HubServer() as server:
        server.add_user("ana", token="hf_test_ana_write", plan="pro")
        server.add_token("ana", "hf_test_ana_read", role="read")
        server.add_user("bob", token="hf_test_bob_write")
        yield server
    # The client keeps connections for the whole process; those to this Hub are of no more use.
    close_session()


@pytest.fixture
def api(hub: HubServer) -> HfApi:
    """The client of the paying account."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.url, token="hf_test_ana_write")
