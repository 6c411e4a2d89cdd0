"""`nb2space publish` where it must not or cannot go on: one sentence, and what to do next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hub import (
    Cut,
    Fault,
    HubServer,
    LoggedRequest,
    LoseAnswer,
    Refuse,
    Repo,
    Scope,
)
from inprocess import hurried
from publishing import (
    FREE_TOKEN,
    READ_TOKEN,
    TOKEN,
    Author,
    files_of,
    foreign_space,
    published_files,
    refused,
    sent,
    sentence,
)

from nb2space import preflight
from nb2space.errors import InputError
from nb2space.hub import check_name
from nb2space.plan import default_name
from nb2space.space import SpaceFile, read_manifest

pytestmark = [
    pytest.mark.kernel,
    # lfs._upload_single_part passes data=<file> to httpx2, which deprecates it.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


@pytest.fixture
def author(author: Author, monkeypatch: pytest.MonkeyPatch) -> Author:
    hurried(author, monkeypatch)
    return author


LOG_IN = (
    "Log in with: hf auth login, or set HF_TOKEN to a token of type 'write' "
    "(huggingface.co/settings/tokens)."
)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, f"You are not logged in to the Hugging Face Hub. {LOG_IN}"),
        ("hf_test_nonsense", f"The Hub does not accept your token. {LOG_IN}"),
        (READ_TOKEN, "Your token may only read. Make one of type 'write' at "
         "{hub}/settings/tokens, then: hf auth login"),
        ("hf_ümlaut", f"Your token holds characters that no token has. {LOG_IN}"),
        ("\x1b[200~hf_pasted", f"Your token holds characters that no token has. {LOG_IN}"),
    ],
    ids=["none", "invalid", "read", "umlaut", "escape"],
)  # fmt: skip
def test_tokens(author: Author, token: str | None, said: str) -> None:
    outcome = author.publish(token=token)
    assert refused(author, outcome, 2) == said.format(hub=author.hub.url)


def test_a_login_that_cannot_be_read(author: Author) -> None:
    login = author.home / "token"
    login.mkdir(parents=True)
    said = refused(author, author.publish(token=None), 2)
    assert said == f"Your login in {login} cannot be read: Is a directory. {LOG_IN}"
    login.rmdir()
    login.write_bytes(b"\xff\xfe")
    said = refused(author, author.publish(token=None), 2)
    assert said == f"Your token holds characters that no token has. {LOG_IN}"


@pytest.mark.parametrize(
    "name",
    ["ana/two--hyphens", "ana/-report", "ana/a/b", "ana/", "", "ana/report.git", "ana/a b",
     "https://huggingface.co/spaces/ana/report"],
)  # fmt: skip
def test_names_that_the_hub_refuses(author: Author, name: str) -> None:
    for words, token in ((), TOKEN), (("--dry-run",), TOKEN), (("--dry-run",), None):
        said = refused(author, author.publish(*words, "--to", name, token=token), 2)
        assert name in said and "is not a name that the Hub allows: OWNER/NAME" in said


def test_owners(author: Author) -> None:
    author.hub.add_org("readers", {"ana": "read"}, plan="team")
    said = refused(author, author.publish("--to", "bob/report"), 2)
    assert said == (
        "You (ana) cannot publish to 'bob': it is neither you nor one of your organisations "
        "(readers)."
    )
    said = refused(author, author.publish("--to", "readers/report"), 2)
    assert said == (
        "You (ana) may only read in the organisation 'readers'. Ask its administrator for the role "
        "'write', or choose another owner with --to."
    )
    author.hub.add_org("lab", {"ana": "write"}, plan="team")
    fine = [Scope("org", "lab"), Scope("user", "ana", ("repo.content.read",))]
    author.hub.add_token("ana", "hf_test_fine", "fineGrained", fine)
    said = refused(author, author.publish("--dry-run", token="hf_test_fine"), 2)
    assert said.startswith("Your token may not write to ana/report. Give it write access")
    assert author.publish("--to", "lab/report", token="hf_test_fine").code == 0


WAYS_OUT = (
    "There are two ways out: a page without a kernel, which is free (nb2space convert NOTEBOOK "
    "--static), or a live kernel with PRO or Team (huggingface.co/pro) or on paid hardware "
    "(nb2space publish DIR --hardware cpu-upgrade)."
)


def test_free_plan(author: Author) -> None:
    for words in ([], ["--dry-run"]):
        said = refused(author, author.publish(*words, token=FREE_TOKEN), 3)
        assert said == (
            "bob/report would run a kernel, in a Docker Space, and the Hub asks for a paid plan "
            f"for that. {WAYS_OUT}"
        )
    # What an organisation pays for only the Hub knows.
    author.hub.add_org("poor", {"ana": "admin"})
    said = sentence(author.publish("--to", "poor/report"), 3)
    assert said.startswith("The Hub asks for a paid plan while making the Space poor/report: ")
    assert said.endswith(WAYS_OUT)
    assert author.hub.repos == {} and author.record.published == {}


def test_hardware_that_cannot_be(author: Author) -> None:
    words = ["--hardware", "cpu-upgrad"]
    for more in ([], ["--dry-run"]):
        said = refused(author, author.publish(*words, *more), 2)
        assert said == "The Hub has no hardware 'cpu-upgrad'. Did you mean 'cpu-upgrade'?"
        said = refused(author, author.publish("--hardware", "x", *more), 2)
        assert said == "The Hub has no hardware 'x'. It has: cpu-basic, cpu-upgrade, t4-small."
        said = refused(author, author.publish("--hardware", "cpu-upgrade", *more), 3)
        assert said == (
            "The hardware cpu-upgrade is paid, and your account has no way to pay yet: "
            "huggingface.co/settings/billing"
        )
    outcome = author.publish("--hardware", "X!")
    assert outcome.code == 2 and "is no name of hardware" in outcome.err


def test_paid_hardware(author: Author) -> None:
    author.hub.users["bob"].can_pay = True
    assert author.publish("--hardware", "cpu-upgrade", token=FREE_TOKEN).code == 0
    repo = author.hub.repos["bob/report"]
    assert repo.runtime.hardware == "cpu-upgrade"
    author.hub.log.clear()
    assert author.publish("--hardware", "cpu-upgrade", token=FREE_TOKEN).code == 0
    assert author.hub.log.writes == []
    outcome = author.publish("--hardware", "t4-small", token=FREE_TOKEN)
    assert "Asking for the hardware t4-small\n" in outcome.err
    repo.runtime.settle()
    assert repo.runtime.hardware == "t4-small"
    said = author.publish("--visibility", "protected", token=FREE_TOKEN)
    assert said.code == 3 and "A protected Space needs PRO" in said.err


def test_more_than_the_hub_takes(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MOST_BYTES", 100_000)
    said = refused(author, author.publish("--dry-run"), 2)
    assert said.startswith("The Space would have 0.0 GB, and the Hub takes 1 GB; the largest file")


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("---\ntitle: [\n---\n", "its settings are no YAML"),
        ("no settings", "its settings are no YAML"),
        ("---\nsdk: gradio\n---\n", "its settings name no kind of Space"),
        ("---\nsdk: docker\n---\n", "it has no title"),
        (
            f"---\nsdk: docker\ntitle: T\nshort_description: {'x' * 61}\n---\n",
            "its short_description has more than 60 characters",
        ),
    ],
)
def test_cards_that_the_hub_refuses(card: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        preflight.check_files([SpaceFile("README.md", card.encode(), "")])


def test_a_card_that_only_the_hub_refuses(author: Author) -> None:
    problems = {"errors": [{"message": '"emoji" must be a valid emoji'}, {"message": "Too gray."}]}
    author.hub.faults.refuse(400, "/validate-yaml", body=json.dumps(problems).encode())
    said = refused(author, author.publish(), 2)
    assert said == (
        'The Hub would refuse README.md: "emoji" must be a valid emoji; Too gray. Convert the '
        "notebook again."
    )
    assert author.hub.repos == {} and author.record.published == {}


@pytest.mark.parametrize("path", ["/whoami", "/api/spaces/ana/report$", "/preupload/", "/commit/"])
def test_what_answers_is_not_the_hub(author: Author, path: str) -> None:
    page = b"<!doctype html><title>Welcome to our hotel. Please log in.</title>"
    rule = author.hub.faults.refuse(200, path, body=page, times=None)
    said = sentence(author.publish(), 3)
    assert rule.struck and "does not speak as the Hub does. Check the network (a page" in said
    author.hub.faults.clear()
    assert author.publish().code == 0


@pytest.mark.parametrize(
    ("notebook", "name"),
    [
        ("Q3 report.ipynb", "Q3-report"),
        ("销售.ipynb", "notebook"),
        ("a..-b--.ipynb", "a-b"),
        ("__x__.ipynb", "x"),
        (f"{'a' * 95}.b.ipynb", "a" * 95),
        ("x.git.ipynb", "x"),
    ],
)
def test_the_name_of_a_space_is_the_notebooks(author: Author, notebook: str, name: str) -> None:
    made = default_name(replace(read_manifest(author.folder), notebook=notebook))
    assert made == name
    check_name(f"ana/{made}")


def test_no_network(author: Author) -> None:
    author.hub.stop()
    said = refused(author, author.publish(), 3)
    assert said.startswith(f"The Hub at {author.hub.url} cannot be reached (")
    assert said.endswith("Nothing was sent; check the network and run the same command again.")


def test_space_of_something_else(author: Author) -> None:
    theirs = {"app.py": b"print()", "README.md": b"---\nsdk: gradio\n---\n"}
    repo = foreign_space(author.hub, "ana/report", theirs)
    said = refused(author, author.publish(), 2)
    assert said == (
        "ana/report exists and was not made by nb2space; its files would be deleted. Choose "
        "another name with --to, or replace it with --overwrite."
    )
    assert author.publish("--overwrite").code == 1, "its script would stay in the history"
    assert author.publish("--overwrite", "--squash-history").code == 0
    assert len(repo.commits) == 1
    assert published_files(repo) == files_of(author.folder)


@pytest.mark.parametrize("manifest", [b'{"space_id": "1", "title": "Stocks"}', b"[]", b"\xff"])
def test_space_of_another_folder(author: Author, manifest: bytes) -> None:
    repo = foreign_space(author.hub, "ana/report", {"nb2space.json": manifest})
    said = refused(author, author.publish(), 2)
    title = "Stocks" if b"Stocks" in manifest else "?"
    assert said.startswith(f"ana/report was published from another Space folder ('{title}').")
    assert author.publish("--overwrite").code == 0
    assert published_files(repo) == files_of(author.folder)


def test_space_made_in_the_browser_is_filled(author: Author) -> None:
    repo = foreign_space(author.hub, "ana/report", {"README.md": b"---\nsdk: docker\n---\n"})
    assert author.published() is repo
    assert published_files(repo) == files_of(author.folder)


def test_folders_that_cannot_be_published(author: Author, tmp_path: Path) -> None:
    readme = author.folder / "README.md"
    before = readme.read_bytes()
    readme.write_bytes(before + b"by hand")
    said = refused(author, author.publish(), 2)
    assert said == (
        f"{readme} was changed after the conversion. Undo the change, or move the file away and "
        "convert the notebook again."
    )
    readme.unlink()
    said = refused(author, author.publish(), 2)
    assert said == f"{readme} is missing; convert the notebook again."
    readme.write_bytes(before)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    said = refused(author, author.publish(folder=tmp_path / "mine"), 2)
    assert said.endswith("it has no nb2space.json. Make one: nb2space convert NOTEBOOK")
    said = refused(author, author.publish(folder=tmp_path / "nothing"), 2)
    assert said.startswith("There is no folder ")
    notebook = tmp_path / "my work.ipynb"
    notebook.write_text("{}")
    said = refused(author, author.publish(folder=notebook), 2)
    assert said.endswith(f"made of it: nb2space convert '{notebook}'")


def test_files_that_others_put_into_the_folder_stay_here(author: Author) -> None:
    (author.folder / "passwords.txt").write_text("not for the world")
    repo = author.published()
    assert "passwords.txt" not in repo.files


def test_key_of_another_machine(author: Author, tmp_path: Path) -> None:
    outcome = author.publish(env={"NB2SPACE_HOME": str(tmp_path / "elsewhere")})
    assert refused(author, outcome, 2) == (
        f"The key of {author.folder} is not on this machine, so its code cannot be opened. "
        "Convert the notebook here: nb2space convert NOTEBOOK"
    )


def test_visibility_that_the_hub_does_not_keep(author: Author) -> None:
    repo = author.published()
    author.change()
    author.hub.faults.refuse(200, "/settings", body=b"{}")
    said = sentence(author.publish("--visibility", "private"), 3)
    assert said == (
        "ana/report should be private, but the Hub says public. Nothing was uploaded; your plan "
        "may not allow it."
    )
    assert len(repo.commits) == 2


def test_change_by_someone_else_in_between(author: Author) -> None:
    repo = author.published()
    author.change()
    seen = 0

    def commit_between(request: LoggedRequest) -> Fault | None:
        nonlocal seen
        seen += request.path == "/api/spaces/ana/report"
        if seen == 2:  # the plan is made of the first
            seen += 1
            other = foreign_space(HubServer(), "ana/report", {"theirs.txt": b"x"})
            repo.commits.append(other.head)
        return None

    author.hub.faults.hook = commit_between
    said = sentence(author.publish(), 3)
    assert said == "Someone else changed the Space while uploading. Run the command again."
    assert repo.head.files == {"theirs.txt": b"x"}


LOST = "The connection to the Hub was lost while {doing} ("
AGAIN = "Run the same command again"
ON = "it goes on where it stopped."
FAULTS: dict[str, tuple[Fault, str]] = {
    "cut": (Cut(), LOST),
    "lost answer": (LoseAnswer(), LOST),
    "429": (
        Refuse(429, headers={"Retry-After": "17"}),
        f"The Hub asks to slow down while {{doing}}. {AGAIN} in 17 seconds; {ON}",
    ),
    "429 of the Hub": (
        Refuse(429, headers={"RateLimit": '"api";r=0;t=23'}),
        f"The Hub asks to slow down while {{doing}}. {AGAIN} in 23 seconds; {ON}",
    ),
    "503": (
        Refuse(503),
        f"The Hub has trouble (status 503) while {{doing}}. {AGAIN} later; {ON}",
    ),
}
STEPS = {
    "/commit/": "uploading",
    "/secrets": "setting the key",
    "/repos/create": "making the Space ana/sales",
}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        *((kind, "/commit/") for kind in FAULTS),
        *(
            (kind, path)
            for kind in ("cut", "lost answer")
            for path in ("/secrets", "/repos/create")
        ),
    ],
)
def test_the_same_command_again_goes_on(author: Author, kind: str, path: str) -> None:
    fault, said = FAULTS[kind]
    rule = author.hub.faults.add(fault, path, method="POST", times=None)
    error = sentence(author.publish("--to", "sales"), 3)
    assert rule.struck == 6, "it is patient, but not for ever"
    author.hub.faults.clear()
    assert error.startswith(said.format(doing=STEPS[path]))
    assert error.endswith(ON)
    again = author.publish("--to", "sales")
    assert again.code == 0, again.err
    complete(author, author.hub.repos["ana/sales"])


def complete(author: Author, repo: Repo) -> None:
    """One Space with one publishing commit of all files, and nothing left to do."""
    assert list(author.hub.repos) == ["ana/sales"]
    assert len(repo.commits) == 2
    assert published_files(repo) == files_of(author.folder)
    assert repo.secrets == author.key
    author.hub.log.clear()
    assert author.publish().code == 0
    assert sent(author.hub.log.writes) == []


def test_target_is_known_after_a_failed_upload(author: Author) -> None:
    author.hub.faults.refuse(503, "/commit/", times=None)
    assert author.publish("--to", "sales").code == 3
    author.hub.faults.clear()
    assert author.publish().code == 0
    complete(author, author.hub.repos["ana/sales"])


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        *((kind, "/whoami") for kind in ("cut", "429", "503")),
        *((kind, "/api/spaces/ana/report$") for kind in ("cut", "429", "503")),
        # The client itself tries the others again for half a minute.
        ("cut", "/resolve/"),
    ],
)
def test_trouble_while_planning(author: Author, kind: str, path: str) -> None:
    author.published()
    author.hub.log.clear()
    author.hub.faults.add(FAULTS[kind][0], path, times=None)
    said = refused(author, author.publish(), 3)
    assert said.endswith((ON, "run the same command again."))
