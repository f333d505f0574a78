"""A brand's own sender: what its domain publishes, from whom mails come meanwhile, who is told of a loss."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import run_periodic
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers import name_servers
from portal.resellers.brand import set_face
from portal.resellers.sender import Sender, check_sender, set_sender
from portal.resellers.sender_rules import Published, SenderState, Wanted, missing
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.name_server import NameServer, a_name_server
from tests.relay import a_relay
from tests.resellers.test_hosts import page_of
from tests.resellers.test_words import a_debit

Browser = Callable[..., FlaskClient]
ADDRESS, DOMAIN, KEY = "bonjour@ouest.example", "ouest.example", "MIIBIjANBgkqhkiG9w0BAQ=="
WANTED = Wanted(DOMAIN, "spf.portail.example", "portail", key=KEY, proof="portail=abc")
POINTED = Wanted(DOMAIN, "", "portail", target="ouest.dkim.portail.example", proof="portail=abc")
SPF, SIGNED, PROVEN = "v=spf1 include:spf.portail.example ~all", f"v=DKIM1; k=rsa; p={KEY}", "portail=abc"

# Texts at the domain, at the key, at the proof; then the value of each record that is missing.
CASES: dict[str, tuple[list[str], list[str], list[str], list[str]]] = {
    "all of it": (["x", SPF], [SIGNED], [PROVEN], []),
    "nothing": ([], [], [], [PROVEN, SIGNED, "v=spf1 include:spf.portail.example ~all"]),
    "a key in pieces and tags in capitals": ([SPF], [f"p={KEY[:9]} {KEY[9:]} ; v=DKIM1"], [PROVEN], []),
    "another key": ([SPF], ["v=DKIM1; p=AAAA"], [PROVEN], [SIGNED]),
    "a key taken back": ([SPF], ["v=DKIM1; p="], [PROVEN], [SIGNED]),
    "an include after all": (
        ["v=spf1 mx -all include:spf.portail.example"],
        [SIGNED],
        [PROVEN],
        ["v=spf1 include:spf.portail.example mx -all"],
    ),
    "an include that forbids": (
        ["v=spf1 -include:spf.portail.example ?all"],
        [SIGNED],
        [PROVEN],
        ["v=spf1 include:spf.portail.example -include:spf.portail.example ?all"],
    ),
    "a longer name": (
        ["v=spf1 include:xspf.portail.example -all"],
        [SIGNED],
        [PROVEN],
        ["v=spf1 include:spf.portail.example include:xspf.portail.example -all"],
    ),
    "two records, which count as none": (
        ["v=spf1 mx ~all", SPF],
        [SIGNED],
        [PROVEN],
        ["v=spf1 include:spf.portail.example mx ~all"],
    ),
    "handed on": (
        ["v=spf1 redirect=_spf.x.example"],
        [SIGNED],
        [PROVEN],
        ["v=spf1 include:spf.portail.example redirect=_spf.x.example"],
    ),
    "something like it": (["v=spf10 x"], [SIGNED], [PROVEN], ["v=spf1 include:spf.portail.example ~all"]),
    "the proof of another house": ([SPF], [SIGNED], ["portail=xyz"], [PROVEN]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_domain_lacks_is_said_as_the_record_to_publish(name: str) -> None:
    texts, keys, proofs, values = CASES[name]
    lacks = missing(WANTED, Published(texts, keys, "", proofs))
    assert [record.value for record in lacks] == values
    for record in lacks:  # what is published as asked is right
        kept = {"_portail": proofs, "portail": keys, "ouest": texts}[record.name.split(".")[0]]
        kept[:] = [text for text in kept if text not in record.instead.split(" / ")] + [record.value]
    assert missing(WANTED, Published(texts, keys, "", proofs)) == []


@pytest.mark.parametrize("target", ["", "elsewhere.example", "OUEST.dkim.portail.example."])
def test_a_key_may_be_pointed_to(target: str) -> None:
    lacks = missing(POINTED, Published(proofs=[PROVEN], target=target))
    asked = [("CNAME", "portail._domainkey.ouest.example", "ouest.dkim.portail.example.")]
    right = target.lower().startswith("ouest.dkim")
    assert [(record.kind, record.name, record.value) for record in lacks] == ([] if right else asked)


@pytest.fixture
def names(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    monkeypatch.setattr(name_servers, "_SECONDS", 0.4)
    with a_name_server() as server:
        settings = {
            "DNS_SERVERS": server.setting,
            "MAIL_SPF_INCLUDE": "spf.portail.example",
            "MAIL_DKIM_SELECTOR": "portail",
            "MAIL_DKIM_KEY": KEY,
        }
        for name, value in settings.items():
            monkeypatch.setitem(app.config, name, value)
        yield server


def publish(server: NameServer, sender: Sender) -> None:
    server.zone = {
        (DOMAIN, "TXT"): ['"v=spf1 include:spf.portail" ".example ~all"'],  # a text in two strings is one
        (f"portail._domainkey.{DOMAIN}", "TXT"): [f'"v=DKIM1; k=rsa; " "p={KEY}"'],
        (f"_portail.{DOMAIN}", "TXT"): [f'"portail={sender.uid}"'],
    }


def sent(app: Flask, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> tuple[EmailMessage, str]:
    """A mail to a customer as the relay takes it, and the address that it was told."""
    with a_relay() as relay:
        monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{relay.port}")
        a_debit(customer)
        work()
        monkeypatch.setitem(app.config, "SMTP_URL", "")
    return relay.messages[-1], relay.received[-1].mail_from


def test_mails_come_from_the_brand_while_its_domain_says_so(
    house: House,
    browser: Browser,
    app: Flask,
    names: NameServer,
    at: Callable[[datetime], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_face(house.reseller, name="Ouest Sauvegarde", accent="", logo=b"", without_logo=False, by=SYSTEM)
    page, owner, customer = page_of(house.reseller), browser(house.owner), a_customer(house.reseller)
    assert owner.post(f"{page}/sender/check").status_code == 404  # nothing to look at
    wrong = ("x", "é@ouest.example", "x@localhost", "x@ouest@example")
    for address in wrong:
        assert owner.post(f"{page}/sender", data={"address": address}).status_code == 422, address
    for person in (house.sales, house.finance):
        assert browser(person).post(f"{page}/sender", data={"address": ADDRESS}).status_code == 403
    outsider = browser(an_outsider(house))
    assert outsider.post(f"{page}/sender", data={"address": ADDRESS}).status_code == 404
    assert owner.post(f"{page}/sender", data={"address": ADDRESS}).status_code == 303
    sender = db.session.scalars(db.select(Sender)).one()
    shown = owner.get(page).text
    for record in sender.missing:
        assert record.name in shown and record.value in unescape(shown)
    message, envelope = sent(app, customer, monkeypatch)
    assert str(message["From"]) == "Ouest Sauvegarde <portail@localhost>" and message["Reply-To"] == ADDRESS

    assert owner.post(f"{page}/sender/check").status_code == 303
    assert stored(sender).state == SenderState.WRONG and len(sender.lacks) == 3
    publish(names, sender)
    assert owner.post(f"{page}/sender/check").status_code == 303
    assert stored(sender).state == SenderState.RIGHT and sender.lacks == []
    message, envelope = sent(app, customer, monkeypatch)
    assert str(message["From"]) == f"Ouest Sauvegarde <{ADDRESS}>" and envelope == "portail@localhost"
    beside = a_debit(a_customer(house.other, siren=None))
    assert beside.sender == "DROPCLOUD SAS" and beside.reply_to == "facturation@example.org"

    names.is_silent = True  # one bad day changes nothing; a fourth does, and the owner is told once
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    check(sender)
    assert stored(sender).state == SenderState.UNREACHABLE and sender.is_right
    at(datetime(2026, 11, 26, 9, tzinfo=UTC) + timedelta(minutes=1))
    assert not sender.is_right
    for _again in range(2):
        check(sender)
    told = db.session.scalars(db.select(Mail).where(Mail.kind == "resellers/mail_sender")).all()
    assert [mail.recipient for mail in told] == [house.owner.email]
    names.is_silent, names.zone[DOMAIN, "TXT"] = False, ['"v=spf1 -all"']
    run_periodic()
    set_scope(EVERYTHING)
    work()
    assert stored(sender).state == SenderState.WRONG and sender.checked_at == clock.now()
    publish(names, sender)
    check(sender)
    assert stored(sender).state == SenderState.RIGHT
    names.is_broken = True
    check(sender)
    assert stored(sender).state == SenderState.UNREACHABLE and sender.is_right
    names.is_broken, names.zone = False, {}
    check(sender)
    told = db.session.scalars(db.select(Mail).where(Mail.kind == "resellers/mail_sender")).all()
    assert len(told) == 2 and not stored(sender).is_right and f"_portail.{DOMAIN}" in told[-1].body


def check(sender: Sender) -> None:
    check_sender(sender, by=SYSTEM)
    db.session.commit()


def test_one_house_does_not_write_in_the_name_of_anothers_domain(
    house: House, browser: Browser, app: Flask, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key in the DNS is the provider's for all: the proof is each house's own."""
    set_sender(house.reseller, ADDRESS, by=SYSTEM)
    db.session.commit()
    own = db.session.scalars(db.select(Sender)).one()
    publish(names, own)
    check(own)
    set_sender(house.other, f"direction@{DOMAIN}", by=SYSTEM)
    db.session.commit()
    forged = db.session.scalars(db.select(Sender).where(Sender.id != own.id)).one()
    check(forged)
    assert stored(own).is_right and stored(forged).state == SenderState.WRONG
    monkeypatch.setitem(app.config, "MAIL_FROM", "Portail <portail@portail.example>")
    page, operator = page_of(house.reseller), browser(house.operator)
    answer = operator.post(f"{page}/sender", data={"address": "gerance@portail.example"})
    assert answer.status_code == 422 and "celui du portail" in answer.text
    monkeypatch.setitem(app.config, "MAIL_DKIM_SELECTOR", "")  # the provider signs for nobody else any more
    assert not stored(own).is_right and "pas encore réglé" in operator.get(page).text
    assert operator.post(f"{page}/sender", data={"address": ""}).status_code == 404
