# The commands of this repository; `make` alone explains them. CMake does the building (CMakePresets.json).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.PHONY: help packages test-packages build demo model test test-swiftshader sanitize fuzz clean

JOBS ?= $(shell nproc)
DEMO_PROGRAM := build/demo/smollm2
DEMO_QUESTION := What is the capital of France?
empty :=
UNIT_TESTS := checkpoint-tests cpu-tests elaborate-tests program-tests runtime-tests text-tests vulkan-tests
# What else runs in threads; MLIR itself is not instrumented, so the compiler's own tests tell nothing here.
THREAD_TESTS := program-tests runtime-tests text-tests
# Through heddle and the programs it writes, which are linked with the sanitizers, too.
SMALL_TESTS := e2e-small e2e-errors

help: ## this list
	@echo "Heddle compiles transformers to programs."; echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 26

packages:
	@scripts/install-packages.sh build

test-packages:
	@scripts/install-packages.sh test

# Once configured, the build itself notices changed CMake files.
define configure
if [ ! -e build/build.ninja ]; then echo "configure: build/"; cmake --preset release; fi
endef

build: packages ## build heddle and heddle-opt in build/bin
	@$(configure)
	@echo "build: heddle, heddle-opt"
	@cmake --build --preset release -j $(JOBS) --target heddle heddle-opt

demo: build ## build, fetch a small model (98 MB), compile it, ask it a question
	@model=$$(scripts/fetch-model.py)
	mkdir -p build/demo
	if [ ! $(DEMO_PROGRAM) -nt "$$model" ] || [ ! $(DEMO_PROGRAM) -nt build/bin/heddle ]; then
	  echo; echo "\$$ build/bin/heddle compile $$model -o $(DEMO_PROGRAM)"
	  build/bin/heddle compile "$$model" -o $(DEMO_PROGRAM)
	fi
	echo; echo "\$$ $(DEMO_PROGRAM) --greedy \"$(DEMO_QUESTION)\""
	$(DEMO_PROGRAM) --greedy "$(DEMO_QUESTION)"
	echo
	echo "To go on:"
	echo "  $(DEMO_PROGRAM)                                  a conversation; the file is all it needs"
	echo "  $(DEMO_PROGRAM) info                             what is inside"
	echo "  build/bin/heddle run MODEL \"...\"                  compile into the cache, and answer"
	echo "  build/bin/heddle compile MODEL -o FILE           MODEL: a .gguf file or a Hugging Face folder"
	echo "  build/bin/heddle compile MODEL --emit=help       the stages that can be looked at"
	echo "  docs/language.md, models/llama.heddle            how to write an architecture of your own"

model: ## fetch the small model that the demo and the tests use
	@scripts/fetch-model.py

test: test-packages ## build and run every test
	@$(configure)
	# The packages for tests may have come after the first configuration.
	if [ ! -e build/test/CTestTestfile.cmake ]; then cmake --preset release; fi
	if [ ! -x build/venv/bin/python ] || ! build/venv/bin/python -c "import numpy, tokenizers, sentencepiece, gguf" 2>/dev/null; then
	  echo "numpy, tokenizers, sentencepiece, gguf: into build/venv, for the tests that are judged in Python"
	  python3 -m venv build/venv && build/venv/bin/python -m pip install -q --disable-pip-version-check \
	    numpy tokenizers==0.22.2 sentencepiece==0.2.3 gguf==0.19.0 \
	    || echo "numpy, tokenizers, sentencepiece or gguf: not to be had; the tests that need them are left out"
	fi
	echo "build: everything"
	cmake --build --preset release -j $(JOBS)
	for model in smollm2 minilm; do
	  scripts/fetch-model.py $$model || echo "model: not to be had; the tests that need it are left out"
	done
	PATH="$$PWD/build/venv/bin:$$PATH" ctest --test-dir build --output-on-failure -j $(JOBS)

test-swiftshader: build ## the tests on a Vulkan device, on SwiftShader in place of lavapipe
	@scripts/install-packages.sh swiftshader
	if [ ! -e build/test/CTestTestfile.cmake ]; then cmake --preset release; fi
	cmake --build --preset release -j $(JOBS)
	VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json \
	  ctest --test-dir build --output-on-failure -R vulkan

sanitize: test-packages ## lit and unit tests and small models under AddressSanitizer, UBSan and ThreadSanitizer
	@echo "sanitize: address, undefined behaviour"
	@cmake --preset sanitize
	@cmake --build --preset sanitize -j $(JOBS) --target heddle heddle-opt heddle-elaborate $(UNIT_TESTS)
	@# MLIR's own code does not know what its headers poison in ours.
	@ASAN_OPTIONS=allow_user_poisoning=0 ctest --test-dir build-sanitize --output-on-failure \
	  -R "^($(subst $(empty) ,|,lit $(UNIT_TESTS) $(SMALL_TESTS)))\$$"
	@echo "sanitize: threads"
	@cmake --preset thread
	@cmake --build --preset thread -j $(JOBS) --target heddle $(THREAD_TESTS)
	@ctest --test-dir build-thread --output-on-failure -R "^($(subst $(empty) ,|,$(THREAD_TESTS) $(SMALL_TESTS)))\$$"

fuzz: test-packages ## the readers of strangers' files, under libFuzzer
	@cmake --preset sanitize
	@targets=$$(ninja -C build-sanitize -t targets all | sed -nE 's,^bin/(fuzz-[a-z-]+): .*,\1,p')
	cmake --build --preset sanitize -j $(JOBS) --target $$targets
	ctest --test-dir build-sanitize --output-on-failure -R "^fuzz-"

clean: ## remove what was built; the model stays in the cache
	rm -rf build build-debug build-sanitize build-thread
