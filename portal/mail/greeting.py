"""Whom a mail greets, and by which name: a person's, never the name of a function or of a house."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol


class Reachable(Protocol):
    """Who can be written to: a contact, an account, a signatory."""

    @property
    def email(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Addressee:
    """An address, and the name of the person behind it where that is known."""

    email: str
    name: str = ""


# Words of the French and English names of functions, departments and houses.
_WORDS = """
    accounting accounts accueil achat achats administratif administration administrative agence asso
    association astreinte atelier billing board bureau cabinet centre cie client clients club comite
    commerce commercial company compta comptabilite comptable comptables conseil consultation contact
    coordination cse daf departement department direction directoire drh dsi earl ei entreprise equipe
    espace etablissement etablissements etude eurl exploitation facturation facture factures finance
    finances garage generale gerance gestion group groupe helpdesk inc incident incidents info
    informatique juridique logistique ltd maintenance mairie maison management manager office paie
    personnel pharmacie poste presidence production qualite reception reseau responsable ressources rh sa
    sarl sas sasu sav sc sci scm scop secretariat securite selarl service services siege societe standard
    support syndicat team technical technique tresorerie vente ventes
"""
_NO_PERSON = frozenset(_WORDS.split())


def name_to_greet(name: str, *, house: str = "") -> str:
    """The name that a greeting may use: two words or more, none of which names a function or a house.

    house: the name of the organisation, which some type in the place of a person's. "" is: greet plainly.
    """
    name = " ".join(name.split())
    words = [_fold(word) for word in re.split(r"[\s,/&()'’.-]+", name) if word]
    if len(words) < 2 or len(name) > 60 or _fold(name) == _fold(house):
        return ""
    if _NO_PERSON & set(words) or not all(word.isalpha() for word in words) or "," in name:
        return ""
    return name


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold().strip()
