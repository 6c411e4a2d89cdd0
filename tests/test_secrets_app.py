"""A notebook with secrets, from the author's file to the viewer's page: it works and tells none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import viewer, viewing, wait_until
from secretive import NOTED, OPENAI, TOKEN, URL, VALUES, WORD, disguises, write

from nb2space.audit import audit_folder
from nb2space.keystore import find_record
from nb2space.runtime.bundle import unpack, unseal_bytes
from nb2space.runtime.workplace import make_workplace
from nb2space.space import read_manifest

pytestmark = pytest.mark.kernel


def told(content: bytes) -> list[str]:
    """The values that can be read in `content`, in any of their forms."""
    return [value for value in VALUES if any(form in content for form in disguises(value))]


def folder_bytes(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_folder_and_the_bundle_hold_no_secret(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("convert", write(tmp_path / "secretive.ipynb"))
    assert done.code == 0, done.err
    assert not [value for value in VALUES if value in done.out + done.err]
    assert "Taken out of the code, and read from the environment instead: " in done.err
    assert "Masked: password in a text (cell 1, text)" in done.err
    folder = tmp_path / "secretive-space"
    assert told(folder_bytes(folder)) == []
    shown = nbformat.read(folder / "secretive.ipynb", as_version=4)
    text = "".join(
        output.get("text", "") for cell in shown.cells for output in cell.get("outputs", ())
    )
    assert f"the address has {len(URL)} signs; it is •••••" in text
    assert "env: API_TOKEN=•••••" in text
    record = find_record(read_manifest(folder).space_id)
    assert record
    bundle = unpack(unseal_bytes((folder / "sealed.bin").read_bytes(), record.key))
    assert told(b"\n".join(bundle.values())) == []
    assert set(record.secrets) == {"DB_URL", "API_KEY", "API_TOKEN", "AUTHORIZATION"}
    assert record.secrets["DB_URL"] == URL and record.secrets["API_TOKEN"] == TOKEN
    assert audit_folder(folder, record).ok


def test_converting_again_gives_the_same(run: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "secretive.ipynb")
    assert run("convert", "secretive.ipynb").code == 0
    before = folder_bytes(tmp_path / "secretive-space")
    assert run("convert", "secretive.ipynb").code == 0
    assert folder_bytes(tmp_path / "secretive-space") == before


@pytest.mark.browser
def test_the_app_works_and_tells_no_secret(
    run: Callable[..., Any], tmp_path: Path, own_key_store: Path, chromium: Any
) -> None:
    assert run("convert", write(tmp_path / "secretive.ipynb")).code == 0
    with (
        viewing("secretive-space", cwd=tmp_path, home=own_key_store) as app,
        viewer(chromium, app.url) as seen,
    ):
        seen.wait_for_text(f"sum {2 * len(TOKEN)} ••••• •••••")
        seen.wait_for_text(f"the address has {len(URL)} signs; it is •••••")
        seen.wait_until_live()
        handle = seen.page.locator(".noUi-handle").first
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        wait_until(lambda: f"sum {3 * len(TOKEN)} ••••• •••••" in seen.text())
        wait_until(lambda: "pieces •••••" in seen.text())
        assert OPENAI[:15] not in seen.text()
        seen.page.keyboard.press("End")
        wait_until(lambda: "could not be shown" in seen.text())
        assert told(seen.received()) == []
        app.stop()
        assert app.process.stdout
        log = "".join(app.lines) + app.process.stdout.read()
        assert "ZeroDivisionError" in log and told(log.encode()) == []


def test_modules_are_lifted_and_data_files_refused(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "helpers.py").write_text(
        f"def login(password='{WORD}'):\n    return len(password)\n"
    )
    (tmp_path / "settings.json").write_text(json.dumps({"password": WORD, "rows": 3}))
    notebook(
        "import helpers, json\nprint(helpers.login(), json.load(open('settings.json'))['rows'])"
    )
    refused = run("convert", "small.ipynb")
    assert refused.code == 1 and WORD not in refused.err
    assert "There is a secret in settings.json" in refused.err and "--redact" in refused.err
    assert not (tmp_path / "small-space").exists()
    assert run("convert", "small.ipynb", "--redact").code == 0
    folder = tmp_path / "small-space"
    record = find_record(read_manifest(folder).space_id)
    assert record and record.secrets == {"PASSWORD": WORD}
    bundle = unpack(unseal_bytes((folder / "sealed.bin").read_bytes(), record.key))
    assert bundle["helpers.py"].decode().startswith("import os\ndef login(password=os.environ[")
    assert WORD.encode() not in bundle["settings.json"] and b'"rows": 3' in bundle["settings.json"]
    shutil.rmtree(folder)
    assert run("convert", "small.ipynb", "--exclude", "*.json").code == 0
    bundle = unpack(unseal_bytes((folder / "sealed.bin").read_bytes(), record.key))
    assert "settings.json" not in bundle


def test_what_cannot_be_lifted_stops_the_conversion(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook("# Title", f"def f():\n    '''Log in with {URL}'''")
    done = run("convert", "small.ipynb")
    assert done.code == 1 and WORD not in done.err and not (tmp_path / "small-space").exists()
    assert "There is a secret in cell 2, line 2 (password in a postgresql URL" in done.err
    assert "read it from the environment with os.environ[…] instead" in done.err


def test_the_environment_that_the_code_has_always_read(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook("import os\nprint('with', os.environ['MY_API_KEY'], os.getenv('LANG_X'))")
    done = run("convert", "small.ipynb", env={"MY_API_KEY": WORD})
    assert done.code == 0, done.err
    folder = tmp_path / "small-space"
    assert told(folder_bytes(folder)) == [] and b"with \xe2\x80\xa2" in folder_bytes(
        folder
    ).replace(b"\\u2022", "•".encode())
    record = find_record(read_manifest(folder).space_id)
    assert record and record.secrets == {"MY_API_KEY": ""}


def test_what_no_run_has_shown_is_asked_for(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook("import os\nprint(os.environ['MY_API_KEY'], os.environ.get('OTHER_KEY'))")
    unset = run("convert", "small.ipynb")
    assert unset.code != 0 and unset.err.endswith(
        "Error: Cell 1 needs the environment variable MY_API_KEY, which is not set here. Nothing "
        "was written. Set it and convert again.\n"
    )
    kept = run("convert", "small.ipynb", "--no-execute")
    assert kept.code == 0 and "no saved outputs to show" in kept.err
    record = find_record(read_manifest(tmp_path / "small-space").space_id)
    assert record and record.secrets == {"MY_API_KEY": ""}


def test_a_failing_cell_tells_no_secret(
    run: Callable[..., Any], notebook: Callable[..., Path]
) -> None:
    notebook(f"url = '{URL}'", "raise ConnectionError('refused by ' + url)")
    for words in ([], ["--debug"]):
        done = run("convert", "small.ipynb", *words)
        assert done.code == 2 and "refused by •••••" in done.err
        assert WORD not in done.out + done.err


def test_a_failing_module_tells_no_secret(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "helpers.py").write_text(
        f"def login():\n    password = '{WORD}'; raise OSError(password[:3], 'password={NOTED}')\n"
    )
    notebook("import helpers", "helpers.login()")
    done = run("convert", "small.ipynb")
    assert done.code == 2 and "password = '•••••'; raise OSError" in done.err
    assert not [value for value in (WORD, NOTED) if value in done.out + done.err]


def test_a_secret_that_shows_packed_stops_the_conversion_and_is_not_told(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    word = "K7-b2" + "-c3!d4-e5"
    notebook(
        f'import base64, json, zlib\ncreds = json.loads(\'{{"user": 1, "password": "{word}"}}\')',
        "print(base64.b64encode(zlib.compress(creds['password'].encode())).decode())",
    )
    done = run("convert", "small.ipynb")
    assert done.code == 1 and not (tmp_path / "small-space").exists()
    assert ": secret PASSWORD '••• (14 characters)'" in done.err
    assert not [part for part in ("K7", "b2-", "c3!", "d4", "e5") if part in done.err]


def test_what_only_outputs_show_is_masked_in_the_app_too(
    run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    made = "KopiTubruk-" + "77"
    shifted = "".join(chr(ord(sign) + 1) for sign in made)
    notebook(
        "# Title",
        f"password = ''.join(chr(ord(sign) - 1) for sign in '{shifted}')\n"
        "print('password:', password)",
    )
    done = run("convert", "small.ipynb")
    assert done.code == 0 and made not in done.out + done.err
    assert "Note: Cell 2, output: value of 'password', which is not in the code. It is" in done.err
    folder = tmp_path / "small-space"
    assert made.encode() not in folder_bytes(folder)
    record = find_record(read_manifest(folder).space_id)
    assert record and record.secrets == {}
    bundle = unpack(unseal_bytes((folder / "sealed.bin").read_bytes(), record.key))
    with make_workplace(bundle) as workplace:
        assert list(workplace.secrets.values({})) == [made]


def test_what_failed_while_controls_were_recorded_is_told_without_secrets(
    run: Callable[..., Any], notebook: Callable[..., Path]
) -> None:
    notebook(
        f"import ipywidgets\npassword = '{WORD}'\n@ipywidgets.interact(n=(1, 3))\n"
        "def f(n=1):\n    print(n)\n    if n == 2: raise OSError(password)"
    )
    done = run("convert", "small.ipynb", "--static", "--yes")
    assert done.code == 0 and "(OSError: •••••)" in done.err and WORD not in done.err
