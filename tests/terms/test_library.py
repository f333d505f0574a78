"""The contracts as data: typed values with their clause, stacks in the contract's own order."""

from pathlib import Path

import pytest

from portal.terms.answered import answered
from portal.terms.shipped import TermsError, documents, find_stack, read_document, stacks

HEAD = """[document]
code = "004"
kind = "general"
title = "Essai"
version = "004-x"
publisher = "x"
published_on = 2026-01-01
effective_on = 2026-01-16
sha256 = "x"
[values]
"""
VALUE = '"early_end.notice_months" = { unit = "months", value = 6, clause = "004-42", article = "19.04" }\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "004.toml"
    path.write_text(text)
    return path


def test_five_documents_make_four_contracts() -> None:
    assert sorted(documents()) == ["000", "001", "002", "003", "004"]
    assert {name: stack.versions for name, stack in stacks().items()} == {
        "natso": ["000-2026"],
        "dropcloud": ["001-2026"],
        "dobaas": ["002-2026", "004-2026"],
        "numspot": ["003-2026"],
    }


def test_004_01_specific_conditions_win_and_the_answer_says_what_they_overrode() -> None:
    value = find_stack("dobaas").get("reversibility.fee_months")
    assert (value.document, value.value, value.clauses) == ("002", 3, ("002-20", "004-33"))


def test_where_the_contract_is_silent_nothing_is_invented() -> None:
    assert find_stack("natso").find("reversibility.fee_months") is None
    with pytest.raises(KeyError):
        find_stack("natso").get("reversibility.fee_months")


def test_a_sound_document_is_read(tmp_path: Path) -> None:
    document = read_document(written(tmp_path, HEAD + VALUE))
    assert document.values["early_end.notice_months"].value == 6


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (VALUE.replace("clause", "claus"), "champ inconnu « claus »"),
        (VALUE.replace("notice_months", "notice_month"), "vouliez-vous « early_end.notice_months »"),
        (VALUE.replace("value = 6", 'value = "6"'), "n'est pas « months »"),
        (VALUE.replace("value = 6", "value = -6"), "hors des limites"),
        (VALUE.replace("value = 6", "value = 601"), "hors des limites"),
        (VALUE.replace("value = 6", "value = true"), "n'est pas « months »"),
        (VALUE.replace('"months"', '"moons"'), "l'unité est « months »"),
        (VALUE.replace("004-42", "003-42"), "n'est pas de ce document"),
        (VALUE.replace("value = 6, ", ""), "il manque « value »"),
    ],
)
def test_a_fault_is_told_with_file_key_and_article(tmp_path: Path, fault: str, sentence: str) -> None:
    with pytest.raises(TermsError) as caught:
        read_document(written(tmp_path, HEAD + fault))
    told = str(caught.value)
    assert sentence in told and "004.toml" in told and "early_end.notice_month" in told and "19.04" in told


def test_an_unknown_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="clé inconnue « colour »"):
        read_document(written(tmp_path, HEAD.replace("title", "colour")))


def test_a_head_without_a_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="il manque « effective_on »"):
        read_document(written(tmp_path, HEAD.replace("effective_on = 2026-01-16\n", "")))


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="fichier illisible"):
        read_document(written(tmp_path, "[document"))


def test_an_answer_unfolds_to_its_clauses_once_each() -> None:
    stack = find_stack("natso")
    months = stack.get("plan.annual.notice_months")
    answer = answered("notice_form", "letter", months, months)
    assert (answer.clauses, answer.reference) == (("000-14",), "000-14, art. 3.4 (2)")
    assert answer.notes[0].startswith("A16") and len(answer.notes) == 1
