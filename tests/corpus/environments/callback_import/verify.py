"""What a viewer of the recordings sees."""

from browsing import Viewer
from environments import choose, press, step


def verify(seen: Viewer) -> None:
    button = "How large?"
    seen.page.get_by_role("button", name=button).wait_for()
    press(seen, button)
    seen.wait_for_text("60 minutes are 3.6 MB.")
    step(seen)
    choose(seen, "Radio")
    press(seen, button)
    seen.wait_for_text("70 minutes are 67.2 MB.")
