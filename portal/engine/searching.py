"""Find a part of a path in every snapshot of a repository: for a file that was lost on an unknown day."""

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple

from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef, Snapshot
from portal.engine.restic import Restic

AT_MOST = 20_000  # hits that are kept, of all snapshots together
TOGETHER = 100  # snapshots that one call of restic reads
CHUNK_BYTES = 1 << 16
_DECODER = json.JSONDecoder()
_BETWEEN = re.compile(r"[\[\],\s]+")
_OPENING = re.compile(r'\{\s*"matches"\s*:\s*\[')
_ENDING = re.compile(r'"hits"\s*:\s*\d+\s*,\s*"snapshot"\s*:\s*"([0-9a-f]+)"\s*\}')
_GLOB = re.compile(r"([*?\[\]\\])")


class Found(NamedTuple):
    """A file in one snapshot. size in bytes; mtime in UTC, None for one that no calendar has."""

    snapshot: str
    path: str
    size: int
    mtime: datetime | None


def find_everywhere(
    engine: Restic,
    repo: RepoRef,
    key: Passphrase,
    text: str,
    points: Sequence[Snapshot],
    tell: Callable[[int], object] = lambda read: None,
) -> list[Found]:
    """Files whose path holds ``text``, whatever the case of its letters, newest snapshot first.

    text: taken as it is; a slash in it separates folders. points: the snapshots to read. tell: called with
    the number of those that were read. What does not fit into AT_MOST is in the oldest of them, which are
    then not read any more. Raises EngineError DAMAGED, WRONG_KEY …
    """
    pattern = f"*{_GLOB.sub(_escaped, text.strip('/'))}*"
    newest_first = sorted(points, key=lambda one: (one.time, one.id), reverse=True)
    found: list[Found] = []
    for start in range(0, len(newest_first), TOGETHER):
        some = [one.id for one in newest_first[start : start + TOGETHER]]
        chosen = [word for id_ in some for word in ("--snapshot", id_)]
        words = ["find", "--json", "--ignore-case", *chosen, "--", pattern]
        hits: dict[str, list[Found]] = {id_: [] for id_ in some}
        with engine.command(repo, key, words, engine.timeouts.listing) as child:
            for id_, files in _answers(child.output):
                hits.setdefault(id_, []).extend(files)
            child.finish()
        found += [one for id_ in some for one in hits[id_]]
        tell(start + len(some))
        if len(found) >= AT_MOST:
            break
    return found[:AT_MOST]


def _answers(output: IO[bytes]) -> Iterator[tuple[str, list[Found]]]:
    """restic's answer, one snapshot after the other, in the memory of AT_MOST files of one.

    It is one JSON array; each of its objects has the matches first and the snapshot after them.
    """
    decoder, text, at = codecs.getincrementaldecoder("utf-8")("replace"), "", 0
    files: list[Found] = []
    while True:
        if between := _BETWEEN.match(text, at):
            at = between.end()
        if opening := _OPENING.match(text, at):
            at, files = opening.end(), []
        elif ending := _ENDING.match(text, at):
            yield ending[1], [one._replace(snapshot=ending[1]) for one in files]
            at = ending.end()
        elif (read := _object(text, at)) is not None:
            hit, at = read
            if len(files) < AT_MOST and (one := _found("", hit)) is not None:
                files.append(one)
        elif more := output.read(CHUNK_BYTES):
            text, at = text[at:] + decoder.decode(more), 0
        else:
            return


def _object(text: str, at: int) -> tuple[dict[str, Any], int] | None:
    """The object that begins there and where it ends; None where it is cut off."""
    if not text.startswith("{", at):
        return None
    try:
        hit, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        return None
    return hit, end


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[1]}"


def _found(snapshot: str, hit: dict[str, Any]) -> Found | None:
    if hit.get("type") != "file":
        return None
    try:
        mtime = datetime.fromisoformat(hit["mtime"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        mtime = None
    return Found(snapshot, hit["path"], hit.get("size", 0), mtime)
