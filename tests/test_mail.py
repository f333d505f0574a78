"""Mails: rows first, sent after the commit over real SMTP, and never lost."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.blobs import keep
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Lane, Task, TaskState, find_task, run_one
from portal.jobs.claims import ORDERS
from portal.journal import timeline
from portal.mail import Mail, MailState, queue_mail
from tests.builders import House, a_customer, stored, work
from tests.relay import Relay, a_certificate, a_relay

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of patience with the relay, and no pause left from another test."""
    monkeypatch.setitem(app.config, "SMTP_SECONDS", 1.0)
    ORDERS.forget_pauses()


@pytest.fixture
def smtp(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with a_relay(enable_SMTPUTF8=True) as relay:
        monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{relay.port}")
        yield relay


@pytest.fixture
def customer(house: House) -> Customer:
    return a_customer(house.reseller)


def a_mail(
    customer: Customer, to: str = "camille@client.example", *, subject: str = "PF-1", **values: Any
) -> Mail:
    entity = {"name": "Émetteur", "iban": "-", "bank_name": "-"}
    proforma = {"number": subject, "gross_cents": 1, "valid_through": None}
    order = {"quantity": 1, "product_name": "Offre"}
    mail = queue_mail(
        to,
        "subscriptions/mail_proforma.txt",
        about=customer,
        owner=customer.organisation,
        **{"order": order, "proforma": proforma, "entity": entity} | values,
    )
    db.session.commit()
    return mail


def a_pdf(customer: Customer) -> Any:
    return keep(
        b"%PDF-1.4",
        owner=customer.organisation,
        subject=customer,
        kind="proforma",
        filename="é.pdf",
        media_type="application/pdf",
    )


def hurry() -> None:
    """As if every pause were over."""
    set_scope(EVERYTHING)
    ORDERS.forget_pauses()
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()


def task_of(mail: Mail) -> Task:
    set_scope(EVERYTHING)
    db.session.expire_all()
    task = find_task("mail.send", mail.uid)
    assert task is not None
    return task


def waits(mail: Mail) -> str:
    """The reason why a mail waits; it has not failed."""
    task = task_of(mail)
    assert (task.state, task.attempts, stored(mail).state) == (TaskState.QUEUED, 0, MailState.QUEUED)
    return task.error


# The message


def test_a_mail_leaves_after_the_commit_with_its_attachment(customer: Customer, smtp: Relay) -> None:
    mail = a_mail(customer, attach=[a_pdf(customer)])
    assert smtp.received == []
    assert work() == 1
    (message,) = smtp.messages
    assert smtp.recipients == ["camille@client.example"]
    assert [part.get_filename() for part in message.iter_attachments()] == ["é.pdf"]
    assert stored(mail).state == MailState.SENT


def test_a_message_is_text_and_the_same_as_html(customer: Customer, smtp: Relay) -> None:
    order = {"quantity": 1, "product_name": "<b>Offre</b> https://evil.example/", "uid": "a?b=1&c=2"}
    a_mail(customer, order=order)
    work()
    (message,) = smtp.messages
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert message.get_content_type() == "multipart/alternative"
    assert text is not None and html is not None
    assert "<b>Offre</b>" in text.get_content()
    page = html.get_content()
    assert "&lt;b&gt;Offre&lt;/b&gt;" in page and "<b>" not in page
    assert 'href="http://localhost:8000/orders/a?b=1&amp;c=2"' in page and 'href="https://evil' not in page
    assert '<html lang="fr" dir="ltr">' in page and "<img" not in page and "src=" not in page


def test_the_headers_are_those_that_mail_systems_expect(
    customer: Customer, app: Flask, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_FROM", "Portail <portail@mail.example>")
    mail = a_mail(customer)
    work()
    (message,) = smtp.messages
    assert message["From"] == "DROPCLOUD SAS <portail@mail.example>"
    assert message["Reply-To"] == "facturation@example.org"
    assert smtp.received[0].mail_from == "portail@mail.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == mail.message_id and mail.message_id.endswith("@mail.example>")
    assert message["Date"].datetime == MONDAY


def test_the_issuer_is_the_name_before_the_address(customer: Customer, house: House, smtp: Relay) -> None:
    from portal.resellers.models import LegalEntity

    a_mail(customer, entity=db.session.scalars(db.select(LegalEntity)).one())
    work()
    assert smtp.messages[0]["From"] == "DROPCLOUD SAS <portail@localhost>"


def test_where_no_issuer_is_known_the_portal_itself_writes(
    customer: Customer, app: Flask, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.resellers.models import LegalEntity

    monkeypatch.setitem(app.config, "MAIL_FROM", "Portail <portail@mail.example>")
    db.session.execute(db.delete(LegalEntity))
    a_mail(customer)
    work()
    assert smtp.messages[0]["From"] == "Portail <portail@mail.example>"
    assert smtp.messages[0]["Reply-To"] is None


def test_a_rolled_back_transaction_sends_nothing(customer: Customer, smtp: Relay) -> None:
    values = {"order": {"quantity": 1}, "entity": {}, "proforma": {"gross_cents": 1, "valid_through": None}}
    template = "subscriptions/mail_proforma.txt"
    queue_mail("a@b.example", template, about=customer, owner=customer.organisation, **values)
    db.session.rollback()
    assert work() == 0
    assert smtp.received == []


def test_the_body_is_sealed_at_rest(customer: Customer) -> None:
    mail = a_mail(customer)
    assert "Offre" in mail.body
    assert "Offre" not in mail.body_sealed


def test_an_urgent_mail_has_workers_of_its_own(customer: Customer, smtp: Relay) -> None:
    a_mail(customer, "bulk@client.example")
    a_mail(customer, "code@client.example", urgent=True)
    assert run_one([Lane.PROMPT], 0)
    assert smtp.recipients == ["code@client.example"]
    assert run_one([Lane.PROMPT], 0) is None


TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
LETTERS = sorted(
    path
    for path in [*TEMPLATES.glob("mails/*.txt"), *TEMPLATES.glob("*/mail_*.txt")]
    if path.name != "frame.txt"  # what stands around each of them
)


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.stem)
def test_no_subject_shows_what_opens_something(path: Path) -> None:
    """A phone shows subjects on its locked screen, and relays write them down."""
    subject = re.sub(r"\".*?\"", "", path.read_text().partition("\n")[0])
    assert re.findall(r"\b(?:code|key|keys|url|address|token)\b", subject) == []


# What the relay says


def test_the_last_answer_and_its_time_stay_with_the_mail(
    customer: Customer, smtp: Relay, at: At, browser: Browser, house: House
) -> None:
    mail = a_mail(customer)
    at(MONDAY + timedelta(hours=2))
    work()
    assert stored(mail).server_answer == "250 2.0.0 Ok: queued as 4F1A2"
    assert mail.sent_at == MONDAY + timedelta(hours=2)
    assert "Ok: queued as 4F1A2" in browser(house.owner).get(f"/mails/{mail.uid}").text


def test_a_relay_that_wants_to_be_asked_later_lets_other_mails_pass(customer: Customer, smtp: Relay) -> None:
    grey = a_mail(customer, "grey@client.example")
    smtp.to["grey@client.example"] = "450 4.2.0 Greylisted"
    a_mail(customer, "camille@client.example")
    work()
    assert smtp.recipients == ["camille@client.example"]
    assert "450 4.2.0 Greylisted" in waits(grey)
    smtp.to.clear()
    hurry()
    work()
    assert smtp.recipients == ["camille@client.example", "grey@client.example"]


@pytest.mark.parametrize("where", ["recipient", "content"])
def test_a_refusal_for_good_is_put_aside_with_the_words_of_the_relay(
    customer: Customer, smtp: Relay, where: str
) -> None:
    mail, words = a_mail(customer), "550 5.1.1 No such user here"
    if where == "recipient":
        smtp.to[mail.recipient] = words
    else:
        smtp.answer = words
    work()
    assert (stored(mail).state, mail.server_answer) == (MailState.REFUSED, words)
    assert mail.sent_at is None
    assert task_of(mail).state == TaskState.DONE


def test_what_is_refused_is_shown_and_sent_again(
    customer: Customer, house: House, smtp: Relay, browser: Browser
) -> None:
    mail = a_mail(customer)
    smtp.to[mail.recipient] = "550 5.1.1 No such user here"
    work()
    operator, owner, uid = browser(house.operator), browser(house.owner), mail.uid
    page = operator.get("/work").text
    for text in ("essages refusés", "550 5.1.1 No such user here", "refusé par le serveur", ">Renvoyer<"):
        assert text in page, text
    page = browser(house.reader).get(f"/customers/{customer.uid}").text
    assert "550 5.1.1 No such user here" in page and "refusé par le serveur" in page
    assert ">Renvoyer<" not in page
    assert ">Renvoyer<" in owner.get(f"/customers/{customer.uid}").text
    assert browser(house.technician).post(f"/mails/{uid}/sending").status_code == 403
    smtp.to.clear()
    assert operator.post(f"/mails/{uid}/sending").status_code == 303
    assert operator.post(f"/mails/{uid}/sending").status_code == 422
    work()
    set_scope(EVERYTHING)
    assert stored(mail).state == MailState.SENT
    assert [entry.details["answer"] for entry in timeline(mail)] == ["550 5.1.1 No such user here"]
    assert len(smtp.received) == 1


# A relay that is away


def test_a_night_without_a_relay_loses_nothing_and_keeps_the_order(house: House, smtp: Relay, at: At) -> None:
    customers = [
        a_customer(house.reseller),
        a_customer(house.reseller, name="Deux", siren=None),
        a_customer(house.other, name="Trois", siren=None),
    ]
    mails = [a_mail(customers[n % 3], f"c{n % 3}-{n:02d}@client.example") for n in range(60)]
    smtp.stop()
    for hour in range(9):
        at(MONDAY + timedelta(hours=hour))
        hurry()
        work()
    assert "injoignable" in waits(mails[0])
    smtp.start()
    for _pause in range(20):  # on a busy machine the relay may miss a conversation: the mail waits again
        hurry()
        work()
    assert len(smtp.received) == 60
    for number in range(3):
        own = [to for to in smtp.recipients if to.startswith(f"c{number}")]
        assert own == sorted(set(own)) and len(own) == 20


def test_a_relay_that_is_down_is_asked_once_a_pause(customer: Customer, smtp: Relay) -> None:
    for n in range(5):
        a_mail(customer, f"c{n}@client.example")
    smtp.stop()
    assert work() == 1


def test_no_mail_passes_one_that_another_worker_put_off(
    customer: Customer, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_mail(customer, "first@client.example")
    second = a_mail(customer, "second@client.example")
    smtp.stop()
    work()
    smtp.start()
    ORDERS.forget_pauses()  # another process, which has not met the fault
    work()
    assert smtp.received == []
    assert "plus ancien" in waits(second)
    hurry()
    work()
    assert smtp.recipients == ["first@client.example", "second@client.example"]


def test_a_slow_relay_is_asked_again(
    customer: Customer, app: Flask, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SMTP_SECONDS", 0.2)
    smtp.sleeps = 1.0
    mail = a_mail(customer)
    work()
    assert "timed out" in waits(mail)
    smtp.sleeps = 0
    hurry()
    work()
    assert len(smtp.received) == 1


@pytest.mark.parametrize("words", ["421 4.3.2 Shutting down", "451 4.3.0 Try again"])
def test_a_relay_that_cannot_now_is_asked_again(customer: Customer, smtp: Relay, words: str) -> None:
    mail = a_mail(customer)
    smtp.answer = words
    for _ in range(8):
        work()
        hurry()
    assert words in waits(mail)
    smtp.answer = "250 Ok"
    work()
    assert len(smtp.received) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("553 5.7.1 Not yours", "refuse notre adresse"), ("452 4.3.1 Disk full", "demande de réessayer")],
)
def test_what_is_said_of_the_sender_is_about_every_mail(
    customer: Customer, smtp: Relay, words: str, sentence: str
) -> None:
    mail = a_mail(customer)
    a_mail(customer)
    smtp.sender = words
    assert work() == 1
    assert words in waits(mail) and sentence in waits(mail)


def test_a_message_that_is_too_large_is_put_aside_alone(customer: Customer, smtp: Relay) -> None:
    mail = a_mail(customer)
    smtp.sender = "552 5.3.4 Message too large"
    work()
    assert (stored(mail).state, mail.server_answer) == (MailState.REFUSED, smtp.sender)


def test_a_connection_that_breaks_on_one_message_lets_the_others_pass_in_the_end(
    customer: Customer, smtp: Relay
) -> None:
    mail = a_mail(customer, "bomb@client.example")
    a_mail(customer)
    smtp.drops.add("bomb@client.example")
    assert work() == 1
    assert "coupé la connexion" in waits(mail)
    for _ in range(4):
        hurry()
        work()
    assert smtp.recipients == ["camille@client.example"]
    smtp.drops.clear()
    hurry()
    work()
    assert smtp.recipients == ["camille@client.example", "bomb@client.example"]


def test_after_five_days_a_mail_is_given_up_and_may_be_sent_again(
    customer: Customer, house: House, smtp: Relay, at: At, browser: Browser
) -> None:
    mail = a_mail(customer)
    smtp.stop()
    at(MONDAY + timedelta(days=5, seconds=-1))
    work()
    waits(mail)
    at(MONDAY + timedelta(days=5))
    hurry()
    work()
    assert stored(mail).state == MailState.GIVEN_UP
    assert "injoignable" in mail.server_answer
    assert browser(house.operator).post(f"/mails/{mail.uid}/sending").status_code == 303
    hurry()
    work()
    waits(mail)  # its days begin anew
    smtp.start()
    hurry()
    work()
    assert stored(mail).state == MailState.SENT


def test_a_mail_is_never_called_sent_because_a_setting_is_missing(
    customer: Customer, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEMO", "TESTING"):
        monkeypatch.setitem(app.config, name, False)
    mail = a_mail(customer)
    for url in ("", "http://relay.example", "smtp://relay:port"):
        monkeypatch.setitem(app.config, "SMTP_URL", url)
        hurry()
        work()
        assert "SMTP_URL" in waits(mail), url
    monkeypatch.setitem(app.config, "SMTP_URL", "maildir:")
    hurry()
    work()
    assert stored(mail).state == MailState.SENT


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "a@client.example, b@evil.example",
        '"a b"@client.example',
        "a@[127.0.0.1]",
        "a@client.example\nBcc: b@evil.example",
        "a",
        "",
    ],
)
def test_what_is_no_single_mailbox_is_put_aside(customer: Customer, smtp: Relay, address: str) -> None:
    mail = a_mail(customer, address)
    work()
    assert smtp.received == []
    assert stored(mail).state == MailState.REFUSED
    assert mail.server_answer == "Ce n'est pas une adresse à laquelle on peut écrire."


def test_a_host_with_accents_is_written_as_the_mail_systems_do(customer: Customer, smtp: Relay) -> None:
    a_mail(customer, "camille@café.example")
    work()
    assert smtp.recipients == ["camille@xn--caf-dma.example"]
    assert smtp.messages[0]["To"] == "camille@xn--caf-dma.example"


def test_a_name_with_accents_needs_a_relay_that_takes_it(
    customer: Customer, app: Flask, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_mail(customer, "éé@client.example")
    work()
    assert smtp.recipients == ["éé@client.example"]
    assert "SMTPUTF8" in smtp.received[0].mail_options
    assert "éé@client.example" in str(smtp.messages[0]["To"])
    with a_relay(enable_SMTPUTF8=False) as plain:
        monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{plain.port}")
        mail = a_mail(customer, "éé@client.example")
        work()
        assert plain.received == []
    assert stored(mail).state == MailState.REFUSED
    assert "lettres accentuées" in mail.server_answer


# Encryption


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(app.config, "SMTP_URL", url)


def test_a_wrong_certificate_gets_no_mail(
    customer: Customer, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = a_certificate(tmp_path, "relay.elsewhere.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # trusted, and of another name
    mail = a_mail(customer)
    with a_relay(tls_context=context, auth_required=False) as relay:
        for url in (f"smtp://127.0.0.1:{relay.port}", f"smtp://u:right@127.0.0.1:{relay.port}?tls=1"):
            use(app, monkeypatch, url)
            hurry()
            work()
            assert "certificat" in waits(mail)
        assert (relay.received, relay.signed_in) == ([], [])


def test_smtps_checks_the_certificate(
    customer: Customer, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = a_certificate(tmp_path, "127.0.0.1")
    mail = a_mail(customer)
    with a_relay(ssl_context=context, auth_require_tls=False) as relay:
        use(app, monkeypatch, f"smtps://u:right@127.0.0.1:{relay.port}")
        work()
        assert "certificat" in waits(mail)
        assert (relay.received, relay.signed_in) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        hurry()
        work()
        assert (len(relay.received), relay.signed_in) == (1, ["u"])


def test_starttls_is_used_where_it_is_offered(
    customer: Customer, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = a_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    a_mail(customer)
    with a_relay(tls_context=context, require_starttls=True) as relay:
        use(app, monkeypatch, f"smtp://u:right@127.0.0.1:{relay.port}")
        work()
        assert (len(relay.received), relay.signed_in) == (1, ["u"])


def test_encryption_that_is_demanded_and_not_offered_sends_nothing(
    customer: Customer, app: Flask, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(app, monkeypatch, f"smtp://127.0.0.1:{smtp.port}?tls=1")
    mail = a_mail(customer)
    work()
    assert "STARTTLS" in waits(mail)
    assert smtp.received == []


def test_a_password_does_not_travel_in_the_clear(
    customer: Customer, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: real("127.0.0.1" if host == "relay.example" else host, *rest, **named),
    )
    mail = a_mail(customer)
    with a_relay(auth_require_tls=False) as relay:
        use(app, monkeypatch, f"smtp://u:right@relay.example:{relay.port}")
        work()
        assert "en clair" in waits(mail)
        assert (relay.received, relay.signed_in) == ([], [])
        use(app, monkeypatch, f"smtp://u:right@relay.example:{relay.port}?tls=0")
        hurry()
        work()
        assert (len(relay.received), relay.signed_in) == (1, ["u"])


def test_a_wrong_password_waits_for_the_right_one(
    customer: Customer, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = a_mail(customer)
    with a_relay(auth_require_tls=False) as relay:
        use(app, monkeypatch, f"smtp://u:wrong@127.0.0.1:{relay.port}")
        work()
        assert "identifiant" in waits(mail)
        use(app, monkeypatch, f"smtp://u:right@127.0.0.1:{relay.port}")
        hurry()
        work()
        assert len(relay.received) == 1
