"""Marks French sentences for translation in modules that must not know Flask."""


def N_(sentence: str) -> str:
    """Return ``sentence`` unchanged; the mark lets ``pybabel extract`` find it."""
    return sentence
