"""Turns a Jupyter notebook into a Hugging Face Space that shows results, never the script."""

from nb2space.version import __version__

__all__ = ["__version__"]
