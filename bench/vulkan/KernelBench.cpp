// Hand-written shaders beside those that the compiler makes for the same work, on one device:
//
//   vulkan-kernels [ROUNDS [DEVICE [KERNELS]]]
//
// In each round both run, one after the other, on the same data. Prints the least and the median time of
// each, and how fast the compiler's is for a hand-written one of 1. Status 1 when their numbers differ.
// KERNELS: a part of the names of those that run; without it all do.
#include "CompiledProgram.h"
#include "HandWritten.h"
#include "runtime/vulkan/VulkanExecutor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

using namespace heddle;
using namespace heddle::bench;

namespace {

constexpr uint64_t tokens = 512; ///< of the prompt; keys in decode
constexpr uint64_t keysSideBySide = 16;
constexpr double tolerance = 1e-4; ///< of the greatest number: sums run in another order

using Numbers = std::vector<float>;

//===- Data ----------------------------------------------------------------===//

/// What the entries are given: rows of `tokens` tokens.
class Data {
  std::mt19937 numbers{1};

public:
  Numbers x = random(columns), q = random(heads * headSize), k = random(kvHeads * headSize),
          v = random(kvHeads * headSize);
  Numbers keys = packedKeys(), values = packedValues(); ///< as caches hold them (abi.glsl)

private:
  Numbers random(uint64_t width) {
    std::normal_distribution<float> normal;
    Numbers made(tokens * width);
    std::generate(made.begin(), made.end(), [&] { return normal(numbers); });
    return made;
  }

  Numbers packedKeys() const {
    Numbers packed(k.size());
    for (uint64_t s = 0; s < tokens; ++s)
      for (uint64_t h = 0; h < kvHeads; ++h)
        for (uint64_t d = 0; d < headSize; ++d)
          packed[((h * tokens + s / keysSideBySide * keysSideBySide) * headSize + d * keysSideBySide) +
                 s % keysSideBySide] = k[(s * kvHeads + h) * headSize + d];
    return packed;
  }

  Numbers packedValues() const {
    Numbers packed(v.size());
    for (uint64_t s = 0; s < tokens; ++s)
      for (uint64_t h = 0; h < kvHeads; ++h)
        std::copy_n(&v[(s * kvHeads + h) * headSize], headSize, &packed[(h * tokens + s) * headSize]);
    return packed;
  }
};

/// The numbers of the last `count` tokens.
std::span<const float> last(const Numbers &all, uint64_t count) {
  return std::span(all).last(all.size() / tokens * count);
}

//===- One side ------------------------------------------------------------===//

/// A program on the device.
struct Loaded {
  Loaded(vulkan::Device &device, const Program &program) : program(program), shared(device, program) {
    shared.load();
    executor = std::make_unique<vulkan::VulkanExecutor>(program, shared, tokens);
  }
  const Program &program;
  vulkan::DeviceProgram shared;
  std::unique_ptr<vulkan::VulkanExecutor> executor;
};

/// A kernel: the steps of an entry whose kernels' names have `part` in them.
class Side {
public:
  Side(Loaded &loaded, const char *entryName, format::Variant variant, const char *part,
       const char *outputName, std::vector<Input> inputs, uint64_t count)
      : executor(*loaded.executor), entry(*loaded.program.findEntry(entryName, variant)), inputs(inputs) {
    sizes.tokens() = static_cast<int64_t>(count);
    sizes.sequence() = tokens;
    for (const format::Value *value : *entry.outputs())
      if (value->name()->string_view() == outputName)
        output = value;
    const auto &kernels = *loaded.program.description().kernels();
    for (uint32_t i = 0; i < entry.steps()->size(); ++i)
      if (kernels.Get(entry.steps()->Get(i)->kernel())->name()->string_view().find(part) != std::string::npos)
        steps.push_back(i);
  }

  /// Notes the milliseconds of a call.
  void run() {
    executor.startProfile();
    executor.run(entry, sizes, sizes, inputs);
    const Executor::Profile &profile = *executor.profileOf(entry);
    double sum = 0;
    for (uint32_t step : steps)
      sum += static_cast<double>(profile.steps[step].nanoseconds) * 1e-6;
    times.push_back(sum);
  }

  /// Of the last call of this program.
  Numbers result() const {
    std::span<const float> numbers = executor.output(*output);
    return {numbers.begin(), numbers.end()};
  }

  double least() const { return *std::min_element(times.begin(), times.end()); }
  double median() const {
    std::vector<double> sorted = times;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }

private:
  Executor &executor;
  const format::Entry &entry;
  std::vector<Input> inputs;
  CallSizes sizes;
  const format::Value *output = nullptr;
  std::vector<uint32_t> steps;
  std::vector<double> times;
};

//===- Both sides ----------------------------------------------------------===//

struct Contest {
  const char *name, *shape;
  double amount; ///< what a call reads or computes, in units of 10^9
  const char *unit;
  Side hand, compiled;
};

/// The greatest difference, as a part of the greatest number.
double difference(const Numbers &a, const Numbers &b) {
  double most = 0, greatest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    double apart = std::abs(double(a[i]) - b[i]);
    most = std::isnan(apart) ? INFINITY : std::max(most, apart);
    greatest = std::max(greatest, std::abs(double(b[i])));
  }
  return a.size() == b.size() ? most / greatest : INFINITY;
}

/// Runs a contest and prints its line; whether both sides had the same numbers.
bool run(Contest &contest, int rounds) {
  contest.compiled.run(); // once without being counted: buffers grow, commands are recorded
  contest.hand.run();
  double apart = difference(contest.hand.result(), contest.compiled.result());
  Side *sides[] = {&contest.hand, &contest.compiled};
  for (int round = 0; round < rounds; ++round)
    for (int i = 0; i < 2; ++i)
      sides[(round + i) % 2]->run();
  double hand = contest.hand.least(), compiled = contest.compiled.least();
  std::printf("%-18s %-26s %9.3f %9.3f %7.2f %9.3f %9.3f %7.2f %-8s %6.2f   %.0e%s\n", contest.name,
              contest.shape, hand, contest.hand.median(), contest.amount / hand * 1e3, compiled,
              contest.compiled.median(), contest.amount / compiled * 1e3, contest.unit, hand / compiled,
              apart, apart <= tolerance ? "" : " DIFFER");
  std::fflush(stdout);
  return apart <= tolerance;
}

bool runAll(int rounds, const std::optional<std::string> &wanted, std::string_view part) {
  vulkan::Instance instance;
  std::vector<vulkan::DeviceFacts> devices = vulkan::listDevices(instance);
  vulkan::Device device(instance, vulkan::chooseDevice(devices, wanted));
  CompiledProgram q4(YARDSTICK "q4_1-product"), vector(YARDSTICK "q4_1-vector"), f32(YARDSTICK "f32-product"),
      attention(YARDSTICK "attention");
  HandWritten shaders(q4.weights(), f32.weights());
  Loaded byHand(device, shaders.get()), forQ4(device, q4.get()), forVector(device, vector.get()),
      forF32(device, f32.get()), forAttention(device, attention.get());
  Data data;

  auto hand = [&](const char *name, const char *output, uint64_t count) {
    std::vector<Input> inputs{{"x", last(data.x, count)},
                              {"q", last(data.q, count)},
                              {"keys", std::span<const float>(data.keys)},
                              {"values", std::span<const float>(data.values)}};
    return Side(byHand, name, format::Variant::All, name, output, inputs, count);
  };
  // Decode finds in the caches what prefill, which runs before, has left there.
  auto compiled = [&](Loaded &program, const char *part, const char *output, uint64_t count) {
    std::vector<Input> inputs{{"x", last(data.x, count)},
                              {"q", last(data.q, count)},
                              {"k", last(data.k, count)},
                              {"v", last(data.v, count)}};
    bool decodes = count == 1 && program.program.findEntry("forward", format::Variant::Decode);
    return Side(program, "forward", decodes ? format::Variant::Decode : format::Variant::All, part, output,
                inputs, count);
  };
  double product = 2e-9 * columns * rows * tokens;
  double seen = 4e-9 * heads * headSize * (tokens * (tokens + 1) / 2),
         cached = 8e-9 * kvHeads * headSize * tokens;
  Contest contests[] = {
      {"q4_1 product", "1536 x 576, 512 tokens", product, "GFLOP/s", hand("q4_1_product", "y", tokens),
       compiled(forQ4, "linear", "y", tokens)},
      {"f32 product", "1536 x 576, 512 tokens", product, "GFLOP/s", hand("f32_product", "y", tokens),
       compiled(forF32, "linear", "y", tokens)},
      {"attention, prefill", "9 heads of 64, 512 tokens", seen, "GFLOP/s",
       hand("attention_prefill", "attended", tokens),
       compiled(forAttention, "attention", "attended", tokens)},
      {"q4_1 vector", "1536 x 576", 1e-9 * q4.weights().size(), "GB/s", hand("q4_1_vector", "y", 1),
       compiled(forVector, "linear", "y", 1)},
      {"attention, decode", "9 heads of 64, 512 keys", cached, "GB/s",
       hand("attention_decode", "attended", 1), compiled(forAttention, "attention", "attended", 1)},
  };
  std::printf("on '%s'; times in ms\n%-45s %27s   %27s\n%45s %9s %9s %7s %9s %9s %7s %-8s %6s   %s\n",
              device.facts.name.c_str(), "", "by hand", "by the compiler", "", "least", "median", "rate",
              "least", "median", "rate", "", "ratio", "apart");
  for (Contest &contest : contests) // fills the caches, whichever are wanted
    contest.compiled.run();
  bool equal = true;
  for (Contest &contest : contests)
    if (std::string_view(contest.name).find(part) != std::string_view::npos)
      equal &= run(contest, std::string_view(contest.unit) == "GB/s" ? 20 * rounds : rounds);
  return equal;
}

} // namespace

int main(int argc, char **argv) {
  int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  if (argc > 4 || rounds < 1) {
    std::fprintf(stderr, "usage: vulkan-kernels [ROUNDS [DEVICE [KERNELS]]]\n");
    return 2;
  }
  try {
    return runAll(rounds, argc > 2 ? std::optional<std::string>(argv[2]) : std::nullopt,
                  argc > 3 ? argv[3] : "")
               ? 0
               : 1;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "vulkan-kernels: %s\n", error.what());
    return 1;
  }
}
