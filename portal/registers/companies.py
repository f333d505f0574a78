"""The register of French companies (SIRENE): by the public search service, or by a file of one's own."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from portal.registers.http import Unreachable, ask

_PUBLIC_LAW, _ASSOCIATION = ("4", "7"), ("92",)  # beginnings of the INSEE's codes of legal forms


@dataclass(frozen=True, slots=True)
class Company:
    """A legal unit and the address of its seat; "" for what the register does not say."""

    siren: str
    siret: str = ""
    name: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    legal_form: str = ""  # the INSEE's code: "5499" is a SARL
    state: str = "A"  # "C": it has ceased

    @property
    def has_ceased(self) -> bool:
        return self.state == "C"

    @property
    def is_public(self) -> bool:
        return self.legal_form.startswith(_PUBLIC_LAW)

    @property
    def is_association(self) -> bool:
        return self.legal_form.startswith(_ASSOCIATION)


def find_company(register: str, siren: str) -> Company | None:
    """The company of a SIREN, None where the register does not know it.

    register: the address of the search service, or the path of a CSV file whose heads are the names of
    :class:`Company`. Raises Unreachable when it does not answer or cannot be read.
    """
    if register.startswith(("http://", "https://")):
        return _asked(register, siren)
    try:
        with Path(register).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter=";")
            return next((_of(row) for row in rows if row.get("siren") == siren), None)
    except (OSError, UnicodeError, csv.Error) as error:
        raise Unreachable(type(error).__name__) from None


def _of(row: dict[str, Any]) -> Company:
    return Company(**{name: str(row.get(name) or "").strip() for name in Company.__dataclass_fields__})


def _asked(url: str, siren: str) -> Company | None:
    said = ask("GET", f"{url.rstrip('/')}/search?{urlencode({'q': siren, 'per_page': 1})}")
    rows = said.get("results") if isinstance(said, dict) else None
    if not isinstance(rows, list):
        raise Unreachable("no results")
    for row in rows:
        if isinstance(row, dict) and row.get("siren") == siren:
            return _of(_flat(row, row.get("siege") or {}))
    return None


def _flat(row: dict[str, Any], seat: dict[str, Any]) -> dict[str, Any]:
    parts = (seat.get("numero_voie"), seat.get("indice_repetition"), seat.get("type_voie"))
    return {
        "siren": row["siren"],
        "siret": seat.get("siret"),
        "name": row.get("nom_raison_sociale") or row.get("nom_complet"),
        "street": " ".join(str(part) for part in (*parts, seat.get("libelle_voie")) if part),
        "postcode": seat.get("code_postal"),
        "town": seat.get("libelle_commune"),
        "legal_form": row.get("nature_juridique"),
        "state": row.get("etat_administratif"),
    }
