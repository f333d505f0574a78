import pytest

from portal.sepa.mandate_text import BY_VERSION, mandate_text

FINGERPRINTS = {  # a change here means a new version, not a new fingerprint
    "core-fr-1": "6de24b4cc9a47047e4d4fb7eb23033dd56488d7f50ea583fc0b066a3bfc0f089",
    "core-en-1": "073d5d19f9e71ec24110652c64c4f8c290109e53230e1ba48a440c0641043e9d",
    "b2b-fr-1": "4b7842dbb818a1b6809510465014a051224074879bda0ddce6a181dcf44f5caa",
    "b2b-en-1": "20acac21aa50383f3bab8c821ee9deb91cc3f410202e75fb5b321c4b2657acc5",
}


@pytest.mark.parametrize("version", FINGERPRINTS)
def test_a_published_text_never_changes(version):
    assert BY_VERSION[version].sha256 == FINGERPRINTS[version]


def test_only_core_promises_a_refund_within_8_weeks():
    assert "8 semaines" in " ".join(mandate_text("CORE", "fr").paragraphs)
    assert "8 weeks" in " ".join(mandate_text("CORE", "en").paragraphs)
    for language in ("fr", "en"):
        assert "8 " not in " ".join(mandate_text("B2B", language).paragraphs)


@pytest.mark.parametrize("text", BY_VERSION.values(), ids=BY_VERSION)
def test_the_creditor_is_named_twice(text):
    assert " ".join(text.for_creditor("HOPLA SAS")).count("HOPLA SAS") == 2
    assert "{" not in " ".join(text.for_creditor("HOPLA SAS"))
