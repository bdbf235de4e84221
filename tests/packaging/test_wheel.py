"""What a user installs: a wheel that holds the built extension and runs in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# In the group of the documents' tests, whose site goes into the wheel: two workers would build it twice.
pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600), pytest.mark.xdist_group("documents")]

_LARGEST = 12_000_000
"""Bytes of a wheel. Most of it is the documents' site in two languages with its pictures."""


def run(*command: str | Path, without_node: bool = False) -> str:
    """Run to the end; fail with the whole output when it fails."""
    environment = dict(os.environ)
    if without_node:
        environment["PATH"] = str(Path(sys.executable).parent)
    result = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive of this checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the source archive on a machine without Node: the archive holds the built extension."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    source = next(path for path in folder.iterdir() if path.is_dir())
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source),
        without_node=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_extension_as_sillytavern_loads_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("tavernlink/_extension/manifest.json"))
    assert manifest["js"] == "index.js"
    assert manifest["version"] == wheel.name.split("-")[1]
    wanted = {"tavernlink/_extension/index.js", "tavernlink/_console/index.html", "tavernlink/py.typed"}
    assert wanted <= names
    # The one TypeScript file is the description of `window.tavernlink` for those who write scripts for the page.
    types = "tavernlink/_extension/tavernlink.d.ts"
    assert types in names
    assert not [name for name in names - {types} if "node_modules" in name or name.endswith((".ts", ".map"))]


def test_the_wheel_holds_all_of_the_product_and_nothing_beside_it(
    wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.compress_size for entry in archive.infolist()}
    parts = {
        part: sum(size for name, size in sizes.items() if name.startswith(f"tavernlink/{part}/"))
        for part in ("_console", "_extension", "_docs")
    }
    whole = wheel.stat().st_size
    with capsys.disabled():
        told = ", ".join(f"{part} {size / 1e6:.2f} MB" for part, size in parts.items())
        sys.stdout.write(f"\n[wheel] {whole / 1e6:.1f} MB in {len(sizes)} files: {told}\n")
    assert whole < _LARGEST
    assert all(size > 20_000 for size in parts.values())
    for page in ("index.html", "zh/index.html", "start/index.html", "zh/start/index.html", "search.json"):
        assert f"tavernlink/_docs/{page}" in sizes
    wrong = re.compile(
        r"(^|/)(tests?|node_modules|__pycache__|benchmarks)/|\.map$|\.pyc$|\.test\.[jt]s$|(^|/)test_\w+\.py$"
    )
    assert [name for name in sizes if wrong.search(name)] == []
    assert {name.partition("/")[0] for name in sizes if ".dist-info/" not in name} == {"tavernlink"}


def test_the_source_archive_holds_what_the_extension_is_built_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "scripts/build_js.py", "js/package-lock.json", "LICENSE"} <= names
    assert "js/packages/extension/src/index.ts" in names
    assert not [name for name in names if "node_modules" in name]


def test_the_installed_wheel_runs_and_finds_its_extension(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    binaries = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(
        "\n".join(re.findall(r"^[\w.-]+==[^\s;\\]+(?: ; [^\\\n]+)?", locked, re.MULTILINE))
    )
    into: list[str | Path] = ["--python", binaries / "python", "install", "--quiet", "--no-compile"]
    run(sys.executable, "-m", "pip", *into, "--constraint", constraints, wheel)
    assert "serve" in run(binaries / "tavernlink", "--help")
    find = "from tavernlink.extension_files import extension_folder; print(extension_folder())"
    folder = Path(run(binaries / "python", "-c", find).strip())
    assert folder.is_relative_to(tmp_path)
    assert (folder / "index.js").stat().st_size > 0
