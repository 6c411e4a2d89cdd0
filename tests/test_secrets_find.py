"""Finding secrets: the corpus, the places, the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from corpus.secrets import innocent_cases, true_cases, unseen_innocent_cases, unseen_true_cases
from corpus.secrets.scoring import Score, score
from hypothesis import given
from hypothesis import strategies as st
from making import few, notebook_of
from secretive import VALUES, WORD, write

from nb2space.secrets import find_secrets, fingerprint, marked_harmless
from nb2space.secrets.code import secrets_in_code
from nb2space.secrets.reads import names_needed, names_read
from nb2space.secrets.words import is_secret


def found_by_us(true: Any, innocent: Any) -> Score:
    def finder(notebook: Any, files: dict[str, bytes]) -> list[str]:
        return [finding.value for finding in find_secrets(notebook, files=files)]

    return score("nb2space", finder, true, innocent)


def test_the_corpus_is_found_and_nobody_is_accused() -> None:
    true, innocent = true_cases(), innocent_cases()
    assert len(true) >= 150 and len({case.kind for case in true}) >= 40 and len(innocent) >= 150
    result = found_by_us(true, innocent)
    assert result.recall >= 0.98, result.missed
    assert result.precision >= 0.97, result.accused


def test_cases_that_the_finder_was_not_made_with() -> None:
    result = found_by_us(unseen_true_cases(), unseen_innocent_cases())
    assert result.recall >= 0.9, result.missed
    assert result.precision >= 0.9, result.accused


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("password", "hunter2" + "-prod!", True),
        ("dbPassword", "mangga", True),
        ("kata_sandi", "Merdeka" + "1945", True),
        ("PGPASSWORD", "kopi" + "Tubruk", True),
        ("api_key", "9f8c7b6a5d4e", True),
        ("PIN", "0700" + "8831", True),
        ("password", "S3cr3t" + "$Kopi77", True),
        ("password", "$uper" + "S3cret!", True),
        ("password", "Kopi-" + "Tubruk77?", True),
        ("password", "Kopi..." + "2024!", True),
        ("api_key", "sk-Ab12..." + "Yz9", False),
        ("password", "Center-" + "2024!", True),
        ("password", "enter-password-1", False),
        ("password", "$DB_PASSWORD", False),
        ("password", "DB-Password:", False),
        ("password", "{env}-db-secret-v2", False),
        ("password", "", False),
        ("password", "password", False),
        ("password", "user_password", False),
        ("password", "Enter your password: ", False),
        ("password", "${DB_PASSWORD}", False),
        ("password", "<your password>", False),
        ("password", "xxxxxxxx", False),
        ("password_column", "pw_2024!", False),
        ("token_count", "1234567890abcdef", False),
        ("token", "word", False),
        ("key", "sales_2024", False),
        ("primary_key", "customer-id-1", False),
        ("author", "Ana 2024!", False),
        ("secret_santa", "Budi-2024", False),
    ],
)
def test_names_and_values(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


@given(st.text(max_size=200))
@few
def test_any_text_is_read(text: str) -> None:
    for secret in secrets_in_code(text):
        assert 0 <= secret.start < secret.end <= len(text)
    find_secrets(notebook_of(text, f"# {text}"))


def test_what_is_ignored_is_not_found() -> None:
    notebook = notebook_of(f"password = '{WORD}'")
    assert [finding.value for finding in find_secrets(notebook)] == [WORD]
    assert find_secrets(notebook, ignored={fingerprint(WORD)}) == []


def test_scan(run: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "secretive.ipynb")
    done = run("scan", "secretive.ipynb")
    assert done.code == 1
    assert not [value for value in VALUES if value in done.out + done.err]
    lines = done.out.splitlines()
    assert lines[0].split("  ")[0] == "cell 2, line 1"
    assert "password in a postgresql URL" in lines[0] and "taken out of the code" in lines[0]
    assert any(line.startswith("cell 1, text ") and " masked " in line for line in lines)
    assert done.err.startswith(f"Error: {len(lines)} places hold secrets.")
    told = json.loads(run("scan", "secretive.ipynb", "--json").out)["findings"]
    assert len(told) == len(lines) and set(told[0]) == {
        "where", "cell", "line", "kind", "confidence", "shown", "becomes", "fingerprint",
    }  # fmt: skip
    marks = ", ".join(f'"{finding["fingerprint"]}"' for finding in told)
    (tmp_path / "nb2space.toml").write_text(f"[secrets]\nignore = [{marks}]\n")
    quiet = run("scan", "secretive.ipynb")
    assert (quiet.code, quiet.out) == (0, "No secrets were found in secretive.ipynb.\n")
    (tmp_path / "requirements.txt").write_text("-i https://ana:short@example.org/simple\n")
    beside = run("scan", "secretive.ipynb")
    assert beside.code == 1 and "requirements.txt  password in " in beside.out
    assert "short" not in beside.out + beside.err


@pytest.mark.kernel
def test_scan_of_a_space_folder(run: Callable[..., Any], example_spaces: Any) -> None:
    done = run("scan", example_spaces("report").folder)
    assert done.code == 0, done.out


def test_scan_of_a_folder(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "work" / "helpers.py").write_text(f"password = '{WORD}'\n")
    (tmp_path / "work" / "data" / "settings.json").write_text(json.dumps({"password": WORD}))
    (tmp_path / "work" / "picture.png").write_bytes(bytes(range(256)))
    done = run("scan", "work")
    assert done.code == 1 and WORD not in done.out
    assert [line.split("  ")[0] for line in done.out.splitlines()] == [
        "helpers.py, line 1",
        "data/settings.json",
    ]
    # What is no notebook is noted, and its text is searched all the same.
    (tmp_path / "work" / "data" / "broken.ipynb").write_text(f'{{"cells": [password = "{WORD}"')
    done = run("scan", "work")
    assert done.code == 1 and "data/broken.ipynb  " in done.out and WORD not in done.out + done.err
    assert "broken.ipynb is not a readable notebook" in done.err
    mark = f'[secrets]\nignore = ["{fingerprint(WORD)}"]\n'
    (tmp_path / "work" / "nb2space.toml").write_text(mark)
    for target in ("work", "work/helpers.py"):
        assert run("scan", target).out == f"No secrets were found in {target}.\n"
    nothing = run("scan", "none.ipynb")
    assert nothing.code == 2 and "none.ipynb" in nothing.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[secrets\n", "cannot be read"),
        ("[secret]\n", "has 'secret', which nb2space does not know"),
        ("[secrets]\nignored = []\n", "has 'ignored', which nb2space does not know"),
        ("[secrets]\nignore = 'x'\n", "must be a list"),
        ("secrets = 1\n", "must be a table"),
    ],
)
def test_a_project_file_that_is_none(
    text: str, said: str, run: Callable[..., Any], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook("print(1)")
    (tmp_path / "nb2space.toml").write_text(text)
    done = run("convert", "small.ipynb")
    assert done.code == 2 and said in done.err and not (tmp_path / "small-space").exists()


def test_places_that_no_code_is_in() -> None:
    widget = {
        "m": {"model_name": "PasswordModel", "model_module": "x", "state": {"value": WORD}},
    }
    notebook = notebook_of("1", models=widget, note={"api_key": WORD})
    notebook.cells[0].metadata["login"] = {"password": WORD}
    notebook.cells[0].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=f"password: {WORD}\n")
    ]
    assert {finding.where for finding in find_secrets(notebook)} == {
        "cell 1, output",
        "cell 1, metadata",
        "metadata of the notebook",
        "a Password widget's value",
    }


def test_what_a_comment_says_is_none_is_none_in_outputs_too() -> None:
    notebook = notebook_of(
        f"password = '{WORD}'  # nb2space: not-a-secret", "print('password:', password)"
    )
    notebook.cells[1].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=f"password: {WORD}\n")
    ]
    assert find_secrets(notebook) == []
    assert marked_harmless(notebook) == {fingerprint(WORD)}
    notebook.cells[0].source = f"password = '{WORD}'"
    assert len(find_secrets(notebook)) == 2 and not marked_harmless(notebook)


def test_names_that_the_code_cannot_do_without() -> None:
    sources = ["import os", "a = os.environ['A_TOKEN'], os.environ.get('B_TOKEN')", "%env X=1"]
    assert names_needed(sources) == ("A_TOKEN",) and names_read(sources) == ("A_TOKEN", "B_TOKEN")
