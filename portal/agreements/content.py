"""What an agreement says: the points that article 28 wants, with the clauses that say them too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from flask_babel import force_locale, get_locale
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.privacy.activities import MEASURES, hosting
from portal.privacy.subprocessors import taking_part
from portal.terms.shipped import CONTRACTS


@dataclass(frozen=True, slots=True)
class Point:
    """One duty of a processor. code: its letter in article 28 (3). clauses: of any contract that says it."""

    code: str
    title: Any
    text: Any
    clauses: tuple[str, ...] = ()


POINTS = (
    Point(
        "28(3) a",
        _l("Sur instruction"),
        _l(
            "Les données ne sont traitées que pour rendre le service commandé et sur instruction écrite du"
            " client, y compris pour tout transfert hors de l'Union. Une instruction qui paraît contraire à"
            " la loi est signalée."
        ),
        ("001-38", "002-02", "004-05", "004-29"),
    ),
    Point(
        "28(3) b",
        _l("Confidentialité"),
        _l("Les personnes qui accèdent aux systèmes se sont engagées à garder le secret."),
        ("003-39",),
    ),
    Point(
        "28(3) c",
        _l("Sécurité"),
        _l("Les mesures listées plus bas sont tenues et revues ; elles ne baissent pas pendant le contrat."),
        ("001-01", "001-18", "001-37"),
    ),
    Point(
        "28(3) d",
        _l("Sous-traitants ultérieurs"),
        _l(
            "Seuls ceux de la liste interviennent, tenus par écrit aux mêmes obligations. Tout ajout ou"
            " remplacement est annoncé avant, et le client peut s'y opposer."
        ),
        ("003-56",),
    ),
    Point(
        "28(3) e",
        _l("Demandes des personnes"),
        _l(
            "Une demande reçue d'une personne est transmise sans délai au client, qui y répond avec"
            " notre aide."
        ),
        ("001-39", "003-57"),
    ),
    Point(
        "28(3) f",
        _l("Violations et analyses d'impact"),
        _l(
            "Une violation est notifiée au client dans le délai du contrat, avec sa nature, ses suites et les"
            " mesures prises ; les informations utiles à une analyse d'impact sont fournies."
        ),
        ("001-40", "001-41", "003-58"),
    ),
    Point(
        "28(3) g",
        _l("Fin du contrat"),
        _l(
            "Les données sont rendues ou effacées, au choix du client, dans les délais du contrat ; il en"
            " reçoit la preuve."
        ),
        ("001-46", "001-48", "001-49", "002-23", "003-59", "004-30", "004-32"),
    ),
    Point(
        "28(3) h",
        _l("Contrôle"),
        _l("Ce qui prouve le respect de ces obligations est mis à disposition, et un audit est possible."),
        ("001-20", "003-40"),
    ),
)


def content_of(contract: str, language: str) -> Mapping[str, Any]:
    """What the agreement under a contract says today, as JSON values. contract: its name in the library.

    Source: regulation (EU) 2016/679, art. 28 (2), (3), (9); 003-56.
    """
    parts = taking_part(clock.today(), [contract])
    return _content(contract, language, tuple((one.name, one.country, one.purpose) for one in parts))


@lru_cache(maxsize=64)
def _content(contract: str, language: str, processors: tuple[tuple[str, str, str], ...]) -> Mapping[str, Any]:
    """The same for every customer: nobody who writes waits until it has been worded again."""
    label, codes = CONTRACTS[contract]
    activity = hosting(contract, label)
    with force_locale(language):
        points = [
            {
                "code": point.code,
                "title": str(point.title),
                "text": str(point.text),
                "clauses": [clause for clause in point.clauses if clause[:3] in codes],
            }
            for point in POINTS
        ]
        return {
            "contract": label,
            "subject": {
                "purpose": str(activity.purpose),
                "persons": str(activity.persons),
                "data": str(activity.data),
                "duration": str(activity.kept),
            },
            "points": points,
            "measures": [str(MEASURES[name]) for name in activity.measures],
            "processors": [
                {"name": name, "place": _country(country), "purpose": purpose}
                for name, country, purpose in processors
            ],
        }


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 in hexadecimal: another one is another version."""
    return sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _country(code: str) -> str:
    return str(get_locale().territories.get(code, code))
