"""A publisher's reference client: activate, check the licence without network, renew it.

One file, the standard library and ``cryptography``. ``python activate.py --help`` shows the commands; a
program uses :class:`License`. The portal's public keys are pinned in ``keys``: ship them with the program.
"""

import argparse
import base64
import hashlib
import json
import os
import platform
import secrets
import sys
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PARIS = ZoneInfo("Europe/Paris")  # the days of a licence are days in Paris
CLOCK_MAY_SLIP = timedelta(hours=1)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class LicenseError(Exception):
    """``code``: of the portal, or BAD_KEY, BAD_FILE, OFFLINE, CLOCK_SET_BACK, NOT_ACTIVATED."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


def read_key(typed: str) -> str:
    """The key as sold, from what was typed: any case, without dashes, O for 0, I or L for 1.

    Raises LicenseError BAD_KEY when its check symbols are wrong: nothing is asked of the portal then.
    """
    symbols = "".join(typed.upper().replace("-", "").split()).translate(str.maketrans("OIL", "011"))
    if len(symbols) != 20 or set(symbols) - set(ALPHABET):
        raise LicenseError("BAD_KEY", "a key has 20 letters and digits")
    number = check = 0
    for symbol in symbols[:18]:
        number = number * 32 + ALPHABET.index(symbol)
    for symbol in symbols[18:]:
        check = check * 32 + ALPHABET.index(symbol)
    if number % 1021 != check:
        raise LicenseError("BAD_KEY", "the key is copied wrongly")
    return "-".join(symbols[at : at + 5] for at in range(0, 20, 5))


def own_fingerprint() -> str:
    """What tells this machine from another one. A program may know better: a disk, a board."""
    return hashlib.sha256(f"{uuid.getnode()}|{platform.node()}".encode()).hexdigest()[:32]


class License:
    """The licence of this machine, kept in a folder.

    folder: private to the program. keys: public keys by ``kid``, 32 bytes in hexadecimal.
    """

    def __init__(self, url: str, folder: Path, keys: dict[str, str], fingerprint: str = "") -> None:
        self.url, self.folder, self.keys = url.rstrip("/"), folder, keys
        self.fingerprint = fingerprint or own_fingerprint()
        folder.mkdir(parents=True, exist_ok=True)

    def activate(self, typed: str, system: dict | None = None) -> dict:
        """Take a seat and keep the key and the file; asked again it is the same seat.

        system: what there is to be backed up: users, internal_disks (numbers), network, external (truths),
        and os, the name of the operating system. What an edition or a contract does not reach is told to
        its customer, and works on.
        """
        key = read_key(typed)
        told = {"system": system} if system else {}
        file = self._ask("activations", {"key": key, "hostname": platform.node()[:140], **told})
        payload = self._opened(file)
        self._keep("key", key.encode())
        self._keep("license.json", file)
        return payload

    def heartbeat(self, system: dict | None = None) -> bool:
        """Renew the file with what is paid now; False when nobody answers, and the old file counts on.

        system: as for :meth:`activate`, where it may have changed.

        Raises LicenseError with what the portal refuses: EXPIRED, REVOKED, SUSPENDED, NOT_ACTIVATED.
        """
        try:
            file = self._ask("heartbeats", {"key": self._key(), **({"system": system} if system else {})})
        except LicenseError as error:
            if error.code == "OFFLINE":
                return False
            raise
        self._opened(file)
        self._keep("license.json", file)
        return True

    def state(self, now: datetime | None = None) -> str:
        """VALID, GRACE, EXPIRED, CHECKIN_OVERDUE or REVOKED, from the folder alone.

        Raises LicenseError for no file, a changed one, that of another machine, and a clock set back.
        """
        now = now or datetime.now(UTC)
        payload = self._opened(self._kept("license.json"))
        seen = datetime.fromisoformat(payload["issued_at"])
        if (self.folder / "seen").exists():
            seen = max(seen, datetime.fromisoformat(self._kept("seen").decode()))
        if now < seen - CLOCK_MAY_SLIP:
            raise LicenseError("CLOCK_SET_BACK", f"the clock was at {seen:%Y-%m-%d %H:%M} before")
        self._keep("seen", max(now, seen).isoformat().encode())
        today = now.astimezone(PARIS).date().isoformat()
        if payload["license"] in self._said("revoked"):
            return "REVOKED"
        if today > payload["works_through"]:
            return "EXPIRED"
        if payload["check_by"] and today > payload["check_by"]:
            return "CHECKIN_OVERDUE"
        return "GRACE" if today > payload["valid_through"] else "VALID"

    def fetch_revocations(self) -> bool:
        """Keep the signed list of what is revoked; False when nobody answers."""
        try:
            file = self._ask("revocations")
        except LicenseError:
            return False
        if json.loads(file)["kid"] in self._verified(file).get("withdrawn_keys", []):
            raise LicenseError("BAD_FILE", "a key cannot withdraw itself")
        self._keep("revocations.json", file)
        return True

    def write_request(self, typed: str, path: Path) -> None:
        """Without network: the file that somebody carries to the page of the key."""
        key, nonce = read_key(typed), secrets.token_hex(16)
        self._keep("nonce", nonce.encode())
        request = {"request": "license", "key": hashlib.sha256(key.encode()).hexdigest()[:16]}
        request |= {"fingerprint": self.fingerprint, "hostname": platform.node()[:140], "nonce": nonce}
        path.write_text(json.dumps(request), encoding="utf-8")

    def read_response(self, path: Path) -> dict:
        """The answer to the last request; raises LicenseError BAD_FILE for an older or another one."""
        payload = self._opened(path.read_bytes())
        if payload.get("nonce") != self._kept("nonce").decode():
            raise LicenseError("BAD_FILE", "this answers another request")
        self._keep("license.json", path.read_bytes())
        return payload

    def _ask(self, what: str, body: dict | None = None) -> bytes:
        """The portal's answer. Raises LicenseError OFFLINE when it is down, else with its own code."""
        data = json.dumps(body | {"fingerprint": self.fingerprint}).encode() if body is not None else None
        request = urllib.request.Request(  # noqa: S310 (the program's own address)
            f"{self.url}/api/v1/{what}", data=data, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError as refusal:
            if refusal.code >= 500:
                raise LicenseError("OFFLINE") from refusal
            told = json.loads(refusal.read())["error"]
            raise LicenseError(told["code"], told["message"]) from refusal
        except OSError as error:
            raise LicenseError("OFFLINE") from error

    def _verified(self, file: bytes) -> dict:
        """The payload of a signed file. Raises LicenseError BAD_FILE, also where its key was withdrawn."""
        try:
            document = json.loads(file)
            kid = document["kid"]
        except (ValueError, KeyError, TypeError) as error:
            raise LicenseError("BAD_FILE", "this is no signed file") from error
        if kid in self._said("withdrawn_keys"):
            raise LicenseError("BAD_FILE", "the key that signed this file was withdrawn")
        return self._signed(document)

    def _signed(self, document: dict) -> dict:
        try:
            signature = base64.urlsafe_b64decode(document.pop("signature") + "==")
            signed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.keys[document["kid"]]))
            public.verify(signature, signed.encode())
            return dict(document["payload"])
        except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as error:
            raise LicenseError("BAD_FILE", "this file was not signed by the portal") from error

    def _opened(self, file: bytes) -> dict:
        payload = self._verified(file)
        if payload.get("fingerprint") != self.fingerprint:
            raise LicenseError("FINGERPRINT_MISMATCH", "this licence is another machine's")
        return payload

    def _said(self, what: str) -> list:
        """What the last list said, which was verified when it came; it is verified again here."""
        kept = self.folder / "revocations.json"
        if not kept.exists():
            return []
        document = json.loads(kept.read_bytes())
        return list(self._signed(document).get(what, []))

    def _key(self) -> str:
        return self._kept("key").decode()

    def _kept(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise LicenseError("NOT_ACTIVATED") from error

    def _keep(self, name: str, content: bytes) -> None:
        """Whole or not at all, whatever is killed meanwhile; readable by this account only."""
        new = self.folder / f"{name}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        new.replace(self.folder / name)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Licence of this machine")
    parser.add_argument("what", choices=("activate", "heartbeat", "state", "request", "response"))
    parser.add_argument("value", nargs="?", default="", help="the key, or the file of a response")
    parser.add_argument("--url", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--keys", type=Path, required=True, help="JSON: public keys by kid, in hexadecimal")
    parser.add_argument("--out", type=Path, default=Path("request.json"))
    asked = parser.parse_args(arguments)
    own = License(asked.url, asked.folder, json.loads(asked.keys.read_text()))
    try:
        if asked.what == "activate":
            own.activate(asked.value)
        elif asked.what == "heartbeat":
            own.heartbeat()
            own.fetch_revocations()
        elif asked.what == "request":
            own.write_request(asked.value, asked.out)
            return 0
        elif asked.what == "response":
            own.read_response(Path(asked.value))
        state = own.state()
    except LicenseError as error:
        state = error.code
    sys.stdout.write(f"{state}\n")
    return 0 if state in ("VALID", "GRACE") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
