"""What the room of onboarding brings."""

from __future__ import annotations

from app.onboarding.mutations import OnboardingMutations
from app.room import Room

ROOM = Room(mutations=OnboardingMutations)
