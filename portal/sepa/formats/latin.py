"""Texts reduced to the characters that every bank of the SEPA area must carry."""

import re
import unicodedata

_PLAIN = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*").fullmatch
_OUTSIDE = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
_BLANKS = re.compile(r"\s+")
_READABLE = re.compile(r"[^\W_]").search
_SPECIAL = str.maketrans(
    {
        "œ": "oe",
        "Œ": "OE",
        "æ": "ae",
        "Æ": "AE",
        "ß": "ss",
        "ẞ": "SS",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "TH",
        "ł": "l",
        "Ł": "L",
        "ħ": "h",
        "Ħ": "H",
        "ı": "i",
        "ŋ": "n",
        "Ŋ": "N",
        "ŧ": "t",
        "Ŧ": "T",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
        '"': "'",
        "“": "'",
        "”": "'",
        "«": "'",
        "»": "'",
        "–": "-",
        "—": "-",
        "‑": "-",
        "_": "-",
        "~": "-",
        "−": "-",
        "&": "+",
        "€": "EUR",
        "°": "o",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "|": "/",
        "\\": "/",
        ";": ",",
        "@": "(at)",
        "\u00ad": "",
        "\u200b": "",
    }
)


def to_latin(text: str) -> str:
    """``text`` in the SEPA set: accents are dropped, what is left becomes a full stop."""
    if not _PLAIN(text):
        text = text.translate(_ACCENTS)
        if not _PLAIN(text):
            text = _unfold(text)
    return text.strip() if "  " not in text else _BLANKS.sub(" ", text).strip()


def has_letters(text: str) -> bool:
    """False if nothing readable is left, for instance of a name in another alphabet."""
    return _READABLE(text) is not None


def _unfold(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.translate(_SPECIAL))
    text = "".join(each for each in text if not unicodedata.combining(each))
    # What compatibility unfolding brings back (the slash of ½) is translated a second time.
    return _OUTSIDE.sub(".", _BLANKS.sub(" ", text.translate(_SPECIAL)).replace("⁄", "/"))


# The letters of Western and Central Europe at once; all other texts take the slow way.
_ACCENTS = _SPECIAL | {
    code: _unfold(chr(code))
    for code in range(0xC0, 0x180)
    if chr(code).isalpha() and unicodedata.combining(chr(code)) == 0
}
