"""Last check before publication: read every volume again and compare with what was recorded."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portal.engine.archive import content_digest
from portal.engine.documents import MANIFEST, checksum_line, digest_of
from portal.engine.errors import EngineError, EngineFault
from portal.engine.pace import Teller
from portal.engine.port import Exported, Volume
from portal.engine.workspace import Closed, Entry, Workspace

BUFFER_BYTES = 1 << 18
VOLUME_SUMS = "VOLUMES.sha256"


def reread(work: Workspace, snapshot_ids: tuple[str, ...], tell: Teller) -> Exported:
    """Check all volumes and describe the export.

    Raises EngineError(INCOMPLETE) with the names that differ; the work is then thrown away, so
    that the next run does not build on it.
    """
    total = sum(one.bytes for one in work.closed)
    files_total = sum(one.entries for one in work.closed)
    volumes: list[Volume] = []
    pending: list[Entry] = []
    files = size = read = 0
    # Each volume is hashed beside the reading of its entries.
    with ThreadPoolExecutor(1, thread_name_prefix="engine-hash") as hashing:
        for row in work.entries():
            if isinstance(row, Entry):
                pending.append(row)
                continue
            digest = hashing.submit(digest_of, work.out / row.volume)
            bad = _differences(work.out, row, pending)
            if bad:
                work.reset()
                raise EngineError(EngineFault.INCOMPLETE, paths=bad)
            volumes.append(Volume(row.volume, row.bytes, digest.result(), row.entries))
            files, size = files + len(pending), size + sum(entry.size for entry in pending)
            read += row.bytes
            pending = []
            tell("verify", files, files_total, read, total)
    last = work.closed[-1]
    (work.out / VOLUME_SUMS).write_text("".join(checksum_line(one.name, one.sha256) for one in volumes))
    return Exported(
        directory=work.destination,
        snapshot_ids=snapshot_ids,
        volumes=tuple(volumes),
        documents=(*last.papers, VOLUME_SUMS),
        files=files,
        bytes=size,
        renamed=last.renamed,
        specials=last.specials,
        lost=last.lost,
        manifest_sha256=digest_of(work.out / MANIFEST),
    )


def _differences(directory: Path, closed: Closed, entries: list[Entry]) -> list[str]:
    """Names whose content in the volume is not what was recorded on the way in."""
    expected = [(one.name, one.sha256) for one in entries]
    expected += [(paper, digest_of(directory / paper)) for paper in closed.papers]
    if len(entries) != closed.entries:
        return [closed.volume]
    bad = []
    try:
        with (directory / closed.volume).open("rb", BUFFER_BYTES) as volume:
            held = zipfile.ZipFile(volume).infolist()
            if [one.filename for one in held] != [name for name, _ in expected]:
                return [closed.volume]
            for info, (name, digest) in zip(held, expected, strict=True):
                if content_digest(volume, info) != digest:
                    bad.append(name)
    except (zipfile.BadZipFile, UnicodeError):
        return [closed.volume]
    return bad
