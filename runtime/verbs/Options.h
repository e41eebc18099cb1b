//===- Options.h - options that several verbs share -------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_OPTIONS_H
#define HEDDLE_RUNTIME_VERBS_OPTIONS_H

#include "runtime/model/Model.h"
#include "runtime/verbs/CommandLine.h"

#include <optional>
#include <string>

namespace heddle {

/// --threads, --device.
struct MachineOptions {
  std::optional<uint64_t> threads;
  std::optional<std::string> device;

  void declare(CommandLine &line);
  /// Throws Error on a device that this program has no code for.
  std::unique_ptr<Model> load(const ProgramImage &image) const;
};

/// --context.
struct ContextOption {
  std::optional<uint64_t> context;

  void declare(CommandLine &line);
  /// The context to use for a text of `wanted` tokens (0: not known): what was asked for, else
  /// defaultContext.
  uint64_t choose(const format::Program &program, uint64_t wanted) const;
};

/// Whether standard error is a terminal: the place for progress and timings.
bool errorsAreSeen();

/// Writes all of `text` to standard output at once. Throws Error when nobody can read it any more.
void print(std::string_view text);

/// Writes a line to standard error.
void note(std::string_view line);

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_OPTIONS_H
