"""Lines of a notebook that install something: `%pip install`, `!pip install`, `!apt-get install`.

In the Space the packages are part of the image, so what installs is taken out of the code that
runs there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from nb2space.magics import MagicLine, body_of, cell_magic, changed_lines, magic_lines
from nb2space.shellwords import Command, commands_in

# Options of pip and uv that take a value: pip.pypa.io/en/stable/cli/pip_install
_WITH_VALUE = {
    "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-c", "--constraint", "-t",
    "--target", "--prefix", "--root", "--trusted-host", "--timeout", "-r", "--requirement", "-e",
    "--editable", "--platform", "--python-version", "--implementation", "--abi", "--only-binary",
    "--no-binary", "--progress-bar", "--cache-dir", "--log", "--proxy", "--retries", "--cert",
    "--upgrade-strategy", "--use-feature", "-C", "--config-settings", "-p", "--python", "--index",
    "--default-index", "--resolution", "--src", "--root-user-action", "--extra", "--group",
}  # fmt: skip
# Where further packages are. An index of one command must not become that of all others.
_INDEXES = {
    "-i": "--extra-index-url", "--index-url": "--extra-index-url",
    "--extra-index-url": "--extra-index-url", "--index": "--extra-index-url",
    "--default-index": "--extra-index-url", "-f": "--find-links", "--find-links": "--find-links",
}  # fmt: skip
# Requirements that pip reads from elsewhere than an index; what they install is seen by the run.
_ELSEWHERE = (".", "/", "~", "git+", "hg+", "http:", "https:", "file:")
# What installing is made with, and never needed by an app.
_TOOLS = {"pip", "setuptools", "wheel", "uv"}

_APT_VERBS = {
    "install", "update", "upgrade", "dist-upgrade", "full-upgrade", "remove", "purge",
    "autoremove", "clean", "autoclean",
}  # fmt: skip
_DEBIAN_NAME = re.compile(r"[a-z0-9][a-z0-9.+-]*(?::\w+)?(?:[=/]\S+)?")
_PYTHON = re.compile(r"(?:python[\d.]*|\{?sys\.executable\}?)(?:\.exe)?")
_PIP = re.compile(r"pip[\d.]*(?:\.exe)?")
# Beside installing they change nothing.
_IDLE = {"echo", "true", ":", "clear"}


@dataclass(frozen=True)
class Installs:
    """What the lines install: `pip` requirements, `files` of such, `apt` packages.

    `options` are pip's, such as a further index; `constraints` are files. `notices` are sentences
    about what cannot be taken over.
    """

    pip: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


def installs_of(sources: Iterable[tuple[int, str]]) -> Installs:
    """What the code cells (number and source) install."""
    pip, files, apt, notices, options, constraints = (dict[str, None]() for _ in range(6))
    for number, source in sources:
        for text in _texts(source):
            for command in commands_in(text):
                kind, words = _installing(command)
                if kind in ("pip", "uv"):
                    for option, word in _pip_words(words):
                        if option in ("-r", "--requirement"):
                            files[word] = None
                        elif option in ("-c", "--constraint"):
                            constraints[word] = None
                        elif option in _INDEXES:
                            options[f"{_INDEXES[option]} {word}"] = None
                        elif not option and set(word) & set("${"):
                            notices[_unknown(number, word)] = None
                        elif not option and word.partition("=")[0] not in _TOOLS:
                            pip[word] = None
                elif kind == "apt":
                    apt.update(dict.fromkeys(w for w in words if _DEBIAN_NAME.fullmatch(w)))
                    others = (w for w in words if not _DEBIAN_NAME.fullmatch(w))
                    notices.update(dict.fromkeys(_unknown(number, word) for word in others))
                elif kind == "conda":
                    notices[_of_conda(number)] = None
    return Installs(*map(tuple, (pip, files, apt, notices, options, constraints)))


def quiet_installs(source: str) -> str:
    """The cell as the conversion runs it: pip installs without a word, apt not at all."""
    return _changed(
        source,
        _run_quietly,
        in_line=lambda text: f"{_quiet(text)} > /dev/null 2>&1",
        in_script=lambda text: f"{text} > /dev/null 2>&1",
    )


def without_installs(source: str) -> str:
    """The cell as the Space runs it: nothing is installed."""
    return _changed(
        source, lambda texts: "pass", in_line=lambda text: ":", in_script=lambda text: ":"
    )


def _texts(source: str) -> Iterator[str]:
    magic = cell_magic(source)
    if magic and magic.is_shell:
        yield body_of(source)
    for line in magic_lines(source):
        yield _commands_of(line)


def _commands_of(line: MagicLine) -> str:
    """What the line runs; `%pip` and `%conda` are commands as they stand."""
    return line.shell or line.text.lstrip("%")


def _changed(
    source: str,
    whole: Callable[[list[str]], str],
    *,
    in_line: Callable[[str], str],
    in_script: Callable[[str], str],
) -> str:
    """`source` with its installs replaced.

    A line or cell of nothing else becomes what `whole` makes of the texts of pip's commands; a
    command of pip's among others becomes what `in_line` or `in_script` makes of its text.
    """
    magic = cell_magic(source)
    if magic and magic.is_shell:
        body = body_of(source)
        found, others = _sorted(body)
        if not found:
            return source
        if others:
            return source[: len(source) - len(body)] + _replaced(body, found, in_script)
        return whole(_of_pip(body, found)) + "\n" * source.count("\n")
    changed = {}
    for line in magic_lines(source):
        text = _commands_of(line)
        found, others = _sorted(text)
        if found and others:
            changed[line] = f"{line.head}!{_replaced(text, found, in_line)}"
        elif found:
            # A statement, since the line may be all that a block holds.
            done = f"{line.indent}{whole(_of_pip(text, found))}"
            target = line.head.strip()
            changed[line] = f"{done.removesuffix(';')}; {target} []" if target else done
    return changed_lines(source, changed)


def _sorted(text: str) -> tuple[list[Command], list[Command]]:
    """The commands that install, and those that do something else."""
    commands = list(commands_in(text))
    found = [command for command in commands if _installing(command)[0]]
    return found, [c for c in commands if c not in found and c.program not in _IDLE]


def _replaced(text: str, found: Sequence[Command], part: Callable[[str], str]) -> str:
    for command in reversed(found):
        new = part(text[command.start : command.end]) if _is_pip(command) else ":"
        text = text[: command.start] + new + text[command.end :]
    return text


def _of_pip(text: str, found: Iterable[Command]) -> list[str]:
    texts = (text[command.start : command.end] for command in found if _is_pip(command))
    return [text.replace("\\\n", " ") for text in texts]


def _is_pip(command: Command) -> bool:
    return _installing(command)[0] in ("pip", "uv")


def _run_quietly(texts: list[str]) -> str:
    """A statement that runs these commands of pip and shows nothing."""
    if not texts:
        return "pass"
    command = " ; ".join(_quiet(text.partition(" #")[0]) for text in texts)
    return (
        "__import__('subprocess').run(get_ipython().var_expand("
        f"{command!r}), shell=True, capture_output=True);"
    )


def _quiet(text: str) -> str:
    """A command of pip, run by the kernel's own Python."""
    match = re.search(r"\bpip[\d.]*\s(?:.*?\s)?(?=(?:un)?install\b)", text)
    if match is None or re.match(r"\S*uv\b", text):
        return text
    return f"\"{{__import__('sys').executable}}\" -m pip {text[match.end() :]}"


def _installing(command: Command) -> tuple[str, list[str]]:
    """What the command installs with ("pip", "uv", "apt", "conda", "" for none), and its words."""
    program, *words = (command.program, *command.words[1:])
    kind = ""
    if program == "uv":
        if words[:1] == ["add"]:
            return "uv", words[1:]
        kind, words = ("uv", words[1:]) if words[:1] == ["pip"] else ("", [])
    elif _PYTHON.fullmatch(program) and words[:1] == ["-m"] and _PIP.fullmatch("".join(words[1:2])):
        kind, words = "pip", words[2:]
    elif _PIP.fullmatch(program):
        kind = "pip"
    elif program in ("apt", "apt-get", "aptitude"):
        return _installing_with_apt(words)
    elif program in ("conda", "mamba", "micromamba") and "install" in words:
        return "conda", []
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _WITH_VALUE else words[1:]
    if kind and words[:1] == ["uninstall"]:
        return kind, []
    return (kind, words[1:]) if kind and words[:1] == ["install"] else ("", [])


def _installing_with_apt(words: list[str]) -> tuple[str, list[str]]:
    plain, waiting = [], iter(words)
    for word in waiting:
        if word in ("-o", "-t", "-c", "--option", "--target-release"):
            next(waiting, None)
        elif not word.startswith("-"):
            plain.append(word)
    if not plain or plain[0] not in _APT_VERBS:
        return "", []
    return "apt", plain[1:] if plain[0] == "install" else []


def _pip_words(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options with their values, and with "" the requirements, in the words of an install."""
    waiting = iter(words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if word in _WITH_VALUE:
            yield word, next(waiting, "")
        elif word.startswith("--") and equals:
            yield option, value
        elif word[:2] in ("-r", "-c") and len(word) > 2:
            yield word[:2], word[2:]
        elif not word.startswith(("-", *_ELSEWHERE)) and " @ " not in word:
            yield "", word


def _unknown(number: int, word: str) -> str:
    return (
        f"Cell {number} installs '{word}', which cannot be read here; name what it stands for in "
        "requirements.txt or apt.txt beside the notebook."
    )


def _of_conda(number: int) -> str:
    return (
        f"Cell {number} installs with conda, which a Space does not have; the versions of your "
        "machine are installed with pip instead."
    )
