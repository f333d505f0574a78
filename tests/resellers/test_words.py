"""A house says its mails in own words: what opens and what closes them, and nothing of what the law wants."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import Role
from portal.db import db
from portal.errors import Refused
from portal.i18n import LANGUAGES
from portal.journal import SYSTEM, JournalEntry
from portal.mail import KINDS, Mail, html_of, queue_mail
from portal.mail.free import HOLDERS, LONGEST, Words, judge
from portal.mail.greeting import Addressee
from portal.mail.writing import Written, sample
from portal.resellers.brand import set_face
from portal.resellers.houses import make_reseller
from portal.resellers.mail_words import FOR_CUSTOMERS, MailWords, set_words
from tests.builders import House, a_customer, a_user, an_outsider, stored
from tests.resellers.test_hosts import page_of

Browser = Callable[..., FlaskClient]
DEBIT = "sepa/mail_debit"

REFUSED = {
    "a tag": ("<b>Bonjour</b>", "ni balise"),
    "an end of a tag": ("Bonjour </ p>", "ni balise"),
    "a comment": ("<!-- x -->", "ni balise"),
    "an entity": ("Bonjour &nbsp;!", "ni balise"),
    "a name that nothing replaces": ("Montant : {montant}", "{montant}"),
    "a name of the other language": ("Bonjour {customer}", "{customer}"),
    "a brace alone": ("Bonjour {", "accolade est seule"),
    "a name that runs code": ("{client.__class__}", "accolade est seule"),
    "a template": ("{{ config }}", "{config}"),
    "too long": ("x" * (LONGEST + 1), str(LONGEST)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_mail_does_not_take_is_refused(name: str) -> None:
    text, said = REFUSED[name]
    with pytest.raises(Refused) as caught:
        judge(text, "fr", "opening")
    assert caught.value.field == "opening" and said in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("  Un\r\n deux \r\n\r\n\r\n trois ", "Un deux\n\ntrois"),
        ("    https://evil.example/", "https://evil.example/"),  # it stands out as no button
        ("-- \nMoi", "-- Moi"),  # and ends no mail
        ("3 < 4 & 5 > 4 { client }", "3 < 4 & 5 > 4 { client }"),
    ],
)
def test_a_text_is_kept_as_paragraphs_of_one_line(typed: str, kept: str) -> None:
    assert judge(typed, "fr", "closing") == kept


def blocks(written: Written) -> list[str]:
    """The lines of a mail between greeting and sign, without those that may be another's."""
    free = {*written.shipped.values(), "DEBUT", "FIN"}
    return [line for line in written.inner.split("\n") if line.strip() and line not in free]


def test_own_words_neither_remove_nor_change_anything_else(house: House) -> None:
    """Of every kind to customers, in both languages; and no free sentence holds a value of the portal's."""
    own, nobody = Words("DEBUT", "FIN"), Addressee("x@y.example")
    assert len(FOR_CUSTOMERS) > 30 and all(not KINDS[kind].is_code for kind in FOR_CUSTOMERS)
    for kind in FOR_CUSTOMERS:
        for language in LANGUAGES:
            shipped, said = (
                sample(f"{kind}.txt", language, words, owner=house.reseller, person=nobody)
                for words in (Words(), own)
            )
            assert blocks(said) == blocks(shipped), (kind, language)
            assert said.inner.count("DEBUT") == said.inner.count("FIN") == 1, (kind, language)
            assert (
                said.subject == shipped.subject
                and said.body.partition("\n-- \n")[2] == (shipped.body.partition("\n-- \n")[2])
            )
            for part, sentence in shipped.shipped.items():
                assert "…" not in sentence and not re.search(r"\d", sentence), (kind, part)
                assert sentence not in said.inner, (kind, part)
            assert not re.search(r"\b(None|Undefined)\b|%\(|\{\{", shipped.body), (kind, language)


def a_debit(customer: object, language: str = "fr") -> Mail:
    mail = queue_mail(
        Addressee("c@d.example", "Camille Martin"),
        f"{DEBIT}.txt",
        about=customer,
        owner=customer.organisation,  # type: ignore[attr-defined]
        language=language,
        collection={"amount_cents": 12300, "due_on": None, "reference": "FA-1"},
        mandate={"iban_masked": "FR76 •••• 0189", "rum": "NB-1", "scheme": "CORE"},
        entity=None,
    )
    db.session.commit()
    return mail


def test_words_reach_the_customers_below_in_their_language_and_nobody_beside(
    house: House, browser: Browser
) -> None:
    page, owner = f"/mail-words/{house.reseller.uid}", browser(house.owner)
    typed = {"kind": DEBIT, "language": "fr", "closing": "Merci de votre confiance, {client}."}
    for person, status in ((house.sales, 403), (house.finance, 403), (an_outsider(house), 404)):
        client = browser(person)
        assert [client.get(page).status_code, client.post(f"{page}/text", data=typed).status_code] == [
            status
        ] * 2
    assert page in owner.get(page_of(house.reseller)).text
    assert f"{page}/text?kind=sepa/mail_debit" in owner.get(page).text
    shown = owner.get(f"{page}/text?kind={DEBIT}&language=fr").text
    assert "Nous allons prélever votre compte" in shown and "{destinataire}" in shown
    answer = owner.post(f"{page}/text", data=typed | {"opening": "Payez {montant}"})
    assert answer.status_code == 422 and 'id="opening-error-1"' in answer.text and "{montant}" in answer.text
    for wrong in ({"kind": "sepa/mail_code"}, {"language": "de"}):
        assert owner.post(f"{page}/text", data=typed | wrong).status_code == 404
    opening = "{marque} prélève votre compte & <3."
    seen = owner.post(f"{page}/preview", data=typed | {"opening": opening})
    assert (
        seen.status_code == 200
        and "&amp; &lt;3." in seen.text
        and not MailWords.of(house.reseller, DEBIT, "fr")
    )
    assert owner.post(f"{page}/try", data=typed | {"opening": opening}).status_code == 303
    tried = db.session.scalars(select(Mail)).one()
    assert (tried.recipient, tried.kind) == (house.owner.email, "resellers/mail_words")
    assert "prélève votre compte & <3." in tried.body and "RUM" in tried.body
    set_face(house.reseller, name="Ouest", accent="", logo=b"", without_logo=False, by=SYSTEM)
    assert owner.post(f"{page}/text", data=typed | {"opening": opening}).status_code == 303
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.what == "set_words")).one()
    assert entry.details == {"kind": DEBIT, "language": "fr"}

    customer = a_customer(house.reseller)
    mail = a_debit(customer)
    assert "Ouest prélève votre compte & <3." in mail.body and "Nous allons prélever" not in mail.body
    assert "confiance, Boulangerie Martin." in mail.body
    for locked in ("Montant", "123,00", "FR76 •••• 0189", "ICS", "NB-1", "8 semaines"):
        assert locked in mail.body, locked
    assert "compte &amp; &lt;3." in html_of(mail)
    assert (
        "We are going to debit" in a_debit(customer, "en").body or "Ouest" not in a_debit(customer, "en").body
    )
    neighbour = a_customer(house.other, siren=None)
    assert "Nous allons prélever" in a_debit(neighbour).body

    below = make_reseller(house.reseller, name="Plus bas", by=house.operator).organisation
    db.session.commit()
    set_words(below, DEBIT, "fr", Words(closing="À bientôt."), by=a_user(below, Role.OWNER))
    under = a_debit(a_customer(below, siren=None))
    assert "Ouest prélève" in under.body and "À bientôt." in under.body and "confiance" not in under.body
    provider = browser(house.operator)
    assert f"/mail-words/{house.provider.uid}" in provider.get("/resellers").text
    theirs = {"kind": DEBIT, "language": "fr", "opening": "Le fournisseur prélève."}
    assert provider.post(f"/mail-words/{house.provider.uid}/text", data=theirs).status_code == 303
    db.session.expire_all()
    assert owner.post(f"{page}/shipped", data={"kind": DEBIT, "language": "fr"}).status_code == 303
    set_words(below, DEBIT, "fr", Words(), by=SYSTEM)
    assert "Le fournisseur prélève." in a_debit(stored(customer)).body
    assert (
        set(HOLDERS) == set(LANGUAGES)
        and provider.get(f"/mail-words/{customer.organisation.uid}").status_code == 404
    )
