"""Runs under the notebook's own interpreter, so it imports nothing but the standard library.

Called twice in the kernel, before the first cell and after the last; both answer in JSON of what
the run used between.
"""

import json
import os
import random
import re
import sys
import time
from types import ModuleType
from typing import Any

# Keeps what was seen between the two calls; each is executed in a namespace of its own.
TRACE = "_nb2space_trace"


def begin() -> str:
    """Note what is used from now on; JSON list of the top-level modules loaded now."""
    trace: Any = ModuleType(TRACE)
    trace.read, trace.written, trace.ports, trace.ran = {}, {}, {}, {}
    trace.connected_in, trace.read_in, trace.outdated_in = {}, {}, {}
    trace.listed, trace.random, trace.begun = {}, random.getstate(), time.time()
    trace.commands, trace.hosts = {}, {}
    trace.libraries = loaded_libraries()
    sys.modules[TRACE] = trace

    def note_file(details: Any) -> None:
        path = os.path.abspath(os.fsdecode(details[0]))
        mode, flags = details[1], details[2]
        cell = running_cell()
        writes = set(mode) & set("wax+") if isinstance(mode, str) else flags & os.O_WRONLY
        if writes or flags & (os.O_RDWR | os.O_CREAT):
            trace.written[path] = None
            trace.outdated_in.update(dict.fromkeys(trace.read_in.pop(path, {}).keys() - {cell}))
            return
        trace.read_in.setdefault(path, {})[cell] = None
        if path not in trace.written:
            trace.read[path] = None

    def note(event: str, details: Any) -> None:
        first = details[0] if details else None
        if event == "open" and isinstance(first, str | bytes):
            note_file(details)
        elif event == "sqlite3.connect" and isinstance(first, str | bytes):
            trace.read[os.path.abspath(os.fsdecode(first))] = None
        elif event == "socket.connect" and isinstance(details[1], tuple) and len(details[1]) > 1:
            host, port = details[1][:2]
            trace.ports[f"{trace.hosts.get(str(port), host)}:{port}"] = None
            trace.connected_in[running_cell()] = None
        elif event in ("os.listdir", "os.scandir") and not isinstance(first, int):
            # Python's own search for modules and packages is no question of the author's code.
            caller = sys._getframe().f_back
            if caller is None or "importlib" not in caller.f_code.co_filename:
                trace.listed[os.path.abspath(os.fsdecode(first or "."))] = None
        elif event == "socket.getaddrinfo" and isinstance(first, str | bytes):
            host = first.decode(errors="replace") if isinstance(first, bytes) else first
            if not re.fullmatch(r"[\d.]+|[\da-fA-F:.]*:[\da-fA-F:.%\w]*", host):
                trace.hosts[str(details[1])] = host
        elif event == "os.system":
            trace.commands[as_text(first)] = None
        elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
            note_program(as_text(first), details[1])

    def note_program(path: str, words: Any) -> None:
        given = [words] if isinstance(words, str | bytes | os.PathLike) else list(words or ())
        texts = [as_text(word) for word in given]
        if texts[1:2] == ["-c"] and len(texts) > 2 and texts[0].endswith("sh"):
            trace.commands[texts[2]] = None
        else:
            trace.ran[os.path.basename(path if path != "None" else "".join(texts[:1]))] = None

    # Python's table of audit events: docs.python.org/3/library/audit_events.html
    sys.addaudithook(note)
    return json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))


def as_text(word: Any) -> str:
    """A word of a command, or a path, as text."""
    return os.fsdecode(word) if isinstance(word, str | bytes | os.PathLike) else str(word)


def running_cell() -> int:
    """The execution count of the cell that runs; 0 where there is no shell."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    # Whether the shell's own count already tells the next cell's depends on IPython's version.
    return len(shell.history_manager.input_hist_parsed) - 1 if shell else 0


def loaded_libraries() -> list[str]:
    """The shared libraries in this process's memory; none where the system does not tell."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            paths = {line.split(maxsplit=5)[5].strip() for line in maps if ".so" in line}
    except (OSError, IndexError):
        return []
    return sorted(paths)


def peak_memory() -> int:
    """The most bytes of memory that this process has had; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes: the manual page getrusage(2) of each.
    return size if sys.platform == "darwin" else size * 1024


def drawn() -> list[str]:
    """The libraries from whose global random numbers the run has drawn."""
    trace: Any = sys.modules[TRACE]
    # rich draws a number when it is imported, for itself.
    is_same = random.getstate() == trace.random or "rich" in sys.modules
    found = [] if is_same else ["random"]
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        # As numpy seeds itself: numpy/random/_mt19937.pyx, _legacy_seeding
        kind, keys, position, has_gauss, _ = numpy.get_state()
        fresh = kind == "MT19937" and keys[0] == 0x80000000 and position == len(keys) - 1
        found += [] if fresh and not has_gauss else ["numpy"]
    return found


def used() -> str:
    """JSON of what the run used: files, libraries, programs, memory, network."""
    trace: Any = sys.modules[TRACE]
    # What the run made itself is there again when it runs elsewhere.
    read = [path for path in trace.read if os.path.isfile(path)]
    return json.dumps(
        {
            "read": read,
            "read_in": {
                path: min(trace.read_in.get(path, {0: None}))
                for path in read
                if os.stat(path).st_ctime < trace.begun
            },
            "written": [path for path in trace.written if os.path.exists(path)],
            "libraries": sorted(set(loaded_libraries()) - set(trace.libraries)),
            "peak_memory": peak_memory(),
            "addresses": list(trace.ports),
            "connected_in": list(trace.connected_in),
            "outdated_in": list(trace.outdated_in),
            "ran": [name for name in trace.ran if name],
            "commands": list(trace.commands),
            "listed": list(trace.listed),
            "drawn": drawn(),
        }
    )
