"""One record of every kind that an address can name, all of the house's own reseller."""

from datetime import date, timedelta
from io import BytesIO
from typing import TypeVar

from PIL import Image

from portal import clock
from portal.access import Role
from portal.accounts.factors import Passkey
from portal.accounts.models import Organisation, User
from portal.agreements.acts import prepare
from portal.assignments.acts import ask_assignment, sign
from portal.assignments.models import Side as Signing
from portal.assignments.planning import plan_assignment
from portal.assurance.drill_jobs import begin_drill
from portal.assurance.drills import DrillKind
from portal.availability.claims import ClaimKind, ServiceClaim
from portal.availability.credits import ServiceCredit
from portal.availability.models import Cause as OutageCause
from portal.availability.models import enter_outage, set_status_page
from portal.availability.months import previous_month
from portal.availability.planned import plan_work
from portal.backups.anomalies import AnomalyKind, BackupAnomaly, _find
from portal.backups.gaps import GapKind, note_gap
from portal.backups.models import BackupReview, ChangeUnit, ReviewState
from portal.backups.receive import receive_report
from portal.bank_door.models import BankDoor, DoorFile, DoorFileState
from portal.billing.carried import BalanceKind, BalanceState, CarriedBalance
from portal.billing.credit_models import CreditNote, CreditReason, Refund, RefundState
from portal.billing.credit_notes import issue_credit_note, share_of
from portal.billing.disputes import start_dispute
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState
from portal.billing.issue import parties_of
from portal.billing.models import Charge, Invoice, InvoiceState, Payment, Proforma, add_charge
from portal.billing.run import start_run
from portal.billing.run_preview import ask_preview
from portal.blobs import Document
from portal.books.closing import _keep
from portal.cards.models import CardPayment
from portal.catalogue.models import Method, Plan, Product, VolumePrice
from portal.changes.planning import state_of
from portal.changes.reversals import NoticeReversal, ReversalState, Side
from portal.commissions.models import CommissionLine, CommissionStatement
from portal.commissions.paper import statement_draft
from portal.contracts.models import tell
from portal.contracts.revisions import announce, revise_price
from portal.customers.models import Customer
from portal.db import Base, db
from portal.desk.models import WorkKind, open_work
from portal.dunning.fees import FeeState, LateFee
from portal.dunning.models import Instalment, LateLetter, LetterState, PaymentPlan, PlanState
from portal.dunning.rules import Stage
from portal.eaddresses.models import EAddress, EAddressDirectory, EAddressFile
from portal.eaddresses.models import FileState as EFile
from portal.eaddresses.models import Way as EAddressWay
from portal.endings.models import EndingState, ProviderEnding
from portal.endings.nature import note_event
from portal.engine.models import Vault, VaultOpening, register_vault
from portal.ereporting.models import EReport
from portal.ereporting.rules import ReportKind
from portal.healthchecks.models import HealthCheck
from portal.jobs import Task
from portal.journal import SYSTEM
from portal.law_days.models import LawDay, LawDayContract, LawDayKind
from portal.licensing.models import ActivationKey, keys_of
from portal.licensing.pools import KeyPool
from portal.licensing.stock import StockKey
from portal.mail import Mail
from portal.moving.depositing import deposit
from portal.papers import promise
from portal.partners.tokens import make_token
from portal.platform.models import MessageState, Platform, PlatformMessage, PlatformStatus, Way
from portal.privacy import subprocessor_acts
from portal.privacy.processing import COLUMNS, add_entry, keep_version
from portal.provisioning.acts import new_home
from portal.provisioning.maintenance import open_maintenance
from portal.provisioning.models import HomeState, StoreKind, VaultHome, VaultStore
from portal.provisioning.moves import MoveState as M
from portal.provisioning.moves import VaultMove
from portal.quotes.models import Quote, QuoteLine
from portal.quotes.sending import send
from portal.quotes.writing import Head, add_line, draft_quote
from portal.refunds.accounts import enter_account
from portal.refunds.answers import RefundAnswer
from portal.refunds.files import make_file
from portal.resellers.brand import brand_of
from portal.resellers.models import LegalEntity
from portal.resellers.reseller import Reseller
from portal.restore_requests.models import Cause, RestoreKind, open_request
from portal.reversibility.models import Reason
from portal.reversibility.opening import open_case
from portal.sepa.batches.large_freeze import ask_freeze, latest_freeze
from portal.sepa.models import Collection
from portal.sepa.models.bank import BankRecord
from portal.sepa.returns.book import import_bank_file
from portal.signups.trials import begin_trial
from portal.single_sign_on.models import Directory
from portal.step_in.models import OfferState, StepInOffer
from portal.subscriptions.changes import ChangeKind, ChangeState, SubscriptionChange
from portal.subscriptions.key_lots import stock_up
from portal.subscriptions.models import Order, Subscription, subscriptions_of
from portal.subscriptions.ordering import place_order, record_wire
from portal.terms.in_force import document_of
from portal.terms.texts import keep_text
from portal.tickets.acts import open_ticket
from portal.tickets.kinds import Source, TicketKind
from portal.tickets.models import TicketText
from portal.transfers.models import ask_transfer
from portal.webhooks.acts import try_it as try_hook
from portal.webhooks.models import W, Webhook, new_key
from portal.wholesale.models import WholesaleBuyer, WholesaleLine
from portal.wires.models import IncomingTransfer
from tests.backups.reporting import a_machine, a_report
from tests.builders import IBAN, House, a_customer, a_user, an_entity, work
from tests.certificates.builders import a_certificate
from tests.privacy.builders import a_breach, a_change, a_processor, a_request
from tests.sepa.bank_files import Back, camt
from tests.sepa.people import freeze_batch
from tests.sepa.raw_bank_files import camt as raw_camt
from tests.sepa.raw_bank_files import details, entry, pain
from tests.sepa.signed import sign_now
from tests.signups.builders import a_confirmed_sign_up, open_page
from tests.subscriptions.builders import a_flat_product, a_monthly_product, a_product
from tests.terms.builders import a_published
from tests.vaulting import a_subscription
from tests.workbooks import a_workbook

Row = TypeVar("Row", bound=Base)


def a_world(house: House, **values: str) -> dict[str, str]:
    """The public ids by the beginning of the addresses that carry them. values: of the customers."""
    entity = db.session.scalars(db.select(LegalEntity)).one()
    customer = a_customer(house.reseller, **values)
    order = place_order(customer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    payer = a_customer(house.reseller, name="Payeur", siren=None, accepted="dropcloud", **values)
    place_order(payer, a_monthly_product(house), 1, Method.DIRECT_DEBIT, by=SYSTEM)
    mandate = sign_now(payer, entity)
    run = start_run(entity, "2026-11", by=SYSTEM)
    work()
    collection = db.session.scalars(db.select(Collection)).one()
    ids = {
        "/lists/": "invoices",
        "/notes/": customer.uid,
        "/guide/": "glossary",
        "/people/": house.owner.uid,
        "/memberships/": house.owner.uid,
        "/setup/offers/": "NB-SRV",
        "/setup/products/": _first(Product).uid,
        "/step-in/": _a_step_in_offer(customer),
        "/mail-words/": house.reseller.uid,
        "/brands/": brand_of(house.reseller).uid,
        "/price-lists/": _first(Reseller).uid,
        "/certificates/": a_certificate(house).uid,
        "/resellers/": _first(Reseller).uid,
        "/billing/settings/": entity.uid,
        "/billing/issuers/": house.reseller.uid,
        "/sepa/entities/": entity.uid,
        "/customers/": customer.uid,
        "/quotes/": _a_quote(customer, order.product, house).uid,
        "/quote-lines/": _first(QuoteLine).uid,
        **_of_the_web(customer, order.product, house),
        "/orders/": order.uid,
        "/keys/": _first(ActivationKey).uid,
        "/subscriptions/": _first(Subscription).uid,
        "/contracts/": _first(Subscription).uid,
        "/subscription-changes/": _a_change(_first(Subscription)).uid,
        "/notice-reversals/": _a_reversal(_first(Subscription)).uid,
        "/directory/": _a_directory(house).uid,
        "/endings/": _an_ending(_first(Subscription)).uid,
        "/billing/invoices/": _first(Invoice).uid,
        "/billing/runs/": run.uid,
        "/documents/": _first(Document).uid,
        "/outbox/": _first(Mail).uid,
        "/billing/late-fees/": _a_late_fee(customer).uid,
        **_of_a_late_payer(customer, entity),
        "/sepa/mandates/": mandate.uid,
        "/my-mandates/": mandate.uid,
        "/sepa/collections/": collection.uid,
    }
    ids |= _of_the_vault(order.customer)
    ids |= _of_the_stores(house, ids["/vaults/"])
    ids |= _of_the_backups(order.customer)
    batch = freeze_batch(entity, "CORE", date(2026, 12, 31), SYSTEM)
    a_user(house.other, Role.OWNER, "Repreneuse").email = "reprise@autre.example"
    db.session.flush()
    transfer = ask_transfer(payer, house.other, by=house.operator)
    db.session.commit()
    ids |= {"/transfers/": transfer.uid}
    ids |= _of_the_stock(house, order)
    moving = deposit(a_workbook(1), "reprise.xlsx", by=house.owner)
    ids |= {"/moving/": moving.uid, "/billing/balances/": _a_carried_balance(customer).uid}
    ids |= {"/sepa/batches/": batch.uid, "/sepa/creditors/": entity.uid, "/sepa/mandates/new/": customer.uid}
    ask_freeze(entity, "B2B", date(2026, 12, 31), total=1, by=house.finance)
    task = latest_freeze(entity, "B2B")
    assert task is not None
    ids |= {"/sepa/freezes/": task.uid}
    september = date(2026, 9, 1), date(2026, 9, 30)
    closing = _keep(entity, "2026-09", september, {}, {}, house.finance)
    db.session.commit()
    ids |= {"/billing/einvoices/": _a_refused_einvoice().uid, "/billing/einvoices/settings/": entity.uid}
    ids |= {"/billing/ledger/": entity.uid, "/billing/deferred/": entity.uid}
    ids |= {"/wholesale/terms/": ids["/resellers/"]}
    ids |= {"/billing/books/": entity.uid, "/billing/closings/": closing.uid}
    ids |= _of_the_bank(entity)
    ids |= _of_the_refunds(entity, house)
    ids |= _of_the_wires(entity, customer)
    ids |= {"/proformas/": _first(Proforma).uid, "/wholesale/": _a_bulk_invoice().uid}
    ids["/commissions/"] = _a_commission().uid
    ids |= {"/billing/previews/": ask_preview(entity, "2026-11", by=SYSTEM).uid}
    ids |= {"/account/second-factor/": _a_passkey(house.reader).uid}
    ids |= _of_an_assignment(house, order.product, customer, **values)
    ids |= _of_a_receivership(house, **values)
    ids |= _of_the_partners(house, ids)
    ids |= _of_the_services(house, **values)
    ids |= _of_the_terms(house, customer)
    _owe_the_last(entity)
    return ids


def _owe_the_last(entity: LegalEntity) -> None:
    """Money that waits for the account of the customer who came last."""
    customer = db.session.scalars(db.select(Customer).order_by(Customer.id.desc())).first()
    assert customer is not None
    refund = Refund(organisation=customer.organisation, customer=customer, legal_entity=entity, cents=500)
    refund.state, refund.due_by, refund.version = RefundState.OWED, date(2027, 1, 31), 1
    db.session.add(refund)
    db.session.commit()


def _an_entity_that_does_not_bill_yet(house: House) -> LegalEntity:
    entity = an_entity(house.reseller)
    entity.is_open, entity.mandate_prefix = False, "NR"
    db.session.commit()
    return entity


def _of_the_partners(house: House, ids: dict[str, str]) -> dict[str, str]:
    """A token, and the records of the interface, which are those of the pages."""
    token, _secret = make_token(house.owner, "CRM", ["customers:read"], 90, by=house.owner)
    db.session.commit()
    kinds = "customers", "orders", "subscriptions", "keys", "tickets"
    own = {f"/api/partner/v1/{kind}/": ids[f"/{kind}/"] for kind in kinds}
    own["/own-account/"] = _an_entity_that_does_not_bill_yet(house).uid
    own["/api/partner/v1/invoices/"] = ids["/billing/invoices/"]
    own["/api/partner/v1/mandates/"] = ids["/sepa/mandates/"]
    own |= {"/account/tokens/": token.uid, "/people/tokens/": token.uid}
    hook = Webhook(organisation=house.reseller, host="a.example", kinds=["ticket"], state=W.OPEN, seen_id=0)
    hook.failures, hook.address, hook.key = 0, "https://a.example/hook", new_key()
    db.session.add(hook)
    db.session.flush()
    event = try_hook(hook)
    event.sent_at = clock.now()
    db.session.commit()
    own |= _of_the_bank_door() | _of_the_platform() | _of_the_eaddresses() | _of_the_ereporting()
    return own | {"/webhooks/": hook.uid, "/webhooks/events/": event.uid}


def _a_bulk_invoice() -> Invoice:
    """One with an annex, as if its buyer stood for the reseller."""
    invoice = _first(Invoice)
    charge = db.session.scalars(db.select(Charge).where(Charge.invoice_id == invoice.id)).first()
    assert charge is not None and invoice.customer.organisation.parent is not None
    reseller = invoice.customer.organisation.parent
    db.session.add(WholesaleBuyer(organisation=reseller, customer_id=invoice.customer_id))
    line = WholesaleLine(organisation=reseller, month="2026-11", charge_id=charge.id, bought_by_id=charge.id)
    line.customer_id, line.customer_name, line.label = charge.customer_id, invoice.customer.name, charge.label
    line.subscription_uid, line.quantity, line.unit_cents = "", 1, invoice.net_cents
    db.session.add(line)
    db.session.flush()
    return invoice


def _of_the_bank_door() -> dict[str, str]:
    """A door that is shut, and a file that nobody could read."""
    entity = _first(LegalEntity)
    door = BankDoor(organisation=_owner(entity), legal_entity_id=entity.id, folder="banque", is_open=False)
    db.session.add(door)
    db.session.flush()
    values = {"name": "camt.xml", "size_bytes": 3, "changed_ns": 0, "seen_at": clock.now()}
    file = DoorFile(organisation=_owner(entity), door_id=door.id, state=DoorFileState.REFUSED, **values)
    db.session.add(file)
    db.session.commit()
    return {"/bank-door/": entity.uid, "/bank-door/files/": file.uid}


def _of_the_platform() -> dict[str, str]:
    """One that nobody has chosen, a refused message and a status that fits no invoice."""
    invoice = _first(Invoice)
    owner = _owner(_first(LegalEntity))
    platform = Platform(organisation=owner, legal_entity_id=invoice.legal_entity_id, way=Way.OFF)
    db.session.add(platform)
    db.session.flush()
    own = {"organisation": owner, "platform_id": platform.id, "number": invoice.number}
    message = PlatformMessage(invoice_id=invoice.id, state=MessageState.REFUSED, why="SIREN", **own)
    status = PlatformStatus(key="k", code="203", at=clock.now(), why="?", **own)
    db.session.add_all([message, status])
    db.session.commit()
    uids = {"messages": message.uid, "statuses": status.uid, "settings": _first(LegalEntity).uid}
    return {f"/platform/{name}/": uid for name, uid in uids.items()}


def _of_the_eaddresses() -> dict[str, str]:
    """A directory of files, a customer whose address it does not know, and a file that it could not read."""
    entity, customer = _first(LegalEntity), _first(Customer)
    directory = EAddressDirectory(
        organisation=_owner(entity), legal_entity_id=entity.id, way=EAddressWay.FILES, folder="annuaire"
    )
    db.session.add(directory)
    db.session.flush()
    siren = customer.siren or "552100554"
    row = EAddress(organisation=customer.organisation, customer_id=customer.id, directory_id=directory.id)
    row.siren = row.address = siren
    values = {"name": "annuaire.csv", "size_bytes": 3, "seen_at": clock.now(), "is_moved": True}
    file = EAddressFile(organisation=_owner(entity), directory_id=directory.id, state=EFile.REFUSED, **values)
    db.session.add_all([row, file])
    db.session.commit()
    uids = {"": row.uid, "files/": file.uid, "settings/": entity.uid}
    return {f"/eaddresses/{name}": uid for name, uid in uids.items()}


def _of_the_ereporting() -> dict[str, str]:
    """A report of November that waits to be told."""
    entity, (first, last, due) = _first(LegalEntity), (date(2026, 11, each) for each in (1, 10, 20))
    days = {"first_on": first, "last_on": last, "due_on": due}
    sums = dict.fromkeys(("net_cents", "vat_cents", "gross_cents"), 0)
    report = EReport(
        organisation=_owner(entity), legal_entity_id=entity.id, kind=ReportKind.SALES, **days, **sums
    )
    report.regime, report.number = "real_monthly", "ER-2026-000001"
    db.session.add(report)
    db.session.commit()
    return {"/ereporting/": report.uid, "/ereporting/settings/": entity.uid}


def _owner(entity: LegalEntity) -> Organisation:
    return db.session.get_one(Organisation, entity.organisation_id)


def _a_commission() -> CommissionStatement:
    """A statement with a line of an invoice, and the refund that pays it."""
    invoice, product = _first(Invoice), _first(Product)
    assert invoice.customer.organisation.parent is not None
    own = {"organisation": invoice.customer.organisation.parent, "sold_cents": 1000, "bought_cents": 600}
    line = CommissionLine(invoice_id=invoice.id, invoice_number=invoice.number, **own)
    line.customer_id, line.customer_name = invoice.customer_id, invoice.customer.name
    line.product_id, line.product_name = product.id, product.name
    row = CommissionStatement(month=date(2026, 10, 1), issued_on=date(2026, 11, 2), lines=[line], **own)
    row.legal_entity, row.number, row.carried_cents, row.payable_cents = invoice.legal_entity, "CO-1", 0, 400
    refund = Refund(organisation=invoice.customer.organisation, customer=invoice.customer, cents=400)
    refund.legal_entity, refund.paper, refund.state = invoice.legal_entity, "CO-1", RefundState.OWED
    refund.due_by, refund.version = date(2027, 1, 31), 1
    row.refund = refund
    parties = parties_of(invoice.customer, invoice.legal_entity)
    db.session.add(row)
    db.session.flush()
    row.document = promise(
        statement_draft(row, parties, "fr"),
        owner=row.organisation,
        subject=row,
        kind="commission",
        filename="CO-1.pdf",
    )
    db.session.flush()
    return row


def _a_refused_einvoice() -> EInvoiceRecord:
    invoice = _first(Invoice)
    row = EInvoiceRecord(
        organisation=invoice.customer.organisation,
        legal_entity_id=invoice.legal_entity_id,
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        document_id=invoice.document_id,
        type="380",
        number=invoice.number,
        issued_on=invoice.issued_on,
        state=EInvoiceState.REFUSED,
        findings=[["BR-FR-11", "[BR-FR-11] SIREN"]],
        xml_sha256="",
    )
    db.session.add(row)
    db.session.commit()
    return row


def _of_an_assignment(house: House, product: Product, to: Customer, **values: str) -> dict[str, str]:
    """One contract waits for two signatures, another one, signed, for the provider."""
    day, rows = clock.today() + timedelta(days=40), []
    for name in ("Cède", "Cède aussi"):
        customer = a_customer(house.reseller, name=name, siren=None, **values)
        subscription = place_order(customer, product, 1, Method.WIRE, by=SYSTEM).deliver(by=SYSTEM)
        db.session.flush()
        plan = plan_assignment(subscription, to, day)
        rows.append(ask_assignment(subscription, to, day, plan.seen, by=house.owner))
    for side in Signing:
        seen = {"ip": "192.0.2.1", "user_agent": "", "language": "fr"}
        sign(rows[1], side, "Camille Martin", plan.seen, by=SYSTEM, visitor=seen)
    db.session.commit()
    return {"/assignments/": rows[0].uid}


def _of_the_services(house: House, **values: str) -> dict[str, str]:
    """An outage that lasts, maintenance to come, and a credit that waits for a decision."""
    product = a_product(
        house,
        code="NS-M",
        terms_stack="numspot",
        plan=Plan.MONTHLY,
        billing_months=1,
        has_keys=False,
        price_includes_vat=False,
    )
    customer = a_customer(house.reseller, name="Nuage", siren=None, accepted="numspot", **values)
    subscription = place_order(customer, product, 1, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    db.session.flush()
    now, provider = clock.now(), house.provider
    outage = enter_outage(
        provider,
        "numspot",
        ["region"],
        starts_at=now - timedelta(hours=1),
        ends_at=None,
        cause=OutageCause.INCIDENT,
        words="Baie arrêtée",
        by=SYSTEM,
    )
    start = now + timedelta(days=3)
    planned = plan_work(
        provider, "numspot", ["region"], start, start + timedelta(hours=2), "Mise à jour", by=SYSTEM
    )
    credit = ServiceCredit(
        organisation=customer.organisation,
        customer_id=customer.id,
        subscription_id=subscription.id,
        month=previous_month(clock.today()),
        raw_cents=1000,
        cents=1000,
        working={"services": [], "reservations": [], "cap": "", "claimed": False, "before_cents": 0}
        | {"mean_cents": 0, "mean_months": 1, "month_cents": 0, "payable_cents": 1000},
        proposed_on=clock.today(),
        why="",
    )
    claim = ServiceClaim(
        organisation=customer.organisation,
        customer_id=customer.id,
        subscription_id=subscription.id,
        kind=ClaimKind.RESERVATION,
        services=["region"],
        month=clock.today().replace(day=1),
        words="relevé",
        told_at=now,
        told_by="Nuage",
        late="",
        clause="003-13",
    )
    db.session.add_all([credit, claim])
    breach = a_breach(provider, customer)
    asked = a_request(provider)
    processor, change = a_processor(provider), a_change(provider)
    subprocessor_acts.announce(change, by=SYSTEM)
    objection = subprocessor_acts.object_to(change, customer, "A4", clock.today(), by=SYSTEM)
    planned_change = a_change(provider)
    set_status_page(provider, is_on=True, contracts=["numspot"], by=SYSTEM)
    db.session.commit()
    return {
        "/availability/": f"{clock.today():%Y-%m}",
        "/availability/outages/": outage.uid,
        "/planned-work/": planned.uid,
        "/privacy/breaches/": breach.uid,
        "/privacy/sub-processors/": processor.uid,
        "/privacy/sub-processors/changes/": planned_change.uid,
        "/privacy/sub-processors/objections/": objection.uid,
        "/my-sub-processors/": change.uid,
        "/privacy/requests/": asked.uid,
        "/service-levels/": subscription.uid,
        "/credits-due/": credit.uid,
    }


def _of_a_receivership(house: House, **values: str) -> dict[str, str]:
    """One contract waits for its administrator."""
    customer = a_customer(house.reseller, name="En redressement", siren=None, accepted="dobaas", **values)
    product = a_flat_product(house)
    product.name = "Do'BaaS"
    subscription = place_order(customer, product, 1, Method.WIRE, by=SYSTEM).deliver(by=SYSTEM)
    db.session.flush()
    days = dict.fromkeys(("event_on", "posted_on", "received_on"), clock.today())
    known = {"tracking": "1A 234", "document": a_scan(), "by_provider": True, "answer": "silent"}
    row = note_event(subscription, "receivership", **days, **known, by=SYSTEM)
    db.session.commit()
    return {"/ends-by-nature/": row.uid}


def a_scan() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    return picture.getvalue()


def _a_quote(customer: Customer, product: Product, house: House) -> Quote:
    quote = draft_quote(customer, Head(date(2099, 1, 1)), by=house.sales)
    add_line(quote, product, 1, Method.WIRE, by=SYSTEM)
    send(quote, by=house.sales)
    db.session.flush()
    return quote


def _of_the_web(customer: Customer, product: Product, house: House) -> dict[str, str]:
    """The page of sign-ups is open, somebody asks for a quote, and a customer tries an offer."""
    open_page(house, product)
    row = a_confirmed_sign_up(house, product, customer)
    about = {"address": "essai@client.example", "days": 30, "seats": 2}
    trial = begin_trial(customer, product, by=SYSTEM, **about)
    return {"/sign-ups/": row.uid, "/trials/": trial.uid, "/setup/sign-up/": product.uid}


def _of_the_stock(house: House, order: Order) -> dict[str, str]:
    """One key of the stock is the customer's, others are free; another vendor's offer has its pool."""
    lot = stock_up(house.reseller, order.product, 3, 1, by=house.owner)
    db.session.commit()
    work()
    keys = list(db.session.scalars(db.select(StockKey).order_by(StockKey.id)))
    keys[0].reserve(order.uid, by=house.owner)
    keys[0].assign(order.uid, _first(ActivationKey).uid, by=house.owner)
    buyer = a_customer(house.reseller, name="Attend le stock", siren=None, language=order.customer.language)
    place_order(buyer, order.product, 1, Method.WIRE, by=SYSTEM)
    other = a_product(house, code="NB-OTHER", name="Antivirus ACME")
    pool = KeyPool(organisation=house.provider, product_id=other.id, least=0)
    db.session.add(pool)
    db.session.commit()
    return {
        "/key-stock/lots/": lot.uid,
        f"/key-stock/lots/{lot.uid}/keys/": keys[0].uid,
        "/key-pools/": pool.uid,
    }


def _of_the_wires(entity: LegalEntity, customer: Customer) -> dict[str, str]:
    """A transfer that nobody knows, a payment, and a charge that no invoice carries."""
    told = details(100, text="REF 12", payer="ACME")
    data = raw_camt(entry(100, told, side="CRDT", code="RCDT/ESCT", reference="V1"), message="W1")
    import_bank_file(entity, data, "transfers.xml", by=SYSTEM)
    values = {"label": "Option", "quantity": 1, "unit_cents": 100, "includes_vat": False}
    add_charge(customer, origin="world:charge", method=Method.WIRE, **values)
    db.session.commit()
    charge = db.session.scalars(db.select(Charge).where(Charge.origin == "world:charge")).one()
    return {
        "/wires/": _first(IncomingTransfer).uid,
        "/billing/payments/": _first(Payment).uid,
        "/billing/charges/": charge.uid,
    }


def _of_the_refunds(entity: LegalEntity, house: House) -> dict[str, str]:
    """One in a file that waits for a second person, one that is owed."""
    paid = db.session.scalars(db.select(Invoice).where(Invoice.state == InvoiceState.PAID)).first()
    assert paid is not None
    (line, *_more) = paid.lines
    for number, cents in ((1, 100), (2, 50)):
        issue_credit_note(
            paid,
            [share_of(paid, line, cents)],
            origin=f"world:{number}",
            reason=CreditReason.ERROR,
            by=SYSTEM,
        )
        if number == 1:
            account = enter_account(paid.customer, IBAN, paid.customer.name, by=house.finance)
            account.since = clock.today() - timedelta(8)
            file = make_file(entity, by=house.finance)
    report = pain(file.msg_id, "RJCT", reason="AM05", message="R1")
    import_bank_file(entity, report, "refunds.xml", by=SYSTEM)
    db.session.commit()
    said = {"/refunds/answers/": _first(RefundAnswer).uid}
    said |= {"/api/partner/v1/credit-notes/": _first(CreditNote).uid}
    said |= {"/card-payments/": _a_card_payment(_first(Order)).uid}
    return said | {"/refunds/": _first(Refund).uid, "/refunds/files/": file.uid}


def _of_a_late_payer(customer: Customer, entity: LegalEntity) -> dict[str, str]:
    """A letter to post, a promise and a dispute."""
    invoice = _first(Invoice)
    letter = LateLetter(
        organisation=customer.organisation,
        customer_id=customer.id,
        legal_entity_id=entity.id,
        kind=Stage.FORMAL,
        state=LetterState.TO_POST,
        sent_on=clock.today(),
        clause="",
        is_registered=True,
        tracking="",
    )
    plan = PaymentPlan(
        organisation=customer.organisation,
        customer_id=customer.id,
        invoice_id=invoice.id,
        state=PlanState.RUNNING,
        said_by="Camille Martin",
    )
    part = Instalment(organisation=customer.organisation, due_on=clock.today(), cents=100, reference="")
    plan.instalments.append(part)
    db.session.add_all([letter, plan])
    dispute = start_dispute(invoice, "Montant", by=SYSTEM)
    return {
        "/late/": customer.uid,
        "/late/letters/": letter.uid,
        "/late/settings/": entity.uid,
        "/billing/instalments/": part.uid,
        "/billing/disputes/": dispute.uid,
    }


def _a_directory(house: House) -> Directory:
    said = {f"{name}_url": f"https://annuaire.example/{name}" for name in ("authorize", "token", "keys")}
    row = Directory(
        organisation=house.reseller,
        issuer="https://annuaire.example",
        client_id="portail",
        is_on=False,
        read_at=clock.now(),
        **said,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _an_ending(subscription: Subscription) -> ProviderEnding:
    """A letter to post."""
    row = ProviderEnding(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        cause="breach",
        facts="Faits.",
        state=EndingState.WARNED,
        warned_on=clock.today(),
        is_registered=True,
        by_itself=False,
        tracking="",
    )
    db.session.add(row)
    db.session.flush()
    return row


def _a_change(subscription: Subscription) -> SubscriptionChange:
    """One that waits for its signature."""
    before = state_of(subscription)
    row = SubscriptionChange(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        kind=ChangeKind.SEATS,
        state=ChangeState.ASKED,
        at_once=True,
        effective_on=clock.today(),
        before=before,
        after={**before, "quantity": before["quantity"] + 1},
        pieces=[],
        charge_cents=0,
        clause="",
        created_by="Vente",
    )
    db.session.add(row)
    db.session.flush()
    return row


def _a_reversal(subscription: Subscription) -> NoticeReversal:
    """One that the customer has to answer."""
    row = NoticeReversal(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        state=ReversalState.ASKED,
        asked_by_side=Side.PROVIDER,
        why="Erreur de saisie",
        notified_on=clock.today(),
        ends_on=clock.today() + timedelta(30),
        notice={},
        asked_by="Vente",
    )
    db.session.add(row)
    db.session.flush()
    return row


def _a_late_fee(customer: Customer) -> LateFee:
    fee = LateFee(
        organisation=customer.organisation,
        customer_id=customer.id,
        invoice_id=_first(Invoice).id,
        part=1,
        state=FeeState.WAITING,
        paid_on=clock.today(),
        missing="taux",
        penalty_cents=0,
        fee_cents=0,
        waived_cents=0,
        waived_why="",
    )
    db.session.add(fee)
    db.session.flush()
    return fee


def _a_carried_balance(customer: Customer) -> CarriedBalance:
    day = clock.today()
    balance = CarriedBalance(
        organisation=customer.organisation,
        customer_id=customer.id,
        kind=BalanceKind.INVOICE,
        state=BalanceState.OWED,
        number="2026-0815",
        issued_on=day,
        due_on=day,
        net_cents=10000,
        vat_cents=2000,
        gross_cents=12000,
    )
    db.session.add(balance)
    db.session.flush()
    return balance


def _a_step_in_offer(customer: Customer) -> str:
    offer = StepInOffer(
        organisation=customer.organisation,
        customer_id=customer.id,
        reseller_name="Revendeur",
        state=OfferState.OPEN,
    )
    db.session.add(offer)
    db.session.flush()
    return offer.uid


def _a_card_payment(order: Order) -> CardPayment:
    payment = CardPayment.of(order, 100, clock.now())
    db.session.add(payment)
    db.session.flush()
    payment.review("pi_world", 100, "1 € reçu au lieu de 299,40 €.", by=SYSTEM)
    return payment


def _first(kind: type[Row]) -> Row:
    """The oldest row: without an order, a row that was changed since may come first or last."""
    return db.session.scalars(db.select(kind).order_by(kind.id).limit(1)).one()


def _of_the_bank(entity: LegalEntity) -> dict[str, str]:
    """A bank file with one return that nobody knows."""
    result = import_bank_file(entity, camt([Back("NOBODY-1", 100)]), "retour.xml", by=SYSTEM)
    record = db.session.scalars(db.select(BankRecord)).one()
    db.session.commit()
    return {
        "/sepa/returns/": result.file.uid,
        "/sepa/returns/records/": record.uid,
        "/sepa/returns/reactions/": entity.uid,
    }


def _of_the_terms(house: House, customer: Customer) -> dict[str, str]:
    """A version of the terms that will apply, and the customer told of it."""
    version = a_published(house, date(2027, 1, 1), "000", "000-2027", without="keys.per_licence")
    keep_text(document_of(version), version.version.encode())
    notice = tell(customer, version)
    product = subscriptions_of(customer)[0].product
    revision = revise_price(product, unit_cents=6588, effective_on=date(2027, 1, 1), by=SYSTEM)
    announce(subscriptions_of(customer)[0], revision)
    assert notice is not None
    row = VolumePrice(organisation=house.provider, product=product, up_to_gb=100, cents=1000)
    db.session.add(row)
    gap = note_gap(subscriptions_of(customer)[0], GapKind.SEATS, 9)
    law_day = LawDay(
        organisation=house.provider, key="law:2027-01-12", kind=LawDayKind.LAW, day=date(2027, 1, 12)
    )
    law_day.looked_at = clock.now()
    found = {"law_day": law_day, "subscription": subscriptions_of(customer)[0], "mail_uid": ""}
    contract = LawDayContract(organisation=house.provider, **found)
    db.session.add_all([law_day, contract])
    kept = keep_version(house.provider)
    typed = dict.fromkeys(COLUMNS, "A4") | {"role": "controller"}
    activity = add_entry(house.provider, typed, by=SYSTEM)
    agreement = prepare(customer, subscriptions_of(customer)[0].terms_stack, by=SYSTEM)
    db.session.commit()
    return {
        "/notices/": notice.uid,
        "/privacy/processing/versions/": kept.uid,
        "/privacy/processing/entries/": activity.uid,
        "/privacy/processing/notes/": "contracts",
        "/agreements/": agreement.uid,
        "/law-days/": law_day.uid,
        "/law-days/contracts/": contract.uid,
        "/terms/": version.version,
        "/prices/": product.uid,
        "/prices/grid/": row.uid,
        "/usage-gaps/": gap.uid,
    }


def _of_the_tickets(customer: Customer) -> dict[str, str]:
    """A question, and a ready text of the reseller's."""
    about = {"kind": TicketKind.QUESTION, "subject": "Question", "text": "Comment faire ?"}
    ticket = open_ticket(customer, **about, source=Source.SPACE, by=SYSTEM)
    house = customer.organisation.parent
    text = TicketText(organisation=house, name="Redémarrer", text="Redémarrez le service.")
    db.session.add(text)
    db.session.commit()
    return {"/tickets/": ticket.uid, "/ticket-texts/": text.uid}


def _of_the_backups(customer: Customer) -> dict[str, str]:
    """A machine that reported an incident, and a review of its contract."""
    machine = a_machine(keys_of(customer)[0])
    run, _is_new = receive_report(machine, a_report(incidents=1, texts=("illisible",)))
    review = BackupReview(
        organisation=customer.organisation,
        machine_id=machine.id,
        backup_run_id=run.id,
        changed=2,
        base=10,
        unit=ChangeUnit.FILES,
        limit_bp=500,
        clause="002-05",
        state=ReviewState.OPEN,
        note="",
    )
    db.session.add(review)
    db.session.commit()
    _find(run, AnomalyKind.SHRUNK, 1, 10)
    odd = _first(BackupAnomaly)
    db.session.commit()
    return {
        "/backups/": machine.uid,
        "/backups/reviews/": review.uid,
        "/backups/anomalies/": odd.uid,
        "/backups/reports/": customer.uid,
    }


def _a_passkey(user: User) -> Passkey:
    row = Passkey(person_id=user.person_id, name="Portable", credential_id=user.uid, public_key="")
    db.session.add(row)
    db.session.commit()
    return row


def _of_the_stores(house: House, vault_uid: str) -> dict[str, str]:
    """The home of the vault, one that waits for the keys of its bucket, and one that waits for a store."""
    told = {"operator": "Hébergeur", "place": "Lyon", "state": "FR", "is_open": True, "inner": "/nowhere"}
    doors = {"door": "https://vaults.example:8000", "maintenance_door": "https://vaults.example:8001"}
    kinds = (StoreKind.REST, doors), (StoreKind.S3, {"door": "https://s3.example/bucket"})
    stores = [
        VaultStore(organisation=house.provider, name=kind.value, kind=kind, **told, **where)
        for kind, where in kinds
    ]
    db.session.add_all(stores)
    db.session.flush()
    vault = db.session.scalars(db.select(Vault).where(Vault.uid == vault_uid)).one()
    own = db.select(Subscription).where(Subscription.uid == vault.subscription_uid)
    others = db.select(Subscription).where(Subscription.uid != vault.subscription_uid)
    home = new_home(db.session.scalars(own).one())
    home.store, home.vault, home.state = stores[0], vault, HomeState.OPEN
    home.new_secret("new_access", by=SYSTEM)
    db.session.flush()
    bucket = new_home(db.session.scalars(others.order_by(Subscription.id)).first())
    waiting = new_home(a_subscription(vault.customer, terms="natso", product_name="Vault 500"))
    bucket.store = stores[1]
    open_maintenance(home, hours=2, reason="x", by=SYSTEM)
    begin_drill(vault, DrillKind.RESTORE, clock.today()).take("lapse", by=SYSTEM)
    heard = HealthCheck(organisation=house.reseller, host="monitoring.example", answer="")
    heard.address = "https://monitoring.example/ping"
    db.session.add(heard)
    db.session.add_all(_a_move(home, stores, state) for state in (M.STOPPED, M.KEPT, M.ORDERED))
    db.session.commit()
    assert waiting.store is None
    return {"/stores/": stores[0].uid, "/vault-homes/": bucket.uid}


def _a_move(home: VaultHome, stores: list[VaultStore], state: M) -> VaultMove:
    told = {"run": 1, "reason": "x", "snapshots_sha256": "", "ordered_by": ""}
    move = VaultMove(organisation=home.customer.organisation, state=state, began_at=clock.now(), **told)
    move.home, move.from_store, move.to_store = home, *stores
    move.old_location = move.new_location = "/nowhere"
    move.clear_from = clock.now()
    return move


def _of_the_vault(customer: Customer) -> dict[str, str]:
    """A vault, a restore request and a handover; no repository is read for that."""
    subscription = subscriptions_of(customer)[0]
    subscription.give_notice(
        sent_on=date(2026, 11, 23), ends_on=date(2027, 11, 23), reason="none", fields={}, by=SYSTEM
    )
    vault = register_vault(customer, name="Serveur", location="/nowhere", subscription_uid=subscription.uid)
    other = register_vault(
        customer, name="Archives", location="/nowhere/else", subscription_uid=subscription.uid
    )
    db.session.flush()
    row = open_request(vault, what="x", lost_on=None, cause=Cause.OTHER, kind=RestoreKind.SIMPLE, by=SYSTEM)
    case = open_case(
        subscription, other, reason=Reason.COPY, received_on=date(2026, 11, 23), cost_cents=0, by=SYSTEM
    )
    db.session.flush()
    order = open_work(customer, WorkKind.RELOAD, case.uid, "Rechargement", by=SYSTEM)
    db.session.flush()
    opening, document = _first(VaultOpening), _first(Document)
    return {
        "/vaults/": vault.uid,
        "/work-orders/": order.uid,
        "/work/tasks/": _first(Task).uid,
        "/mails/": _first(Mail).uid,
        "/restore-requests/": row.uid,
        "/restore-requests/call/": customer.uid,
        "/tickets/call/": customer.uid,
        **_of_the_tickets(customer),
        "/restore-requests/new/": vault.uid,
        "/reversibility/": case.uid,
        "/reversibility/new/": subscription.uid,
        "/vault-openings/": opening.uid,
        "/handed-over/": document.uid,
    }
