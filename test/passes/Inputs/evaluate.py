"""evaluate.py BEFORE AFTER: do two modules of the heddle dialect compute the same?

Both are read in MLIR's generic form (heddle-opt --mlir-print-op-generic). BEFORE is as the elaborator makes it; AFTER may have
been through any of the tensor-level passes. Every entry of AFTER (variants all, last, decode, or none yet) is run in float64
with random weights and tokens and compared with the entry of BEFORE that it came from. Keys that an attention's
`visits_from` and `visits_to` leave out must have a score of minus infinity.
"""

import math
import re
import sys
import zlib

import numpy as np

TOKENS = 20  # of a whole text; decode takes the last one alone
TOLERANCE = 1e-9

# --- reading


class Op:
    def __init__(self, name, results, operands, attrs, regions, types):
        self.name, self.results, self.operands = name, results, operands
        self.attrs, self.regions, self.types = attrs, regions, types


class Reader:
    TOKEN = re.compile(
        r'\s*("(?:[^"\\]|\\.)*"|%[\w$.#-]+(?::\d+)?|\^\w+|@"[^"]*"|@[\w.$-]+|->|<\{|\}>|0x[0-9A-Fa-f]+'
        r"|-?\d+\.?\d*(?:[eE][-+]?\d+)?|[!#]?[A-Za-z_][\w.$]*|\S)"
    )

    def __init__(self, text):
        self.tokens, place = [], 0
        text = text.rstrip()
        while place < len(text):
            match = self.TOKEN.match(text, place)
            self.tokens.append(match.group(1))
            place = match.end()
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, expected=None):
        token = self.tokens[self.at]
        assert expected is None or token == expected, (token, expected, self.tokens[self.at - 5 : self.at + 5])
        self.at += 1
        return token

    def accept(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def listed(self, end, item):
        items = []
        while not self.accept(end):
            items.append(item())
            self.accept(",")
        return items

    def op(self):
        results = []
        if self.peek().startswith("%"):
            while True:
                name, _, count = self.take().partition(":")
                results += [f"{name}#{i}" for i in range(int(count))] if count else [name]
                if not self.accept(","):
                    break
            self.take("=")
        name = self.take()[1:-1]
        self.take("(")
        operands = self.listed(")", self.take)
        attrs, regions = {}, []
        if self.accept("<{"):
            attrs.update(self.listed("}>", self.entry))
        if self.accept("("):
            regions = self.listed(")", self.region)
        if self.accept("{"):
            attrs.update(self.listed("}", self.entry))
        self.take(":")
        self.take("(")
        self.listed(")", self.type)
        self.take("->")
        types = self.listed(")", self.type) if self.accept("(") else [self.type()]
        return Op(name, results, operands, attrs, regions, types)

    def region(self):
        self.take("{")
        arguments = []
        if self.peek().startswith("^"):
            self.take()
            if self.accept("("):
                arguments = self.listed(")", self.argument)
            self.take(":")
        return arguments, self.listed("}", self.op)

    def argument(self):
        name = self.take()
        self.take(":")
        self.type()
        return name

    def type(self):
        token = self.take()
        if token == "(":
            self.listed(")", self.type)
            self.take("->")
            return self.listed(")", self.type) if self.accept("(") else self.type()
        if self.peek() != "<":
            return token
        self.take("<")
        body, depth = [], 1
        while depth:
            body.append(self.take())
            depth += {"<": 1, ">": -1}.get(body[-1], 0)
        if token != "!heddle.tensor":
            return token
        axes, sizes, format = [], {}, "f32"
        body = body[:-1]
        while body and body[0] != ":":
            axes.append(body.pop(0).strip('"'))
            if body and body[0] == "=":
                sizes[axes[-1]] = int(body[1])
                body = body[2:]
            if body and body[0] == ",":
                body.pop(0)
        if body:
            format = body[1]
        return axes, sizes, format

    def entry(self):
        key = self.take().strip('"')
        return (key, self.value()) if self.accept("=") else (key, True)

    def value(self):
        token = self.peek()
        if token == "[":
            self.take()
            return self.listed("]", self.value)
        if token == "{":
            self.take()
            return dict(self.listed("}", self.entry))
        if token == "(" or token.startswith("!"):
            return self.type()
        self.take()
        if token == "array":
            self.take("<")
            self.take()
            return self.listed(">", self.value) if self.accept(":") else (self.take(">"), [])[1]
        if token == "dense":
            self.take("<")
            inside = self.take() if self.peek().startswith('"') else self.value()
            self.take(">")
            self.take(":")
            self.type()
            return inside
        if token.startswith("#"):
            inside = ""
            if self.accept("<"):
                while not self.accept(">"):
                    inside = self.take()
            return inside
        if token.startswith('"'):
            return token[1:-1]
        if token.startswith("@"):
            return token[1:].strip('"')
        result = {"true": 1, "false": 0}.get(token, token)
        kind = self.type() if self.accept(":") else None
        if kind == "f32" and isinstance(result, str) and result.startswith("0x"):
            return float(np.array([int(result, 16)], np.uint32).view(np.float32)[0])
        try:
            return int(result) if kind not in ("f32", "f64") and "." not in str(result) and "e" not in str(result) else float(result)
        except ValueError:
            return result


# --- tensors: axes and an array


class Tensor:
    def __init__(self, axes, array):
        self.axes, self.array = list(axes), np.asarray(array)
        assert self.array.ndim == len(self.axes), (axes, self.array.shape)

    def along(self, axes):
        """The array with these axes in this order, 1 wide where the tensor lacks one."""
        order = sorted(range(len(self.axes)), key=lambda i: axes.index(self.axes[i]))
        sizes = [self.array.shape[self.axes.index(a)] if a in self.axes else 1 for a in axes]
        return self.array.transpose(order).reshape(sizes)

    def size(self, axis):
        return self.array.shape[self.axes.index(axis)]


def union(*tensors):
    return list(dict.fromkeys(axis for tensor in tensors for axis in tensor.axes))


def error_function(x):
    return np.vectorize(math.erf, otypes=[float])(x)


COMPARE = [np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal]
SCALAR = {
    "arith.addf": np.add, "arith.addi": np.add, "arith.subf": np.subtract, "arith.subi": np.subtract,
    "arith.mulf": np.multiply, "arith.muli": np.multiply, "arith.divf": np.divide, "arith.floordivsi": np.floor_divide,
    "arith.remsi": np.fmod, "arith.negf": np.negative, "arith.maximumf": np.maximum, "arith.minimumf": np.minimum,
    "arith.maxnumf": np.fmax, "arith.minnumf": np.fmin, "arith.maxsi": np.maximum, "arith.minsi": np.minimum,
    "arith.andi": lambda a, b: a & b, "arith.ori": lambda a, b: a | b, "arith.xori": lambda a, b: a ^ b,
    "arith.select": np.where, "arith.sitofp": lambda a: a * 1.0, "arith.uitofp": lambda a: a * 1.0,
    "arith.fptosi": lambda a: np.trunc(a).astype(int), "arith.divsi": lambda a, b: np.trunc(a / b).astype(int),
    "arith.extui": lambda a: a * 1, "arith.truncf": lambda a: a, "arith.extf": lambda a: a,
    "math.exp": np.exp, "math.log": np.log, "math.log2": np.log2, "math.sqrt": np.sqrt, "math.cos": np.cos,
    "math.rsqrt": lambda a: 1 / np.sqrt(a), "math.sin": np.sin, "math.tanh": np.tanh, "math.erf": error_function,
    "math.absf": np.abs, "math.absi": np.abs, "math.floor": np.floor, "math.ceil": np.ceil, "math.powf": np.power,
}  # fmt: skip


class Machine:
    """Runs a module's entries on one text; what layers keep stays from call to call."""

    def __init__(self, module, start=0):
        self.symbols = {op.attrs["sym_name"]: op for op in module.regions[0][1] if "sym_name" in op.attrs}
        self.caches, self.start = {}, start

    def run(self, entry, inputs):
        self.tokens = next(t.size("T") for t in inputs if "T" in t.axes)
        self.other = next((t.size("U") for t in inputs if "U" in t.axes), 0)
        self.kind, self.prefix = "entry", ""
        results = self.region(entry.regions[0], inputs, {})
        self.start += self.tokens
        return results

    def extent_of(self, axis):
        return {"T": self.tokens, "S": self.start + self.tokens, "U": self.other}[axis]

    def region(self, region, arguments, outer):
        names, ops = region
        values = dict(outer)
        values.update(zip(names, arguments))
        for op in ops:
            operands = [values[name] for name in op.operands]
            if op.name in ("heddle.yield", "heddle.return", "func.return"):
                return operands
            results = self.step(op, operands, values)
            values.update(zip(op.results, results))

    def step(self, op, operands, values):
        if op.name == "heddle.tap":
            return []
        if op.name.startswith("heddle."):
            results = getattr(self, op.name[7:])(op, operands, values)
            results = results if isinstance(results, list) else [results]
            for result, (axes, sizes, _) in zip(results, op.types):
                assert set(result.axes) == set(axes), (op.name, result.axes, axes)
                assert all(result.size(axis) == size for axis, size in sizes.items()), (op.name, axes)
            return results
        if op.name == "func.call":
            return self.region(self.symbols[op.attrs["callee"]].regions[0], operands, {})
        return [self.scalar(op, operands)]

    @staticmethod
    def scalar(op, operands):
        if op.name == "arith.constant":
            return np.bool_(op.attrs["value"]) if op.types[0] == "i1" else np.asarray(op.attrs["value"])
        if op.name == "arith.cmpi":
            return COMPARE[op.attrs["predicate"]](*operands)
        if op.name == "arith.cmpf":
            return {1: np.equal, 2: np.greater, 3: np.greater_equal, 4: np.less, 5: np.less_equal, 6: np.not_equal,
                    13: np.not_equal}[op.attrs["predicate"]](*operands)  # fmt: skip
        return SCALAR[op.name](*operands)

    # values that need no operands

    def position(self, op, _, values):
        axis = op.attrs["axis"]
        return Tensor([axis], np.arange(self.extent_of(axis)) + (self.start if axis == "T" else 0))

    def index(self, op, _, values):
        return Tensor(op.types[0][0], np.arange(op.types[0][1][op.attrs["axis"]]))

    def extent(self, op, _, values):
        return Tensor([], self.extent_of(op.attrs["axis"]))

    def weight(self, op, _, values):
        axes, sizes, _ = op.types[0]
        name = self.prefix + op.attrs["name"]
        if name not in self.symbols and op.attrs["name"] in self.symbols:
            name = op.attrs["name"]  # all layers share it
        random = np.random.default_rng(zlib.crc32(name.encode()))
        return Tensor(axes, random.normal(size=[sizes[axis] for axis in axes]) * 0.5)

    def constant(self, op, _, values):
        axes, sizes, format = op.types[0]
        shape = [sizes[axis] for axis in axes]
        value = op.attrs["value"]
        if isinstance(value, str):
            value = np.frombuffer(bytes.fromhex(value[3:-1]), np.float32 if format == "f32" else np.int32).astype(float)
            return Tensor(axes, value.reshape(shape))
        return Tensor(axes, np.broadcast_to(np.asarray(value), shape))

    # the mathematics

    def evaluate(self, region, tensors, axes, outer, leading=()):
        arrays = list(leading) + [tensor.along(axes) for tensor in tensors]
        return self.region(region, arrays, outer)

    def fill(self, op, axes, array, index=0):
        sizes = [op.types[index][1].get(axis) or self.extent_of(axis) for axis in axes]
        return Tensor(axes, np.broadcast_to(array, sizes))

    def map(self, op, operands, values):
        axes = op.types[0][0]
        return self.fill(op, axes, self.evaluate(op.regions[0], operands, axes, values)[0])

    @staticmethod
    def product(left, right, over):
        axes = union(left, right)
        array = (left.along(axes) * right.along(axes)).sum(axis=tuple(axes.index(axis) for axis in over))
        return Tensor([axis for axis in axes if axis not in over], array)

    def contract(self, op, operands, values):
        return self.product(*operands, op.attrs["over"])

    def reduce(self, op, operands, values):
        over = op.attrs["over"]
        kind = op.attrs["kind"] if isinstance(op.attrs["kind"], str) else ["sum", "mean", "max", "any"][op.attrs["kind"]]
        x = operands[0]
        array = getattr(np, kind)(x.array, axis=tuple(x.axes.index(axis) for axis in over))
        return Tensor([axis for axis in x.axes if axis not in over], array)

    @staticmethod
    def normalise(x, over, extra):
        place = x.axes.index(over)
        peak = x.array.max(axis=place, keepdims=True)
        more = 0
        if extra is not None:
            term = extra.along(x.axes)
            peak = np.maximum(peak, term)
            more = np.exp(term - peak)
        e = np.exp(x.array - peak)
        return Tensor(x.axes, e / (e.sum(axis=place, keepdims=True) + more))

    def softmax(self, op, operands, values):
        return self.normalise(operands[0], op.attrs["over"], operands[1] if len(operands) > 1 else None)

    def lookup(self, op, operands, values):
        x, indices = operands[0], operands[1:]
        looked = op.attrs["axes"]
        along = union(*indices)
        rest = [axis for axis in x.axes if axis not in looked and axis not in along]
        full = along + rest
        sizes = {axis: t.size(axis) for t in [x] + indices for axis in t.axes}
        place = []
        for axis in x.axes:
            if axis in looked:
                place.append(indices[looked.index(axis)].along(full))
            else:
                shape = [sizes[axis] if other == axis else 1 for other in full]
                place.append(np.arange(sizes[axis]).reshape(shape))
        array = x.array[tuple(np.broadcast_arrays(*place))] if place else x.array
        return Tensor(full, np.broadcast_to(array, [sizes[axis] for axis in full]))

    def regroup(self, op, operands, values):
        x, axes_from, axes_to = operands[0], op.attrs["from"], op.attrs["to"]
        rest = [axis for axis in x.axes if axis not in axes_from]
        array = x.along(rest + axes_from)
        sizes = [op.types[0][1].get(axis) or x.size(axes_from[0]) for axis in axes_to]
        return Tensor(rest + axes_to, array.reshape([x.size(axis) for axis in rest] + sizes))

    def slice(self, op, operands, values):
        x, place = operands[0], operands[0].axes.index(op.attrs["from"])
        size = op.types[0][1][op.attrs["to"]]
        axes = [op.attrs["to"] if axis == op.attrs["from"] else axis for axis in x.axes]
        return Tensor(axes, np.take(x.array, range(op.attrs["offset"], op.attrs["offset"] + size), axis=place))

    def concat(self, op, operands, values):
        axes = op.types[0][0]
        parts = [Tensor([op.attrs["to"] if a == axis else a for a in part.axes], part.array)
                 for part, axis in zip(operands, op.attrs["from"])]  # fmt: skip
        others = {a: t.size(a) for t in parts for a in t.axes if a != op.attrs["to"]}
        whole = [np.broadcast_to(t.along(axes), [others.get(a, t.size(op.attrs["to"])) if a != op.attrs["to"]
                                                 else t.size(a) for a in axes]) for t in parts]  # fmt: skip
        return Tensor(axes, np.concatenate(whole, axis=axes.index(op.attrs["to"])))

    def top(self, op, operands, values):
        x, source, to = operands[0], op.attrs["from"], op.attrs["to"]
        place, count = x.axes.index(source), op.types[0][1][to]
        where = np.argsort(-x.array, axis=place, kind="stable").take(range(count), axis=place)
        axes = [to if axis == source else axis for axis in x.axes]
        return [Tensor(axes, np.take_along_axis(x.array, where, axis=place)), Tensor(axes, where)]

    # what is remembered, and layers

    def keep(self, op, operands, values):
        x = operands[0]
        rest = [axis for axis in x.axes if axis != "T"]
        new = Tensor(["S"] + rest, x.along(["T"] + rest))
        key = (self.kind, self.prefix, op.attrs["cache"])
        if key in self.caches:
            new = Tensor(new.axes, np.concatenate([self.caches[key].along(new.axes), new.array]))
        self.caches[key] = new
        return new

    def invoke(self, op, operands, values):
        layer = self.symbols[op.attrs["layer"]]
        before = self.kind, self.prefix
        self.kind, self.prefix = layer.attrs["kind"], f"{layer.attrs['kind']}.{op.attrs['index']}."
        results = self.region(layer.regions[0], operands, {})
        self.kind, self.prefix = before
        return results

    # the fused forms

    def tokenwise(self, region, tensors, outer):
        """Runs a region that has T dropped: once for each token, and stacks the results."""
        if not any("T" in tensor.axes for tensor in tensors):
            return self.region(region, tensors, outer)
        rows = []
        for t in range(self.tokens):
            one = [Tensor([a for a in x.axes if a != "T"], x.array.take(t, axis=x.axes.index("T"))) if "T" in x.axes else x
                   for x in tensors]  # fmt: skip
            rows.append(self.region(region, one, outer))
        return [Tensor(["T"] + same[0].axes, np.stack([row.array for row in same])) for same in zip(*rows)]

    def rowwise(self, op, operands, values):
        return self.tokenwise(op.regions[0], operands, values)

    def linear(self, op, operands, values):
        inputs, weights, extras, chosen = self.segments(op, operands)
        assert not chosen, "a linear that chooses its weights"
        vector = self.tokenwise(op.regions[0], inputs, values)[0]
        accumulators = [self.product(weight, vector, op.attrs["over"]) for weight in weights]
        axes = op.types[0][0]
        results = self.evaluate(op.regions[1], accumulators + extras, axes, values)
        return [Tensor(own[0], self.fill(op, axes, r, i).along(own[0])) for i, (r, own) in enumerate(zip(results, op.types))]

    def attention(self, op, operands, values):
        queries, keys, (v,), extras, sink = self.segments(op, operands)
        products = [self.product(q, k, over) for q, k, over in zip(queries, keys, op.attrs["over"])]
        axes, axis = union(*products, *extras), op.attrs["axis"]
        score = self.evaluate(op.regions[0], products + extras, axes, values)[0]
        sizes = [next(t.size(a) for t in products + extras if a in t.axes) for a in axes]
        z = Tensor(axes, np.broadcast_to(score, sizes))
        self.check_visits(op, z, axis)
        p = self.normalise(z, axis, sink[0] if sink else None)
        return self.product(p, v, [axis])

    def check_visits(self, op, z, axis):
        bounds = op.attrs.get("visits_from", -math.inf), op.attrs.get("visits_to", math.inf)
        if axis != "S" or "T" not in z.axes:
            assert bounds == (-math.inf, math.inf)
            return
        array = z.along(["T", "S"] + [a for a in z.axes if a not in ("T", "S")])
        offset = np.arange(array.shape[1])[None, :] - (np.arange(array.shape[0]) + self.start)[:, None]
        left_out = (offset < bounds[0]) | (offset > bounds[1])
        assert np.all(array[left_out] == -math.inf), "a key that is not visited has a score"

    @staticmethod
    def segments(op, operands):
        parts, start = [], 0
        for size in op.attrs["operandSegmentSizes"]:
            parts.append(operands[start : start + size])
            start += size
        return parts


# --- comparing


def random_inputs(entry, tokens, generator, argument_types):
    inputs = []
    for (axes, sizes, format), bound in zip(argument_types, entry.attrs["extents"]):
        shape = [sizes.get(axis, tokens) for axis in axes]
        inputs.append(Tensor(axes, generator.integers(0, bound or 2, shape) if format == "i32" else generator.normal(size=shape)))
    return inputs


def last(tensor):
    if "T" not in tensor.axes:
        return tensor
    return Tensor([a for a in tensor.axes if a != "T"], tensor.array.take(-1, axis=tensor.axes.index("T")))


def part(tensor, tokens):
    if "T" not in tensor.axes:
        return tensor
    return Tensor(tensor.axes, tensor.array.take(tokens, axis=tensor.axes.index("T")))


def difference(found, expected):
    return float(np.max(np.abs(found.along(expected.axes) - expected.array), initial=0) / (1 + np.abs(expected.array).max(initial=0)))


def entry_types(text):
    """The types of each entry's arguments, by its name."""
    types = {}
    for line in re.findall(r'"heddle.entry"\(\) <\{.*\}> \(\{', text):
        signature = Reader(re.search(r"function_type = \((.*?\)) ->", line).group(1))
        types[re.search(r'sym_name = "([^"]*)"', line).group(1)] = signature.listed(")", signature.type)
    return types


def main():
    texts = [open(path).read() for path in sys.argv[1:3]]
    before, after = (Reader(text).op() for text in texts)
    argument_types = entry_types(texts[0])
    entries = {op.attrs["sym_name"]: op for op in before.regions[0][1] if op.name == "heddle.entry"}
    worst, count = 0.0, 0
    for op in after.regions[0][1]:
        if op.name != "heddle.entry":
            continue
        name = op.attrs.get("entry", op.attrs["sym_name"])
        inputs = random_inputs(entries[name], TOKENS, np.random.default_rng(1), argument_types[name])
        expected = Machine(before).run(entries[name], inputs)
        variant = op.attrs["sym_name"].rsplit(".", 1)[-1]
        machine = Machine(after)
        if variant == "decode":
            prefill = next(o for o in after.regions[0][1] if o.attrs.get("sym_name") == name + ".all")
            machine.run(prefill, [part(x, range(TOKENS - 1)) for x in inputs])
            found = [last(x) for x in machine.run(op, [part(x, [TOKENS - 1]) for x in inputs])]
        else:
            found = machine.run(op, inputs)
        if variant in ("decode", "last"):
            expected = [last(x) for x in expected]
        assert len(found) == len(expected), (op.attrs["sym_name"], len(found), len(expected))
        for f, e in zip(found, expected):
            assert np.isfinite(e.array).all(), op.attrs["sym_name"]
            worst, count = max(worst, difference(f, e)), count + 1
    print(f"{count} outputs agree" if worst < TOLERANCE else f"outputs differ by {worst:.3g}")
    return worst >= TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
