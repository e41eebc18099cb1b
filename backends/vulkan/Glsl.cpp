//===- Glsl.cpp - shaders as GLSL, to be read -----------------------------===//

#include "backends/vulkan/Glsl.h"
#include <memory>
#include <spirv_cross/spirv_cross_c.h>

namespace heddle::vulkan {

llvm::Expected<std::string> toGlsl(llvm::ArrayRef<uint32_t> words) {
  spvc_context raw = nullptr;
  if (spvc_context_create(&raw) != SPVC_SUCCESS)
    return llvm::createStringError("SPIRV-Cross has no memory");
  std::unique_ptr<spvc_context_s, decltype(&spvc_context_destroy)> context(raw, spvc_context_destroy);
  spvc_parsed_ir ir = nullptr;
  spvc_compiler compiler = nullptr;
  spvc_compiler_options options = nullptr;
  const char *text = nullptr;
  auto done = [](spvc_result result) { return result == SPVC_SUCCESS; };
  bool compiled =
      done(spvc_context_parse_spirv(raw, words.data(), words.size(), &ir)) &&
      done(spvc_context_create_compiler(raw, SPVC_BACKEND_GLSL, ir, SPVC_CAPTURE_MODE_TAKE_OWNERSHIP,
                                        &compiler)) &&
      done(spvc_compiler_create_compiler_options(compiler, &options)) &&
      done(spvc_compiler_options_set_uint(options, SPVC_COMPILER_OPTION_GLSL_VERSION, 450)) &&
      done(spvc_compiler_options_set_bool(options, SPVC_COMPILER_OPTION_GLSL_VULKAN_SEMANTICS, SPVC_TRUE)) &&
      done(spvc_compiler_install_compiler_options(compiler, options)) &&
      done(spvc_compiler_compile(compiler, &text));
  if (!compiled) // its GLSL has no integer dot products
    return std::string("// SPIRV-Cross cannot write it as GLSL: ") + spvc_context_get_last_error_string(raw) +
           "\n";
  return std::string(text);
}

} // namespace heddle::vulkan
