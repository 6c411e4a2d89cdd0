"""HTTP headers of every page."""

# A Space is shown in a frame of huggingface.co; jupyter_server's own policy would forbid that.
PAGE_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "nb2space",
}
