"""What the log of a Space says of a failure."""

from __future__ import annotations

import pytest

from nb2space.spacelogs import decisive_lines, hint_for, plain_line


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            "ERROR: Could not find a version that satisfies the requirement nosuch==9 (from x)",
            "No package index has nosuch==9 for the Space's Python.",
        ),
        ("ERROR: No matching distribution found for nosuch", "No package index has nosuch for"),
        ("ERROR: ResolutionImpossible: for help visit", "The packages do not go together."),
        ("E: Unable to locate package libnosuch", "Debian has no package libnosuch."),
        ("ERROR: Failed building wheel for pyfoo", "pyfoo has to be compiled, and the image"),
        ("ModuleNotFoundError: No module named 'foo.bar'", "The Space has no module foo."),
        ("OSError: [Errno 28] No space left on device", "The image is too large"),
        ("Memory limit exceeded (16Gi)", "It ran out of memory."),
        ("Container failed. Exit code: 137. Reason: OOMKilled", "It ran out of memory."),
        ("Launch timed out, workload was not healthy after 30 min", "It took too long to start."),
        ("OSError: [Errno 98] Address already in use", "The Hub looks for the app at port 7860"),
        ("The secret NB2SPACE_KEY is not set", "The Space does not have the key"),
        ("Zzz", ""),
    ],
)
def test_hints(line: str, advice: str) -> None:
    said = hint_for(["Step 1", line, "the end"])
    assert said.startswith(advice) and bool(said) == bool(advice)


def test_the_cause_is_shown_wherever_it_stands() -> None:
    lines = [f"step {number}" for number in range(60)]
    assert decisive_lines(lines) == lines[-15:]
    assert decisive_lines(lines[:3]) == lines[:3] and decisive_lines([]) == []
    lines[20] = "ERROR: No matching distribution found for nosuch"
    assert decisive_lines(lines) == [*lines[19:24], "…", *lines[-10:]]
    lines[50] = "an error that follows from it"
    assert decisive_lines(lines)[1] == lines[20]
    lines[20] = "fine"
    assert decisive_lines(lines) == lines[-15:]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("text\n", "text"),
        ("\x1b[31mred\x1b[0m\x07", "red"),
        (" 10%\r 50%\r100%\r\n", "100%"),
        ("\x1b]0;title", "0;title"),
    ],
)
def test_lines_give_a_terminal_no_orders(raw: str, plain: str) -> None:
    assert plain_line(raw) == plain
