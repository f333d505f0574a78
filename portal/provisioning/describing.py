"""Describing a store: what an operator types is checked before a vault can be made there."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from portal.actor import Actor
from portal.db import db
from portal.engine.doors import door_to
from portal.engine.errors import EngineError
from portal.engine.installed import vault_doors
from portal.errors import Refused
from portal.journal import record
from portal.provisioning.models import StoreKind, VaultHome, VaultStore


@dataclass
class Description:
    """A store as typed; see :class:`portal.provisioning.models.VaultStore`."""

    name: str
    kind: StoreKind
    door: str
    inner: str
    maintenance_door: str
    users_door: str
    operator: str
    place: str
    state: str
    immutable_days: int | None
    for_health_data: bool
    is_open: bool


def describe_store(told: Description, organisation: Any, *, by: Actor) -> VaultStore:
    """Raises Refused beside the field that cannot be so."""
    _check(told, None)
    store = VaultStore(organisation=organisation, **asdict(told))
    db.session.add(store)
    db.session.flush()
    record(store, "describe", by=by)
    return store


def describe_again(store: VaultStore, told: Description, *, by: Actor) -> None:
    """Its place stays as long as vaults lie there. Raises Refused."""
    _check(told, store)
    moved = [name for name in ("kind", "inner", "door") if getattr(told, name) != getattr(store, name)]
    used = select(VaultHome.id).where(VaultHome.store_id == store.id)
    if moved and db.session.scalars(used).first() is not None:
        raise Refused(_("Des coffres s'y trouvent : décrivez un autre magasin."), field=moved[0])
    for name, value in asdict(told).items():
        setattr(store, name, value)
    record(store, "describe_again", by=by)


def _check(told: Description, store: VaultStore | None) -> None:
    same = select(VaultStore.id).where(VaultStore.name == told.name)
    if store is not None:
        same = same.where(VaultStore.id != store.id)
    if db.session.scalars(same).first() is not None:
        raise Refused(_("Un magasin porte déjà ce nom."), field="name")
    if told.kind != StoreKind.S3:
        told.users_door = ""
    elif told.users_door:
        told.users_door = _web(told.users_door, "users_door")
        _known(f"s3:{told.users_door}/iam", "users_door")
    if told.kind == StoreKind.LOCAL:
        told.inner = _folder(told.inner, "inner")
        told.door, told.maintenance_door = told.door or told.inner, ""
        return
    told.door = _web(told.door, "door")
    if told.kind == StoreKind.S3:
        if not urlsplit(told.door).path.strip("/") and not told.users_door:
            raise Refused(_("Ajoutez le nom du seau : https://serveur/seau."), field="door")
        told.inner, told.maintenance_door = f"s3:{told.door}", ""
        _known(f"{told.inner}/any", "door")
        return
    told.inner = _folder(told.inner, "inner") if told.inner.startswith("/") else _known(told.inner, "inner")
    if told.maintenance_door:
        told.maintenance_door = _web(told.maintenance_door, "maintenance_door")
        if told.maintenance_door == told.door:
            raise Refused(
                _("L'accès de maintenance est un autre serveur : le premier n'efface rien."),
                field="maintenance_door",
            )


def _folder(typed: str, field: str) -> str:
    root = Path(current_app.config["VAULTS_DIR"]).resolve()
    place = Path(typed).resolve()
    if not typed.startswith("/") or not place.is_relative_to(root) or place == root:
        raise Refused(_("Indiquez un dossier sous %(root)s.", root=str(root)), field=field)
    return str(place)


def _web(typed: str, field: str) -> str:
    """An address for machines, without credentials: https, or a server that VAULT_HOSTS allows without."""
    address = typed.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        raise Refused(_("Écrivez une adresse https:// sans identifiants."), field=field)
    if parts.scheme == "http":
        _known(f"rest:{address}/", field)
    return address


def _known(location: str, field: str) -> str:
    """A server of VAULT_HOSTS: nothing is sent to any other."""
    try:
        door = door_to(location, vault_doors())
    except EngineError:
        raise Refused(_("Écrivez un dossier absolu, ou une adresse rest:."), field=field) from None
    if door is None:
        raise Refused(
            _("Ce serveur n'est pas un serveur de coffres de ce portail (réglage VAULT_HOSTS)."), field=field
        )
    return location.rstrip("/")
