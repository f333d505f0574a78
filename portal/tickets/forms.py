"""What is typed about a ticket."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.forms import DayField, InstantField, WholeNumberField, trim
from portal.tickets.kinds import LONGEST, TicketKind, Told
from portal.words.choices import TICKET_KINDS
from portal.words.readers import reads

_TEXT = [
    InputRequired(_l("Écrivez quelques mots.")),
    Length(max=LONGEST, message=_l("Un message a 10 000 caractères au plus.")),
]
_MINUTES = _l("Indiquez les minutes passées, en nombre entier.")
_SCANS = {"accept": "application/pdf,image/jpeg,image/png"}


class WithFiles(FlaskForm):
    files = MultipleFileField(_l("Pièces jointes"), render_kw=_SCANS)

    @property
    def sent(self) -> list[tuple[str, bytes]]:
        return [
            (each.filename or "", each.read()) for each in self.files.data or [] if each and each.filename
        ]


class TicketForm(WithFiles):
    """Of a customer; kinds and severities are those of the contract chosen before."""

    kind = RadioField(_l("De quoi s'agit-il ?"), default=TicketKind.INCIDENT)
    severity = RadioField(_l("Gravité, selon le contrat"), validators=[Optional()], validate_choice=False)
    subject = StringField(
        _l("Objet"), [InputRequired(_l("Donnez un objet en quelques mots.")), Length(max=140)], filters=[trim]
    )
    text = TextAreaField(_l("Ce qui se passe"), _TEXT, render_kw={"rows": 6})
    known_on = DayField(_l("Reçu, ou découvert le"), [Optional()])
    posted_on = DayField(_l("Lettre recommandée postée le"), [Optional()])
    wished_on = DayField(_l("Jour souhaité"), [Optional()])

    def offer(self, kinds: list[TicketKind], severities: list[tuple[int, str]]) -> None:
        self.kind.choices = [SelectChoice(each, TICKET_KINDS[each]) for each in kinds]
        self.severity.choices = [SelectChoice(str(number), words) for number, words in severities]

    @property
    def grade(self) -> int | None:
        return int(self.severity.data) if str(self.severity.data or "").isdecimal() else None


class CallForm(TicketForm):
    """The same at the telephone, with who calls."""

    caller = RadioField(
        _l("Qui appelle ?"),
        validators=[InputRequired(_l("Dites qui appelle, parmi les contacts du dossier."))],
    )
    called_back = BooleanField(_l("Je l'ai rappelée au numéro du dossier, ou reconnue"))


class MessageForm(WithFiles):
    text = TextAreaField(_l("Message"), _TEXT, render_kw={"rows": 5})


class AnswerForm(MessageForm):
    asks = BooleanField(_l("Une réponse du client est attendue : le délai de rétablissement s'arrête"))


class GradeForm(FlaskForm):
    kind = SelectField(_l("Sorte"))
    severity = SelectField(_l("Gravité"), validators=[Optional()], validate_choice=False)


class ContractForm(FlaskForm):
    subscription = SelectField(
        _l("Abonnement"), validators=[InputRequired(_l("Choisissez un abonnement de ce client."))]
    )


class ConfirmationForm(FlaskForm):
    """A fax or an e-mail that came another way."""

    confirmed = InstantField(_l("Jour et heure"), required=False)


class ClosingForm(FlaskForm):
    solution = TextAreaField(_l("Causes et solution, pour le client"), _TEXT, render_kw={"rows": 4})
    at = InstantField(_l("Jour et heure"), required=False)
    told = RadioField(
        _l("Le client est prévenu"),
        choices=[SelectChoice(Told.MAIL, _l("par e-mail")), SelectChoice(Told.PHONE, _l("par téléphone"))],
        default=Told.MAIL,
    )
    finding = RadioField(
        _l("Après vérification, ce ticket"),
        choices=[
            SelectChoice("ours", _l("relève du service")),
            SelectChoice("outside", _l("est hors du périmètre")),
            SelectChoice("abnormal", _l("vient d'un usage anormal")),
        ],
        default="ours",
    )
    minutes = WholeNumberField(
        _l("Minutes passées hors du périmètre"), [Optional(), NumberRange(1, 100_000, _MINUTES)]
    )
    to = StringField(_l("Personne prévenue au téléphone"), [Length(max=120)], filters=[trim])


class ContestForm(FlaskForm):
    text = TextAreaField(
        reads(_l("Pourquoi contestez-vous la clôture ?"), _l("Motif de la contestation")),
        _TEXT,
        render_kw={"rows": 4},
    )


class ReportForm(FlaskForm):
    report_text = TextAreaField(_l("Causes, solutions, durée"), _TEXT, render_kw={"rows": 12})


class PostedForm(FlaskForm):
    posted_on = DayField(_l("Lettre recommandée postée le"), [InputRequired(_l("Indiquez un jour."))])


class TextForm(FlaskForm):
    name = StringField(_l("Nom"), [InputRequired(_l("Donnez un nom court.")), Length(max=80)], filters=[trim])
    text = TextAreaField(_l("Texte"), _TEXT, render_kw={"rows": 4})
