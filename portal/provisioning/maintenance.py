"""Some hours in which the customer removes backups herself, through a door of its own."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal import clock
from portal.actor import Actor
from portal.backups.anomalies import BackupAnomaly, anomaly_found, holds_erasure
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.provisioning.doors import follow_window
from portal.provisioning.models import HomeState, Maintenance, MaintenanceState, VaultHome


def _open_ones() -> Select[Maintenance]:
    return select(Maintenance).join(Maintenance.home).where(Maintenance.state == MaintenanceState.OPEN)


def open_maintenance(home: VaultHome, *, hours: int, reason: str, by: Actor) -> Maintenance:
    """The customer may forget and prune for some hours, with a secret of its own, shown once.

    Of a server the secret is there at once; of a bucket the worker makes a user and its keys.

    hours: 1 to 72. Raises Refused where the store has no such door, or one is open already.
    """
    if home.store is None or not home.store.has_maintenance:
        raise Refused(_("Ce magasin n'a pas d'accès de maintenance."), field="hours")
    if home.vault is not None and holds_erasure(home.vault):
        raise Refused(_("Une sauvegarde anormale n'a pas encore été regardée."), field="hours")
    if home.state != HomeState.OPEN:
        raise Refused(_("Ce coffre n'est pas ouvert aux sauvegardes."), field="hours")
    if db.session.scalar(_open_ones().where(Maintenance.home_id == home.id)) is not None:
        raise Refused(_("Un accès de maintenance est déjà ouvert."), field="hours")
    row = Maintenance(
        organisation=home.customer.organisation,
        home_id=home.id,
        state=MaintenanceState.OPEN,
        reason=reason,
        until=clock.now() + timedelta(hours=hours),
        opened_by=by.label[:200],
    )
    if not home.store.makes_users:
        row.give_secret()
    db.session.add(row)
    db.session.flush()
    assert home.vault is not None
    record(home.vault, "open_maintenance", by=by, hours=hours, reason=reason)
    follow_window(row)
    return row


def show_keys(row: Maintenance, *, by: Actor) -> None:
    """Once. Raises Refused for keys that are not made yet, were shown, or belong to what is closed."""
    if not row.is_open:
        raise Refused(_("L'accès de maintenance est fermé."))
    if row.secret_sealed is None:
        raise Refused(_("Les clés de cet accès se préparent encore."))
    if row.shown_at is not None:
        raise Refused(_("Ces clés ont déjà été montrées : fermez cet accès, puis ouvrez-en un autre."))
    row.shown_at = clock.now()
    assert row.home.vault is not None
    record(row.home.vault, "show_maintenance", by=by)


def close_maintenance(row: Maintenance, *, by: Actor) -> None:
    row.close(by=by)
    assert row.home.vault is not None
    record(row.home.vault, "close_maintenance", by=by)
    follow_window(row)


def close_windows(home: VaultHome, *, by: Actor) -> None:
    """Of a vault that takes no backups any more, or is on its way elsewhere."""
    for row in db.session.scalars(_open_ones().where(Maintenance.home_id == home.id)):
        close_maintenance(row, by=by)


def close_what_is_over() -> None:
    for row in db.session.scalars(_open_ones().where(Maintenance.until <= clock.now())):
        close_maintenance(row, by=SYSTEM)


@anomaly_found.connect
def hold_forgetting(anomaly: BackupAnomaly) -> None:
    """What was kept before may be the only good copy: nobody forgets it meanwhile."""
    subscription = anomaly.machine.subscription
    if subscription is not None:
        for row in db.session.scalars(_open_ones().where(VaultHome.subscription_id == subscription.id)):
            close_maintenance(row, by=SYSTEM)
