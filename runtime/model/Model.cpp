//===- Model.cpp - a program and all that is needed to use it -------------===//

#include "runtime/model/Model.h"

#include "runtime/engine/Cores.h"
#include "runtime/vulkan/VulkanMachine.h"

#include <algorithm>
#include <fmt/format.h>

namespace heddle {

Model::Model(const ProgramImage &image, const ModelOptions &options)
    : loaded(image), options(options),
      threadCount(options.threads != 0 ? options.threads
                                       : std::min(availableCores(), ThreadPool::mostThreads)) {
  if (!options.device)
    return;
  bool asksForCpu = *options.device == "cpu";
  if (asksForCpu && !Program::isFor(description(), "cpu"))
    throw Error(
        "no device 'cpu': the program has shaders only; compile with --target vulkan,cpu to have both");
  if (!asksForCpu && *options.device != "0" && !Program::isFor(description(), "vulkan"))
    throw Error(fmt::format("no device '{}': the program runs on 'cpu' only; compile with --target vulkan",
                            *options.device));
}

ThreadPool &Model::pool() {
  if (!threadPool)
    threadPool = std::make_unique<ThreadPool>(threadCount);
  return *threadPool;
}

CpuMachine &Model::processor() {
  if (!cpu)
    cpu = std::make_unique<CpuMachine>(pool());
  return *cpu;
}

Machine &Model::fallBack(const DeviceError &error) {
  deviceFailed = true;
  if (options.warn)
    options.warn(fmt::format("warning: {}; going on with the processor", error.what()));
  return processor();
}

Machine &Model::machine() {
  if (deviceFailed || !Program::isFor(description(), "vulkan") || options.device == "cpu")
    return processor();
  if (device)
    return *device;
  bool mayFallBack = Program::isFor(description(), "cpu") && !options.device;
  try {
    device = openVulkanMachine(options.device);
  } catch (const DeviceError &error) {
    if (mayFallBack)
      return fallBack(error);
    throw;
  }
  if (mayFallBack)
    device->successor = [this](const DeviceError &error) { return &fallBack(error); };
  return *device;
}

bool Model::hasTokenizer() const {
  return description().tokenizer() && description().tokenizer()->size() != 0;
}

const Tokenizer &Model::tokenizer() {
  if (!textTokenizer) {
    if (!hasTokenizer())
      throw Error(
          "this program has no tokenizer: the model it was compiled from had none, so it takes token ids "
          "only (see the verb 'eval')");
    const auto *bytes = description().tokenizer();
    textTokenizer = std::make_unique<Tokenizer>(parseTokenizerModel({bytes->data(), bytes->size()}));
  }
  return *textTokenizer;
}

std::string Model::renderChat(const std::vector<ChatMessage> &messages) {
  if (!chatTemplate) {
    if (!hasChatTemplate())
      throw Error("this model has no chat template: it goes on with texts only");
    chatTemplate = std::make_unique<ChatTemplate>(description().chat_template()->string_view());
  }
  ChatOptions options;
  options.bosToken = description().bos_token()->str();
  options.eosToken = description().eos_token()->str();
  return chatTemplate->render(messages, options);
}

bool Model::isEnd(int32_t token) {
  if (const auto *ends = description().end_tokens())
    if (std::find(ends->begin(), ends->end(), static_cast<uint32_t>(token)) != ends->end())
      return true;
  return hasTokenizer() && tokenizer().isEnd(token);
}

} // namespace heddle
