"""Files encrypted where they lie: read from any place, and nothing but what was written."""

import hashlib
import io
import random
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

import pytest
from cryptography.exceptions import InvalidTag

from portal.crypto.sealed_file import HEAD_BYTES, PIECE_BYTES, BrokenFile, open_sealed, write_sealed

STORED = PIECE_BYTES + 16
SIZES = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7)


def derive(name: str, salt: bytes, context: str = "here") -> bytes:
    if name != "k1":
        raise InvalidTag
    return hashlib.sha256(context.encode() + salt).digest()


def sealed(content: bytes) -> bytes:
    out = io.BytesIO()
    write_sealed(io.BytesIO(content), out, "k1", derive)
    return out.getvalue()


def opening(stored: bytes) -> Callable[[int], BinaryIO]:
    return lambda start: io.BytesIO(stored[start:])


def opened(stored: bytes, size: int) -> bytes:
    with open_sealed(opening(stored), size, derive) as source:
        return source.read()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read_back_whole_and_from_any_place(size: int) -> None:
    content = random.Random(size).randbytes(size)
    out, told = io.BytesIO(), []
    written = write_sealed(io.BytesIO(content), out, "k1", derive, lambda: told.append(1))
    assert (written.size_bytes, written.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert len(told) == max(1, -(-size // PIECE_BYTES))
    assert opened(out.getvalue(), size) == content
    chance = random.Random(7)
    with open_sealed(opening(out.getvalue()), size, derive) as source:
        for start in (0, size, size // 2, *(chance.randrange(size + 1) for _ in range(20))):
            source.seek(start)
            assert source.read(1000) == content[start : start + 1000]
        source.seek(-min(size, 5), io.SEEK_END)
        assert source.read() == content[max(0, size - 5) :]


def test_two_writings_of_one_content_have_nothing_in_common() -> None:
    content = b"the same, the same, " * 100
    one, other = sealed(content), sealed(content)
    assert one[HEAD_BYTES:] != other[HEAD_BYTES:] and content[:20] not in one


def changed(stored: bytes, at: int) -> bytes:
    return stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]


def piece(stored: bytes, number: int) -> bytes:
    return stored[HEAD_BYTES + number * STORED : HEAD_BYTES + (number + 1) * STORED]


CONTENT = random.Random(1).randbytes(2 * PIECE_BYTES + 100)
ELSEWHERE = sealed(CONTENT)
FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "mark": lambda s: changed(s, 0),
    "name of the key": lambda s: changed(s, 17),
    "name that is no text": lambda s: s[:16] + b"\xff" * 16 + s[32:],
    "salt": lambda s: changed(s, HEAD_BYTES - 1),
    "first piece": lambda s: changed(s, HEAD_BYTES),
    "tag": lambda s: changed(s, HEAD_BYTES + STORED - 1),
    "last byte": lambda s: changed(s, len(s) - 1),
    "cut in the head": lambda s: s[:20],
    "cut in a piece": lambda s: s[:-50],
    "last piece gone": lambda s: s[: HEAD_BYTES + 2 * STORED],
    "pieces exchanged": lambda s: s[:HEAD_BYTES] + piece(s, 1) + piece(s, 0) + piece(s, 2),
    "piece of another file": lambda s: s[:HEAD_BYTES] + piece(ELSEWHERE, 0) + s[HEAD_BYTES + STORED :],
    "plain content": lambda s: CONTENT,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_anything_else_than_what_was_written_is_refused(fault: str) -> None:
    with pytest.raises(BrokenFile):
        opened(FAULTS[fault](sealed(CONTENT)), len(CONTENT))


def test_a_shorter_content_cannot_be_passed_off_as_the_whole() -> None:
    with pytest.raises(BrokenFile):
        opened(sealed(CONTENT)[: HEAD_BYTES + STORED], PIECE_BYTES)


def test_what_was_written_for_one_place_does_not_open_in_another() -> None:
    with (
        open_sealed(opening(sealed(CONTENT)), len(CONTENT), partial(derive, context="there")) as source,
        pytest.raises(BrokenFile),
    ):
        source.read()


def test_a_part_reads_only_the_pieces_that_it_lies_in() -> None:
    stored, starts = sealed(CONTENT), []

    def open_at(start: int) -> BinaryIO:
        starts.append(start)
        return io.BytesIO(stored[start:])

    with open_sealed(open_at, len(CONTENT), derive) as source:
        source.seek(2 * PIECE_BYTES + 10)
        assert source.read(20) == CONTENT[2 * PIECE_BYTES + 10 : 2 * PIECE_BYTES + 30]
    assert starts == [0, HEAD_BYTES + 2 * STORED]
