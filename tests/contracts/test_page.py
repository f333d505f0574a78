"""The page of a contract: its dates, what leaving means, the law beside it, and any question."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.billing.models import Invoice, InvoiceState, pending_charges
from portal.catalogue.models import Method, Product
from portal.contracts.history import history_of
from portal.customers.models import CustomerKind
from portal.db import db
from portal.engine.models import register_vault
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.reversibility.models import Reason
from portal.reversibility.opening import open_case
from portal.simulator.question import EVENTS
from portal.simulator.run import simulate
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import charge_next_period
from portal.subscriptions.termination import Notice, terminate, work_out
from tests.builders import House, a_user, an_outsider
from tests.contracts.builders import START, a_subscription, dobaas, dropcloud, natso, numspot

Browser = Callable[..., FlaskClient]
TODAY = date(2026, 11, 23)


def text_of(page: str) -> str:
    return " ".join(
        unescape(re.sub(r"<[^>]*>", " ", page)).replace("\u202f", " ").replace("\xa0", " ").split()
    )


def section(page: str, name: str) -> str:
    """The text of one section of the page, by its id."""
    return text_of(page[page.index(f'id="{name}"') :].partition("</section>")[0])


def test_the_case_is_the_subscription(house: House) -> None:
    subscription = natso(house)
    case = history_of(subscription).case
    assert (case.stack.name, case.customer, case.plan) == ("natso", "business", "annual")
    assert (case.started_on, case.monthly_fee_cents) == (START, 5988 // 12)
    assert (case.paid_through, case.as_of, case.events) == (date(2027, 1, 14), TODAY, ())


def test_nothing_is_paid_before_anything_was_billed(house: House) -> None:
    case = history_of(dobaas(house, started_on=TODAY, billed_before=TODAY)).case
    assert case.paid_through < TODAY
    assert simulate(case).find("last_paid_day") is None


def test_the_notice_and_the_request_are_the_history(house: House) -> None:
    subscription = dobaas(house)
    terminate(subscription, Notice(TODAY, "in_house", at_term=False), by=SYSTEM)
    vault = register_vault(
        subscription.customer, name="Serveur", location="/nowhere", subscription_uid=subscription.uid
    )
    db.session.flush()
    open_case(subscription, vault, reason=Reason.COPY, received_on=TODAY, cost_cents=0, by=SYSTEM)
    events = history_of(subscription).case.events
    assert [(event.what, event.on, event["reason"]) for event in events] == [
        ("terminate", TODAY, "in_house"),
        ("reversibility_request", TODAY, "copy"),
    ]


@pytest.mark.parametrize(
    # 19 months have not begun
    ("early", "end", "penalty"),
    [(True, date(2027, 5, 23), 114000), (False, date(2029, 1, 15), None)],
)
def test_a_notice_for_the_term_costs_no_penalty(
    house: House, early: bool, end: date, penalty: int | None
) -> None:
    subscription = dobaas(house)
    terminate(subscription, Notice(TODAY, "none", at_term=not early), by=SYSTEM)
    outcome = simulate(history_of(subscription).case)
    assert outcome.find("contract_ends").on == subscription.ends_on == end
    found = outcome.amount("early_end_penalty")
    assert (found.cents if found else None) == penalty


def test_leaving_today_by_each_reason(house: House) -> None:
    subscription = natso(house)
    plain, switch = (work_out(subscription, Notice(TODAY, why)).outcome for why in ("none", "switch"))
    assert plain.find("contract_ends").on == date(
        2028, 1, 15
    )  # too late for 2027: the notice ended on 15 October
    assert plain.amount("refund").cents == 0
    assert switch.find("contract_ends").on == date(2027, 2, 23)
    with pytest.raises(Refused, match="précéder le début"):
        work_out(subscription, Notice(date(2026, 1, 14)))


def test_the_page_says_dates_clauses_and_days_left(house: House, browser: Browser) -> None:
    subscription = natso(house, started_on=date(2026, 3, 1), billed_before=date(2027, 3, 1))
    page = browser(house.owner).get(f"/contracts/{subscription.uid}").text
    calendar = section(page, "calendar")
    assert "1 déc. 2026 mardi dans 8 jours Dernier jour pour donner congé 000-14" in calendar
    assert "3 mois : 000-14, article 3.4 (2), Conditions générales NATSO BACKUP+, 000-2026" in calendar
    assert "Périodes de 12 mois comptées depuis le 1 mars 2026." in calendar
    assert "Dates passées (1)" in calendar  # the price was kept until May
    assert "A16 : l'échéance est le lendemain" in calendar


def test_the_two_ways_to_leave_stand_side_by_side(house: House, browser: Browser) -> None:
    page = browser(house.owner).get(f"/contracts/{dobaas(house).uid}").text
    leaving = section(page, "leaving")
    plain, _reason, switch = leaving.partition("Changement de fournisseur Dernier jour")
    assert "Fin du contrat 23 mai 2027 004-42" in plain
    assert "Pénalité de sortie anticipée 1 140,00 € HT 004-42" in plain
    assert "Frais de réversibilité 1 500,00 € HT 002-20" in plain
    assert "Fin du contrat 23 février 2027 L5" in switch
    assert "Loi · s'applique le coût seul" in switch


def test_law_and_contract_of_a_consumer(house: House, browser: Browser) -> None:
    consumer = natso(house, kind=CustomerKind.CONSUMER, siren=None, name="Camille Martin")
    law = section(browser(house.owner).get(f"/contracts/{consumer.uid}").text, "law")
    assert "Délai de rétractation 7 jours 000-36 14 jours L1" in law
    assert "Forme de la résiliation lettre recommandée 000-55 en ligne L2" in law
    company = natso_law(house, browser)
    monthly = section(
        browser(house.owner).get(f"/contracts/{dropcloud(house, name='Mensuel', siren=None).uid}").text, "law"
    )
    assert re.search(r"fournisseur 15 jours 001-44 2 mois L5 [^:]* le contrat", monthly)
    assert "rétractation" not in company
    assert "Préavis d'un changement de fournisseur 3 mois 000-14 2 mois L5" in company


def natso_law(house: House, browser: Browser) -> str:
    product = db.session.scalars(db.select(Product)).first()
    uid = a_subscription(house, product, name="Autre", siren=None).uid
    return section(browser(house.owner).get(f"/contracts/{uid}").text, "law")


def test_another_day_and_reason_can_be_asked(house: House, browser: Browser) -> None:
    subscription, client = natso(house), browser(house.owner)
    address = f"/contracts/{subscription.uid}/leaving?day=2027-02-01&reason=in_house"
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<section")
    assert "Reprise en interne" in answer.text
    assert "<html" in client.get(address).text  # without a script: a page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("day=2026-01-14&reason=none", "précéder le début du contrat"),
        ("day=&reason=none", "Indiquez un jour."),
        ("day=2026-02-30&reason=none", ""),
        ("day=2026-12-01&reason=dislike", ""),
        ("day=2026-12-01&reason=breach", ""),
    ],
)
def test_a_day_that_the_rules_refuse_is_refused_beside_the_field(
    house: House, browser: Browser, query: str, said: str
) -> None:
    subscription = natso(house)
    answer = browser(house.owner).get(f"/contracts/{subscription.uid}/leaving?{query}")
    assert answer.status_code == (200 if "breach" in query else 422)
    if said:
        assert re.search(rf'id="day-error-1">.*{said}', answer.text, re.S)


def test_who_has_given_notice_cannot_leave_again(house: House, browser: Browser) -> None:
    subscription = natso(house)
    terminate(subscription, Notice(TODAY), by=SYSTEM)
    page = browser(house.owner).get(f"/contracts/{subscription.uid}")
    assert page.status_code == 200
    assert "Le contrat est déjà résilié, avec effet au 15/01/2028" in section(page.text, "leaving")
    assert "15 janv. 2028 samedi dans 418 jours Fin du contrat" in section(page.text, "calendar")


def test_a_recorded_end_that_the_law_shortens_is_told(house: House, browser: Browser) -> None:
    subscription = natso(house)
    terminate(subscription, Notice(TODAY, "switch"), by=SYSTEM)
    assert subscription.ends_on == date(2027, 2, 23)
    subscription.ends_on = date(2028, 1, 15)  # as it would have been recorded by hand
    db.session.commit()
    calendar = section(browser(house.owner).get(f"/contracts/{subscription.uid}").text, "calendar")
    assert "enregistrée pour le 15 janvier 2028 ; le contrat et la loi donnent le 23 février 2027" in calendar


def test_a_contract_without_a_term_is_left_at_any_time(house: House, browser: Browser) -> None:
    leaving = section(browser(house.owner).get(f"/contracts/{numspot(house).uid}").text, "leaving")
    assert "Dernier jour pour donner congé à tout moment Fin du contrat 21 février 2027 003-21" in leaving


QUESTIONS = {
    "claim": "on=2026-12-02&kind=malfunction&known_on=2026-12-01",
    "terminate": "on=2026-12-01&by=customer&reason=none",
    "formal_notice": "on=2026-12-01",
    "late_payment": "on=2026-12-01&due_on=2026-01-31&paid_on=2026-03-15&amount_cents=712,44",
    "reversibility_request": "on=2026-12-01&reason=copy",
    "price_change": "on=2026-12-01&effective_on=2027-02-01",
    "sla_measure": "on=2026-12-31&service=object_storage&measured_percent=99,5&promised_percent=99.97"
    "&mean_month_cents=1000&invoice_cents=1000",
    "usage": "on=2026-12-01&metered_average=480&unit_price_micros=120000",
    "force_majeure": "on=2026-12-01&ended_on=2026-12-10",
    "withdraw": "on=2026-12-01",
    "breach": "on=2026-12-01&severity=warning",
    "inactivity": "on=2026-12-01&last_use_on=2026-01-20",
    "incident": "on=2026-12-01&severity=1&opened_at=2026-12-01T10:00&answered_at=2026-12-01T10:10",
    "restore_request": "on=2026-12-01&kind=simple&cause=malware",
}


@pytest.mark.parametrize("make", [natso, dropcloud, dobaas, numspot], ids=lambda make: make.__name__)
def test_every_kind_of_question_is_answered_or_refused_with_a_sentence(
    house: House, browser: Browser, make: Callable[[House], Subscription]
) -> None:
    assert set(QUESTIONS) == set(EVENTS)
    client, uid, seen = browser(house.owner), make(house).uid, set()
    for what, fields in QUESTIONS.items():
        answer = client.get(f"/contracts/{uid}/question?what={what}&ask=1&{fields}")
        assert ("Réponse" in answer.text) == (answer.status_code == 200), what
        assert ("field-error" in answer.text) == (answer.status_code == 422), what
        seen.add(answer.status_code)
        assert client.get(f"/contracts/{uid}/question?what={what}").status_code == 200
    assert seen == {200, 422}


def test_the_answer_names_amounts_and_clauses(house: House, browser: Browser) -> None:
    uid, client = dobaas(house).uid, browser(house.owner)
    answer = client.get(f"/contracts/{uid}/question?what=late_payment&ask=1&{QUESTIONS['late_payment']}").text
    assert "Pénalités de retard 10,20 € L6" in text_of(answer)
    assert "Indemnité de recouvrement 40,00 € L6" in text_of(answer)
    answer = client.get(f"/contracts/{uid}/question?what=incident&ask=1&{QUESTIONS['incident']}").text
    assert "10:30" in answer
    assert "Confirmation écrite de l'incident au plus tard 004-13" in text_of(answer)


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("what=incident&on=2026-12-01&severity=1", "opened_at", "Ce champ est nécessaire."),
        ("what=incident&on=2026-12-01&severity=4&opened_at=2026-12-01T10:00", "severity", "un des choix"),
        (
            "what=incident&on=2026-12-01&severity=1&opened_at=2026-12-01T10:00&waiting_minutes=dix",
            "waiting_minutes",
            "« Attente du client (en minutes) » : « dix » n&#39;est pas un entier",
        ),
        ("what=terminate&on=2026-02-30&by=customer&reason=none", "on", "n&#39;est pas un jour"),
        ("what=terminate&on=2026-01-01&by=customer&reason=none", "on", "précède le début du contrat"),
        (
            "what=terminate&on=2026-12-02&received_on=2026-12-01&by=customer&reason=none",
            "received_on",
            "ne peut pas précéder",
        ),
        (
            "what=late_payment&on=2026-12-01&due_on=2026-01-31&paid_on=2026-03-15&amount_cents=douze",
            "amount_cents",
            "",
        ),
        ("what=usage&on=2026-12-01&metered_average=NaN&unit_price_micros=1", "metered_average", "NaN"),
        ("what=withdraw&on=2026-12-01", "on", "Seul un consommateur se rétracte (L1)."),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_beside_its_field(
    house: House, browser: Browser, query: str, field: str, said: str
) -> None:
    answer = browser(house.owner).get(f"/contracts/{natso(house).uid}/question?ask=1&{query}")
    assert answer.status_code == 422
    text = answer.text.replace("\xa0", " ").replace("\u202f", " ")
    assert re.search(rf'id="{field}-error-1">.*?{re.escape(said)}', text, re.S)


def test_an_unknown_kind_of_question_is_the_first_one(house: House, browser: Browser) -> None:
    answer = browser(house.owner).get(f"/contracts/{natso(house).uid}/question?what=divorce")
    assert answer.status_code == 200
    assert 'value="terminate" selected' in answer.text


def test_the_customer_sees_her_own_contract_and_nobody_elses(house: House, browser: Browser) -> None:
    subscription = natso(house)
    other = dropcloud(house, name="Voisin", siren=None)
    own = a_user(subscription.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    client = browser(own)
    assert f"/contracts/{subscription.uid}" in client.get("/").text
    page = client.get(f"/contracts/{subscription.uid}")
    assert page.status_code == 200
    assert "/customers/" not in page.text
    assert client.get(f"/contracts/{other.uid}").status_code == 404
    stranger = browser(an_outsider(house))
    for path in ("", "/leaving", "/question"):
        assert stranger.get(f"/contracts/{subscription.uid}{path}").status_code == 404


def test_the_contract_is_linked_from_customer_and_subscription(house: House, browser: Browser) -> None:
    subscription, client = natso(house), browser(house.owner)
    address = f"/contracts/{subscription.uid}"
    assert address in client.get(f"/customers/{subscription.customer.uid}").text
    assert address in client.get(f"/subscriptions/{subscription.uid}").text


def an_invoice(subscription: Subscription, *, due_on: date, paid_on: date | None) -> None:
    invoice = Invoice(
        organisation=subscription.customer.organisation,
        legal_entity_id=subscription.legal_entity_id,
        customer_id=subscription.customer_id,
        number=f"FA-{due_on}",
        issued_on=due_on,
        due_on=due_on,
        net_cents=59370,
        vat_cents=11874,
        gross_cents=71244,
        method=Method.WIRE,
        paid_on=paid_on,
        parties={},
        state=InvoiceState.PAID if paid_on else InvoiceState.ISSUED,
    )
    db.session.add(invoice)
    db.session.flush()
    charge_next_period(subscription)
    charge = pending_charges(subscription.customer)[-1]
    charge.invoice_id = invoice.id
    db.session.commit()


def test_an_invoice_paid_late_is_part_of_the_history(house: House) -> None:
    subscription = dropcloud(house)
    an_invoice(subscription, due_on=date(2026, 1, 31), paid_on=date(2026, 3, 15))
    an_invoice(subscription, due_on=date(2026, 4, 30), paid_on=date(2026, 4, 30))  # in time
    case = history_of(subscription).case
    assert [(event.what, event.on) for event in case.events] == [("late_payment", date(2026, 3, 15))]
    outcome = simulate(case)
    assert outcome.amount("late_penalty").cents == 1020
    assert outcome.amount("recovery_fee").cents == 4000


def test_what_the_rules_refuse_of_the_past_does_not_close_the_page(house: House, browser: Browser) -> None:
    subscription = dropcloud(house)
    an_invoice(subscription, due_on=date(2026, 9, 30), paid_on=None)  # no rate is known for that half-year
    history = history_of(subscription)
    assert history.case.events == () and [event.what for event, _why in history.unanswered] == [
        "late_payment"
    ]
    page = browser(house.owner).get(f"/contracts/{subscription.uid}")
    assert page.status_code == 200
    assert "Facture payée en retard du 23 novembre 2026 : Le taux de la BCE" in text_of(page.text)
