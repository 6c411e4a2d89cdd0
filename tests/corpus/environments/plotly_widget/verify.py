"""What a viewer of the savings sees."""

from browsing import Viewer, wait_until
from environments import step


def verify(seen: Viewer) -> None:
    title = seen.page.locator("text.gtitle")
    line = seen.page.locator(".scatterlayer path.js-line")
    title.wait_for()
    assert title.text_content() == "At 3 %: 11,808 in the end"
    assert seen.page.locator(".scatterlayer .point").count() == 10
    before = line.get_attribute("d")
    step(seen)
    wait_until(lambda: title.text_content() == "At 4 %: 12,486 in the end")
    wait_until(lambda: line.get_attribute("d") != before)
