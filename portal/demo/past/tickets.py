"""Tickets of the past, each with its words, its answer and its end; the newest ones still wait."""

from dataclasses import dataclass
from functools import partial

from portal.accounts.models import User
from portal.customers.models import Customer
from portal.demo.past.stage import Stage
from portal.linked.visitor import Signer
from portal.subscriptions.models import subscriptions_of
from portal.tickets.acts import answer_ticket, close_ticket, open_ticket
from portal.tickets.kinds import Source, TicketKind, TicketState, Told
from portal.tickets.models import Ticket
from portal.tickets.severities import severities_of

_CALLER = Signer("Service informatique")


@dataclass(frozen=True, slots=True)
class Said:
    """One ticket. months_ago and number: its day. hours: from its opening to its end; None while it is open.

    answers: is there a first answer already?
    """

    serial: int
    months_ago: int
    number: int
    kind: TicketKind
    subject: str
    text: str
    answer: str = ""
    hours: int | None = 3


INCIDENT, QUESTION = TicketKind.INCIDENT, TicketKind.QUESTION
TOLD = (
    Said(
        102,
        16,
        12,
        QUESTION,
        "Déplacer une licence",
        "Nous remplaçons un poste la semaine prochaine.",
        "Libérez la machine depuis la page de la clé, puis activez la nouvelle.",
    ),
    Said(
        106,
        13,
        9,
        INCIDENT,
        "Sauvegarde interrompue",
        "Plus aucun point depuis deux nuits sur le serveur.",
        "Le pare-feu coupait la connexion après dix minutes ; la règle est corrigée, la nuit est complète.",
    ),
    Said(
        111,
        10,
        14,
        INCIDENT,
        "Volume en forte hausse",
        "Le volume a doublé en une semaine, est-ce normal ?",
        "Un export de vidéos était dans le dossier partagé ; il est exclu depuis hier.",
    ),
    Said(
        101,
        8,
        6,
        QUESTION,
        "Ajouter un utilisateur",
        "Comment ajouter un salarié en cours de mois ?",
        "Commandez un utilisateur de plus : il est facturé depuis ce jour.",
        26,
    ),
    Said(
        103,
        6,
        19,
        INCIDENT,
        "Prélèvement revenu",
        "Notre banque a refusé le prélèvement, pouvez-vous le refaire ?",
        "Il est présenté à nouveau, à la date du courrier que vous avez reçu.",
        5,
    ),
    Said(
        109,
        4,
        11,
        INCIDENT,
        "Message d'accès refusé",
        "Le serveur ne sauvegarde plus le dossier Comptabilité.",
        "Les droits du compte de service avaient changé ; ils sont rétablis.",
        2,
    ),
    Said(
        105,
        2,
        8,
        INCIDENT,
        "Lenteur de l'envoi",
        "Les envois prennent toute la matinée depuis lundi.",
        "La bande passante était bridée sur vos postes ; la limite est levée.",
        4,
    ),
)
OPEN = (
    Said(
        113,
        0,
        3,
        QUESTION,
        "Essai de restauration",
        "Nous voulons vérifier une restauration avant l'audit.",
        "Quel dossier voulez-vous vérifier ?",
        None,
    ),
    Said(111, 0, 1, INCIDENT, "Aucun point cette nuit", "Le serveur n'a rien envoyé cette nuit.", "", None),
    Said(
        104,
        0,
        1,
        QUESTION,
        "Facture à une autre adresse",
        "Pouvez-vous envoyer nos factures au comptable ?",
        "",
        None,
    ),
)


def tell_tickets(stage: Stage) -> None:
    for one in TOLD:
        if stage.lived(one.months_ago):
            stage.on(stage.day(one.months_ago, one.number), partial(_live, stage, one))
    for one in OPEN:
        stage.on(stage.days_ago(one.number), partial(_live, stage, one))


def _live(stage: Stage, said: Said) -> None:
    if (customer := stage.customers.get(said.serial)) is None:
        return
    subscription = next(iter(subscriptions_of(customer)), None)
    graded = said.kind is TicketKind.INCIDENT and subscription is not None
    table = severities_of(subscription.present_terms) if graded and subscription else []
    ticket = open_ticket(
        customer,
        kind=said.kind,
        subject=said.subject,
        text=said.text,
        source=Source.SPACE,
        subscription=subscription,
        severity=table[-1][0] if table else None,
        by=_CALLER,
    )
    if said.answer:
        _answer(stage, ticket, said)


def _answer(stage: Stage, ticket: Ticket, said: Said) -> None:
    """Within the hour; the end comes the same day, or with a later one."""
    technician = stage.technician_of(ticket.customer)
    ticket.take(by=technician)
    stage.move(ticket.opened_on, 10, 40)
    answer_ticket(ticket, said.answer, asks=said.hours is None, by=technician)
    if said.hours is not None:
        stage.move(ticket.opened_on, min(10 + said.hours, 13), 20)
        close_ticket(ticket, said.answer, Told.MAIL, "", by=technician)
        assert ticket.state == TicketState.CLOSED


def ask_back(customer: Customer, technician: User) -> None:
    """She wrote today, and the support waits for her: her home page has something to do."""
    ticket = open_ticket(
        customer,
        kind=QUESTION,
        subject="Heure des sauvegardes",
        text="Nos postes sont éteints le soir : la sauvegarde peut-elle partir plus tôt ?",
        source=Source.SPACE,
        by=_CALLER,
    )
    ticket.take(by=technician)
    question = "Oui. À quelle heure sont-ils allumés et reliés au réseau ?"
    answer_ticket(ticket, question, asks=True, by=technician)
