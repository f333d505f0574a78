import hashlib
import random
import subprocess
import zipfile
from pathlib import Path

import pytest

from portal.engine.archive import CHUNK_BYTES, Archive, _inflated, content_digest, isal_zlib, shrinks

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


def an_info(name: str, size: int, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2026, 3, 2, 8, 30, 0))
    info.file_size = size
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return info


def pieces(content: bytes) -> list[bytes]:
    return [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "x.zip"
    with place.open("wb") as out, Archive(out, "w") as archive:
        for packed in (False, True):
            for name, content in CONTENTS.items():
                info = an_info(f"{packed}/{name}", len(content), packed)
                assert archive.put(info, pieces(content)) == hashlib.sha256(content).hexdigest()
        assert archive.written == out.tell()
    return place


def test_others_read_what_is_written(place, tmp_path):
    with zipfile.ZipFile(place) as archive:
        assert len(archive.namelist()) == 2 * len(CONTENTS)
        for info in archive.infolist():
            assert archive.read(info) == CONTENTS[info.filename.split("/", 1)[1]]
        assert archive.getinfo("True/ruban.raw").compress_size < 1_000_000
    subprocess.run(["unzip", "-q", str(place), "-d", str(tmp_path / "out")], check=True)
    assert (tmp_path / "out" / "True" / "é" / "long.txt").read_bytes() == TEXT


def test_what_others_write_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("x", TEXT)
    with (tmp_path / "x.zip").open("rb") as volume:
        info = zipfile.ZipFile(volume).getinfo("x")
        assert content_digest(volume, info) == hashlib.sha256(TEXT).hexdigest()


def test_reading_again_gives_the_same_sums(place):
    with place.open("rb") as volume:
        for info in zipfile.ZipFile(volume).infolist():
            content = CONTENTS[info.filename.split("/", 1)[1]]
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
@pytest.mark.parametrize("name", ["False/long.bin", "True/é/long.txt"])
def test_a_changed_byte_is_found(place, name, at):
    info, _ = changed(place, name, at)
    with place.open("rb") as volume, pytest.raises(zipfile.BadZipFile):
        content_digest(volume, info)


@pytest.mark.parametrize("name", ["False/long.bin", "True/é/long.txt"])
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
    info = an_info("film.mp4", 5 << 30, packed=False)
    with (tmp_path / "x.zip").open("wb") as out, Archive(out, "w") as archive:
        archive.put(info, pieces(NOISE))
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.read("film.mp4") == NOISE
    assert b"\x01\x00\x10\x00" in (tmp_path / "x.zip").read_bytes()[:80]  # the zip64 field of 16 bytes


def test_noise_is_not_worth_deflating():
    assert shrinks(TEXT[:8_192], 0.9)
    assert not shrinks(NOISE[:8_192], 0.9)
