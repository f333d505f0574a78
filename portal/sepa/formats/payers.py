"""Names of payers as banks hold them: the same person again, however it is written."""

import re
import unicodedata

_BETWEEN = re.compile(r"[\W_]+")
_FORMS = {
    "sa",
    "sas",
    "sasu",
    "sarl",
    "eurl",
    "sci",
    "scop",
    "snc",
    "ste",
    "societe",
    "m",
    "mr",
    "mme",
    "mlle",
}


def payer_word(name: str) -> str:
    """By which a payer's name is known again: without case, accents, order and form of company.

    Source: EPC115-06 (the name as the payer's bank holds it).
    """
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "oe"))
    folded = "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()
    return " ".join(sorted(set(_BETWEEN.split(folded)) - _FORMS - {""}))[:140]


def is_same_name(holder: str, name: str) -> bool:
    """Do two names tell of the same person or company? One may have words that the other lacks.

    Source: EPC115-06.
    """
    one, other = set(payer_word(holder).split()), set(payer_word(name).split())
    return bool(one and other) and (one <= other or other <= one)
