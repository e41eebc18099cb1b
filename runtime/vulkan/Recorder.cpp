//===- Recorder.cpp - records the commands of a call ----------------------===//

#include "runtime/vulkan/Recorder.h"

namespace heddle::vulkan {

void Recorder::begin(VkQueryPool pool, uint32_t count) {
  queries = pool;
  device.begin(commands);
  if (queries)
    device.vk.CmdResetQueryPool(commands, queries, 0, count);
  device.barrier(commands); // behind what was submitted before
}

void Recorder::end() {
  auto barrier = structure<VkMemoryBarrier>(VK_STRUCTURE_TYPE_MEMORY_BARRIER);
  barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
  device.vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                               &barrier, 0, nullptr, 0, nullptr);
  device.end(commands);
}

void Recorder::goOnIn(VkCommandBuffer next) {
  device.end(commands);
  commands = next;
  device.begin(commands);
  boundPipeline = nullptr;
  boundSet = nullptr;
}

/// Puts a barrier between what comes next and what came before. Copies of one kind need none among
/// themselves.
void Recorder::follow(Kind kind) {
  if (before && (*before != kind || kind == Kind::Kernel))
    device.barrier(commands);
  before = kind;
}

void Recorder::noteTime() {
  if (!queries)
    return;
  device.barrier(commands);
  device.vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, times++);
}

void Recorder::copyToDevice(const Buffer &from, uint64_t fromOffset, const Buffer &to, uint64_t toOffset,
                            uint64_t bytes) {
  follow(Kind::CopyToDevice);
  copy(device, commands, from, fromOffset, to, toOffset, bytes);
}

void Recorder::copyFromDevice(const Buffer &from, uint64_t fromOffset, const Buffer &to, uint64_t toOffset,
                              uint64_t bytes) {
  follow(Kind::CopyFromDevice);
  copy(device, commands, from, fromOffset, to, toOffset, bytes);
}

void Recorder::dispatch(const char *name, VkPipeline pipeline, VkDescriptorSet set,
                        std::span<const uint32_t> pushed, uint32_t workgroups) {
  if (workgroups == 0)
    return;
  follow(Kind::Kernel);
  if (device.vk.CmdBeginDebugUtilsLabelEXT) {
    auto label = structure<VkDebugUtilsLabelEXT>(VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT);
    label.pLabelName = name;
    device.vk.CmdBeginDebugUtilsLabelEXT(commands, &label);
  }
  if (pipeline != boundPipeline)
    device.vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, boundPipeline = pipeline);
  if (set != boundSet) {
    boundSet = set;
    device.vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, nullptr);
  }
  if (!pushed.empty())
    device.vk.CmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                               static_cast<uint32_t>(pushed.size_bytes()), pushed.data());
  device.vk.CmdDispatch(commands, workgroups, 1, 1);
  if (device.vk.CmdEndDebugUtilsLabelEXT)
    device.vk.CmdEndDebugUtilsLabelEXT(commands);
}

} // namespace heddle::vulkan
