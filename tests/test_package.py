"""The wheel: what an author installs converts without the source tree."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest
from conftest import NOTEBOOKS, ROOT


@pytest.mark.package
@pytest.mark.timeout(900)
def test_an_installed_wheel_converts(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    # Compiling all of the packages would take half of the test's time.
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
    subprocess.run([*install, f"{wheel}[examples]"], check=True, timeout=600)
    done = subprocess.run(
        [python.with_name("nb2space"), "convert", NOTEBOOKS / "report.ipynb", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    made = {p.relative_to(tmp_path).as_posix() for p in (tmp_path / "report-space").rglob("*")}
    assert {
        "report-space/Dockerfile",
        "report-space/runtime/forked/parent/main.py",
        "report-space/runtime/server.py",
        "report-space/runtime/share/voila/templates/nb2space/index.html.j2",
    } <= made
