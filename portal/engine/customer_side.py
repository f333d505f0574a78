"""What happens on the customer's machine: create a repository, back up. For demo and tests."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic


def init_repository(engine: Restic, repo: RepoRef, key: Passphrase) -> str:
    """Create an empty repository and return its id."""
    with engine.command(repo, key, ["init"], engine.timeouts.open, writes=True) as child:
        child.output.read()
        child.finish()
    return engine.open_check(repo, key)


def backup(
    engine: Restic,
    repo: RepoRef,
    key: Passphrase,
    paths: Sequence[Path],
    host: str,
    *,
    tags: Sequence[str] = (),
    at: datetime | None = None,
) -> str:
    """Back up folders and return the full id of the new snapshot.

    at: aware instant to record instead of now, for a demonstration with a past.
    """
    words = ["backup", "--json", "--host", host]
    words += [word for tag in tags for word in ("--tag", tag)]
    if at is not None:  # the child runs in UTC
        words += ["--time", at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")]
    words += ["--", *map(str, paths)]
    with engine.command(repo, key, words, engine.timeouts.stream, writes=True) as child:
        lines = child.output.readlines()
        child.finish()
    short = json.loads(lines[-1])["snapshot_id"]  # 8 digits before restic 0.15
    return next(one.id for one in engine.snapshots(repo, key) if one.id.startswith(short))
