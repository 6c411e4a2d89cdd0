"""Files and memory over a fork: what is only read is read on by each kernel for itself."""

from __future__ import annotations

import fcntl
import os
import stat

_HARMLESS = {"/dev/null", "/dev/urandom", "/dev/random"}


def open_files() -> set[str]:
    """Number and target of what is open, but for files that are only read."""
    found = set()
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
            if target not in _HARMLESS and not _is_only_read(number):
                found.add(f"{number} {target}")
        except OSError:  # the folder's own, closed since
            continue
    return found


def shared_memory() -> set[str]:
    """The pieces of memory that a fork would go on writing to together with the parent."""
    found = set()
    with open("/proc/self/maps") as pieces:
        for piece in pieces:
            place, rights, *_ = piece.split(maxsplit=2)
            # proc(5): the fourth letter is "s" for what is shared. A semaphore, such as tqdm and
            # joblib leave, holds nothing of anybody's.
            if rights[1] == "w" and rights[3] == "s" and "/dev/shm/sem." not in piece:
                found.add(place)
    return found


def reopen_files() -> None:
    """In a fork: read files at a position of its own, which it shares with the parent till then.

    Raises OSError for a file that cannot be opened again.
    """
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if not _is_only_read(number):
                continue
        except OSError:  # the folder's own, closed since
            continue
        again = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
        os.lseek(again, os.lseek(number, 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(again, number, inheritable=os.get_inheritable(number))
        os.close(again)


def _is_only_read(number: int) -> bool:
    is_file = stat.S_ISREG(os.fstat(number).st_mode)
    return is_file and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
