"""The first things that a new person does: a list that ticks itself, registered by each room."""

from portal.first_steps.steps import Step, first_step, some_of

__all__ = ["Step", "first_step", "some_of"]
