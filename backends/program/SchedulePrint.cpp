//===- SchedulePrint.cpp - a schedule as text -----------------------------===//

#include "backends/program/Schedule.h"

using namespace llvm;
using namespace heddle;

/// "1", "T/16", "3 * T/16 * 2": factors as they multiply.
static void printFactors(raw_ostream &os, ArrayRef<Factor> factors) {
  bool first = true;
  auto times = [&]() -> raw_ostream & { return os << (std::exchange(first, false) ? "" : " * "); };
  for (const Factor &factor : factors) {
    if (factor.times != 1)
      times() << factor.times;
    if (factor.param == format::Param::One)
      continue;
    times() << format::EnumNameParam(factor.param);
    if (factor.divide != 1)
      os << '/' << factor.divide;
  }
  if (first)
    os << 1;
}

/// "2304 * T", rounded params as "T:16".
static void printSize(raw_ostream &os, const SizeTerms &size) {
  for (auto [number, term] : enumerate(size)) {
    os << (number ? " + " : "") << term.coefficient;
    for (format::Param param : term.params) {
      os << " * " << format::EnumNameParam(param);
      if (term.round != 1)
        os << ':' << term.round;
    }
  }
}

static void printValue(raw_ostream &os, StringRef kind, const ScheduledValue &value) {
  os << "  " << kind << ' ' << value.name << " = slot " << value.slot << ' '
     << format::EnumNameElementType(value.type) << " [";
  for (auto [number, axis] : enumerate(value.axes)) {
    os << (number ? ", " : "") << axis.name;
    if (axis.param == format::Param::One)
      os << (axis.name.empty() ? "" : " = ") << axis.size;
  }
  os << ']';
  if (value.extent)
    os << " of " << value.extent;
  if (value.optional)
    os << " else " << value.otherwise;
  os << '\n';
}

static void printBinding(raw_ostream &os, const Schedule &schedule, const ScheduledBinding &binding) {
  switch (binding.space) {
  case format::Space::Arena:
    os << "slot " << binding.index;
    return;
  case format::Space::Weights:
    os << "weights " << binding.index;
    return;
  case format::Space::Cache:
    os << "cache " << schedule.caches[binding.index].name;
  }
}

static void printStep(raw_ostream &os, const Schedule &schedule, size_t number, const ScheduledStep &step) {
  os << "  " << number << ": " << schedule.kernels[step.kernel].name << '(';
  interleaveComma(step.bindings, os,
                  [&](const ScheduledBinding &binding) { printBinding(os, schedule, binding); });
  os << ')';
  if (!step.scalars.empty()) {
    os << " scalars [";
    interleaveComma(step.scalars, os);
    os << ']';
  }
  if (step.weightBytes)
    os << " reads " << step.weightBytes;
  if (!step.operations.empty()) {
    os << " operations ";
    printFactors(os, step.operations);
  }
  os << '\n';
}

static void printEntry(raw_ostream &os, const Schedule &schedule, const ScheduledEntry &entry) {
  os << "entry " << entry.name << ' ' << format::EnumNameVariant(entry.variant) << '\n';
  for (const ScheduledValue &value : entry.inputs)
    printValue(os, "input", value);
  for (const ScheduledValue &value : entry.outputs)
    printValue(os, "output", value);
  for (auto [number, size] : enumerate(entry.slots)) {
    os << "  slot " << number << " = ";
    printSize(os, size);
    os << '\n';
  }
  auto tap = entry.taps.begin();
  for (size_t done = 0; done <= entry.steps.size(); ++done) {
    for (; tap != entry.taps.end() && tap->after == done; ++tap)
      printValue(os, "tap", tap->value);
    if (done < entry.steps.size())
      printStep(os, schedule, done, entry.steps[done]);
  }
}

void Schedule::print(raw_ostream &os) const {
  for (const ScheduledKernel &kernel : kernels) {
    os << "kernel " << kernel.name << " grid ";
    printFactors(os, kernel.grid);
    if (kernel.beyond)
      os << " beyond " << kernel.beyond;
    if (kernel.windowRows)
      os << " windows of " << kernel.windowRows;
    os << (kernel.serial ? " serial\n" : "\n");
  }
  for (const ScheduledCache &cache : caches) {
    os << "cache " << cache.name << " = ";
    printSize(os, cache.size);
    if (cache.ring)
      os << " ring " << cache.ring << " window " << cache.window;
    os << '\n';
  }
  for (const ScheduledEntry &entry : entries)
    printEntry(os, *this, entry);
}
