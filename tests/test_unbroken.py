"""What is printed in pieces: a secret is masked as if it had come at once, and nothing is lost."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import many, notebook_of, stream

from nb2space.runtime.masking import MASK, Mask
from nb2space.runtime.outputs import printed_whole, viewer_outputs
from nb2space.runtime.unbroken import Unbroken
from nb2space.secrets import masked_notebook

WORD = "Tr0ub4dor" + "-and-3"
KEY = "line one of a key\nline two of it, which is long"
VALUES = [WORD, "9f8c7b6a5d4e3f2a" * 2, f"postgresql://ana:{WORD}@db/sales", KEY]
PIECES = ["a", "T", "Tr", "post", "9f8", "line one", *VALUES, "\n", " x ", "\x1b[1m"]
PIECES += [quote(VALUES[2], safe=""), json.dumps(KEY), base64.b64encode(WORD.encode()).decode()]

Message = dict[str, Any]


def message(kind: str, parent: str = "1", **content: Any) -> Message:
    return {"header": {"msg_type": kind}, "parent_header": {"msg_id": parent}, "content": content}


def printed(text: str, parent: str = "1") -> Message:
    return message("stream", parent, name="stdout", text=text)


def shown(*messages: Message) -> list[str]:
    """The texts and the kinds of other messages that a page gets of these."""
    unbroken = Unbroken(Mask(VALUES))
    got = [part for each in messages for part in unbroken.pass_on(each)]
    return [part["content"].get("text", part["header"]["msg_type"]) for part in got]


@many
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.lists(st.integers(0, 200), max_size=5))
def test_cut_anywhere_it_reads_as_at_once(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    ends = sorted(min(cut, len(text)) for cut in cuts)
    parts = [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]
    *texts, last = shown(*(printed(part) for part in parts), message("status"))
    assert last == "status"
    plain = "".join(texts).replace("\x1b[1m", "")
    assert not [value for value in VALUES if value in plain]
    if Mask(VALUES).text(text) == text:
        assert "".join(texts) == text


def test_what_waits_comes_with_the_next_output_in_its_order() -> None:
    begun, rest = printed(f"in: {WORD[:7]}"), printed(WORD[7:])
    update = message("comm_msg", data={"method": "update", "state": {"value": 1}})
    assert shown(begun, rest) == ["in: ", MASK]
    # A bar that moves between the two changes nothing of what is read.
    assert shown(begun, update, rest) == ["in: ", "comm_msg", MASK]
    captures = message("comm_msg", data={"method": "update", "state": {"msg_id": "1"}})
    for kind in (message("display_data"), message("clear_output"), message("status"), captures):
        assert shown(begun, kind, rest)[:2] == ["in: ", WORD[:7]]
    assert shown(begun, printed(WORD[7:], "2")) == ["in: ", WORD[:7], WORD[7:]]
    assert shown(printed("harmless"), printed(" text")) == ["harmless", " text"]


@pytest.mark.parametrize("length", [1, 5, 7, 12, 20])
def test_a_token_that_is_printed_piece_by_piece_is_masked_as_a_whole(length: int) -> None:
    text = f"token={VALUES[1]} done"
    parts = (printed(text[at : at + length]) for at in range(0, len(text), length))
    assert "".join(shown(*parts, message("status"))) == f"token={MASK} donestatus"


def test_a_token_of_which_the_rest_never_comes_is_masked() -> None:
    assert shown(printed(VALUES[1][:9]), printed(VALUES[1][9:17]), message("status")) == [
        MASK,
        "status",
    ]


OUTPUTS = [
    stream("in: " + WORD[:7]),
    nbformat.v4.new_output("stream", name="stderr", text="a warning\n"),
    stream(WORD[7:]),
    nbformat.v4.new_output("display_data", data={"text/plain": "1"}),
    stream([WORD[:7], WORD[7:]]),
]


def test_outputs_are_read_as_a_whole() -> None:
    whole = printed_whole(OUTPUTS)
    assert [output.get("text") for output in whole] == [f"in: {WORD}", "a warning\n", None, WORD]
    seen = viewer_outputs(OUTPUTS, lambda text: "", "en")
    assert [output.get("text") for output in seen] == [f"in: {WORD}", None, WORD]
    assert OUTPUTS[0]["text"] == "in: " + WORD[:7]


@pytest.mark.parametrize("known", [[WORD], []])
def test_a_notebook_is_masked_as_a_whole(known: list[str]) -> None:
    area = {
        "model_name": "OutputModel", "model_module": "@jupyter-widgets/output",
        "state": {"outputs": [stream("password: " + WORD[:7]), stream(WORD[7:])]},
    }  # fmt: skip
    notebook = notebook_of("1", models={"m": area})
    notebook.cells[0].outputs = [stream("password: " + WORD[:7]), stream(WORD[7:])]
    masked, found = masked_notebook(notebook, known, ())
    assert masked.cells[0].outputs[0].text == f"password: {MASK}"
    assert f"password: {MASK}" in str(masked.metadata) and WORD[:7] not in str(masked)
    assert bool(found) is not bool(known)
