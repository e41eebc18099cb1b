//===- SpirvTools.cpp - SPIRV-Tools, in this process ----------------------===//

#include "backends/vulkan/SpirvTools.h"
#include <spirv-tools/libspirv.hpp>
#include <spirv-tools/optimizer.hpp>

namespace heddle::vulkan {

static constexpr spv_target_env environment = SPV_ENV_VULKAN_1_1;

/// Keeps the first error that a tool reports.
static spvtools::MessageConsumer keepFirst(std::string &first) {
  return [&first](spv_message_level_t level, const char *, const spv_position_t &, const char *message) {
    if (level <= SPV_MSG_ERROR && first.empty())
      first = message;
  };
}

llvm::Expected<std::vector<uint32_t>> optimizeAndValidate(llvm::ArrayRef<uint32_t> words, bool debug) {
  std::string message;
  spvtools::Optimizer optimizer(environment);
  optimizer.SetMessageConsumer(keepFirst(message));
  if (!debug)
    optimizer.RegisterPass(spvtools::CreateStripDebugInfoPass());
  optimizer.RegisterPerformancePasses();
  optimizer.RegisterPass(spvtools::CreateCompactIdsPass());
  spvtools::OptimizerOptions options;
  options.set_run_validator(false); // once, at the end
  std::vector<uint32_t> result;
  if (!optimizer.Run(words.data(), words.size(), &result, options))
    return llvm::createStringError("SPIRV-Tools cannot optimise it: " + message);
  spvtools::SpirvTools tools(environment);
  tools.SetMessageConsumer(keepFirst(message));
  if (!tools.Validate(result))
    return llvm::createStringError("it is not valid SPIR-V: " + message);
  return result;
}

llvm::Expected<std::string> disassemble(llvm::ArrayRef<uint32_t> words) {
  std::string text;
  spvtools::SpirvTools tools(environment);
  constexpr uint32_t options = SPV_BINARY_TO_TEXT_OPTION_INDENT | SPV_BINARY_TO_TEXT_OPTION_FRIENDLY_NAMES |
                               SPV_BINARY_TO_TEXT_OPTION_NO_HEADER;
  if (!tools.Disassemble(words.vec(), &text, options))
    return llvm::createStringError("SPIRV-Tools cannot disassemble a shader");
  return text;
}

} // namespace heddle::vulkan
