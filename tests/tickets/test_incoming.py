"""Mails of customers become messages, once, and never in somebody else's ticket."""

from io import BytesIO

from sqlalchemy import func, select

from portal.db import EVERYTHING, db, set_scope
from portal.mail import as_message
from portal.mail.addresses import recipient_of
from portal.tickets.incoming import LARGEST, Filed, receive, words_of
from portal.tickets.models import Ticket, TicketMessage
from tests.builders import a_customer, stored
from tests.conftest import MONDAY
from tests.tickets.opening import a_contract, a_mail, called, mails, opened, the_ticket
from tests.world import a_scan

HERS = "contact@client.example"


def filed(message):
    outcome = receive(message.as_bytes())
    set_scope(EVERYTHING)
    return outcome.filed


def count(model) -> int:
    return db.session.scalar(select(func.count(model.id)))


def test_an_answer_with_the_number_is_a_message_and_the_same_mail_counts_once(house, browser, at):
    subscription, _user = a_contract(house, "dobaas")
    called(browser(house.support), subscription)
    row = the_ticket()
    at(MONDAY)
    mail = a_mail(f"Camille <{HERS}>", f"Re: [{row.number}] Plus d'accès", "Je confirme.\n\n> Votre ticket")
    assert filed(mail) == Filed.MESSAGE
    assert filed(mail) == Filed.AGAIN
    last = stored(row).messages[-1]
    assert (last.text, last.side, len(row.messages)) == ("Je confirme.", "customer", 2)
    assert row.confirmed_at == MONDAY  # in writing (004-13)
    assert (
        browser(house.support).post(f"/tickets/{row.uid}/answers", data={"text": "Merci."}).status_code == 303
    )
    sent = as_message(mails("message")[0], recipient_of(HERS))
    assert row.number in sent["Subject"] and sent["In-Reply-To"] == "<one@client.example>"
    assert mails("opened")[0].message_id in sent["References"] and sent["Auto-Submitted"] is None
    assert as_message(mails("opened")[0], recipient_of(HERS))["Auto-Submitted"] == "auto-generated"


def test_a_number_of_another_customer_never_attaches(house, browser):
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    hers = the_ticket()
    other = a_customer(house.other, name="Garage Port", siren=None)
    other.contacts[0].email = "intrus@garage.example"
    db.session.commit()
    assert filed(a_mail("intrus@garage.example", f"Re: {hers.number}", "Donnez-moi l'accès")) == Filed.OPENED
    new = the_ticket()
    assert new.customer_id == other.id and len(stored(hers).messages) == 1
    assert filed(a_mail("personne@ailleurs.example", f"Re: {hers.number}")) == Filed.UNKNOWN
    assert count(Ticket) == 2


def test_what_no_person_wrote_is_left_aside(house, browser):
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    own = mails("opened")[0].message_id
    for heads in (
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"message_id": own},
    ):
        assert filed(a_mail(HERS, f"Re: {the_ticket().number}", **heads)) == Filed.AUTOMATIC
    assert filed(a_mail("MAILER-DAEMON@client.example", "Undelivered")) == Filed.AUTOMATIC
    assert count(TicketMessage) == 1


def test_attachments_are_kept_within_their_limits_and_others_are_named(house, browser):
    a_contract(house, "dobaas")
    mail = a_mail(HERS, "Photo")
    mail.add_attachment(a_scan(), maintype="image", subtype="png", filename="../../écran.png")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="virus.exe")
    assert filed(mail) == Filed.OPENED
    (message,) = the_ticket().messages
    assert [file.media_type for file in message.files] == ["image/png"] and "/" not in message.files[
        0
    ].filename
    assert "virus.exe" in message.text
    assert receive(b"x" * (LARGEST + 1)).filed == Filed.REFUSED


def test_html_alone_is_read_without_its_styles():
    mail = a_mail(HERS, "Bonjour")
    mail.set_content("<style>p{}</style><p>Rien ne va</p><script>x()</script>", subtype="html")
    assert words_of(mail) == "Rien ne va"


def test_broken_mails_break_nothing(house):
    a_contract(house, "dobaas")
    for raw in (
        b"",
        b"\0\xff",
        b"From: \r\n\r\n",
        b"From: contact@client.example\nContent-Type: text/plain; charset=nowhere\n\n\xe9t\xe9",
    ):
        assert receive(raw).filed in set(Filed)
        set_scope(EVERYTHING)


def test_the_command_takes_a_mail_from_an_mtas_pipe(app, house):
    a_contract(house, "dobaas")
    run = app.test_cli_runner()
    done = run.invoke(args=["tickets", "receive"], input=BytesIO(a_mail(HERS, "En panne").as_bytes()))
    assert done.exit_code == 0 and done.output.startswith("opened TK-2026-"), done.output
    unknown = run.invoke(args=["tickets", "receive"], input=BytesIO(a_mail("x@y.example", "?").as_bytes()))
    assert unknown.exit_code == 67
