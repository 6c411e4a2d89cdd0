"""Packages that others load only when they are asked to: seen in the code where no run did so."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nb2space.environment import Environment
from nb2space.syntax import parse_code

# What the methods of pandas need, the first that is installed:
# pandas.pydata.org/docs/getting_started/install.html#optional-dependencies
_OF_PANDAS = {
    "read_excel": ("openpyxl", "python-calamine", "xlrd"), "ExcelFile": ("openpyxl", "xlrd"),
    "to_excel": ("openpyxl", "xlsxwriter"), "ExcelWriter": ("openpyxl", "xlsxwriter"),
    "read_parquet": ("pyarrow", "fastparquet"), "to_parquet": ("pyarrow", "fastparquet"),
    "read_feather": ("pyarrow",), "to_feather": ("pyarrow",), "read_orc": ("pyarrow",),
    "read_html": ("lxml", "html5lib"), "read_xml": ("lxml",), "to_xml": ("lxml",),
    "read_hdf": ("tables",), "to_hdf": ("tables",), "to_markdown": ("tabulate",),
    "read_spss": ("pyreadstat",), "read_sql": ("sqlalchemy",), "to_sql": ("sqlalchemy",),
    "plot": ("matplotlib",), "hist": ("matplotlib",), "boxplot": ("matplotlib",),
    "style": ("jinja2",),
}  # fmt: skip


def backends_of(sources: Iterable[str], environment: Environment) -> dict[str, str]:
    """Requirements with the reason why they are needed, for code that may not have run."""
    if not {"pandas", "geopandas"} & {name.lower() for name in environment.versions}:
        return {}
    found: dict[str, str] = {}
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for source in sources
        for node in ast.walk(parse_code(source) or ast.Module([], []))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    for method in sorted(names & set(_OF_PANDAS)):
        installed = [each for each in _OF_PANDAS[method] if each in environment.distributions]
        if installed:
            # Everybody reads the reason, so it does not tell which methods the code uses.
            found.setdefault(installed[0], "loaded by pandas when it is needed")
    return found
