import io

import pytest

from portal.sepa.formats import xsd
from portal.sepa.formats.pain008 import validate
from portal.sepa.formats.xsd import InvalidFile
from tests.sepa.builders import a_file

GOOD = a_file().getvalue()


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"<a/>",
        GOOD.replace(b"pain.008.001.08", b"pain.008.001.02"),
        GOOD.replace(b"<SeqTp>RCUR", b"<SeqTp>XXXX"),
        GOOD.replace(b'Ccy="EUR"', b""),
        GOOD.replace(b"<PmtMtd>DD</PmtMtd>", b""),
        GOOD.replace(b"<IBAN>FR76", b"<IBAN>1R76"),
        GOOD.replace(b"<Ustrd>", b"<AdrLine>x</AdrLine><Ustrd>"),
    ],
)
def test_a_bad_file_is_refused(bad):
    assert bad != GOOD
    with pytest.raises(InvalidFile, match="pas un pain"):
        validate(io.BytesIO(bad))


@pytest.mark.parametrize("cut", range(1, len(GOOD), 97))
def test_a_file_cut_short_is_refused(cut):
    with pytest.raises(InvalidFile):
        validate(io.BytesIO(GOOD[: -1 - cut]))


def test_totals_that_lie_are_refused():
    lie = GOOD.replace(b"<CtrlSum>123.45", b"<CtrlSum>123.46", 1)
    with pytest.raises(InvalidFile, match="totaux"):
        validate(io.BytesIO(lie))


def test_no_outside_text_can_be_drawn_in(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("Hopla")
    head, body = GOOD.split(b"\n", 1)
    for entity in (f'SYSTEM "{secret.as_uri()}"', '"Hopla"'):
        dtd = f"<!DOCTYPE Document [<!ENTITY x {entity}>]>".encode()
        bad = head + dtd + body.replace(b"Hopla SAS", b"&x;")
        with pytest.raises(InvalidFile):
            validate(io.BytesIO(bad))


def test_without_the_schema_nothing_is_valid(monkeypatch, tmp_path):
    monkeypatch.setattr(xsd, "files", lambda package: tmp_path)
    xsd._schema.cache_clear()
    try:
        with pytest.raises(InvalidFile, match="schéma"):
            validate(io.BytesIO(GOOD))
    finally:
        xsd._schema.cache_clear()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidFile):
        validate(tmp_path / "nothing.xml")
