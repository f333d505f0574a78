"""Before grave acts: is it still she? And for what cannot be undone: what did she order?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access import GRANTS, Permission, Role
from portal.accounts.passkeys import is_signed
from portal.customers.models import Customer
from portal.db import db
from portal.journal import JournalEntry
from portal.reversibility.models import ReversibilityCase
from portal.sepa.models import Batch, BatchState
from tests.accounts.test_second_factor import enrol, enrol_app
from tests.authenticator import Authenticator
from tests.builders import PASSWORD, House, a_user, stored
from tests.test_access import address
from tests.world import a_world

Browser = Callable[..., FlaskClient]
P = Permission
GRAVE = {  # every address that changes something under these is asked for, or is named below
    P.ASSIGNMENT_DECIDE,
    P.BANK_WRITE,
    P.BATCH_WRITE,
    P.BREACH_TELL,
    P.CONTRACT_END,
    P.CREDIT_DUE_DECIDE,
    P.CREDITOR_WRITE,
    P.MANDATE_HOLD,
    P.OWN_ACCOUNT_WRITE,
    P.PROOF_READ,
    P.REFUND_FILE_WRITE,
    P.TERMS_WRITE,
    P.REVERSIBILITY_ERASE,
    P.PEOPLE_WRITE,
    P.PERSON_ERASE,
    P.PERSON_FILE,
    P.SUBPROCESSOR_TELL,
    P.VAULT_UNLOCK,
    P.LICENSE_REVEAL,
    P.TOKEN_WRITE,
}
QUIET = {
    "own_account.stop": "money stays where it is",
    "partner_tokens.withdraw": "takes a token away; it opens nothing",
    "partner_tokens.withdraw_hers": "takes a token away; it opens nothing",
    "service_credits.refuse_credit": "no money goes",
    "assignments.refuse_assignment": "the contract stays where it is",
    "endings.charge_hardware": "a line of the next invoice, which can be dropped until then",
    "endings.note_posted": "notes what left by post",
    "endings.note_followed": "notes what the post office says",
    "suspensions.lift_suspension": "the contract goes on",
    "endings.drop_ending": "the contract goes on",
    "endings.keep_account": "an account that nobody uses stays open",
    "work_orders.check_own": "she says that the work is what she wanted; it opens nothing",
    "restore_calls.check_own": "she says that the file is what she wanted; it opens nothing",
    "custody.sign_acknowledgement": "she signs that the key is hers alone; it opens nothing",
    "custody.confirm_enrolment": "notes where the paper lies",
    "reversibility.complete": "more is read from older points; nothing is given up",
    "reversibility.quote_case": "a price that the customer has to accept",
    "reversibility.note_case_payment": "notes what the bank shows",
    "reversibility.ship_case": "notes what left by post",
    "sepa.cancel_collection": "no debit becomes larger or earlier by it",
    "sepa.postpone_collection": "no debit becomes larger or earlier by it",
    "sepa.hold_collection": "no debit becomes larger or earlier by it",
    "sepa.unhold_collection": "its day and amount are the announced ones",
    "sepa.split_collection": "no debit becomes larger or earlier by it",
    "sepa.lower_collection": "no debit becomes larger or earlier by it",
    "bank_door.close_file": "nothing of it was booked",
    "returns.create_file": "carries the bank's file; it may be sent twice",
    "returns.match_record": "books what the bank has said",
    "returns.confirm_arrival": "books what the bank has said",
    "returns.confirm_absence": "books what the bank has said",
    "refunds.send": "notes what was done at the bank",
    "refunds.cancel": "its refunds are owed as before",
    "returns.dismiss_record": "books what the bank has said",
    "returns.edit_reaction": "what a later return does, told in the journal",
    "sepa.cancel_batch": "gives its debits back",
    "sepa.give_up": "gives its debits back",
    "sepa.resume_export": "makes the same file again",
    "sepa.send_batch": "notes what was done at the bank",
    "terms.create_version": "a draft binds nobody",
    "terms.keep_words": "the version names their fingerprint, and no other file passes",
    "reversibility.accept_losses": "hands over what can be read",
    "reversibility.retry": "goes on with what was ordered",
}
FILES = {
    "key_lots.take_file",
    "mandates.download_evidence",
    "refunds.download",
    "sepa.download_batch",
}  # asked on a page of its own
HOLDS = {"terms.publish_version": {"effective_on": "2027-06-01"}}


@pytest.fixture(autouse=True)
def named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "http://localhost:8000")


def grave(app: Flask) -> list[tuple[str, str, str, Permission]]:
    """Endpoint, method, rule and permission of each act."""
    found = []
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        if permission in GRAVE and (method == "POST" or permission == P.PROOF_READ):
            found.append((rule.endpoint, method, rule.rule, permission))
    return found


def test_every_grave_act_asks_who_is_there_and_keeps_what_was_typed(
    app: Flask, house: House, browser: Browser
) -> None:
    ids = a_world(house)
    acts = [each for each in grave(app) if each[0] not in QUIET]
    assert set(QUIET) < {endpoint for endpoint, *_rest in grave(app)}
    wrong = []
    for endpoint, method, rule, permission in acts:
        role = next(role for role in Role if role in GRANTS[permission])
        client = browser(house.people.get(role) or _a_customer_of(house), confirmed=False)
        uid = ids.get(rule[: rule.index("<")], "") if "<" in rule else ""
        typed = {"typed": "Été", **HOLDS.get(endpoint, {}), **_needed(endpoint, uid)}
        answer = client.open(address(rule, uid), method=method, data=typed)
        sent = (answer.location or "").startswith("/password?")
        asked = sent if endpoint in FILES else _asks(answer.text, typed)
        if not asked:
            wrong.append((endpoint, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def _needed(endpoint: str, uid: str) -> dict[str, str]:
    if endpoint != "reversibility.release_erasure":
        return {}
    case = db.session.scalars(db.select(ReversibilityCase).where(ReversibilityCase.uid == uid)).one()
    return {"confirm": case.vault.name}


def _asks(page: str, typed: dict[str, str]) -> bool:
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    held = all(unescape(kept.get(name, "")) == value for name, value in typed.items())
    return 'name="confirm-password"' in page and held


def _a_customer_of(house: House) -> Any:
    customer = db.session.scalars(db.select(Customer).order_by(Customer.id).limit(1)).one()
    house.people[Role.CUSTOMER] = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return house.people[Role.CUSTOMER]


def confirmed(**shown: str) -> dict[str, str]:
    return {f"confirm-{name}": value for name, value in {"passkey": "", "code": "", **shown}.items()}


def test_the_act_is_done_with_the_answer_and_by_nobody_else(house: House, browser: Browser) -> None:
    _application, codes = enrol_app(browser(house.owner))
    client = browser(house.owner, confirmed=False)
    new = {"email": "lea@ouest.example", "name": "Léa Roux", "role": "support", "language": "fr"}
    for shown, says in (
        ({"password": "wrong"}, "Mot de passe incorrect"),
        ({"password": PASSWORD}, "Ce code n"),
        ({"password": PASSWORD, "code": "000000"}, "Ce code n"),
    ):
        answer = client.post("/people", data={**new, **confirmed(**shown)})
        assert answer.status_code == 422 and says in unescape(answer.text) and "Léa Roux" in answer.text
    done = client.post("/people", data={**new, **confirmed(password=PASSWORD, code=codes[0])})
    assert done.status_code == 303 and done.location.startswith("/people/")
    again = client.post("/people", data={**new, "email": "lou@ouest.example"})
    assert again.status_code == 303  # she has just proved it


def orders() -> list[JournalEntry]:
    return list(db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "confirm_order")))


def a_frozen_batch(house: House) -> Batch:
    a_world(house)
    batch = db.session.scalars(db.select(Batch)).first()
    batch.state, batch.frozen_by_id, batch.sha256 = BatchState.FROZEN, house.operator.id, "ab" * 32
    db.session.commit()
    return batch


def test_a_release_is_signed_by_the_passkey_and_verified_later(
    app: Flask, house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, device = a_frozen_batch(house), Authenticator()
    monkeypatch.setattr(Batch, "release", lambda self, *, by: None)  # what it does is told elsewhere
    client = browser(house.finance)
    enrol(client, device)
    path = f"/sepa/batches/{batch.uid}/release"
    swap = client.post(path, headers={"HX-Request": "true"})
    assert 'name="confirm-passkey"' in swap.text and orders() == []  # no other way round
    page = client.post(path).text
    assert batch.msg_id in page and "ab" * 32 in page
    answer = device.get(page)
    batch = stored(batch)
    batch.total_cents += 1  # another object than the one that was signed
    db.session.commit()
    assert client.post(path, data=confirmed(passkey=answer)).status_code == 422
    assert orders() == []
    page = client.post(path).text
    assert client.post(path, data=confirmed(passkey=device.get(page))).status_code == 303
    entry = orders()[0]
    kept = entry.details
    assert kept["how"] == "passkey" and kept["order"]["sum_cents"] == batch.total_cents
    assert is_signed(kept["order"], kept["assertion"])
    assert not is_signed({**kept["order"], "sum_cents": 1}, kept["assertion"])
    forged = {**kept["assertion"], "signature": device.get(page) and kept["assertion"]["client_data"]}
    assert not is_signed(kept["order"], forged)
    assert client.post(path).status_code == 200  # the next release is signed anew
    with db.session.no_autoflush:
        told = app.test_cli_runner().invoke(args=["journal", "orders"])
    assert told.exit_code == 0 and "passkey 1" in told.output


def test_without_a_passkey_the_journal_says_how(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = a_frozen_batch(house)
    monkeypatch.setattr(Batch, "release", lambda self, *, by: None)
    _application, codes = enrol_app(browser(house.finance))
    client = browser(house.finance, confirmed=False)
    path = f"/sepa/batches/{batch.uid}/release"
    assert client.post(path, data=confirmed(password=PASSWORD, code=codes[0])).status_code == 303
    assert [entry.details["how"] for entry in orders()] == ["recovery"]
    assert "assertion" not in orders()[0].details
