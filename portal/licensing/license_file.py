"""The licence file that a workstation checks without any network: JSON signed with Ed25519.

The file is canonical JSON (UTF-8, sorted keys, no space, no float) of four members: ``alg``
(always ``Ed25519``), ``kid`` (which public key), ``payload`` and ``signature`` (base64url without
padding). What is signed is the canonical JSON of the first three. A client needs nothing of the
portal to check it::

    import base64, json
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    PUBLIC_KEYS = {"2026-a": bytes.fromhex("...")}  # old keys stay, for rotation
    document = json.load(open("licence.json", encoding="utf-8"))
    signature = base64.urlsafe_b64decode(document.pop("signature") + "==")
    assert document["alg"] == "Ed25519"
    signed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = Ed25519PublicKey.from_public_bytes(PUBLIC_KEYS[document["kid"]])
    key.verify(signature, signed.encode())  # raises InvalidSignature
    payload = document["payload"]

The dates inside are the business of the caller: a sound signature does not make a licence current.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.canonical import canonical_json
from portal.errors import Refused
from portal.wording import N_

ALGORITHM = "Ed25519"
MAX_BYTES = 65_536

_MEMBERS = {"alg", "kid", "payload", "signature"}


def sign(payload: Mapping[str, Any], key: Ed25519PrivateKey, kid: str) -> bytes:
    """The licence file of ``payload``; the same values give the same bytes.

    payload: JSON values without floats.
    kid: name under which the clients know the public key.
    """
    document: dict[str, Any] = {"alg": ALGORITHM, "kid": kid, "payload": dict(payload)}
    signature = base64.urlsafe_b64encode(key.sign(canonical_json(document))).rstrip(b"=").decode()
    return canonical_json(document | {"signature": signature})


def verify(file: bytes, keys: Mapping[str, Ed25519PublicKey], *, most: int = MAX_BYTES) -> dict[str, Any]:
    """The payload of a licence file, once its signature is proved.

    keys: public keys by ``kid``, old ones included. most: bytes that such a file may have.
    Raises Refused for another algorithm, an unknown key, a changed or a malformed file.
    """
    document = _read(file, most)
    if document["alg"] != ALGORITHM:
        raise Refused(N_("Ce fichier de licence utilise un algorithme refusé."))
    kid = document["kid"]
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise Refused(N_("Ce fichier de licence est signé par une clé inconnue."))
    signature = document.pop("signature")
    try:
        key.verify(_decode(signature), canonical_json(document))
    except (InvalidSignature, TypeError, ValueError) as error:
        raise Refused(N_("La signature de ce fichier de licence est fausse.")) from error
    payload: dict[str, Any] = document["payload"]
    return payload


def _read(file: bytes, most: int) -> dict[str, Any]:
    malformed = Refused(N_("Ce fichier de licence est illisible."))
    if len(file) > most:
        raise malformed
    try:
        document = json.loads(file.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise malformed from error
    if not isinstance(document, dict) or set(document) != _MEMBERS:
        raise malformed
    if not isinstance(document["payload"], dict):
        raise malformed
    return document


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a member is repeated")
    return document


def _decode(signature: Any) -> bytes:
    try:
        return base64.b64decode(signature + "==", altchars=b"-_", validate=True)
    except (TypeError, binascii.Error, ValueError) as error:
        raise InvalidSignature from error
