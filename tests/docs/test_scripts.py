"""The documents' JavaScript: TypeScript's compiler holds all of it against our types, Node runs what Node can run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import blocks, documents
from tests.docs.languages import SCRIPTS
from tests.docs.markdown import ROOT, examples
from tests.hub_log import log_to
from tests.sdk.house import House

JS = ROOT / "js"
STAND_INS = Path(__file__).parent / "stand_ins"
EXTENSION = ROOT / "src" / "tavernlink" / "_extension"
PAGES = [page for page in documents() if any(each.language in SCRIPTS for each in blocks(page))]
COMPILER = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": True,
    "noImplicitAny": False,  # JavaScript says no types
    "target": "ES2023",
    "module": "ESNext",
    "moduleResolution": "Bundler",
    "lib": ["ES2023", "DOM", "DOM.Iterable"],
    "types": ["node"],
    "skipLibCheck": True,
}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose scripts find the client's packages, and a stand-in for npm's `openai`."""
    folder = tmp_path_factory.mktemp("scripts")
    packages = folder / "node_modules"
    packages.mkdir()
    for name in ("socket.io-client", "@tavernlink", "@types"):
        (packages / name).symlink_to(JS / "node_modules" / name)
    shutil.copytree(STAND_INS / "openai", packages / "openai")
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder) as house:
        yield house


def test_every_script_fits_the_types(folder: Path) -> None:
    shutil.copy(STAND_INS / "globals.d.ts", folder)
    for page in PAGES:
        # A page's blocks go on from one another; an alias per page keeps their names apart.
        code = "\n".join(each.code for each in blocks(page) if each.language in SCRIPTS)
        suffix = "ts" if any(each.language == "ts" for each in blocks(page)) else "mjs"
        name = page.relative_to(ROOT).with_suffix("").as_posix().replace("/", "-")
        (folder / f"{name}.{suffix}").write_text(f"{code}\nexport {{}};\n", encoding="utf-8")
    paths = {"tavernlink": [str(EXTENSION / "tavernlink.d.ts")]}
    config = {"compilerOptions": {**COMPILER, "paths": paths}, "include": ["*.mjs", "*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    node = shutil.which("node")
    assert node is not None
    compiler = JS / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node, str(compiler), "-p", str(folder)], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.stdout + done.stderr == ""
    assert len(PAGES) > 10


def told(folder: Path, house: House, code: str, wanted: str) -> str:
    """Run a script until it has said what is wanted; return all that it said."""
    for theirs, ours in {"http://127.0.0.1:8001": house.hub.url, "YOUR_KEY": house.hub.app_key}.items():
        code = code.replace(theirs, ours)
    (folder / "run.mjs").write_text(code, encoding="utf-8")
    node = shutil.which("node")
    assert node is not None
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [node, "run.mjs"], stdout=pipe, stderr=subprocess.STDOUT, text=True, cwd=folder
    ) as process:
        said = ""
        assert process.stdout is not None
        try:
            while wanted not in said and (more := process.stdout.read(1)):
                said += more
        finally:
            process.kill()
    assert wanted in said, said
    return said


def test_a_client_of_newage_says_hello_in_the_new_words(folder: Path, house: House) -> None:
    page = examples(ROOT / "docs/migration/newage.md")
    code = 'import { io } from "socket.io-client";\n' + page["client.mjs"] + page["say.mjs"]
    assert told(folder, house, code, "\n You said: Hello!").count("You said: Hello!") == 2


def test_a_socketio_client_as_the_protocols_guide_has_it(folder: Path, house: House) -> None:
    head = (
        'import { io } from "socket.io-client";\n'
        'const socket = io("http://127.0.0.1:8001", { auth: { key: "YOUR_KEY", role: "app", protocol: 1 } });\n'
    )
    code = head + examples(ROOT / "docs/protocol/README.md")["socket.mjs"]
    assert "ok: true" in told(folder, house, code, "You said: hello")


def test_the_recipe_of_openai_for_node(folder: Path, house: House) -> None:
    code = examples(ROOT / "docs/recipes/openai.md")["story.mjs"]
    assert told(folder, house, code, "You said: Tell me a story.")
