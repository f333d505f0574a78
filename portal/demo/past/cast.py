"""Who lived in the months before today. Invented; their towns exist, and sizes agree with what they buy."""

from dataclasses import dataclass
from typing import Literal

Means = Literal["wire", "direct_debit"]


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of the past.

    house: place in the list of resellers; the last one invoices her itself. since: months before today when
    she came, at most the whole past.
    late: days after the due day when she pays by wire. stops: months before today from which she pays nothing
    more. returns: months before today, days after its day, and reason of a debit that comes back.
    """

    serial: int
    house: int
    name: str
    street: str
    postcode: str
    town: str
    product: str
    quantity: int
    means: Means
    since: int
    late: int = -4
    stops: int | None = None
    returns: tuple[tuple[int, int, str], ...] = ()

    @property
    def box(self) -> str:
        return f"passe{self.serial:02d}.example"


CAST = (
    Member(
        101,
        0,
        "Cidrerie du Verger",
        "12 chemin du Verger",
        "29000",
        "Quimper",
        "WS-M",
        18,
        "direct_debit",
        18,
    ),
    Member(102, 0, "Voilerie de la Rade", "3 quai de la Rade", "56000", "Vannes", "NB-WS", 12, "wire", 18),
    Member(
        103,
        0,
        "Transports du Menhir",
        "41 route du Menhir",
        "35400",
        "Saint-Malo",
        "DB-36",
        3,
        "direct_debit",
        16,
        returns=((6, 2, "AM04"), (2, 2, "AM04")),
    ),
    Member(
        104,
        0,
        "Traiteur de la Cale",
        "8 rue de la Cale",
        "22000",
        "Saint-Brieuc",
        "NB-WS-M",
        7,
        "wire",
        12,
        stops=3,
    ),
    Member(
        105,
        1,
        "Brasserie du Beffroi",
        "2 place du Beffroi",
        "62000",
        "Arras",
        "WS-M",
        34,
        "direct_debit",
        18,
        returns=((5, 40, "MD06"),),
    ),
    Member(
        106, 1, "Filature du Marais", "17 rue du Marais", "59100", "Roubaix", "DB-36", 4, "direct_debit", 15
    ),
    Member(
        107, 1, "Optique du Parvis", "5 parvis Notre-Dame", "80000", "Amiens", "NB-WS-M", 5, "wire", 9, late=9
    ),
    Member(
        108,
        1,
        "Sellerie du Port",
        "20 quai du Port",
        "59140",
        "Dunkerque",
        "WS-M",
        8,
        "direct_debit",
        8,
        returns=((1, 2, "AC04"),),
    ),
    Member(
        109, 2, "Huilerie des Alpilles", "6 chemin des Alpilles", "13200", "Arles", "NB-SRV", 2, "wire", 14
    ),
    Member(
        110,
        2,
        "Pépinière du Ventoux",
        "9 route du Ventoux",
        "84000",
        "Avignon",
        "WS-M",
        14,
        "direct_debit",
        7,
    ),
    Member(
        111, 2, "Carrosserie du Pont", "33 avenue du Pont", "30000", "Nîmes", "DB-36", 3, "direct_debit", 17
    ),
    Member(
        112, 2, "Conserverie du Large", "1 quai du Large", "83000", "Toulon", "WS-M", 11, "direct_debit", 18
    ),
    Member(
        113,
        2,
        "Savonnerie du Vallon",
        "14 traverse du Vallon",
        "13100",
        "Aix-en-Provence",
        "NB-WS-M",
        16,
        "wire",
        6,
        stops=2,
    ),
    Member(
        114,
        0,
        "Fleuriste de la Place",
        "7 place de la Fontaine",
        "35000",
        "Rennes",
        "NB-WS-M",
        3,
        "wire",
        4,
        stops=1,
    ),
    Member(
        115, 1, "Chaudronnerie du Rail", "5 rue du Rail", "59000", "Lille", "NB-WS", 25, "wire", 3, stops=2
    ),
    Member(116, 2, "Papeterie du Cours", "22 cours Central", "83000", "Toulon", "WS-M", 6, "direct_debit", 2),
    Member(117, 3, "Brasserie de la Fecht", "3 rue de la Fecht", "68000", "Colmar", "NB-WS-M", 9, "wire", 10),
    Member(118, 3, "Verrerie du Ried", "11 route du Ried", "67600", "Sélestat", "NB-WS-M", 4, "wire", 6),
)
