//===- TemplateFuzz.cpp - chat templates from strangers ---------------------===//

#include "runtime/support/Error.h"
#include "runtime/text/ChatTemplate.h"

using namespace heddle;
using template_language::Value;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  TemplateLimits limits;
  limits.steps = 100'000;
  limits.output = 1 << 20;
  limits.memory = 16 << 20;
  static const Value messages = template_language::parseJson(
      R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Zürich?\n"},
          {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.5}}}]},
          {"role": "tool", "content": [1, "x"]}])");
  ChatOptions options;
  options.bosToken = "<s>";
  options.tools = messages;
  options.now = std::tm{};
  try {
    (void)ChatTemplate({reinterpret_cast<const char *>(data), size}, limits).renderMessages(messages, options);
  } catch (const Error &) {
  }
  return 0;
}
