"""The official rules and ours: each case passes, and each change of one word or one cent is refused."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from portal.errors import Unavailable
from portal.facturx import engine
from portal.facturx.arithmetic import wrong_sums
from portal.facturx.cii import cii
from portal.facturx.engine import BASE, FRENCH, Schematrons
from portal.facturx.making import findings_of, make
from portal.facturx.ubl import ubl
from portal.facturx.values import EInvoice, Line, Tax
from tests.facturx import builders as b

UBL = BASE.parent.parent / "ubl-2.1"
Case = Callable[[], EInvoice]


@pytest.mark.parametrize(
    "case",
    [
        b.domestic,
        b.paid,
        b.debited,
        b.credit_note,
        b.reversed_charge,
        b.outside,
        b.exported,
        b.exempt,
        b.intra_union,
        b.split_price,
        b.public_body,
        b.many_units,
    ],
)
def test_what_the_product_sells_is_an_e_invoice(case: Case) -> None:
    made = make(case())
    assert made.findings == []


def without(subject: str) -> EInvoice:
    own = b.domestic()
    return replace(own, notes=[note for note in own.notes if note[0] != subject])


@pytest.mark.parametrize(
    ("invoice", "rule"),
    [
        (replace(b.credit_note(), preceding=None), "BR-FR-CO-05"),
        (b.domestic(type="325"), "BR-FR-04"),
        (without("PMT"), "BR-FR-05"),
        (without("PMD"), "BR-FR-05"),
        (without("AAB"), "BR-FR-05"),
        (b.domestic(notes=[*b.domestic().notes, ("PMT", "40 €")]), "BR-FR-06"),
        (b.domestic(frame="S1Z"), "BR-FR-08"),
        (b.domestic(buyer=b.BUYER | {"siren": None}), "BR-FR-11"),
        (b.domestic(number="FA 2026 1"), "BR-FR-02"),
        (b.domestic(taxes=[Tax("Z", 0, 3999, 0)]), "BR-Z-"),
        (b.domestic(taxes=[Tax("S", 1900, 3999, 760)],
                    lines=[Line("Sauvegarde", 1, "39.99", 3999, "S", 1900)]), "BR-FR-16"),
        (b.domestic(taxes=[Tax("S", 2000, 3999, 801)]), "BR-CO-17"),
        (b.domestic(lines=[Line("Sauvegarde", 3, "10.00", 3001, "S", 2000), b.domestic().lines[1]],
                    taxes=[Tax("S", 2000, 4000, 800)]), "BT-131"),
        (b.domestic(taxes=[Tax("S", 2000, 4000, 800)]), "BR-CO-13"),
        (replace(b.reversed_charge(), taxes=[Tax("O", 0, 1000, 0)]), "BR-"),
        (replace(b.reversed_charge(), buyer=b.BERLIN | {"email": "a@b.example"}), "BR-AE-02"),
    ],
)  # fmt: skip
def test_a_cent_a_mention_or_a_category_is_refused_by_its_rule(invoice: EInvoice, rule: str) -> None:
    said = make(invoice).findings
    assert any(each.rule.startswith(rule) for each in said), said
    assert all(each.said for each in said)


def test_a_total_that_is_wrong_by_a_cent_is_refused_twice() -> None:
    own = b.domestic()
    xml = cii(own).replace(b">47.99<", b">48.00<")
    assert [each.rule for each in wrong_sums(xml, own)] == ["BR-CO-15"]
    assert [each.rule for each in findings_of(xml, own)].count("BR-CO-15") == 2


def test_xml_that_is_not_of_the_profile_never_reaches_the_schematrons() -> None:
    own = b.domestic()
    found = findings_of(cii(own).replace(b"ram:TypeCode", b"ram:Kind"), own)
    assert {each.rule for each in found} == {"XSD"}


def test_an_engine_that_is_missing_says_no_and_one_that_died_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xml = cii(b.domestic())
    own = Schematrons((FRENCH,))
    assert own.failed_rules(xml) == []
    process = own._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert own.failed_rules(xml) == []
    own.close()
    gone = Schematrons((tmp_path / "missing.xslt",))
    with pytest.raises(Unavailable):
        gone.failed_rules(xml)
    slow = Schematrons((FRENCH,))
    assert slow.failed_rules(xml) == []
    assert slow._process is not None
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.2)
    os.kill(slow._process.pid, signal.SIGSTOP)  # it lives and says nothing
    with pytest.raises(Unavailable):
        slow.failed_rules(xml)
    assert slow._process is None


def test_words_that_are_no_xml_are_refused_not_passed() -> None:
    own = Schematrons((FRENCH,))
    for wrong in (b"<a>", b"<a/>"):
        with pytest.raises(Unavailable):
            own.failed_rules(wrong)
    own.close()


@pytest.mark.parametrize(
    "case", [b.domestic, b.paid, b.debited, b.credit_note, b.reversed_charge, b.outside, b.public_body]
)
def test_the_same_invoice_in_ubl_passes_the_rules_of_that_syntax(case: Case, in_ubl: Schematrons) -> None:
    xml, kind = ubl(case()), "CreditNote" if case is b.credit_note else "Invoice"
    schema = etree.XMLSchema(etree.parse(str(UBL / "maindoc" / f"UBL-{kind}-2.1.xsd")))
    schema.assertValid(etree.fromstring(xml))
    assert in_ubl.failed_rules(xml) == []


@pytest.fixture(scope="module")
def in_ubl() -> Iterator[Schematrons]:
    own = Schematrons((UBL / "EN16931-UBL-validation.xslt", UBL / "BR-FR-Flux2-Schematron-UBL.xslt"))
    yield own
    own.close()
