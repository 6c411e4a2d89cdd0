"""Debian packages that the run used: libraries that no wheel carries, and programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from nb2space.environment import Environment

# Libraries by the beginning of their file's name, for packages that wheels do not carry; names as
# in Debian (packages.debian.org).
_LIBRARIES = {
    "libGL.so": "libgl1", "libGLX": "libgl1", "libEGL": "libegl1", "libGLU": "libglu1-mesa",
    "libglib-2.0": "libglib2.0-0", "libgthread-2.0": "libglib2.0-0", "libgomp": "libgomp1",
    "libSM.so": "libsm6", "libICE.so": "libice6", "libXext": "libxext6",
    "libXrender": "libxrender1",
    "libX11.so": "libx11-6", "libxcb.so": "libxcb1", "libcairo.so": "libcairo2",
    "libpango-1.0": "libpango-1.0-0", "libpangocairo": "libpangocairo-1.0-0",
    "libgdk_pixbuf": "libgdk-pixbuf-2.0-0", "libfontconfig": "libfontconfig1",
    "libsndfile": "libsndfile1", "libportaudio": "libportaudio2", "libmagic.so": "libmagic1",
    "libpq.so": "libpq5", "libodbc.so": "unixodbc", "libmariadb": "libmariadb3",
    "libspatialindex": "libspatialindex-dev", "libgeos_c": "libgeos-c1v5", "libgdal": "libgdal-dev",
    "libproj.so": "libproj-dev", "libeccodes": "libeccodes0", "libusb-1.0": "libusb-1.0-0",
    "libzbar": "libzbar0", "libtesseract": "tesseract-ocr", "libhdf5": "libhdf5-dev",
    "libxml2": "libxml2", "libxslt": "libxslt1.1", "libgraphviz": "graphviz",
    "libcgraph": "graphviz",
    "libta_lib": "libta-lib0", "libaio": "libaio1", "libsodium": "libsodium23",
}  # fmt: skip
_PROGRAMS = {
    "dot": "graphviz", "neato": "graphviz", "ffmpeg": "ffmpeg", "ffprobe": "ffmpeg",
    "tesseract": "tesseract-ocr", "pdftotext": "poppler-utils", "pdftoppm": "poppler-utils",
    "pdfinfo": "poppler-utils", "pandoc": "pandoc", "git": "git", "curl": "curl", "wget": "wget",
    "java": "default-jre-headless", "convert": "imagemagick", "magick": "imagemagick",
    "wkhtmltopdf": "wkhtmltopdf", "soffice": "libreoffice", "gs": "ghostscript", "sox": "sox",
    "xelatex": "texlive-xetex", "pdflatex": "texlive-latex-base", "chromium": "chromium",
    "unzip": "unzip", "zip": "zip", "exiftool": "libimage-exiftool-perl",
}  # fmt: skip
_FILES = ("apt.txt", "packages.txt")
_NAME = re.compile(r"[a-z0-9][a-z0-9.+-]+(?:=\S+)?")
_DPKG_SECONDS = 20


def system_packages(folder: Path, environment: Environment, asked: Iterable[str]) -> list[str]:
    """The Debian packages that the Space needs, sorted.

    apt.txt or packages.txt beside the notebook wins; else `asked` for by the code, and what holds
    the libraries that the run loaded and the programs that it started.
    """
    for name in _FILES:
        path = folder / name
        if path.is_file():
            rows = path.read_text(encoding="utf-8-sig").splitlines()
            words = (word for row in rows for word in row.partition("#")[0].split())
            return sorted({word for word in words if _NAME.fullmatch(word)})
    found = {word for word in asked if _NAME.fullmatch(word)}
    found |= {_PROGRAMS[name] for name in environment.ran if name in _PROGRAMS}
    for library in _foreign(environment):
        name = next((p for start, p in _LIBRARIES.items() if library.name.startswith(start)), "")
        if name:
            found.add(name)
    return sorted(found)


def _foreign(environment: Environment) -> list[Path]:
    """The loaded libraries that belong to the system rather than to Python's packages."""
    inside = (environment.prefix, "site-packages", "dist-packages")
    return [
        Path(library)
        for library in environment.libraries
        if library.startswith("/") and not any(part in library for part in inside)
    ]


def unknown_libraries(environment: Environment) -> list[str]:
    """Packages (by dpkg) of loaded libraries that the table above does not name and a base image
    may lack; none where there is no dpkg."""
    names = [
        library
        for library in _foreign(environment)
        if not any(library.name.startswith(start) for start in _LIBRARIES)
    ]
    if not names or not shutil.which("dpkg"):
        return []
    done = subprocess.run(
        ["dpkg", "-S", *map(str, names)], capture_output=True, text=True, timeout=_DPKG_SECONDS
    )
    found = {line.partition(":")[0] for line in done.stdout.splitlines()}
    return sorted(name for name in found if not _BASE.match(name))


# What python's slim image has: hub.docker.com/_/python
_BASE = re.compile(
    r"libc6|libstdc\+\+|libgcc|zlib1g|libssl|libcrypto|libffi|libsqlite3|libbz2|liblzma|libreadline"
    r"|libncurses|libtinfo|libuuid|libexpat|libdb|libgdbm|libnsl|libtirpc|libkrb5|libgssapi|libk5"
    r"|libcom-err|libkeyutils|libcrypt|libbsd|libmd|libcap|libselinux|libpcre|libzstd|libpython"
    r"|libnss|libresolv|python3"
)
