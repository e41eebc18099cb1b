//===- Stages.h - what --emit can print -------------------------*- C++ -*-===//

#ifndef HEDDLE_TOOLS_DRIVER_STAGES_H
#define HEDDLE_TOOLS_DRIVER_STAGES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

namespace heddle {

/// The parts of compiling, in their order; each has stages.
enum class Phase { Page, Module, Passes, Code, Schedule };

struct StageInfo {
  std::string name, help;
  Phase phase;
};
/// All stages, those of the pass pipeline under the passes' names.
std::vector<StageInfo> allStages();

/// The stages that are asked for; none when a program is wanted.
class Stages {
public:
  Stages() = default;
  /// Fails where a name is no stage.
  static llvm::Expected<Stages> create(llvm::ArrayRef<std::string> names);

  bool any() const { return !wanted.empty(); }
  bool wants(llvm::StringRef name) const { return wanted.contains(name); }
  /// Whether stages are asked for, and all of them are of `phase` or before.
  bool endWith(Phase phase) const { return any() && last <= phase; }

private:
  llvm::StringSet<> wanted;
  Phase last = Phase::Page;
};

/// Prints the names of all stages, and what each shows.
void printStages(llvm::raw_ostream &os);

} // namespace heddle

#endif // HEDDLE_TOOLS_DRIVER_STAGES_H
