import re
import time
import tracemalloc
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from portal.errors import Refused
from portal.sepa.formats.pain008 import Address, validate
from portal.sepa.formats.xsd import Totals
from tests.sepa.builders import MONDAY, PARIS, SWISS_IBAN, TODAY, a_creditor, a_file, a_group, a_line

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}


def found(file, path: str) -> list[str]:
    return [each.text for each in etree.fromstring(file.getvalue()).iterfind(f".//p:{path}", NS)]


@pytest.mark.parametrize("scheme", ["CORE", "B2B"])
def test_a_file_follows_the_iso_schema(scheme):
    file = a_file(scheme=scheme)
    assert validate(file) == Totals(1, 12345)
    assert found(file, "LclInstrm/p:Cd") == [scheme]


def test_a_file_may_be_validated_by_its_path(tmp_path):
    path = tmp_path / "remise.xml"
    path.write_bytes(a_file().getvalue())
    assert validate(path) == validate(str(path)) == Totals(1, 12345)


def test_one_group_per_sequence_and_day():
    groups = [
        a_group(a_line(end_to_end_id="A"), a_line(end_to_end_id="B"), payment_info_id="1"),
        a_group(a_line(end_to_end_id="C"), payment_info_id="2", sequence_type="OOFF"),
        a_group(a_line(end_to_end_id="D"), payment_info_id="3", collect_on=date(2026, 12, 28)),
    ]
    file = a_file(*groups)
    assert validate(file) == Totals(4, 4 * 12345)
    assert found(file, "NbOfTxs") == ["4", "2", "1", "1"]
    assert found(file, "CtrlSum") == ["493.80", "246.90", "123.45", "123.45"]
    assert found(file, "SeqTp") == ["RCUR", "OOFF", "RCUR"]


def test_an_amendment_says_what_changed():
    line = a_line(
        original_rum="OLD-1",
        original_ics="FR72ZZZ123456",
        original_creditor_name="Ancien & Fils",
        new_account=True,
    )
    file = a_file(a_group(line))
    validate(file)
    assert found(file, "AmdmntInd") == ["true"]
    assert found(file, "OrgnlMndtId") == ["OLD-1"]
    assert found(file, "OrgnlCdtrSchmeId/p:Nm") == ["Ancien + Fils"]
    assert found(file, "OrgnlCdtrSchmeId//p:Othr/p:Id") == ["FR72ZZZ123456"]
    assert found(file, "OrgnlDbtrAcct//p:Othr/p:Id") == ["SMNDA"]


@pytest.mark.parametrize(
    "changes",
    [
        {"original_rum": "OLD-1"},
        {"original_ics": "FR72ZZZ123456"},
        {"original_creditor_name": "Ancien"},
        {"new_account": True},
    ],
)
def test_each_amendment_stands_alone(changes):
    file = a_file(a_group(a_line(**changes)))
    validate(file)
    assert found(file, "AmdmntInd") == ["true"]


def test_without_a_change_no_amendment_is_told():
    assert b"Amdmnt" not in a_file().getvalue()


def test_a_missing_bic_is_said_to_be_missing():
    assert a_file().getvalue().count(b"<Othr><Id>NOTPROVIDED</Id></Othr>") == 2
    line = a_line(debtor_bic="AGRIFRPP")
    file = a_file(a_group(line), creditor=a_creditor(bic="BNPAFRPPXXX"))
    validate(file)
    assert found(file, "BICFI") == ["BNPAFRPPXXX", "AGRIFRPP"]


def test_a_debtor_outside_the_eea_has_a_structured_address():
    address = Address(street="Bahnhofstraße", town="Zürich", postcode="8001", country="CH")
    file = a_file(a_group(a_line(debtor_iban=SWISS_IBAN, address=address)))
    validate(file)
    assert found(file, "Dbtr/p:PstlAdr/p:StrtNm") == ["Bahnhofstrasse"]
    assert found(file, "Dbtr/p:PstlAdr/p:Ctry") == ["CH"]
    assert b"AdrLine" not in file.getvalue()


def test_texts_are_carried_in_the_sepa_set():
    line = a_line(debtor_name="Cœur & Fils <Ñandú>", remittance="Réf_1 « été » — 5 €")
    file = a_file(a_group(line))
    validate(file)
    assert found(file, "Dbtr/p:Nm") == ["Coeur + Fils .Nandu."]
    assert found(file, "Ustrd") == ["Ref-1 ' ete ' - 5 EUR"]
    assert re.search(rb"[^\x20-\x7e\n]|&", file.getvalue()) is None


def test_the_creation_time_is_paris_time():
    assert found(a_file(), "CreDtTm") == ["2026-11-21T10:30:00"]
    assert (
        a_file(created_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC)).getvalue().count(b"2026-07-02T00:30:00")
    )


def test_the_same_batch_gives_the_same_bytes():
    assert a_file().getvalue() == a_file().getvalue()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"debtor_iban": "FR7630006000011234567890188"}, "clé de l'IBAN"),
        ({"debtor_iban": "FR76 3000 6000 0112 3456 7890 189"}, "mal formé"),
        ({"debtor_iban": "FR763000600001123456789018"}, "longueur"),
        ({"debtor_iban": "BR1500000000000010932840814P2"}, "hors SEPA"),
        ({"debtor_iban": SWISS_IBAN}, "adresse"),
        ({"debtor_bic": "agri"}, "BIC"),
        ({"rum": "RUM_é//"}, "RUM"),
        ({"rum": "A//B"}, "RUM"),
        ({"rum": "/A"}, "RUM"),
        ({"rum": "A/"}, "RUM"),
        ({"rum": " A"}, "RUM"),
        ({"rum": ""}, "RUM"),
        ({"rum": "R" * 36}, "35"),
        ({"amount_cents": 0}, "limites"),
        ({"amount_cents": -5}, "limites"),
        ({"amount_cents": 100_000_000_000}, "limites"),
        ({"amount_cents": 12.5}, "entier"),
        ({"amount_cents": True}, "entier"),
        ({"debtor_name": ""}, "nom est vide"),
        ({"debtor_name": "Ελλάς"}, "illisible"),
        ({"debtor_name": "N" * 71}, "dépasse 70"),
        ({"debtor_name": "œ" * 36}, "dépasse 70"),
        ({"remittance": "R" * 141}, "dépasse 140"),
        ({"remittance": " "}, "libellé est vide"),
        ({"address": Address(town="", country="FR")}, "ville"),
        ({"address": Address(town="Paris", country="France")}, "pays"),
        ({"address": Address(town="P" * 36, country="FR")}, "dépasse 35"),
        ({"original_rum": "hopla-00000042"}, "ancienne RUM"),
        ({"original_rum": "é"}, "RUM"),
        ({"original_ics": "FR15ZZZ588627"}, "ancien ICS"),
        ({"original_ics": "FR14ZZZ123456"}, "ICS est fausse"),
        ({"original_creditor_name": "HOPLÄ SAS"}, None),
        ({"original_creditor_name": "Hoplà SAS"}, "ancien nom"),
        ({"signed_on": date(2026, 12, 8)}, "signé après"),
    ],
)
def test_a_bad_row_is_refused_by_its_name(changes, says):
    group = a_group(a_line(end_to_end_id="GOOD"), a_line(**changes), count=2, total_cents=24690)
    if says is None:
        validate(a_file(group))
        return
    with pytest.raises(Refused, match=says) as refusal:
        a_file(group)
    assert "FA-2026-000123-1" in refusal.value.message


@pytest.mark.parametrize("bad", ["", "a b", "é", "A" * 36, "/a", "a//b", "<x>"])
def test_a_bad_identifier_is_refused_everywhere(bad):
    for wrong in (
        lambda: a_file(a_group(a_line(end_to_end_id=bad))),
        lambda: a_file(a_group(a_line(), payment_info_id=bad)),
        lambda: a_file(msg_id=bad),
    ):
        with pytest.raises(Refused, match="identifiant"):
            wrong()


def test_an_end_to_end_id_is_used_once_in_the_whole_file():
    with pytest.raises(Refused, match="déjà"):
        a_file(a_group(a_line(), a_line()))
    other = a_group(a_line(), payment_info_id="2", sequence_type="OOFF")
    with pytest.raises(Refused, match="déjà"):
        a_file(a_group(a_line()), other)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"collect_on": date(2026, 12, 25)}, "TARGET"),
        ({"collect_on": date(2026, 12, 5)}, "TARGET"),
        ({"collect_on": date(2026, 11, 20)}, "passée"),
        ({"sequence_type": "XXXX"}, "séquence"),
        ({"count": 2}, "nombre ou la somme"),
        ({"total_cents": 12346}, "nombre ou la somme"),
    ],
)
def test_a_bad_group_is_refused(changes, says):
    with pytest.raises(Refused, match=says):
        a_file(a_group(a_line(), **changes))


def test_a_group_is_written_once():
    other = a_line(end_to_end_id="B")
    for changes in ({"sequence_type": "OOFF"}, {"payment_info_id": "2"}):
        with pytest.raises(Refused, match="lot est déjà"):
            a_file(a_group(a_line()), a_group(other, **changes))


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"count": 2}, "nombre ou la somme"),
        ({"total_cents": 1}, "nombre ou la somme"),
        ({"count": 0}, "vide"),
        ({"scheme": "COR1"}, "CORE ou B2B"),
    ],
)
def test_a_bad_header_is_refused(header, says):
    with pytest.raises(Refused, match=says):
        a_file(**header)


def test_a_naive_instant_is_a_bug():
    with pytest.raises(ValueError, match="aware"):
        a_file(created_at=datetime(2026, 11, 21))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"iban": "FR7630006000011234567890188"}, "clé de l'IBAN"),
        ({"ics": "FR14ZZZ123456"}, "ICS est fausse"),
        ({"ics": "FR15 ZZZ 588627"}, "ICS est mal formé"),
        ({"name": ""}, "nom"),
        ({"bic": "X"}, "BIC"),
        ({"address": Address(town="", country="FR")}, "ville"),
    ],
)
def test_a_bad_creditor_is_refused(changes, says):
    with pytest.raises(Refused, match=says):
        a_file(creditor=a_creditor(**changes))


def test_a_debit_of_the_very_day_is_left_to_the_bank():
    validate(a_file(a_group(a_line(address=PARIS)), as_of=MONDAY))
    assert TODAY < MONDAY


def many(n: int):
    lines = (a_line(end_to_end_id=f"E{i}", rum=f"RUM-{i}", debtor_name="Café") for i in range(n))
    return a_group(count=n, total_cents=12345 * n, lines=lines)


def test_10_000_rows_take_little_memory_and_time(tmp_path):
    from portal.sepa.formats.pain008 import write
    from tests.sepa.builders import a_header

    path, group = tmp_path / "big.xml", many(10_000)
    started = time.process_time()
    tracemalloc.start()
    try:
        with path.open("wb") as out:
            write(out, a_header(group), a_creditor(), [group], as_of=TODAY)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 4_000_000
    assert peak < 3_000_000  # the identifiers already seen, one flush of rows
    assert validate(path) == Totals(10_000, 123_450_000)
    assert time.process_time() - started < 10
