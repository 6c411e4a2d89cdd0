"""The part of a style sheet that a page needs to be drawn for the first time.

A browser draws nothing before the styles in the page's head are there, so the page brings along
those rules whose selectors name what it has. The whole sheet follows for what scripts add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from nb2space import cache

Rule = tuple[str, list[str], list[list[str]]]
"""What a rule is in ("@media print" or ""), its selectors, and its declarations by name."""

# What a selector says of elements that it does not match, and what names no element in it:
# states, attributes, what is generated.
_NOT = re.compile(r":not\([^()]*\)")
_BESIDE = re.compile(r"::?[a-zA-Z-]+(\([^()]*\))?|\[[^\]]*\]")
_NAMES = re.compile(r"([.#]?)(-?[A-Za-z_][\w-]*)")
_VARIABLE = re.compile(r"--[\w-]+")
_KEPT_AT_RULES = {"media", "supports"}


def first_styles(css: str, html: str) -> str:
    """The rules of `css` that can apply to an element in `html`, in their order.

    A custom property is kept when what is kept names it.
    """
    names = _Names()
    names.feed(html)
    kept = []
    for place, selectors, declarations in _rules(css):
        fitting = [selector for selector in selectors if _can_match(selector, names.found)]
        if fitting:
            kept.append((place, fitting, declarations))
    used = _used_variables(declaration for rule in kept for declaration in rule[2])
    return "\n".join(filter(None, (_written(rule, used) for rule in kept)))


class _Names(HTMLParser):
    """The elements' names in HTML, and their classes and ids as selectors write them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        for name, value in attrs:
            if name == "class":
                self.found.update(f".{word}" for word in (value or "").split())
            elif name == "id":
                self.found.add(f"#{value}")


def _rules(css: str) -> list[Rule]:
    """The rules of `css`. Taking it apart takes a fifth of a second, so what was found is kept."""
    key = cache.key_of({"style rules": [css, Path(__file__).read_text(encoding="utf-8")]})
    kept = cache.find(key)
    if kept is None:
        import tinycss2

        nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        kept = {"rules": list(_read(nodes, ""))}
        cache.keep(key, kept)
    rules: list[Rule] = kept["rules"]
    return rules


def _read(nodes: Iterable[Any], place: str) -> Iterator[Rule]:
    import tinycss2

    for node in nodes:
        if node.type == "qualified-rule":
            contents = tinycss2.parse_blocks_contents(
                node.content, skip_comments=True, skip_whitespace=True
            )
            declarations = [
                [item.name, f"{item.name}:{_text(item)}"]
                for item in contents
                if item.type == "declaration"
            ]
            yield place, _selectors(node.prelude), declarations
        elif node.type == "at-rule" and node.lower_at_keyword in _KEPT_AT_RULES and node.content:
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            head = f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}".strip()
            yield from _read(inner, head)


def _text(declaration: Any) -> str:
    import tinycss2

    text: str = tinycss2.serialize(declaration.value).strip()
    return f"{text}!important" if declaration.important else text


def _selectors(prelude: Iterable[Any]) -> list[str]:
    """A rule's selectors; commas within parentheses and texts are parts of one."""
    import tinycss2

    found: list[list[Any]] = [[]]
    for part in prelude:
        if part == ",":
            found.append([])
        else:
            found[-1].append(part)
    return [tinycss2.serialize(parts).strip() for parts in found]


def _can_match(selector: str, names: set[str]) -> bool:
    plain = _BESIDE.sub("", _NOT.sub("", selector))
    return all(
        kind + (name if kind else name.lower()) in names for kind, name in _NAMES.findall(plain)
    )


def _used_variables(declarations: Iterable[list[str]]) -> set[str]:
    """The custom properties that are named, those in the values of named ones too."""
    values: dict[str, set[str]] = {}
    used: set[str] = set()
    for name, text in declarations:
        named = set(_VARIABLE.findall(text.partition(":")[2]))
        if name.startswith("--"):
            values.setdefault(name, set()).update(named)
        else:
            used |= named
    more = used
    while more:
        more = {other for name in more for other in values.get(name, ())} - used
        used |= more
    return used


def _written(rule: Rule, used: set[str]) -> str:
    place, selectors, declarations = rule
    texts = [text for name, text in declarations if not name.startswith("--") or name in used]
    if not texts:
        return ""
    written = f"{','.join(selectors)}{{{';'.join(texts)}}}"
    return f"{place}{{{written}}}" if place else written
