//===- Executor.cpp - what all executors note -----------------------------===//

#include "runtime/engine/Executor.h"

namespace heddle {

void Executor::Profile::add(const format::Entry &entry, const CallSizes &sizes,
                            std::span<const uint64_t> nanoseconds) {
  steps.resize(nanoseconds.size());
  ++calls;
  for (uint32_t i = 0; i < nanoseconds.size(); ++i) {
    steps[i].nanoseconds += nanoseconds[i];
    const FactorList *operations = entry.steps()->Get(i)->operations();
    if (operations && operations->size() != 0)
      steps[i].operations += static_cast<double>(evaluate(operations, sizes));
  }
}

void Executor::startProfile() {
  profiling = true;
  profiles.clear();
}

const Executor::Profile *Executor::profileOf(const format::Entry &entry) const {
  auto found = profiles.find(&entry);
  return found == profiles.end() ? nullptr : &found->second;
}

} // namespace heddle
