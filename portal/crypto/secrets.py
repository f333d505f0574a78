"""Keys and sealed values.

The keys live in one file made at set-up (``DATA_DIR/keys.json``, mode 0600), never in git and never in the
environment. A sealed value is AES-256-GCM with the key's id in front and its context (table, column, row)
authenticated: moved to another row it does not open. Equality look-ups go through a blind index (HMAC).
"""

import base64
import hashlib
import hmac
import json
import os
import secrets as random_source
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from flask import Flask, current_app

_FILE = "keys.json"


class KeyFileError(RuntimeError):
    """The key file is missing, unreadable or open to other users."""


class Keyring:
    """The keys of this installation."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._master = {kid: base64.b64decode(key) for kid, key in content["data"].items()}
        self._data = {kid: AESGCM(key) for kid, key in self._master.items()}
        self.current: str = content["current"]
        self._index = base64.b64decode(content["index"])
        self.session_key: str = content["session"]
        self.license_kid: str = content["license"]["kid"]
        self._license_pem: str = content["license"]["pem"]
        self.seal_key_pem: bytes = content["seal"]["key"].encode()
        self.seal_certificate_pem: bytes = content["seal"]["certificate"].encode()

    def seal(self, plain: str, context: str) -> str:
        """Encrypt for one place only; ``context`` is ``table.column:row``."""
        nonce = os.urandom(12)
        body = nonce + self._data[self.current].encrypt(nonce, plain.encode(), context.encode())
        return f"{self.current}.{base64.urlsafe_b64encode(body).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """Decrypt; raises ``InvalidTag`` for a changed or moved value."""
        kid, _, body = sealed.partition(".")
        if kid not in self._data:
            raise InvalidTag
        raw = base64.urlsafe_b64decode(body)
        return self._data[kid].decrypt(raw[:12], raw[12:], context.encode()).decode()

    def file_key(self, kid: str, salt: bytes, context: str) -> bytes:
        """The 32 bytes of one stored file's key. Raises ``InvalidTag`` for a key that is not in the ring."""
        if kid not in self._master:
            raise InvalidTag
        derivation = HKDF(hashes.SHA256(), 32, salt, f"stored file\0{context}".encode())
        return derivation.derive(self._master[kid])

    def blind_index(self, value: str, purpose: str) -> str:
        """32 hexadecimal characters that are equal when the values are, and say nothing else."""
        message = f"{purpose}\0{value}".encode()
        return hmac.new(self._index, message, hashlib.sha256).hexdigest()[:32]

    @property
    def license_key(self) -> Ed25519PrivateKey:
        key = load_pem_private_key(self._license_pem.encode(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return key


def create_key_file(folder: Path, seal_key: bytes, seal_certificate: bytes) -> Path:
    """Make the key file once (mode 0600); an existing one is left alone."""
    path = folder / _FILE
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    license_pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    content = {
        "current": "k1",
        "data": {"k1": base64.b64encode(os.urandom(32)).decode()},
        "index": base64.b64encode(os.urandom(32)).decode(),
        "session": random_source.token_urlsafe(48),
        "license": {"kid": random_source.token_hex(4), "pem": license_pem.decode()},
        "seal": {"key": seal_key.decode(), "certificate": seal_certificate.decode()},
    }
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(content, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    part.rename(path)
    return path


def load_key_file(folder: Path) -> Keyring:
    path = folder / _FILE
    if not path.exists():
        raise KeyFileError(f"{path} manque : lancez « make run » ou « flask setup ».")
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} est lisible par d'autres : chmod 600 {path}")
    return Keyring(json.loads(path.read_text()))


def init_app(app: Flask) -> None:
    ring = load_key_file(Path(app.config["DATA_DIR"]))
    app.extensions["keyring"] = ring
    app.config["SECRET_KEY"] = ring.session_key


def keyring() -> Keyring:
    ring: Keyring = current_app.extensions["keyring"]
    return ring


def token_hash(token: str) -> str:
    """What is stored of a bearer token: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A bearer token of 256 random bits, safe in a URL."""
    return random_source.token_urlsafe(32)


class Sealed:
    """Attribute that is stored encrypted in the column named ``<name>_sealed``.

    With ``indexed=True`` the column ``<name>_index`` holds the blind index, for look-ups by equality.
    """

    def __init__(self, *, indexed: bool = False) -> None:
        self._indexed = indexed

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def _context(self, row: Any) -> str:
        return f"{row.__tablename__}.{self._name}:{row.uid}"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        sealed = getattr(row, f"{self._name}_sealed")
        return None if sealed is None else keyring().open(sealed, self._context(row))

    def __set__(self, row: Any, value: str | None) -> None:
        sealed = None if value is None else keyring().seal(value, self._context(row))
        setattr(row, f"{self._name}_sealed", sealed)
        if self._indexed:
            index = None if value is None else keyring().blind_index(value, self._name)
            setattr(row, f"{self._name}_index", index)
