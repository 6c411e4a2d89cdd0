"""Where kernels work: a private folder, in memory where the container has room for it there.

The container's own files may be read-only; only the temporary folder must be writable.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from types import TracebackType

from .bundle import BundleError
from .leftover import hold, remove_left_over
from .sealedsecrets import NO_SECRETS, SealedSecrets, sealed_secrets

NOTEBOOK = "notebook.ipynb"
_MEMORY = "/dev/shm"
_PREFIX = "nb2space-app-"

# What stays free there for the caches of libraries and for what kernels write, in bytes: half of
# what Docker gives a container (docs.docker.com/reference/cli/docker/container/run, --shm-size).
_RESERVE = 32 * 1024**2

# What a kernel may know of the container: nothing that a Space's secrets could hide in.
_KERNEL_VARIABLES = {
    "LANG", "LANGUAGE", "PATH", "PYTHONPATH", "PYTHONUSERBASE", "TZ", "TMPDIR", "VIRTUAL_ENV",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "CONDA_PREFIX",
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    # Voila's own, of the request; the notebook may ask for its query string.
    "QUERY_STRING", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "SERVER_SOFTWARE", "PATH_INFO", "VOILA_BASE_URL", "VOILA_REQUEST_URL", "VOILA_APP_PORT",
    "VOILA_SERVER_URL", "VOILA_PREHEAT", "VOILA_KERNEL_ID",
}  # fmt: skip


@dataclass(frozen=True)
class Workplace:
    """`notebook` is the live notebook's text; `files` the kernels' working folder.

    `secrets` says which environment variables the notebook's code was given secret values by.
    `lock` is the descriptor by which this process holds the root.
    """

    root: Path
    notebook: str
    secrets: SealedSecrets = NO_SECRETS
    lock: int | None = None

    @property
    def files(self) -> Path:
        """The kernels' working folder, with the author's modules and data."""
        return self.root / "files"

    @property
    def home(self) -> Path:
        """A home for what libraries like to write: caches, settings, histories."""
        return self.root / "home"

    @property
    def reports(self) -> Path:
        """The socket at which kernels report problems."""
        return self.root / "reports"

    @property
    def transport(self) -> str:
        """How kernels talk: by sockets in the workplace where its path is short enough.

        A Unix socket's path has at most 104 bytes on macOS (108 on Linux); Voila's folder and the
        kernel's id take about 70 of them.
        """
        return "ipc" if os.name == "posix" and len(str(self.root)) < 32 else "tcp"

    def kernel_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The part of `environment` that a kernel may see, with a home that can be written to.

        Of the Space's secrets these are the ones that the notebook itself asks for.
        """
        kept = {
            name: value
            for name, value in environment.items()
            if name in _KERNEL_VARIABLES or name.startswith("LC_") or name in self.secrets.names
        }
        home = str(self.home)
        own = {"HOME": home, "IPYTHONDIR": f"{home}/ipython", "MPLCONFIGDIR": f"{home}/mpl"}
        return {**kept, **own}

    def __enter__(self) -> Workplace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.lock is not None:
            os.close(self.lock)


def leaves_folder(name: str) -> bool:
    """True when `name` is no path below the folder that it is relative to, on any system."""
    # Windows takes both slashes and knows drives, so its rules are the stricter ones.
    path = PureWindowsPath(name)
    return bool(path.anchor) or ".." in path.parts or not path.parts


def make_workplace(files: Mapping[str, bytes]) -> Workplace:
    """Lay out the unsealed `files`. The notebook's text stays in memory; only the rest is written.

    Raises BundleError when the bundle holds no notebook, names a secret that can be none, holds a
    path that leaves its folder, or cannot be written anywhere.
    """
    if NOTEBOOK not in files:
        raise BundleError("sealed.bin holds no notebook; convert and publish again.")
    if any(leaves_folder(name) for name in files):
        raise BundleError("sealed.bin holds a path outside its folder; convert again.")
    try:
        notebook = files[NOTEBOOK].decode("utf-8")
        secrets = sealed_secrets(json.loads(notebook))
    except (ValueError, RecursionError):
        raise BundleError("sealed.bin holds a notebook that is none; convert again.") from None
    rest = {name: content for name, content in files.items() if name != NOTEBOOK}
    size = sum(map(len, rest.values()))
    _tidy()
    for place in _places(size):
        try:
            root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
            workplace = Workplace(root, notebook, secrets, hold(root))
            _lay_out(rest, workplace)
            return workplace
        except OSError as error:
            reason = error.strerror
    raise BundleError(
        f"What sealed.bin holds ({size / 1e6:.1f} MB) cannot be written to the temporary folder: "
        f"{reason}. Give the container more room in /tmp or {_MEMORY}, or convert with less data "
        "(--exclude)."
    )


def _places(size: int) -> Iterator[str | None]:
    """Where to try to write `size` bytes, one after the other; None is the temporary folder."""
    if os.access(_MEMORY, os.W_OK | os.X_OK):
        disk = shutil.disk_usage(_MEMORY)
        # A file system in memory that has no limit says that its size is 0.
        if not disk.total or disk.free >= size + _RESERVE:
            yield _MEMORY
    yield None


def _tidy() -> None:
    """Remove what killed servers have left behind."""
    with suppress(OSError):  # there may be no temporary folder
        for place in (_MEMORY, tempfile.gettempdir()):
            remove_left_over(Path(place), _PREFIX)


def _lay_out(files: Mapping[str, bytes], workplace: Workplace) -> None:
    """Write these files into the workplace. Raises OSError, and then removes all of it."""
    try:
        for folder in (workplace.files, workplace.home):
            folder.mkdir(mode=0o700)
        for name, content in files.items():
            target = workplace.files / name
            if name.endswith("/"):
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError:
        workplace.remove()
        raise
