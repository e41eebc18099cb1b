//===- Program.h - a compiled program, checked and mapped -------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_PROGRAM_PROGRAM_H
#define HEDDLE_RUNTIME_PROGRAM_PROGRAM_H

#include "runtime/abi/kernel.h"
#include "runtime/program/Sizes.h"
#include "runtime/program/Weights.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// Where the parts of a program are. Everything must outlive the Program.
struct ProgramImage {
  std::string path;                            ///< the program's file: its weights are in it or beside it
  std::span<const uint8_t> description;        ///< a FlatBuffer, program.fbs
  uint64_t descriptionHash = 0;                ///< XXH3-64 of it
  std::span<const heddle_kernel_table> tables; ///< the best first
  std::span<const heddle_kernel_table> checkTables; ///< of the kernels that have shaders
  std::optional<std::span<const uint8_t>> weights;  ///< weights in memory, in place of the file's
};

/// The image of the program that this code was linked into, found in the file at `path`.
ProgramImage linkedProgram(const std::string &path);

/// A program that can be run: its description is sound, its kernels fit this processor, its weights are
/// mapped. Immutable; any number of threads may use one.
class Program {
public:
  /// Throws Error with one line on whatever is wrong.
  explicit Program(const ProgramImage &image);
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  const format::Program &description() const { return *root; }

  /// The entries, kernels and caches that a device works with.
  static const format::Program &forDevices(const format::Program &program) {
    return program.device() ? *program.device() : program;
  }

  /// The entry of that name and variant, or null.
  const format::Entry *findEntry(std::string_view name, format::Variant variant) const;

  /// Whether the program has code for `target`, "cpu" or "vulkan".
  static bool isFor(const format::Program &program, std::string_view target);

  /// Whether a step of the entry works on a cache.
  static bool usesCaches(const format::Entry &entry);

  /// Whether a value only goes from one entry to another: such names, the compiler's own, have a dot.
  static bool isInternal(const format::Value &value) {
    return value.name()->string_view().find('.') != std::string_view::npos;
  }

  /// Whether a value is of the greatest logits, "logits.best", or says which tokens' they are,
  /// "logits.where".
  static bool isCandidate(const format::Value &value) {
    return value.name()->string_view().starts_with("logits.");
  }

  /// The kernels chosen for this processor: as many as the description has. Null when it has no code for the
  /// CPU.
  const heddle_kernel_table *kernels() const { return table; }

  /// The kernels that have shaders, to compare a device's results with. Null where there are none that this
  /// processor can run.
  const heddle_kernel_table *checkKernels() const { return checkTable; }

  /// What these are for, as given to --cpu; empty without them.
  std::string_view cpu() const { return table && table->cpu ? table->cpu : ""; }

  /// XXH3-64 of the description.
  uint64_t hash() const { return descriptionHash; }

  /// The weights section: description().weights_bytes() bytes. Null when there are none.
  const uint8_t *weights() const { return weightBytes; }

  /// Says that nobody is looking at a part of the weights any more: if they are a file's, their memory is
  /// given back. Whoever looks at them later gets them from the file again.
  void releaseWeights(uint64_t offset, uint64_t bytes) const;

  /// The file that holds the weights; empty when they are in memory or there are none.
  const std::string &weightsFile() const { return mapped.file; }

  /// The program's own file.
  const std::string &path() const { return file; }

  /// Reads all weights and throws Error when their hash is not the recorded one.
  void verifyWeights() const;

private:
  std::string file;
  std::vector<uint64_t> alignedCopy; ///< of a description that did not start at a multiple of 8
  uint64_t descriptionHash;
  const format::Program *root = nullptr;
  const heddle_kernel_table *table = nullptr, *checkTable = nullptr;
  MappedWeights mapped;
  const uint8_t *weightBytes = nullptr;
};

/// Words for the variants: "all", "last", "decode".
std::string_view variantName(format::Variant variant);

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_PROGRAM_H
