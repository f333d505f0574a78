"""``flask keys list|rotate|promote|reseal|retire|withdraw``: each may be killed and run again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from botocore.exceptions import ClientError
from flask import current_app
from flask_babel import gettext as _

from portal.crypto.key_file import read_key_file
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, scope
from portal.errors import PortalError, Refused, Unavailable
from portal.i18n import said
from portal.safekeeping import rotation
from portal.safekeeping.key_commands import keys
from portal.safekeeping.known_keys import INDEX, forget_key, index_in_use, note_key, remember_keys
from portal.safekeeping.reindex import change_index
from portal.safekeeping.reseal import documents_by_key, reseal_columns, reseal_documents, values_sealed_with
from portal.safekeeping.rotation import Key, KeyKind, Part

_KIND = click.argument("kind", type=click.Choice([kind.value for kind in KeyKind]))
_PARTS = {Part.WAITING: "attend", Part.IN_USE: "sert", Part.FORMER: "ancienne"}


def _folder() -> Path:
    return Path(current_app.config["DATA_DIR"])


@keys.command("list")
def list_keys() -> None:
    """Every key of the file by kind and name, and what it is for at present."""
    for key in rotation.keys_of(read_key_file(_folder())):
        click.echo(f"{key.kind:8} {key.name:10} {_PARTS[key.part]}")


@keys.command("rotate")
@_KIND
def rotate_key(kind: str) -> None:
    """Add a key of this kind, which nothing uses before « promote »; copy keys.json to the other machines."""
    with _refusals():
        name = rotation.rotate(_folder(), KeyKind(kind))
    message = _("Clé %(name)s ajoutée. Une fois connue partout : « flask keys promote %(kind)s ».")
    click.echo(message % {"name": name, "kind": kind})


@keys.command("promote")
@_KIND
@click.option("--now", is_flag=True, help="a licence key, before clients had time to learn of it")
def promote_key(kind: str, now: bool) -> None:
    """Put the key that waits to use, everywhere on this machine at once."""
    with _refusals(), scope(EVERYTHING):
        wanted = KeyKind(kind)
        name = rotation.waiting(read_key_file(_folder()), wanted)
        if not remember_keys():
            raise Refused(_("keys.json n'est pas celui de cette base : rien n'y serait lisible."))
        if wanted == KeyKind.DATA:
            note_key(f"data:{name}", keyring().check_values()[f"data:{name}"])
            db.session.commit()
        if wanted == KeyKind.INDEX:
            click.echo(_("%(n)d empreintes recalculées.", n=change_index(name)))
        rotation.promote(_folder(), wanted, name, now=now)
    click.echo(_("La clé %(name)s sert.", name=name))


@keys.command("reseal")
def reseal() -> None:
    """Seal all columns and stored files with the data key in use; run again, there is nothing to do."""
    with _refusals(), scope(EVERYTHING):
        values = reseal_columns()
        documents, broken = reseal_documents()
    message = _("%(n)d valeurs et %(m)d fichiers scellés avec %(name)s.")
    click.echo(message % {"n": values, "m": documents, "name": keyring().current})
    for uid in broken:
        click.echo(_("document %(uid)s : illisible, laissé tel quel", uid=uid), err=True)
    if broken:
        raise SystemExit(1)


@keys.command("retire")
@click.argument("name")
@click.option("--now", is_flag=True, help="a cookie key, although forms may still be open")
def retire_key(name: str, now: bool) -> None:
    """Remove a former key for good; refused while anything needs it."""
    with _refusals(), scope(EVERYTHING):
        key = rotation.find_former(read_key_file(_folder()), name)
        _require_unused(key)
        if key.kind == KeyKind.DATA:
            forget_key(f"data:{name}")
            db.session.commit()
        rotation.retire(_folder(), key, now=now)
    message = _("La clé %(name)s est retirée. Les sauvegardes d'avant ont besoin du trousseau d'alors.")
    click.echo(message % {"name": name})


@keys.command("withdraw")
@click.argument("name")
def withdraw_key(name: str) -> None:
    """A licence key that was stolen, once another one is in use: what it signed counts nowhere any more."""
    with _refusals():
        rotation.withdraw(_folder(), name)
    message = _(
        "La clé %(name)s est révoquée : chaque machine reçoit un fichier signé par %(new)s en se signalant."
    )
    click.echo(message % {"name": name, "new": keyring().license_kid})


def _require_unused(key: Key) -> None:
    if key.kind == KeyKind.INDEX and index_in_use() == key.name:
        raise Refused(_("La base utilise encore la clé %(name)s.", name=f"{INDEX}{key.name}"))
    if key.kind != KeyKind.DATA:
        return
    values = values_sealed_with(key.name)
    files = sum(kid == key.name for _uid, kid in documents_by_key())
    if values or files:
        message = _("%(n)d valeurs et %(m)d fichiers dépendent de %(name)s : « flask keys reseal ».")
        raise Refused(message % {"n": values, "m": files, "name": key.name})


@contextmanager
def _refusals() -> Iterator[None]:
    """What is refused ends the command with its sentence."""
    try:
        yield
    except (PortalError, Unavailable, ClientError) as error:
        db.session.rollback()
        message = said(error) if isinstance(error, PortalError) else str(error)
        raise click.ClickException(message) from None
