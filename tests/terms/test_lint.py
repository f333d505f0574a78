"""A new version read before it is published: contradictions are found again from the raw values."""

import re

import pytest

from portal.terms.lint import Finding, lint
from portal.terms.lint_notes import figures_in
from portal.terms.shipped import TermsDocument, bundled, bundled_text, parse_document


def seeded(code: str, *changes: tuple[str, str]) -> str:
    """The text of a document with some values changed and every note taken out."""
    text = re.sub(r', note = "[^"]*"', "", bundled_text(code))
    for key, value in changes:
        text, n = re.subn(
            rf'("{re.escape(key)}" = {{ unit = "\w+", value = )[^,]+(?:, "[^]]*\])?', rf"\g<1>{value}", text
        )
        assert n == 1, key
    return text


def findings(
    text: str, *beside: TermsDocument, code: str = "", severity: str = "contradiction"
) -> list[Finding]:
    return [
        f for f in lint("x.toml", text, beside=beside) if f.code.startswith(code) and f.severity == severity
    ]


def test_a_sixth_document_with_a_seeded_contradiction_is_caught() -> None:
    text = seeded("001", ("erasure.grace_days", "5"), ("insurance.ceiling_cents", "100"))
    text = text.replace('code = "001"', 'code = "006"').replace('clause = "001-', 'clause = "006-')
    assert [f.code for f in findings(text, code="A5")] == ["A5"]
    assert not findings(text, code="A11"), "without an amount in words there is nothing to compare"
    words = '{ unit = "cents", value = 99, clause = "006-27", article = "6.8" }'
    text += f'"insurance.ceiling_in_words_cents" = {words}\n'
    caught = findings(text, code="A11")
    assert [(f.clauses, f.noted) for f in caught] == [(("006-27",), False)]


@pytest.mark.parametrize(
    ("code", "key", "value", "note"),
    [
        ("003", "sla.cap_mean_month_basis_points", "3000", "A2"),
        ("003", "breach.effective_days", "90", "A7"),
        ("003", "support.severity3.fix_stated_days", "4", "A9"),
        ("000", "insurance.ceiling_in_words_cents", "50000000", "A11"),
        ("001", "erasure.grace_days", "73", "A5"),
        ("001", "termination.provider_refund", '"none"', "A12"),
    ],
)
def test_a_mended_value_is_no_contradiction_any_more(code: str, key: str, value: str, note: str) -> None:
    before, after = findings(seeded(code), code=note), findings(seeded(code, (key, value)), code=note)
    assert len(after) < len(before)
    assert not any(f.noted for f in before), "without notes every finding is new"


def test_a4_and_a10_are_found_between_two_documents_of_one_contract() -> None:
    general = bundled("004")
    assert {f.code for f in findings(seeded("002"), general)} == {"A4", "A10"}
    assert not findings(seeded("002"))
    mended = seeded("002", ("erasure.business_days", "50"), ("backup.change_rate_basis_points", "20"))
    assert findings(mended, general) == []


def test_every_fault_is_told_not_only_the_first() -> None:
    text = (
        bundled_text("004")
        .replace("early_end.notice_months", "early_end.notice_month")
        .replace("004-37", "003-37")
    )
    found = findings(text, severity="fault")
    assert len(found) >= 4
    assert any("early_end.notice_months" in str(f.sentence) for f in found)
    assert all("x.toml" in str(f.sentence) for f in found)
    assert [f.severity for f in lint("x.toml", "[document")] == ["fault"]


def test_what_the_last_version_said_and_the_new_one_forgets() -> None:
    text = "\n".join(
        line for line in bundled_text("000").splitlines() if not line.startswith('"withdrawal.days"')
    )
    found = [f for f in lint("x.toml", text, previous=bundled("000")) if f.severity == "missing"]
    assert [f.clauses for f in found] == [("000-36",)]
    assert [
        f for f in lint("x.toml", bundled_text("000"), previous=bundled("000")) if f.severity == "missing"
    ] == []


def test_general_conditions_without_a_duration_cannot_be_executed() -> None:
    lines = [line for line in bundled_text("003").splitlines() if ".period_months" not in line]
    found = [str(f.sentence) for f in lint("x.toml", "\n".join(lines)) if f.severity == "missing"]
    assert len(found) == 1 and "period_months" in found[0]


@pytest.mark.parametrize(
    ("code", "law"),
    [
        ("000", {"L1", "L2", "L5", "L8", "L9", "L11"}),
        ("001", {"L5", "L10"}),
        ("002", {"L5"}),
        ("003", {"L5"}),
        ("004", {"L2", "L5", "L8", "L9", "L12"}),
    ],
)
def test_breaches_of_statute_are_named(code: str, law: set[str]) -> None:
    assert law <= {f.code for f in findings(seeded(code), severity="law")}


def test_two_documents_of_one_rank_are_refused() -> None:
    found = findings(bundled_text("004"), parse_document("other.toml", bundled_text("000")), severity="fault")
    assert len(found) == 1 and "même rang" in str(found[0].sentence)


def test_a_note_that_says_another_figure_than_its_value_is_told() -> None:
    text = bundled_text("003")
    before = '"termination.effective_days" = { unit = "days", value = 90'
    assert not [f for f in lint("x.toml", text, previous=bundled("003")) if f.severity == "note"]
    changed = text.replace(before, before.replace("90", "60"))
    found = [f for f in lint("x.toml", changed, previous=bundled("003")) if f.severity == "note"]
    assert [(f.clauses, f.noted) for f in found] == [(("003-21",), False), (("003-17",), False)]
    said = [str(f.sentence) for f in found]
    assert said[0] == "La note de « termination.effective_days » dit 10, 90 ; la valeur est 60."
    assert "dit encore 90" in said[1], "written in words on the value that settles the same point"


@pytest.mark.parametrize("code", ["000", "001", "002", "003", "004"])
def test_the_notes_of_the_documents_that_ship_say_their_values(code: str) -> None:
    assert not [f for f in lint("x.toml", bundled_text(code)) if f.severity == "note"]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (
            "A7 : dix jours (003-17), quatre-vingt-dix sinon. L5 : deux mois au plus.",
            {("days", 10), ("days", 90)},
        ),
        ("A3 : trois ans à l'article 14, puis 0,2 % et 1 500 €.", {("months", 36), ("euros", 1500)}),
        ("A9 : « soit 6 jours », donc 8 h par jour ; voir 003-60 et le 16/05/2026.", {("days", 6)}),
    ],
)
def test_figures_are_read_from_a_note_in_digits_and_in_words(note: str, said: set[tuple[str, int]]) -> None:
    assert {each for each in figures_in(note) if each[0] != "percent"} == said
