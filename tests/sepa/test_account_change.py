"""Another account under the same mandate: asked for, confirmed with a code, told to the bank until paid."""

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from portal import clock
from portal.blobs import content_of
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, set_scope
from portal.errors import IllegalStep, Refused
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.sepa import reactions
from portal.sepa.batches.export import write_batch
from portal.sepa.mandates.jobs import apply_confirmed_accounts
from portal.sepa.models import (
    Amendment,
    AmendmentKind,
    AmendmentState,
    CollectionState,
    Mandate,
    MandateAmendment,
    pending_amendments,
)
from portal.sepa.models.bank import ReactionSetting
from portal.sepa.reactions import Reaction, default_reactions
from portal.sepa.signing.account_change import ask_account
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import (
    IBAN,
    OTHER_IBAN,
    a_collection,
    a_mandate,
    a_signed_mandate,
    code_in_mail,
    freeze_batch,
    last_mail,
    said_after,
    shown_on,
    the_entity,
)

DUE = date(2026, 12, 31)


def asked(house: House, **values: Any) -> tuple[Mandate, MandateAmendment, str]:
    mandate = a_signed_mandate(house, **values)
    change, token = ask_account(mandate, by=SYSTEM)
    db.session.commit()
    return mandate, change, token


def consent(client: FlaskClient, token: str, **changes: str) -> dict[str, str]:
    shown = shown_on(client.get(f"/new-account/{token}/change").text)
    values = {"shown": shown, "agree": "y", "signer_name": "Camille Martin", "signer_role": "gérante"}
    return {name: value for name, value in (values | changes).items() if value}


def confirm(client: FlaskClient, mandate: Mandate, token: str, iban: str = OTHER_IBAN) -> None:
    start = f"/new-account/{token}"
    assert client.post(f"{start}/account", data={"iban": iban}).location == f"{start}/change"
    assert client.post(f"{start}/code", data=consent(client, token)).location == f"{start}/confirmation"
    assert client.post(f"{start}/confirmation", data={"code": code_in_mail(mandate)}).location == start


def a_day_later(at: Any) -> None:
    at(clock.now() + timedelta(hours=24))
    apply_confirmed_accounts()
    work()


def applied(house: House, browser: Any, at: Any, **values: Any) -> Mandate:
    mandate, _change, token = asked(house, **values)
    confirm(browser(), mandate, token)
    a_day_later(at)
    return stored(mandate)


def test_a_debtor_gives_another_account_and_the_mandate_stays(house: House, browser, at) -> None:
    mandate, change, token = asked(house)
    rum = mandate.rum
    assert f"/new-account/{token}" in last_mail(mandate).body
    phone = browser()
    first = phone.get(f"/new-account/{token}").text
    for words in ("Étape 1 sur 3", "FR76 •••• •••• 0189", rum):
        assert words in first
    confirm(phone, mandate, token)
    assert stored(change).state == "confirmed"
    assert stored(mandate).iban == IBAN  # not before a day has passed
    assert pending_amendments([mandate.id]) == {}
    final = phone.get(f"/new-account/{token}").text
    assert "Le nouveau compte est confirmé" in final
    with phone.get(f"/new-account/{token}/document.pdf") as answer:
        assert check_seal(answer.data, keyring().seal_certificate_pem).is_sound
    a_day_later(at)
    assert (stored(mandate).iban, mandate.rum, mandate.iban_masked) == (
        OTHER_IBAN,
        rum,
        "FR14 •••• •••• 2606",
    )
    assert (stored(change).state, change.effective_on) == ("applied", date(2026, 11, 24))
    assert pending_amendments([mandate.id])[mandate.id].new_account


def test_a_day_less_a_second_is_too_early(house: House, browser, at) -> None:
    mandate, _change, token = asked(house)
    confirm(browser(), mandate, token)
    at(MONDAY + timedelta(hours=24, seconds=-1))
    apply_confirmed_accounts()
    work()
    assert stored(mandate).iban == IBAN


def test_the_chain_tells_both_accounts_masked(house: House, browser, at) -> None:
    mandate = applied(house, browser, at)
    told = [row.event for row in mandate.events]
    whats = [event["what"] for event in told]
    start = whats.index("nouveau compte demandé")
    assert whats[start:] == [
        "nouveau compte demandé",
        "IBAN saisi",
        "texte présenté et accepté",
        "code envoyé",
        "code essayé",
        "nouveau compte confirmé",
        "nouveau compte appliqué",
    ]
    confirmed = told[whats.index("nouveau compte confirmé")]
    assert (confirmed["former"], confirmed["account"]) == ("FR76 •••• •••• 0189", "FR14 •••• •••• 2606")
    assert confirmed["ip"] == "127.0.0.1"
    assert mandate.broken_link() is None
    assert IBAN not in str(told) and OTHER_IBAN not in str(told)


def test_the_sealed_document_holds_the_whole_new_account_and_the_masked_former_one(house, browser) -> None:
    mandate, change, token = asked(house)
    confirm(browser(), mandate, token)
    pdf = content_of(stored(change).document)
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))
    assert OTHER_IBAN in text and IBAN not in text
    assert mandate.rum in text and change.shown_sha256 in text


def test_whoever_signed_and_whoever_pays_is_told(house: House, browser) -> None:
    mandate, _change, token = asked(house)
    mandate.signer_email = "ancienne@client.example"
    db.session.commit()
    confirm(browser(), mandate, token)
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.subject.contains("change"), Mail.subject_uid == mandate.uid)
    mails = {mail.recipient: mail for mail in db.session.scalars(query) if "compte de votre" in mail.subject}
    assert set(mails) == {"ancienne@client.example", "contact@client.example"}
    assert mails["contact@client.example"].attachments
    assert not mails["ancienne@client.example"].attachments
    assert OTHER_IBAN not in mails["ancienne@client.example"].body


@pytest.mark.parametrize(
    ("typed", "words"),
    [(IBAN, "compte actuel"), ("", "vide"), ("FR7630006000011234567890188", "clé de l'IBAN")],
)
def test_a_wrong_account_is_explained_next_to_its_field(house, browser, typed: str, words: str) -> None:
    _mandate, change, token = asked(house)
    answer = browser().post(f"/new-account/{token}/account", data={"iban": typed})
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    assert stored(change).iban is None


def test_steps_cannot_be_skipped(house: House, browser) -> None:
    _mandate, change, token = asked(house)
    phone, start = browser(), f"/new-account/{token}"
    assert phone.get(f"{start}/change").location == start
    assert phone.get(f"{start}/confirmation").location == f"{start}/change"
    assert phone.post(f"{start}/confirmation", data={"code": "123456"}).location == f"{start}/change"
    assert phone.post(f"{start}/code", data={"agree": "y"}).location == start
    assert phone.get(f"{start}/document.pdf").status_code == 404
    phone.post(f"{start}/account", data={"iban": OTHER_IBAN})
    assert phone.post(f"{start}/code/again").location == start
    for name in ("agree", "signer_name", "signer_role"):
        said_after(phone, phone.post(f"{start}/code", data=consent(phone, token, **{name: ""})))
    assert phone.post(f"{start}/code", data=consent(phone, token, shown="0" * 64)).status_code == 409
    assert stored(change).state == "asked"


def test_a_wrong_code_changes_nothing_and_counts(house: House, browser) -> None:
    mandate, change, token = asked(house)
    phone, start = browser(), f"/new-account/{token}"
    phone.post(f"{start}/account", data={"iban": OTHER_IBAN})
    phone.post(f"{start}/code", data=consent(phone, token))
    right = code_in_mail(mandate)
    wrong = "000000" if right != "000000" else "111111"
    answer = phone.post(f"{start}/confirmation", data={"code": wrong})
    assert "Essais restants : 4" in said_after(phone, answer)
    said_after(phone, phone.post(f"{start}/confirmation", data={"code": ""}))
    for _ in range(5):
        phone.post(f"{start}/confirmation", data={"code": wrong})
    said_after(phone, phone.post(f"{start}/confirmation", data={"code": right}))
    assert stored(change).state == "asked"
    for status in (303, 303, 429):
        assert phone.post(f"{start}/code/again").status_code == status


def test_another_account_typed_after_the_code_needs_another_code(house: House, browser) -> None:
    mandate, change, token = asked(house)
    phone, start = browser(), f"/new-account/{token}"
    phone.post(f"{start}/account", data={"iban": OTHER_IBAN})
    phone.post(f"{start}/code", data=consent(phone, token))
    code = code_in_mail(mandate)
    phone.post(f"{start}/account", data={"iban": "DE89370400440532013000"})
    assert phone.post(f"{start}/confirmation", data={"code": code}).location == f"{start}/change"
    assert stored(change).state == "asked"


def test_after_the_confirmation_only_the_last_page_is_left(house: House, browser) -> None:
    mandate, _change, token = asked(house)
    phone = browser()
    confirm(phone, mandate, token)
    for path in ("account", "code", "code/again", "confirmation"):
        assert phone.post(f"/new-account/{token}/{path}", data={"iban": IBAN}).status_code == 409


def test_asked_again_the_former_link_is_dead(house: House, browser) -> None:
    mandate, change, token = asked(house)
    _second, again = ask_account(mandate, by=SYSTEM)
    db.session.commit()
    assert browser().get(f"/new-account/{token}").status_code == 410
    assert browser().get(f"/new-account/{again}").status_code == 200
    assert stored(change).state == "withdrawn"


def test_a_link_to_sign_opens_no_change_of_account(house: House, browser) -> None:
    _mandate, token = a_mandate(house)
    assert browser().get(f"/new-account/{token}").status_code == 404


@pytest.mark.parametrize("spoil", ["sent", "revoked", "lapsed", "confirmed"])
def test_only_a_mandate_in_use_changes_its_account(house: House, browser, at, spoil: str) -> None:
    if spoil == "sent":
        mandate, _token = a_mandate(house)
    elif spoil == "confirmed":
        mandate, _change, token = asked(house)
        confirm(browser(), mandate, token)
    else:
        mandate = a_signed_mandate(house)
    if spoil == "revoked":
        mandate.stop("MD01", by=SYSTEM)
    if spoil == "lapsed":
        at(MONDAY.replace(year=2029))
    with pytest.raises(Refused):
        ask_account(mandate, by=SYSTEM)


def test_a_withdrawn_change_never_counts(house: House, browser, at) -> None:
    mandate, change, token = asked(house)
    confirm(browser(), mandate, token)
    client = browser(house.owner)
    assert client.post(f"/sepa/mandates/{mandate.uid}/account-change/withdrawal").status_code == 303
    assert client.post(f"/sepa/mandates/{mandate.uid}/account-change/withdrawal").status_code == 422
    a_day_later(at)
    assert stored(mandate).iban == IBAN
    assert stored(change).state == "withdrawn"
    assert change.iban is None


def test_a_mandate_stopped_meanwhile_takes_no_account(house: House, browser, at) -> None:
    mandate, change, token = asked(house)
    confirm(browser(), mandate, token)
    mandate.stop("MD07", by=SYSTEM)
    db.session.commit()
    a_day_later(at)
    assert stored(mandate).iban == IBAN
    assert stored(change).state == "withdrawn"


def test_the_account_does_not_change_while_its_rows_are_written_to_a_file(house, browser, at) -> None:
    mandate, change, token = asked(house)
    row = a_collection(mandate)
    confirm(browser(), mandate, token)
    row.state = CollectionState.FROZEN
    db.session.commit()
    a_day_later(at)
    assert stored(change).state == "confirmed"
    stored(row).state = CollectionState.EXPORTED
    db.session.commit()
    at(MONDAY + timedelta(hours=25))
    apply_confirmed_accounts()
    work()
    assert stored(change).state == "applied"


def test_between_businesses_the_new_bank_confirms_anew(house: House, browser, at) -> None:
    mandate, _change, token = asked(house, scheme="B2B")
    mandate.confirm_at_bank(on=date(2026, 11, 23), by=SYSTEM)
    db.session.commit()
    confirm(browser(), mandate, token)
    assert stored(mandate).bank_confirmed_on is not None
    a_day_later(at)
    assert stored(mandate).bank_confirmed_on is None
    assert "banque" in mandate.problem(DUE)


@pytest.mark.parametrize(("reason", "state"), [("AC04", "signed"), ("AC06", "signed"), ("MD06", "suspended")])
def test_a_new_account_ends_a_suspension_for_the_former_one(house, browser, at, reason, state) -> None:
    mandate = a_signed_mandate(house)
    mandate.suspend(reason, by=SYSTEM)
    _change, token = ask_account(mandate, by=SYSTEM)
    db.session.commit()
    confirm(browser(), mandate, token)
    a_day_later(at)
    assert stored(mandate).state == state


def test_a_further_reason_of_the_account_in_the_table_is_enough(
    house: House, browser, at, monkeypatch
) -> None:
    table = {**default_reactions(), "MD06": Reaction(mandate="suspend", debtor="account")}
    monkeypatch.setattr(reactions, "default_reactions", lambda: table)
    mandate = a_signed_mandate(house)
    mandate.suspend("MD06", by=SYSTEM)
    _change, token = ask_account(mandate, by=SYSTEM)
    db.session.commit()
    confirm(browser(), mandate, token)
    a_day_later(at)
    assert stored(mandate).state == "signed"


def test_a_creditors_own_reaction_counts_too(house: House, browser, at) -> None:
    entity = the_entity()
    row = ReactionSetting(organisation=entity.organisation, legal_entity_id=entity.id, code="MD06")
    row.reaction = {"mandate": "suspend", "debtor": "account"}
    db.session.add(row)
    mandate = a_signed_mandate(house)
    mandate.suspend("MD06", by=SYSTEM)
    _change, token = ask_account(mandate, by=SYSTEM)
    db.session.commit()
    confirm(browser(), mandate, token)
    a_day_later(at)
    assert stored(mandate).state == "signed"


# What the bank must still be told


def test_each_debit_tells_the_change_until_one_that_carried_it_is_paid(house: House, browser, at) -> None:
    mandate, change, token = asked(house)
    before = a_collection(mandate, source_uid="before")
    old_batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    db.session.commit()
    work()
    confirm(browser(), mandate, token)
    a_day_later(at)
    stored(before).settle(date(2026, 12, 7), by=SYSTEM)
    db.session.flush()
    assert stored(change).state == "applied"  # paid, and it had told nothing
    carrying = a_collection(mandate, source_uid="carrying")
    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    assert old_batch.id < batch.id
    db.session.commit()
    work()
    assert stored(change).sent_batch_id == batch.id
    assert pending_amendments([mandate.id])[mandate.id].new_account
    stored(carrying).settle(date(2026, 12, 8), by=SYSTEM)
    db.session.commit()
    assert (stored(change).state, change.settled_on) == (AmendmentState.SETTLED, date(2026, 12, 8))
    assert pending_amendments([mandate.id]) == {}


def test_the_bank_file_carries_the_change(house: House, browser, at) -> None:
    mandate = applied(house, browser, at)
    a_collection(mandate)
    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    db.session.commit()
    work()
    written = content_of(stored(batch).document)
    assert b"<OrgnlDbtrAcct><Id><Othr><Id>SMNDA</Id>" in written
    assert OTHER_IBAN.encode() in written
    again = BytesIO()
    write_batch(batch, again)
    assert again.getvalue() == written


def test_of_two_changes_of_the_creditor_the_oldest_is_told_with_the_account(house: House) -> None:
    mandate = a_signed_mandate(house)
    common = dict(
        organisation=mandate.customer.organisation,
        mandate=mandate,
        state=AmendmentState.APPLIED,
        noted_by="essai",
    )
    for values in (
        {"kind": AmendmentKind.CREDITOR, "original_rum": "OLD-1"},
        {"kind": AmendmentKind.CREDITOR, "original_rum": "OLD-2", "original_ics": "FR72ZZZ123456"},
        {"kind": AmendmentKind.ACCOUNT},
    ):
        db.session.add(MandateAmendment(**common, **values))
        db.session.flush()
    assert pending_amendments([mandate.id]) == {
        mandate.id: Amendment(original_rum="OLD-1", original_ics="FR72ZZZ123456", new_account=True)
    }
    assert pending_amendments([]) == {}


# Suspension and stop


def test_a_suspended_mandate_carries_no_debit_and_says_why(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    client = browser(house.finance)
    path = f"/sepa/mandates/{mandate.uid}"
    assert client.post(f"{path}/suspension", data={"reason": " "}).status_code == 422
    assert client.post(f"{path}/suspension", data={"reason": "AC04"}).status_code == 303
    assert stored(mandate).problem(DUE).endswith(": AC04.")
    assert not mandate.is_usable(DUE)
    page = client.get(path).text
    assert "suspendu" in page and "Reprendre les prélèvements" in page
    mandate.suspend("MD06", by=SYSTEM)  # the bank sends back a second debit
    assert mandate.hold_reason == "MD06"
    db.session.commit()
    assert client.post(f"{path}/resumption").status_code == 303
    assert stored(mandate).is_usable(DUE)
    assert client.post(f"{path}/resumption").status_code == 409


def test_a_stopped_mandate_is_revoked_at_once_even_within_its_notice(house: House) -> None:
    mandate = a_signed_mandate(house)
    today = date(2026, 11, 23)
    mandate.revoke(received_on=today, notice_months=1, by=SYSTEM)
    mandate.stop("MD01", by=SYSTEM)
    assert (mandate.state, mandate.revoked_on, mandate.hold_reason) == ("revoked", today, "MD01")
    assert mandate.problem(today) == "Le mandat est révoqué."
    with pytest.raises(IllegalStep):
        mandate.resume(by=SYSTEM)
    unsigned, _token = a_mandate(house, a_customer(house.other, name="Autre"))
    with pytest.raises(IllegalStep):
        unsigned.stop("MD01", by=SYSTEM)


@pytest.mark.parametrize("verb", ["suspension", "resumption", "account-change", "account-change/withdrawal"])
def test_another_resellers_mandate_does_not_exist(house: House, browser, verb: str) -> None:
    mandate = a_signed_mandate(house)
    path = f"/sepa/mandates/{mandate.uid}/{verb}"
    allowed = {404} if verb.startswith("account") else {403}
    assert {browser(an_outsider(house)).post(path).status_code} == allowed
    assert browser(house.reader).post(path).status_code == 403


def test_the_page_asks_for_the_account_and_shows_the_history(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    client = browser(house.owner)
    assert "Demander un autre compte" in client.get(f"/sepa/mandates/{mandate.uid}").text
    assert client.post(f"/sepa/mandates/{mandate.uid}/account-change").status_code == 303
    page = client.get(f"/sepa/mandates/{mandate.uid}").text
    assert "Changements" in page and "Abandonner ce changement" in page
    assert "Suspendre" not in page  # the provider's decision
