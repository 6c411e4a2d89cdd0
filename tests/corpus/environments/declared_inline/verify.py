"""What a viewer of the planets sees."""

from browsing import Viewer
from environments import choose


def verify(seen: Viewer) -> None:
    seen.wait_for_text("3 planets with 1 moon")
    seen.wait_for_text("Venus,0")
    choose(seen, "XML")
    seen.wait_for_text("<name>Venus</name>")
