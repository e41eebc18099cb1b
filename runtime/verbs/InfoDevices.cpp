//===- InfoDevices.cpp - what `info` says of devices ----------------------===//

#include "runtime/verbs/InfoDevices.h"

#include "runtime/engine/Machine.h"
#include "runtime/engine/Memory.h"
#include "runtime/vulkan/Buffer.h"
#include "runtime/vulkan/Pipelines.h"

#include <fmt/format.h>
#include <map>

namespace heddle {

using vulkan::DeviceFacts;

static std::string nameOf(const format::Shader &shader) {
  if (shader.needs() & ~uint64_t(format::Need::ANY))
    return "for newer runtimes";
  std::string needs = vulkan::needNames(shader.needs());
  return needs.empty() ? "baseline" : needs;
}

/// "27 baseline, 4 subgroup arithmetic"
static std::string countsOf(const std::map<uint64_t, std::pair<std::string, uint32_t>> &variants) {
  std::string text;
  for (const auto &[needs, variant] : variants)
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", variant.second, variant.first);
  return text;
}

/// How many shaders of which variant the device gets, or why it cannot run the program.
static std::string describeShaders(const format::Program &program, const DeviceFacts &facts) {
  std::map<uint64_t, std::pair<std::string, uint32_t>> variants;
  try {
    std::vector<uint32_t> chosen = chooseShaders(program, facts);
    for (uint32_t i = 0; i < chosen.size(); ++i) {
      const format::Shader &shader = *program.kernels()->Get(i)->shaders()->Get(chosen[i]);
      auto &[name, count] = variants[shader.needs()];
      name = nameOf(shader);
      ++count;
    }
    return "shaders: " + countsOf(variants);
  } catch (const DeviceError &error) {
    return error.what();
  }
}

static std::string describe(const DeviceFacts &facts, size_t number, bool chosen,
                            const vulkan::Instance &instance, const format::Program &program) {
  std::string text = fmt::format("{} {}  {}\n", chosen ? "*" : " ", number, facts.name);
  text += fmt::format("       {}, Vulkan {}.{}, driver {}\n", vulkan::typeName(facts.type),
                      VK_API_VERSION_MAJOR(facts.apiVersion), VK_API_VERSION_MINOR(facts.apiVersion),
                      facts.driver);
  if (!facts.problem.empty())
    return text + fmt::format("       cannot be used: {}\n", facts.problem);
  std::string needs = vulkan::needNames(facts.needs);
  return text +
         fmt::format("       {} of memory left, binds {}; subgroups of {}; {} invocations, {} shared in a "
                     "workgroup\n       has {}\n       {}\n",
                     readableBytes(availableMemory(instance, facts)), readableBytes(facts.largestBuffer()),
                     facts.subgroupSize, facts.limits.maxComputeWorkGroupInvocations,
                     readableBytes(facts.limits.maxComputeSharedMemorySize),
                     needs.empty() ? "nothing beyond the baseline" : needs, describeShaders(program, facts));
}

std::string deviceListing(const Program &program) {
  bool cpu = Program::isFor(program.description(), "cpu");
  std::string text;
  if (Program::isFor(program.description(), "vulkan"))
    try {
      vulkan::Instance instance;
      std::vector<DeviceFacts> devices = listDevices(instance);
      const DeviceFacts *chosen = nullptr;
      try {
        chosen = &chooseDevice(devices, std::nullopt);
      } catch (const DeviceError &) { // none can be used, as the list says
      }
      for (size_t i = 0; i < devices.size(); ++i)
        text += describe(devices[i], i, &devices[i] == chosen, instance,
                         Program::forDevices(program.description()));
    } catch (const DeviceError &error) {
      if (!cpu)
        throw;
      text += fmt::format("{}\n", error.what());
    }
  if (cpu)
    text += fmt::format("{} cpu  this processor, kernels for '{}'\n",
                        text.find('*') == std::string::npos ? "*" : " ", program.cpu());
  return text;
}

struct ChosenShader {
  uint32_t number, invocations; ///< of a workgroup
};

/// The shader of each kernel that the device gets; empty, and `problem` set, where there is no such device.
static std::vector<ChosenShader> chosenShaders(const format::Program &program,
                                               const std::optional<std::string> &wanted, std::string &device,
                                               std::string &problem) {
  try {
    vulkan::Instance instance;
    std::vector<DeviceFacts> devices = listDevices(instance);
    const DeviceFacts &facts = chooseDevice(devices, wanted);
    device = facts.name;
    std::vector<ChosenShader> chosen;
    for (uint32_t number : chooseShaders(program, facts)) {
      const auto &shaders = *program.kernels()->Get(static_cast<uint32_t>(chosen.size()))->shaders();
      const format::Shader &shader = *shaders.Get(number);
      chosen.push_back({number, widthOf(shader, facts).invocations});
    }
    return chosen;
  } catch (const DeviceError &error) {
    problem = error.what();
    return {};
  }
}

std::string shaderListing(const format::Program &root, const std::optional<std::string> &wanted) {
  const format::Program &program = Program::forDevices(root);
  std::string device, problem, lines;
  std::vector<ChosenShader> chosen = chosenShaders(program, wanted, device, problem);
  uint64_t bytes = 0;
  std::map<uint64_t, std::pair<std::string, uint32_t>> variants;
  for (uint32_t i = 0; i < program.kernels()->size(); ++i) {
    const format::Kernel &kernel = *program.kernels()->Get(i);
    lines += fmt::format("  {}\n", kernel.name()->string_view());
    for (uint32_t j = 0; j < kernel.shaders()->size(); ++j) {
      const format::Shader &shader = *kernel.shaders()->Get(j);
      auto &[name, count] = variants[shader.needs()];
      name = nameOf(shader);
      uint64_t size = shader.spirv()->size() * sizeof(uint32_t);
      bool taken = !chosen.empty() && chosen[i].number == j;
      lines += fmt::format("    {} {}: {} invocations, {}{}\n", taken ? "*" : " ", name,
                           taken ? chosen[i].invocations : shader.workgroup(), readableBytes(size),
                           shader.shared() ? fmt::format(", {} shared", readableBytes(shader.shared())) : "");
      ++count;
      bytes += size;
    }
  }
  std::string whose = problem.empty() ? fmt::format("* those that '{}' gets", device) : problem;
  return fmt::format("\nshaders: {} ({} bytes): {}\n{}\n{}", readableBytes(bytes), bytes, countsOf(variants),
                     whose, lines);
}

} // namespace heddle
