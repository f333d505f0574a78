"""The words that the SEPA schemes require on a mandate, word for word, by scheme and language.

A signed mandate keeps the version and the fingerprint of the text that its signer saw. A text is
never edited here: a new wording is a new version.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from portal.sepa.formats.values import Scheme

Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class MandateText:
    """One legal text; ``{CREDITOR}`` stands for the name of the creditor."""

    version: str
    scheme: Scheme
    language: Language
    title: str
    paragraphs: tuple[str, ...]
    note: str

    @property
    def sha256(self) -> str:
        """Fingerprint of the title, the paragraphs and the note, one per line, in UTF-8."""
        return sha256("\n".join((self.title, *self.paragraphs, self.note)).encode()).hexdigest()

    def for_creditor(self, name: str) -> tuple[str, ...]:
        """The paragraphs with the name of the creditor in place."""
        return tuple(paragraph.replace("{CREDITOR}", name) for paragraph in self.paragraphs)


_AUTHORISE_FR = (
    "En signant ce formulaire de mandat, vous autorisez (A) {CREDITOR} à envoyer des instructions "
    "à votre banque pour débiter votre compte, et (B) votre banque à débiter votre compte "
    "conformément aux instructions de {CREDITOR}."
)
_AUTHORISE_EN = (
    "By signing this mandate form, you authorise (A) {CREDITOR} to send instructions to your bank "
    "to debit your account and (B) your bank to debit your account in accordance with the "
    "instructions from {CREDITOR}."
)
_NOTE_FR = (
    "Vos droits concernant le présent mandat sont expliqués dans un document que vous pouvez "
    "obtenir auprès de votre banque."
)
_NOTE_EN = (
    "Your rights regarding the above mandate are explained in a statement that you can obtain from your bank."
)

_TEXTS = (
    MandateText(
        "core-fr-1",
        "CORE",
        "fr",
        "Mandat de prélèvement SEPA",
        (
            _AUTHORISE_FR,
            "Vous bénéficiez du droit d'être remboursé par votre banque selon les conditions "
            "décrites dans la convention que vous avez passée avec elle. Une demande de "
            "remboursement doit être présentée :",
            "- dans les 8 semaines suivant la date de débit de votre compte pour un prélèvement autorisé,",
            "- sans tarder et au plus tard dans les 13 mois en cas de prélèvement non autorisé.",
        ),
        _NOTE_FR,
    ),
    MandateText(
        "core-en-1",
        "CORE",
        "en",
        "SEPA Direct Debit Mandate",
        (
            _AUTHORISE_EN,
            "As part of your rights, you are entitled to a refund from your bank under the terms "
            "and conditions of your agreement with your bank. A refund must be claimed within 8 "
            "weeks starting from the date on which your account was debited.",
        ),
        _NOTE_EN,
    ),
    MandateText(
        "b2b-fr-1",
        "B2B",
        "fr",
        "Mandat de prélèvement SEPA interentreprises",
        (
            _AUTHORISE_FR,
            "Ce mandat est dédié aux prélèvements SEPA interentreprises. Vous n'êtes pas en droit "
            "de demander à votre banque le remboursement d'un prélèvement SEPA interentreprises "
            "une fois que le montant est débité de votre compte. Vous pouvez cependant demander à "
            "votre banque de ne pas débiter votre compte jusqu'au jour de l'échéance.",
        ),
        _NOTE_FR,
    ),
    MandateText(
        "b2b-en-1",
        "B2B",
        "en",
        "SEPA Business-to-Business Direct Debit Mandate",
        (
            _AUTHORISE_EN,
            "This mandate is only intended for business-to-business transactions. You are not "
            "entitled to a refund from your bank after your account has been debited, but you are "
            "entitled to request your bank not to debit your account up until the day on which "
            "the payment is due.",
        ),
        _NOTE_EN,
    ),
)
BY_VERSION = {text.version: text for text in _TEXTS}


def mandate_text(scheme: Scheme, language: Language) -> MandateText:
    """The text that a new mandate must show; the latest version of its scheme and language."""
    return {(text.scheme, text.language): text for text in _TEXTS}[scheme, language]
