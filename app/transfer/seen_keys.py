"""Which keys stood in the rows before, and what those rows said: forty bytes a row or so, for files of any length."""

from __future__ import annotations

import hashlib
from array import array

WORD = 8  # bytes
LINES = 32  # bits that the number of a line has
FIRST_SIZE = 1 << 10


class Seen:
    """A table from keys to lines and digests, open-addressed. A key is known by 128 bits, what a row says by 31."""

    def __init__(self) -> None:
        self.count = 0
        self.make(FIRST_SIZE)

    def make(self, size: int) -> None:
        """An empty table of that many places, a power of two. A place is free while its value is zero."""
        self.mask = size - 1
        self.high, self.low, self.values = (array("Q", bytes(WORD * size)) for _ in range(3))

    def first(self, key: str, line: int, says: str) -> tuple[int, bool]:
        """On which line the key stood first, this one if it is new, and whether that line said the same."""
        digest = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=2 * WORD).digest()
        high, low = int.from_bytes(digest[:WORD], "big"), int.from_bytes(digest[WORD:], "big")
        mark = int.from_bytes(hashlib.blake2b(says.encode(errors="replace"), digest_size=4).digest(), "big") | 1
        place = self.place(high, low)
        if before := self.values[place]:
            return before & (1 << LINES) - 1, before >> LINES == mark
        self.high[place], self.low[place], self.values[place] = high, low, mark << LINES | line
        self.count += 1
        if self.count * 3 > 2 * self.mask:
            self.grow()
        return line, True

    def place(self, high: int, low: int) -> int:
        """Where a key stands, or would."""
        place = low & self.mask
        while self.values[place] and (self.low[place] != low or self.high[place] != high):
            place = place + 1 & self.mask
        return place

    def grow(self) -> None:
        """Twice as many places."""
        there = zip(self.high, self.low, self.values, strict=True)
        self.make(2 * (self.mask + 1))
        for high, low, value in there:
            if value:
                place = self.place(high, low)
                self.high[place], self.low[place], self.values[place] = high, low, value
