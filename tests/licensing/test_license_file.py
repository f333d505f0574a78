import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.canonical import canonical_json
from portal.errors import Refused
from portal.licensing.license_file import MAX_BYTES, sign, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = {"2026-a": KEY.public_key()}
PAYLOAD = {"lic": 42, "product": "Sauvegarde serveur é", "seats": 5, "exp": "2027-11-21"}
FILE = sign(PAYLOAD, KEY, "2026-a")


def changed(**members) -> bytes:
    return canonical_json(json.loads(FILE) | members)


def test_a_file_is_read_back():
    assert verify(FILE, KEYS) == PAYLOAD
    assert sign(PAYLOAD, KEY, "2026-a") == FILE
    assert verify(json.dumps(json.loads(FILE), indent=2).encode(), KEYS) == PAYLOAD


def test_old_keys_stay_useful():
    new = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
    assert verify(FILE, {"2027-a": new.public_key(), **KEYS}) == PAYLOAD


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (changed(payload=PAYLOAD | {"seats": 500}), "signature"),
        (changed(signature="A" * 86), "signature"),
        (changed(signature=""), "signature"),
        (changed(signature=5), "signature"),
        (changed(payload={"lic": "\u00e9"}), "signature"),
        (FILE.replace(b'"seats":5', b'"seats":5.0'), "signature"),
        (FILE.replace(b'"seats":5', b'"seats":NaN'), "signature"),
        (FILE.replace(b'"seats":5', rb'"seats":"\ud800"'), "signature"),
        (changed(alg="HS256"), "algorithme"),
        (changed(alg="none"), "algorithme"),
        (changed(kid="other"), "clé inconnue"),
        (changed(kid=None), "clé inconnue"),
        (changed(extra=1), "illisible"),
        (changed(payload=[]), "illisible"),
        (b"", "illisible"),
        (b"\xff", "illisible"),
        (b"[]", "illisible"),
        (b"[" * 60_000, "illisible"),
        (b" " * (MAX_BYTES + 1), "illisible"),
        (FILE.replace(b'"seats":5', b'"seats":5,"seats":5'), "illisible"),
    ],
)
def test_anything_else_is_refused(file, says):
    with pytest.raises(Refused, match=says):
        verify(file, KEYS)


def test_the_key_named_is_part_of_what_is_signed():
    with pytest.raises(Refused, match="signature"):
        verify(changed(kid="b"), {"b": KEY.public_key()})


def test_the_check_printed_in_the_module_needs_nothing_of_the_portal():
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    document = json.loads(FILE)
    signature = base64.urlsafe_b64decode(document.pop("signature") + "==")
    signed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, signed.encode())
    assert document["payload"] == PAYLOAD
