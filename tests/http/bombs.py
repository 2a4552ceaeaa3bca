"""Small documents that are dear to whoever takes them at their word."""

from __future__ import annotations


def nested_spreads(levels: int) -> str:
    """Each fragment spreads the next one twice, under two names: 2^levels fields."""
    fragments = (
        f"fragment F{i} on Person {{ a: best {{ ...F{i + 1} }} b: best {{ ...F{i + 1} }} }}" for i in range(levels)
    )
    return f"{{ me {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on Person {{ name }}"


def flat_spreads(levels: int) -> str:
    """The same without any depth."""
    fragments = (f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(levels))
    return f"{{ ...F0 }} {' '.join(fragments)} fragment F{levels} on Query {{ ping }}"


def aliased_spreads(levels: int) -> str:
    """1.2 KB on which the comparison of overlapping fields takes minutes."""
    fragments = (
        f"fragment F{i} on Person {{ best {{ ...F{i + 1} }} a{i}: best {{ ...F{i + 1} }} }}" for i in range(levels)
    )
    return f"{{ me {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on Person {{ name }}"


def chain(length: int) -> str:
    """Fragments one after another, in the order that is worst for a recursion."""
    fragments = (f"fragment F{i} on Person {{ ...F{i + 1} }}" for i in range(length))
    return f"{{ me {{ ...F0 }} }} {' '.join(fragments)} fragment F{length} on Person {{ name }}"


def cycle(length: int) -> str:
    """Fragments that spread each other, many times over."""
    fragments = (
        f"fragment F{i} on Person {{ best {{ ...F{(i + 1) % length} ...F{i * 7 % length} }} }}" for i in range(length)
    )
    return f"{{ me {{ ...F0 }} }} {' '.join(fragments)}"


BOMBS: dict[str, tuple[str, str]] = {
    "2^30 nested spreads": (nested_spreads(30), "aliases"),
    "2^200 nested spreads": (nested_spreads(200), "aliases"),
    "2^30 spreads without depth": (flat_spreads(30), "rootFields"),
    "2^14 aliased spreads": (aliased_spreads(14), "aliases"),
    "an unused bomb": ("{ ping } " + nested_spreads(30).partition("} } ")[2], "aliases"),
    "a bomb in another operation": ("query A { ping } query B " + nested_spreads(30), "aliases"),
    "a long chain": (chain(2_000), "tokens"),
    "many directives": ("{ ping " + "@skip(if: false) " * 400 + "}", "directives"),
    "thousands of directives": ("{ ping " + "@skip(if: false) " * 4_000 + "}", "tokens"),
    "directives on the operation": ("query " + "@a " * 1_000 + "{ ping }", "directives"),
    "directives on a fragment": ("{ ...F } fragment F on Query " + "@a " * 1_000 + "{ ping }", "directives"),
    "directives on a variable": ("query ($a: Int " + "@a " * 1_000 + ") { ping }", "directives"),
    "deep selections": ("{ me {" + "best {" * 190 + "name" + "}" * 192, "depth"),
    "very deep selections": ("{" + "a {" * 20_000 + "a" + "}" * 20_001, "depth"),
    "deep inline fragments": ("{" + "... {" * 10_000 + "ping" + "}" * 10_001, "depth"),
    "deep lists": ("{ echo(among: " + "[" * 190 + "]" * 190 + ") }", "inputDepth"),
    "very deep lists": ("{ echo(among: " + "[" * 40_000 + "]" * 40_000 + ") }", "depth"),
    "deep objects": ("{ echo(among: " + "{allOf: " * 100 + "[]" + "}" * 100 + ") }", "inputDepth"),
    "very deep objects": ("{ echo(among: " + "{a: " * 10_000 + "1" + "}" * 10_000 + ") }", "depth"),
    "a deep default": ("query ($a: Filter = " + "{allOf: " * 50 + "[]" + "}" * 50 + ") { ping }", "inputDepth"),
    "deep directives": ("{ ping @skip(if: " + "[" * 50 + "]" * 50 + ") }", "inputDepth"),
    "a very deep type": ("query ($a: " + "[" * 20_000 + "Int" + "]" * 20_000 + ") { ping }", "depth"),
    "many tokens": ("{" + "ping " * 15_000 + "}", "tokens"),
    "many comments": ("#\n" * 40_000 + "{ ping }", "tokens"),
    "a long document": ("{ ping }" + " " * 200_000, "length"),
    "a long string": ('{ echo(text: "' + "x" * 200_000 + '") }', "length"),
    "one field many times": ("{ me {" + "name " * 1_900 + "} }", "comparisons"),
    "one object many times": ("{ me {" + "best { name } " * 900 + "} }", "comparisons"),
    "one object in many fragments": ("{ me {" + "... { best { name } } " * 600 + "} }", "comparisons"),
    "many fields": ("{ me {" + "name " * 2_500 + "} }", "selections"),
    "many roots": ("{" + "ping " * 21 + "}", "rootFields"),
    "the schema over and over": (
        "{ __schema { types {" + "fields { type {" * 4 + "name" + "} }" * 4 + "} } }",
        "introspection",
    ),
    "the schema in breadth": (
        "{ __schema { types {" + "".join(f"a{i}: fields {{ name args {{ name }} }} " for i in range(50)) + "} } }",
        "introspection",
    ),
    "the schema by fragments": (
        "{ __schema { types { ...F0 } } } "
        + "".join(f"fragment F{i} on __Type {{ fields {{ type {{ ...F{i + 1} }} }} }} " for i in range(4))
        + "fragment F4 on __Type { name }",
        "introspection",
    ),
    "pages of pages of pages": (
        "{ people(first: 100) { edges { node { friends(first: 100) { edges { node "
        "{ friends(first: 100) { edges { node { id } } } } } } } } } }",
        "cost",
    ),
}
"""The document of each, and a limit that it exceeds."""
