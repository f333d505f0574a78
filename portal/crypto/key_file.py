"""The key file of an installation: read with care, written as a whole."""

import base64
import json
import os
import secrets as random_source
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NAME = "keys.json"
OLD = "keys.json.old"  # what the file was before the last change, until a key is retired
Content = dict[str, Any]


class KeyFileError(RuntimeError):
    """The key file is missing, unreadable or open to other users."""


def read_key_file(folder: Path) -> Content:
    path = folder / NAME
    if not path.exists():
        raise KeyFileError(f"{path} manque : lancez « make run », ou « flask keys restore ».")
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} est lisible par d'autres : chmod 600 {path}")
    content: Content = json.loads(path.read_text())
    return content


def write_key_file(folder: Path, content: Content) -> None:
    """Replace the file, mode 0600, so that a kill or a loss of power leaves the old one or the new one."""
    write_private(folder / NAME, json.dumps(content, indent=1).encode())


def keep_old(folder: Path) -> None:
    """A copy of the present file beside it, before a key is added or changes its part."""
    write_private(folder / OLD, (folder / NAME).read_bytes())


def write_private(path: Path, content: bytes) -> None:
    """A file of mode 0600 that appears whole, and is on the disk when this returns."""
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def create_key_file(folder: Path, seal_key: bytes, seal_certificate: bytes) -> Path:
    """Make the key file once (mode 0600); an existing one is left alone."""
    path = folder / NAME
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "current": "k1",
        "data": {"k1": new_symmetric()},
        "index": new_symmetric(),
        "session": new_secret(),
        "license": new_license_key(),
        "seal": {"key": seal_key.decode(), "certificate": seal_certificate.decode()},
    }
    write_key_file(folder, content)
    return path


def new_symmetric() -> str:
    """256 random bits, base64: a data key or an index key."""
    return base64.b64encode(os.urandom(32)).decode()


def new_secret() -> str:
    return random_source.token_urlsafe(48)


def new_license_key() -> dict[str, str]:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"kid": random_source.token_hex(4), "pem": pem.decode()}
