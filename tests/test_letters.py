"""Each kind of mail as it reaches people: its words, its one link, its look in light and in dark."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from portal.db import db
from portal.mail import KINDS, Mail, html_of, queue_mail
from portal.mail.greeting import name_to_greet
from portal.mail.message import DARK, LIGHT, PAIRS
from portal.mail.reading import Look, read
from tests.builders import House, a_customer, work
from tests.codes import codes_in
from tests.letters import every_letter
from tests.relay import a_relay

At = Callable[[datetime], None]
Browser = Callable[..., FlaskClient]
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
HOME = "http://localhost:8000"
HOLES = re.compile(r"\b(None|Undefined|Direction)\b|%\(|\{\{|\(\)")  # what a value left open
OF_A_VAULT = {  # somebody may have eight of them, and eight mails
    "mails/confirm_destruction",
    "mails/erasure_ordered",
    "mails/export_ready",
    "mails/last_call",
    "mails/restored",
    "mails/shipped",
    "mails/silent_acceptance",
    "mails/unclaimed",
    "reversibility/mail_both_points",
    "reversibility/mail_shrunk",
}
VOID = {"meta", "br", "link", "img", "hr", "input"}


def words(text: str) -> list[str]:
    """What is read aloud: no signs, and no lines that only frame."""
    return re.findall(r"[\w@/%€]+", text)


def body_of(page: str) -> Any:
    tree = html.document_fromstring(page)
    for gone in tree.xpath("//style | //title | //*[@class='gist']"):
        gone.drop_tree()
    return tree


def told(tree: Any) -> list[str]:
    """The words of the page in their order, where each element stands apart."""
    return words(" ".join(tree.itertext()))


def balanced(page: str) -> bool:
    """Is every element closed where it was opened?"""
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)\b[^>]*>", page):
        if name in VOID:
            continue
        if not closing:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return opened == []


def has_one_purpose_one_link_and_the_same_words_twice(name: str, mail: Mail) -> None:
    page = html_of(mail)
    tree = body_of(page)
    links = set(tree.xpath("//a[starts-with(@href, 'http')]/@href"))
    assert len(links) <= 1, name
    assert set(re.findall(r"https?://\S+", mail.body)) - {"http://localhost:8000/customers/x"} == links, name
    assert 0 < len(mail.subject) <= 78 and "…" not in mail.subject, (name, mail.subject)
    assert not HOLES.search(f"{mail.subject}\n{mail.body}"), name
    text = re.sub(r"^\+-+\+$|^-- $|^- ", "", mail.body, flags=re.M)
    sender = words(mail.sender or "")
    assert told(tree)[len(sender) :] == words(text), name
    assert page.startswith("<!doctype html>") and balanced(page), name
    assert f'lang="{mail.language}" dir="ltr"' in page
    assert not re.search(r"<(img|script|iframe|form)\b|\b(src|background)=|url\(|@import", page), name


def says_who_writes_why_and_who_answers(name: str, mail: Mail) -> None:
    foot = read(mail.body, HOME).foot
    assert foot[0] == "DROPCLOUD SAS", name
    assert len(foot) == 3 and "facturation@example.org" in foot[2], name
    assert mail.reply_to == "facturation@example.org"
    assert KINDS[name].is_internal or "evendeur" in foot[2], name


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_letter(house: House, browser: Browser, at: At, language: str) -> None:
    letters = every_letter(house, browser, at, language)
    assert set(letters) == set(KINDS)
    for name, mail in letters.items():
        has_one_purpose_one_link_and_the_same_words_twice(name, mail)
        says_who_writes_why_and_who_answers(name, mail)
        assert not codes_in(f"{mail.subject}\n{mail.body}"), name
        assert name not in OF_A_VAULT or "Serveur" in mail.subject, (name, mail.subject)


def test_each_template_is_a_kind() -> None:
    written = {
        str(path.relative_to(TEMPLATES).with_suffix(""))
        for path in [*TEMPLATES.glob("mails/*.txt"), *TEMPLATES.glob("*/mail_*.txt")]
    }
    assert written - {"mails/frame"} == set(KINDS)


# The greeting


@pytest.mark.parametrize("name", ["Camille Martin", "Jean-Noël d'Été", "Anne  de La Tour", "Zoë Ó Briain"])
def test_a_person_is_greeted_by_name(name: str) -> None:
    assert name_to_greet(name, house="Menuiserie du Port") == " ".join(name.split())


@pytest.mark.parametrize(
    "name",
    [
        "Direction",
        "Service comptable",
        "Direction, Menuiserie du Port",
        "Gérance, Revendeur Ouest",
        "Menuiserie du Port",
        "SARL Dupont",
        "Cabinet Martin",
        "Accounts Department",
        "Compta 2",
        "Camille",
        "<b>Camille Martin</b>",
        "camille@client.example",
        "",
    ],
)
def test_a_function_or_a_house_is_not(name: str) -> None:
    assert name_to_greet(name, house="Menuiserie du Port") == ""


def a_letter(house: House, *, name: str = "Boulangerie Martin", **order: Any) -> Mail:
    customer = a_customer(house.reseller, name=name)
    mail = queue_mail(
        customer.contacts[0],
        "subscriptions/mail_proforma.txt",
        about=customer,
        owner=customer.organisation,
        order={"quantity": 1, "product_name": "Offre", "uid": "abc"} | order,
        proforma={"number": "PF-1", "gross_cents": 100, "valid_through": None},
        entity=None,
    )
    db.session.commit()
    return mail


# What somebody typed


def test_typed_words_run_nothing_turn_nothing_and_open_nothing(house: House) -> None:
    typed = "<script>alert(1)</script>\u202egnp.exe\u2066 " + "x" * 300 + " https://evil.example/ &amp;"
    mail = a_letter(house, name="<img src=x onerror=alert(1)>", product_name=typed)
    page = html_of(mail)
    tree = html.document_fromstring(page)
    assert tree.xpath("//script | //img") == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;gnp.exe" in page and "&amp;amp;" in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page + mail.body + mail.subject)
    assert {link.rpartition(":")[0] for link in tree.xpath("//a/@href")} == {"http://localhost", "mailto"}
    paragraphs = tree.xpath("//p[contains(., 'xxx')]/@style")
    assert paragraphs and all("overflow-wrap:anywhere" in style for style in paragraphs)


def test_lines_that_somebody_typed_make_no_button(house: House) -> None:
    found = read(f"Bonjour,\n\n    Payez ici\n    https://evil.example/\n\n    {HOME}.evil.example/x", HOME)
    assert [part.look for part in found.parts] == [Look.TEXT, Look.CODE, Look.CODE]
    assert "<a" not in str(html_of(a_letter(house))).split("</head>")[0]


def test_only_the_first_address_is_a_button() -> None:
    found = read(f"    Un :\n    {HOME}/a\n\n    Deux :\n    {HOME}/b", HOME)
    assert [(part.look, part.address) for part in found.parts] == [
        (Look.BUTTON, f"{HOME}/a"),
        (Look.CODE, ""),
    ]


def test_each_part_is_read_by_its_lines() -> None:
    body = (
        "Bonjour,\n\nMontant : 12 €\nIBAN : FR76 3000\n\n+----+\n  Dernier jour\n+----+\n\n"
        "Ce qui change :\n- un : deux\n\n    123 456\n\nAvis : ce jour. Et demain.\n\n-- \nMoi\nvous"
    )
    found = read(body, HOME)
    looks = [part.look.value for part in found.parts]
    assert looks == ["text", "facts", "frame", "text", "list", "code", "text"]
    assert found.parts[1].facts == [("Montant", "12 €"), ("IBAN", "FR76 3000")]
    assert found.parts[5].lines == ["123 456"] and found.foot == ["Moi", "vous"]


def test_a_subject_stays_within_a_line(house: House) -> None:
    customer = a_customer(house.reseller)
    state = {"problems": list}
    mail = queue_mail("a@b.example", "mails/safety.txt", about=customer, owner=house.provider, state=state)
    assert mail.subject == "Sauvegardes du portail\u00a0: quelqu'un doit regarder"
    proforma = {"number": "PF " + "numéro " * 20, "gross_cents": 1, "valid_through": None}
    long = queue_mail(
        "a@b.example",
        "subscriptions/mail_proforma.txt",
        about=customer,
        owner=customer.organisation,
        order={"quantity": 1},
        entity={"iban": ""},
        proforma=proforma,
    )
    assert len(long.subject) <= 78 and long.subject.endswith("numéro…")


# The look


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_what_is_written_stands_out_from_its_ground(theme: dict[str, str], pair: tuple[str, str]) -> None:
    light, dark = sorted((luminance(theme[name]) for name in pair), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_no_mail_has_a_colour_that_is_not_measured(house: House) -> None:
    page = html_of(a_letter(house))
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", page)) <= {*LIGHT.values(), *DARK.values()}


# On the wire


def test_both_forms_reach_the_relay_with_people_to_answer(
    house: House, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_relay() as relay:
        monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{relay.port}")
        a_letter(house)
        work()
    (message,) = relay.messages
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and page is not None
    assert message["Reply-To"] == "facturation@example.org"
    assert "-- \n" in text.get_content().replace("\r", "")
    for part in ("Bonjour Camille Martin,", "Suivre la commande", f"{HOME}/orders/abc", "Revendeur"):
        assert part in text.get_content() and part in page.get_content(), part


# The demonstration's mailbox


def test_the_demonstration_shows_a_mail_as_it_looks_and_nothing_in_it_runs(
    house: House, browser: Browser
) -> None:
    uid = a_letter(house).uid
    client = browser(house.owner)
    page = client.get(f"/outbox/{uid}")
    assert f'src="/outbox/{uid}/message"' in page.text and 'sandbox="allow-popups' in page.text
    assert page.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
    shown = client.get(f"/outbox/{uid}/message")
    assert shown.text == html_of(db.session.scalars(db.select(Mail)).one())
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox " in policy and "script" not in policy


def test_outside_a_demonstration_nobody_reads_a_mail(
    house: House, browser: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = a_letter(house).uid
    monkeypatch.setitem(app.config, "DEMO", False)
    client = browser(house.operator)
    assert [client.get(f"/outbox/{uid}{end}").status_code for end in ("", "/message")] == [404, 404]
    page = client.get(f"/mails/{uid}").text
    assert "PF-1" in page and "Merci de votre commande" not in page and "/outbox/" not in page
