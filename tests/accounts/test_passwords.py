"""Passwords that anybody would try are refused, in a sentence that says why."""

from types import SimpleNamespace

import pytest
from flask import Flask

from portal.accounts.welcome import judge_password
from portal.errors import Refused

HERS = SimpleNamespace(
    email="camille.martin@ouest.example",
    name="Camille Martin",
    organisation=SimpleNamespace(name="Revendeur Ouest"),
)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("onze lettre", "Douze"),
        ("aaaaaaaaaaaa", "se répète"),
        ("demonstration-2026", "au portail"),
        ("revendeur-ouest", "au portail"),
        ("Camille Martin", "votre nom"),
        ("Martin.Camille2026", "votre nom"),
        ("motdepasse2026", "au portail"),
        ("azertyuiop12", "se devine"),
        ("password" * 16, "au portail"),
        ("ab1!" * 32, "se répète"),
        ("x" * 129, "128"),
    ],
)
def test_a_password_that_is_guessed_is_refused(app: Flask, password: str, says: str) -> None:
    with app.app_context(), pytest.raises(Refused) as refusal:
        judge_password(password, HERS)
    assert says in refusal.value.message and refusal.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "quatre chevaux verts",
        "il fait beau demain",
        "Vx7#mQ2!tR9z",
        "Martin aime les tartes au citron",
        "éà" * 3 + "qPz9!vWk" * 15,
    ],
)
def test_a_phrase_of_her_own_will_do(app: Flask, password: str) -> None:
    with app.app_context():
        judge_password(password, HERS)
