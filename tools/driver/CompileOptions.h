//===- CompileOptions.h - what a model is compiled to -----------*- C++ -*-===//

#ifndef HEDDLE_TOOLS_DRIVER_COMPILEOPTIONS_H
#define HEDDLE_TOOLS_DRIVER_COMPILEOPTIONS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

/// The options of `heddle compile` that decide what is in the program; the other verbs take them, too.
struct CompileOptions {
  std::string model; // a Hugging Face folder, a .gguf file or a .heddle page
  std::string arch;  // empty: the page in models/ that serves the checkpoint
  std::string target = "cpu", cpu = "native";
  int optLevel = 2;
  std::string quantize;    // empty: as stored
  int activationBits = 16; // beside quantised weights, on processors
  bool weightsBeside = false, tapAll = false;
  std::optional<uint64_t> randomWeights;
  std::map<std::string, double> set;

  /// Whether the model is a page alone.
  bool isPage() const;
  bool forVulkan() const { return target != "cpu"; }
  bool forCpu() const { return target != "vulkan"; }
  /// As they would be typed, but for the model: "-O2 --cpu native".
  std::string text() const;
  /// Refuses what does not go together.
  llvm::Error check() const;
};

/// One of these options: `--NAME VALUE`, but for `-O`, which its value follows at once.
struct CompileOption {
  const char *name, *value, *help;
  llvm::Error (*apply)(CompileOptions &options, llvm::StringRef value);
};
llvm::ArrayRef<CompileOption> compileOptionTable();

/// Takes compile options out of a program's arguments, up to `--`. Fails where one is malformed.
llvm::Error takeCompileOptions(std::vector<std::string> &arguments, CompileOptions &options);

} // namespace heddle

#endif // HEDDLE_TOOLS_DRIVER_COMPILEOPTIONS_H
