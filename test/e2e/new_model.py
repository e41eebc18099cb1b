#!/usr/bin/env python3
"""What docs/new-model.md tells is so: the invented model's page agrees with its definition in NumPy.

  new_model.py HEDDLE SCRATCH

The page that the text shows is the example's; it agrees at every level and is fused at -O2; without its scale, the
first layer is named, and with all values in sight, the scores.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from support import SOURCE, Failure, Results, load, run, save

EXAMPLE = SOURCE.parents[1] / "examples/new-model"
PAGE = EXAMPLE / "fern.heddle"


def check_text():
    """The page stands in the text as it is, in two parts."""
    text = (SOURCE.parents[1] / "docs/new-model.md").read_text()
    for part in PAGE.read_text().split("\n", 1)[1].split("\n\ncheckpoint"):
        if part.strip() not in text:
            raise Failure(f"the text lacks '{part.strip()[:60]}...'")


def check_page(heddle):
    run(heddle, "check", PAGE)


def check_agrees(heddle, folder, level):
    done = run(heddle, "compare", folder, folder / "golden.safetensors", "--arch", PAGE, level)
    if "all 5 agree" not in done.stdout:
        raise Failure(done.stdout)


def check_fused(heddle, folder):
    kernels = run(heddle, "compile", folder, "--arch", PAGE, "--emit=heddle,fold-norms").stdout
    if "heddle.attention" not in kernels:
        raise Failure("no heddle.attention")


def check_mistake(heddle, folder, scratch):
    text = PAGE.read_text()
    if " / sqrt(hd) - rate" not in text:
        raise Failure("the page has no scale any more")
    wrong = scratch / "fern.heddle"
    wrong.write_text(text.replace(" / sqrt(hd) - rate", " - rate"))
    done = run(heddle, "compare", folder, folder / "golden.safetensors", "--arch", wrong, status=1)
    if "'hidden_1' is the first that differs" not in done.stderr or "fern.heddle:12" not in done.stderr:
        raise Failure(done.stderr.strip()[-300:])
    golden = load(folder / "golden.safetensors")
    save(scratch / "in.safetensors", {"input_ids": golden["input_ids"]})
    taps = ["-O0", "--taps", "all"]
    run(heddle, "eval", folder, "--arch", PAGE, *taps, "--hidden", "--input", scratch / "in.safetensors",
        "--output", scratch / "all.safetensors")
    save(scratch / "all.safetensors", golden | load(scratch / "all.safetensors"))
    done = run(heddle, "compare", folder, scratch / "all.safetensors", "--arch", wrong, *taps, status=1)
    if "'block.0.s' is the first that differs" not in done.stderr:
        raise Failure(done.stderr.strip()[-300:])


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
    results = Results()
    results.case("the text has the page", check_text)
    folder = scratch / "fern"
    if subprocess.run([sys.executable, "-c", "import numpy"], capture_output=True).returncode:
        results.skip("the model", "no numpy")
        return results.finish()
    run(sys.executable, EXAMPLE / "fern.py", folder)
    results.case("check", check_page, heddle)
    for level in ("-O0", "-O2"):
        results.case(f"{level} agrees", check_agrees, heddle, folder, level)
    results.case("attention is fused", check_fused, heddle, folder)
    results.case("a mistake is found", check_mistake, heddle, folder, scratch)
    results.finish()


if __name__ == "__main__":
    main()
