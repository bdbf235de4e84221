"""The extension's history: a bare repository for each address of the hub, a commit for each build.

The installed copy knows its hub, since its repository holds `hub.json` with that hub's address. The commits are kept on
disk, so that a later build is a child of the one that somebody cloned and “Update” is a fast-forward.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import HEADREF, Ref
from dulwich.repo import Repo

from tavernlink.errors import Unavailable

__all__ = ["ADDRESS_FILE", "BRANCH", "FOLDER", "Histories"]

ADDRESS_FILE = "hub.json"
BRANCH = Ref(b"refs/heads/main")
FOLDER = 0o040000
_FILE = 0o100644
_WHO = b"Tavernlink <extension@tavernlink>"
_MOST = 64  # addresses; a request names the one it came by, so that anyone may make one up


class Histories:
    """The repositories below one folder. Every call blocks; several threads may call at once."""

    def __init__(self, folder: Path, extension: Callable[[], Path], version: str) -> None:
        self._folder = folder
        self._extension = extension
        self._version = version
        self._lock = threading.Lock()
        self._open: dict[str, Repo] = {}

    def of(self, address: str) -> Repo:
        """Return the repository whose copies know this address, with the present build as its newest commit.

        Raises:
            NotFound: `extension_not_built`.
            Unavailable: `too_many_addresses`.
        """
        with self._lock:
            repo = self._open.get(address)
            if repo is None:
                repo = self._open[address] = self._prepare(address)
            return repo

    def _prepare(self, address: str) -> Repo:
        files = _files(self._extension())
        files[ADDRESS_FILE] = json.dumps({"url": address}).encode()
        place = self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:20]}.git"
        if not place.is_dir():
            self._check_room()
            place.mkdir(parents=True)
            Repo.init_bare(str(place)).close()
        repo = Repo(str(place))
        repo.refs.set_symbolic_ref(HEADREF, BRANCH)
        tree = _write(repo, files)
        try:
            head: ObjectID | None = repo.refs[BRANCH]
        except KeyError:
            head = None
        if head is None or _tree_of(repo, head) != tree:
            repo.refs[BRANCH] = self._commit(repo, tree, head)
        return repo

    def _check_room(self) -> None:
        kept = len(list(self._folder.glob("*.git"))) if self._folder.is_dir() else 0
        if kept >= _MOST:
            raise Unavailable(
                "too_many_addresses",
                f"The extension was asked for under {kept} addresses of this hub, which is the most it keeps. "
                f"If they are not yours, delete the folder {self._folder.name!r} in its data folder.",
            )

    def _commit(self, repo: Repo, tree: ObjectID, parent: ObjectID | None) -> ObjectID:
        commit = Commit()
        commit.tree = tree
        commit.parents = [] if parent is None else [parent]
        commit.author = commit.committer = _WHO
        commit.author_time = commit.commit_time = int(time.time())
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = f"Tavernlink {self._version}\n".encode()
        repo.object_store.add_object(commit)
        return commit.id


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _tree_of(repo: Repo, commit_id: ObjectID) -> ObjectID | None:
    commit = repo[commit_id]
    return commit.tree if isinstance(commit, Commit) else None


def _write(repo: Repo, files: dict[str, bytes]) -> ObjectID:
    """Store the files as blobs and trees; return the id of the root tree."""
    tree = Tree()
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        first, _, rest = path.partition("/")
        if rest:
            folders.setdefault(first, {})[rest] = content
            continue
        blob = Blob.from_string(content)
        repo.object_store.add_object(blob)
        tree.add(first.encode(), _FILE, blob.id)
    for name, below in folders.items():
        tree.add(name.encode(), FOLDER, _write(repo, below))
    repo.object_store.add_object(tree)
    return tree.id
