"""The drill: the newest backup is restored to a place that is thrown away, and read with the present keys."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask_babel import gettext as _
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text

from portal import clock
from portal.crypto.sealed_file import open_sealed
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING
from portal.engine.port import Snapshot
from portal.errors import PortalError
from portal.i18n import said
from portal.licensing.license_file import verify
from portal.safekeeping import inventory as lists
from portal.safekeeping.backup import DOCUMENTS
from portal.safekeeping.database import FILES, load_database, read_through, whole_url
from portal.safekeeping.inventory import Inventory, kept_file
from portal.safekeeping.models import Rehearsal, SafetyRun
from portal.safekeeping.place import Place
from portal.safekeeping.restore import database_differences
from portal.safekeeping.sealed_columns import sealed_columns
from portal.safekeeping.staging import alone

Tell = Callable[[], object]
_LARGEST = 64 << 20  # bytes of a document that is opened


def drill(place: Place, tell: Tell = lambda: None) -> SafetyRun:
    """Restore the newest backup, and say what differs or cannot be read; the row is not saved yet."""
    began = clock.machine_ms()
    copy = place.copy_named("")
    with alone() as folder:
        room = folder / "drill"
        shutil.rmtree(room, ignore_errors=True)  # of one that was killed
        room.mkdir(mode=0o700)
        try:
            held = Inventory.read(place.bring_file(copy, lists.NAME, room / lists.NAME))
            checked, faults = _try(place, copy, held, room, tell)
        finally:
            shutil.rmtree(room, ignore_errors=True)
    return SafetyRun(
        kind=Rehearsal.DRILL,
        is_good=not faults,
        seconds=(clock.machine_ms() - began) // 1000,
        snapshot=copy.id,
        snapshot_at=datetime.fromisoformat(held.taken_at),
        rows=held.rows,
        documents=len(held.documents),
        said=" ; ".join(faults[:20] or checked),
    )


def _try(
    place: Place, copy: Snapshot, held: Inventory, room: Path, tell: Tell
) -> tuple[list[str], list[str]]:
    """What was checked, and what is wrong."""
    faults = [*lists.lost_documents(held), *_listed(place.sizes(copy), held)]
    source = place.bring_file(copy, FILES[held.engine], room / FILES[held.engine])
    tell()
    if kept_file(source) != held.database:
        return [], [*faults, _("le fichier de la base n'est pas celui de l'inventaire")]
    with _thrown_away(source, held, room, place) as url:
        if url is None:
            read_through(source)
            return [_("archive lue en entier, sans base d'essai : ce rôle n'en crée pas")], faults
        tell()
        faults += database_differences(held, url)
        with create_engine(url, poolclass=NullPool).connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("select set_config('app.scope', :all, false)"), {"all": EVERYTHING})
            checked = [_("%(n)d lignes comparées", n=held.rows)]
            for part in (_sealed_values, _license_files, partial(_one_document, place, copy, held, room)):
                done, wrong = part(connection)
                checked, faults = [*checked, done], faults + wrong
    return checked, faults


def _listed(sizes: dict[str, int], held: Inventory) -> Iterator[str]:
    """Is each document of the inventory there, with its size?"""
    for key, kept in sorted(held.documents.items()):
        if (size := sizes.get(f"{DOCUMENTS}/{key[:2]}/{key}")) is None:
            yield _("document %(key)s : absent", key=key)
        elif size != kept.size:
            yield _("document %(key)s : contenu différent", key=key)


@contextmanager
def _thrown_away(source: Path, held: Inventory, room: Path, place: Place) -> Iterator[URL | None]:
    """The address of a database made from ``source``; None where the role may not create one."""
    if held.engine == "sqlite":
        url = make_url(f"sqlite:///{room / 'drill.db'}")
        load_database(source, url, place.cancel)
        yield url
        return
    own = whole_url()
    name = f"drill_{own.database}"[:63]  # the same each time: one that was killed is dropped by the next
    server = create_engine(own, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        if not connection.scalar(text("select rolcreatedb from pg_roles where rolname = current_user")):
            yield None
            return
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    try:
        load_database(source, own.set(database=name), place.cancel)
        yield own.set(database=name)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))


def _sealed_values(connection: Connection) -> tuple[str, list[str]]:
    """The newest value of every sealed column is opened."""
    opened, wrong = 0, []
    for column in sealed_columns():
        row = connection.execute(column.newest()).first()
        if row is None:
            continue
        try:
            keyring().open(row.sealed, column.context(row.uid))
            opened += 1
        except InvalidTag:
            wrong.append(_("%(column)s : ne s'ouvre pas avec ce trousseau", column=column.name))
    return _("%(n)d valeurs scellées ouvertes", n=opened), wrong


def _license_files(connection: Connection) -> tuple[str, list[str]]:
    """The newest licence file is verified as a client would."""
    file = connection.scalar(text("select license_file from activation order by id desc limit 1"))
    if file is None:
        return _("aucune licence à vérifier"), []
    public = keyring().license_public_keys.items()
    keys = {kid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for kid, key in public}
    try:
        verify(file.encode(), keys)
    except PortalError as error:
        return "", [said(error)]
    return _("signature d'une licence vérifiée"), []


def _one_document(
    place: Place, copy: Snapshot, held: Inventory, room: Path, connection: Connection
) -> tuple[str, list[str]]:
    """The newest document of a bearable size is brought back, decrypted and compared."""
    query = "select storage_key, size_bytes, sha256 from document where is_sealed and not erased"
    for row in connection.execute(text(f"{query} order by id desc")):
        if row.storage_key in held.documents and row.size_bytes <= _LARGEST:
            break
    else:
        return _("aucun document à ouvrir"), []
    key = row.storage_key
    path = place.bring_file(copy, f"{DOCUMENTS}/{key[:2]}/{key}", room / "document")
    try:
        with open_sealed(
            partial(_opened_at, path), row.size_bytes, partial(keyring().file_key, context=key)
        ) as content:
            same = hashlib.sha256(content.read()).hexdigest() == row.sha256
    except OSError:
        same = False
    if not same:
        return "", [_("document %(key)s : ne se relit pas avec ce trousseau", key=key)]
    return _("un document relu"), []


def _opened_at(path: Path, start: int) -> BinaryIO:
    source = path.open("rb")
    source.seek(start)
    return source
