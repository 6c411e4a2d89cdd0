"""The notebook's secrets on their way to the Space: asked for once, set before the code."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import live
from conftest import Outcome
from hub import client_env
from publishing import TOKEN, Author, names_in_bundle, sent

from nb2space.errors import InputError
from nb2space.keystore import Record, find_record, save_record
from nb2space.runtime.masking import MASK
from nb2space.serve import Server, free_port
from nb2space.space import read_manifest
from nb2space.spacesecrets import complete_values, given_values, known_values

PASSWORD = 'correct horse/"battery"'
API_KEY = "sk-live-0123456789"
KNOWN = {"DB_PASSWORD": PASSWORD, "OPENAI_API_KEY": API_KEY}
VALUES = (PASSWORD, API_KEY, "another horse")


def knows(author: Author, secrets: Mapping[str, str]) -> None:
    """Make the author's key store as a conversion that found these secrets left it."""
    save_record(replace(author.record, secrets=dict(secrets)))


def discreet(author: Author, outcome: Outcome) -> Outcome:
    """An outcome in which no value is told, after which the Hub was told them in one way only."""
    for value in VALUES:
        for written in (value, json.dumps(value)[1:-1]):
            assert written not in outcome.out and written not in outcome.err
            for entry in author.hub.log:
                told = written.encode() in entry.raw or written in entry.path
                assert not told or (entry.method == "POST" and entry.path.endswith("/secrets"))
    places = [path for path in author.folder.parent.rglob("*") if path.is_file()]
    for path in places:
        if "key-store" not in path.parts and path.suffix != ".env":
            assert not [value for value in VALUES if value.encode() in path.read_bytes()], path
    return outcome


def publish(author: Author, *words: str, env: Mapping[str, str] | None = None) -> Outcome:
    return discreet(author, author.publish(*words, env=env))


def names_sent(author: Author) -> list[tuple[str, str]]:
    """The names that secrets were set and deleted by, in order."""
    return [
        (entry.method, entry.body["key"])
        for entry in author.hub.log.writes
        if entry.path.endswith("/secrets")
    ]


@pytest.mark.kernel
def test_secrets_are_there_before_the_code_that_needs_them(author: Author) -> None:
    knows(author, KNOWN)
    outcome = publish(author)
    assert outcome.code == 0, outcome.err
    assert outcome.err.splitlines()[1:4] == [
        "Giving it the key to the sealed code",
        "Giving it the secrets DB_PASSWORD, OPENAI_API_KEY",
        "Uploading what changed, in one commit",
    ]
    repo = author.hub.repos["ana/report"]
    assert repo.secrets == {**author.key, **KNOWN}
    order = sent(author.hub.log.writes)
    assert order.index("POST commit") > max(
        place for place, word in enumerate(order) if word == "POST secrets"
    )
    assert names_sent(author) == [
        *(("POST", name) for name in author.key),
        ("POST", "DB_PASSWORD"),
        ("POST", "OPENAI_API_KEY"),
    ]
    # What is remembered tells nothing of the values without the key.
    remembered = author.record.published["secrets"]["ana/report"]
    assert set(remembered) == set(KNOWN)
    plain = hashlib.sha256(PASSWORD.encode()).hexdigest()
    assert all(len(mark) == 16 and mark not in plain for mark in remembered.values())

    author.hub.log.clear()
    again = publish(author)
    assert again.code == 0 and author.hub.log.writes == []


@pytest.mark.kernel
def test_a_new_value_is_set_again_and_a_lost_one_too(author: Author) -> None:
    knows(author, KNOWN)
    repo = author.published()
    author.hub.log.clear()
    outcome = publish(author, "--secret", "DB_PASSWORD", env={"DB_PASSWORD": "another horse"})
    assert outcome.code == 0
    assert "Giving it the secret DB_PASSWORD\n" in outcome.err
    assert names_sent(author) == [("POST", "DB_PASSWORD")]
    assert repo.secrets["DB_PASSWORD"] == "another horse"
    assert author.record.secrets == {**KNOWN, "DB_PASSWORD": "another horse"}

    del repo.secret_settings["OPENAI_API_KEY"]
    author.hub.log.clear()
    assert publish(author).code == 0
    assert names_sent(author) == [("POST", "OPENAI_API_KEY")]
    # Another Space has none of them yet.
    author.hub.log.clear()
    assert publish(author, "--to", "ana/second").code == 0
    assert author.hub.repos["ana/second"].secrets.keys() == repo.secrets.keys()


@pytest.mark.kernel
def test_a_secret_that_is_used_no_longer_is_taken_back_after_the_commit(author: Author) -> None:
    knows(author, KNOWN)
    repo = author.published()
    repo.secret_settings["BY_HAND"] = repo.secret_settings["DB_PASSWORD"]
    knows(author, {"OPENAI_API_KEY": API_KEY})
    author.change()
    author.hub.log.clear()
    planned = author.publish("--dry-run")
    assert "The secret DB_PASSWORD would be deleted.\n" in planned.out
    assert author.hub.log.writes == []
    outcome = publish(author)
    assert outcome.code == 0
    assert sent(author.hub.log.writes)[-2:] == ["POST commit", "DELETE secrets"]
    assert "Taking back the secret DB_PASSWORD\n" in outcome.err
    assert set(repo.secrets) == {*author.key, "OPENAI_API_KEY", "BY_HAND"}
    assert set(author.record.published["secrets"]["ana/report"]) == {"OPENAI_API_KEY"}
    author.hub.log.clear()
    assert publish(author).code == 0 and author.hub.log.writes == []


@pytest.mark.kernel
def test_missing_values_are_named_and_nothing_is_sent(author: Author) -> None:
    knows(author, {"DB_PASSWORD": "", "OPENAI_API_KEY": API_KEY, "SMTP_PASSWORD": ""})
    known = author.record
    for words in ([], ["--json"], ["--yes"]):
        outcome = publish(author, *words)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            "Error: The notebook's code uses the secrets DB_PASSWORD, SMTP_PASSWORD, and this "
            "machine does not know the values. Set an environment variable of the same name, or "
            "give --secrets-file FILE with lines NAME=VALUE, or --secret NAME=VALUE, which stays "
            "in the shell's history.\n"
        )
    assert author.hub.log.writes == [] and author.record == known
    # A trial tells what would stop the real thing.
    planned = publish(author, "--dry-run")
    assert (planned.code, planned.err) == (2, outcome.err)
    assert "The secret SMTP_PASSWORD would be set.\n" in planned.out


@pytest.mark.kernel
def test_every_way_to_give_a_value(author: Author, tmp_path: Path) -> None:
    knows(author, dict.fromkeys(["DB_PASSWORD", "OPENAI_API_KEY", "SMTP_PASSWORD", "PIN"], ""))
    file = tmp_path / "secrets.env"
    file.write_text("# mine\nexport DB_PASSWORD='another horse'\nOTHER=x\nPIN=1\n")
    environment = {"OPENAI_API_KEY": API_KEY, "SMTP_PASSWORD": PASSWORD, "PIN": "2"}
    words = ["--secret", "PIN=3=3", "--secret", "OPENAI_API_KEY", "--secrets-file", str(file)]
    outcome = publish(author, *words, env=environment)
    assert outcome.code == 0, outcome.err
    given = {"DB_PASSWORD": "another horse", "OPENAI_API_KEY": API_KEY, "PIN": "3=3"}
    repo = author.hub.repos["ana/report"]
    assert repo.secrets == {
        **author.key,
        **given,
        "SMTP_PASSWORD": PASSWORD,
    }
    # What only the environment knew may be another value tomorrow; the rest is kept.
    assert author.record.secrets == {**given, "SMTP_PASSWORD": ""}
    author.hub.log.clear()
    assert publish(author, env={"SMTP_PASSWORD": PASSWORD}).code == 0
    assert author.hub.log.writes == []


@pytest.mark.kernel
def test_dry_run_tells_names_and_keeps_nothing(author: Author) -> None:
    knows(author, KNOWN)
    known = author.record
    words = ["--dry-run", "--secret", "DB_PASSWORD"]
    outcome = publish(author, *words, env={"DB_PASSWORD": "another horse"})
    assert outcome.code == 0 and outcome.err == ""
    assert "The secret DB_PASSWORD would be set.\n" in outcome.out
    assert "The secret OPENAI_API_KEY would be set.\n" in outcome.out
    plan = json.loads(publish(author, "--dry-run", "--json").out)["plan"]
    assert plan["sets_secrets"] == ["DB_PASSWORD", "OPENAI_API_KEY"]
    assert plan["deletes_secrets"] == []
    offline = author.publish("--dry-run", token=None)
    assert "The secret OPENAI_API_KEY would be set.\n" in discreet(author, offline).out
    assert author.record == known and author.hub.log.writes == []


@pytest.mark.kernel
def test_a_refusal_of_the_hub_does_not_repeat_the_value(author: Author) -> None:
    knows(author, {"DB_PASSWORD": PASSWORD})
    author.published()
    body = json.dumps({"error": f'Invalid value: "{PASSWORD}2"'}).encode()
    author.hub.faults.refuse(400, "/secrets$", method="POST", body=body)
    words = ["--debug", "--secret", "DB_PASSWORD"]
    outcome = author.publish(*words, env={"DB_PASSWORD": PASSWORD + "2"})
    assert outcome.code == 2
    assert "The Hub refused setting the secret DB_PASSWORD" in outcome.err
    assert PASSWORD not in outcome.err
    # Nothing is remembered of what was not set: the same command goes on.
    assert author.publish().code == 0
    assert author.hub.repos["ana/report"].secrets["DB_PASSWORD"] == PASSWORD + "2"


@pytest.mark.kernel
def test_a_terminal_is_asked_without_echo(author: Author) -> None:
    knows(author, {"DB_PASSWORD": "", "OPENAI_API_KEY": API_KEY})
    save_record(replace(author.record, published={"target": "ana/report"}))
    ours, theirs = pty.openpty()
    env = {**os.environ, **client_env(author.hub, author.home, TOKEN), "TERM": "dumb"}
    words = ["publish", str(author.folder), "--visibility", "private"]
    command = [sys.executable, "-m", "nb2space", *words]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 60
    typed = False
    while time.monotonic() < deadline:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if b"(not shown): " in shown and not typed:
            os.write(ours, f"{PASSWORD}\n".encode())
            typed = True
    os.close(ours)
    assert process.wait(10) == 0, shown
    assert shown.startswith(b"The value of DB_PASSWORD (not shown): ")
    discreet(author, Outcome(0, shown.decode(), ""))
    assert author.record.secrets == KNOWN
    assert author.hub.repos["ana/report"].secrets["DB_PASSWORD"] == PASSWORD


# -- what is given ---------------------------------------------------------------------------


def a_record(**secrets: str) -> Record:
    return Record(space_id="a1", key="k" * 20, folder="/x", secrets=secrets)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=plain", "plain"),
        ("A = plain  # why", "plain"),
        ("A=with#hash", "with#hash"),
        ("A=a b=c ", "a b=c"),
        ("export  A='single # \"quoted\"'  # why", 'single # "quoted"'),
        ('A="double # \\"quoted\\"\\n"', 'double # "quoted"\n'),
        ("A='no \\n escape'", "no \\n escape"),
        ('A="C:\\\\new \\d"', "C:\\new \\d"),
        ('A="line 1\nB=x # no\nline 3"\n', "line 1\nB=x # no\nline 3"),
        ("\ufeff\r\n# first\r\n\r\nA=1\r\nA=last\r\n", "last"),
        ("A=it's", "it's"),
        ("A=ü€", "ü€"),
    ],
)
def test_a_secrets_file(tmp_path: Path, text: str, value: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(text.encode())
    assert given_values(a_record(A=""), [], file) == {"A": value}


@pytest.mark.parametrize("text", ["", "\n", "# A=x", "A=", "A=''", 'A="" # x', "A= # x", "B=x"])
def test_a_secrets_file_without_a_value(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    assert given_values(a_record(A=""), [], file) == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hunter2 hunter2", 1),
        ("B=1\n\nhunter2", 3),
        ("B='x\ny'\nA='hunter2", 3),
        ('A="hunter2" hunter2', 1),
        ("1A=hunter2", 1),
        ("=hunter2", 1),
        ("A-B=hunter2", 1),
        ("A: hunter2", 1),
    ],
)
def test_what_is_no_setting_is_told_by_its_line_only(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    with pytest.raises(InputError, match=f"^Line {line} of .* is not NAME=VALUE") as caught:
        given_values(a_record(A=""), [], file)
    assert "hunter2" not in str(caught.value)


def test_secrets_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        given_values(a_record(A=""), [], tmp_path / "none.env")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        given_values(a_record(A=""), [], tmp_path)
    (tmp_path / "latin.env").write_bytes(b"A=caf\xe9")
    with pytest.raises(InputError, match="is no text in UTF-8; save it as such"):
        given_values(a_record(A=""), [], tmp_path / "latin.env")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("DB_PASWORD=hunter2", "it uses the secrets DB_PASSWORD, PIN. Check the spelling"),
        ("hunter2", "it uses the secrets DB_PASSWORD, PIN"),
        ("=hunter2", "it uses the secrets DB_PASSWORD, PIN"),
        ("NB2SPACE_KEY=hunter2", "it uses the secrets DB_PASSWORD, PIN"),
        ("PIN=", "--secret PIN= gives no value"),
        ("PIN", "from the environment variable PIN, which is not set here"),
    ],
)
def test_options_that_give_nothing(option: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("hunter2", "x")
    monkeypatch.delenv("PIN", raising=False)
    with pytest.raises(InputError, match=said) as caught:
        given_values(a_record(DB_PASSWORD="", PIN=""), [option], None)
    assert "hunter2" not in str(caught.value)


def test_a_secret_for_a_notebook_without_any() -> None:
    with pytest.raises(InputError, match="the notebook's code uses no secrets"):
        given_values(a_record(), ["A=b"], None)


def test_the_order_of_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    record = a_record(A="kept", B="kept", C="", D="")
    for name in "ABC":
        monkeypatch.setenv(name, "environment")
    monkeypatch.delenv("D", raising=False)
    assert known_values(record, {"A": "given"}) == {"A": "given", "B": "kept", "C": "environment"}


def test_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIN", raising=False)
    record = a_record(PIN="", DB_PASSWORD="kept")
    assert complete_values(record, {}, record.secrets, lambda name: f"of {name}") == {
        "PIN": "of PIN",
        "DB_PASSWORD": "kept",
    }
    found = find_record("a1")
    assert found and found.secrets == {"PIN": "of PIN", "DB_PASSWORD": "kept"}


@pytest.mark.parametrize("value", ["caf\udce9 au lait", "a\0b"])
def test_what_is_no_text_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="The value of A is no text in UTF-8") as caught:
        complete_values(a_record(A=""), {"A": value}, ["A"], None)
    assert value not in str(caught.value) and find_record("a1") is None


# -- in the app ------------------------------------------------------------------------------


@pytest.mark.kernel
def test_the_app_has_its_secrets_and_shows_and_logs_none(
    notebook: Callable[..., Path],
    run: Callable[..., Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("DB_PASSWORD", "OPENAI_API_KEY", "UNUSED_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    path = notebook(
        "import os, warnings, base64\n"
        "password = os.environ.get('DB_PASSWORD', 'nothing')\n"
        "print('length', len(password), 'unused', os.environ.get('UNUSED_TOKEN'))",
        "print('printed', password)",
        "print('encoded', base64.b64encode(password.encode()).decode())",
        "warnings.warn('warned of ' + password)",
        "from IPython.display import HTML\nHTML('<b>shown ' + os.environ.get('OPENAI_API_KEY', '')"
        " + '</b>')",
    )
    assert run("convert", path).code == 0
    folder = path.parent / "small-space"
    found = find_record(read_manifest(folder).space_id)
    assert found
    names_in_bundle(folder, found, ["DB_PASSWORD", "OPENAI_API_KEY", "SMTP_PASSWORD"])
    save_record(replace(found, secrets={"DB_PASSWORD": PASSWORD, "OPENAI_API_KEY": ""}))
    # What the key store does not know may be in the environment.
    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    monkeypatch.setenv("UNUSED_TOKEN", "not for this notebook")
    session, log = session_and_log(folder)
    assert f"length {len(PASSWORD)} unused None" in session
    # Outputs are JSON there.
    for shown in ("printed", "encoded", "shown"):
        assert json.dumps(f"{shown} {MASK}")[1:-1] in session
    assert f"warned of {MASK}" in log
    assert "No value is set for SMTP_PASSWORD; code that cannot do without it fails." in log
    for value in (PASSWORD, json.dumps(PASSWORD)[1:-1], API_KEY):
        assert value not in session and value not in log


def session_and_log(folder: Path) -> tuple[str, str]:
    """A live session of the app in `folder` as its server sends it, and the server's log."""
    import tempfile

    with tempfile.TemporaryFile() as log:
        server = Server(folder, free_port(None), False, log)
        try:
            server.start()
            session = live(server.url)
        finally:
            server.stop()
        log.seek(0)
        return session, log.read().decode()
