"""Secrets lifted out of code: exactly at their places, proved by the syntax tree and by running."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest
from corpus.secrets import true_cases, unseen_true_cases
from hypothesis import given
from hypothesis import strategies as st
from making import notebook_of

from nb2space.errors import FindingError
from nb2space.runtime.masking import Mask
from nb2space.runtime.sealedsecrets import sealed_secrets
from nb2space.secrets import fingerprint, lift_files, lift_notebook
from nb2space.secrets.code import secrets_in_code
from nb2space.secrets.lift import Lifted, Names, lift_secrets

# Made at run time, so that no scanner takes this file for a leak.
WORD = "Tr0ub4dor" + "-and-3"
HEX = "9f8c7b6a5d4e3f2a" * 2
URL = f"postgresql://ana:{WORD}@db.example.org/sales"


def lifted(source: str, **options: bool) -> tuple[Lifted, dict[str, str]]:
    names = Names()
    done = lift_secrets(source, secrets_in_code(source), names, **options)
    return done, names.values


@pytest.mark.parametrize(
    ("source", "expected", "values"),
    [
        (f"password = '{WORD}'", 'password = os.environ["PASSWORD"]', {"PASSWORD": WORD}),
        (f"e = make('{URL}')", 'e = make(os.environ["POSTGRESQL_URL"])', {"POSTGRESQL_URL": URL}),
        (
            f"c = openai.OpenAI(api_key='{HEX}')",
            'c = openai.OpenAI(api_key=os.environ["OPENAI_API_KEY"])',
            {"OPENAI_API_KEY": HEX},
        ),
        (
            f"h = {{'Authorization': 'Bearer {HEX}'}}",
            "h = {'Authorization': os.environ[\"AUTHORIZATION\"]}",
            {"AUTHORIZATION": f"Bearer {HEX}"},
        ),
        (
            f"def f(user, password='{WORD}'): pass",
            'def f(user, password=os.environ["PASSWORD"]): pass',
            {"PASSWORD": WORD},
        ),
        (
            f"class A:\n    api_token: str = (\n        '{HEX[:16]}'\n        '{HEX[16:]}')",
            'class A:\n    api_token: str = (\n        os.environ["API_TOKEN"])',
            {"API_TOKEN": HEX},
        ),
        (
            f"password = b'{WORD}'",
            'password = os.environ["PASSWORD"].encode()',
            {"PASSWORD": WORD},
        ),
        (
            f"é = 'é'; password = '''{WORD}'''  # é",
            "é = 'é'; password = os.environ[\"PASSWORD\"]  # é",
            {"PASSWORD": WORD},
        ),
        (
            f'u = f"postgresql://ana:{WORD}@{{host}}/db"',
            "u = f\"postgresql://ana:{os.environ['POSTGRESQL_PASSWORD']}@{host}/db\"",
            {"POSTGRESQL_PASSWORD": WORD},
        ),
        (
            f"print(f'{{connect(password=\"{WORD}\")}}')",
            "print(f'{connect(password=os.environ[\"PASSWORD\"])}')",
            {"PASSWORD": WORD},
        ),
        (
            f"os.environ['DB_PASSWORD'] = '{WORD}'",
            "os.environ['DB_PASSWORD'] = os.environ[\"DB_PASSWORD\"]",
            {"DB_PASSWORD": WORD},
        ),
        (
            f'u = f"postgresql://{{user}}:" "{WORD}" f"@{{host}}/db"',
            'u = f"postgresql://{user}:" f"{os.environ[\'POSTGRESQL_PASSWORD\']}" f"@{host}/db"',
            {"POSTGRESQL_PASSWORD": WORD},
        ),
        (
            f"u = (f'postgresql://{{user}}:'\n  r'{WORD}@{{}}' f'{{host}}/db')",
            "u = (f'postgresql://{user}:'\n  "
            "f\"{os.environ['POSTGRESQL_PASSWORD']}\" f'{host}/db')",
            {"POSTGRESQL_PASSWORD": WORD + "@{}"},
        ),
        (
            f"def f(os, password='{WORD}'): pass",
            'def f(os, password=__import__("os").environ["PASSWORD"]): pass',
            {"PASSWORD": WORD},
        ),
        (
            f"if entered == '{WORD}': ok(password, entered)\nentered = password.value",
            'if entered == os.environ["PASSWORD"]: ok(password, entered)\nentered = password.value',
            {"PASSWORD": WORD},
        ),
    ],
)
def test_a_name_stands_in_the_literals_place(
    source: str, expected: str, values: dict[str, str]
) -> None:
    done, names = lifted(source, has_os=True)
    assert done.source == expected and not done.left
    assert names == values


def test_import_os_comes_where_it_is_missing() -> None:
    source = f'"""Text."""\nfrom __future__ import annotations\npassword = "{WORD}"\n'
    head = '"""Text."""\nfrom __future__ import annotations\n'
    assert lifted(source)[0].source == f'{head}import os\npassword = os.environ["PASSWORD"]\n'
    assert "import os" not in lifted(source, has_os=True)[0].source
    own = f"import os\npassword = '{WORD}'"
    assert lifted(own)[0].source.count("import os") == 1
    timed = f"%%time\npassword = '{WORD}'"
    assert lifted(timed)[0].source == '%%time\nimport os\npassword = os.environ["PASSWORD"]'


@pytest.mark.parametrize(
    ("before", "imports"),
    [
        ("import os", 0),
        ("import os.path, sys", 0),
        ("%%time\nimport os", 0),
        ("%%writefile a.py\nimport os", 1),
        ("%%timeit\nimport os", 1),
        ("# import os", 1),
        ('"""\nimport os\n"""', 1),
        ("import os as system", 1),
        ("def f():\n    import os", 1),
        ("if ready:\n    import os", 1),
    ],
)
def test_import_os_is_left_to_cells_that_do_it(before: str, imports: int) -> None:
    code = lift_notebook(notebook_of(before, f"password = '{WORD}'"), ())
    assert code.notebook.cells[-1].source == (
        "import os\n" * imports + 'password = os.environ["PASSWORD"]'
    )


def test_an_import_that_comes_too_late_is_none() -> None:
    late = lifted(f"# import os\npassword = '{WORD}'\nimport os")[0].source
    assert late.startswith("import os\n# import os\npassword = os.environ")
    for tag in ("skip-execution", "raises-exception"):
        notebook = notebook_of("import os", f"password = '{WORD}'")
        notebook.cells[0].metadata["tags"] = [tag]
        code = lift_notebook(notebook, ())
        assert code.notebook.cells[1].source.startswith("import os\n")


@pytest.mark.parametrize(
    "other", ["os = 'linux'", "import platform as os", "class os: x = 1", "for os in names: pass"]
)
def test_where_os_is_something_else_it_is_not_used(other: str) -> None:
    code = lift_notebook(notebook_of(other, f"password = '{WORD}'"), ())
    new = code.notebook.cells[1].source
    assert new == 'password = __import__("os").environ["PASSWORD"]' and not code.read


def test_a_name_that_the_code_asks_for_is_not_taken() -> None:
    for asks in ("os.getenv('API_KEY')", "'API_KEY' in os.environ", "os.environ['API_KEY']"):
        code = lift_notebook(notebook_of(f"import os; print({asks})", f"api_key = '{HEX}'"), ())
        assert code.values == {"API_KEY_2": HEX}
    for sets in (
        f"os.environ['API_KEY'] = '{HEX}'; print(os.environ['API_KEY'])",
        f"api_key = os.environ.get('API_KEY', '{HEX}')",
    ):
        assert lift_notebook(notebook_of(f"import os; {sets}"), ()).values == {"API_KEY": HEX}


def test_one_value_has_one_name() -> None:
    source = f"a_password = '{WORD}'\nb = connect(password='{WORD}')\npassword = 'Oth3r-{WORD}'"
    done, names = lifted(source)
    assert names == {"A_PASSWORD": WORD, "PASSWORD": f"Oth3r-{WORD}"}
    assert done.source.count('os.environ["A_PASSWORD"]') == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"%env API_TOKEN={HEX}", '%env API_TOKEN={os.environ["API_TOKEN"]}'),
        (f"%set_env API_TOKEN {HEX}", '%set_env API_TOKEN {os.environ["API_TOKEN"]}'),
        (
            f'!curl -H "Authorization: Bearer {HEX}" u',
            '!curl -H "Authorization: Bearer $BEARER_TOKEN" u',
        ),
        (
            f"!curl -H 'Authorization: Bearer {HEX}' u",
            "!curl -H 'Authorization: Bearer '\"$BEARER_TOKEN\"'' u",
        ),
        (
            f"%%bash\nexport API_TOKEN={HEX}\necho $API_TOKEN",
            "%%bash\nexport API_TOKEN=${API_TOKEN}\necho $API_TOKEN",
        ),
        (
            f"%%bash\n# don't\npython3 -c '\napi_token=\"{HEX}\"\n'",
            "%%bash\n# don't\npython3 -c '\napi_token=\"'\"${API_TOKEN}\"'\"\n'",
        ),
        (
            f"%%bash\ncat > a <<EOF\nit's api_token={HEX}\nEOF",
            "%%bash\ncat > a <<EOF\nit's api_token=${API_TOKEN}\nEOF",
        ),
        (
            f"%%bash\ncat <<'EOF'\nit's\nEOF\nexport API_TOKEN='{HEX}'",
            "%%bash\ncat <<'EOF'\nit's\nEOF\nexport API_TOKEN=''\"${API_TOKEN}\"''",
        ),
        (
            f"%%bash\nx=\"$(echo 'api_token={HEX}')\"",
            "%%bash\nx=\"$(echo 'api_token='\"${API_TOKEN}\"'')\"",
        ),
        (
            f"!curl -H 'Authorization: Bearer {HEX}' '{{url}}'",
            "!curl -H 'Authorization: Bearer {__import__(\"os\").environ[\"BEARER_TOKEN\"]}' "
            "'{url}'",
        ),
        (
            f"!curl -u 'ana:{HEX}' -o $HOME/x | awk '{{print $1}}'",
            "!curl -u 'ana:'\"$LOGIN_PASSWORD\"'' -o $HOME/x | awk '{print $1}'",
        ),
    ],
)  # fmt: skip
def test_magics_and_shell_lines(source: str, expected: str) -> None:
    done, names = lifted(source, has_os=True)
    assert done.source == expected and not done.left
    assert HEX in names.values()


@pytest.mark.parametrize(
    "source",
    [
        f"%load_ext sql\n%sql postgresql://ana:{WORD}@db/sales",
        f"%%writefile config.env\nDB_PASSWORD={WORD}",
        f"%%bash\ncat > a <<'EOF'\npassword={WORD}\nEOF",
        f"%%script python3\npassword = '{WORD}'",
        f"!curl -u ana:{WORD} $URL",
        f"match password:\n    case '{WORD}': pass",
        f"def f():\n    '''Log in with postgresql://ana:{WORD}@db/sales'''",
        f"this is = no Python; password = '{WORD}'",
    ],
)
def test_what_cannot_be_lifted_is_left_and_named(source: str) -> None:
    done, names = lifted(source)
    assert done.source == source and names == {}
    assert [secret.value for secret in done.left] == [WORD]


def test_comments_are_masked() -> None:
    source = f"x = 1  # password = '{WORD}'\n# curl -u ana:{WORD} https://example.org\n"
    done, _ = lifted(source)
    assert WORD not in done.source and done.source.startswith("x = 1  # password = '•••••'\n")
    assert len(done.masked) == 2


def test_the_author_may_say_that_it_is_none() -> None:
    source = f"password = '{WORD}'  # nb2space: not-a-secret"
    assert secrets_in_code(source) == []


PIECES = st.sampled_from(
    [
        f"password = '{WORD}'",
        f"token = dict(api_key=r'{HEX}')",
        f'u = f"mysql://ana:{WORD}@{{host}}/x"',
        "x = {'é': [1, 2]}; y = '''a\nb'''",
        "def f(a, b=2):\n    return f'{a}{b}'",
        f"print('''\n{URL}\n''')",
        f"secret: bytes = b'{HEX}'",
        "# comment é",
        "z = \"it's\" 'two'",
    ]
)


@given(st.lists(PIECES, max_size=6))
def test_lifted_code_means_the_same(pieces: list[str]) -> None:
    source = "\n".join(pieces)
    done, names = lifted(source)
    assert not done.left
    for value in (WORD, HEX, URL):
        assert value not in done.source
    # Every value has a name that is used.
    text = ast.unparse(ast.parse(done.source))
    assert all(f"os.environ['{name}']" in text for name in names)


@pytest.mark.kernel
def test_lifted_code_runs_to_the_same_output() -> None:
    source = (
        f"password = '{WORD}'\nhost = 'db'\n"
        f'url = f"postgresql://ana:{WORD}@{{host}}/x"\n'
        f"pair = ('ana', b'{WORD}')\nheaders = {{'Authorization': 'Bearer {HEX}'}}\n"
        f"def f(password='{WORD}', n=2): return password * n\n"
        "print(password, url, pair, headers, f())"
    )
    done, names = lifted(source)

    def output(code: str, **environment: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert WORD not in done.source and output(done.source, **names) == output(source)


def test_the_app_masks_what_was_taken_out_of_any_code() -> None:
    told = 0
    for case in (*true_cases(), *unseen_true_cases()):
        try:
            code = lift_notebook(case.notebook(), ())
            code, _ = lift_files(code, case.files(), (), redact=True)
        except FindingError:
            continue
        mask = Mask(code.to_seal.values(code.values))
        for finding in code.findings:
            if finding.becomes == "lifted":
                told += 1
                assert finding.value not in mask.text(f"x {finding.value} y"), case.name
    assert told > 250


def test_what_is_sealed_tells_places_and_no_values() -> None:
    text = f'{{"user": "ana", "password": "{WORD}"}}'
    code = lift_notebook(notebook_of(f"import json\ncreds = json.loads('{text}')"), ())
    (name,) = code.values
    sealed = {"metadata": {"nb2space": code.to_seal.as_metadata()}}
    assert WORD not in str(sealed)
    secrets = sealed_secrets(sealed)
    assert list(secrets.values(code.values)) == [text, WORD]
    # A new value may be of another length.
    new = text.replace(WORD, "Kopi" + "Tubruk77")
    assert "KopiTubruk77" in list(secrets.values({name: new}))


def test_a_secret_beside_an_ignored_one_is_taken_out() -> None:
    source = f"url = 'postgresql://ana:{WORD}@db/x?api_key={HEX}'"
    for one, other in ((WORD, HEX), (HEX, WORD)):
        code = lift_notebook(notebook_of(source), {fingerprint(one)})
        assert other not in code.notebook.cells[0].source
        assert [finding.value for finding in code.findings] == [other]
    both = {fingerprint(WORD), fingerprint(HEX)}
    assert lift_notebook(notebook_of(source), both).notebook.cells[0].source == source


@pytest.mark.kernel
def test_lifted_shell_lines_do_the_same() -> None:
    cells = [
        f"url = 'https://u'\n!echo curl -H 'Bearer {HEX}' -u ana:{WORD} '{{url}}' $url",
        f"!echo -u 'ana:{WORD}' $HOME | awk '{{print $2}}'",
        f"!echo a 'b' \\\n -u 'ana:{WORD}'",
        f"%%sx\necho password={WORD}",
        f"%%bash\n# don't\ncat <<EOF\nit's password={WORD}\nEOF\necho 'x\npassword={WORD}'",
        f"%%bash\ncat <<'A' <<B\nit's\nA\npassword={WORD}\nB\n"
        f"x=\"$(echo 'password={WORD}')\"; echo $x",
        "%env DB_PASSWORD=S3cr3t$Kopi77\nimport os; print(os.environ['DB_PASSWORD'])",
    ]
    runner = (
        "import sys, json\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "for cell in json.load(sys.stdin):\n    print(shell.run_cell(cell).result)"
    )

    def output(sources: list[str], **environment: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", runner],
            input=json.dumps(sources),
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    code = lift_notebook(notebook_of(*cells), ())
    new = [cell.source for cell in code.notebook.cells]
    assert not [value for value in code.values.values() if value in str(new)]
    told = output(new, **code.values)
    assert told == output(cells) and told.count(WORD) > 6
