"""What runs inside a Space: unseal the code, serve it with Voila, let nothing else out.

This package is copied into every Space folder as it is, so it imports nothing of the rest of
nb2space; the rest may import it.
"""
