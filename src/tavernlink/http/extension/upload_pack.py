"""Git's smart HTTP protocol for reading, version 0: what `git clone`, `git fetch` and isomorphic-git ask. Only `main`.

Ours, since dulwich's server refuses two clients that matter: isomorphic-git (which takes no thin packs) and a shallow
copy that fetches (which is what SillyTavern's “Update” does). The history is one line of small commits, so there is
little to negotiate: a request is answered with every commit that the client does not say it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from dulwich.errors import GitProtocolError, HangupException
from dulwich.objects import Commit, ObjectID, ShaFile, Tree
from dulwich.pack import write_pack_objects
from dulwich.protocol import Protocol, pkt_line
from dulwich.repo import Repo

from tavernlink.errors import BadMessage
from tavernlink.http.extension.history import BRANCH, FOLDER

__all__ = ["advertise", "upload_pack"]

_CAPABILITIES = (
    b"side-band-64k ofs-delta shallow no-progress agent=tavernlink object-format=sha1 symref=HEAD:" + BRANCH
)
_PIECE = 65_515  # bytes of data in one line of a side band
_MOST_LINES = 10_000


@dataclass(slots=True)
class _Asked:
    """One parsed request."""

    wants: set[ObjectID] = field(default_factory=set)
    capabilities: set[bytes] = field(default_factory=set)
    shallow: set[ObjectID] = field(default_factory=set)
    """Commits that the client has without their parents."""
    depth: int | None = None
    haves: list[ObjectID] = field(default_factory=list)
    done: bool = False


def advertise(repo: Repo) -> bytes:
    """Return the answer to `GET info/refs?service=git-upload-pack`."""
    head = repo.refs[BRANCH]
    lines = [
        pkt_line(b"# service=git-upload-pack\n"),
        pkt_line(None),
        pkt_line(head + b" HEAD\0" + _CAPABILITIES + b"\n"),
        pkt_line(head + b" " + BRANCH + b"\n"),
        pkt_line(None),
    ]
    return b"".join(lines)


def upload_pack(repo: Repo, body: bytes) -> bytes:
    """Return the answer to `POST git-upload-pack`. Raises `BadMessage` for what is not git's protocol."""
    try:
        asked = _parse(body)
    except (GitProtocolError, HangupException, ValueError, IndexError) as error:
        raise BadMessage("invalid_message", f"This is not a request of git's protocol: {error!r}.") from None
    history = _history(repo)
    known = {commit.id for commit in history}
    if not asked.wants:
        return b""
    if not asked.wants <= known:
        raise BadMessage("invalid_message", "The commit that is asked for is not in this repository.")
    newest = next(place for place, commit in enumerate(history) if commit.id in asked.wants)
    wanted = history[newest:]
    answer: list[bytes] = []
    if asked.depth is not None:
        wanted = wanted[: asked.depth]
        answer += _shallow_lines(asked, wanted)
        if not asked.done and not asked.haves:
            return b"".join(answer)  # a client asks for these first, and then once more for the rest
    common = [have for have in asked.haves if have in known]
    answer.append(pkt_line(b"ACK " + common[0] + b"\n" if common else b"NAK\n"))
    if not asked.done:
        return b"".join(answer)
    answer += _pack(repo, _missing(asked, history, wanted), asked.capabilities)
    return b"".join(answer)


def _parse(body: bytes) -> _Asked:
    asked = _Asked()
    for line in _lines(body):
        word, _, rest = line.rstrip(b"\n").partition(b" ")
        if word == b"want":
            commit, *capabilities = rest.split(b" ")
            asked.wants.add(ObjectID(commit))
            asked.capabilities.update(capabilities)
        elif word == b"shallow":
            asked.shallow.add(ObjectID(rest))
        elif word == b"deepen":
            asked.depth = max(1, int(rest))
        elif word == b"have":
            asked.haves.append(ObjectID(rest))
        elif word == b"done":
            asked.done = True
        else:
            raise ValueError(word)
    return asked


def _lines(body: bytes) -> Iterator[bytes]:
    stream = BytesIO(body)
    protocol = Protocol(stream.read, lambda _: None)
    for _ in range(_MOST_LINES):
        if stream.tell() >= len(body):
            return
        line = protocol.read_pkt_line()
        if line is not None:
            yield line
    raise ValueError("too many lines")


def _history(repo: Repo) -> list[Commit]:
    """All commits, the newest first."""
    found: list[Commit] = []
    at: ObjectID | None = ObjectID(repo.refs[BRANCH])
    while at is not None:
        commit = repo[at]
        if not isinstance(commit, Commit):
            break
        found.append(commit)
        at = commit.parents[0] if commit.parents else None
    return found


def _shallow_lines(asked: _Asked, wanted: list[Commit]) -> list[bytes]:
    """Tell which commits have no parents in the client's copy from now on, and which have them again."""
    last = wanted[-1]
    edge = {last.id} if last.parents else set()
    whole = {commit.id for commit in wanted} - edge
    return [
        *(pkt_line(b"shallow " + commit) for commit in sorted(edge - asked.shallow)),
        *(pkt_line(b"unshallow " + commit) for commit in sorted(whole & asked.shallow)),
        pkt_line(None),
    ]


def _missing(asked: _Asked, history: list[Commit], wanted: list[Commit]) -> list[Commit]:
    """What the client has not. It has the commits it names, and those below them down to one that is cut off."""
    has: set[ObjectID] = set()
    below = False
    for commit in history:
        if below or commit.id in asked.haves:
            has.add(commit.id)
            below = commit.id not in asked.shallow
    return [commit for commit in wanted if commit.id not in has]


def _pack(repo: Repo, commits: list[Commit], capabilities: set[bytes]) -> list[bytes]:
    objects: dict[ObjectID, ShaFile] = {}
    for commit in commits:
        objects[commit.id] = commit
        _collect(repo, commit.tree, objects)
    data = BytesIO()
    write_pack_objects(data, list(objects.values()), repo.object_format)
    pack = data.getvalue()
    if b"side-band-64k" not in capabilities:
        return [pack]
    pieces = [pkt_line(b"\x01" + pack[at : at + _PIECE]) for at in range(0, len(pack), _PIECE)]
    return [*pieces, pkt_line(None)]


def _collect(repo: Repo, tree_id: ObjectID, into: dict[ObjectID, ShaFile]) -> None:
    tree = repo[tree_id]
    if tree_id in into or not isinstance(tree, Tree):
        return
    into[tree_id] = tree
    for entry in tree.items():
        if entry.mode == FOLDER:
            _collect(repo, entry.sha, into)
        else:
            into[entry.sha] = repo[entry.sha]
