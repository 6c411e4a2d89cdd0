"""The gate: what passes between a kernel and a page, as messages of the Jupyter protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nb2space.runtime.codeblocks import Blocks
from nb2space.runtime.gate import VIEW_MIME, Gate
from nb2space.runtime.masking import MASK, Mask
from nb2space.runtime.sourcewall import SourceWall, code_rows

SOURCE = "secret_variable = load('customers')"


PASSWORD = "correct horse/battery"


def gate(
    shown: Iterable[str] = (),
    reports: list[str] | None = None,
    masked: Iterable[str] = (),
    rows: Iterable[tuple[str, ...]] = (),
) -> Gate:
    noted = [] if reports is None else reports

    def report(details: str) -> str:
        noted.append(details)
        return f"{len(noted):06X}"

    made = Gate(report, "en", Mask(masked), SourceWall(rows))
    made.show(shown)
    return made


def message(kind: str, content: Any, *, buffers: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "header": {"msg_type": kind, "msg_id": "m", "username": "ana", "session": "s"},
        "parent_header": {"msg_id": "p", "username": "ana", "msg_type": "comm_msg", "code": SOURCE},
        "metadata": {"path": "/home/ana/report.ipynb"},
        "content": content,
        "buffers": list(buffers),
        **more,
    }


def opened(model_id: str, state: Any) -> dict[str, Any]:
    content = {"comm_id": model_id, "target_name": "jupyter.widget", "data": {"state": state}}
    return message("comm_open", content)


def updated(model_id: str, state: Any) -> dict[str, Any]:
    data = {"method": "update", "state": state, "buffer_paths": []}
    return message("comm_msg", {"comm_id": model_id, "data": data})


def ids(messages: list[dict[str, Any]]) -> list[str]:
    return [m["content"].get("comm_id", m["header"]["msg_type"]) for m in messages]


def test_a_link_is_told_of_when_the_page_has_what_it_links() -> None:
    one = gate(["a"])
    for name, ends in (("link", ("a", "b")), ("other", ("a", "hidden"))):
        source, target = ([f"IPY_MODEL_{end}", "value"] for end in ends)
        state = {"_model_name": "LinkModel", "source": source, "target": target}
        assert one.release("iopub", opened(name, state)) == []
    for name in ("hidden", "b"):
        assert one.release("iopub", opened(name, {"value": 1})) == []
    assert ids(one.release("iopub", opened("a", {"value": 1}))) == ["a"]
    box = one.release("iopub", updated("a", {"children": ["IPY_MODEL_b"]}))
    assert sorted(ids(box)) == ["a", "b", "link"]
    assert one.release("iopub", updated("other", {"value": 2})) == []


@pytest.mark.parametrize(
    ("channel", "kind", "content"),
    [
        ("shell", "execute_request", {"code": "1"}),
        ("shell", "inspect_request", {"code": "x", "cursor_pos": 1}),
        ("shell", "complete_request", {"code": "x", "cursor_pos": 1}),
        ("shell", "history_request", {"hist_access_type": "tail"}),
        ("shell", "is_complete_request", {"code": "x"}),
        ("shell", "shutdown_request", {"restart": True}),
        ("control", "shutdown_request", {"restart": False}),
        ("control", "debug_request", {"command": "initialize"}),
        ("control", "kernel_info_request", {}),
        ("control", "execute_request", {"code": "1"}),
        ("stdin", "input_reply", {"value": "1"}),
        ("shell", "comm_open", {"comm_id": "a", "target_name": "jupyter.widget", "data": {}}),
        ("shell", "comm_open", {"comm_id": "a", "target_name": "author.comm", "data": {}}),
        ("shell", "comm_msg", {"comm_id": "hidden", "data": {"method": "request_state"}}),
        ("shell", "comm_msg", {"comm_id": "shown", "data": {"method": "exec", "code": "1"}}),
        ("shell", "comm_msg", {"comm_id": "shown", "data": None}),
        ("shell", "comm_close", {"comm_id": "shown"}),
        ("shell", None, {}),
        ("shell", "kernel_info_request", None),
        ("iopub", "comm_msg", {"comm_id": "shown", "data": {"method": "update"}}),
    ],
)
def test_what_a_page_has_no_need_of_is_not_admitted(channel: str, kind: str, content: Any) -> None:
    assert not gate(["shown"]).admits(channel, message(kind, content))


def test_what_a_page_needs_is_admitted() -> None:
    one = gate(["shown"])
    assert one.admits("shell", message("kernel_info_request", {}))
    assert one.admits("shell", message("comm_info_request", {"target_name": "jupyter.widget"}))
    control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    assert one.admits("shell", message("comm_open", control))
    for comm, method in [("c", "request_states"), ("shown", "update"), ("shown", "custom")]:
        content = {"comm_id": comm, "data": {"method": method}}
        assert one.admits("shell", message("comm_msg", content))
    assert one.admits("shell", message("comm_close", {"comm_id": "c"}))


@pytest.mark.parametrize(
    "state",
    [
        {"value": "IPY_MODEL_hidden"},
        {"value": "see IPY_MODEL_shown and IPY_MODEL_hidden"},
        {"value": "IPY_MODEL"},
        {"IPY_MODEL_hidden": 1},
        {"children": [["IPY_MODEL_hidden"]]},
        {"outputs": [{"output_type": "display_data", "data": {VIEW_MIME: {"model_id": "hidden"}}}]},
    ],
)
def test_a_page_cannot_name_a_widget_that_it_does_not_have(state: Any) -> None:
    one = gate(["shown"])
    content = {"comm_id": "shown", "data": {"method": "update", "state": state}}
    assert not one.admits("shell", message("comm_msg", content))


def test_a_page_may_name_the_widgets_that_it_has() -> None:
    for state in ({"a": "IPY_MODEL_b"}, {"outputs": [{"data": {VIEW_MIME: {"model_id": "b"}}}]}):
        content = {"comm_id": "a", "data": {"method": "update", "state": state}}
        assert gate(["a", "b"]).admits("shell", message("comm_msg", content))


def test_a_text_that_mentions_a_widget_releases_none() -> None:
    one = gate(["shown"])
    one.release("iopub", opened("hidden", {"value": SOURCE}))
    sent = one.release("iopub", updated("shown", {"value": "typed: IPY_MODEL_hidden"}))
    assert ids(sent) == ["shown"]


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("iopub", "execute_input"),
        ("shell", "execute_reply"),
        ("shell", "inspect_reply"),
        ("shell", "history_reply"),
        ("iopub", "debug_event"),
        ("control", "debug_reply"),
        ("stdin", "input_request"),
        ("iopub", "iopub_welcome"),
        ("iopub", "a_new_kind"),
    ],
)
def test_what_a_kernel_says_besides_does_not_pass(channel: str, kind: str) -> None:
    assert gate().release(channel, message(kind, {"code": SOURCE})) == []


def test_an_error_becomes_a_sentence_with_a_number_and_the_details_go_to_the_log() -> None:
    reports: list[str] = []
    content = {"ename": "ValueError", "evalue": "bad", "traceback": [SOURCE, "x"]}
    (shown,) = gate(reports=reports).release("iopub", message("error", content))
    assert shown["header"]["msg_type"] == "display_data"
    assert "reference 000001" in shown["content"]["data"]["text/html"]
    assert shown["metadata"] == {"nb2space_reference": "000001"}
    assert "secret_variable" not in json.dumps(shown)
    assert reports == ["ValueError: bad"]


def test_the_number_that_the_kernel_gave_is_kept_and_no_other_text() -> None:
    reports: list[str] = []
    one = gate(reports=reports)
    guarded = {"ename": "nb2space", "evalue": "AB12CD", "traceback": []}
    (shown,) = one.release("iopub", message("error", guarded))
    assert "reference AB12CD" in shown["content"]["data"]["text/html"] and reports == []
    forged = {"ename": "nb2space", "evalue": f"<b>{SOURCE}</b>", "traceback": []}
    (shown,) = one.release("iopub", message("error", forged))
    assert "secret_variable" not in json.dumps(shown)


def test_stderr_and_what_tells_of_the_machine_stay_behind() -> None:
    one = gate()
    assert one.release("iopub", message("stream", {"name": "stderr", "text": SOURCE})) == []
    (info,) = one.release(
        "shell",
        message(
            "kernel_info_reply",
            {"status": "ok", "protocol_version": "5.4", "banner": "/home/ana", "debugger": True},
        ),
    )
    (status,) = one.release("iopub", message("status", {"execution_state": "busy", "x": SOURCE}))
    for sent in (info, status):
        assert "ana" not in json.dumps(sent) and "secret_variable" not in json.dumps(sent)
        assert sent["parent_header"]["msg_id"] == "p"


TRACEBACK = f"""before
Traceback (most recent call last):
  File "/tmp/ipykernel_123/456.py", line 2, in <module>
    {SOURCE}
NameError: name 'load' is not defined
after
"""
IPYTHON_TRACEBACK = f"""before
\x1b[31m---------------------------------------------------------------------------\x1b[39m
\x1b[31mNameError\x1b[39m                                 Traceback (most recent call last)
\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[1]\x1b[39m\x1b[32m, line 1\x1b[39m
\x1b[32m----> \x1b[39m\x1b[32m1\x1b[39m {SOURCE}

\x1b[31mNameError\x1b[39m: name 'load' is not defined
"""
WARNING = f"""before
/tmp/ipykernel_123/456.py:3: UserWarning: careful
  {SOURCE}
after
"""


@pytest.mark.parametrize("text", [TRACEBACK, IPYTHON_TRACEBACK, WARNING], ids=["py", "ipy", "warn"])
@pytest.mark.parametrize("mime", ["stream", "text/plain", "text/html", "output"])
def test_a_traceback_in_what_is_shown_does_not_pass(text: str, mime: str) -> None:
    one = gate(["o"])
    if mime == "stream":
        sent = one.release("iopub", message("stream", {"name": "stdout", "text": text}))
    elif mime == "output":
        outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
        sent = one.release("iopub", updated("o", {"outputs": outputs}))
    else:
        sent = one.release("iopub", message("display_data", {"data": {mime: text}}))
    shown = json.dumps(sent)
    assert "secret_variable" not in shown and "ipykernel_" not in shown
    assert "before" in shown


def test_models_that_nothing_displays_are_held_until_something_does() -> None:
    one = gate(["shown"])
    assert one.release("iopub", opened("hidden", {"value": SOURCE})) == []
    assert one.release("iopub", updated("hidden", {"value": "now harmless"})) == []
    sent = one.release("iopub", updated("shown", {"children": ["IPY_MODEL_hidden"]}))
    assert ids(sent) == ["hidden", "shown"]
    assert sent[0]["content"]["data"]["state"] == {"value": "now harmless"}
    assert one.release("iopub", updated("hidden", {"value": "later"})) != []


def test_a_displayed_view_releases_its_model_and_all_that_it_refers_to_first() -> None:
    one = gate()
    one.release("iopub", opened("layout", {}))
    one.release("iopub", opened("box", {"layout": "IPY_MODEL_layout", "outputs": []}))
    view = message("display_data", {"data": {VIEW_MIME: {"model_id": "box"}, "text/plain": "B()"}})
    assert ids(one.release("iopub", view)) == ["layout", "box", "display_data"]


def test_states_that_nothing_displays_are_not_told_of_but_are_known_later() -> None:
    one = gate(["box"])
    control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    one.admits("shell", message("comm_open", control))
    states = {
        "box": {"model_name": "BoxModel", "state": {"children": ["IPY_MODEL_child"]}},
        "child": {"model_name": "ImageModel", "state": {}},
        "hidden": {"model_name": "TextModel", "state": {"value": SOURCE}},
    }
    data = {
        "method": "update_states",
        "states": states,
        "buffer_paths": [["hidden", "state", "x"], ["child", "state", "value"]],
    }
    answer = message("comm_msg", {"comm_id": "c", "data": data}, buffers=[b"no", b"picture"])
    (sent,) = one.release("iopub", answer)
    assert set(sent["content"]["data"]["states"]) == {"box", "child"}
    assert sent["content"]["data"]["buffer_paths"] == [["child", "state", "value"]]
    assert sent["buffers"] == [b"picture"]
    view = message("display_data", {"data": {VIEW_MIME: {"model_id": "hidden"}}})
    late, _ = one.release("iopub", view)
    assert late["content"]["data"]["buffer_paths"] == [["x"]] and late["buffers"] == [b"no"]


def test_captured_outputs_are_cleaned_in_every_way_that_they_are_sent() -> None:
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": SOURCE},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": [SOURCE]},
        {"output_type": "stream", "name": "stdout", "text": "good"},
    ]
    one = gate(["a", "b"])
    control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    one.admits("shell", message("comm_open", control))
    states = {"a": {"state": {"outputs": outputs}}}
    data = {"method": "update_states", "states": states, "buffer_paths": []}
    for answer in (
        message("comm_msg", {"comm_id": "c", "data": data}),
        opened("b", {"outputs": outputs}),
        updated("b", {"outputs": outputs}),
    ):
        shown = json.dumps(one.release("iopub", answer))
        assert "good" in shown and "could not be shown" in shown
        assert "secret_variable" not in shown


LEAK = f"postgres://ana:{PASSWORD}@host/sales"
MASKED = f"postgres://ana:{MASK}@host/sales"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {"name": "stdout", "text": LEAK}),
        ("display_data", {"data": {"text/html": f"<b>{LEAK}</b>"}}),
        ("execute_result", {"data": {"application/json": {LEAK: [LEAK]}}}),
        ("update_display_data", {"data": {"text/plain": LEAK}, "transient": {"display_id": "d"}}),
    ],
)
def test_a_secret_value_in_what_is_shown_is_masked(kind: str, content: Any) -> None:
    (sent,) = gate(masked=[PASSWORD]).release("iopub", message(kind, content))
    assert PASSWORD not in json.dumps(sent) and MASKED in json.dumps(sent, ensure_ascii=False)
    (plain,) = gate().release("iopub", message(kind, content))
    assert PASSWORD in json.dumps(plain)


def test_a_secret_value_in_widgets_is_masked_whenever_they_are_sent() -> None:
    one = gate(["shown"], masked=[PASSWORD])
    control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    one.admits("shell", message("comm_open", control))
    states = {"shown": {"state": {"value": LEAK}}}
    data = {"method": "update_states", "states": states, "buffer_paths": [["shown", "state", "b"]]}
    outputs = [{"output_type": "stream", "name": "stdout", "text": LEAK}]
    assert one.release("iopub", opened("held", {"value": LEAK})) == []
    for sent in (
        one.release("iopub", opened("shown", {"value": LEAK})),
        one.release("iopub", updated("shown", {"value": LEAK, "options": ["a", LEAK]})),
        one.release("iopub", updated("shown", {"outputs": outputs})),
        one.release("iopub", updated("shown", {"children": ["IPY_MODEL_held"]})),
        one.release(
            "iopub",
            message("comm_msg", {"comm_id": "c", "data": data}, buffers=[LEAK.encode()]),
        ),
    ):
        assert PASSWORD not in repr(sent) and (MASKED in repr(sent))
    assert sent[0]["buffers"] == [LEAK.replace(PASSWORD, "*" * len(PASSWORD)).encode()]


def test_buffers_without_a_secret_are_passed_on_as_they_are() -> None:
    buffer = memoryview(bytes(range(256)))
    content = {"comm_id": "a", "data": {"method": "update", "state": {}, "buffer_paths": [["v"]]}}
    (sent,) = gate(["a"], masked=[PASSWORD]).release(
        "iopub", message("comm_msg", content, buffers=[buffer])
    )
    assert sent["buffers"][0] is buffer


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "state", "method", "comm_id", "outputs", "states", "text"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_kinds = st.sampled_from(
    ["status", "stream", "display_data", "clear_output", "error", "comm_open", "comm_msg",
     "comm_close", "execute_request", "kernel_info_reply", "comm_info_reply"]
)  # fmt: skip


@given(_kinds, st.sampled_from(["shell", "iopub", "control"]), _values)
@example("comm_msg", "shell", {"data": {"method": []}})
def test_nothing_that_a_page_sends_makes_it_fail(kind: str, channel: str, content: Any) -> None:
    assert gate(["a"]).admits(channel, message(kind, content)) in (True, False)


def rows() -> list[tuple[str, ...]]:
    return list(code_rows(f"def zebra(volume):\n    {SOURCE}\n    return volume * zebra_rate\n"))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {"name": "stdout", "text": f"before\n{SOURCE}\n"}),
        ("display_data", {"data": {"text/html": f"<b>x</b>{SOURCE}"}}),
        ("display_data", {"data": {"application/json": {"a": [SOURCE], SOURCE: 1}}}),
        ("display_data", {"data": {"application/vnd.author+json": {"a": SOURCE}}}),
        ("execute_result", {"data": {"text/plain": repr(f"x\n{SOURCE}")}}),
        ("update_display_data", {"data": {"text/html": SOURCE.replace(" ", "&nbsp;")}}),
        ("comm_msg", {"comm_id": "shown", "data": {"method": "custom", "content": {"a": SOURCE}}}),
        ("comm_msg", {"comm_id": "shown", "data": {"method": "custom", "other": [SOURCE]}}),
        ("comm_msg", {"comm_id": "shown", "data": {"method": "update", "state": {"v": SOURCE}}}),
        ("comm_open", {"comm_id": "shown", "target_name": "jupyter.widget",
                       "data": {"state": {"value": f"<pre>{SOURCE}</pre>"}}}),
    ],
)  # fmt: skip
def test_a_line_of_the_code_passes_in_no_message(kind: str, content: Any) -> None:
    one = gate(["shown"], rows=rows())
    sent = one.release("iopub", message(kind, content, buffers=[SOURCE.encode()]))
    assert sent and "secret_variable" not in repr(sent)


def test_what_is_printed_in_pieces_is_judged_as_a_whole() -> None:
    def printed(*pieces: str) -> str:
        one = gate(rows=rows())
        sent = [
            released
            for text in pieces
            for released in one.release(
                "iopub", message("stream", {"name": "stdout", "text": text})
            )
        ]
        return "".join(released["content"]["text"] for released in sent)

    assert printed(*TRACEBACK.splitlines(keepends=True), "\n", "end\n") == "before\n\nend\n"
    assert "zebra_rate" not in printed("return volume", " * zebra_rate\n", "end\n")
    assert printed("good ", "news\n") == "good news\n"
    # As pprint breaks a text into literals.
    pieces = ["('secret_variable '\n", " '= '\n", " \"load('customers')\")\n"]
    assert "customers" not in printed(*pieces, "end\n")
    assert printed("".join(pieces), "\n" * 7, "end\n").strip() == "end"


def test_another_request_prints_on_its_own() -> None:
    one = gate()
    content = {"name": "stdout", "text": "Traceback (most recent call last):\n"}
    assert one.release("iopub", message("stream", content)) == []
    other = message("stream", {"name": "stdout", "text": "good\n"}, parent_header={"msg_id": "q"})
    (sent,) = one.release("iopub", other)
    assert sent["content"]["text"] == "good\n"


@pytest.mark.parametrize(
    "text", ["correct *horse*/battery", "secret\\_variable = *load*('customers')"]
)
def test_what_signs_of_markdown_break_does_not_pass(text: str) -> None:
    door = gate(["o"], masked=[PASSWORD], rows=code_rows(SOURCE))
    bundle = {"data": {"text/markdown": text}}
    shown = door.release("iopub", message("display_data", bundle))
    output = {"output_type": "display_data", "metadata": {}, **bundle}
    shown += door.release("iopub", updated("o", {"outputs": [output]}))
    assert len(shown) == 2
    for released in shown:
        text = json.dumps(released["content"], ensure_ascii=False)
        assert "jp-RenderedMarkdown" in text or "text/html" in text
        assert "horse" not in text and "load" not in text


def test_a_cell_that_is_printed_by_lines_is_hidden() -> None:
    source = 'rates = {\n    "north": 0.37,\n    "south": 0.12,\n}\n"""Of May\nand June"""\n'
    made = Gate(
        lambda text: "", "en", Mask([]), SourceWall(code_rows(source), str, Blocks([source]))
    )
    made.show([])
    shown = ""
    for line in ("Now:\n", *source.splitlines(keepends=True), "Ready\n"):
        for sent in made.release("iopub", message("stream", {"name": "stdout", "text": line})):
            shown += sent["content"]["text"]
    # The name alone went before anything followed it.
    assert shown == "Now:\nrates = {\nReady\n"
