"""`python -m nb2space` is the same as the command `nb2space`."""

from nb2space.cli import main

main()
