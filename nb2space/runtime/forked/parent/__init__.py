"""The parent of forked kernels, and the kernels themselves.

Runs in the notebook's own Python, which may be another environment than the server's: it imports
the standard library, ipykernel, and what ipykernel needs.
"""
