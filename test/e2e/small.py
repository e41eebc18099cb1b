#!/usr/bin/env python3
"""The smallest models, through the ways a program is used: what a build with sanitizers has time for.

  small.py HEDDLE SCRATCH

A random model against its reference at -O0 and -O2, the same bits on any number of threads; and, if
stories260k is beside the repository, its story, its file cut short, and a conversation interrupted by Ctrl-C.
"""

import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import time

from goldens import check, check_heads, check_story, check_threads
from support import SHARED, SOURCE, Failure, Results, run

LLAMA = SOURCE / "data/llama"
STORIES = SHARED / "data/stories260k/stories260K.gguf"


def compile_stories(heddle, program):
    run(heddle, "compile", STORIES, "-o", program)


def check_cut(program):
    """A program that lacks the last of its weights says so, and does nothing."""
    cut = program.with_name("cut")
    cut.write_bytes(program.read_bytes()[:-1000])
    cut.chmod(0o755)
    done = run(cut, "--raw", "--greedy", "-n", 4, "Once", status=1)
    if done.stdout or "cut" not in done.stderr:
        raise Failure(f"expected one message about the file, found '{done.stdout[:100]}{done.stderr[:300]}'")


def read_until(terminal, enough, what, seconds=60):
    """What the terminal prints until enough(text), which is asked again while it is silent."""
    text, end = b"", time.monotonic() + seconds
    while not enough(text):
        if time.monotonic() > end:
            raise Failure(f"no {what} in {seconds} s, only {text[-200:]}")
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                text += os.read(terminal, 4096)
            except OSError:  # all of the other side is closed
                raise Failure(f"the program ended before {what}: {text[-300:]}") from None


def check_interrupt(program, ours, theirs):
    """Ctrl-C ends an answer, or at the prompt does nothing but say how to leave; Ctrl-D leaves. On a terminal's two ends."""
    talk = subprocess.Popen([program, "--raw", "--greedy"], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    quiet = [time.monotonic(), 0]  # since when, with how much text

    def silent(text):
        if len(text) != quiet[1]:
            quiet[:] = [time.monotonic(), len(text)]
        return text and time.monotonic() > quiet[0] + 1

    try:
        read_until(ours, lambda text: b">" in text, "prompt")
        os.write(ours, b"Once upon a time\n")
        read_until(ours, lambda text: len(text) > 60, "answer")
        talk.send_signal(signal.SIGINT)
        read_until(ours, silent, "end of the answer")
        os.write(ours, b"\x04")
        if talk.wait(60):
            raise Failure(f"status {talk.returncode}, expected 0")
    finally:
        talk.kill()
        talk.wait()
        os.close(ours)


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
    results = Results()
    for level in ("-O0", "-O2"):
        results.case(f"llama {level}", check, heddle, LLAMA, scratch, [level])
    results.case("a matrix for each head", check_heads, heddle, scratch, ["-O2"])
    results.case("llama on 1, 2 and 3 threads", check_threads, heddle, LLAMA, scratch)
    if STORIES.exists():
        program = scratch / "stories"
        results.case("story", check_story, heddle, "-O2")
        results.case("compile", compile_stories, heddle, program)
        results.case("a program cut short", check_cut, program)
        try:
            ends = pty.openpty()
        except OSError as error:  # a container without /dev/pts
            results.skip("conversation interrupted", f"no terminal can be made: {error}")
        else:
            results.case("conversation interrupted", check_interrupt, program, *ends)
    else:
        results.skip("stories260k", f"no {STORIES}")
    results.finish()


if __name__ == "__main__":
    main()
