"""A notebook with secrets in many places, made at run time so that no scanner trips over it."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import nbformat

WORD = "Tr0ub4dor" + "-and-3"
URL = f"postgresql://ana:{WORD}@db.example.org:5432/sales"
OPENAI = "sk-proj" + "-Zq8Lm3Xw9Rt5Vb7Nc2Kd4Hs6Jf8Pg1Ty3"
TOKEN = "7a8c7b6a5d4e3f2a1b" + "0c9d8e7f6a5b4d"
NOTED = "Rahasia" + "2024-x"
BEARER = "Qw3rTy9Uio" + "P5asDf7Gh2Jk4"

VALUES = (WORD, URL, OPENAI, TOKEN, NOTED, BEARER)


def disguises(value: str) -> list[bytes]:
    """A value as it is and as programs write it."""
    raw = value.encode()
    return [raw, quote(value, safe="").encode(), base64.b64encode(raw)]


def cells() -> list[nbformat.NotebookNode]:
    """The cells; each prints something that depends on a secret without being one."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    return [
        text(f"# Secretive report\n\nThe staging password is: {NOTED}"),
        code(
            f'db_url = "{URL}"\n'
            f'key = make_client = dict(api_key="{OPENAI}")\n'
            'print("the address has", len(db_url), "signs; it is", db_url)'
        ),
        code(f"%env API_TOKEN={TOKEN}"),
        code(
            f'headers = {{"Authorization": "Bearer {BEARER}"}}\n'
            "import base64, urllib.parse\n"
            "print(headers)\n"
            "print(base64.b64encode(('x' + db_url).encode()).decode())\n"
            "print(urllib.parse.quote(db_url, safe=''))"
        ),
        code(
            "import os\n"
            "from ipywidgets import interact\n"
            "@interact(n=(1, 5))\n"
            "def f(n=2):\n"
            "    print('sum', n * len(os.environ['API_TOKEN']), key['api_key'], db_url)\n"
            "    print('pieces', key['api_key'][:15], end='', flush=True)\n"
            "    print(key['api_key'][15:], flush=True)\n"
            "    raise_if = [][n:] or n == 5 and 1 / 0"
        ),
    ]


def write(path: Path) -> Path:
    """The notebook as a file."""
    nbformat.write(nbformat.v4.new_notebook(cells=cells()), path)
    return path
