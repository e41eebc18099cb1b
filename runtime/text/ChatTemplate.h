//===- ChatTemplate.h - a checkpoint's chat template ------------*- C++ -*-===//
//
// An interpreter for the part of Jinja that chat templates use, set up as Hugging Face does: blocks are trimmed
// (trim_blocks, lstrip_blocks), `raise_exception` and `strftime_now` exist, `tojson` keeps Unicode and the order
// of keys, `break` and `continue` work, `{% generation %}` is transparent. Nothing is known of any model.
//
// A template is a stranger's program: its steps, output and depth are limited, and it can reach nothing but the
// values it is given.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_TEXT_CHATTEMPLATE_H
#define HEDDLE_RUNTIME_TEXT_CHATTEMPLATE_H

#include "runtime/text/TemplateValue.h"

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// One turn of a conversation.
struct ChatMessage {
  std::string role; ///< "system", "user", "assistant", "tool"
  std::string content;
};

/// What a template may consume before it is stopped with an Error.
struct TemplateLimits {
  size_t steps = 20'000'000;  ///< expressions and statements evaluated
  size_t output = 64u << 20;  ///< bytes, of the output and of any one string
  size_t memory = 1024u << 20; ///< bytes of all strings and lists ever made, freed ones too
  size_t depth = 1000;        ///< nesting of expressions, blocks and calls
};

/// What a rendering is given beside the messages.
struct ChatOptions {
  bool addGenerationPrompt = true; ///< ends where the assistant begins to speak
  std::string bosToken, eosToken;  ///< as they are spelled; undefined in the template if empty
  template_language::Value tools;   ///< a list of tools in JSON's shape, or none
  std::vector<std::pair<std::string, template_language::Value>> variables; ///< anything else, e.g. enable_thinking
  std::optional<std::tm> now;      ///< what strftime_now sees; default: the local time
};

/// A template, parsed once and rendered often. Rendering is const and may run on any number of threads.
class ChatTemplate {
public:
  /// Parses `source`. Throws Error "chat template, line N: ..." on what it cannot understand.
  explicit ChatTemplate(std::string_view source, const TemplateLimits &limits = {});
  ChatTemplate(ChatTemplate &&) noexcept;
  ChatTemplate &operator=(ChatTemplate &&) noexcept;
  ~ChatTemplate();

  /// The text of a conversation. The text names its special tokens itself: encode it with addSpecial false and
  /// parseSpecial true. Throws Error with the line where the template failed or called raise_exception.
  std::string render(const std::vector<ChatMessage> &messages, const ChatOptions &options = {}) const;

  /// The same with any value for `messages` (a list of mappings; turns with tool calls, parts and so on).
  std::string renderMessages(const template_language::Value &messages, const ChatOptions &options = {}) const;

  /// The bare template over any variables, for tests.
  std::string renderVariables(std::vector<std::pair<std::string, template_language::Value>> variables,
                              std::optional<std::tm> now = std::nullopt) const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_CHATTEMPLATE_H
