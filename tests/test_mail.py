"""Mails: rows first, sent after the commit over real SMTP."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from portal.blobs import keep
from portal.db import db
from portal.jobs import Task
from portal.mail import Mail, MailState, queue_mail
from tests.builders import House, a_customer, stored, work


class Server:
    def __init__(self) -> None:
        self.received: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.received.append(envelope)
        return self.answer


@pytest.fixture
def smtp(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{port}")
    yield server
    controller.stop()


def a_mail(house: House, to: str = "camille@client.example") -> Mail:
    customer = a_customer(house.reseller)
    entity = {"name": "Émetteur", "iban": "-", "bank_name": "-"}
    proforma = {"number": "PF-1", "gross_cents": 1, "valid_through": None}
    document = keep(
        b"%PDF-1.4",
        owner=customer.organisation,
        subject=customer,
        kind="proforma",
        filename="é.pdf",
        media_type="application/pdf",
    )
    order = {"quantity": 1, "product_name": "Offre"}
    mail = queue_mail(
        to,
        "subscriptions/mail_proforma.txt",
        about=customer,
        owner=customer.organisation,
        attach=[document],
        order=order,
        proforma=proforma,
        entity=entity,
    )
    db.session.commit()
    return mail


def test_a_mail_leaves_after_the_commit_with_its_attachment(house: House, smtp: Server) -> None:
    mail = a_mail(house)
    assert smtp.received == []
    assert work() == 1
    (envelope,) = smtp.received
    assert envelope.rcpt_tos == ["camille@client.example"]
    assert b"%PDF" in envelope.content or b"JVBERi" in envelope.content
    assert stored(mail).state == MailState.SENT


def test_a_rolled_back_transaction_sends_nothing(house: House, smtp: Server) -> None:
    customer = a_customer(house.reseller)
    values = {"order": {"quantity": 1}, "entity": {}, "proforma": {"gross_cents": 1, "valid_through": None}}
    template = "subscriptions/mail_proforma.txt"
    queue_mail("a@b.example", template, about=customer, owner=customer.organisation, **values)
    db.session.rollback()
    assert work() == 0
    assert smtp.received == []


def test_a_server_that_refuses_is_asked_again(house: House, smtp: Server) -> None:
    a_mail(house)
    smtp.answer = "451 later"
    work()
    assert smtp.received == []
    smtp.answer = "250 OK"
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()
    work()
    assert len(smtp.received) == 1


def test_the_body_is_sealed_at_rest(house: House) -> None:
    mail = a_mail(house)
    assert "Offre" in mail.body
    assert "Offre" not in mail.body_sealed


def test_one_message_has_one_recipient(house: House, smtp: Server) -> None:
    a_mail(house, to="a@client.example, b@evil.example")
    work()
    assert smtp.received == []
