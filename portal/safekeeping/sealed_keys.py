"""The key file sealed by a passphrase, to be kept apart from every backup: scrypt, then AES-256-GCM."""

import base64
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from flask_babel import gettext as _

from portal.crypto.key_file import Content
from portal.crypto.secrets import Keyring
from portal.errors import Refused

FORMAT = "portal-keys-1"
COST = {"n": 1 << 17, "r": 8, "p": 1}  # 128 MiB for each guess
LEAST = 14  # characters of a passphrase
_MOST = {"n": 1 << 20, "r": 16, "p": 4}  # a file that wants more memory is not one of ours


def seal_keys(content: Content, passphrase: str) -> bytes:
    """The sealed file; raises Refused for a passphrase that is too short."""
    if len(passphrase) < LEAST:
        raise Refused(_("La phrase secrète du trousseau compte %(n)d caractères au moins.", n=LEAST))
    head: dict[str, Any] = {
        "format": FORMAT,
        "kdf": "scrypt",
        **COST,
        "salt": base64.b64encode(os.urandom(32)).decode(),
        "nonce": base64.b64encode(os.urandom(12)).decode(),
        "fingerprint": Keyring(content).fingerprint,
    }
    cipher = AESGCM(_derived(head, passphrase))
    nonce = base64.b64decode(head["nonce"])
    sealed = cipher.encrypt(nonce, json.dumps(content).encode(), _bound(head))
    return json.dumps(head | {"sealed": base64.b64encode(sealed).decode()}, indent=1).encode()


def open_keys(file: bytes, passphrase: str) -> Content:
    """What was sealed; raises Refused for another passphrase, a changed file, or anything else."""
    try:
        head = json.loads(file)
        sealed = base64.b64decode(head.pop("sealed"))
        if head["format"] != FORMAT or any(not 0 < int(head[name]) <= most for name, most in _MOST.items()):
            raise ValueError
        nonce = base64.b64decode(head["nonce"])
        plain = AESGCM(_derived(head, passphrase)).decrypt(nonce, sealed, _bound(head))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(_("Ce fichier n'est pas un trousseau scellé.")) from None
    except InvalidTag:
        raise Refused(_("La phrase secrète n'ouvre pas ce trousseau, ou il a été modifié.")) from None
    content: Content = json.loads(plain)
    return content


def _derived(head: dict[str, Any], passphrase: str) -> bytes:
    kdf = Scrypt(salt=base64.b64decode(head["salt"]), length=32, n=head["n"], r=head["r"], p=head["p"])
    return kdf.derive(passphrase.strip().encode())


def _bound(head: dict[str, Any]) -> bytes:
    """What stands in the clear is authenticated with what is sealed."""
    return json.dumps(head, sort_keys=True).encode()
