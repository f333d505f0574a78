"""The file from which a REST server reads who may come in: one line ``user:hash`` each, hashed by bcrypt."""

import ctypes
import secrets
from ctypes.util import find_library
from functools import cache
from pathlib import Path

from portal.engine.disk import sync_directory

_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_COST = 5  # as Apache's own tool: a server checks each request, and what is hashed are 192 random bits
_PREFIX = "$2y$"


@cache
def _library() -> ctypes.CDLL:
    """The system's libxcrypt. Raises OSError where it is missing."""
    library = ctypes.CDLL(find_library("crypt") or "libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    library.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    return library


def bcrypt(secret: str) -> str:
    """The hash of a secret, as htpasswd files carry it. Raises OSError where the system has no bcrypt."""
    salt = "".join(secrets.choice(_ALPHABET) for _ in range(21)) + secrets.choice(".Oeu")
    made = _library().crypt(secret.encode(), f"{_PREFIX}{_COST:02}${salt}".encode())
    if made is None or not made.decode().startswith(_PREFIX):
        raise OSError("libcrypt has no bcrypt")
    return str(made.decode())


def write_htpasswd(path: Path, lines: dict[str, str]) -> None:
    """Replace the file whole; its server watches it and takes it at once.

    lines: hash by user. The caller sees to it that nobody else writes it now. Raises OSError.
    """
    part = path.with_name(path.name + ".part")
    part.write_text("".join(f"{user}:{lines[user]}\n" for user in sorted(lines)), encoding="ascii")
    part.chmod(0o640)
    part.rename(path)
    sync_directory(path.parent)
