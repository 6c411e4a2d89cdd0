"""Secrets in the author's files: in modules and data, in any encoding, packed or not."""

from __future__ import annotations

import gzip
import pickle
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from auditing import zipped
from making import notebook_of

from nb2space.errors import FindingError
from nb2space.secrets import LiftedCode, fingerprint, lift_files, lift_notebook

WORD = "Tr0ub4dor" + "-and-3"
OTHER = "Kopi-" + "Tubruk77"


def code() -> LiftedCode:
    """The code of a notebook in which one secret is."""
    return lift_notebook(notebook_of(f"password = '{WORD}'"), ())


def database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.db")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("create table logins (name, entry)")
            connection.execute("insert into logins values ('ana', ?)", (WORD,))
            connection.commit()
        return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf-16.csv", f"user,password\nana,{OTHER}\n".encode("utf-16")),
        ("latin-1.csv", f"user,password\nanä,{OTHER}\n".encode("latin-1")),
        ("settings.json", f'{{"ä": 1, "password": "{OTHER}"}}'.encode("utf-16")),
        ("notes.txt", f"it is {WORD}, says Ana".encode()),
        ("rows.pickle", pickle.dumps({"entry": WORD})),
        ("rows.db", database()),
        ("fast.pyx", f"password = '{OTHER}'\n".encode()),
        ("fast.pyi", f"# password = '{OTHER}'\n".encode()),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_data_file_is_refused_or_masked(name: str, content: bytes) -> None:
    with pytest.raises(FindingError, match=f"There is a secret in {name}") as caught:
        lift_files(code(), {name: content}, (), redact=False)
    assert OTHER not in str(caught.value) and WORD not in str(caught.value)
    lifted, changed = lift_files(code(), {name: content}, (), redact=True)
    assert len(changed[name]) == len(content)
    for value in (WORD, OTHER):
        assert (
            value.encode() not in changed[name] and value.encode("utf-16")[2:] not in changed[name]
        )
    assert [finding.becomes for finding in lifted.findings] == ["lifted", "masked"]
    marks = {fingerprint(WORD), fingerprint(OTHER)}
    assert lift_files(code(), {name: content}, marks, redact=False)[1] == {name: content}


@pytest.mark.parametrize("pack", [zipped, gzip.compress, lambda raw: zipped(gzip.compress(raw))])
def test_what_is_packed_cannot_be_masked(pack: Callable[[bytes], bytes]) -> None:
    files = {"old.zip": pack(f"ENTRY={WORD}\n".encode() * 9), "rows.zip": pack(b"a,b\n1,2\n")}
    for redact in (False, True):
        with pytest.raises(FindingError, match=r"a secret in old\.zip \(the same secret as else"):
            lift_files(code(), files, (), redact=redact)
    # A page without a kernel carries no file.
    lift_files(code(), files, (), redact=False, leaves=False)


def test_a_secret_of_a_cell_or_module_is_lifted_from_the_modules() -> None:
    files = {
        "a.py": f"password = '{OTHER}'\n".encode(),
        "b/__init__.py": f"first = '{WORD}'\nlast = '{OTHER}'\n".encode(),
    }
    lifted, changed = lift_files(code(), files, (), redact=False)
    assert lifted.values == {"PASSWORD": WORD, "PASSWORD_2": OTHER}
    assert changed["b/__init__.py"].decode().splitlines()[1] == 'first = os.environ["PASSWORD"]'
    assert not [body for body in changed.values() if OTHER.encode() in body]


def test_a_word_of_the_data_is_no_secret() -> None:
    lifted = lift_notebook(notebook_of("password = 'indonesia'"), ())
    files = {"countries.csv": b"name\nindonesia\n"}
    assert lift_files(lifted, files, (), redact=False)[1] == files
