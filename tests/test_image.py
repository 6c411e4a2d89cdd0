"""The generated Dockerfile, built for real and started, and the app in it used in Chromium."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browsing import get, source_lines, viewer, wait_until
from conftest import NOTEBOOKS, ExampleSpace
from secretive import TOKEN, URL, VALUES, disguises, write

from nb2space.keystore import find_record
from nb2space.space import read_manifest

PORT = 7860


@contextmanager
def one_image_at_a_time() -> Iterator[None]:
    """Wait until no other test has an image: they share its name and the port."""
    with open(Path(tempfile.gettempdir()) / "nb2space-image.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wait_until(_port_is_free, seconds=900)
        yield


def _port_is_free() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) != 0


@dataclass(frozen=True)
class ImageTools:
    """How this machine builds an image and starts it."""

    build: list[str]
    run: list[str]

    @contextmanager
    def running(self, folder: Path, **secrets: str) -> Iterator[list[str]]:
        """The image of `folder`, built and listening on 7860 with the Space's `secrets`.

        Yields the lines of its log.
        """
        with one_image_at_a_time():
            subprocess.run([*self.build, str(folder)], check=True, timeout=1200)
            given = [word for name in secrets for word in ("-e", f"{name}={secrets[name]}")]
            process = subprocess.Popen(
                [*self.run, *given, *self.image],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            lines: list[str] = []
            try:
                assert process.stdout
                for line in process.stdout:
                    lines.append(line)
                    if "Ready" in line:
                        break
                yield lines
            finally:
                process.terminate()
                process.communicate(timeout=60)

    @property
    def image(self) -> list[str]:
        return ["nb2space-test"] if self.run[0] == "docker" else []


def image_tools() -> ImageTools | None:
    """Docker where there is one that works, else the tools that the environment names."""
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "info"], capture_output=True).returncode == 0:
        return ImageTools(
            build=["docker", "build", "--tag", "nb2space-test"],
            run=["docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "-p", f"{PORT}:{PORT}"],
        )
    folder = os.environ.get("NB2SPACE_IMAGE_TOOLS")
    if folder:
        return ImageTools(build=[f"{folder}/build-image"], run=[f"{folder}/run-image"])
    return None


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_built_image_shows_the_report_and_its_slider_works(
    example_spaces: Callable[[str], ExampleSpace], chromium: Any
) -> None:
    tools = image_tools()
    if tools is None:
        pytest.skip("no Docker engine here, and NB2SPACE_IMAGE_TOOLS names no tools in its place")
    space = example_spaces("report")
    with tools.running(space.folder, NB2SPACE_KEY=space.record().key) as log:
        assert any("Ready: the app answers on port 7860" in line for line in log), log
        url = f"http://127.0.0.1:{PORT}/"
        with viewer(chromium, url) as seen:
            slider = seen.page.locator(".noUi-handle").first
            slider.wait_for(timeout=120_000)
            seen.wait_until_live()
            seen.wait_for_text("Forecast for March 2027")
            slider.focus()
            seen.page.keyboard.press("ArrowRight")
            wait_until(lambda: "Forecast for April 2027" in seen.text())
            received = seen.received()
            lines = source_lines(NOTEBOOKS / "report.ipynb")
            assert [line for line in lines if line in received] == []
        assert get(url + "report.ipynb")[0] == 404


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_built_image_takes_the_secrets_from_its_environment(
    run: Callable[..., Any], tmp_path: Path, chromium: Any
) -> None:
    tools = image_tools()
    if tools is None:
        pytest.skip("no Docker engine here, and NB2SPACE_IMAGE_TOOLS names no tools in its place")
    assert run("convert", write(tmp_path / "secretive.ipynb")).code == 0
    folder = tmp_path / "secretive-space"
    record = find_record(read_manifest(folder).space_id)
    assert record
    with (
        tools.running(folder, NB2SPACE_KEY=record.key, **record.secrets) as log,
        viewer(chromium, f"http://127.0.0.1:{PORT}/") as seen,
    ):
        seen.wait_until_live()
        seen.wait_for_text(f"sum {2 * len(TOKEN)} ••••• •••••", seconds=120)
        seen.wait_for_text(f"the address has {len(URL)} signs; it is •••••")
        received = seen.received() + "".join(log).encode()
        assert [v for v in VALUES if any(form in received for form in disguises(v))] == []
