"""Countries of the SEPA schemes, and the length of their IBAN."""

EEA_IBAN_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IS": 26,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
}
# A debtor whose bank is in one of these must have a structured postal address in the file.
NON_EEA_IBAN_LENGTHS = {
    "AD": 24,
    "AL": 28,
    "CH": 21,
    "GB": 22,
    "GI": 23,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "RS": 22,
    "SM": 27,
    "VA": 22,
}
SEPA_IBAN_LENGTHS = EEA_IBAN_LENGTHS | NON_EEA_IBAN_LENGTHS


def needs_address(iban: str) -> bool:
    """True if the account is held in a SEPA country outside the European Economic Area."""
    return iban[:2] in NON_EEA_IBAN_LENGTHS
