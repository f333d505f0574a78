"""Find a part of a path in every snapshot of a repository: for a file that was lost on an unknown day."""

import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic

AT_MOST = 20_000  # hits that are kept, of all snapshots together
_GLOB = re.compile(r"([*?\[\]\\])")


class Found(NamedTuple):
    """A file in one snapshot. size in bytes; mtime in UTC, None for one that no calendar has."""

    snapshot: str
    path: str
    size: int
    mtime: datetime | None


def find_everywhere(engine: Restic, repo: RepoRef, key: Passphrase, text: str) -> list[Found]:
    """Files whose path holds ``text``, whatever the case of its letters, oldest snapshot first.

    text: taken as it is; a slash in it separates folders. Raises EngineError DAMAGED, WRONG_KEY …
    """
    pattern = f"*{_GLOB.sub(_escaped, text.strip('/'))}*"
    words = ["find", "--json", "--ignore-case", "--", pattern]
    with engine.command(repo, key, words, engine.timeouts.listing) as child:
        answer = child.output.read()
        child.finish()
    found = [_found(row["snapshot"], hit) for row in json.loads(answer or b"[]") for hit in row["matches"]]
    return [hit for hit in found if hit is not None][:AT_MOST]


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
