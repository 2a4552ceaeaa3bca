"""All declarations, checked at start-up against the records they name: a misspelt field never meets a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app.errors import SetupError
from app.graph.computed_connection import ComputedConnection
from app.graph.declarations import Declaration, Derived
from app.graph.documents import stored_fields
from app.graph.edges import Computed, Edge
from app.graph.many import Many
from app.graph.ownership_check import ownership_problems
from app.graph.record import RECORDS, Embedded, Record, declarations_of, node_types, stored_records
from app.graph.registry import COMPUTED_CONNECTIONS, COMPUTED_EDGES


def check_declarations(roots: Iterable[Declaration]) -> None:
    """Raise a SetupError that lists everything that is wrong, if anything is."""
    root_fields = list(roots)
    wrong = [
        *(text for cls in RECORDS.values() for each in declarations_of(cls) for text in problems(cls, each)),
        *(text for each in root_fields for text in problems(None, each)),
        *(text for record in stored_records().values() for text in record_problems(record)),
        *(text for record in stored_records().values() for text in ownership_problems(record)),
        *registry_problems(root_fields),
    ]
    if wrong:
        raise SetupError("The graph's declarations do not fit together:\n" + "\n".join(f"- {text}" for text in wrong))


def problems(owner: type[Embedded] | None, declared: Declaration) -> Iterator[str]:
    """What is wrong with one declaration."""
    label = f"{owner.__name__ if owner else 'Query'}.{declared.name}"
    needs = declared.of if isinstance(declared, Derived) else declared.key_fields if isinstance(declared, Edge) else ()
    if owner is not None:
        yield from (f"{label} needs {name}, which is not stored" for name in needs if name not in stored_fields(owner))
    if not isinstance(declared, Edge) or declared.target == "Node":
        return
    if declared.target not in RECORDS:
        yield f"{label} leads to {declared.target}, which is no record"
    elif isinstance(declared, Many):
        target = stored_fields(declared.record)
        yield from (
            f"{label} goes by {name} of {declared.target}, which is not stored"
            for name in declared.by
            if name not in target
        )
    elif isinstance(declared, ComputedConnection) and declared.batch not in COMPUTED_CONNECTIONS:
        yield f"{label} is listed by {declared.batch}, which nobody registered"
    elif isinstance(declared, Computed) and declared.batch not in COMPUTED_EDGES:
        yield f"{label} is computed by {declared.batch}, which nobody registered"


def record_problems(record: type[Record]) -> Iterator[str]:
    """What is wrong with a record's orders, filters and finders."""
    stored = stored_fields(record)
    for order in record.orders:
        if order.stored not in stored or not record.model_fields[stored[order.stored]].is_required():
            yield f"{record.__name__} is ordered by {order.stored}, which is not a field that always has a value"
    named = [(f.name, field.partition(".")[0]) for f in record.filters for field in (f.stored, *f.also)]
    named += [(f.name, field) for f in record.finders for field in f.fields]
    named += [("search", field.partition(".")[0]) for field in record.searched]
    yield from (
        f"{record.__name__}: {name} uses {field}, which is not stored" for name, field in named if field not in stored
    )


def registry_problems(roots: Sequence[Declaration]) -> Iterator[str]:
    """The computed records that nobody reads by id, and the registered functions that no declaration asks for."""
    by_id = {f"{name}.id" for name, cls in node_types().items() if not issubclass(cls, Record)}
    declared = [*roots, *(each for cls in RECORDS.values() for each in declarations_of(cls))]
    edges = {each.batch for each in declared if isinstance(each, Computed)} | by_id
    connections = {each.batch for each in declared if isinstance(each, ComputedConnection)}
    unread = sorted(by_id - {*COMPUTED_EDGES})
    yield from (f"{name} reads a record by its id, and nobody registered a function for it" for name in unread)
    unasked = sorted(({*COMPUTED_EDGES} - edges) | ({*COMPUTED_CONNECTIONS} - connections))
    yield from (f"a function is registered for {name}, which no declaration asks for" for name in unasked)
