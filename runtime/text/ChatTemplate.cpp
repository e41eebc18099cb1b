//===- ChatTemplate.cpp - a checkpoint's chat template ----------------------===//

#include "runtime/text/ChatTemplate.h"
#include "runtime/text/TemplateInterpreter.h"
#include "runtime/text/TemplateParser.h"

namespace heddle {

using template_language::Dict;
using template_language::List;
using template_language::Value;

struct ChatTemplate::Impl {
  template_language::Program program;
  TemplateLimits limits;
};

namespace {

std::tm localTime() {
  std::time_t seconds = std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

} // namespace

ChatTemplate::ChatTemplate(std::string_view source, const TemplateLimits &limits)
    : impl(new Impl{template_language::parseTemplate(source), limits}) {}
ChatTemplate::ChatTemplate(ChatTemplate &&) noexcept = default;
ChatTemplate &ChatTemplate::operator=(ChatTemplate &&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

std::string ChatTemplate::render(const std::vector<ChatMessage> &messages, const ChatOptions &options) const {
  List list;
  for (const ChatMessage &message : messages)
    list.push_back(Value::dict({{Value("role"), Value(message.role)}, {Value("content"), Value(message.content)}}));
  return renderMessages(Value::list(std::move(list)), options);
}

std::string ChatTemplate::renderMessages(const Value &messages, const ChatOptions &options) const {
  std::vector<std::pair<std::string, Value>> variables = {
      {"messages", messages},           {"tools", options.tools},
      {"documents", Value()},           {"add_generation_prompt", Value(options.addGenerationPrompt)}};
  if (!options.bosToken.empty())
    variables.emplace_back("bos_token", Value(options.bosToken));
  if (!options.eosToken.empty())
    variables.emplace_back("eos_token", Value(options.eosToken));
  variables.insert(variables.end(), options.variables.begin(), options.variables.end());
  return renderVariables(std::move(variables), options.now);
}

std::string ChatTemplate::renderVariables(std::vector<std::pair<std::string, Value>> variables,
                                          std::optional<std::tm> now) const {
  template_language::Interpreter interpreter(impl->program, impl->limits, now ? *now : localTime());
  return interpreter.run(std::move(variables));
}

} // namespace heddle
