"""Two disks of a customer, made up: many kinds of files, and very many small ones."""

import random
from pathlib import Path

FOLDER_FILES = 200


def mixed_files(place: Path, count: int) -> int:
    """Small files by the count, a hundredth as many photos, one film per five thousand; bytes written.

    Half of the small ones compress, as texts do; photos and films do not.
    """
    numbers, written = random.Random(1), 0
    for index in range(count):
        size = int(numbers.lognormvariate(9, 1.2))
        content = numbers.randbytes(size) if index % 2 else _text(numbers, size)
        written += _write(place / f"bureau{index // FOLDER_FILES}" / f"note{index}.bin", content)
    for index in range(count // 100):
        written += _write(place / "photos" / f"photo{index}.jpg", numbers.randbytes(1_500_000))
    for index in range(max(1, count // 5_000)):
        written += _write(place / "films" / f"film{index}.mp4", numbers.randbytes(60_000_000))
    return written


def small_files(place: Path, count: int) -> int:
    """Files of some kilobytes, all different; bytes written."""
    numbers, written = random.Random(2), 0
    for index in range(count):
        content = numbers.randbytes(numbers.randrange(100, 6_000))
        written += _write(place / f"dossier{index // FOLDER_FILES}" / f"f{index}", content)
    return written


def _text(numbers: random.Random, size: int) -> bytes:
    words = [numbers.randbytes(6).hex().encode() for _ in range(40)]
    return b" ".join(numbers.choices(words, k=size // 13 + 1))[:size]


def _write(file: Path, content: bytes) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.write_bytes(content)
