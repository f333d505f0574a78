"""A security key in software: ES256, a counter, and a user whom it verifies."""

import hashlib
import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from html import unescape
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def plain(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def options_of(page: str) -> dict[str, Any]:
    """What a page asks the device for."""
    found = re.search(r'data-options="([^"]*)"', page)
    assert found, page
    return dict(json.loads(unescape(found[1])))


class Authenticator:
    def __init__(self, origin: str = "http://localhost:8000") -> None:
        self.origin, self.count, self.verifies = origin, 0, True
        self.rp_id = origin.split("://")[1].split(":")[0]
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(32)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _head(self, flags: int) -> bytes:
        self.count += 1
        flags |= 1 | (4 if self.verifies else 0)  # present, verified
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def create(self, page: str) -> str:
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        head = self._head(64) + bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": head + cbor2.dumps(cose)})
        client = self._client("webauthn.create", options_of(page))
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(made)})

    def get(self, page: str) -> str:
        client, head = self._client("webauthn.get", options_of(page)), self._head(0)
        signature = self.key.sign(head + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": b64(client), "authenticatorData": b64(head), "signature": b64(signature)}
        return self._answer(parts)

    def _answer(self, response: dict[str, str]) -> str:
        identity = b64(self.credential_id)
        return json.dumps({"id": identity, "rawId": identity, "type": "public-key", "response": response})
