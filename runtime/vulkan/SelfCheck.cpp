//===- SelfCheck.cpp - whether a device computes what it should -----------===//

#include "runtime/vulkan/SelfCheck.h"

#include "runtime/engine/Machine.h"
#include "runtime/program/Format.h"
#include "runtime/vulkan/VulkanExecutor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fstream>

namespace heddle::vulkan {

namespace {

constexpr int64_t someTokens = 3, earlierTokens = 2;
constexpr uint64_t piecesAtEachEnd = 2; // that the processor computes
constexpr float tolerance = 1e-3f;      // both sum in one order; divisions and roots are rounded differently
constexpr std::string_view sound = "sound\n";

struct alignas(64) Line {
  uint8_t bytes[64];
};
using Memory = std::vector<Line>;

std::span<uint8_t> bytesOf(Memory &memory, uint64_t count) { return {memory.data()->bytes, count}; }

CallSizes sizesFor(const format::Entry &entry, uint64_t capacity) {
  CallSizes sizes;
  sizes.tokens() = entry.variant() == format::Variant::Decode ? 1 : someTokens;
  sizes.sequence() = sizes.tokens() + (Program::usesCaches(entry) ? earlierTokens : 0);
  sizes.capacity() = static_cast<int64_t>(capacity);
  sizes.second() = someTokens;
  return sizes;
}

/// Numbers between 0.1 and 1.1, so that roots and quotients stay tame. Whole ones are 0, 1, 2 and then 2
/// again: as places in an order of tokens and bounds in it, they name no token twice.
void fill(std::span<uint8_t> bytes, bool integers, uint64_t seed) {
  for (size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    auto integer = static_cast<int32_t>(std::min<size_t>(i / sizeof(float), someTokens - 1));
    float real = 0.1f + static_cast<float>(seed >> 40) * 0x1p-24f;
    std::memcpy(bytes.data() + i, integers ? static_cast<const void *>(&integer) : &real, sizeof(float));
  }
}

bool agree(float found, float expected) {
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(found) == std::isnan(expected) &&
           (std::isnan(expected) || (std::isinf(found) && (found > 0) == (expected > 0)));
  return std::abs(found - expected) <= tolerance * std::max(1.0f, std::abs(expected));
}

class SelfCheck {
public:
  SelfCheck(const Program &program, DeviceProgram &shared)
      : program(program), root(Program::forDevices(program.description())), device(shared.getDevice()),
        executor(program, shared, root.cache_multiple()) {}

  void run() {
    std::vector<bool> known(root.kernels()->size());
    std::string wrong;
    for (const format::Entry *entry : *root.entries())
      for (uint32_t i = 0; i < entry->steps()->size(); ++i) {
        uint32_t kernel = entry->steps()->Get(i)->kernel();
        if (known[kernel])
          continue;
        known[kernel] = true;
        if (std::string difference = compare(*entry, i); !difference.empty())
          wrong += fmt::format("{}'{}' ({})", wrong.empty() ? "" : ", ",
                               root.kernels()->Get(kernel)->name()->string_view(), difference);
      }
    if (!wrong.empty())
      throw DeviceError(fmt::format("the device '{}' computes wrongly with its driver {}: {}; try another "
                                    "--device, or another version of the driver",
                                    device.facts.name, device.facts.driver, wrong));
  }

private:
  /// How the device's results of a step differ; empty: they do not.
  std::string compare(const format::Entry &entry, uint32_t number) {
    const format::Step &step = *entry.steps()->Get(number);
    const format::Kernel &kernel = *root.kernels()->Get(step.kernel());
    CallSizes sizes = sizesFor(entry, executor.capacity());
    std::vector<Memory> given, expected, found;
    std::vector<uint64_t> counts;
    for (uint32_t i = 0; step.bindings() && i < step.bindings()->size(); ++i) {
      const format::Binding &binding = *step.bindings()->Get(i);
      uint64_t bytes =
          binding.space() == format::Space::Arena
              ? evaluate(*entry.slots()->Get(static_cast<uint32_t>(binding.index())), sizes)
          : binding.space() == format::Space::Cache
              ? cacheBytes(*root.caches()->Get(static_cast<uint32_t>(binding.index())), executor.capacity())
              : 0;
      counts.push_back(bytes);
      given.emplace_back(bytes / sizeof(Line) + 2); // kernels may read 64 bytes more
      fill(bytesOf(given.back(), bytes), holdsIntegers(kernel, i), number * 64 + i);
    }
    expected = found = given;
    runOnProcessor(step, kernel, sizes, expected);
    std::vector<std::span<uint8_t>> buffers;
    for (size_t i = 0; i < found.size(); ++i)
      buffers.push_back(bytesOf(found[i], counts[i]));
    executor.runAlone(entry, number, sizes, buffers);
    for (uint32_t i = 0; i < found.size(); ++i)
      if (kernel.writes()->Get(i))
        for (size_t at = 0; at + sizeof(float) <= counts[i]; at += sizeof(float))
          if (std::string text = differ(&given[i].data()->bytes[at], &expected[i].data()->bytes[at],
                                        &found[i].data()->bytes[at], holdsIntegers(kernel, i));
              !text.empty())
            return fmt::format("element {} of buffer {} is {}", at / sizeof(float), i, text);
    return "";
  }

  static bool holdsIntegers(const format::Kernel &kernel, uint32_t binding) {
    return kernel.integers() && binding < kernel.integers()->size() && kernel.integers()->Get(binding);
  }

  void runOnProcessor(const format::Step &step, const format::Kernel &kernel, const CallSizes &sizes,
                      std::vector<Memory> &memory) {
    std::vector<void *> buffers;
    for (uint32_t i = 0; i < memory.size(); ++i) {
      const format::Binding &binding = *step.bindings()->Get(i);
      buffers.push_back(binding.space() == format::Space::Weights
                            ? const_cast<uint8_t *>(program.weights()) + binding.index()
                            : memory[i].data()->bytes);
    }
    scratch.resize(std::max<size_t>(scratch.size(), kernel.scratch() / sizeof(Line) + 2));
    heddle_call call = {buffers.data(), sizes.values.data(),
                        step.scalars() ? step.scalars()->data() : nullptr, scratch.data(), 1};
    heddle_kernel code = program.checkKernels()->kernels[step.kernel()];
    uint64_t pieces = piecesOf(kernel, sizes);
    uint64_t first = kernel.serial() ? pieces : std::min(pieces, piecesAtEachEnd);
    uint64_t last = std::max(first, pieces - std::min(pieces, piecesAtEachEnd));
    code(&call, 0, static_cast<int64_t>(first));
    if (last < pieces)
      code(&call, static_cast<int64_t>(last), static_cast<int64_t>(pieces));
  }

  /// "0.5, expected 0.25"; empty where they agree, or the processor has written nothing.
  static std::string differ(const uint8_t *given, const uint8_t *expected, const uint8_t *found,
                            bool integers) {
    if (std::memcmp(given, expected, sizeof(float)) == 0 || std::memcmp(found, expected, sizeof(float)) == 0)
      return "";
    float right, is;
    std::memcpy(&right, expected, sizeof right);
    std::memcpy(&is, found, sizeof is);
    if (!integers)
      return agree(is, right) ? "" : fmt::format("{}, expected {}", is, right);
    int32_t rightNumber, number;
    std::memcpy(&rightNumber, expected, sizeof rightNumber);
    std::memcpy(&number, found, sizeof number);
    return fmt::format("{}, expected {}", number, rightNumber);
  }

  const Program &program;
  const format::Program &root;
  Device &device;
  VulkanExecutor executor;
  Memory scratch;
};

} // namespace

void checkKernels(const Program &program, DeviceProgram &shared) {
  if (!program.checkKernels())
    return;
  std::filesystem::path file = shared.pipelines().cacheFile();
  if (!file.empty())
    file += ".checked";
  std::ifstream note(file, std::ios::binary);
  if (std::string(std::istreambuf_iterator<char>(note), {}) == sound)
    return;
  SelfCheck(program, shared).run();
  if (!file.empty())
    std::ofstream(file, std::ios::binary) << sound;
}

} // namespace heddle::vulkan
