#!/usr/bin/env python3
"""Heddle beside llama.cpp: the same file, the same threads, in turn in one run.

  bench/peers.py [MODEL.gguf] [--rounds 5] [--prompt 512] [--generate 128] [--threads N] [--cpu native|x86-64-v3]

Without MODEL: the default model (`make model` brings it). The first run for a processor builds llama.cpp from the source that the npm
package node-llama-cpp carries (about six minutes on two cores; needs npm, git, cmake, ninja), in the user's cache. x86-64-v3 holds
both sides to AVX2, whatever this machine has. Prints each round, then the ratio of the medians with the least and the greatest ratio
of a round.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "heddle"
PEER_PACKAGE = "node-llama-cpp@3.22.1"
# How llama.cpp is told of a processor.
PEER_FLAGS = {
    "native": ["-DGGML_NATIVE=ON"],
    "x86-64-v3": ["-DGGML_NATIVE=OFF", "-DGGML_AVX=ON", "-DGGML_AVX2=ON", "-DGGML_FMA=ON", "-DGGML_F16C=ON", "-DGGML_BMI2=ON",
                  "-DGGML_AVX512=OFF"],
}


def build_peer(folder: pathlib.Path, cpu: str) -> pathlib.Path:
    """llama-bench, built with all that the processor can do."""
    build = "llama.cpp/build" if cpu == "native" else f"llama.cpp/build-{cpu}"
    bench = folder / build / "bin/llama-bench"
    if bench.exists():
        return bench
    folder.mkdir(parents=True, exist_ok=True)
    print(f"building llama.cpp for {cpu} from {PEER_PACKAGE} in {folder}", file=sys.stderr)

    def run(*command):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    if not (folder / "llama.cpp").exists():
        package = subprocess.run(["npm", "pack", PEER_PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
        run("tar", "xzf", package.stdout.split()[-1], "package/llama/gitRelease.bundle")
        run("git", "clone", "-q", "package/llama/gitRelease.bundle", "llama.cpp")
    run("cmake", "-S", "llama.cpp", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        *PEER_FLAGS[cpu], "-DLLAMA_CURL=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_TESTS=OFF")
    run("ninja", "-C", build, "llama-bench")
    return bench


def ours(model, a):
    out = subprocess.run([ROOT / "build/bin/heddle", "bench", model, "--prompt", str(a.prompt), "--generate", str(a.generate),
                          "--repeat", "1", "--threads", str(a.threads), "--cpu", a.cpu, "--json"], check=True, capture_output=True, text=True)
    result = json.loads(out.stdout)
    return {kind: max(result[kind]["tps"]) for kind in ("prefill", "decode")}


def theirs(bench, model, a):
    """Decoding is measured behind the prompt, as ours is."""

    def run(*what):
        out = subprocess.run([bench, "-m", model, "-t", str(a.threads), *what, "-r", "1", "-o", "json"], check=True,
                             capture_output=True, text=True)
        return json.loads(out.stdout)[0]["avg_ts"]

    return {"prefill": run("-p", str(a.prompt), "-n", "0"),
            "decode": run("-p", "0", "-n", str(a.generate), "-d", str(a.prompt))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=CACHE / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    for name, value in (("rounds", 5), ("prompt", 512), ("generate", 128), ("threads", os.cpu_count())):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--cpu", choices=PEER_FLAGS, default="native")
    a = parser.parse_args()
    bench = build_peer(CACHE / "peers", a.cpu)
    ours(a.model, a)  # compiles
    rounds = []
    for number in range(a.rounds):
        rounds.append((ours(a.model, a), theirs(bench, a.model, a)))
        print(f"round {number + 1}: " + ", ".join(
            f"{kind} {rounds[-1][0][kind]:.0f} against {rounds[-1][1][kind]:.0f} tokens/s" for kind in ("prefill", "decode")))
    for kind in ("prefill", "decode"):
        mine, peer = ([r[side][kind] for r in rounds] for side in (0, 1))
        ratios = [m / p for m, p in zip(mine, peer)]
        print(f"{kind}: heddle {statistics.median(mine):.0f}, llama.cpp {statistics.median(peer):.0f} tokens/s: "
              f"{statistics.median(mine) / statistics.median(peer):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
