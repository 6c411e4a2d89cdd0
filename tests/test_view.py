"""`nb2space view`: the app as a viewer meets it, in Chromium and over HTTP."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import (
    DESKTOP,
    PHONE,
    Command,
    free_port,
    get,
    kernels_below,
    live,
    source_lines,
    viewer,
    viewing,
    wait_until,
)
from conftest import NOTEBOOKS, ExampleSpace

from nb2space.runtime.bundle import seal_bytes
from nb2space.seal import new_key

# Per notebook: the control's handle, and a pattern of what it changes, before and after one step.
EXAMPLES = {
    "report": (0, r"Forecast for (\w+ \d{4}): [\d,]+ units", "March 2027", "April 2027"),
    "model": (0, r"([\d,]+) kWh a year", None, None),
    "dashboard": (0, r"weeks (\d+) to 40", "10", "11"),
}


@pytest.fixture(scope="module")
def apps(
    example_spaces: Callable[[str], ExampleSpace], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Command]]:
    """The examples, each served once for this module."""
    running: dict[str, Any] = {}

    def app(stem: str) -> Command:
        if stem not in running:
            space = example_spaces(stem)
            manager = viewing(space.folder, cwd=space.folder.parent, home=space.home)
            running[stem] = (manager, manager.__enter__())
        command: Command = running[stem][1]
        return command

    yield app
    for manager, _ in running.values():
        manager.__exit__(None, None, None)


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("stem", EXAMPLES)
def test_a_viewer_moves_a_slider_and_sees_no_script(
    stem: str,
    viewport: dict[str, int],
    apps: Callable[[str], Command],
    chromium: Any,
    tmp_path: Path,
) -> None:
    handle, pattern, before, after = EXAMPLES[stem]
    app = apps(stem)
    with viewer(chromium, app.url, viewport) as seen:
        slider = seen.page.locator(".noUi-handle").nth(handle)
        slider.wait_for(timeout=60_000)
        seen.wait_until_live()
        shown = seen.wait_for(pattern, other_than=None)
        assert before in (None, shown)
        slider.focus()
        seen.page.keyboard.press("ArrowRight")
        now = seen.wait_for(pattern, other_than=shown)
        assert after in (None, now)
        seen.page.screenshot(path=_screenshots() / f"{stem}-{viewport['width']}.png")
        # Nothing is wider than the screen: a phone's viewer does not scroll sideways.
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= viewport["width"]
        assert seen.hosts == {app.url.split("/")[2]}
        received = seen.received()
        leaks = [line for line in source_lines(NOTEBOOKS / f"{stem}.ipynb") if line in received]
        assert leaks == []


@pytest.mark.browser
def test_the_whole_report_can_be_printed(apps: Callable[[str], Command], chromium: Any) -> None:
    with viewer(chromium, apps("report").url) as seen:
        seen.page.locator(".noUi-handle").first.wait_for(timeout=60_000)
        seen.wait_for_text("Forecast for March 2027")
        paper = seen.page.pdf(format="A4")
    pages = paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ")
    assert pages >= 2, "what is below the first screen is printed too"


# The least contrast of any text, as WCAG 2.2 (1.4.3) reckons it, and the brightness of the page.
SEEN = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    const [, , , alpha = 1] = parts(getComputedStyle(element).backgroundColor);
    return alpha || !element.parentElement ? element : behind(element.parentElement);
  };
  const contrast = element => {
    const ground = light(getComputedStyle(behind(element)).backgroundColor);
    const text = light(getComputedStyle(element).color);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  };
  const cells = [...document.querySelectorAll("h1, h2, p, th, td")].filter(e => e.innerText);
  const page = getComputedStyle(behind(cells[0])).backgroundColor;
  return [Math.min(...cells.map(contrast)), light(page)];
}"""


@pytest.mark.browser
def test_a_dark_page_can_be_read(
    run: Callable[..., Any], tmp_path: Path, own_key_store: Path, chromium: Any
) -> None:
    assert run("convert", NOTEBOOKS / "report.ipynb", "--theme", "dark").code == 0
    with (
        viewing(tmp_path / "report-space", cwd=tmp_path, home=own_key_store) as app,
        viewer(chromium, app.url) as seen,
    ):
        seen.wait_for_text("Each row is one month")
        contrast, brightness = seen.page.evaluate(SEEN)
        # Libraries that draw by themselves ask the page.
        told = seen.page.evaluate("document.body.dataset.jpThemeName")
    assert contrast > 4.5 and brightness < 0.1 and told == "JupyterLab Dark"


@pytest.mark.browser
def test_controls_in_a_row_can_be_used_on_a_phone(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, chromium: Any
) -> None:
    controls = "w.IntSlider(), w.Dropdown(options=['North', 'South']), w.Text()"
    wide = (
        "from IPython.display import HTML\n"
        "out = w.Output()\n"
        "with out:\n"
        "    display(HTML('<div style=\"width: 1500px\">wide</div>'))\n"
    )
    path = notebook(
        f"import ipywidgets as w\nw.HBox([{controls}])",
        f"{wide}w.HBox([w.VBox([w.Checkbox()]), out])",
    )
    with (
        viewing(path, cwd=tmp_path, home=own_key_store) as app,
        viewer(chromium, app.url, PHONE) as seen,
    ):
        seen.wait_until_live()
        row = [seen.page.locator(f".widget-{kind}") for kind in ("slider", "dropdown", "text")]
        widths = [control.bounding_box()["width"] for control in row]
        seen.page.set_viewport_size(DESKTOP)
        heights = {control.bounding_box()["y"] for control in row}
        beside_output = seen.page.locator(".widget-vbox").bounding_box()["width"]
    assert beside_output > 250
    assert min(widths) > 250 and len(heights) == 1, "one below the other, and beside each other"


@pytest.mark.browser
def test_a_viewer_who_leaves_leaves_no_kernel(
    example_spaces: Callable[[str], ExampleSpace], chromium: Any
) -> None:
    space = example_spaces("report")
    with viewing(space.folder, cwd=space.folder.parent, home=space.home) as app:
        with viewer(chromium, app.url) as seen:
            for _ in range(3):
                seen.wait_until_live()
                seen.page.reload()
            seen.wait_until_live()
            wait_until(lambda: len(kernels_below(app.process.pid)) == 1)
        log = "".join(app.lines)
        assert "403" not in log


def _screenshots() -> Path:
    folder = Path(os.environ.get("NB2SPACE_SCREENSHOTS", "build/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.browser
def test_only_the_app_is_there(apps: Callable[[str], Command]) -> None:
    url = apps("report").url
    for path in (
        "report.ipynb",
        "notebook.ipynb",
        "sealed.bin",
        "nb2space.json",
        "runtime/server.py",
        "voila/files/report.ipynb",
        "voila/files/..%2freport.ipynb",
        "voila/static/..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "voila/templates/nb2space/static/../index.html.j2",
        "voila/templates/nb2space/static/..%2findex.html.j2",
        "voila/render/report.ipynb",
        "voila/tree",
        "voila/api/contents/",
        "api/contents",
        "api/kernels",
        "api/kernelspecs",
        "api/sessions",
        "api/terminals",
        "login",
        "favicon.ico",
    ):
        status, headers, body = get(url + path)
        assert status in (403, 404), path
        assert b"cell" not in body and b"root:" not in body, path
        assert "Tornado" not in headers.get("Server", ""), path


@pytest.mark.browser
def test_the_page_may_be_framed_by_the_hub(
    apps: Callable[[str], Command],
) -> None:
    status, headers, body = get(apps("report").url + "?template=classic&theme=dark")
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert policy == "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
    assert headers["Server"] == "nb2space"
    assert b'data-jp-theme-name="JupyterLab Light"' in body, "the address does not set the theme"
    assert b"voila/templates/classic" not in body, "nor the template"
    assert b"Alder Lamps: monthly sales report</title>" in body


@pytest.mark.browser
def test_asking_for_the_head_of_the_page_starts_no_kernel(
    example_spaces: Callable[[str], ExampleSpace],
) -> None:
    space = example_spaces("report")
    with viewing(space.folder, cwd=space.folder.parent, home=space.home) as app:
        assert get(app.url, method="HEAD")[0] == 200
        # That of the rehearsal ends at once, one that nobody comes to after half a minute.
        wait_until(lambda: kernels_below(app.process.pid) == [], seconds=15)
        live(app.url)
        wait_until(lambda: len(kernels_below(app.process.pid)) == 1)


def test_a_kernel_knows_no_secret_of_the_space(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, run: Callable[..., Any]
) -> None:
    path = notebook(
        "import os\nfor name in sorted(os.environ): print('variable', name)",
        "places = [os.getcwd(), os.environ['HOME']]\n"
        "print('ours', *('nb2space-' in place for place in places), os.access('.', os.W_OK))",
    )
    assert run("convert", path).code == 0
    os.environ["OPENAI_API_KEY"] = "not-a-key"
    try:
        with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
            body = live(app.url)
    finally:
        del os.environ["OPENAI_API_KEY"]
    names = set(re.findall(r"variable (\w+)", body))
    assert {"PATH", "HOME"} <= names
    assert not [name for name in names if "NB2SPACE" in name or "OPENAI" in name]
    assert "ours True True True" in body


@pytest.mark.kernel
def test_what_the_tags_say_holds_in_the_live_app(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, run: Callable[..., Any]
) -> None:
    from conftest import code

    path = notebook(
        code("x = 1\nprint('hidden', 'cell')", "remove-cell"),
        code("print('hidden', 'output')", "remove_output"),
        code("#| include: false\nprint('hidden', 'quarto')"),
        code("x = 2\nprint('skipped', 'cell')", "skip-execution"),
        code("print('value', x)"),
        code("1 / 0", "raises-exception"),
        code("raise ExceptionGroup('several', [ValueError('the first')])", "raises-exception"),
        code(
            "class Odd(Exception):\n    def __str__(self):\n        return 1\nraise Odd",
            "raises-exception",
        ),
        code("print('after', 'all')"),
    )
    assert run("convert", path).code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        body = live(app.url)
        wait_until(lambda: _reads(app, "Odd: it cannot say why (cell 8, line 4)"))
        log = "".join(app.lines)
    assert "ExceptionGroup: several" in log and "ValueError: the first" in log
    assert "value 1" in body and "after all" in body
    for text in ("hidden cell", "hidden output", "hidden quarto", "skipped cell"):
        assert text not in body
    assert "ZeroDivisionError" not in body and "1 / 0" not in body
    assert body.count("This part could not be shown") >= 3


@pytest.mark.kernel
def test_the_author_may_make_the_script_public(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, run: Callable[..., Any]
) -> None:
    from conftest import code

    path = notebook(
        code("shown_name = 1; shown_name"), code("hidden_name = 2; hidden_name", "hide-input")
    )
    assert run("convert", path, "--show-source").code == 0
    published = (tmp_path / "small-space" / "small.ipynb").read_text()
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        body = get(app.url)[2].decode()
    for text in (published, body):
        assert "shown_name" in text and "hidden_name" not in text


@pytest.mark.browser
def test_watching_follows_each_save_and_survives_a_broken_one(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, chromium: Any
) -> None:
    # Named as systems that know no small letters name it.
    helpers = tmp_path / "helpers.py"
    helpers.write_text("NAME = 'first'")
    shows = "import helpers\nprint(helpers.NAME, '{}')\nopen('log.txt', 'a+').write('x')"
    path = notebook(shows.format("version"), name="SMALL.IPYNB")
    with (
        viewing(path, "--watch", cwd=tmp_path, home=own_key_store) as app,
        viewer(chromium, app.url) as seen,
    ):
        seen.wait_for_text("first version")
        notebook("1 / 0", name="SMALL.IPYNB")
        wait_until(lambda: _reads(app, "Cell 1 failed"))
        seen.page.reload()
        seen.wait_for_text("first version")
        notebook(shows.format("edition"), name="SMALL.IPYNB")
        seen.wait_for_text("first edition")
        helpers.write_text("NAME = 'second'")
        seen.wait_for_text("second edition")
        # What a run itself writes is no reason for another.
        runs = len((tmp_path / "log.txt").read_text())
        time.sleep(3)
        assert len((tmp_path / "log.txt").read_text()) == runs


def _reads(app: Command, text: str) -> bool:
    assert app.process.stdout
    app.lines.append(app.process.stdout.readline())
    return any(text in line for line in app.lines)


@pytest.mark.kernel
def test_the_browser_is_opened_and_quiet_is_quiet(
    example_spaces: Callable[[str], ExampleSpace], tmp_path: Path
) -> None:
    space, port, opened = example_spaces("report"), free_port(), tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" >> {opened}\n')
    browser.chmod(0o755)
    # On a desktop the system would ask that for its browser.
    desktop = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION")
    env = {name: value for name, value in os.environ.items() if name not in desktop}
    view = subprocess.Popen(
        [sys.executable, "-m", "nb2space", "view", space.folder, "--port", str(port), "--quiet"],
        env={**env, "NB2SPACE_HOME": str(space.home), "BROWSER": str(browser)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: opened.is_file() and opened.read_text())
        assert opened.read_text() == f"http://127.0.0.1:{port}/\n"
        live(f"http://127.0.0.1:{port}/")
    finally:
        view.send_signal(signal.SIGINT)
        said, _ = view.communicate(timeout=20)
    assert said == "\nStopped; nothing was left half-done.\n"


@pytest.mark.kernel
def test_the_server_ends_with_the_command_however_that_ends(
    example_spaces: Callable[[str], ExampleSpace],
) -> None:
    space = example_spaces("report")
    with viewing(space.folder, cwd=space.folder.parent, home=space.home) as app:
        live(app.url)
        family = _descendants(app.process.pid)
        assert len(family) >= 2
        app.process.send_signal(signal.SIGKILL)
        wait_until(lambda: not [pid for pid in family if _is_alive(pid)])


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path, str], object]:
    """Damages a file by changing its bytes."""
    return lambda path, key: path.write_bytes(change(path.read_bytes()))


def without_archive(path: Path, key: str) -> None:
    """Seals what is no bundle."""
    path.write_bytes(seal_bytes(b"no archive", key))


def as_folder(path: Path, key: str) -> None:
    """Puts something that nobody can read in the file's place, not even root."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("key", "damage", "sentence"),
    [
        ("", None, "The secret NB2SPACE_KEY is not set"),
        ("wrong", None, "The secret NB2SPACE_KEY is not a key of nb2space"),
        ("another", None, "The key in NB2SPACE_KEY does not open sealed.bin"),
        ("own", rewritten(lambda sealed: sealed[:-1]), "sealed.bin was altered or cut short"),
        (
            "own",
            rewritten(lambda sealed: sealed[:-1] + b"x"),
            "sealed.bin was altered or cut short",
        ),
        ("own", rewritten(lambda sealed: b"PK" + sealed), "sealed.bin is not a sealed bundle"),
        ("own", rewritten(lambda sealed: b""), "sealed.bin is not a sealed bundle"),
        (
            "own",
            rewritten(lambda sealed: sealed[:8] + b"\2" + sealed[9:]),
            "sealed.bin has version 2",
        ),
        ("own", without_archive, "sealed.bin holds no archive"),
        ("own", lambda path, key: path.unlink(), "sealed.bin is missing"),
        ("own", as_folder, "sealed.bin cannot be read: Is a directory"),
    ],
)
def test_a_space_that_cannot_be_opened_says_that_it_is_being_prepared(
    key: str,
    damage: Callable[[Path, str], object] | None,
    sentence: str,
    example_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
) -> None:
    space = example_spaces("report")
    folder = space.copy_to(tmp_path / "space")
    sealed = folder / "sealed.bin"
    keys = {"own": space.record().key, "another": new_key()}
    if damage:
        damage(sealed, keys["own"])
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "runtime"],
        cwd=folder,
        env={**os.environ, "NB2SPACE_KEY": keys.get(key, key), "NB2SPACE_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout
        assert sentence in server.stdout.readline()
        assert "Viewers see that it is being prepared" in server.stdout.readline()
        status, headers, body = get(f"http://127.0.0.1:{port}/")
        assert status == 503 and headers["Retry-After"]
        assert b"This app is being prepared" in body
        # As a page asks that was open before.
        status, _, again = get(f"http://127.0.0.1:{port}/nb2space/live", "POST")
        assert status == 503 and again == body
        assert server.poll() is None
    finally:
        server.terminate()
        rest = server.communicate(timeout=20)[0]
    assert "503" not in rest, "the log has told it once"


@pytest.mark.kernel
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="only root on Linux can make a read-only file system to try it on",
)
@pytest.mark.parametrize(
    "memory",
    ["umount /dev/shm || true", "mount -t tmpfs -o size=4k tmpfs /dev/shm"],
    ids=["without /dev/shm", "a small /dev/shm"],
)
def test_it_works_where_only_tmp_is_writable(
    example_spaces: Callable[[str], ExampleSpace], memory: str
) -> None:
    space = example_spaces("report")
    record = space.record()
    port = free_port()
    script = (
        "mount --make-rprivate / && mount -t tmpfs tmpfs /tmp && mount -o ro,bind / / "
        f'&& mount -o remount,ro,bind / && ({memory}) && exec "$@"'
    )
    if str(space.folder).startswith("/tmp/"):
        # The folder must stay in sight below the fresh /tmp.
        script = script.replace(
            "mount -t tmpfs tmpfs /tmp",
            'mkdir -p /mnt/space && mount --bind "$PWD" /mnt/space && mount -t tmpfs tmpfs /tmp '
            "&& cd /mnt/space",
        )
    server = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-m", "runtime"],
        cwd=space.folder,
        env={**os.environ, "NB2SPACE_KEY": record.key, "NB2SPACE_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout
        said = server.stdout.readline()
        # It is the log's first line: no library complains about folders that it cannot write to.
        assert said.endswith(f"Ready: the app answers on port {port}.\n"), said
        assert b"lamps" in get(f"http://127.0.0.1:{port}/")[2]
        session = live(f"http://127.0.0.1:{port}/")
        assert "widget-view+json" in session and "nb2space-complete" in session
        assert "could not be shown" not in session
    finally:
        server.kill()
        server.communicate(timeout=20)


def _descendants(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def _is_alive(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
