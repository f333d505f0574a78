"""A file of another vendor's keys: read line by line, taken whole or not at all."""

import csv
import io
from dataclasses import dataclass, field

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.crypto.secrets import keyring
from portal.db import db, new_uid
from portal.errors import Refused
from portal.journal import record
from portal.leaves import add_rows
from portal.licensing.models import ActivationKey
from portal.licensing.pools import KeyPool, PoolKey, PoolState, lock_pool
from portal.subscriptions.pool_serving import ask_to_serve

LARGEST = 2 * 1024 * 1024  # bytes
MOST_LINES = 10_000
LONGEST = 80  # signs of a key
HEADS = {"clé", "cle", "key", "clé d'activation", "license key", "licence key"}
_TOLD = 20  # wrong lines that are said one by one
_TOGETHER = 500


@dataclass(slots=True)
class KeyFile:
    """What a file holds: its keys with the number of their line, and what is wrong with the others."""

    keys: dict[str, int] = field(default_factory=dict)
    wrong: dict[int, str] = field(default_factory=dict)
    empty: int = 0


def read_file(content: bytes) -> KeyFile:
    """Raises Refused for what is no such file at all."""
    if len(content) > LARGEST:
        raise Refused(_("Le fichier dépasse 2 Mo : partagez-le."), field="file")
    try:
        text = content.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in text else ","))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(_("Ce fichier n'est pas un CSV en UTF-8."), field="file") from error
    if not lines or [cell.strip().casefold() for cell in lines[0] if cell.strip()][:1] == []:
        raise Refused(_("Ce fichier est vide."), field="file")
    if lines[0][0].strip().casefold() not in HEADS or len(lines[0]) != 1:
        raise Refused(_("La première ligne est le titre de la seule colonne : « Clé »."), field="file")
    if len(lines) > MOST_LINES + 1:
        raise Refused(_("Le fichier dépasse 10 000 clés : partagez-le."), field="file")
    found = KeyFile()
    for number, line in enumerate(lines[1:], 2):
        _read(found, number, line)
    return found


def _read(found: KeyFile, number: int, line: list[str]) -> None:
    cells = [cell.strip() for cell in line]
    if not any(cells):
        found.empty += 1
    elif len(cells) != 1:
        found.wrong[number] = ngettext(
            "%(num)d colonne au lieu d'une", "%(num)d colonnes au lieu d'une", len(cells)
        )
    elif len(cells[0]) > LONGEST or not cells[0].isprintable():
        found.wrong[number] = _("une clé a %(most)d caractères lisibles au plus", most=LONGEST)
    elif cells[0] in found.keys:
        found.wrong[number] = _("la même clé qu'à la ligne %(n)d", n=found.keys[cells[0]])
    else:
        found.keys[cells[0]] = number


def _known(indexes: list[str]) -> set[str]:
    """Those of these blind indexes that some key of the house has."""
    known: set[str] = set()
    for start in range(0, len(indexes), _TOGETHER):
        some = indexes[start : start + _TOGETHER]
        for model in (PoolKey, ActivationKey):
            known |= set(db.session.scalars(select(model.code_index).where(model.code_index.in_(some))))
    return known


def take_file(pool: KeyPool, content: bytes, *, by: Actor) -> KeyFile:
    """Put every key of a file into the pool, sealed; then the orders that wait for them go on.

    Raises Refused with the lines that are wrong, and takes nothing.
    """
    found = read_file(content)
    ring = keyring()
    indexes = {ring.blind_index(text, "code"): text for text in found.keys}
    lock_pool(pool)
    for index in _known(list(indexes)):
        found.wrong[found.keys[indexes[index]]] = _("cette clé est déjà ici")
    if found.wrong:
        raise Refused(_told(found.wrong), field="file")
    if not found.keys:
        raise Refused(_("Ce fichier n'a pas de clé."), field="file")
    same = {"organisation_id": pool.organisation_id, "org_path": pool.org_path, "created_at": clock.now()}
    same |= {"pool_id": pool.id, "state": PoolState.FREE, "key_uid": ""}
    rows = []
    for index, text in indexes.items():
        uid = new_uid()
        sealed = ring.seal(text, f"{PoolKey.__tablename__}.code:{uid}")
        rows.append({**same, "uid": uid, "code_sealed": sealed, "code_index": index})
    add_rows(db.session.connection(), PoolKey, rows)
    record(pool, "fill", by=by, count=len(rows))
    ask_to_serve(pool)
    return found


def _told(wrong: dict[int, str]) -> str:
    lines = [_("ligne %(n)d : %(why)s", n=number, why=wrong[number]) for number in sorted(wrong)]
    more = len(lines) - _TOLD
    told = " ; ".join(lines[:_TOLD])
    if more > 0:
        told += " ; " + ngettext("et %(num)d autre ligne", "et %(num)d autres lignes", more)
    return _("Rien n'est pris : %(lines)s.", lines=told)
