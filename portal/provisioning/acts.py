"""A vault is born, opened and closed to its machines; the doors of its store follow."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.catalogue.hosting import promised_state
from portal.crypto.secrets import keyring
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, new_uid, scope
from portal.engine.models import Vault, mail_contact, register_vault
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.mail import link, queue_mail
from portal.provisioning.doors import follow_doors
from portal.provisioning.maintenance import close_windows
from portal.provisioning.models import HomeState, StoreKind, VaultHome, VaultStore
from portal.provisioning.rules import outlives_contract, quota_gb
from portal.subscriptions.machine_keys import key_for_machines
from portal.subscriptions.models import Subscription, order_delivered, subscription_moved

H = HomeState
_ERASED_AFTER = ("erasure.grace_days", "erasure.provider_grace_days", "erasure.business_days")


def has_storage(subscription: Subscription) -> bool:
    """Was room in a vault sold? Then volume is priced, contracted or included."""
    product = subscription.product
    bought = (subscription.volume_gb, subscription.gb_month_cents, product.included_gb)
    return any(value is not None for value in bought)


def kept_days(subscription: Subscription) -> int | None:
    """Days between the end of the contract and the day on which its data are erased, the fewest it names.

    Business days count as days: a store that holds longer than these is too long in any case. With the
    restitution: none. Source: 001-46, 001-48, 002-23, 003-24, 004-32.
    """
    terms = subscription.present_terms
    if terms.find("erasure.at") is not None:
        return 0
    found = [terms.find(name) for name in _ERASED_AFTER]
    return min((int(each.value) for each in found if each is not None), default=None)


def objection(store: VaultStore, subscription: Subscription) -> str:
    """Why this contract's data may not lie in this store; "" where nothing speaks against it."""
    promised = promised_state(subscription.product)
    if promised is not None and promised.value != store.state:
        return _("Le contrat garde les données dans un autre État (%(clause)s).", clause=promised.clause)
    if subscription.health_data and not store.for_health_data:
        return _("Ce magasin n'héberge pas de données de santé.")
    days = kept_days(subscription)
    if outlives_contract(store.immutable_days, days):
        return _(
            "Ce magasin retient %(held)d jours ce que le contrat fait effacer après %(kept)d.",
            held=store.immutable_days,
            kept=days,
        )
    return ""


def open_stores() -> list[VaultStore]:
    """Those that take new vaults, the one described first in front."""
    with scope(EVERYTHING):
        return list(db.session.scalars(select(VaultStore).where(VaultStore.is_open).order_by(VaultStore.id)))


@order_delivered.connect
def provision_order(_order: Any, subscription: Subscription) -> None:
    """Where the provider has described a store, a delivered subscription with storage gets its vault."""
    db.session.flush()  # product and number of the subscription
    stores = open_stores()
    if stores and has_storage(subscription):
        fits = [store for store in stores if not objection(store, subscription)]
        home = new_home(subscription)
        if fits:
            choose_store(home, fits[0], by=SYSTEM)


def new_home(subscription: Subscription) -> VaultHome:
    """It waits for a store. Raises Refused where the subscription has one already."""
    known = select(VaultHome.id).where(VaultHome.subscription_id == subscription.id)
    if db.session.scalar(known) is not None:
        raise Refused(_("Cet abonnement a déjà son coffre."), field="store")
    customer = subscription.customer
    home = VaultHome(
        organisation=customer.organisation,
        customer_id=customer.id,
        subscription_id=subscription.id,
        state=H.WAITING,
        user=f"v{new_uid()}",
        quota_gb=quota_gb(subscription.volume_gb, subscription.product.included_gb, subscription.quantity),
    )
    home.subscription = subscription
    db.session.add(home)
    db.session.flush()
    return home


def choose_store(home: VaultHome, store: VaultStore, *, by: Actor) -> None:
    """The vault is made there by the worker; a bucket whose host makes no users first needs keys, typed."""
    if reason := objection(store, home.subscription):
        raise Refused(reason, field="store")
    home.store_id, home.store = store.id, store
    if store.kind != StoreKind.S3 or store.makes_users:
        _begin(home, by=by)


def _begin(home: VaultHome, *, by: Actor) -> None:
    home.take("choose", by=by)
    jobs.enqueue("vaults.provision", home.uid, home.customer.organisation)


def type_keys(home: VaultHome, access_key: str, secret: str, *, by: Actor) -> None:
    """The keys of the bucket's user, made in the store's own console.

    Raises Refused for a key that opens another vault too: who holds it would read and delete in both; and
    where the portal makes the keys.
    """
    if home.store is not None and home.store.makes_users:
        raise Refused(_("Le portail fait lui-même les clés de ce magasin."), field="access_key")
    index = keyring().blind_index(access_key, "access_key")
    with scope(EVERYTHING):
        same = select(VaultHome.id).where(VaultHome.access_key_index == index, VaultHome.id != home.id)
        if db.session.scalar(same) is not None:
            raise Refused(
                _("Cette clé ouvre déjà un autre coffre : créez un utilisateur par coffre."),
                field="access_key",
            )
    home.take_keys(access_key, secret, by=by)
    if home.can("choose"):
        _begin(home, by=by)


def settle_birth(home: VaultHome) -> Vault:
    """The place is made: its vault has a page, and who looks after the machines is told."""
    assert home.store is not None
    vault = register_vault(
        home.customer,
        name=home.subscription.product_name[:80],
        location=home.store.place_of(home.user),
        subscription_uid=home.subscription.uid,
    )
    vault.awaits_first = True
    db.session.flush()
    record(vault, "provision", by=SYSTEM)
    key_for_machines(home.subscription, by=SYSTEM)
    home.vault_id, home.vault = vault.id, vault
    home.take("open", by=SYSTEM)
    tell(home, "provisioning/mail_born.txt", ContactRole.TECHNICAL)
    return vault


def tell(home: VaultHome, template: str, role: ContactRole, **told: Any) -> None:
    customer = home.customer
    assert home.vault is not None
    queue_mail(
        mail_contact(customer, role),
        template,
        about=home.vault,
        owner=customer.organisation,
        language=customer.language,
        home=home,
        vault=home.vault,
        set_up=link(f"/vaults/{home.vault.uid}/set-up"),
        page=link(f"/vaults/{home.vault.uid}"),
        **told,
    )


def rotate(home: VaultHome, *, leaked: bool, by: Actor) -> None:
    """New credentials; those before open nothing any more as soon as the store has its file.

    leaked: somebody else may have them. The customer's incident contact is told as well.
    Raises Refused for a bucket whose keys are made in its own console.
    """
    what = "access_leaked" if leaked else "new_access"
    if home.store is not None and home.store.makes_users:
        home.drop_keys()
        record(home.vault or home.subscription, what, by=by)
    elif home.is_bucket:
        raise Refused(_("Les clés d'un seau se renouvellent chez son hébergeur, puis se saisissent ici."))
    else:
        home.new_secret(what, by=by)
    follow_doors(home)
    if leaked and home.vault is not None:
        tell(home, "provisioning/mail_leaked.txt", ContactRole.INCIDENT)


def follow_contract(home: VaultHome) -> None:
    """Open or closed to new backups, as the contract stands today. Data and restorations are not touched.

    Source: 003-15, 003-11.
    """
    row = home.subscription
    if home.takes_backups:
        step = "resume" if home.state in (H.PAUSED, H.CLOSED) else ""
    elif row.ends_on is not None and row.ends_on <= clock.today():
        step = "close"
    else:
        step = "pause_to_move" if home.is_moving else "pause"
    if step and home.can(step):
        home.take(step, by=SYSTEM)
        if not home.takes_backups:
            close_windows(home, by=SYSTEM)
        follow_doors(home)


@subscription_moved.connect
def follow_subscription(subscription: Subscription) -> None:
    db.session.flush()
    query = select(VaultHome).where(VaultHome.subscription_id == subscription.id)
    for home in db.session.scalars(query):
        follow_contract(home)
