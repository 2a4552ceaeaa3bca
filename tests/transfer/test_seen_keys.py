"""What an import remembers of the rows before: like a dictionary, in a fraction of its memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from app.transfer.seen_keys import SeenKeys

ROWS = st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["a", "b", "\ud800"])), max_size=300)


@given(ROWS)
def test_it_is_a_dictionary_of_first_lines(rows: list[tuple[str, str]]) -> None:
    seen, model = SeenKeys(), dict[str, tuple[int, str]]()
    for line, (key, says) in enumerate(rows):
        first, before = model.setdefault(key, (line, says))
        assert seen.add(key, line, says) == (first, before == says)


def test_many_keys_are_told_apart_in_little_memory() -> None:
    tracemalloc.start()
    seen, count = SeenKeys(), 50_000
    for line in range(count):
        assert seen.add(f"hak-{line:030}", line + 1, f"says {line}") == (line + 1, True)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / count < 80
    for line in range(0, count, 97):
        assert seen.add(f"hak-{line:030}", 0, f"says {line}") == (line + 1, True)
        assert seen.add(f"hak-{line:030}", 0, "something else") == (line + 1, False)
