"""Taking Python's reprs of code out of text: `<function f at 0x7f>`, `<Task … coro=<f()>>`."""

from __future__ import annotations

import re

# What colours words within a line of a page.
_INLINE = r"</?(?:span|b|i|em|strong|code|font|a)\b[^<>]*>"
_INLINE_TAG = re.compile(_INLINE)
_QUOTE = "(?:'|\"|&#x27;|&#39;|&quot;)"
# A blank stands for blanks and such tags.
_KINDS = (
    "(?:function|bound method|unbound method|built-in method|built-in function|slot wrapper"
    "|generator object|coroutine object|async_generator object|code object|property object"
    r"|async_generator_\w+ object|functools\.\w+|FrameSummary|_GatheringFuture|Handle"
    "|TimerHandle|method-wrapper) ",
    "(?:frame|cell|weakref|TaskGroup)(?: at 0x|, file)",
    "(?:Task|Future) (?:pending|finished|cancell)",
    r"\w*(?:Thread|Timer)\(",
    r"\w*Process name=",
    r"(?:static|class)method\(",
    r"Signature \(",
    f"Parameter {_QUOTE}",
    f"(?:enum|module|member) {_QUOTE}",
    rf"class {_QUOTE}__main__\.",
    r"__main__\.",
    r"\w+(?:\.\w+)+(?: object)? at 0x",
    # A member of an enumeration: <Contract.YEARLY: 2>
    r"[A-Z]\w*\.[^\W\d]\w*: ",
)
_GAP = rf"(?:\s|{_INLINE})+"
_OPENS = re.compile(
    rf"(?:<|&lt;(?:{_INLINE})*)(?:{'|'.join(kind.replace(' ', _GAP) for kind in _KINDS)})"
)
# The arrow of an annotation closes nothing, and tags within a line end nothing.
_BRACKET = re.compile(rf"-(?:>|&gt;)|{_INLINE}|<|>|&lt;|&gt;")
_CUT = re.compile(r"\.\.\.|…")
_OWN_NAME = re.compile(
    r"\b__main__\.(?!py\b)[\w.]+(?:(?:<|&lt;)\w+(?:>|&gt;)[\w.]*)*(?: object)?(?: at 0x\w+)?"
)
# How far a bracket is looked for that closes a repr whose first one was within a default value.
_MOST_TRIES = 8
_LONGEST = 2000


def without_reprs(text: str) -> str:
    """`text` without reprs of code, cut ones included, and without names of the notebook's own."""
    if _OPENS.search(text):
        ends, limits = _matched(text)
        kept, place, line = [], 0, -1
        for match in _OPENS.finditer(text):
            start = match.start()
            if start < place:
                continue
            if start > line:
                line = text.find("\n", start)
                line = len(text) if line < 0 else line
            kept.append(text[place:start])
            stop = min(line, limits.get(start, line))
            place = _end_of(text, start, ends.get(start), stop)
            if text[start] == "&":
                # A page's tags come in pairs, of which one half may be within.
                kept += _INLINE_TAG.findall(text, start, place)
        text = "".join([*kept, text[place:]])
    if "__main__." in text:
        text = "" if _OWN_NAME.fullmatch(text.strip()) else _OWN_NAME.sub("…", text)
    return text


def _matched(text: str) -> tuple[dict[int, int], dict[int, int]]:
    """Where each angle bracket that opens is closed, and where an unclosed one ends at the latest.

    Where brackets are written as entities, plain ones are the page's own: there a cell ends.
    """
    ends: dict[int, int] = {}
    limits: dict[int, int] = {}
    plain: list[int] = []
    entities: list[int] = []
    for match in _BRACKET.finditer(text):
        sign = match[0]
        if sign in ("<", ">"):
            limits.update(dict.fromkeys(entities, match.start()))
            entities.clear()
        if sign == "<":
            plain.append(match.start())
        elif sign == "&lt;":
            entities.append(match.start())
        elif sign == ">" and plain:
            ends[plain.pop()] = match.end()
        elif sign == "&gt;" and entities:
            ends[entities.pop()] = match.end()
    return ends, limits


def _end_of(text: str, start: int, end: int | None, stop: int) -> int:
    """The end of the repr that begins at `start`: its bracket's, else where it was cut.

    `stop` is where its line or cell ends.
    """
    if end is None or end > stop:
        cut = _CUT.search(text, start, stop)
        if cut:
            return cut.end()
        return end or stop
    # A default value may hold a bracket of its own: <function f(sep='>', rate=3)>
    stop = min(stop, start + _LONGEST)
    for _ in range(_MOST_TRIES):
        if text.count("(", start, end) <= text.count(")", start, end):
            return end
        further = _BRACKET.search(text, end, stop)
        while further and further[0] not in (">", "&gt;"):
            further = _BRACKET.search(text, further.end(), stop)
        if not further:
            break
        end = further.end()
    return max(end, stop)
