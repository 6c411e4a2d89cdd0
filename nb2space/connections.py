"""Servers that the code connects to, read from it: drivers written in C connect unseen.

Spaces reach other machines through three ports only, so a database at its usual port is out of
their reach.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nb2space.environment import Environment
from nb2space.syntax import parse_code

# huggingface.co/docs/hub/spaces-overview#networking
_OPEN_PORTS = {"80", "443", "8080"}
# Names are asked of a server at this port, which Spaces do reach.
_NAMES = "53"

# The usual ports of what an address begins with, and of drivers by the module that is imported.
_SCHEMES = {
    "postgresql": "5432", "postgres": "5432", "mysql": "3306", "mariadb": "3306",
    "mongodb": "27017", "redis": "6379", "rediss": "6379", "mssql": "1433", "oracle": "1521",
    "clickhouse": "9000", "cassandra": "9042", "amqp": "5672", "ftp": "21", "sftp": "22",
    "ssh": "22", "smtp": "25", "ldap": "389", "neo4j": "7687", "bolt": "7687", "redshift": "5439",
    "hive": "10000", "impala": "21050", "trino": "8080", "presto": "8080",
}  # fmt: skip
_DRIVERS = {
    "psycopg2": "5432", "psycopg": "5432", "asyncpg": "5432", "pg8000": "5432", "pymysql": "3306",
    "MySQLdb": "3306", "mysql": "3306", "mariadb": "3306", "pymongo": "27017", "redis": "6379",
    "pymssql": "1433", "pyodbc": "1433", "oracledb": "1521", "cx_Oracle": "1521",
    "clickhouse_driver": "9000", "cassandra": "9042", "pika": "5672", "paramiko": "22",
    "ftplib": "21", "neo4j": "7687", "redshift_connector": "5439",
}  # fmt: skip

# What connects to a pair of host and port.
_CONNECTS = {"connect", "connect_ex", "create_connection"}
# Stands for a part of a text that only a run knows.
_VALUE = "__value__"

_URL = re.compile(
    r"(?i)\b(?P<scheme>[a-z][a-z0-9]*)(?:\+[\w.]+)?://(?:[^\s/@'\"]*@)?"
    r"(?P<host>[\w.-]+|\[[\da-f:]+\])(?::(?P<port>\d+))?"
)
_DSN = re.compile(r"(?i)\b(?:host|server|data source)\s*=\s*(?:tcp:)?(?P<host>[\w.-]+)")
_DSN_PORT = re.compile(r"(?i)\bport\s*=\s*(?P<port>\d+)|[\w.](?:,|:)(?P<after>\d{2,5})\b")


@dataclass(frozen=True)
class Connection:
    """A server that the code names; `host` is "" where only its kind is known."""

    host: str
    port: str
    driver: str = ""


def connection_notices(sources: Iterable[str], environment: Environment) -> tuple[str, ...]:
    """Sentences about servers that a Space cannot reach: those of the run, and of the code."""
    named = [each for source in sources for each in connections_in(source)]
    hosts = {each.port: each.host for each in reversed(named) if each.host}
    met = dict.fromkeys(
        _by_name(address, hosts) for address in environment.addresses if _is_closed(address)
    )
    said = []
    if met:
        said.append(f"The run connected to {', '.join(sorted(met)[:3])}. {_CLOSED}")
    wanted = {
        f"{each.host}:{each.port}": None
        for each in named
        if each.host and _is_closed(f"{each.host}:{each.port}")
    }
    unmet = [address for address in wanted if address not in met]
    if unmet:
        said.append(f"The code connects to {', '.join(unmet[:3])}. {_CLOSED}")
    known = {address.rpartition(":")[2] for address in (*met, *wanted)}
    drivers = {
        each.driver: each.port
        for each in named
        if each.driver and each.port not in known and not _has_host(named, each.port)
    }
    said += [
        f"The code uses {driver}, whose servers listen at port {port} as a rule. {_CLOSED}"
        for driver, port in sorted(drivers.items())
    ]
    return tuple(said)


_CLOSED = (
    "Spaces reach other machines through the ports 80, 443 and 8080 only, so this will fail there."
)


def connections_in(source: str) -> Iterator[Connection]:
    """The servers that a source names, and the drivers that it imports."""
    tree = parse_code(source)
    imported: dict[str, str] = {}
    for node in ast.walk(tree) if tree else ():
        for name in _imported(node):
            if name in _DRIVERS:
                imported[name] = _DRIVERS[name]
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _in_text(node.value, imported)
        elif isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else _VALUE for p in node.values)
            yield from _in_text("".join(map(str, parts)), imported)
        elif isinstance(node, ast.Call):
            yield from _in_call(node, imported)
    for name, port in imported.items():
        yield Connection("", port, name)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]


def _in_text(text: str, imported: dict[str, str]) -> Iterator[Connection]:
    for match in _URL.finditer(text):
        scheme = match["scheme"].lower()
        if scheme not in _SCHEMES:
            continue
        port = match["port"] or _SCHEMES[scheme]
        is_known = _VALUE not in match["host"]
        yield Connection(match["host"], port) if is_known else Connection("", port, scheme)
    if imported and (host := _DSN.search(text)) and _VALUE not in host["host"]:
        told = _DSN_PORT.search(text)
        usual = next(iter(imported.values()))
        yield Connection(host["host"], (told["port"] or told["after"]) if told else usual)


def _in_call(node: ast.Call, imported: dict[str, str]) -> Iterator[Connection]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in _CONNECTS:
        for argument in node.args:
            yield from _in_pair(argument)
    if not imported:
        return
    given = {each.arg: each.value for each in node.keywords if each.arg}
    host = next((_text(given[n]) for n in ("host", "server", "hostname") if n in given), "")
    if host and "://" not in host and "=" not in host:
        port = _text(given["port"]) if "port" in given else next(iter(imported.values()))
        if port:
            yield Connection(host, port)


def _in_pair(node: ast.expr) -> Iterator[Connection]:
    """`("db.example.org", 5432)`, as sockets take it."""
    match node:
        case ast.Tuple(elts=[ast.Constant(value=str() as host), ast.Constant(value=int() as port)]):
            yield Connection(host, str(port))


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _by_name(address: str, hosts: dict[str, str]) -> str:
    """An address of numbers with the host's name, where the code tells one for its port."""
    host, _, port = address.rpartition(":")
    if re.fullmatch(r"[\d.]+|[\da-fA-F:.]*:[\da-fA-F:.]*", host) and port in hosts:
        return f"{hosts[port]}:{port}"
    return address


def _has_host(named: Iterable[Connection], port: str) -> bool:
    return any(each.host and each.port == port for each in named)


def _is_closed(address: str) -> bool:
    host, _, port = address.rpartition(":")
    local = host in ("localhost", "::1", "[::1]", "0.0.0.0") or host.startswith("127.")
    return not local and port not in _OPEN_PORTS and port != _NAMES
