"""How much a Parquet column unpacks to, from the headers of its pages, before anything is unpacked.

The footer says it too, but nothing holds the two together: a few kilobytes of pages can stand for gigabytes while the footer
claims little. A page's header does bind whoever reads it, so these are added up. They are written in Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md; ``PageHeader`` in parquet.thrift).
"""

from typing import Any, NamedTuple

# Thrift's types, as the compact protocol numbers them.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
DATA, INDEX, DICTIONARY, DATA_2 = range(4)
# Fields of a page's header: its kind, its size unpacked and packed, and where each kind keeps its number of values.
KIND, UNPACKED, PACKED = 1, 2, 3
VALUES_IN = {DATA: 5, DICTIONARY: 7, DATA_2: 8}
DEEPEST = 8


class Pages(NamedTuple):
    """Values of the data pages, entries of the dictionaries, and bytes of all pages once unpacked."""

    values: int
    entries: int
    bytes: int


class _Thrift:
    def __init__(self, content: memoryview):
        self.content, self.at = content, 0

    def byte(self) -> int:
        self.at += 1
        if self.at > len(self.content):
            raise ValueError("a page header without an end")
        return self.content[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise ValueError("a number without an end")

    def integer(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def skip(self, count: int) -> None:
        if not 0 <= count <= len(self.content) - self.at:
            raise ValueError("a page header that leads out of the column")
        self.at += count

    def value(self, kind: int, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("a page header nested without end")
        if kind in (TRUE, FALSE):
            return None
        if kind in (I16, I32, I64):
            return self.integer()
        if kind in (BYTE, DOUBLE):
            return self.skip(1 if kind == BYTE else 8)
        if kind == BINARY:
            return self.skip(self.varint())
        if kind in (LIST, SET):
            head = self.byte()
            count = head >> 4 if head >> 4 < 15 else self.varint()
            inner = head & 0x0F
            for _ in range(self._at_most(count)):
                self.skip(1) if inner in (TRUE, FALSE) else self.value(inner, depth + 1)
            return None
        if kind == STRUCT:
            return self.struct(depth + 1)
        raise ValueError("a page header of an unknown kind")

    def struct(self, depth: int = 0) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self.value(head & 0x0F, depth)
        return fields

    def _at_most(self, count: int) -> int:
        if count > len(self.content) - self.at:
            raise ValueError("a list without an end")
        return count


def pages(column: memoryview) -> Pages:
    """What the pages of one column chunk hold.

    Raises
    ------
    ValueError
        They are malformed, or lead out of it.
    """
    values = entries = unpacked = at = 0
    while at < len(column):
        reader = _Thrift(column[at:])
        header = reader.struct()
        kind, size, packed = (header.get(field) for field in (KIND, UNPACKED, PACKED))
        if not (isinstance(kind, int) and isinstance(size, int) and isinstance(packed, int) and size >= 0):
            raise ValueError("a page header that does not say how large the page is")
        reader.skip(packed)
        at += reader.at
        unpacked += size
        if kind not in VALUES_IN:
            raise ValueError(f"a page of kind {kind}, which no build has")
        inside = header.get(VALUES_IN[kind])
        count = inside.get(1) if isinstance(inside, dict) else None
        if not isinstance(count, int) or count < 0:
            raise ValueError("a page header that does not say how many values there are")
        if kind == DICTIONARY:
            entries += count
        else:
            values += count
    return Pages(values, entries, unpacked)
