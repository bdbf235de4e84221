"""What each language of a block is held against when it is not run: its own grammar, and Tavernlink's words in it."""

from __future__ import annotations

import ast
import configparser
import html.parser
import importlib
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
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
    """Hold a `tavernlink …` against the command line that there is: commands, options, how many arguments."""
    words = words_of(line)
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words.pop(0)
    if not words or words[0] != "tavernlink":
        return
    words = words[1:]
    for end in ("|", ">", "&&", "&", ">>", ";"):
        if end in words:
            words = words[: words.index(end)]
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


def check_script(block: Block, folder: Path) -> None:
    """Node reads it as a module; TypeScript by its own compiler's parser, where types are taken away."""
    node = shutil.which("node")
    assert node is not None
    file = folder / "block.mjs"
    file.write_text(block.code, encoding="utf-8")
    done = subprocess.run([node, "--check", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def check_text(block: Block) -> None:
    """There is something in it."""
    assert block.code.strip()


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
}
SCRIPTS = {"js", "javascript", "mjs"}
