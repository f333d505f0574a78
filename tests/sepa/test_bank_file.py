"""What banks send back, read in every version; what is hostile, cut or foreign is refused."""

import io
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from portal.sepa.formats.bank_answers import BankEntry, BankFileError, BankFileHead, read_bank_file
from portal.sepa.formats.bank_elements import day_of, given
from tests.sepa.bank_files import Back, camt, pain002

XSD = Path(__file__).parent / "xsd"
CAMT = ["camt.053.001.02", "camt.053.001.08", "camt.054.001.02", "camt.054.001.04", "camt.054.001.08"]


def entries(data: bytes) -> list[BankEntry]:
    return [each for each in read_bank_file(io.BytesIO(data)) if isinstance(each, BankEntry)]


@pytest.mark.parametrize("version", CAMT)
def test_every_version_of_a_camt_is_read_alike(version: str) -> None:
    rows = [
        Back("FA-1-A", 1_234, "AM04", rum="RUM-1", reference="BK1", fee_cents=120),
        Back("FA-2-B", 5_000, "MD01", rum="RUM-2", reference="BK2"),
        Back("FA-3-C", 9_900, credited=True, reference="BK3"),
    ]
    data = camt(rows, version)
    schema = etree.XMLSchema(file=str(XSD / f"{version}.xsd"))
    schema.assertValid(etree.fromstring(data))
    head, *read = read_bank_file(io.BytesIO(data))
    assert head == BankFileHead(version[:8], "CAMT-1")
    first, second, third = (each for each in read if isinstance(each, BankEntry))
    assert first == BankEntry(
        "returned",
        "transaction",
        end_to_end_id="FA-1-A",
        rum="RUM-1",
        amount_cents=1_234,
        fee_cents=120,
        reason="AM04",
        booked_on=date(2026, 12, 10),
        account="FR7630006000011234567890189",
        reference="BK1",
        index=1,
    )
    assert (second.reason, second.amount_cents, second.fee_cents) == ("MD01", 5_000, 0)
    assert (third.outcome, third.amount_cents, third.reason) == ("settled", 9_900, "")


def test_the_debits_of_one_entry_are_told_apart_by_their_index() -> None:
    read = entries(camt([Back(f"E-{n}", 100, reference="BK") for n in range(5)], per_entry=3))
    assert [(each.reference, each.index) for each in read] == [
        ("BK", 1),
        ("BK", 2),
        ("BK", 3),
        ("BK", 1),
        ("BK", 2),
    ]


def test_a_batch_booking_tells_the_lot() -> None:
    data = camt([Back("", 30_000, credited=True, lot="REM-1-01", reference="BK")])
    assert [(each.outcome, each.scope, each.payment_info_id) for each in entries(data)] == [
        ("settled", "group", "REM-1-01")
    ]


@pytest.mark.parametrize("version", ["pain.002.001.03", "pain.002.001.10"])
def test_a_status_report_tells_each_debit(version: str) -> None:
    data = pain002("REM-1", rows=[Back("FA-1-A", 1_234, "AC01")], group=("LOT", "PART", ""), version=version)
    (read,) = entries(data)
    assert (read.outcome, read.scope, read.message_id) == ("returned", "transaction", "REM-1")
    assert (read.payment_info_id, read.end_to_end_id) == ("LOT", "FA-1-A")
    assert (read.amount_cents, read.reason) == (1_234, "AC01")


def test_a_status_report_tells_the_whole_file_or_a_lot() -> None:
    (whole,) = entries(pain002("REM-1", status="RJCT", reason="FF01"))
    assert (whole.outcome, whole.scope, whole.reason) == ("returned", "message", "FF01")
    (accepted,) = entries(pain002("REM-1", status="ACCP"))
    assert (accepted.outcome, accepted.scope) == ("accepted", "message")
    (lot,) = entries(pain002("REM-1", group=("LOT-2", "RJCT", "TM01")))
    assert (lot.outcome, lot.scope, lot.payment_info_id, lot.reason) == ("returned", "group", "LOT-2", "TM01")
    assert entries(pain002("REM-1", status="PDNG")) == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "incomplet"),
        (b"not xml", "incomplet"),
        (camt([Back("A", 1)])[:-40], "incomplet"),
        (camt([Back("A", 1)]).replace(b"BkToCstmrDbtCdtNtfctn", b"CstmrDrctDbtInitn"), "ni un compte rendu"),
        (b"<html><body/></html>", "pas de message"),
        (camt([Back("A", 1)]).replace(b">0.01<", b">0.001<"), "pas en euros"),
        (camt([Back("A", 1)]).replace(b">0.01<", b">NaN<"), "pas en euros"),
        (camt([Back("A", 1)]).replace(b">0.01<", b">-1.00<"), "pas en euros"),
    ],
)
def test_a_foreign_cut_or_absurd_file_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BankFileError, match=sentence):
        entries(data)


def test_a_hostile_file_reads_no_other_file_and_does_not_grow(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("PASSWORD")
    good = camt([Back("&x;", 1)]).replace(b"&amp;x;", b"&x;")
    head = b'<?xml version="1.0" encoding="UTF-8"?>'
    for definition in (
        f'<!ENTITY x SYSTEM "file://{secret}">',
        '<!ENTITY a "'
        + "A" * 1000
        + '"><!ENTITY b "'
        + "&a;" * 1000
        + '"><!ENTITY x "'
        + "&b;" * 1000
        + '">',
    ):
        data = good.replace(head, head + f"<!DOCTYPE Document [{definition}]>".encode())
        with pytest.raises(BankFileError):
            entries(data)


def test_an_entry_about_something_else_is_left_alone() -> None:
    transfer = camt([Back("A", 1, credited=True)]).replace(b"<Cd>IDDT</Cd>", b"<Cd>RCDT</Cd>")
    assert not any(each.is_sure for each in entries(transfer))
    card = (
        camt([Back("A", 1)])
        .replace(b"<Cd>IDDT</Cd><SubFmlyCd>UPDD", b"<Cd>CCRD</Cd><SubFmlyCd>POSD")
        .replace(b"<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>", b"")
    )
    assert not any(each.is_sure for each in entries(card))


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(rows: int) -> int:
        data = camt((Back(f"E-{n}", 100) for n in range(rows)), per_entry=rows)
        tracemalloc.start()
        count = sum(1 for _ in read_bank_file(io.BytesIO(data)))
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == rows + 2  # the head, the end of the statement
        return highest

    assert peak(4_000) < peak(200) + 200_000


def test_documents_behind_each_other_are_cut_wherever_a_block_ends() -> None:
    one = camt([Back("FA-1", 100)])
    for size in range(65_536 - 130, 65_536 + 20, 7):
        padded = one.replace(b"<GrpHdr>", b" " * (size - len(one)) + b"<GrpHdr>")
        read = entries(padded + b"\r\n\r\n" + one + b"\xef\xbb\xbf" + one)
        assert [each.end_to_end_id for each in read] == ["FA-1"] * 3, size


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-14T23:30:00Z", date(2026, 12, 15)),
        ("2026-12-14T23:30:00+01:00", date(2026, 12, 14)),
        ("2026-06-14T22:30:00.000Z", date(2026, 6, 15)),
        ("2026-12-14T23:30:00", date(2026, 12, 14)),
        ("2026-12-14+01:00", date(2026, 12, 14)),
        ("2026-12-14", date(2026, 12, 14)),
        ("14/12/2026", None),
    ],
)
def test_days_are_those_of_paris(text: str, day: date | None) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize("word", ["NONREF", "nonref", "NotProvided", " NOT PROVIDED ", ""])
def test_a_placeholder_is_no_reference(word: str) -> None:
    assert given(word) == ""
    (read,) = entries(camt([Back("A", 1, rum=word, reference=word or "NONREF")]))
    assert (read.rum, read.reference) == ("", "N0"), "the next reference that is one"


def test_fees_are_summed_in_every_spelling() -> None:
    old = camt([Back("A", 100, fee_cents=250)], "camt.054.001.02")
    assert [each.fee_cents for each in entries(old)] == [250]
    more = old.replace(b"<Chrgs>", b'<Chrgs><Amt Ccy="EUR">0.50</Amt></Chrgs><Chrgs>')
    assert [each.fee_cents for each in entries(more)] == [300]
    part = b'<Chrgs><Rcrd><Amt Ccy="EUR">1.00</Amt></Rcrd><Rcrd><Amt Ccy="EUR">2.00</Amt></Rcrd></Chrgs>'
    new = camt([Back("A", 100)]).replace(b"<NtryDtls>", part + b"<NtryDtls>")
    assert [each.fee_cents for each in entries(new)] == [300]
