"""Taking in what was judged: one customer with all that is hers at a time, each row of the file once."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import jobs
from portal.actor import Actor
from portal.billing.carried import BalanceKind, BalanceState, CarriedBalance
from portal.customers.models import Customer, Means, TermsProof, onboard
from portal.db import db, new_uid
from portal.engine.models import register_vault
from portal.errors import Refused
from portal.journal import record
from portal.licensing.models import ActivationKey
from portal.moving.checking import (
    Accepting,
    Balance,
    File,
    Key,
    Place,
    Running,
    World,
    content_of_row,
    customer_of,
    series_of_row,
)
from portal.moving.models import Moving, MovingRow, of_row
from portal.moving.reading import Row
from portal.resellers.billers import bill_by
from portal.resellers.models import LegalEntity
from portal.sepa.mandates.importing import Line, write_lines
from portal.sepa.models import Mandate
from portal.sepa.models.entity import take_over_series
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.models import Subscription, SubscriptionState


def take_customer(moving: Moving, row: Row, rows: list[Row], world: World, *, by: Actor) -> None:
    """Write one customer of the file in the present transaction; a row that was taken in stays as it is.

    Nobody is written to. Raises Refused when the portal has changed since the workbook was judged.
    """
    if _is_taken(moving, row):
        return
    file, faults = customer_of(row, world)
    if file is None:
        raise _refused(row, faults)
    for each in rows:
        content, faults = content_of_row(each, file, world)
        if content is None:
            raise _refused(each, faults)
        file.made.append((each, content))
    _write(moving, file, by)


def _is_taken(moving: Moving, row: Row) -> bool:
    own = MovingRow.moving_id == moving.id, MovingRow.sheet == row.sheet, MovingRow.row == row.number
    return db.session.scalar(select(MovingRow.id).where(*own)) is not None


def _refused(row: Row, faults: list[str]) -> Refused:
    return Refused(
        _("Ligne %(n)d de « %(sheet)s » : %(faults)s", n=row.number, sheet=row.sheet, faults=faults[0])
    )


def _write(moving: Moving, file: File, by: Actor) -> None:
    customer = onboard(file.reseller, contacts=file.contacts, by=by, **file.values)
    record(customer, "move_in", by=by, reference=file.row["reference"], row=file.row.number)
    db.session.add(of_row(moving, "customers", file.row.number, customer))
    if file.mode is not None:
        bill_by(customer.organisation, file.reseller, file.mode, by=by)
    writer = _Writer(moving, customer, file.entity, by)
    for row, content in file.made:
        subject = writer.write(content)
        if subject is not None:
            db.session.add(of_row(moving, row.sheet, row.number, subject))
    db.session.flush()
    for subscription in writer.subscriptions:
        keep_term(subscription)


class _Writer:
    """What the other sheets say of one customer; keys belong to her subscription of their product."""

    def __init__(self, moving: Moving, customer: Customer, entity: LegalEntity | None, by: Actor) -> None:
        self.moving, self.customer, self.entity, self.by = moving, customer, entity, by
        self.subscriptions: list[Subscription] = []

    def write(self, content: Any) -> Any:
        match content:
            case Accepting():
                proof = TermsProof(Means.TAKEN_OVER, None, content.signer, content.signed_on)
                self.customer.accept(content.stack, by=self.by, address="", proof=proof)
                return self.customer
            case Running():
                return self._subscription(content)
            case Key():
                return self._key(content)
            case Line():
                content.customer = self.customer
                write_lines([content], source=self.moving.sha256, by=self.by)
                query = select(Mandate).where(Mandate.rum == content.values["rum"])
                return db.session.scalars(query.where(Mandate.customer_id == self.customer.id)).one()
            case Place():
                return self._vault(content)
            case Balance():
                return self._balance(content)
        raise TypeError(content)

    def _subscription(self, content: Running) -> Subscription:
        if self.entity is None:
            raise Refused(_("Aucune société n'émet pour ce client."))
        product = content.product
        subscription = Subscription(
            organisation=self.customer.organisation,
            customer_id=self.customer.id,
            product_id=product.id,
            legal_entity_id=self.entity.id,
            order_uid=new_uid(),  # of no order here: keys and subscription share it all the same
            started_on=content.started_on,
            billed_before=content.billed_before,
            state=SubscriptionState.ACTIVE,
            product_name=product.name,
            plan=product.plan,
            terms_stack=product.terms_stack,
            terms_versions=content.stack.versions,
            billing_months=product.billing_months,
            quantity=content.quantity,
            unit_cents=content.unit_cents,
            includes_vat=product.price_includes_vat,
            vat_basis_points=product.vat_basis_points,
            method=content.method,
            gb_month_cents=product.gb_month_cents,
            volume_gb=content.volume_gb,
            health_data=product.for_health_data,
        )
        db.session.add(subscription)
        self.subscriptions.append(subscription)
        return subscription

    def _key(self, content: Key) -> ActivationKey:
        own = [each for each in self.subscriptions if each.product_id == content.product.id]
        key = ActivationKey(
            organisation=self.customer.organisation,
            customer_id=self.customer.id,
            source_uid=own[0].order_uid if own else new_uid(),
            product=content.product.name,
            seats=content.seats,
            seats_used=content.seats_used,
            valid_through=content.valid_through,
        )
        key.code = content.code
        db.session.add(key)
        return key

    def _vault(self, content: Place) -> Any:
        own = self.subscriptions[0].uid if self.subscriptions else ""
        vault = register_vault(
            self.customer, name=content.name, location=content.location, subscription_uid=own
        )
        db.session.flush()
        record(vault, "attach", by=self.by)
        jobs.enqueue("vault.measure", f"{vault.uid}:attached", self.customer.organisation)
        return vault

    def _balance(self, content: Balance) -> CarriedBalance:
        balance = CarriedBalance(
            organisation=self.customer.organisation,
            customer_id=self.customer.id,
            kind=BalanceKind.CREDIT if content.is_credit else BalanceKind.INVOICE,
            state=BalanceState.OWED,
            number=content.number,
            issued_on=content.issued_on,
            due_on=content.due_on,
            net_cents=content.net_cents,
            vat_cents=content.vat_cents,
            gross_cents=content.gross_cents,
        )
        db.session.add(balance)
        return balance


def take_series(moving: Moving, row: Row, world: World, *, by: Actor) -> None:
    """The next number here follows the last one of the former system."""
    if _is_taken(moving, row):
        return
    said = series_of_row(row, world)
    before = take_over_series(said.entity, said.prefix, said.year, said.last, by=by)
    made = of_row(moving, "series", row.number, said.entity)
    made.series = {"prefix": said.prefix, "year": said.year, "taken": said.last, "before": before}
    db.session.add(made)
    db.session.flush()
