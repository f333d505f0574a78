"""What the holder of a key downloads: the installers of what she bought, and the copy that she may keep."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.catalogue.installers import Installer, installers_of
from portal.catalogue.models import Product
from portal.db import db
from portal.licensing.models import ActivationKey
from portal.licensing.rules import seats_for
from portal.subscriptions.models import Subscription
from portal.subscriptions.supported import Supported, supported_by
from portal.terms.values import Value


@dataclass(frozen=True)
class Downloads:
    """archive: what the contract says of copies that are kept and never activated; None: nothing."""

    installers: list[Installer]
    setup: str
    archive_copies: int
    archive: Value | None
    supported: Supported | None = None


def downloads_of(key: ActivationKey, language: str) -> Downloads:
    """Whatever the seats: an installed copy takes one only when it is activated.

    Source: 000-15, 000-19, 000-58.
    """
    query = select(Subscription).where(
        Subscription.order_uid == key.source_uid, Subscription.customer_id == key.customer_id
    )
    subscription = db.session.scalars(query).first()
    archive = subscription.present_terms.find("seats.archive_copies") if subscription is not None else None
    named = select(Product).where(Product.name == key.product).order_by(Product.id)
    product = subscription.product if subscription is not None else db.session.scalars(named).first()
    copies = seats_for(key.seats, archive.value).archive if archive is not None else 0
    if product is None or key.revoked_at is not None:
        return Downloads([], "", copies, archive)
    said = supported_by(subscription.present_terms) if subscription is not None else None
    setup = product.setup_en if language == "en" and product.setup_en else product.setup_fr
    return Downloads(installers_of(product), setup, copies, archive, said)
