"""Last check before publication: read every volume again and compare with what was recorded."""

from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

from portal.engine import tar_archive, zip_archive
from portal.engine.documents import MANIFEST, checksum_line, digest_of
from portal.engine.errors import EngineError, EngineFault
from portal.engine.pace import Teller
from portal.engine.port import Exported, Volume, VolumeKind
from portal.engine.volume_entry import BadVolume
from portal.engine.workspace import Closed, Entry, Workspace

BUFFER_BYTES = 1 << 18
VOLUME_SUMS = "VOLUMES.sha256"
_HELD = {VolumeKind.ZIP: zip_archive.held, VolumeKind.TAR: tar_archive.held}


def reread(work: Workspace, snapshot_ids: tuple[str, ...], tell: Teller) -> Exported:
    """Check all volumes and describe the export.

    Raises EngineError(INCOMPLETE) with the names that differ; the work is then thrown away, so
    that the next run does not build on it.
    """
    total = sum(one.bytes for one in work.closed)
    entries = sum(one.entries for one in work.closed)
    volumes: list[Volume] = []
    pending: list[Entry] = []
    files = size = read = checked = 0
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
            files += sum(entry.type == "file" for entry in pending)
            size += sum(entry.size for entry in pending)
            checked, read = checked + len(pending), read + row.bytes
            pending = []
            tell("verify", checked, entries, read, total)
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
        lost_folders=last.lost_folders,
        older=last.older,
        older_folders=last.older_folders,
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
            held = _HELD[VolumeKind(Path(closed.volume).suffix[1:])](volume)
            for wanted, found in zip_longest(expected, held, fillvalue=("", "")):
                if wanted[0] != found[0]:
                    return [closed.volume]
                if wanted != found:
                    bad.append(wanted[0])
    except BadVolume:
        return [closed.volume]
    return bad
