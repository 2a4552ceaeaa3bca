"""A misspelt field of an input, a payload or a table fails at the start, or where it is first used: never as a null."""

from __future__ import annotations

from typing import ClassVar

import pytest

from app.entities.subscriber import Subscriber
from app.entities.usage_attribute import UsageAttribute
from app.errors import SetupError
from app.graph.documents import evolve
from app.graph.record import declarations_of
from app.organizations.moving import MoveOrganizationInput, MoveOrganizationPayload
from app.schema import Mutation as Root
from app.writing.inputs import Field, Inputs, Reference
from app.writing.mutation import Mutation, Operated
from app.writing.registry import register_rules
from app.writing.rules import Rules
from app.writing.work import Work
from tests.records import EPOCH


class Misspelt(Rules[UsageAttribute]):
    """A table that names what the record does not have."""

    record = UsageAttribute
    inputs: ClassVar[Inputs] = (
        Field("displayname"),
        Reference("organization", Subscriber, "organisationId", "Whose it is."),
    )


def test_a_table_that_names_what_is_not_there_stops_the_start() -> None:
    with pytest.raises(SetupError) as error:
        register_rules([Misspelt])
    assert "UsageAttribute has no field displayname" in str(error.value)
    assert "UsageAttribute: organization goes into organisationId, which is not stored" in str(error.value)


def test_a_payload_refuses_a_field_that_it_does_not_have() -> None:
    with pytest.raises(TypeError, match="organisation"):
        MoveOrganizationPayload(organisation=None)  # type: ignore[call-arg]  # that is what is tested


def test_an_entity_cannot_be_given_a_field_that_it_does_not_have() -> None:
    key = UsageAttribute.model_construct(id="att_1", key="a", created_at=EPOCH)
    assert evolve(key, key="b").key == "b"
    with pytest.raises(TypeError, match="UsageAttribute has no field kee"):
        evolve(key, kee="b")


async def operation(work: Work, given: MoveOrganizationInput) -> MoveOrganizationPayload:
    """An operation whose types are another mutation's."""
    raise NotImplementedError


def test_a_mutation_has_the_types_of_its_own_name() -> None:
    mutation = Mutation(doc="", operation=operation, needs=frozenset)
    mutation.__set_name__(object, "merge_organizations")
    with pytest.raises(TypeError, match="mergeOrganizations has MoveOrganizationInput, not MergeOrganizationsInput"):
        _ = mutation.types


def test_every_mutation_knows_its_types() -> None:
    for each in declarations_of(Root):
        assert isinstance(each, Operated)
        assert [made.__name__ for made in each.types] == [f"{each.type_name}Input", f"{each.type_name}Payload"]
