"""Usage above the contract (écarts d'usage): noted once a period; a person decides whether it is billed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, cast, func, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock, jobs
from portal.actor import Actor
from portal.backups.models import Machine
from portal.backups.usage import SEEN_DAYS
from portal.billing.questions import Question, run_questions
from portal.billing.rules import BYTES_PER_GB, GridStep, revised_price_cents
from portal.changes.acts import change_agreed
from portal.db import Tenant, db
from portal.deadlines import add_months
from portal.engine.models import Vault
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.licensing.models import Activation, ActivationKey
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step
from portal.subscriptions.changes import SubscriptionChange, billed_period
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.periods import period_label
from portal.terms.answered import Answered, answered
from portal.terms.values import Value
from portal.wording import N_, Cents, Sentence

MOST = 2**31 - 1


class GapKind(StrEnum):
    VOLUME = "volume"  # GB
    SEATS = "seats"
    MEASURE = "measure"  # days of a month on demand on which a vault was not measured
    EDITION = "edition"  # machines outside the limits of their edition, see editions.py
    UNUSUAL = "unusual"  # GB of a running month on demand, far beyond the usual: see interim.py


class GapState(StrEnum):
    OPEN = "gap_open"
    BILLED = "gap_billed"
    DISMISSED = "gap_dismissed"


class UsageGap(Tenant, Stateful, db.Model):
    """A subscription uses more than was ordered, in one of its billing periods (001-17)."""

    __tablename__ = "usage_gap"
    __table_args__ = (
        UniqueConstraint("subscription_id", "kind", "period_on"),
        Index("ix_usage_gap_state", "state", "id"),  # the undecided ones first
    )

    steps = {
        "bill": step(GapState.OPEN, to=GapState.BILLED),
        "dismiss": step(GapState.OPEN, to=GapState.DISMISSED),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[GapKind]
    period_on: Mapped[date]  # first day of the billing period
    contracted: Mapped[int]  # GB, seats, or days to measure
    used: Mapped[int]  # the most that was seen while nobody had decided; of days, those that were measured
    # What the price list adds, or the missing days at the mean of the measured ones; None: no price.
    extra_cents: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[GapState] = mapped_column(default=GapState.OPEN)
    note: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(200), default="")
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    subscription: Mapped[Subscription] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def period_ends_on(self) -> date:
        if self.kind in (GapKind.MEASURE, GapKind.UNUSUAL):
            return add_months(self.period_on, 1)
        subscription = self.subscription
        return billed_period(subscription, self.period_on).ends_on

    @property
    def clause(self) -> Value | None:
        return _clause(self.subscription, self.kind)

    @property
    def difference(self) -> Answered | None:
        """The difference in cents, with its clause and how the price list gives it."""
        clause = self.clause
        return answered("usage_above", self.extra_cents, clause, working=self._working()) if clause else None

    def _working(self) -> Sentence | None:
        if self.state != GapState.OPEN:
            return None  # the price list may have changed since
        if self.kind == GapKind.MEASURE:
            return Sentence(
                N_("%(missing)d jours sans mesure, comptés à la moyenne des %(used)d mesurés."),
                {"missing": self.contracted - self.used, "used": self.used},
            )
        if self.kind == GapKind.UNUSUAL:
            return Sentence(
                N_("%(used)d Go déjà, pour %(usual)d Go par mois d'habitude, au prix du Go par mois."),
                {"used": self.used, "usual": self.contracted},
            )
        if not self.extra_cents:
            return Sentence(
                N_("Le contrat ne donne pas de prix pour cet usage : il est à revoir avec le client."), {}
            )
        subscription = self.subscription
        if self.kind == GapKind.SEATS:
            more = {"n": self.used - self.contracted}
            return Sentence(N_("Prix public d'un poste, pour %(n)d postes de plus."), more)
        price = subscription.unit_cents * subscription.quantity
        return Sentence(
            N_("Grille publique pour %(used)d Go : %(grid)s, moins %(price)s du contrat."),
            {"used": self.used, "grid": Cents(price + self.extra_cents), "price": Cents(price)},
        )

    def see(self, used: int) -> None:
        """A later look found more, or the price list has changed; what was decided stays."""
        if self.state == GapState.OPEN:
            self.used = max(used, self.used)
            self.extra_cents = _extra_cents(self.subscription, self.kind, self.used)

    def bill(self, *, by: Actor) -> None:
        """Owe the difference with the next invoice. Raises Refused when the contract gives no price."""
        if not self.extra_cents:
            raise Refused(_("Aucun prix n'est prévu pour cet écart : il se règle par un avenant."))
        self._take("bill", by=by, extra_cents=self.extra_cents)
        self.decided_by, self.decided_at = by.label, clock.now()
        if self.kind in (GapKind.MEASURE, GapKind.UNUSUAL):
            return  # the month is owed as a whole, with the next run; an interim invoice is issued beside
        subscription = self.subscription
        with force_locale(subscription.customer.language):
            what = period_label(subscription.product_name, self.period_on, self.period_ends_on)
            words = {"what": what, "used": self.used, "contracted": self.contracted}
            label = (
                _("Volume au-delà du contrat, %(what)s : %(used)d Go pour %(contracted)d Go prévus", **words)
                if self.kind == GapKind.VOLUME
                else _("Postes au-delà du contrat, %(what)s : %(used)d au lieu de %(contracted)d", **words)
            )
        subscription.owe(
            origin=f"usage-gap:{self.uid}",
            label=label,
            clause=self.clause.clause if self.clause else "",
            unit_cents=self.extra_cents,
        )

    def dismiss(self, note: str, *, by: Actor) -> None:
        self._take("dismiss", by=by, reason=note[:300])
        self.note, self.decided_by, self.decided_at = note, by.label, clock.now()


def gaps_of(subscription: Subscription) -> list[UsageGap]:
    """The newest first."""
    query = select(UsageGap).where(UsageGap.subscription_id == subscription.id)
    return list(db.session.scalars(query.order_by(UsageGap.id.desc())))


@change_agreed.connect
def settle_gaps(change: SubscriptionChange, *, subscription: Subscription, **_more: Any) -> None:
    """What has been used above the contract is now agreed on: nobody has to decide about it any more.

    Source: 001-17, 004-36.
    """
    allowed: dict[GapKind, int] = {
        GapKind.VOLUME: change.after["volume_gb"] or 0,
        GapKind.SEATS: change.after["quantity"],
    }
    if change.before["product"] != change.after["product"]:
        allowed[GapKind.EDITION] = MOST
    for gap in gaps_of(subscription):
        if gap.state == GapState.OPEN and gap.used <= allowed.get(gap.kind, -1):
            gap.dismiss(_("Réglé par un changement du contrat."), by=SYSTEM)


@run_questions.connect
def undecided(_sender: Any, *, entity: LegalEntity, until: date) -> list[Question]:
    """Gaps of periods that a run up to a day would bill."""
    query = (
        select(UsageGap)
        .join(Subscription, Subscription.id == UsageGap.subscription_id)
        .where(
            UsageGap.state == GapState.OPEN,
            UsageGap.kind != GapKind.UNUSUAL,  # the month bills it anyway
            UsageGap.period_on <= until,
            Subscription.legal_entity_id == entity.id,
        )
        .options(joinedload(UsageGap.subscription))
    )
    return [
        Question(gap.subscription.customer_id, gap.kind.value, f"/usage-gaps/{gap.uid}")
        for gap in db.session.scalars(query.order_by(UsageGap.id))
    ]


def _clause(subscription: Subscription, kind: GapKind) -> Value | None:
    """What the contract says of more usage; else where it says how much was ordered."""
    terms = subscription.present_terms
    if kind == GapKind.EDITION:
        return terms.find("edition.workstation.users")
    if kind == GapKind.MEASURE:
        return terms.find("billing.usage_due")
    if kind == GapKind.UNUSUAL:
        return terms.find("billing.intermediate_invoice")
    if overuse := terms.find("price.overuse"):
        return overuse
    fields = terms.find("order.fields")
    if kind == GapKind.VOLUME and fields is not None and "volume" in fields.value:
        return fields
    return terms.find("seats.archive_copies") or terms.find("seats.unit")


def _extra_cents(subscription: Subscription, kind: GapKind, used: int) -> int | None:
    """The public price list's difference for one period, or None where no price is agreed.

    Source: 001-17.
    """
    overuse = subscription.present_terms.find("price.overuse")
    if overuse is None or overuse.value != "public_grid" or kind == GapKind.EDITION:
        return None
    product = subscription.product
    if kind == GapKind.SEATS:
        return (used - subscription.quantity) * product.price_on(clock.today())
    price = subscription.unit_cents * subscription.quantity
    grid = [GridStep(row.up_to_gb, row.cents) for row in product.volume_prices]
    try:
        return revised_price_cents(subscription.volume_gb or 0, used, price, grid) - price
    except Refused:  # the list does not go that far: somebody has to talk to the customer
        return None


@jobs.periodic("usage.compare", jobs.daily)
def compare_usage() -> None:
    """Note every running subscription that stores or installs more than was ordered (001-17, 000-58)."""
    found = {GapKind.VOLUME: _over_volume(), GapKind.SEATS: _over_seats()}
    for kind, rows in found.items():
        for subscription, used in rows:
            note_gap(subscription, kind, used)


def note_gap(subscription: Subscription, kind: GapKind, used: int) -> UsageGap:
    """One row for a billing period, whatever is seen in it."""
    starts_on = billed_period(subscription, clock.today()).starts_on
    query = select(UsageGap).where(
        UsageGap.subscription_id == subscription.id, UsageGap.kind == kind, UsageGap.period_on == starts_on
    )
    if gap := db.session.scalars(query).one_or_none():
        gap.see(used)
        return gap
    gap = UsageGap(
        organisation=subscription.customer.organisation,
        subscription=subscription,
        kind=kind,
        period_on=starts_on,
        used=used,
        state=GapState.OPEN,
        note="",
        decided_by="",
        contracted=_contracted(subscription, kind),
        extra_cents=_extra_cents(subscription, kind, used),
    )
    db.session.add(gap)
    db.session.flush()
    record(gap, "notice", by=SYSTEM)
    return gap


def _contracted(subscription: Subscription, kind: GapKind) -> int:
    if kind == GapKind.EDITION:
        return 0
    return (subscription.volume_gb or 0) if kind == GapKind.VOLUME else subscription.quantity


def note_measure(
    subscription: Subscription, month: date, expected: int, measured: int, extra_cents: int
) -> UsageGap:
    """The gap of a month with days without a measure; what was decided stays.

    month: its first day. extra_cents: what the missing days would add at the mean of the measured ones.
    """
    query = select(UsageGap).where(
        UsageGap.subscription_id == subscription.id,
        UsageGap.kind == GapKind.MEASURE,
        UsageGap.period_on == month,
    )
    gap = db.session.scalars(query).one_or_none()
    if gap is None:
        gap = UsageGap(
            organisation=subscription.customer.organisation,
            subscription=subscription,
            kind=GapKind.MEASURE,
            period_on=month,
            used=measured,
            state=GapState.OPEN,
            note="",
            decided_by="",
            contracted=expected,
            extra_cents=extra_cents,
        )
        db.session.add(gap)
        db.session.flush()
        record(gap, "notice", by=SYSTEM)
    elif gap.state == GapState.OPEN:
        gap.used, gap.contracted, gap.extra_cents = measured, expected, extra_cents
    return gap


def _running() -> Any:
    still = or_(Subscription.ends_on.is_(None), Subscription.ends_on > clock.today())
    return select(Subscription).where(Subscription.state != SubscriptionState.WITHDRAWN, still)


def _over_volume() -> Iterable[tuple[Subscription, int]]:
    stored = func.sum(Vault.bytes_stored)
    first_above = (cast(Subscription.volume_gb, BigInteger) + 1) * BYTES_PER_GB  # whole GB count
    query = (
        _running()
        .add_columns(stored)
        .join(Vault, Vault.subscription_uid == Subscription.uid)
        .group_by(Subscription.id)
        .having(stored >= first_above)
    )
    for subscription, size in db.session.execute(query):
        yield subscription, int(size) // BYTES_PER_GB


def _over_seats() -> Iterable[tuple[Subscription, int]]:
    seen = func.count(Machine.id)
    query = (
        _running()
        .add_columns(seen)
        .join(ActivationKey, ActivationKey.source_uid == Subscription.order_uid)
        .join(Activation, Activation.key_id == ActivationKey.id)
        .join(Machine, Machine.activation_id == Activation.id)
        .where(Machine.ended_at > clock.now() - timedelta(days=SEEN_DAYS), Activation.released_at.is_(None))
        .group_by(Subscription.id)
        .having(seen > Subscription.quantity)
    )
    for subscription, number in db.session.execute(query):
        yield subscription, int(number)
