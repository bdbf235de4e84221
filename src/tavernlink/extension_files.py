"""Where the built SillyTavern extension lies: in an installed package and in a source checkout the same place.

The folder is made from js/ by the build hook (hatch_build.py) and holds what SillyTavern loads as it is:
`manifest.json`, `index.js`, styles, templates, translations. Who installs or serves it copies the whole folder.
"""

from __future__ import annotations

from pathlib import Path

from tavernlink.errors import NotFound

__all__ = ["extension_folder"]


def extension_folder() -> Path:
    """Return the folder of the built extension.

    Raises:
        NotFound: `extension_not_built`, in a source checkout in which the JavaScript was not built yet.
    """
    folder = Path(__file__).parent / "_extension"
    if not (folder / "manifest.json").is_file():
        raise NotFound(
            "extension_not_built",
            f"The SillyTavern extension is not in {folder}: this copy of Tavernlink was set up without its JavaScript. "
            "Run `make setup` in the source folder (or `python -m scripts.build_js`), or install the released package.",
        )
    return folder
