"""make-checkpoint.py SPEC FOLDER: a Hugging Face folder of zeros.

SPEC has config.json's object on its first line, then a tensor a line: NAME SIZE SIZE ... Lines that are empty or
begin with # say nothing.
"""
import json, os, struct, sys

lines = [line for line in open(sys.argv[1]).read().split("\n") if line.strip() and not line.startswith("#")]
os.makedirs(sys.argv[2], exist_ok=True)
with open(os.path.join(sys.argv[2], "config.json"), "w") as file:
    json.dump(json.loads(lines[0]), file)
header, offset = {}, 0
for line in lines[1:]:
    name, *sizes = line.split()
    shape, count = [int(size) for size in sizes], 1
    for size in shape:
        count *= size
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * count]}
    offset += 4 * count
text = json.dumps(header).encode()
with open(os.path.join(sys.argv[2], "model.safetensors"), "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + bytes(offset))
