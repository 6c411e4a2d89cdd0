"""What a viewer of the stock sees."""

from browsing import Viewer
from environments import choose


def verify(seen: Viewer) -> None:
    seen.wait_for_text("185 kg of 3 goods in stock")
    seen.wait_for_text("Butter     25")
    choose(seen, "Markdown")
    seen.wait_for_text("| Butter |      25 |")
