"""Which cells run once for all viewers: those at the beginning that are the same for each.

Judged here by reading the code and by what the run was seen to do. The parent of the app's kernels
judges once more, by running them: nb2space.runtime.forked.parent.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from nb2space.notebook import Notebook
from nb2space.runtime.forked.parent.digest import digest_of
from nb2space.syntax import parse_code
from nb2space.tags import cell_tags, numbered, view_of

_CONTROLS = "makes controls"
_NETWORK = "uses the network"
_CLOCK = "reads the clock"
_RANDOM = "draws random numbers without a seed"
_ENVIRONMENT = "reads the environment"
_PROGRAMS = "runs other programs"
_THREADS = "starts threads or processes"
_TEMPORARY = "makes temporary files"
_UNREADABLE = "runs code that cannot be judged by reading"
_OWN = "uses a module of yours that may not be shared"

# What the names of a module, or one name of it, are for. The longest match decides.
_USES = {
    **dict.fromkeys(
        ("ipyleaflet", "anywidget", "ipyvuetify", "ipympl", "ipyvolume", "ipycanvas",
         "ipydatagrid", "pythreejs", "jupyter_ui_poll"),
        _CONTROLS,
    ),
    **dict.fromkeys(
        ("requests", "httpx", "urllib.request", "urllib3", "socket", "aiohttp", "http.client",
         "ftplib", "smtplib", "imaplib", "boto3", "s3fs", "gcsfs", "fsspec", "sqlalchemy",
         "psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "pymongo", "redis", "pyodbc",
         "oracledb", "snowflake", "google.cloud", "huggingface_hub", "datasets", "yfinance",
         "openai", "anthropic", "paramiko", "websockets", "pandas_datareader", "ssl"),
        _NETWORK,
    ),
    **dict.fromkeys(
        ("time", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
         "datetime.date.today", "timeit"),
        _CLOCK,
    ),
    "time.sleep": "",
    **dict.fromkeys(("secrets", "uuid", "os.urandom", "random.SystemRandom"), _RANDOM),
    **dict.fromkeys(
        ("os.environ", "os.environb", "os.getenv", "os.getenvb", "dotenv", "getpass", "input",
         "voila", "decouple", "environs", "os.getpid", "socket.gethostname", "platform.node"),
        _ENVIRONMENT,
    ),
    **dict.fromkeys(("subprocess", "os.system", "os.popen", "pexpect", "sh"), _PROGRAMS),
    **dict.fromkeys(
        ("threading", "multiprocessing", "concurrent", "asyncio", "os.fork", "_thread", "dask",
         "ray", "signal", "atexit"),
        _THREADS,
    ),
    "tempfile": _TEMPORARY,
    **dict.fromkeys(("exec", "eval", "compile", "__import__", "importlib", "runpy"), _UNREADABLE),
}  # fmt: skip

# Methods of whatever they are called on.
_METHODS = {"now": _CLOCK, "utcnow": _CLOCK, "today": _CLOCK}
_TIMES = {"now", "today"}

# Generators that are seeded by what they are given, and by the system otherwise.
_GENERATORS = {
    "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence",
    "numpy.random.PCG64", "numpy.random.MT19937", "numpy.random.Philox", "numpy.random.SFC64",
    "random.Random",
}  # fmt: skip
_SEEDS = {
    "random.seed": "random", "numpy.random.seed": "numpy", "torch.manual_seed": "torch",
}  # fmt: skip

_ADDRESS = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://\S+$", re.IGNORECASE)

_PYTHONS_OWN = {"get_ipython", *dir(builtins)}

# Commands of IPython that set something up for the cells that follow.
_MAGICS = {"matplotlib", "config", "precision", "pylab", "autoreload", "load_ext"}


@dataclass(frozen=True)
class Sharing:
    """What the app's kernels share.

    `cells` holds, by a code cell's place among the code cells, what the runtime is told of it;
    `modules` are imported once; `ends` says why it goes no further, "" where nothing is shared.
    """

    cells: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    ends: str = ""
    notices: tuple[str, ...] = ()
    refresh: float | None = None


def sharing_of(
    executed: Notebook,
    own_files: Mapping[str, bytes],
    *,
    unsettled: Mapping[int, str],
    widgets: Sequence[str] = (),
    secrets: Collection[str] = (),
    refresh: float | None = None,
) -> Sharing:
    """What of the `executed` notebook all viewers may share.

    `own_files` are the author's modules and data by relative path; `unsettled` says of cells, by
    their execution count, what the run was seen to do that ends sharing; `widgets` are the digests
    of all widgets' states after each code cell, none without a run; `secrets` are the environment
    variables that stand for values of the code, and so are the same for all.
    """
    own = _importable(own_files)
    own_is_unsettled = _judge_modules(own_files, secrets)
    reader = _Reader(own if own_is_unsettled else (), secrets)
    cells: dict[int, dict[str, Any]] = {}
    modules: dict[str, None] = {}
    ends, notices = "", []
    place = -1
    for number, cell in numbered(executed):
        if cell.cell_type != "code":
            continue
        place += 1
        view, tags = view_of(cell), cell_tags(cell)
        if not view.runs:
            continue
        tree = parse_code(cell.source)
        modules.update(dict.fromkeys(_imports_of(tree, own)))
        told = "shared" in tags
        if ends:
            if told:
                notices.append(
                    f"Cell {number} is tagged 'shared', but runs for each viewer: {ends}, and what "
                    "follows it may depend on it. Tag that one 'shared' too if all viewers may "
                    "have the same, or move this one up."
                )
            continue
        reason = reader.reason(cell.source, tree)
        if told and reason != _CONTROLS:
            reason = ""
        elif "per-viewer" in tags:
            reason = "is tagged 'per-viewer'"
        elif view.may_fail:
            reason = "may fail"
        else:
            reason = reason or unsettled.get(cell.get("execution_count") or 0, "")
        if reason:
            ends = f"cell {number} {reason}"
            continue
        cells[place] = {
            "digest": digest_of(cell.outputs),
            "widgets": widgets[place] if widgets else "",
            "seeds": sorted(reader.seeds(tree)),
            "told": told,
        }
    return Sharing(cells, tuple(modules), _sentence(executed, cells, ends), tuple(notices), refresh)


def _importable(paths: Collection[str]) -> set[str]:
    """The names by which the modules among these files are imported, from whatever folder."""
    names = set()
    for path in paths:
        *folders, last = path.split("/")
        names.add(path.removesuffix(".py").partition("/")[0])
        packages = (
            name
            for depth, name in enumerate(folders, 1)
            if "/".join([*folders[:depth], "__init__.py"]) in paths
        )
        names.add(next(packages, last.removesuffix(".py")))
    return names


def unsteady(sources: Iterable[str], modules: Iterable[str], drawn_from: Collection[str]) -> str:
    """Why another run of the code may come to another result; "" when nothing speaks for it.

    `sources` are all code cells, `modules` the author's modules that they use, `drawn_from` the
    libraries from whose global random numbers the run drew.
    """
    cells = _Reader((), ())
    read = [(cells, source) for source in sources]
    read += [(_Reader((), ()), source) for source in modules]
    seeded, drawn = set[str](), set(drawn_from)
    for reader, source in read:
        tree = parse_code(source)
        reason = next((r for r in reader.reasons(source, tree) if r != _CONTROLS), "")
        if reason or (tree and any(map(_is_address, ast.walk(tree)))):
            return reason or _NETWORK
        seeded |= reader.seeds(tree)
        drawn |= {"random"} if reader.draws(tree) else set()
    return "" if seeded >= drawn else _RANDOM


def with_sharing(live: Notebook, sharing: Sharing) -> Notebook:
    """A copy of the live notebook that tells the runtime what to share."""
    import nbformat

    copy = nbformat.from_dict(live)
    if not (sharing.cells or sharing.modules):
        return copy
    told: dict[str, Any] = {"modules": list(sharing.modules)}
    if sharing.refresh:
        told["refresh"] = sharing.refresh
    copy.metadata.setdefault("nb2space", {})["sharing"] = told
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    for place, shared in sharing.cells.items():
        code[place].metadata.nb2space["shared"] = dict(shared)
    return copy


def _sentence(executed: Notebook, cells: Collection[int], ends: str) -> str:
    """What is shared and why no more, by the numbers of cells: for all to read."""
    numbers = [number for number, cell in numbered(executed) if cell.cell_type == "code"]
    shared = [numbers[place] for place in cells]
    if not shared:
        return f"No cell is shared: {ends}." if ends else ""
    which = f"Cell {shared[0]} is" if len(shared) == 1 else f"Cells {shared[0]} to {shared[-1]} are"
    return f"{which} run once for all viewers" + (f"; {ends}." if ends else ".")


def _imports_of(tree: ast.Module | None, own: Collection[str]) -> Iterator[str]:
    """The modules that a cell imports in any case; not the author's own, which are code as well."""
    for node in tree.body if tree else ():
        names: Iterable[str] = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        yield from (name for name in names if name.partition(".")[0] not in own)


def _judge_modules(own_files: Mapping[str, bytes], secrets: Collection[str]) -> bool:
    """True when one of the author's modules does what ends sharing."""
    for path, content in own_files.items():
        if path.endswith(".py"):
            source = content.decode("utf-8", errors="replace")
            if _Reader((), secrets).reason(source, parse_code(source)):
                return True
    return False


class _Reader:
    """Reads one cell after the other, and knows what names mean by the imports before them.

    `own` are modules of the author's that may not be shared.
    """

    def __init__(self, own: Collection[str], secrets: Collection[str]) -> None:
        self._meaning: dict[str, str] = {}
        self._own = own
        self._secrets = secrets

    def reason(self, source: str, tree: ast.Module | None) -> str:
        """Why the cell cannot be shared, in words that follow its number; "" when it can."""
        return next(self.reasons(source, tree), "")

    def reasons(self, source: str, tree: ast.Module | None) -> Iterator[str]:
        """All that speaks against it."""
        if tree is None or source.lstrip().startswith(("%%", "!!")):
            yield _UNREADABLE
            return
        self._learn(tree)
        # Of `time.sleep`, the whole decides and not `time`.
        parts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        secret = {id(node.value) for node in ast.walk(tree) if self._takes_secret(node)}
        named = (n for n in ast.walk(tree) if not (isinstance(n, ast.Name) and id(n) in parts))
        yield from filter(None, (self._reason_of(n) for n in named if id(n) not in secret))
        # One that gets another name may be called without a seed under that.
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        yield from (
            _RANDOM
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute)
            and id(node) not in called
            and self._name_of(node) in _GENERATORS
        )

    def seeds(self, tree: ast.Module | None) -> set[str]:
        """The libraries whose global random numbers the cell seeds with a value."""
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call)) if tree else ()
        return {
            _SEEDS[name]
            for call in calls
            if (name := self._name_of(call.func)) in _SEEDS and _is_given(call)
        }

    def draws(self, tree: ast.Module | None) -> bool:
        """True for code that uses Python's global random numbers."""
        named = (node for node in ast.walk(tree) if isinstance(node, ast.expr)) if tree else ()
        names = map(self._name_of, named)
        return any(n.startswith("random.") and n not in {*_GENERATORS, *_SEEDS} for n in names)

    def _learn(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self._meaning[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    meant = f"{node.module or ''}.{alias.name}"
                    self._meaning[alias.asname or alias.name] = meant

    def _takes_secret(self, node: ast.AST) -> TypeGuard[ast.Subscript]:
        """True for `os.environ["NAME"]` with the name of a secret."""
        return (
            isinstance(node, ast.Subscript)
            and self._name_of(node.value) == "os.environ"
            and isinstance(node.slice, ast.Constant)
            and node.slice.value in self._secrets
        )

    def _reason_of(self, node: ast.AST) -> str:
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            return _THREADS
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            if isinstance(node, ast.Attribute) and node.attr in _METHODS:
                return _METHODS[node.attr]
            return self._use_of(self._name_of(node))
        if isinstance(node, ast.Call):
            return self._reason_of_call(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            return self._reason_of_import(node)
        return ""

    def _reason_of_call(self, call: ast.Call) -> str:
        name = self._name_of(call.func)
        if name in _GENERATORS and not _is_given(call):
            return _RANDOM
        if name == "get_ipython":
            return ""
        if name.startswith("get_ipython()."):
            magic = call.args[0] if call.args else None
            known = isinstance(magic, ast.Constant) and magic.value in _MAGICS
            return "" if name.endswith(".run_line_magic") and known else _UNREADABLE
        texts = (argument.value for argument in call.args if isinstance(argument, ast.Constant))
        if any(isinstance(text, str) and text.lower() in _TIMES for text in texts):
            return _CLOCK
        return ""

    def _reason_of_import(self, node: ast.Import | ast.ImportFrom) -> str:
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            if names == ["*"] and self._use_of(node.module or ""):
                return _UNREADABLE
            names = [node.module or ""]
        return _OWN if any(name.partition(".")[0] in self._own for name in names) else ""

    def _use_of(self, name: str) -> str:
        while name:
            if name in _USES:
                return _USES[name]
            name = name.rpartition(".")[0]
        return ""

    def _name_of(self, node: ast.expr) -> str:
        """The dotted name of what is used, by its import: "numpy.random.seed"."""
        if isinstance(node, ast.Attribute):
            inner = self._name_of(node.value)
            return f"{inner}.{node.attr}" if inner else ""
        if isinstance(node, ast.Call):
            return "get_ipython()" if self._name_of(node.func) == "get_ipython" else ""
        if isinstance(node, ast.Name):
            # What is neither imported nor Python's own is a variable, whatever it is called.
            own = node.id if node.id in _PYTHONS_OWN else ""
            return self._meaning.get(node.id, own)
        return ""


def _is_address(node: ast.AST) -> bool:
    """True for a text that is an address and nothing else: libraries in Rust and C connect to it
    where Python sees nothing."""
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and bool(_ADDRESS.match(text))


def _is_given(call: ast.Call) -> bool:
    """True for a call with a value that is not None."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in values)
