"""The key file's side of a rotation: a key is added, later put to use, at last retired.

Two steps, so that every process and every machine knows a key before the first of them uses it. The names
in the file: ``k2`` of data, ``i2`` of the blind index, ``c2`` of cookies, ``s2`` of the seal; a licence key
has the random name that clients know it by.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from flask_babel import gettext as _

from portal import clock
from portal.crypto import key_file
from portal.crypto.key_file import Content, read_key_file, write_key_file
from portal.crypto.seals import make_seal_certificate
from portal.crypto.secrets import FIRST_INDEX, Keyring
from portal.errors import Refused

LICENCE_DAYS = 7  # before a licence key is used: clients fetch the list of public keys meanwhile
COOKIE_HOURS = 12  # after a cookie key is replaced: no form is open for longer


class KeyKind(StrEnum):
    DATA = "data"  # seals columns and files
    INDEX = "index"  # blind index
    COOKIE = "cookie"  # signs cookies and the tokens of forms
    LICENCE = "licence"  # signs licence files
    SEAL = "seal"  # seals PDFs


class Part(StrEnum):
    """What a key is for at present."""

    WAITING = "waiting"  # added, known to all, not used yet
    IN_USE = "in_use"
    FORMER = "former"  # opens or verifies what it made


@dataclass(frozen=True)
class Key:
    kind: KeyKind
    name: str
    part: Part


@contextmanager
def changing(folder: Path) -> Iterator[Content]:
    """The content of the key file, to be changed in the block and written at its end; one at a time."""
    with (folder / "keys.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = read_key_file(folder)
        yield content
        Keyring(content)  # a content that no process could load is never written
        write_key_file(folder, content)


def keys_of(content: Content) -> list[Key]:
    """Every key of the file, kind by kind, in the order in which they were added."""
    found = []
    for kind, names in _names(content).items():
        used = names.index(_in_use(content, kind))
        for number, name in enumerate(names):
            part = Part.IN_USE if number == used else Part.FORMER if number < used else Part.WAITING
            found.append(Key(kind, name, part))
    return found


def _names(content: Content) -> dict[KeyKind, list[str]]:
    """In the order of their making; the place of the one in use tells former ones from those to come."""
    order: dict[str, list[str]] = content.get("order", {})
    present: dict[KeyKind, list[str]] = {
        KeyKind.DATA: list(content["data"]),
        KeyKind.INDEX: list(content.get("index_keys", {FIRST_INDEX: ""})),
        KeyKind.COOKIE: [content.get("session_id", "c1"), *_ids(content, "session_others", "id")],
        KeyKind.LICENCE: [content["license"]["kid"], *_ids(content, "license_others", "kid")],
        KeyKind.SEAL: [content["seal"].get("id", "s1"), *_ids(content, "seal_others", "id")],
    }
    return {
        kind: sorted(names, key=lambda name, kind=kind: _place(order.get(kind, []), name))
        for kind, names in present.items()
    }


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else -1


def _ids(content: Content, member: str, name: str) -> list[str]:
    return [each[name] for each in content.get(member, [])]


def _in_use(content: Content, kind: KeyKind) -> str:
    used = {
        KeyKind.DATA: content["current"],
        KeyKind.INDEX: content.get("index_current", FIRST_INDEX),
        KeyKind.COOKIE: content.get("session_id", "c1"),
        KeyKind.LICENCE: content["license"]["kid"],
        KeyKind.SEAL: content["seal"].get("id", "s1"),
    }
    return str(used[kind])


def waiting(content: Content, kind: KeyKind) -> str:
    """The key that comes next; raises Refused when none was added."""
    for key in keys_of(content):
        if key.kind == kind and key.part == Part.WAITING:
            return key.name
    raise Refused(_("Aucune clé n'attend : « flask keys rotate %(kind)s » d'abord.", kind=kind))


def rotate(folder: Path, kind: KeyKind) -> str:
    """Add a key beside the one in use, which stays in use; raises Refused while another one waits."""
    with changing(folder) as content:
        if any(key.kind == kind and key.part == Part.WAITING for key in keys_of(content)):
            raise Refused(_("Une clé attend déjà : « flask keys promote %(kind)s ».", kind=kind))
        key_file.keep_old(folder)
        content.setdefault("fingerprint", Keyring(content).fingerprint)  # outlives the key it was made of
        names = _names(content)[kind]
        name = _add(content, kind, names)
        content.setdefault("order", {})[kind] = [*names, name]
        content.setdefault("added", {})[name] = clock.now().isoformat()
    return name


def _add(content: Content, kind: KeyKind, names: list[str]) -> str:
    number = 1 + max((int(name[1:]) for name in names if name[1:].isdigit()), default=0)
    match kind:
        case KeyKind.DATA:
            content["data"][name := f"k{number}"] = key_file.new_symmetric()
        case KeyKind.INDEX:
            content.setdefault("index_keys", {FIRST_INDEX: content["index"]})
            content.setdefault("index_current", FIRST_INDEX)
            content["index_keys"][name := f"i{number}"] = key_file.new_symmetric()
        case KeyKind.COOKIE:
            made = {"id": (name := f"c{number}"), "key": key_file.new_secret()}
            content.setdefault("session_others", []).append(made)
        case KeyKind.LICENCE:
            made = key_file.new_license_key()
            name = made["kid"]
            content.setdefault("license_others", []).append(made)
        case KeyKind.SEAL:
            key, certificate = make_seal_certificate(_common_name(content), clock.today())
            made = {"id": (name := f"s{number}"), "key": key.decode(), "certificate": certificate.decode()}
            content.setdefault("seal_others", []).append(made)
    return name


def _common_name(content: Content) -> str:
    certificate = x509.load_pem_x509_certificate(content["seal"]["certificate"].encode())
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def promote(folder: Path, kind: KeyKind, name: str, *, now: bool = False) -> None:
    """Put the waiting key ``name`` to use; of the blind index, once the database has changed over.

    now: do not wait for the days in which clients learn of a licence key.
    """
    with changing(folder) as content:
        if kind == KeyKind.LICENCE and not now:
            _require_age(content["added"][name], timedelta(days=LICENCE_DAYS))
        key_file.keep_old(folder)
        content.setdefault("replaced", {})[_in_use(content, kind)] = clock.now().isoformat()
        match kind:
            case KeyKind.DATA:
                content["current"] = name
            case KeyKind.INDEX:
                content["index_current"], content["index"] = name, content["index_keys"][name]
            case KeyKind.COOKIE:
                former = {"id": content.get("session_id", "c1"), "key": content["session"]}
                new = _swap(content, "session_others", "id", name, former)
                content["session"], content["session_id"] = new["key"], name
            case KeyKind.LICENCE:
                content["license"] = _swap(content, "license_others", "kid", name, content["license"])
            case KeyKind.SEAL:
                former = {"id": "s1"} | content["seal"]
                content["seal"] = _swap(content, "seal_others", "id", name, former)


def _swap(content: Content, member: str, id_: str, name: str, former: dict[str, Any]) -> dict[str, Any]:
    """Take the key ``name`` out of the others, and put the former one among them."""
    new = next(each for each in content[member] if each[id_] == name)
    content[member] = [former, *(each for each in content[member] if each is not new)]
    return dict(new)


def _require_age(at: str, least: timedelta) -> None:
    ready = clock.datetime.fromisoformat(at) + least
    if clock.now() < ready:
        raise Refused(_("Pas avant le %(at)s, ou avec --now.", at=ready.strftime("%d/%m/%Y %H:%M UTC")))


def find_former(content: Content, name: str) -> Key:
    """The key to retire; raises Refused for one that is in use, waits, or is not there."""
    for key in keys_of(content):
        if key.name == name:
            if key.part != Part.FORMER:
                raise Refused(_("La clé %(name)s sert ou va servir : elle ne se retire pas.", name=name))
            return key
    raise Refused(_("Aucune clé ne s'appelle %(name)s.", name=name))


def retire(folder: Path, key: Key, *, now: bool = False) -> None:
    """Remove a former key for good; what verifies its licences and its seals stays.

    The caller has made sure that nothing is sealed with it any more.
    """
    with changing(folder) as content:
        match key.kind:
            case KeyKind.DATA:
                del content["data"][key.name]
            case KeyKind.INDEX:
                del content["index_keys"][key.name]
            case KeyKind.COOKIE:
                if not now:
                    _require_age(content["replaced"][key.name], timedelta(hours=COOKIE_HOURS))
                _take(content, "session_others", "id", key.name)
            case KeyKind.LICENCE:
                public = _public_of(_take(content, "license_others", "kid", key.name)["pem"])
                content.setdefault("license_retired", {})[key.name] = public
            case KeyKind.SEAL:
                certificate = _take(content, "seal_others", "id", key.name)["certificate"]
                content.setdefault("seal_retired", []).append(certificate)
    (folder / key_file.OLD).unlink(missing_ok=True)  # it holds the key too


def _take(content: Content, member: str, id_: str, name: str) -> dict[str, str]:
    found: dict[str, str] = next(each for each in content[member] if each[id_] == name)
    content[member].remove(found)
    return found


def withdraw(folder: Path, name: str) -> None:
    """A former licence key that somebody else may have: what it signed verifies no more, anywhere.

    Raises Refused for a key that is in use or waits, and for what is no licence key of this file.
    """
    with changing(folder) as content:
        public = content.get("license_retired", {}).pop(name, None)
        if public is None:
            key = find_former(content, name)
            if key.kind != KeyKind.LICENCE:
                raise Refused(
                    _("Seule une clé de licence se révoque : %(name)s n'en est pas une.", name=name)
                )
            public = _public_of(_take(content, "license_others", "kid", name)["pem"])
        withdrawn = content.setdefault("license_withdrawn", {})
        withdrawn[name] = {"public_key": public, "at": clock.now().isoformat(timespec="seconds")}
    (folder / key_file.OLD).unlink(missing_ok=True)


def _public_of(pem: str) -> str:
    """32 bytes in hexadecimal."""
    private = load_pem_private_key(pem.encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    return private.public_key().public_bytes_raw().hex()
