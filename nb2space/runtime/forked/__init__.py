"""Kernels that are forked from one parent, which has done once what is the same for all viewers.

`forkserver` starts the parent and keeps it, `provisioner` gives its forks to jupyter_client, and
`parent` is what runs in the kernels' own Python: it imports nothing of the rest of the runtime.
"""
