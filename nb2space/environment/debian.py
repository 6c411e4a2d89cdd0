"""Debian 13 (trixie), which Python's images are made of: what it calls what, and no longer has.

Names are those of packages.debian.org/trixie; the guide shows the two tables of libraries and
programs.
"""

from __future__ import annotations

import re

RELEASE = "trixie"

# Libraries by the beginning of their file's name, for packages that wheels do not carry.
LIBRARIES = {
    "libGL.so": "libgl1", "libGLX": "libgl1", "libEGL": "libegl1", "libGLU": "libglu1-mesa",
    "libglib-2.0": "libglib2.0-0", "libgthread-2.0": "libglib2.0-0", "libgomp": "libgomp1",
    "libSM.so": "libsm6", "libICE.so": "libice6", "libXext": "libxext6",
    "libXrender": "libxrender1", "libX11.so": "libx11-6", "libxcb.so": "libxcb1",
    "libcairo.so": "libcairo2", "libpango-1.0": "libpango-1.0-0",
    "libpangocairo": "libpangocairo-1.0-0", "libgdk_pixbuf": "libgdk-pixbuf-2.0-0",
    "libfontconfig": "libfontconfig1", "libsndfile": "libsndfile1",
    "libportaudio": "libportaudio2", "libasound": "libasound2", "libmagic.so": "libmagic1",
    "libpq.so": "libpq5", "libodbc.so": "unixodbc", "libmariadb": "libmariadb3",
    "libspatialindex": "libspatialindex-dev", "libgeos_c": "libgeos-c1v5",
    "libgdal": "libgdal-dev", "libproj.so": "libproj-dev", "libeccodes": "libeccodes0",
    "libusb-1.0": "libusb-1.0-0", "libzbar": "libzbar0", "libtesseract": "tesseract-ocr",
    "libhdf5": "libhdf5-dev", "libxml2": "libxml2", "libxslt": "libxslt1.1",
    "libgraphviz": "graphviz", "libcgraph": "graphviz", "libaio": "libaio1t64",
    "libsodium": "libsodium23",
}  # fmt: skip

# Programs that Python's slim image lacks.
PROGRAMS = {
    "7z": "7zip", "aria2c": "aria2", "chromedriver": "chromium-driver", "chromium": "chromium",
    "convert": "imagemagick", "curl": "curl", "dot": "graphviz", "dvipng": "dvipng",
    "exiftool": "libimage-exiftool-perl", "ffmpeg": "ffmpeg", "ffprobe": "ffmpeg",
    "file": "file", "g++": "g++", "gcc": "gcc", "gdalinfo": "gdal-bin",
    "gdal_translate": "gdal-bin", "gdalwarp": "gdal-bin", "ogr2ogr": "gdal-bin", "git": "git",
    "gs": "ghostscript", "inkscape": "inkscape", "java": "default-jre-headless", "jq": "jq",
    "latex": "texlive-latex-base", "libreoffice": "libreoffice", "lualatex": "texlive-luatex",
    "magick": "imagemagick", "make": "make", "mysql": "default-mysql-client",
    "neato": "graphviz", "node": "nodejs", "pandoc": "pandoc", "pdfinfo": "poppler-utils",
    "pdflatex": "texlive-latex-base", "pdftoppm": "poppler-utils", "pdftotext": "poppler-utils",
    "ps": "procps", "psql": "postgresql-client", "qpdf": "qpdf", "R": "r-base-core",
    "rsvg-convert": "librsvg2-bin", "rsync": "rsync", "Rscript": "r-base-core",
    "soffice": "libreoffice", "sox": "sox", "sqlite3": "sqlite3", "ssh": "openssh-client",
    "svn": "subversion", "tesseract": "tesseract-ocr", "tree": "tree", "unzip": "unzip",
    "wget": "wget", "xelatex": "texlive-xetex", "xvfb-run": "xvfb", "xz": "xz-utils",
    "zip": "zip",
}  # fmt: skip

# Names of earlier releases, and of Ubuntu's, that are other ones now.
_RENAMED = {
    "chromium-browser": "chromium", "chromium-chromedriver": "chromium-driver",
    "libaio1": "libaio1t64", "libatlas-base-dev": "libopenblas-dev",
    "libgdk-pixbuf2.0-0": "libgdk-pixbuf-2.0-0", "libgl1-mesa-glx": "libgl1",
    "libjpeg-turbo8": "libjpeg62-turbo", "libmysqlclient-dev": "default-libmysqlclient-dev",
    "libmysqlclient21": "libmariadb3", "libncurses5": "libncurses6", "libssl1.1": "libssl3t64",
    "libtiff5": "libtiff6", "libtinfo5": "libtinfo6", "mysql-client": "default-mysql-client",
    "netcat": "netcat-openbsd", "python-dev": "python3-dev", "ttf-dejavu": "fonts-dejavu-core",
    "ttf-dejavu-core": "fonts-dejavu-core",
}  # fmt: skip
_JAVA = re.compile(r"openjdk-(?:8|11|17)-(?P<kind>.+)")
_GONE = {
    "libgconf-2-4", "libta-lib0", "phantomjs", "python3-distutils", "software-properties-common",
    "ta-lib", "ttf-mscorefonts-installer", "wkhtmltopdf",
}  # fmt: skip

# Libraries whose packages are called otherwise in each release.
_CHANGING = re.compile(
    r"lib(?:icu|gdal|av|sw|boost|hdf5|protobuf|poppler|llvm|magick|x26|vpx|dav1d|tesseract|openexr"
    r"|imath|opencv|vtk|tiff|jpeg|python|ssl|perl|geos\d|netcdf|qt\w*\d+t?64)"
)

# What Python's slim image has: hub.docker.com/_/python
IN_IMAGE = re.compile(
    r"libc6|libstdc\+\+|libgcc|zlib1g|libssl|libcrypto|libffi|libsqlite3|libbz2|liblzma|libreadline"
    r"|libncurses|libtinfo|libuuid|libexpat|libdb|libgdbm|libnsl|libtirpc|libkrb5|libgssapi|libk5"
    r"|libcom-err|libkeyutils|libcrypt|libbsd|libmd|libcap|libselinux|libpcre|libzstd|libpython"
    r"|libnss|libresolv|python3|libnvidia|nvidia|libcuda|coreutils|bash|dash|grep|sed|mawk|tar"
    r"|gzip|findutils|util-linux|debianutils|diffutils|perl-base|hostname|bsdutils|libc-bin"
    r"|ncurses-bin|login|passwd|mount|apt$|dpkg$|tzdata|netbase|ca-certificates|binutils"
)


def called_now(name: str) -> str:
    """What the package is called in Debian 13; "" for one that it no longer has."""
    if name in _GONE:
        return ""
    if match := _JAVA.fullmatch(name):
        return f"openjdk-21-{match['kind']}"
    return _RENAMED.get(name, name)


def changes_its_name(name: str) -> bool:
    """True for a package that another release is likely to call otherwise."""
    return bool(_CHANGING.match(name))
