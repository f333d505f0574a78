"""Real repositories, small ones, made by the real restic."""

import os
import random
import subprocess
import sys
from pathlib import Path

from portal.engine import keyless
from portal.engine.customer_side import backup
from portal.engine.passphrase import Passphrase
from portal.engine.port import ExportLimits, RepoRef, Snapshot
from portal.engine.restic import Restic
from portal.engine.stores.objects import Access
from tests.engine.cheap_key import new_repository
from tests.forked import Forked

SECRET = "canari-4711-Zwölf"
SMALL = ExportLimits(volume_entries=20, keep_free_bytes=0)


def a_key(secret: str = SECRET) -> Passphrase:
    return Passphrase(secret)


def a_repository(place: Path, secret: str = SECRET) -> RepoRef:
    repo = RepoRef(str(place))
    new_repository(place, secret)
    return repo


def a_backup(repo: RepoRef, source: Path, host: str = "accueil", secret: str = SECRET) -> Snapshot:
    id_ = backup(Restic(), repo, a_key(secret), [source], host)
    return next(one for one in Restic().snapshots(repo, a_key(secret)) if one.id == id_)


def many_files(place: Path, count: int = 200, size: int = 30_000) -> Path:
    """Incompressible files in a few folders."""
    numbers = random.Random(7)
    for index in range(count):
        file = place / f"dossier{index % 7}" / f"fichier{index:03}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(numbers.randbytes(size + index))
    return place


AWKWARD = (
    b"caf\xc3\xa9.txt",
    b"ligne\n2.txt",
    b"a[1]*.txt",
    b"a1.txt",
    b"CON",
    b"octet\xff.txt",
    b"vide.txt",
    b"Casse.txt",
    b"casse.txt",
    b"fin. ",
    b"barre\\oblique",
    b"n" * 250,
    b"MANIFEST.csv",
)


def awkward_files(place: Path) -> Path:
    """Names and kinds that break naive exports; every file's content is its own name."""
    place.mkdir(parents=True)
    for name in AWKWARD:
        (place / os.fsdecode(name)).write_bytes(b"" if name == b"vide.txt" else name)
    (place / "dossier vide").mkdir()
    (place / "lien").symlink_to("a1.txt")
    os.link(place / "a1.txt", place / "lien dur")
    os.mkfifo(place / "tube")
    return place


def packs(repo: RepoRef) -> list[Path]:
    """Smallest first: the small ones hold directories, the large ones the content of files."""
    found = [file for file in (Path(repo.location) / "data").rglob("*") if file.is_file()]
    return sorted(found, key=lambda file: file.stat().st_size)


def damage_directories(repo: RepoRef) -> None:
    for pack in packs(repo):
        if pack.stat().st_size < 30_000:
            flip_bytes(pack)


def damage_contents(repo: RepoRef) -> None:
    """Every blob of 30 kB is hit."""
    for pack in packs(repo):
        for offset in range(50, pack.stat().st_size - 20_000, 10_000):
            flip_bytes(pack, offset)


def flip_bytes(file: Path, offset: int = 50) -> None:
    content = bytearray(file.read_bytes())
    for index in range(offset, offset + 4):
        content[index] ^= 0xFF
    file.chmod(0o600)
    file.write_bytes(content)


def exporting(repo: RepoRef, destination: Path, *words: str) -> Forked:
    """Another process that exports every snapshot."""
    return Forked(lambda: export(repo, a_key(), destination, *words))


def exporting_apart(repo: RepoRef, destination: Path, secret: str) -> subprocess.Popen[bytes]:
    """The same as a program of its own, which never knew the passphrase before it came by its stdin."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.exporter", repo.location, str(destination)],
        stdin=subprocess.PIPE,
    )
    assert worker.stdin is not None
    worker.stdin.write(secret.encode())
    worker.stdin.close()
    return worker


def export(repo: RepoRef, key: Passphrase, destination: Path, *words: str) -> None:
    engine = Restic()
    chosen = engine.latest_set(engine.snapshots(repo, key))
    engine.export_readable(repo, key, chosen, destination, limits=SMALL, accept_losses="lossy" in words)


def damaged_in(repo, access=None):
    """Names of the objects whose content is not what their name says."""
    return [one.name for one in keyless.hashed(repo, access=access or Access()) if not one.is_good]
