"""What the end-to-end tests share: running programs, reading and writing safetensors, counting results."""

import array
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent
SHARED = SOURCE.parents[1].parent / "shared"  # reference data that may stand beside the repository
SKIPPED = 77  # the exit status by which ctest knows that nothing could be tested

ELEMENT = {"F32": "f", "I64": "q", "I32": "i", "I8": "b", "U8": "B"}


class Failure(Exception):
    """A case that does not hold; the text says how."""


class Results:
    """Prints a line a case, and knows the exit status of all."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def case(self, name, check, *arguments):
        """Runs check(*arguments); it raises Failure, or returns what to print behind 'ok'."""
        try:
            print(f"{name}: ok {check(*arguments) or ''}".rstrip(), flush=True)
            self.passed += 1
        except (Failure, OSError, ValueError, KeyError, struct.error, subprocess.TimeoutExpired) as error:
            print(f"{name}: FAILED: {error}", flush=True)
            self.failed += 1

    def case_of(self, folder, name, check, *arguments):
        """The case, where the folder that it reads is there."""
        if folder.is_dir():
            self.case(name, check, *arguments)
        else:
            self.skip(name, f"no {folder}")

    def skip(self, name, why):
        print(f"{name}: skipped: {why}", flush=True)
        self.skipped += 1

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed else 0 if self.passed else SKIPPED)


def run(*command, status=0, timeout=300):
    """Runs a program without input, and returns it; Failure if it ends with another status."""
    words = [str(word) for word in command]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:  # how much it computed tells a program that waits from a slow one
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        raise Failure(f"still there after {timeout} s and {spent:.1f} s of processor time: {' '.join(words)}") from error
    if done.returncode != status:
        message = done.stderr.strip()[-300:] or done.stdout.strip()[-300:]
        raise Failure(f"status {done.returncode}, expected {status}: {' '.join(words)}: {message}")
    return done


def model_in_cache(name="SmolLM2-135M-Instruct.Q4_1.gguf"):
    """A model where scripts/fetch-model.py puts it, the default one or the one called so; None if it is not there."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = pathlib.Path(cache) if os.path.isabs(cache) else pathlib.Path.home() / ".cache"
    model = base / "heddle" / "models" / name
    return model if model.exists() else None


def has_avx2():
    """Whether this machine runs programs for x86-64-v3."""
    try:
        return "avx2" in pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def start():
    """HEDDLE and SCRATCH of the command line; the folder is there, and programs are cached in it."""
    scratch = pathlib.Path(sys.argv[2])
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(scratch.resolve() / "cache")
    return sys.argv[1], scratch


def elements(shape):
    count = 1
    for extent in shape:
        count *= extent
    return count


def load(path):
    """The tensors of a safetensors file: name -> (shape, array of float32, int64 or bytes)."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = array.array(ELEMENT[entry["dtype"]])
        values.frombytes(data[8 + length + begin : 8 + length + end])
        if len(values) != elements(entry["shape"]):
            raise Failure(f"{path}: '{name}' has {len(values)} elements, expected {elements(entry['shape'])}")
        tensors[name] = (entry["shape"], values)
    return tensors


def save(path, tensors):
    """Writes tensors, given as load() returns them; bytes may have another name for their type behind them."""
    header, blocks, offset = {}, [], 0
    for name, (shape, values, *named) in tensors.items():
        block = values.tobytes()
        dtype = named[0] if named else next(key for key, code in ELEMENT.items() if code == values.typecode)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def ids_tensor(ids):
    """One row of token ids, [1, T]."""
    return ([1, len(ids)], array.array("q", ids))
