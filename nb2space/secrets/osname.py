"""What the name `os` is in the author's code: lifted code reads the environment through it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nb2space.secrets.code import place_of_node, tree_of

ENVIRON = "os.environ"
ENVIRON_ANYWHERE = '__import__("os").environ'
"""The same where `os` is something else."""

# Cell magics whose lines leave their names behind.
_LEAVES_NAMES = ("%%capture", "%%prun", "%%time")


def imports_os(source: str) -> bool:
    """True when a cell that has run leaves the module `os` behind."""
    first = source.split(maxsplit=1)[:1]
    if first and first[0].startswith("%%") and first[0] not in _LEAVES_NAMES:
        return False
    return any(True for _ in _imports(source))


def imports_os_before(source: str, place: int) -> bool:
    """True when `source` itself imports `os` before the character at `place`."""
    return any(place_of_node(node, source)[1] <= place for node in _imports(source))


def _imports(source: str) -> Iterator[ast.Import]:
    """The `import os` statements at the outermost level, which are sure to run."""
    tree, _ = tree_of(source) if "os" in source else (None, set())
    for node in tree.body if tree else ():
        if isinstance(node, ast.Import) and any(map(_is_os, node.names)):
            yield node


def has_other_os(source: str) -> bool:
    """True when the code gives the name `os` to anything but the module, wherever it does."""
    if not re.search(r"\bos\b", source):
        return False
    tree, _ = tree_of(source)
    return any(_binds_other(node) for node in ast.walk(tree)) if tree else False


def _binds_other(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        bound = [a for a in node.names if (a.asname or a.name.partition(".")[0]) == "os"]
        return any(isinstance(node, ast.ImportFrom) or not _is_os(alias) for alias in bound)
    if isinstance(node, ast.Name):
        return node.id == "os" and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.arg):
        return node.arg == "os"
    named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler | ast.MatchAs
    return isinstance(node, named) and node.name == "os"


def _is_os(alias: ast.alias) -> bool:
    """True for what binds `os` to itself: `import os`, `import os.path`."""
    if alias.asname:
        return alias.asname == alias.name == "os"
    return alias.name.partition(".")[0] == "os"
