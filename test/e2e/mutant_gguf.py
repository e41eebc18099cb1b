"""GGUF files taken apart, damaged and written again, for mutants.py."""

import struct

NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
COUNTS = (0, 1, 2, 3, 31, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**48, 2**63, 2**64 - 1)
REALS = (0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, float("inf"), float("-inf"), float("nan"))
TEXTS = (b"", b"x", b"none", b"gpt2", b"llama", b"bert", b"t5", b"default", b"\xff\xfe", b"\xed\xa0\x80", b"{% for %}", b"a" * 5000, b"\0")


class File:
    """`keys`: lists of key, type, value, where an array is a pair of its type and its elements; `tensors`: lists of name,
    extents, type and offset."""

    def __init__(self, keys, tensors, data):
        self.keys, self.tensors, self.data = keys, tensors, data
        self.magic, self.version, self.counts = b"GGUF", 3, {}  # `counts`: what the header says in place of what is there


def read(path):
    data, at = path.read_bytes(), 8

    def number(code):
        nonlocal at
        (value,) = struct.unpack_from("<" + code, data, at)
        at += struct.calcsize("<" + code)
        return value

    def text():
        nonlocal at
        length = number("Q")
        at += length
        return data[at - length : at]

    def value(kind):
        if kind == STRING:
            return text()
        if kind == ARRAY:
            inner, count = number("I"), number("Q")
            return (inner, [value(inner) for _ in range(count)])
        return number(NUMBERS[kind])

    tensors, keys = number("Q"), number("Q")
    keys = [[text(), kind := number("I"), value(kind)] for _ in range(keys)]
    tensors = [[text(), [number("Q") for _ in range(number("I"))], number("I"), number("Q")] for _ in range(tensors)]
    return File(keys, tensors, data[at + -at % 32 :])


def pack_text(text):
    return struct.pack("<Q", len(text)) + text


def pack_value(kind, value):
    if kind == STRING:
        return pack_text(value)
    if kind == ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(pack_value(inner, item) for item in items)
    return struct.pack("<" + NUMBERS[kind], value)


def header(file):
    parts = [file.magic, struct.pack("<IQQ", file.version, file.counts.get("tensors", len(file.tensors)),
                                     file.counts.get("keys", len(file.keys)))]
    parts += [pack_text(key) + struct.pack("<I", kind) + (value if isinstance(value, bytearray) else pack_value(kind, value))
              for key, kind, value in file.keys]
    parts += [pack_text(name) + struct.pack(f"<I{len(extents)}QIQ", len(extents), *extents, kind, offset)
              for name, extents, kind, offset in file.tensors]
    return b"".join(parts)


def pack(file):
    head = header(file)
    return head + b"\0" * (-len(head) % 32) + file.data


def fit(kind, value):
    """A number that the type can hold."""
    bits = struct.calcsize(NUMBERS[kind]) * 8
    value &= 2**bits - 1
    return value - 2**bits if NUMBERS[kind].islower() and value >> (bits - 1) else value


def odd_value(rng, kind):
    if kind == STRING:
        return rng.choice(TEXTS)
    if kind == ARRAY:
        inner = rng.choice((0, 4, 5, 6, STRING, 7, 12))
        return (inner, [odd_value(rng, inner) for _ in range(rng.choice((0, 1, 3, 600)))])
    if kind in (6, 12):
        return rng.choice(REALS)
    return fit(kind, rng.choice(COUNTS))


def mutate_key(rng, entry):
    _, kind, value = entry
    if isinstance(value, bytearray):  # is nonsense already
        return
    what = rng.randrange(6)
    if what == 0 and kind == ARRAY and value[1]:
        inner, items = value
        items = list(items)
        for _ in range(rng.choice((1, 3))):
            items[rng.randrange(len(items))] = odd_value(rng, inner) if inner != ARRAY else items[0]
        entry[2] = (inner, items)
    elif what == 1 and kind == ARRAY:
        inner, items = value
        entry[2] = (inner, rng.choice((items[: rng.randrange(len(items) + 1)], items + items[:5], items[::-1], [])))
    elif what == 2 and kind == ARRAY:  # says another length or type than it has
        inner, items = value
        entry[2] = bytearray(struct.pack("<IQ", rng.choice((inner, 99, STRING, ARRAY)), rng.choice(COUNTS)) + pack_value(kind, value)[12:])
    elif what == 3:
        entry[1] = rng.choice((*NUMBERS, STRING, ARRAY))
        entry[2] = odd_value(rng, entry[1])
    elif what == 4 and kind == STRING:
        entry[2] = bytearray(struct.pack("<Q", rng.choice(COUNTS)) + value)
    else:
        entry[2] = odd_value(rng, kind)


def mutate(rng, file):
    """The bytes of a mutant."""
    file = File([list(entry) for entry in file.keys], [[name, list(extents), kind, offset] for name, extents, kind, offset in file.tensors],
                file.data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        what = rng.randrange(12)
        at = rng.randrange(len(file.keys))
        if what < 6:
            mutate_key(rng, file.keys[at])
        elif what == 6:
            del file.keys[at]
            if not file.keys:
                break
        elif what == 7:
            file.keys.append([rng.choice((file.keys[at][0], file.keys[at][0] + b"x", b"")), *file.keys[rng.randrange(len(file.keys))][1:]])
        elif what == 8:
            file.counts[rng.choice(("keys", "tensors"))] = rng.choice(COUNTS)
        elif file.tensors:
            tensor = rng.choice(file.tensors)
            field = rng.randrange(5)
            if field == 0:
                tensor[0] = rng.choice((b"", tensor[0] + b"x", file.tensors[0][0], b"a" * 5000))
            elif field == 1:
                tensor[1] = rng.choice(([], [0], [rng.choice(COUNTS)], tensor[1][::-1], tensor[1] * 2, [2**32, 2**32], [1] * 9, tensor[1] + [1]))
            elif field == 2:
                tensor[2] = rng.choice((*range(45), 2**31, 2**32 - 1))
            elif field == 3:
                tensor[3] = rng.choice((1, 32, *COUNTS))
            else:
                file.tensors.remove(tensor)
    data = bytearray(pack(file))
    what, size = rng.randrange(10), len(header(file))
    if what == 0:
        for _ in range(rng.choice((1, 3, 20))):
            data[rng.randrange(size)] = rng.choice((0, 1, 8, 9, 0x7F, 0xFF, rng.randrange(256)))
    elif what == 1:
        del data[rng.randrange(len(data)) :]
    elif what == 2:
        del data[rng.randrange(size) :]
    return bytes(data)


def parts(file, count):
    """The file in `count`, the tensors shared out, as llama.cpp names their keys."""
    out = []
    for number in range(count):
        data, tensors = bytearray(), []
        ends = sorted(offset for *_, offset in file.tensors) + [len(file.data)]
        for name, extents, kind, offset in file.tensors[number::count]:
            tensors.append([name, extents, kind, len(data)])
            data += file.data[offset : ends[ends.index(offset) + 1]]
            data += b"\0" * (-len(data) % 32)
        split = [[b"split.no", 2, number], [b"split.count", 2, count], [b"split.tensors.count", 5, len(file.tensors)]]
        out.append(File((file.keys if number == 0 else []) + split, tensors, bytes(data)))
    return out
