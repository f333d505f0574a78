"""A passphrase that only the key agent can read, between the customer's browser and the agent.

ECDH on P-256 between a key of the agent's, made for one opening, and a key that the browser makes for one
message; HKDF-SHA256; AES-256-GCM. Everything in between (proxy, web process, error reports) carries these
bytes: the browser's public point (65), the nonce (12), the ciphertext and its tag.

Source: RFC 5869, NIST SP 800-56A, SP 800-38D; ``static/unlock.js`` does the same with WebCrypto.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.engine.errors import EngineError, EngineFault

POINT_BYTES, NONCE_BYTES, TAG_BYTES = 65, 12, 16
OVERHEAD_BYTES = POINT_BYTES + NONCE_BYTES + TAG_BYTES
_PURPOSE = b"passphrase of a vault, 1: "
_CURVE = ec.SECP256R1()


def new_key() -> ec.EllipticCurvePrivateKey:
    """The agent's key for one opening; it never leaves the memory of its process."""
    return ec.generate_private_key(_CURVE)


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The 65 bytes that the browser is given."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def seal(point: bytes, name: str, secret: bytes) -> bytes:
    """What a browser does: only the holder of the private key of ``point`` reads ``secret``."""
    own = new_key()
    key = _shared(own, point, public_point(own) + point, name)
    nonce = os.urandom(NONCE_BYTES)
    return public_point(own) + nonce + AESGCM(key).encrypt(nonce, secret, name.encode())


def unseal(key: ec.EllipticCurvePrivateKey, name: str, sealed: bytes) -> bytearray:
    """The passphrase. Raises EngineError(KEY_GONE) for bytes that were not made for this key and name."""
    point, nonce = sealed[:POINT_BYTES], sealed[POINT_BYTES : POINT_BYTES + NONCE_BYTES]
    try:
        shared = _shared(key, point, point + public_point(key), name)
        secret = AESGCM(shared).decrypt(nonce, sealed[POINT_BYTES + NONCE_BYTES :], name.encode())
    except (ValueError, InvalidTag):
        raise EngineError(EngineFault.KEY_GONE) from None
    return bytearray(secret)


def _shared(own: ec.EllipticCurvePrivateKey, point: bytes, salt: bytes, name: str) -> bytes:
    other = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    info = _PURPOSE + name.encode()
    return HKDF(hashes.SHA256(), 32, salt, info).derive(own.exchange(ec.ECDH(), other))
