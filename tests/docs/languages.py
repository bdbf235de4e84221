"""What each language of a block is held against when it is not run: its own grammar, and Tavernlink's words in it."""

from __future__ import annotations

import ast
import configparser
import html.parser
import importlib
import json
import plistlib
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
import typer.main

from tavernlink.cli import app as cli
from tavernlink.config import Settings
from tavernlink.config.sources import Sources
from tavernlink.protocol.catalogue import CATALOGUE
from tests.docs.blocks import Block

SHELLS = {"console", "sh", "bash", "powershell"}
yaml: Any = importlib.import_module("yaml")  # has no types
_SETTINGS = set(Settings.__struct_fields__)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def command_lines(block: Block) -> list[str]:
    """Return the commands of a block: with `$ ` in front, only the lines that have it; comments are left out."""
    lines = block.code.replace("\\\n", " ").replace("`\n", " ").splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    told = [re.sub(r"(?:^|\s+)#\s.*$", "", line).strip() for line in lines]
    return [line for line in told if line]


def words_of(line: str) -> list[str]:
    """Return a command's words as a shell would read them."""
    return shlex.split(line, comments=True)


@cache
def _commands() -> Any:
    """Build the tree of commands once: it takes half a second."""
    return typer.main.get_command(cli)


def check_command_line(line: str) -> None:
    """Hold each `tavernlink …` of a line against the command line that there is."""
    for inner in re.findall(r"\$\(([^()]*)\)", line):
        check_command_line(inner)
    words: list[str] = []
    for word in [*words_of(line), ";"]:
        if word not in _ENDS:
            words.append(word)
            continue
        at = next((at for at, each in enumerate(words) if re.fullmatch(r"(.*/)?tavernlink", each)), None)
        if at is not None and _BEFORE.fullmatch("".join(f"{each} " for each in words[:at])):
            _check_arguments(words[at + 1 :])
        words = []


_ENDS = {"|", ">", "&&", "&", ">>", ";"}
_BEFORE = re.compile(
    r"(\w+=\S* )*(sudo (-u \S+ )?|(py|pyw|python3?) -m |docker( compose)? (.+ )?(exec|run) (-\S+ )*\S+ )?"
)
"""What may stand before the program's name in a line that runs it."""


def _check_arguments(words: list[str]) -> None:
    """Hold commands, options and the number of arguments against those that there are."""
    command: Any = _commands()
    context = command.context_class(command, info_name="tavernlink")
    while hasattr(command, "get_command") and words and not words[0].startswith("-"):
        name = words.pop(0)
        inner = command.get_command(context, name)
        assert inner is not None, f"there is no `{context.command_path} {name}`"
        command = inner
        context = command.context_class(command, parent=context, info_name=name)
    if "--help" in words:
        return
    command.make_parser(context).parse_args(args=list(words))


def check_python(block: Block) -> None:
    """Compile it; what it takes from Tavernlink must be there."""
    tree = compile(block.code, str(block), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tavernlink":
            module = importlib.import_module(node.module or "")
            for name in node.names:
                if not hasattr(module, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "tavernlink"
        ):
            assert hasattr(importlib.import_module("tavernlink"), node.attr), f"tavernlink.{node.attr}"


def check_shell(block: Block) -> None:
    """Every line is one, and Tavernlink's commands are as they are written."""
    for line in command_lines(block):
        words_of(line)
        check_command_line(line)


def check_json(block: Block) -> None:
    """It is JSON, or a line of it for each message; a whole message fits its type."""
    try:
        values = [json.loads(block.code)]
    except ValueError:
        values = [json.loads(line) for line in block.code.splitlines()]
    for value in values:
        if isinstance(value, dict) and value.get("type") in CATALOGUE and "content" in value:
            msgspec.convert(value["content"], CATALOGUE[value["type"]].content, strict=True)


def check_toml(block: Block) -> None:
    """Settings of the hub are loaded as such; a file of keys has keys in it."""
    table = tomllib.loads(block.code)
    if set(table) & _SETTINGS:
        Sources.fixed(Settings()).read(block.code)
        assert set(table) <= _SETTINGS, f"no settings: {sorted(set(table) - _SETTINGS)}"
    else:
        assert set(table) <= {"admin", "app", "tavern", "viewer"}, (
            f"neither settings nor keys: {sorted(table)}"
        )


def check_yaml(block: Block) -> None:
    """It is YAML."""
    assert yaml.safe_load(block.code) is not None


def check_ini(block: Block) -> None:
    """It has sections, and `NAME=VALUE` in them."""
    reader = configparser.ConfigParser(strict=False, interpolation=None)
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    reader.read_string(block.code)
    assert reader.sections()


def check_braces(block: Block) -> None:
    """Of nginx and Caddy: blocks end, and in nginx each directive too."""
    bare = re.sub(r'"[^"]*"|(?:^|\s)#.*$', "", block.code, flags=re.MULTILINE)
    depth = 0
    for char in bare:
        depth += {"{": 1, "}": -1}.get(char, 0)
        assert depth >= 0
    assert depth == 0
    if block.language == "nginx":
        ends = [line.strip()[-1] for line in bare.splitlines() if line.strip()]
        assert set(ends) <= set(";{}")


def check_dockerfile(block: Block) -> None:
    """Each line begins with an instruction."""
    lines = [line for line in block.code.replace("\\\n", " ").splitlines() if line.strip() and line[0] != "#"]
    known = {"FROM", "RUN", "CMD", "COPY", "ADD", "ENV", "ARG", "USER", "EXPOSE", "WORKDIR", "ENTRYPOINT", "VOLUME",
             "HEALTHCHECK", "LABEL", "STOPSIGNAL", "SHELL"}  # fmt: skip
    assert {line.split()[0] for line in lines} <= known


def check_html(block: Block) -> None:
    """What is opened is closed."""
    open_: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in _VOID:
                open_.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_.pop() == tag

    Reader().feed(block.code)
    assert open_ == []


def check_text(block: Block) -> None:
    """There is something in it, and no program: that has a language."""
    assert block.code.strip()
    begun = re.findall(r"^(?:\$ ?\w+|tavernlink|curl|py|python3?|import|const) ", block.code, re.MULTILINE)
    assert begun == [], f"it reads like code: {begun}"


def check_xml(block: Block) -> None:
    """It is XML; a macOS service starts what there is."""
    told = plistlib.loads(block.code.encode())
    check_command_line(shlex.join(told["ProgramArguments"]))


CHECKS: Mapping[str, Callable[[Block], None]] = {
    "python": check_python,
    **dict.fromkeys(SHELLS, check_shell),
    "json": check_json,
    "toml": check_toml,
    "yaml": check_yaml,
    "ini": check_ini,
    "nginx": check_braces,
    "caddy": check_braces,
    "dockerfile": check_dockerfile,
    "html": check_html,
    "text": check_text,
    "xml": check_xml,
}
SCRIPTS = {"js", "ts"}
"""Held against their types by TypeScript's compiler, in test_scripts."""
