# How lit runs the tests: a file is a test if it has a RUN line and one of these suffixes.

import os

import lit.formats

config.name = "heddle"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".heddle", ".mlir", ".test"]
config.excludes = ["unit", "fuzz", "Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.heddle_test_build

# heddle and heddle-opt from this build; FileCheck, not and split-file from LLVM.
config.environment["PATH"] = os.pathsep.join(
    [config.heddle_tools, config.llvm_tools, os.environ.get("PATH", "")]
)
config.environment["HEDDLE_MODELS"] = config.heddle_models
config.substitutions.append(("%models", config.heddle_models))

# Reference checkpoints beside the repository; tests that need them say REQUIRES: shared.
shared = os.path.join(config.test_source_root, "..", "..", "shared")
if os.path.isdir(shared):
    config.available_features.add("shared")
    config.substitutions.append(("%shared", os.path.realpath(shared)))
