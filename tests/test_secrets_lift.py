"""Secrets lifted out of code: exactly at their places, proved by the syntax tree and by running."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
