"""What a viewer of the islands sees."""

from browsing import Viewer, wait_until
from environments import choose, rows


def verify(seen: Viewer) -> None:
    seen.wait_for_text("In 2024 most people came to Parva.")
    assert rows(seen)[-3:] == ["Longa 5200 5900", "Parva 8400 3100", "Alta 1900 7700"]
    islands = seen.page.locator(".leaflet-overlay-pane path")

    def colours() -> list[str | None]:
        return [island.get_attribute("fill") for island in islands.all()]

    wait_until(lambda: len(set(colours())) == 3)
    before = colours()
    choose(seen, "2025")
    seen.wait_for_text("In 2025 most people came to Alta.")
    wait_until(lambda: len(set(colours())) == 3 and colours() != before)
