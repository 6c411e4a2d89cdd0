"""What a viewer of the valleys sees."""

from browsing import Viewer
from environments import choose, pictures


def verify(seen: Viewer) -> None:
    seen.wait_for_text("Most of the rain fell in Long Dale: 655 litres on each square metre.")
    assert pictures(seen) == 1
    seen.wait_for_text("Upper Dale: 412 litres on each square metre, take an umbrella")
    choose(seen, "Mill Dale")
    seen.wait_for_text("Mill Dale: 301 litres on each square metre, a hat will do")
