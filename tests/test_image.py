"""The generated Dockerfile, built for real and started, and the app in it used in Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browsing import get, source_lines, viewer, wait_until
from conftest import NOTEBOOKS, ExampleSpace
from test_view import record_of

PORT = 7860


@dataclass(frozen=True)
class ImageTools:
    """How this machine builds an image and starts it."""

    build: list[str]
    run: list[str]

    @contextmanager
    def running(self, folder: Path, key: str) -> Iterator[list[str]]:
        """The image of `folder`, built and listening on 7860; yields the lines of its log."""
        subprocess.run([*self.build, str(folder)], check=True, timeout=1200)
        process = subprocess.Popen(
            [*self.run, "-e", f"NB2SPACE_KEY={key}", *self.image],
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
    with tools.running(space.folder, record_of(space).key) as log:
        assert any("Ready: the app answers on port 7860" in line for line in log), log
        url = f"http://127.0.0.1:{PORT}/"
        with viewer(chromium, url) as seen:
            slider = seen.page.locator(".noUi-handle").first
            slider.wait_for(timeout=120_000)
            seen.wait_for_text("Forecast for March 2027")
            slider.focus()
            seen.page.keyboard.press("ArrowRight")
            wait_until(lambda: "Forecast for April 2027" in seen.text())
            received = seen.received()
            lines = source_lines(NOTEBOOKS / "report.ipynb")
            assert [line for line in lines if line in received] == []
        assert get(url + "report.ipynb")[0] == 404
