import hashlib
import random
import subprocess
import zipfile
from pathlib import Path

import pytest

from portal.engine.volume_entry import Header
from portal.engine.zip_archive import CHUNK_BYTES, ZipArchive, _inflated, content_digest, isal_zlib

NOISE = random.Random(3).randbytes(2_500_000)
TEXT = b"Devis du cabinet comptable de Valence. " * 60_000
CONTENTS = {
    "vide": b"",
    "court.bin": NOISE[:900],
    "court.txt": TEXT[:9_000],
    "long.bin": NOISE,
    "é/long.txt": TEXT,
    "ruban.raw": bytes(40_000_000),
}


def pieces(content: bytes) -> list[bytes]:
    return [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "x.zip"
    with place.open("wb") as out, ZipArchive(out) as archive:
        for name, content in CONTENTS.items():
            header = Header(name, len(content), 1_772_000_000.0)
            room = archive.size + archive.cost(header)
            assert archive.put(header, pieces(content)) == hashlib.sha256(content).hexdigest()
            assert archive.size <= room
        at_most = archive.size
    assert place.stat().st_size <= at_most + 22
    return place


def test_others_read_what_is_written(place, tmp_path):
    with zipfile.ZipFile(place) as archive:
        assert len(archive.namelist()) == len(CONTENTS)
        for info in archive.infolist():
            assert archive.read(info) == CONTENTS[info.filename]
        assert archive.getinfo("ruban.raw").compress_size < 1_000_000
    subprocess.run(["unzip", "-q", str(place), "-d", str(tmp_path / "out")], check=True)
    assert (tmp_path / "out" / "é" / "long.txt").read_bytes() == TEXT


def test_what_others_write_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("x", TEXT)
    with (tmp_path / "x.zip").open("rb") as volume:
        info = zipfile.ZipFile(volume).getinfo("x")
        assert content_digest(volume, info) == hashlib.sha256(TEXT).hexdigest()


def test_reading_again_gives_the_same_sums(place):
    with place.open("rb") as volume:
        for info in zipfile.ZipFile(volume).infolist():
            content = CONTENTS[info.filename]
            assert content_digest(volume, info) == hashlib.sha256(content).hexdigest()


def changed(place: Path, name: str, at: int) -> tuple[zipfile.ZipInfo, bytes]:
    """One byte differs, counted from the local header of the entry."""
    content = bytearray(place.read_bytes())
    with zipfile.ZipFile(place) as archive:
        info = archive.getinfo(name)
    content[info.header_offset + at] ^= 0x55
    place.write_bytes(content)
    return info, bytes(content)


@pytest.mark.parametrize("at", [0, 26, 31, 5_000, 9_000])
@pytest.mark.parametrize("name", ["long.bin", "é/long.txt"])
def test_a_changed_byte_is_found(place, name, at):
    info, _ = changed(place, name, at)
    with place.open("rb") as volume, pytest.raises(zipfile.BadZipFile):
        content_digest(volume, info)


@pytest.mark.parametrize("name", ["long.bin", "é/long.txt"])
def test_a_volume_cut_off_is_found(place, name):
    info, content = changed(place, name, 0)
    for left in (10, 2_000):
        place.write_bytes(content[: info.header_offset + left])
        with place.open("rb") as volume, pytest.raises(zipfile.BadZipFile):
            content_digest(volume, info)


def test_few_bytes_that_hold_many_come_in_pieces():
    packed = isal_zlib.compress(bytes(50_000_000), 1, -15)
    sizes = [len(piece) for piece in _inflated([packed])]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= CHUNK_BYTES


def test_an_entry_declared_huge_has_room_for_its_sizes(tmp_path):
    with (tmp_path / "x.zip").open("wb") as out, ZipArchive(out) as archive:
        archive.put(Header("film.mp4", 5 << 30, 0.0), pieces(NOISE))
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.read("film.mp4") == NOISE
    assert b"\x01\x00\x10\x00" in (tmp_path / "x.zip").read_bytes()[:80]  # the zip64 field of 16 bytes


def test_noise_is_not_deflated(place):
    with zipfile.ZipFile(place) as archive:
        packed = {one.filename for one in archive.infolist() if one.compress_type == zipfile.ZIP_DEFLATED}
    assert packed == {"court.txt", "é/long.txt", "ruban.raw"}
