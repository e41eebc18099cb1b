//===- Options.cpp - options that several verbs share ---------------------===//

#include "runtime/verbs/Options.h"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace heddle {

void MachineOptions::declare(CommandLine &line) {
  line.option("--threads", threads, 1, ThreadPool::mostThreads,
              "threads to compute with (default: one a core)");
  line.option("--device", device,
              "NAME, part of it, or number of the device to compute on, or cpu (see info --devices)");
}

std::unique_ptr<Model> MachineOptions::load(const ProgramImage &image) const {
  return std::make_unique<Model>(image,
                                 ModelOptions{static_cast<unsigned>(threads.value_or(0)), device, note});
}

void ContextOption::declare(CommandLine &line) {
  line.option("--context", context, 1, uint64_t(1) << 31,
              "tokens there is room for (default: as the model was trained, 4096 at most)");
}

uint64_t ContextOption::choose(const format::Program &program, uint64_t wanted) const {
  return context ? *context : defaultContext(program, wanted);
}

bool errorsAreSeen() { return isatty(STDERR_FILENO) != 0; }

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error("cannot write to standard output");
}

void note(std::string_view line) {
  std::string text = fmt::format("{}\n", line);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace heddle
