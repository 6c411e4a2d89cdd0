"""The recipe for automation, taken out of the guide and run, and the exit codes it relies on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Outcome
from hub import Refuse, client_env
from inprocess import call
from publishing import TOKEN, Author, published_files

from nb2space.errors import FindingError, InputError, RemoteError

GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")

# What the repository's secrets are, on GitHub.
VAULT = {"HF_TOKEN": TOKEN, "DB_PASSWORD": "correct horse"}
NOWHERE = "http://127.0.0.1:9/simple"

pytestmark = [
    # lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


def recipe() -> str:
    """The workflow as the guide has it."""
    found = re.search(r"(?m)^    # \.github/workflows/.+\n((?:    .*\n|\n)+)", GUIDE)
    assert found
    return re.sub(r"(?m)^    ", "", found[1])


def test_the_recipe_is_a_workflow(tmp_path: Path) -> None:
    file = tmp_path / "publish.yml"
    file.write_text(recipe(), encoding="utf-8")
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        done = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def commands() -> list[tuple[list[str], dict[str, str]]]:
    """The recipe's commands of nb2space, with the variables that each is given."""
    (job,) = yaml.safe_load(recipe())["jobs"].values()
    found = [
        (
            shlex.split(step["run"].replace("OWNER/NAME", "ana/report"))[1:],
            {**job["env"], **step.get("env", {})},
        )
        for step in job["steps"]
        if step.get("run", "").startswith("nb2space ")
    ]
    assert [words[0] for words, _ in found] == ["convert", "publish"]
    return found


def run_recipe(run: Callable[..., Outcome], machine: Path, variables: Mapping[str, str]) -> Outcome:
    """The outcome of the recipe's last command on a new machine, or of the first that fails."""
    outcome = Outcome(0, "", "")
    for words, env in commands():
        given = {
            name: re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda found: VAULT[found[1]], value)
            for name, value in env.items()
        }
        outcome = run(*words, env={**variables, **given, "NB2SPACE_HOME": str(machine / "store")})
        if outcome.code:
            return outcome
    return outcome


@pytest.mark.kernel
def test_the_recipe_publishes_from_one_new_machine_after_the_other(
    author: Author, run: Callable[..., Outcome], notebook: Callable[..., Path], tmp_path: Path
) -> None:
    # No index is asked here whether the packages go together: tests/test_resolve.py does that.
    variables = {
        **client_env(author.hub, author.home),
        **dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), NOWHERE),
    }
    del variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"]
    repo = None
    for number in (1, 2, 3):
        notebook(
            f"# Sales {number}",
            "import os\nprint(len(os.environ.get('DB_PASSWORD', '')))",
            name="report.ipynb",
        )
        author.hub.faults.clear()
        if number == 1:
            author.hub.faults.add(Refuse(403), "/commit/", times=None)
        outcome = run_recipe(run, tmp_path / f"machine-{number}", variables)
        assert not [value for value in VAULT.values() if value in outcome.out + outcome.err]
        if number == 1:
            assert outcome.code == 2
            assert author.hub.repos["ana/report"].visibility == "private"
            continue
        assert outcome.code == 0, outcome.err
        assert "The app answers at " in outcome.out
        repo = author.hub.repos["ana/report"]
        assert repo.visibility == "public" and len(repo.commits) == number
        assert repo.secrets["DB_PASSWORD"] == VAULT["DB_PASSWORD"]
    assert repo and f"Sales {3}".encode() in published_files(repo)["README.md"]


def test_the_exit_codes_are_those_of_the_guide() -> None:
    table = GUIDE[GUIDE.index("## Exit codes") :].split("\n## ")[0]
    documented = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", table)}
    assert documented == {0, 1, 2, 3, 130, 143}
    kinds = (FindingError, InputError, RemoteError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 3]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["scan", "plain.ipynb"], 0),
        (["scan", "secret.ipynb"], 1),
        (["scan", "nowhere.ipynb"], 2),
        (["scna"], 2),
        (["publish", "."], 2),
        (["publish", "--visibilty", "public"], 2),
        (["status", "--to", "ana/report"], 3),
    ],
)
def test_exit_codes(
    words: list[str],
    code: int,
    notebook: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notebook("1 + 1", name="plain.ipynb")
    notebook("password = 'x7#Kq9!vLw2'", name="secret.ipynb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
    outcome = call(*words)
    assert outcome.code == code, outcome.err
