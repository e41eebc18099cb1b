//===- Pipelines.cpp - a program's kernels, ready to run ------------------===//

#include "runtime/vulkan/Pipelines.h"

#include "runtime/abi/vulkan.h"
#include "runtime/engine/Cores.h"
#include "runtime/engine/Machine.h"

#include <algorithm>
#include <fmt/format.h>
#include <xxhash.h>

namespace heddle::vulkan {

std::vector<uint32_t> chooseShaders(const format::Program &program, const DeviceFacts &facts) {
  std::vector<uint32_t> chosen;
  for (const format::Kernel *kernel : *program.kernels()) {
    std::string reason;
    uint32_t i = 0;
    for (; i < kernel->shaders()->size(); ++i)
      if (reason = whyNot(*kernel->shaders()->Get(i), facts); reason.empty())
        break;
    if (i == kernel->shaders()->size())
      throw DeviceError(fmt::format("the device '{}' cannot run the kernel '{}': {}", facts.name,
                                    kernel->name()->string_view(), reason));
    chosen.push_back(i);
  }
  return chosen;
}

/// All kernels, those of calls that come first in front.
static std::vector<uint32_t> orderOfUse(const format::Program &program) {
  std::vector<uint32_t> order;
  std::vector<bool> known(program.kernels()->size());
  for (format::Variant variant : {format::Variant::Last, format::Variant::Decode, format::Variant::All})
    for (const format::Entry *entry : *program.entries())
      for (uint32_t i = 0; entry->variant() == variant && i < entry->steps()->size(); ++i)
        if (uint32_t kernel = entry->steps()->Get(i)->kernel(); !known[kernel]) {
          known[kernel] = true;
          order.push_back(kernel);
        }
  return order;
}

Pipelines::Pipelines(Device &device, const format::Program &program)
    : device(device), order(orderOfUse(program)), slots(program.kernels()->size()) {
  uint64_t hash = 0;
  for (uint32_t number : chooseShaders(program, device.facts)) {
    const format::Kernel &kernel = *program.kernels()->Get(static_cast<uint32_t>(sources.size()));
    const format::Shader &shader = *kernel.shaders()->Get(number);
    const Source &source = sources.emplace_back(
        kernel.name()->str(), std::vector(shader.spirv()->begin(), shader.spirv()->end()),
        widthOf(shader, device.facts), shader.subgroup(), shader.widest() != 0);
    hash = XXH3_64bits_withSeed(&source.width, sizeof source.width, hash);
    hash = XXH3_64bits_withSeed(source.spirv.data(), source.spirv.size() * sizeof(uint32_t), hash);
  }
  try {
    makeLayouts();
    cache.emplace(device, hash);
    for (size_t i = 0; i < std::min<size_t>(availableCores(), order.size()); ++i)
      builders.emplace_back([this] { buildAll(); });
  } catch (...) {
    destroy();
    throw;
  }
}

Pipelines::~Pipelines() { destroy(); }

void Pipelines::destroy() {
  {
    std::lock_guard lock(mutex);
    next = order.size(); // nobody begins another
  }
  for (std::thread &builder : builders)
    builder.join();
  for (const Slot &slot : slots)
    device.vk.DestroyPipeline(device.handle, slot.pipeline, nullptr);
  device.vk.DestroyPipelineLayout(device.handle, pipelineLayout, nullptr);
  device.vk.DestroyDescriptorSetLayout(device.handle, bindings, nullptr);
}

void Pipelines::makeLayouts() {
  VkDescriptorSetLayoutBinding buffers[HEDDLE_BINDS] = {};
  for (uint32_t i = 0; i < HEDDLE_BINDS; ++i) {
    buffers[i].binding = i;
    buffers[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    buffers[i].descriptorCount = 1;
    buffers[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  auto set = structure<VkDescriptorSetLayoutCreateInfo>(VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO);
  set.bindingCount = HEDDLE_BINDS;
  set.pBindings = buffers;
  check(device.vk.CreateDescriptorSetLayout(device.handle, &set, nullptr, &bindings), "cannot make a layout");

  VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, HEDDLE_PUSH_WORDS * sizeof(uint32_t)};
  auto info = structure<VkPipelineLayoutCreateInfo>(VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO);
  info.setLayoutCount = 1;
  info.pSetLayouts = &bindings;
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &range;
  check(device.vk.CreatePipelineLayout(device.handle, &info, nullptr, &pipelineLayout),
        "cannot make a layout");
}

VkPipeline Pipelines::make(const Source &source) {
  std::string what =
      fmt::format("the driver of '{}' cannot build the kernel '{}'", device.facts.name, source.name);
  auto code = structure<VkShaderModuleCreateInfo>(VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
  code.codeSize = source.spirv.size() * sizeof(uint32_t);
  code.pCode = source.spirv.data();
  VkShaderModule module;
  check(device.vk.CreateShaderModule(device.handle, &code, nullptr, &module), what);

  auto subgroup = structure<VkPipelineShaderStageRequiredSubgroupSizeCreateInfo>(
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO);
  subgroup.requiredSubgroupSize = source.subgroup;
  auto info = structure<VkComputePipelineCreateInfo>(VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO);
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = HEDDLE_SHADER_ENTRY;
  if (source.subgroup != 0 && device.facts.mostSubgroup != 0)
    info.stage.pNext = &subgroup;
  uint32_t invocations = source.width.invocations;
  VkSpecializationMapEntry entry = {HEDDLE_SPEC_WORKGROUP, 0, sizeof invocations};
  VkSpecializationInfo constants = {1, &entry, sizeof invocations, &invocations};
  if (source.isWidened)
    info.stage.pSpecializationInfo = &constants;
  info.layout = pipelineLayout;
  VkPipeline pipeline = nullptr;
  VkResult result =
      device.vk.CreateComputePipelines(device.handle, cache->get(), 1, &info, nullptr, &pipeline);
  device.vk.DestroyShaderModule(device.handle, module, nullptr);
  check(result, what);
  device.name(VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<uint64_t>(pipeline), source.name);
  return pipeline;
}

/// Builds one that nobody has begun. `lock` is held at the beginning and at the end, not in between. Who
/// builds the last one saves them.
void Pipelines::build(uint32_t kernel, std::unique_lock<std::mutex> &lock) {
  slots[kernel].begun = true;
  lock.unlock();
  VkPipeline pipeline = nullptr;
  std::exception_ptr error;
  try {
    pipeline = make(sources[kernel]);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  slots[kernel].pipeline = pipeline;
  if (error)
    failure = error;
  changed.notify_all();
  if (++built == order.size() && !failure) {
    lock.unlock();
    cache->save();
    lock.lock();
  }
}

/// What one of the builders does. They give way to who needs a pipeline now, and to the call that has its
/// own: the device may be this processor.
void Pipelines::buildAll() {
  giveWay();
  std::unique_lock lock(mutex);
  while (next < order.size() && !failure)
    if (uint32_t kernel = order[next++]; !slots[kernel].begun)
      build(kernel, lock);
}

VkPipeline Pipelines::of(uint32_t kernel) {
  std::unique_lock lock(mutex);
  if (!slots[kernel].begun && !failure)
    build(kernel, lock);
  changed.wait(lock, [&] { return slots[kernel].pipeline || failure; });
  if (failure)
    std::rethrow_exception(failure);
  return slots[kernel].pipeline;
}

} // namespace heddle::vulkan
