"""The keys of a file's rows so far, with a digest of each row: about forty bytes a row, for files of any length."""

from __future__ import annotations

import hashlib
from array import array

WORD_BYTES = 8  # bytes
LINE_BITS = 32  # bits that the number of a line has
FIRST_SIZE = 1 << 10


class SeenKeys:
    """A hash table (open addressing): 128 bits of a key's digest → line, and 31 bits of a digest of the row."""

    def __init__(self) -> None:
        self.count = 0
        self.clear_table(FIRST_SIZE)

    def clear_table(self, size: int) -> None:
        """Make the table empty, with `size` slots, a power of two. A slot is free while its value is zero."""
        self.mask = size - 1
        self.high, self.low, self.values = (array("Q", bytes(WORD_BYTES * size)) for _ in range(3))

    def add(self, key: str, line: int, content: str) -> tuple[int, bool]:
        """Add a row. Returns the line on which its key stood first, and whether that row had the same content."""
        digest = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=2 * WORD_BYTES).digest()
        high, low = int.from_bytes(digest[:WORD_BYTES], "big"), int.from_bytes(digest[WORD_BYTES:], "big")
        mark = int.from_bytes(hashlib.blake2b(content.encode(errors="replace"), digest_size=4).digest(), "big") | 1
        slot = self.find_slot(high, low)
        if before := self.values[slot]:
            return before & (1 << LINE_BITS) - 1, before >> LINE_BITS == mark
        self.high[slot], self.low[slot], self.values[slot] = high, low, mark << LINE_BITS | line
        self.count += 1
        if self.count * 3 > 2 * self.mask:
            self.grow_table()
        return line, True

    def find_slot(self, high: int, low: int) -> int:
        """The slot of a key: the one that has it, or the free one for it."""
        slot = low & self.mask
        while self.values[slot] and (self.low[slot] != low or self.high[slot] != high):
            slot = slot + 1 & self.mask
        return slot

    def grow_table(self) -> None:
        """Move all keys to a table with twice as many slots."""
        entries = zip(self.high, self.low, self.values, strict=True)
        self.clear_table(2 * (self.mask + 1))
        for high, low, value in entries:
            if value:
                slot = self.find_slot(high, low)
                self.high[slot], self.low[slot], self.values[slot] = high, low, value
