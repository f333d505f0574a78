"""One mail of every kind, written by the portal's own verbs in the language that is asked for."""

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

from flask.testing import FlaskClient

from portal import clock, jobs
from portal.access import Role
from portal.accounts.letters import tell_factor, tell_lost, tell_new_device, tell_password
from portal.accounts.models import Organisation, User
from portal.agreements.acts import prepare as prepare_agreement
from portal.agreements.acts import send as send_agreement
from portal.assignments.acts import agree as agree_to_assignment
from portal.assignments.acts import ask_assignment
from portal.assignments.acts import refuse as refuse_assignment
from portal.assignments.passing import carry_out as carry_out_assignment
from portal.assignments.planning import Named, Successor, conditions_of, plan_assignment
from portal.assignments.wishes import refuse_wish, wish_assignment
from portal.assurance.drill_jobs import begin_drill
from portal.assurance.drill_telling import tell_drill
from portal.assurance.drill_years import choose_drills
from portal.assurance.drills import DrillKind, DrillState
from portal.assurance.jobs import begin_verification
from portal.assurance.month_papers import report_to_customer, report_to_house
from portal.assurance.telling import tell_damage
from portal.availability.credits import ServiceCredit
from portal.availability.extending import extend_for
from portal.availability.models import Cause, enter_outage
from portal.availability.planned import PlannedWork, tell_of_work
from portal.backups.anomalies import AnomalyKind, _find
from portal.backups.editions import see_system
from portal.backups.letters import choose_reports, send_report
from portal.backups.models import BackupRun
from portal.backups.seats import look_at_seats
from portal.backups.silence import tell_of_silence
from portal.billing.carried import CarriedBalance
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.debits import pay_by_wire
from portal.billing.disputes import DisputeState
from portal.billing.models import Invoice, add_charge
from portal.billing.run import bill_customers
from portal.blobs import Document
from portal.cards.asking import send_pay_link
from portal.cards.settling import tell_refused
from portal.catalogue.models import Method, Plan, Product
from portal.catalogue.price_lists import set_wholesale
from portal.certificates.jobs import tell_of_ends
from portal.commissions.making import state_month
from portal.contracts.models import TermsNotice, tell
from portal.contracts.retail import recall
from portal.contracts.revisions import announce, revise_price, tell_step
from portal.custody.models import offer_access
from portal.customers.models import Customer, CustomerKind
from portal.db import EVERYTHING, Base, db, set_scope
from portal.desk.models import WorkKind, open_work
from portal.desk.prices import Item, set_price
from portal.desk.quoting import send_quote as send_work_quote
from portal.desk.quoting import tell_customer, tell_technician
from portal.dunning.acting import take_step
from portal.dunning.carried import tell_of_carried
from portal.dunning.disputing import open_dispute
from portal.endings.acting import drop, give_end, open_procedure
from portal.endings.nature import note_event
from portal.endings.suspending import lift, suspend_at_once
from portal.endings.worn import charge_worn
from portal.engine.models import Vault, register_vault
from portal.engine.port import Usage
from portal.engine.relocation import Listing
from portal.engine.sole import tell_second
from portal.journal import SYSTEM
from portal.law_days.models import LawDay, LawDayContract, LawDayKind
from portal.law_days.telling import write_to as write_to_law_day
from portal.licensing.models import issue_key, keys_of
from portal.licensing.rules import Machine as System
from portal.licensing.seating import take_seat
from portal.links import Purpose, make_link
from portal.mail import Mail, link
from portal.mail.free import Words
from portal.means.acts import ask_means, cancel_means
from portal.means.planning import first_free_period
from portal.obligations.meter import tell_customers as tell_of_misses
from portal.obligations.meter import tell_operators as tell_of_obligations
from portal.obligations.models import Duty, Obligation, decide_telling, telling_of
from portal.people.access import give_account, send_link_again
from portal.people.own_email import EmailChange, ask_email, confirm_email
from portal.privacy.erasing import erase
from portal.privacy.held import send_file
from portal.privacy.requests import Asked
from portal.privacy.subprocessor_acts import announce as announce_processor
from portal.privacy.subprocessor_acts import answer_objection, object_to
from portal.privacy.telling import notify
from portal.provisioning.acts import new_home, rotate, settle_birth
from portal.provisioning.models import HomeState, StoreKind, VaultStore
from portal.provisioning.moving import begin_move, switch
from portal.provisioning.quota import look_at_quota
from portal.quotes.models import Quote
from portal.quotes.sending import expire
from portal.quotes.sending import send as send_quote
from portal.quotes.sending import withdraw as withdraw_quote
from portal.quotes.writing import Head, add_line, draft_quote
from portal.refunds.asking import look_at as look_at_account
from portal.resellers.mail_words import try_words
from portal.resellers.reseller import Reseller
from portal.resellers.sender import Sender, set_sender, tell_lost_sender
from portal.restore_requests.jobs import _hand_over
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.reversibility.calendar_jobs import _last_call
from portal.reversibility.groups import Group, Point
from portal.reversibility.models import CaseState, Reason, ReversibilityCase
from portal.reversibility.opening import open_case
from portal.safekeeping.jobs import tell_operators
from portal.safekeeping.state import safety
from portal.sepa.batches.large_freeze import tell_finance
from portal.sepa.mandates.jobs import remind_signatories, warn_of_lapse
from portal.sepa.models import Batch, Collection, Mandate
from portal.sepa.models.creditor_change import ask_change
from portal.sepa.reactions import reaction_for
from portal.sepa.returns.react import _tell
from portal.sepa.signing.account_change import ask_account
from portal.setup.tries import try_mail
from portal.signups.trials import look_at
from portal.sizing.models import Mode, Place, Sheet, hand_over, write_sheet
from portal.stocks.lot_views import tell_lot
from portal.subscriptions.key_holds import tell_customer as tell_held
from portal.subscriptions.key_lots import stock_up
from portal.subscriptions.key_mails import send_again
from portal.subscriptions.key_waits import link_for, send_link
from portal.subscriptions.models import Order, subscriptions_of
from portal.subscriptions.ordering import place_order, record_wire
from portal.subscriptions.reminders import remind
from portal.subscriptions.renewals import send_renewal
from portal.subscriptions.termination import Notice, terminate
from portal.subscriptions.waiting_keys import KeyWait
from portal.subscriptions.withdrawal import withdraw
from portal.tickets.acts import answer_ticket, close_ticket, hear_customer, open_ticket
from portal.tickets.clocks import clocks_of
from portal.tickets.kinds import Source, TicketKind, Told
from portal.tickets.letters import tell_missed
from portal.tickets.report import hand_over as hand_over_report
from portal.transfers.models import ask_transfer
from portal.webhooks.acts import PATIENCE, Heard
from portal.webhooks.acts import note as note_answer
from portal.webhooks.acts import try_it as try_hook
from portal.webhooks.models import W, Webhook
from tests import vaulting
from tests.assignments.test_assignment import sign as sign_assignment
from tests.availability.builders import a_cloud
from tests.backups.reporting import a_key, a_machine
from tests.builders import House, a_customer, work
from tests.certificates.builders import a_certificate
from tests.changes.test_changes import change, sign
from tests.changes.test_reversals import consent as agree_to_go_on
from tests.changes.test_reversals import refuse_renewal, want_back
from tests.contracts.builders import a_subscription
from tests.contracts.running import a_subscription as runs
from tests.customers.test_acceptance import accept, ask
from tests.customers.test_acceptance import deposit as scan
from tests.dunning.builders import an_invoice
from tests.margins.test_price_lists import reseller_of
from tests.privacy.builders import a_breach, a_change, a_processor, a_request
from tests.quotes.days import accept as accept_quote
from tests.quotes.days import token_of
from tests.sepa.people import a_mandate, a_signed_mandate, go_to_code, the_entity
from tests.sepa.signed import sign_now
from tests.sepa.test_account_change import confirm
from tests.sepa.test_paper import agree, deposit
from tests.sepa.test_waiting_signature import hand_on
from tests.signups.builders import ask as ask_on_the_web
from tests.signups.builders import open_page, sign_up, the_trial
from tests.sizing.test_sizing import begun_order
from tests.subscriptions.builders import a_product
from tests.terms.builders import a_published
from tests.tickets.opening import a_contract
from tests.transfers.test_transfer import addresses, taker_of
from tests.transfers.test_transfer import agree as consent
from tests.world import a_scan, a_world

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]
Row = TypeVar("Row", bound=Base)
STEPS: list[Callable[["Post"], object]] = []


class Post:
    """What the steps have at hand."""

    def __init__(self, house: House, browser: Browser, at: At, language: str) -> None:
        self.house, self.browser, self.at, self.language = house, browser, at, language

    def customer(self, name: str, **values: Any) -> Customer:
        return a_customer(self.house.reseller, name=name, siren=None, language=self.language, **values)


def every_letter(house: House, browser: Browser, at: At, language: str) -> dict[str, Mail]:
    """The last mail of each kind."""
    for user in db.session.scalars(db.select(User)):
        user.language = language
    a_world(house, language=language)
    post = Post(house, browser, at, language)
    for step in STEPS:
        step(post)
        db.session.commit()
        set_scope(EVERYTHING)
    return {mail.kind: mail for mail in db.session.scalars(db.select(Mail).order_by(Mail.id))}


def step(function: Callable[[Post], object]) -> Callable[[Post], object]:
    STEPS.append(function)
    return function


def first(kind: type[Row]) -> Row:
    return db.session.scalars(db.select(kind).order_by(kind.id).limit(1)).one()  # type: ignore[attr-defined]


@step
def an_invoice_to_pay_by_wire(post: Post) -> None:
    customer = post.customer("Payeuse par virement")
    add_charge(
        customer,
        origin="wire",
        label="Abonnement",
        quantity=1,
        unit_cents=12_000,
        includes_vat=True,
        method=Method.WIRE,
    )
    bill_customers([customer], the_entity(), date(2026, 11, 23))


def a_sent_quote(post: Post, name: str, days: int = 20) -> Quote:
    customer = post.customer(name)
    quote = draft_quote(customer, Head(clock.today() + timedelta(days=days)), by=post.house.sales)
    add_line(quote, first(Product), 2, Method.WIRE, by=SYSTEM)
    send_quote(quote, by=post.house.sales)
    db.session.commit()
    return quote


@step
def quotes_accepted_withdrawn_and_expired(post: Post) -> None:
    withdraw_quote(a_sent_quote(post, "Devis retiré"), "erreur de prix", by=SYSTEM)
    expire(a_sent_quote(post, "Devis oublié"))
    accept_quote(post.browser(), token_of(a_sent_quote(post, "Devis accepté")))


@step
def a_service_handed_over(post: Post) -> None:
    order = begun_order(post.house, post.customer("Service remis"))
    sheet = Sheet(3, 500, 20, 90, "chaque nuit", Mode.REMOTE, "Ana Bel", "ana.bel@ouest.example")
    hand_over(write_sheet(order, sheet, by=SYSTEM), clock.today(), Place.ON_SITE, by=SYSTEM)


@step
def orders_that_nobody_pays(post: Post) -> None:
    customer = post.customer("Commande en attente")
    product = first(Product)
    for days in (50, 80):
        order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
        order.ordered_on = clock.today() - timedelta(days=days)
        db.session.flush()
        jobs.enqueue("orders.unpaid", f"{order.uid}:1", customer.organisation)
    work()


@step
def a_credit_note(post: Post) -> None:
    invoice = first(Invoice)
    issue_credit_note(invoice, rest_of(invoice), origin="letter", reason=CreditReason.ERROR, by=SYSTEM)


@step
def a_renewal_to_pay(post: Post) -> None:
    (subscription, *_more) = subscriptions_of(first(Mandate).customer)
    send_renewal(subscription, date(2027, 11, 21))


@step
def people_and_their_passwords(post: Post) -> None:
    give_account(
        post.house.reseller,
        email="lea.roux@ouest.example",
        name="Léa Roux",
        role=Role.SALES,
        language=post.language,
        by=post.house.owner,
    )
    send_link_again(post.house.sales, by=SYSTEM)


@step
def what_a_person_is_told_of_her_account(post: Post) -> None:
    user = post.house.support
    tell_new_device(user, address="192.0.2.7", browser="Firefox")
    tell_password(user)
    for what in ("added", "removed", "codes", "recovery"):
        tell_factor(user, what, name="Portable", left=9)
    for what in ("asked", "refused", "lapsed", "agreed"):
        tell_lost(user, what, who=post.house.owner.name, address=link("/welcome/x"))


@step
def another_address_of_ones_own(post: Post) -> None:
    user = post.house.reader
    user.language = post.language
    ask_email(user, "ana.bel@ouest.example")
    confirm_email(
        db.session.scalars(db.select(EmailChange).order_by(EmailChange.id.desc())).first(), keep=None
    )


@step
def a_try_of_the_mail(post: Post) -> None:
    try_mail(post.house.operator)


@step
def a_brand_that_writes_itself(post: Post) -> None:
    house = post.house.reseller
    set_sender(house, "bonjour@ouest.example", by=SYSTEM)
    tell_lost_sender(first(Sender))
    set_sender(house, "", by=SYSTEM)
    try_words(house, "sepa/mail_sign", post.language, Words("Un mot de {support}.", ""), to=post.house.owner)


@step
def a_reseller_that_fails(post: Post) -> None:
    reseller = first(Reseller)
    reseller.default("liquidation", by=SYSTEM)
    reseller.resume(by=SYSTEM)


@step
def terms_that_are_withdrawn(post: Post) -> None:
    first(TermsNotice).recall()
    customer = post.customer("Qui refuse", accepted="numspot")
    subscription = runs(post.house, customer, code="NS-LETTER")
    version = a_published(post.house, date(2029, 1, 1), "003", "003-2029")
    refused = tell(subscription.customer, version)
    assert refused is not None
    refused.refuse(in_writing=True, by=SYSTEM, address="192.0.2.7")
    refused.recall()


@step
def an_access_to_a_vault(post: Post) -> None:
    offer_access(first(Vault), hours=24, by=SYSTEM).note_first_use("192.0.2.7")


@step
def a_report_of_a_backup(post: Post) -> None:
    run = first(BackupRun)
    choose_reports(run.machine.customer, True, by=SYSTEM)
    db.session.flush()
    send_report(run)


def a_case(post: Post) -> ReversibilityCase:
    """Under a contract that takes silence for an acceptance."""
    payer = first(Mandate).customer
    (subscription,) = subscriptions_of(payer)
    subscription.give_notice(
        sent_on=date(2026, 11, 23), ends_on=date(2027, 11, 23), reason="none", fields={}, by=SYSTEM
    )
    vault = register_vault(payer, name="Serveur", location="/elsewhere", subscription_uid=subscription.uid)
    db.session.flush()
    day = date(2026, 11, 23)
    case = open_case(subscription, vault, reason=Reason.COPY, received_on=day, cost_cents=0, by=SYSTEM)
    db.session.flush()
    return case


@step
def a_handover_from_beginning_to_end(post: Post) -> None:
    case = a_case(post)
    case.certificate_number, case.return_number = "CE-2026-000001", "CR-2026-000001"
    case.erase_from = datetime(2026, 12, 1, 10, tzinfo=UTC)
    case.shipped_on, case.medium, case.tracking = date(2026, 11, 23), "disque chiffré", "6A123"
    case.delivered_at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for template in ("confirm_destruction", "export_ready", "last_call"):
        case.send_fetch_link(f"mails/{template}.txt")
    for template in ("erased", "erasure_ordered", "returned", "shipped", "silent_acceptance"):
        case.write_to_customer(f"mails/{template}.txt")
    case.state = CaseState.EXPORTING
    case.offer([Group("srv", ("/srv",), (), (Point("ab", clock.now()),))], by=SYSTEM)
    db.session.commit()
    path = vaulting.link_in(vaulting.last_mail(case.uid))
    assert post.browser().post(f"{path}/code").status_code == 303
    case.write_to_customer(
        "reversibility/mail_shrunk.txt", until=clock.now(), address=link("/handover-choice/x")
    )
    case.write_to_customer("reversibility/mail_both_points.txt", machines=1)
    case.write_to_customer("mails/pushed.txt", target=SimpleNamespace(label="s3://copie"))
    _last_call(case.subscription, case.vault, date(2027, 1, 4))


@step
def a_quote(post: Post) -> None:
    customer = post.customer("Devisée", accepted="numspot")
    subscription = vaulting.a_subscription(customer, terms="numspot", ends_on=date(2026, 12, 1))
    vault = register_vault(customer, name="Serveur", location="/third", subscription_uid=subscription.uid)
    db.session.flush()
    day = date(2026, 11, 23)
    case = open_case(subscription, vault, reason=Reason.COPY, received_on=day, cost_cents=0, by=SYSTEM)
    db.session.flush()
    case.quote(48_000, by=SYSTEM)


@step
def a_machine_that_is_not_as_it_was(post: Post) -> None:
    run = first(BackupRun)
    _find(run, AnomalyKind.SHRUNK, 1, 10)
    run.machine.anomalies = 0
    run.machine.due_by = clock.now() - timedelta(hours=1)
    db.session.flush()
    tell_of_silence()


@step
def a_vault_that_is_damaged(post: Post) -> None:
    row = begin_verification(first(Vault))
    row.objects = row.damaged = 1
    row.names = ["data/ab"]
    tell_damage(row)
    set_price(row.vault.customer.organisation.parent, Item.DRILLS, 12_000, clock.today(), by=SYSTEM)
    db.session.flush()
    choose_drills(row.vault, True, by=SYSTEM)
    drill = begin_drill(row.vault, DrillKind.EXIT, clock.today())
    drill.vault.bytes_stored = 10**9
    drill.end(bytes_=10**6, millis=900, sha256="ab" * 32, drawn_from=3)
    tell_drill(drill)
    drill.state = DrillState.FAILED
    tell_drill(drill)
    report_to_customer(row.vault.customer, date(2026, 10, 1))
    machine = a_machine(a_key(row.vault.customer), "poste-du-mois")
    machine.created_at = datetime(2026, 10, 2, tzinfo=UTC)
    db.session.flush()
    report_to_house(db.session.get_one(Organisation, machine.customer.reseller_id), date(2026, 10, 1))


@step
def a_vault_that_is_born(post: Post) -> None:
    """With its credentials leaked and its volume reached."""
    customer = post.customer("Logée", accepted="dropcloud")
    subscription = vaulting.a_subscription(customer, volume_gb=1)
    told = {"operator": "Hébergeur", "place": "Lyon", "state": "FR", "is_open": True, "inner": "/srv/lyon"}
    provider = first(Product).organisation_id
    house = db.session.get_one(Organisation, provider)
    store = VaultStore(organisation=house, name="Lyon", kind=StoreKind.LOCAL, door="/srv/lyon", **told)
    db.session.add(store)
    db.session.flush()
    home = new_home(subscription)
    home.store, home.state = store, HomeState.MAKING
    vault = settle_birth(home)
    rotate(home, leaked=True, by=SYSTEM)
    vault.measured(Usage(990_000_000, 1, 1, None, 1, 0))
    look_at_quota(vault)
    vault.awaits_first = False
    kept = {**told, "place": "Lille", "inner": "/srv/lille"}
    other = VaultStore(organisation=house, name="Lille", kind=StoreKind.LOCAL, door="/srv/lille", **kept)
    db.session.add(other)
    db.session.flush()
    switch(begin_move(home, other, "plus de place", by=SYSTEM), Listing(1, 1, "", ""))


@step
def a_code_to_download(post: Post) -> None:
    case = first(ReversibilityCase)
    owner = case.customer.organisation
    _link, token = make_link(Purpose.FETCH_EXPORT, case, owner=owner, recipient="c@client.example", days=1)
    assert post.browser().post(f"/fetch/{token}/code").status_code == 303


@step
def a_file_that_is_restored(post: Post) -> None:
    request = first(RestoreRequest)
    request.state = RestoreState.RESTORING
    _hand_over(request, first(Document))


@step
def work_that_is_quoted_planned_and_tomorrow(post: Post) -> None:
    order = open_work(first(RestoreRequest).customer, WorkKind.RELOAD, "x", "Rechargement", by=SYSTEM)
    order.add_line(Item.LABOUR, 90, unit_cents=6000, why="forfait", by=SYSTEM)
    send_work_quote(order, by=post.house.support)
    db.session.commit()
    query = db.select(Mail).where(Mail.kind == "desk/mail_quote").order_by(Mail.id.desc())
    address = next(word for word in db.session.scalars(query).first().body.split() if "/work-quote/" in word)
    assert post.browser().post(f"/work-quote/{address.rpartition('/')[2]}/code").status_code == 303
    order.accept(by=SYSTEM)
    order.plan(clock.now() + timedelta(days=1), post.house.support, by=SYSTEM)
    tell_customer(order, "desk/mail_planned.txt")
    tell_customer(order, "desk/mail_tomorrow.txt")
    tell_technician(order)


@step
def a_breach_that_is_told(post: Post) -> None:
    breach = a_breach(post.house.provider, post.customer("Touchée"))
    notify(breach, by=SYSTEM)
    db.session.commit()
    work()


@step
def persons_who_ask_for_their_data(post: Post) -> None:
    a_request(post.house.provider, language=post.language, customer=post.customer("Responsable"))
    asked = a_request(post.house.provider, language=post.language, identity_how="vue")
    asked.extend("Beaucoup de pièces à relire", by=SYSTEM)
    send_file(asked, by=SYSTEM)
    erased = a_request(post.house.provider, kind=Asked.ERASURE, language=post.language, identity_how="vue")
    erase(erased, by=post.house.operator)
    a_request(post.house.provider, language=post.language).finish("Rien à corriger.", refused=True, by=SYSTEM)


@step
def a_webhook_that_nobody_answers(post: Post) -> None:
    hook = Webhook(organisation=post.house.reseller, host="a.example", kinds=["ticket"], state=W.OPEN)
    hook.seen_id, hook.failures, hook.made_by_id = 0, 0, post.house.owner.id
    hook.failing_since = clock.now() - PATIENCE
    db.session.add(hook)
    db.session.flush()
    event = try_hook(hook)
    db.session.flush()
    note_answer(hook, [Heard(event.id, "500", clock.now())])


@step
def an_agreement_on_data(post: Post) -> None:
    row, _user = a_contract(post.house, "dobaas", name="Confie", siren=None, language=post.language)
    agreement = prepare_agreement(row.customer, "dobaas", by=SYSTEM)
    send_agreement(agreement, by=SYSTEM)
    db.session.commit()
    address = re.search(r"/agreement/\S+", _last("agreements/mail_agreement").body)
    assert address is not None
    phone, typed = post.browser(), {"agree": "y", "entitled": "y", "signer_name": "Ada", "signer_role": "CEO"}
    phone.post(address[0], data=typed | {"shown": agreement.mark})
    digits = re.search(r"(\d{3}) (\d{3})", _last("agreements/mail_code").body)
    assert digits is not None
    assert phone.post(f"{address[0]}/code", data={"code": digits[0]}).status_code in (200, 302, 303)


@step
def a_change_of_law(post: Post) -> None:
    row, _user = a_contract(post.house, "dobaas", name="Part", siren=None, language=post.language)
    day = LawDay(
        organisation=post.house.provider, key="law:letter", kind=LawDayKind.LAW, day=date(2027, 1, 12)
    )
    contract = LawDayContract(organisation=post.house.provider, law_day=day, subscription=row, mail_uid="")
    db.session.add_all([day, contract])
    db.session.flush()
    assert write_to_law_day(contract)


@step
def a_change_of_sub_processors(post: Post) -> None:
    provider = post.house.provider
    customer = a_cloud(post.house, name="Confie", siren=None, language=post.language).customer
    for granted in (True, False):
        change = a_change(provider, replaces=a_processor(provider))
        announce_processor(change, by=SYSTEM)
        db.session.commit()
        work()
        answer_objection(
            object_to(change, customer, "A4", clock.today(), by=SYSTEM), "B7", granted=granted, by=SYSTEM
        )
    db.session.commit()


@step
def an_order_that_force_majeure_makes_longer(post: Post) -> None:
    row = a_cloud(post.house, name="Prorogée", siren=None, language=post.language)
    hours = {"starts_at": clock.now() - timedelta(hours=9), "ends_at": clock.now() - timedelta(hours=1)}
    told = {"cause": Cause.FORCE_MAJEURE, "words": "S12", "customer": row.customer, "by": SYSTEM}
    outage = enter_outage(post.house.provider, "numspot", ["region"], **hours, **told)
    assert extend_for(row, outage)


@step
def a_ticket_from_call_to_report(post: Post) -> None:
    customer = a_customer(
        post.house.reseller, name="Garage Port", siren=None, accepted="dobaas", language=post.language
    )
    subscription = vaulting.a_subscription(customer, terms="dobaas", plan=Plan.THREE_YEARS)
    about = {
        "kind": TicketKind.INCIDENT,
        "severity": 1,
        "subject": "Plus d'accès",
        "text": "Le service est coupé.",
    }
    ticket = open_ticket(
        customer, **about, source=Source.PHONE, subscription=subscription, by=post.house.support
    )
    answer_ticket(ticket, "Depuis quand ?", asks=True, by=post.house.support)
    hear_customer(ticket, "Depuis ce matin.", by=SYSTEM)
    close_ticket(ticket, "Onduleur remplacé.", Told.MAIL, "", by=post.house.support)
    hand_over_report(ticket, "Causes : onduleur en panne. Solutions : remplacé.", by=post.house.support)
    (report,) = (each for each in clocks_of(ticket) if each.what == "report_due")
    tell_missed(ticket, report)


@step
def maintenance_that_is_announced_and_called_off(post: Post) -> None:
    work_ = first(PlannedWork)
    customer = first(ServiceCredit).customer
    tell_of_work(customer, work_)
    work_.call_off("pièce en retard", by=SYSTEM)
    tell_of_work(customer, work_)


@step
def a_credit_for_a_month_below_its_promise(post: Post) -> None:
    credit = first(ServiceCredit)
    credit.tell(clock.today())


@step
def alarms_for_the_operators(post: Post) -> None:
    tell_operators(safety())
    tell_second([first(Vault)], by=SYSTEM, page="/customers/x")
    tell_finance(the_entity(), [first(Batch)])


@step
def what_the_provider_missed(post: Post) -> None:
    customer, now = post.customer("À qui l'on doit"), clock.now()
    for number, days in ((1, -1), (2, 1)):
        owed = {"key": f"terms:{number}:mail", "duty": Duty.TERMS, "label": "003-2027", "page": "/notices/x"}
        owed |= {"clause": "003-04", "rights": ["old_terms"], "due_at": now + timedelta(days=days)}
        db.session.add(Obligation(organisation=customer.organisation, customer=customer, **owed))
    decide_telling(post.house.reseller, tells=True, by=post.house.operator)
    telling = telling_of(post.house.reseller)
    assert telling is not None
    telling.decided_at = now - timedelta(days=2)
    db.session.flush()
    tell_of_obligations()
    tell_of_misses()


@step
def a_customer_transferred_and_one_who_stays(post: Post) -> None:
    for name in ("Qui part", "Qui reste"):
        customer = post.customer(name)
        transfer = ask_transfer(customer, taker_of(post.house).organisation, by=post.house.operator)
        db.session.commit()
        if name == "Qui reste":
            transfer.cancel(by=post.house.operator)
        else:
            for address in addresses(post.house):
                consent(post.browser, address)


@step
def a_business_that_ends(post: Post) -> None:
    customer = post.customer("Qui cesse", accepted="dobaas")
    values = {"terms_stack": "dobaas", "plan": Plan.THREE_YEARS, "billing_months": 1, "has_keys": False}
    product = a_product(post.house, code="DB-EVENT", price_includes_vat=False, **values)
    subscription = place_order(customer, product, 1, Method.WIRE, by=SYSTEM).deliver(by=SYSTEM)
    db.session.flush()
    end_of_the_day = dict.fromkeys(("event_on", "posted_on", "received_on"), clock.today())
    known = {"tracking": "1A 234", "document": a_scan(), "by_provider": True, "answer": "silent"}
    note_event(subscription, "end_of_business", **end_of_the_day, **known, by=SYSTEM)


@step
def a_months_commission(post: Post) -> None:
    product = a_product(post.house, code="NB-COMMISSION")
    set_wholesale(post.house.reseller, product, unit_cents=3600, effective_on=clock.today(), by=SYSTEM)
    order = place_order(post.customer("Qui rapporte"), product, 1, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=clock.today(), amount_cents=5988, reference="VIR CO", by=SYSTEM)
    assert state_month(reseller_of(post.house.reseller), clock.today().replace(day=1))


@step
def a_contract_assigned_and_one_refused(post: Post) -> None:
    for number, name in enumerate(("Qui cède", "Qui garde")):
        customer, taker = post.customer(name), post.customer(f"Qui reprend de {name}")
        for contact in taker.contacts:
            contact.email = f"reprise-{number}@client.example"
        product = a_product(post.house, code=f"NB-CESSION-{number}")
        order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
        subscription = order.deliver(by=SYSTEM)
        db.session.commit()
        day = clock.today() + timedelta(days=20)
        her = Successor(taker.name)
        named = Named(taker.name, "404833048", "Dominique Durand", f"reprise-{number}@client.example")
        wish = wish_assignment(
            subscription, named, day, conditions_of(subscription, her, day).seen, by=SYSTEM
        )
        if number:
            refuse_wish(wish, "Contrat à renégocier", by=post.house.owner)
        plan = plan_assignment(subscription, taker, day)
        row = ask_assignment(subscription, taker, day, plan.seen, by=post.house.operator)
        if number:
            refuse_assignment(row, "Solvabilité inconnue", by=post.house.operator)
            continue
        for address in ("contact@client.example", "reprise-0@client.example"):
            assert sign_assignment(post.browser, address).status_code == 200
        agree_to_assignment(row, plan.seen, frees=False, by=post.house.operator)
        carry_out_assignment(row, by=SYSTEM)


@step
def a_change_that_is_signed(post: Post) -> None:
    customer = post.customer("Qui grandit", accepted="dobaas")
    values = {"terms_stack": "dobaas", "plan": Plan.THREE_YEARS, "billing_months": 1, "has_keys": False}
    product = a_product(post.house, code="DB-CHANGE", price_includes_vat=False, **values)
    subscription = place_order(customer, product, 1, Method.WIRE, by=SYSTEM).deliver(by=SYSTEM)
    subscription.volume_gb = 500
    db.session.commit()
    change(post.browser(post.house.owner), subscription, kind="volume", volume_gb=800, price="450")
    sign(post.browser)
    owner = post.browser(post.house.owner)
    refuse_renewal(owner, subscription)
    want_back(owner, subscription)
    agree_to_go_on(post.browser)


@step
def another_means_of_payment_asked_agreed_and_dropped(post: Post) -> None:
    product = a_product(post.house, code="DB-MEANS", terms_stack="dobaas", has_keys=False)
    for name in ("Qui sera prélevée", "Qui change d'avis"):
        customer = post.customer(name, accepted="dobaas")
        subscription = place_order(customer, product, 1, Method.WIRE, by=SYSTEM).deliver(by=SYSTEM)
        db.session.flush()
        free = first_free_period(subscription).isoformat()
        ask_means(subscription, Method.DIRECT_DEBIT, free, by=SYSTEM)
        if name == "Qui sera prélevée":
            sign_now(customer, the_entity())
        else:
            cancel_means(subscription, by=SYSTEM)


@step
def terms_asked_accepted_and_signed_on_paper(post: Post) -> None:
    seller = post.browser(post.house.sales)
    accept(post.browser(), ask(seller, post.customer("Qui accepte", accepted="")))
    scan(seller, post.customer("Qui signe", accepted=""))


@step
def a_mandate_handed_on_and_one_signed_on_paper(post: Post) -> None:
    mandate, token = a_mandate(post.house, post.customer("Qui transmet"))
    hand_on(post.browser(), mandate, token)
    paper, _token = a_mandate(post.house, post.customer("Sur papier"))
    deposit(post.browser(post.house.sales), paper)
    agree(post.browser(post.house.owner), paper)


@step
def a_mandate_asked_for_signed_and_given_another_account(post: Post) -> None:
    mandate, token = a_mandate(post.house, post.customer("Signataire"))
    post.at(datetime(2026, 11, 27, 9, tzinfo=UTC))
    remind_signatories()
    work()
    go_to_code(post.browser(), token)
    post.at(datetime(2026, 11, 23, 9, tzinfo=UTC))
    signed = a_signed_mandate(post.house, post.customer("Débitrice"))
    _change, account = ask_account(signed, by=SYSTEM)
    confirm(post.browser(), signed, account)
    assert mandate.uid != signed.uid


@step
def a_debit_that_came_back(post: Post) -> None:
    row: Any = SimpleNamespace(reason="AM04")
    _tell(row, first(Collection), reaction_for("AM04", {}), None)


@step
def a_second_presentation_that_is_called_off(post: Post) -> None:
    row = first(Collection)
    row.attempt = 2
    row.tell_called_off()


@step
def an_invoice_of_the_former_system_that_is_late(post: Post) -> None:
    balance = first(CarriedBalance)
    tell_of_carried(balance.customer, [balance], the_entity())


@step
def keys_that_wait_for_their_payment(post: Post) -> None:
    tell_held(first(Invoice), 2)


@step
def a_consumers_keys_that_wait(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    buyer = post.customer("Consommatrice pressée", kind=CustomerKind.CONSUMER)
    order = place_order(buyer, product, 1, Method.WIRE, by=SYSTEM)
    cents = order.gross_cents
    record_wire(order, received_on=clock.today(), amount_cents=cents, reference="CLÉ", by=SYSTEM)
    wait = first(KeyWait)
    token = link_for(wait)
    send_link(wait, token, by=SYSTEM)
    db.session.commit()
    phone, address = post.browser(), f"/keys-now/{token}"
    phone.post(address, data={"early": "y", "loses": "y"})
    digits = re.search(r"(\d{3}) (\d{3})", _last("subscriptions/mail_keys_code").body)
    assert digits is not None
    assert phone.post(f"{address}/code", data={"code": digits[0]}).status_code == 200


@step
def keys_that_are_sent_again(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    order = place_order(post.customer("Client aux clés perdues"), product, 1, Method.WIRE, by=SYSTEM)
    cents = order.gross_cents
    record_wire(order, received_on=clock.today(), amount_cents=cents, reference="PERDUES", by=SYSTEM)
    send_again(order, by=SYSTEM)


@step
def the_way_to_a_lot_of_keys(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    lot = stock_up(post.house.reseller, product, 2, 1, by=SYSTEM)
    tell_lot(lot, post.house.owner)


@step
def an_order_and_an_invoice_by_card(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    buyer = post.customer("Payeuse par carte")
    with patch.dict(os.environ, CARD_KEY="sk_test_1", CARD_WEBHOOK_SECRET="whsec_1"):
        order = place_order(buyer, product, 1, Method.CARD, by=SYSTEM)
    order.refuse(by=SYSTEM)
    tell_refused(order)
    line = {"label": "Abonnement", "quantity": 1, "unit_cents": 1_200, "includes_vat": True}
    add_charge(buyer, origin="card", method=Method.CARD, **line)
    send_pay_link(bill_customers([buyer], the_entity(), clock.today())[0], by=SYSTEM)


def _last(kind: str) -> Mail:
    set_scope(EVERYTHING)
    query = db.select(Mail).where(Mail.kind == kind).order_by(Mail.id.desc()).limit(1)
    return db.session.scalars(query).one()


@step
def the_life_of_a_subscription(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()

    def consumer(name: str, day: date) -> Any:
        values: dict[str, Any] = dict(kind=CustomerKind.CONSUMER, siren=None, language=post.language)
        billed = day.replace(year=day.year + 1)
        return a_subscription(post.house, product, started_on=day, billed_before=billed, name=name, **values)

    withdraw(consumer("Rétractée", date(2026, 11, 23)), by=SYSTEM)
    kept = consumer("Reconduite", date(2026, 1, 15))
    post.at(datetime(2026, 8, 3, 11, tzinfo=UTC))
    assert remind(kept, date(2026, 8, 3)) is not None
    post.at(datetime(2026, 11, 23, 9, tzinfo=UTC))
    terminate(kept, Notice(date(2026, 11, 23)), by=SYSTEM)


@step
def an_ending_certificate(post: Post) -> None:
    a_certificate(post.house, number="90002", valid_through=date(2026, 12, 20))
    tell_of_ends()


@step
def a_new_price(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    subscription = a_subscription(post.house, product, name="Augmentée", siren=None, language=post.language)
    subscription.billed_before = date(2027, 1, 15)
    announce(subscription, revise_price(product, unit_cents=7000, effective_on=date(2028, 1, 15), by=SYSTEM))


@step
def a_retail_price_recalled(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    subscription = a_subscription(post.house, product, name="Rassurée", siren=None, language=post.language)
    subscription.billed_before = date(2027, 1, 15)
    step = tell_step(subscription, date(2028, 1, 15), 7000)
    recall(step, subscription)


@step
def a_refund_that_waits_for_an_account(post: Post) -> None:
    """Asked in the night, reminded after a week, given by link."""
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    buyer = post.customer("Remboursée", kind=CustomerKind.CONSUMER)
    order = place_order(buyer, product, 1, Method.WIRE, by=SYSTEM)
    cents = order.gross_cents + 500
    record_wire(order, received_on=clock.today(), amount_cents=cents, reference="TROP", by=SYSTEM)
    look_at_account(buyer)
    db.session.commit()
    post.at(clock.now() + timedelta(days=7))
    look_at_account(buyer)
    db.session.commit()
    found = re.search(r"/refund-account/\S+", _last("refunds/mail_remind").body)
    assert found is not None
    phone, typed = post.browser(), {"iban": "FR1420041010050500013M02606", "holder": "Remboursée"}
    phone.post(found[0], data=typed)
    digits = re.search(r"(\d{3}) (\d{3})", _last("refunds/mail_code").body)
    assert digits is not None
    assert phone.post(f"{found[0]}/code", data={"code": digits[0]}).status_code == 303
    set_scope(EVERYTHING)


@step
def a_late_payer_until_she_pays(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    started = {"started_on": date(2025, 1, 1), "billed_before": date(2027, 6, 1)}
    subscription = a_subscription(
        post.house, product, name="Retardataire", siren=None, language=post.language, **started
    )
    invoice = an_invoice(subscription, due_on=date(2027, 1, 31))
    for day in (date(2027, 2, 5), date(2027, 2, 15), date(2027, 3, 2), date(2027, 3, 11)):
        post.at(datetime(day.year, day.month, day.day, 11, tzinfo=UTC))
        take_step(subscription.customer, by=SYSTEM)
    dispute = open_dispute(invoice, "Montant", by=SYSTEM, is_hers=False)
    dispute.close(DisputeState.REJECTED, "Le montant est juste.", by=SYSTEM)
    pay_by_wire(invoice, date(2027, 3, 11), "VIR RETARD", by=SYSTEM)
    post.at(datetime(2026, 12, 9, 11, tzinfo=UTC))  # the next one lives then


@step
def a_provider_who_ends_a_contract(post: Post) -> None:
    product = db.session.scalars(db.select(Product).where(Product.code == "NB-WS")).one()
    for number, then in enumerate(("end", "drop")):
        subscription = a_subscription(
            post.house, product, name=f"Quittée {number}", siren=None, language=post.language
        )
        row = open_procedure(
            subscription, "force_majeure", "Incendie.", since_on=clock.today(), by=post.house.operator
        )
        post.at(clock.now() + timedelta(days=20))
        if then == "drop":
            drop(row, "L'incendie est éteint.", by=post.house.operator)
        else:
            give_end(row, by=post.house.operator)


@step
def hardware_that_a_customer_wore_out(post: Post) -> None:
    customer = post.customer("Usure", accepted="numspot")
    subscription = vaulting.a_subscription(customer, terms="numspot")
    row = open_procedure(subscription, "grave_breach", "Minage constaté.", by=post.house.operator)
    charge_worn(row, "FO-77", clock.today(), 41_250, a_scan(), by=post.house.operator)


@step
def a_contract_that_is_suspended_at_once(post: Post) -> None:
    customer = post.customer("Minage", accepted="numspot")
    subscription = vaulting.a_subscription(customer, terms="numspot")
    suspend_at_once(subscription, "unreasonable_use", "Minage constaté.", by=post.house.operator)
    lift(subscription, "Le minage a cessé.", by=post.house.operator)


@step
def a_sign_up_and_its_trial(post: Post) -> None:
    """Asked for twice: the second time the address is known."""
    product = a_product(post.house, code="NB-ESSAI")
    open_page(post.house, product)
    asked = {"language": post.language, "siren": "775670417"}
    sign_up(post.browser(), product, **asked)
    ask_on_the_web(post.browser(), product, **asked)
    trial = the_trial()
    for days in (-3, 1):
        day = trial.ends_on + timedelta(days)
        post.at(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        look_at(trial)
        db.session.commit()
        set_scope(EVERYTHING)


@step
def an_old_mandate(post: Post) -> None:
    mandate = a_signed_mandate(post.house, post.customer("Oubliée"))
    mandate.last_presented_on = date(2027, 1, 5)
    db.session.commit()
    post.at(datetime(2029, 10, 5, 9, tzinfo=UTC))
    warn_of_lapse()
    work()


@step
def a_change_of_the_creditor(post: Post) -> None:
    ask_change(the_entity(), {"bank_name": "Autre banque"}, by=post.house.finance)


@step
def more_machines_than_seats(post: Post) -> None:
    key = issue_key(
        post.customer("Étroite"),
        product="NATSO BACKUP+",
        product_code=1,
        seats=2,
        valid_through=date(2031, 1, 1),
        source_uid="narrow",
        by=SYSTEM,
    )
    db.session.flush()
    for machine in ("m1", "m2"):
        take_seat(key, machine, machine)
    key.seats = 1
    db.session.commit()
    order = db.session.scalars(db.select(Order).join(Product).where(Product.code == "NB-WS")).first()
    assert order is not None
    machine, _is_new = take_seat(keys_of(order.customer)[-1], "wide", "large")
    see_system(machine, System(users=3, internal_disks=1, network=False, external=False, os="BeOS 5"))
    db.session.commit()
    for days in (0, 7):
        post.at(clock.now() + timedelta(days=days))
        look_at_seats()
        work()
        set_scope(EVERYTHING)
