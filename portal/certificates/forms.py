"""A certificate as typed from its paper."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.certificates.models import Entry, Standard
from portal.forms import DayField, WholeNumberField
from portal.terms.shipped import CONTRACTS

STANDARDS = [
    SelectChoice(Standard.HDS.value, _l("HDS, hébergement de données de santé")),
    SelectChoice(Standard.ISO_27001.value, _l("ISO/CEI 27001, sécurité de l'information")),
]


class CertificateForm(FlaskForm):
    standard = SelectField(_l("Norme"), choices=STANDARDS)
    number = StringField(_l("Numéro"), [InputRequired(_l("Indiquez le numéro.")), Length(max=60)])
    scope = StringField(_l("Périmètre"), [InputRequired(_l("Indiquez le périmètre.")), Length(max=300)])
    issued_by = StringField(_l("Délivré par"), [InputRequired(_l("Indiquez l'organisme.")), Length(max=140)])
    referential = WholeNumberField(
        _l("Version du référentiel"),
        [
            InputRequired(_l("Indiquez la version.")),
            NumberRange(1, 2199, _l("Un nombre entier, comme 2 ou 2022.")),
        ],
    )
    valid_from = DayField(_l("Premier jour"), [InputRequired(_l("Indiquez le premier jour."))])
    valid_through = DayField(
        _l("Dernier jour, compris"), [InputRequired(_l("Indiquez le dernier jour de validité."))]
    )
    paper = FileField(
        _l("Certificat, en PDF"),
        [FileRequired(_l("Choisissez le fichier."))],
        render_kw={"accept": "application/pdf"},
    )

    @property
    def covering(self) -> list[BooleanField]:
        return [self[f"covers_{name}"] for name in CONTRACTS]

    def entry(self) -> Entry:
        return Entry(
            Standard(self.standard.data),
            self.number.data.strip(),
            self.scope.data.strip(),
            self.issued_by.data.strip(),
            self.referential.data,
            self.valid_from.data,
            self.valid_through.data,
            tuple(name for name in CONTRACTS if self[f"covers_{name}"].data),
        )


for _name, (_label, _codes) in CONTRACTS.items():
    setattr(CertificateForm, f"covers_{_name}", BooleanField(_label))


class WithdrawalForm(FlaskForm):
    why = StringField(_l("Raison"), [Optional(), Length(max=300)])
