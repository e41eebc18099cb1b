//===- Profile.cpp - where the time goes ----------------------------------===//

#include "runtime/verbs/Profile.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace heddle {

namespace {
struct KernelTotals {
  std::string_view name;
  uint64_t calls = 0, nanoseconds = 0;
  double bytes = 0, operations = 0;
};
} // namespace

static std::string rate(double amount, uint64_t nanoseconds) {
  return amount > 0 && nanoseconds > 0 ? fmt::format("{:9.2f}", amount / static_cast<double>(nanoseconds))
                                       : "        -";
}

static std::string entryTable(const format::Program &program, const format::Entry &entry,
                              const Executor::Profile &profile) {
  std::vector<KernelTotals> totals(program.kernels()->size());
  for (uint32_t i = 0; i < entry.steps()->size(); ++i) {
    const format::Step &step = *entry.steps()->Get(i);
    KernelTotals &total = totals[step.kernel()];
    total.name = program.kernels()->Get(step.kernel())->name()->string_view();
    total.calls += profile.calls;
    total.nanoseconds += profile.steps[i].nanoseconds;
    total.bytes += static_cast<double>(step.weight_bytes()) * static_cast<double>(profile.calls);
    total.operations += profile.steps[i].operations;
  }
  std::sort(totals.begin(), totals.end(),
            [](const KernelTotals &a, const KernelTotals &b) { return a.nanoseconds > b.nanoseconds; });
  uint64_t whole =
      std::accumulate(totals.begin(), totals.end(), uint64_t(0),
                      [](uint64_t sum, const KernelTotals &total) { return sum + total.nanoseconds; });
  std::string table =
      fmt::format("\n{}, {}: {} calls, {:.2f} ms\n{:>8} {:>10} {:>7} {:>9} {:>9}  kernel\n",
                  entry.name()->string_view(), variantName(entry.variant()), profile.calls,
                  static_cast<double>(whole) / 1e6, "steps", "ms", "share", "GB/s", "GFLOP/s");
  for (const KernelTotals &total : totals)
    if (total.calls > 0)
      table += fmt::format(
          "{:8} {:10.3f} {:6.1f}% {} {}  {}\n", total.calls, static_cast<double>(total.nanoseconds) / 1e6,
          100.0 * static_cast<double>(total.nanoseconds) / std::max(1.0, static_cast<double>(whole)),
          rate(total.bytes, total.nanoseconds), rate(total.operations, total.nanoseconds), total.name);
  return table;
}

std::string profileTable(Executor &executor) {
  const format::Program &root = executor.getProgram().description();
  std::string tables;
  auto add = [&](const format::Program &program) {
    for (const format::Entry *entry : *program.entries())
      if (const Executor::Profile *profile = executor.profileOf(*entry); profile)
        tables += entryTable(program, *entry, *profile);
  };
  add(root);
  if (root.device())
    add(*root.device());
  return tables;
}

} // namespace heddle
