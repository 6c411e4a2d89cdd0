"""The command line within the test's own process, on a clock that a test does not wait for."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from conftest import Outcome
from hub import prepare_process
from publishing import Author

from nb2space.cli import cli
from nb2space.cli.output import report_failure
from nb2space.spacelogs import READER

prepare_process()
from huggingface_hub import close_session, constants  # noqa: E402  (it reads the environment)


@contextmanager
def within(monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str]) -> Iterator[None]:
    """The environment that a process of its own would read when it imports huggingface_hub."""
    with monkeypatch.context() as patch:
        for name, value in env.items():
            if name.startswith(("HF_", "NB2SPACE_")):
                patch.setenv(name, value)
        home = Path(env["HF_HOME"])
        # No certificates, which take longer to read than a publication takes on loopback.
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(home))
        patch.setattr(constants, "ENDPOINT", env["HF_ENDPOINT"])
        template = env["HF_ENDPOINT"] + "/{repo_id}/resolve/{revision}/{filename}"
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        patch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        patch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        patch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_TOKEN" not in env)
        try:
            yield
        finally:
            for thread in threading.enumerate():
                if thread.name == READER:
                    thread.join(10)
            close_session()


def call(*words: str | Path) -> Outcome:
    """What `nb2space WORDS` prints and how it ends, as `python -m nb2space` would."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = cli([str(word) for word in words], prog_name="nb2space", standalone_mode=False)
        except BaseException as error:
            code = report_failure(error)
    return Outcome(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


class Clock:
    """Time that passes only while something sleeps, and then at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slept: list[float] = []
        real = time.monotonic
        monkeypatch.setattr(time, "sleep", self.slept.append)
        monkeypatch.setattr(time, "monotonic", lambda: real() + sum(self.slept))


def hurried(author: Author, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let the author's commands run in this process, where no pause takes time."""

    def run(*words: str | Path, env: Mapping[str, str]) -> Outcome:
        with within(monkeypatch, env):
            return call(*words)

    author.call = run
    return Clock(monkeypatch)
