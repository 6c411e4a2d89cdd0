"""The audit finds what an unmodified Voila gives away: else its silence would prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from auditing import expected_leaks, leaks_on_visit, needles_in, plain_voila
from conftest import CORPUS, code

from nb2space.audit import audit_url

_EXPECTED = expected_leaks()


def test_the_table_has_each_leaky_notebook() -> None:
    assert set(_EXPECTED) == {path.stem for path in (CORPUS / "leaky").glob("*.ipynb")}


@pytest.mark.kernel
@pytest.mark.parametrize("stem", sorted(_EXPECTED))
def test_each_leak_is_found(stem: str) -> None:
    path = CORPUS / "leaky" / f"{stem}.ipynb"
    leaks = _EXPECTED[stem][0] == "leaks"
    with plain_voila(path) as url:
        # On a busy machine a callback may answer after the visit has gone on.
        visits = range(3 if leaks else 1)
        seen = (leaks_on_visit(url, needles_in(path), use_browser=False) for _ in visits)
        assert any(seen) == leaks


@pytest.mark.browser
def test_the_traceback_of_a_callback_is_found_in_a_browser(notebook: Callable[..., Path]) -> None:
    path = CORPUS / "leaky" / "error-in-interact.ipynb"
    with plain_voila(path) as url:
        leaks = leaks_on_visit(url, needles_in(path), use_browser=True)
    assert {"line", "traceback"} <= leaks["from the kernel"]
    # The page keeps the traceback in the output area's state, which it sends to the kernel.
    assert "line" in leaks["to the kernel"]


@pytest.mark.browser
def test_errors_and_warnings_of_progressive_rendering_are_found(
    notebook: Callable[..., Path],
) -> None:
    path = notebook(
        "import warnings\nzebra_rate = 0.37\nwarnings.warn('zebra rates are old', stacklevel=1)",
        code("zebra_margin = 1 / (zebra_rate - 0.37)", "raises-exception"),
    )
    with plain_voila(path, "--progressive_rendering=True") as url:
        leaks = leaks_on_visit(url, needles_in(path), use_browser=True)
    assert {"line", "traceback"} <= leaks["from the kernel"]


# Voila lets no page execute or inspect anything; of this manager everything can be asked.
_OPEN = """
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

class OpenManager(AsyncMappingKernelManager):
    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "allowed_message_types": []})
"""


@pytest.mark.kernel
def test_what_is_asked_by_hand_is_asked_well(tmp_path: Path) -> None:
    (tmp_path / "open_kernels.py").write_text(_OPEN)
    path = CORPUS / "leaky" / "error-in-cell.ipynb"
    manager = "--VoilaConfiguration.multi_kernel_manager_class=open_kernels.OpenManager"
    with plain_voila(path, manager, modules=str(tmp_path)) as url:
        report = audit_url(url, needles_in(path), use_browser=False)
    found = {leak.kind for leak in report.leaks if leak.channel == "messages by hand"}
    # inspect_request gives the whole function, comments included; complete_request the names.
    assert {"line", "comment", "name", "literal"} <= found
