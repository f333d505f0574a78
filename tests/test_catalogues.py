"""English: complete, same placeholders, no page with a word of French. French: typeset, and nothing else."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext, lazy_gettext, ngettext

from portal.access import Role
from portal.db import db
from portal.engine.models import Vault
from portal.errors import PortalError
from portal.i18n import LANGUAGE_COOKIE, said, told, translated
from portal.mail import Mail
from portal.sepa.models.event import What
from portal.terms.shipped import documents
from portal.typography import typeset
from portal.wording import Sentence
from tests import world
from tests.builders import House, a_customer, a_user
from tests.test_access import passes

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")
# Words that no English sentence has, and that no invented name of the tests has either.
FRENCH = re.compile(
    r"\b(aucune?|avant|portail|avec|aujourd'hui|ce|cette|chaque|dans|depuis|des|du|est|les|mois|ou|par|pas|pour"
    r"|sur|un|une|vos|votre|vous|abonnements?|clients?|coffres?|commandes?|factur\w+|échéances?|émise?"
    r"|mandats?|prélèvements?|remises?|restauration\w*|signé\w*|virements?|HT|TTC"
    r"|arrêté|CCP|CGI|conso|loi|règlement|RGPD)\b",
    re.IGNORECASE,
)
# What stays in French on an English page: names, what a contract says, the chained events of a signature,
# and whoever a record was written by.
STAYS = (
    "NATSO BACKUP+ Poste de travail",
    "WeSend mensuel",
    "rue du Four",
    "portail",
    *(document.title for document in documents().values()),
    *What,
)


def pairs() -> Iterator[tuple[Message, str, str]]:
    """Each sentence with its translation; a plural entry gives one pair per form."""
    with (ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="en")
    for message in catalog:
        if not message.id:
            continue
        plural = isinstance(message.id, tuple)
        for source, text in zip(
            message.id if plural else (message.id,),
            message.string if plural else (message.string,),
            strict=True,
        ):
            yield message, source, text


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_translation_has_the_placeholders_of_its_sentence() -> None:
    wrong = [
        source
        for _message, source, text in pairs()
        if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(text))
    ]
    assert wrong == []


def test_a_translation_keeps_the_spaces_at_both_ends() -> None:
    ends = re.compile(r"^\s*|\s*$")
    separator = " : "  # English puts no space before the colon
    wrong = [
        source
        for _message, source, text in pairs()
        if source != separator and ends.findall(plain(source)) != ends.findall(plain(text))
    ]
    assert wrong == []


def test_french_only_adds_its_typography() -> None:
    assert [source for _message, source, _text in pairs() if plain(typeset(source)) != plain(source)] == []
    loose = re.compile(r" [;:!?»]|« ")
    assert [source for _message, source, _text in pairs() if loose.search(typeset(source))] == []


def test_a_french_sentence_is_typeset_before_its_values_stand_in_it(app: Flask) -> None:
    """By whichever way it is asked for: now, lazily, counted, from an error, from a record, in a template."""
    typed = "Chez « nous » : oui !"
    kept = "Coffre «\u00a0Chez « nous » : oui !\u00a0»"
    template = "Coffre « %(name)s »"
    with app.app_context():
        assert gettext(" : ") == "\u00a0: "
        assert gettext(template, name=typed) == kept
        assert str(lazy_gettext(template, name=typed)) == kept
        assert said(PortalError(template, name=typed)) == kept
        assert told(Sentence(template, {"name": typed})) == kept
        source = '{{ _("Coffre « %(name)s »", name=typed) }}{{ _(" : ") }}{{ typed }}'
        assert app.jinja_env.from_string(source).render(typed=typed) == f"{kept}\u00a0: {typed}"


def test_what_a_person_typed_passes_unchanged(app: Flask) -> None:
    with app.app_context():
        assert translated("Vu avec le client : c'est bon !") == "Vu avec le client : c'est bon !"
        assert translated("Ouvrir votre abonnement :") == "Ouvrir votre abonnement\u00a0:"


def test_nothing_and_one_are_singular_in_french(app: Flask) -> None:
    one, many = (
        "Votre clé d'activation, pour %(num)d poste :",
        "Votre clé d'activation, pour %(num)d postes :",
    )
    with app.app_context():
        assert ngettext(one, many, 0) == "Votre clé d'activation, pour 0 poste\u00a0:"
        assert ngettext(one, many, 1) == "Votre clé d'activation, pour 1 poste\u00a0:"
        assert ngettext(one, many, 2) == "Votre clé d'activation, pour 2 postes\u00a0:"
    with app.app_context(), force_locale("en"):
        assert ngettext(one, many, 0).count("0") == 1 and "seats" in ngettext(one, many, 0)


def test_english_has_no_french_quotes_and_no_space_before_a_colon() -> None:
    assert [text for _message, _source, text in pairs() if re.search(r"[«»]|\s[;:!?]", text)] == []


def pages(app: Flask, ids: dict[str, str]) -> Iterator[str]:
    """Every page that needs no token: the lists, and one record of each kind."""
    for rule in app.url_map.iter_rules():
        path = rule.rule
        if "GET" not in rule.methods or rule.endpoint == "static" or path.startswith("/api/"):
            continue
        if "<" not in path:
            yield path
        elif path[: path.index("<")] in ids and path.count("<") == 1:
            yield re.sub(r"<[^>]+>", ids[path[: path.index("<")]], path)


def words(page: str) -> str:
    """What is read on a page, without the texts that stay in French whatever the language."""
    page = re.sub(r'class="avatar"[^>]*>\w+', ">", page)  # initials, which may well be « OU »
    text = " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())
    for kept in STAYS:
        text = text.replace(kept, " ")
    return re.sub(r"\S+@\S+", " ", text)


@pytest.fixture
def ids(house: House, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """One record of every kind, made in English for people who are written to in English."""
    for person in house.people.values():
        person.language = "en"
    monkeypatch.setattr(world, "a_customer", partial(a_customer, language="en"))
    with force_locale("en"):
        return world.a_world(house)


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("no_badges")
@pytest.mark.timeout(300)
def test_an_english_page_has_no_french(
    app: Flask, house: House, ids: dict[str, str], browser: Callable[..., FlaskClient]
) -> None:
    found, seen = set(), set()
    vault = db.session.scalars(db.select(Vault).where(Vault.uid == ids["/vaults/"])).one()
    customer = a_user(vault.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    staff = (house.operator, house.finance, house.technician, house.owner, house.reader)
    for person in (*staff, customer, None):
        client = browser(person)
        client.set_cookie(LANGUAGE_COOKIE, "en")
        for path in pages(app, ids):
            if person is not None and not passes(app, "GET", path, person):
                continue  # she is turned away before anything is said
            answer = client.get(path, buffered=True)
            if answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            seen.add(path)
            found |= french_in(path, answer.text)
    assert len(seen) >= 25
    assert sorted(found) == [], "\n".join(sorted(found))


def test_an_english_mail_has_no_french(ids: dict[str, str]) -> None:
    found, mails = set(), db.session.scalars(db.select(Mail)).all()
    for mail in mails:
        found |= french_in(mail.subject, f"{mail.subject} {mail.body}")
    assert len(mails) >= 6
    assert sorted(found) == [], "\n".join(sorted(found))


def french_in(where: str, page: str) -> set[str]:
    text = words(page)
    return {f"{where}: {text[max(0, m.start() - 30) : m.end() + 30]}" for m in FRENCH.finditer(text)}
