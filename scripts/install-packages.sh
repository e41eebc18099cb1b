#!/bin/bash
# Installs the Debian packages that Heddle needs and this machine lacks: to build (default), or also to test, or to
# test with SwiftShader, too.
#   scripts/install-packages.sh [build|test|swiftshader]
# Nothing is asked of the network if all are there.

set -eu

build=(
  clang-22 lld-22                     # the compiler, and the linker it uses
  llvm-22-dev libmlir-22-dev          # LLVM and MLIR, which `heddle` links
  mlir-22-tools                       # mlir-tblgen
  liblld-22-dev                       # LLD as a library: programs are linked with it
  libedit-dev libxml2-dev zlib1g-dev libzstd-dev    # what LLVM's CMake files look for
  g++ libc6-dev                       # the C and C++ libraries that programs are linked with
  make cmake ninja-build ccache
  libfmt-dev libcli11-dev nlohmann-json3-dev        # headers of the runtime
  libpcre2-dev libutf8proc-dev libxxhash-dev
  libflatbuffers-dev flatbuffers-compiler
  libvulkan-dev                       # Vulkan's headers: programs open its loader when they run
  spirv-tools                         # SPIRV-Tools as a library: shaders are optimised and validated
  libspirv-cross-c-shared-dev         # and written as GLSL for those who read that
  python3 python3-venv                # scripts/fetch-model.py: pip, in a virtual environment if need be
)
test=(
  libgtest-dev                        # unit tests
  llvm-22-tools                       # lit and FileCheck
  libclang-rt-22-dev                  # sanitizers and libFuzzer
  mesa-vulkan-drivers                 # lavapipe: a Vulkan device without a GPU
  vulkan-validationlayers             # and what watches over its use
  glslang-tools                       # shaders of tests
)
swiftshader=(
  chromium-common                     # a second software device, of another shape than lavapipe
)

case "${1:-build}" in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}") ;;
  swiftshader) wanted=("${build[@]}" "${test[@]}" "${swiftshader[@]}") ;;
  *) echo "usage: $0 [build|test|swiftshader]" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "packages: all ${#wanted[@]} are installed"
  exit 0
fi
echo "packages: ${missing[*]} must be installed"

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "error: installing packages needs root, and there is no sudo;" \
         "as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
"${as_root[@]}" apt-get -q update
for package in "${missing[@]}"; do
  if [ -z "$(apt-cache policy "$package" | sed -n 's/^  Candidate: //p' | grep -v '(none)')" ]; then
    echo "error: this machine's package sources have no '$package'; packages named after LLVM 22 come from" \
         "LLVM's own Debian repository (apt.llvm.org explains how to add it)" >&2
    exit 1
  fi
done
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"
