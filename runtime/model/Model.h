//===- Model.h - a program and all that is needed to use it -----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_MODEL_MODEL_H
#define HEDDLE_RUNTIME_MODEL_MODEL_H

#include "runtime/engine/Session.h"
#include "runtime/engine/ThreadPool.h"
#include "runtime/program/Program.h"
#include "runtime/text/ChatTemplate.h"
#include "runtime/text/Tokenizer.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// A program with its threads and its text parts, which are made when first asked for. Not for several
/// threads at once.
class Model {
public:
  /// `threads` 0: as many as there are cores. Throws Error on a program that cannot be run here.
  Model(const ProgramImage &image, unsigned threads);

  const Program &program() const { return loaded; }
  const format::Program &description() const { return loaded.description(); }
  ThreadPool &pool();

  /// How many threads `pool` has or will have.
  unsigned threads() const { return threadCount; }

  bool hasTokenizer() const;
  /// Throws Error when the program has none, or a broken one.
  const Tokenizer &tokenizer();

  bool hasChatTemplate() const { return description().chat_template()->size() != 0; }
  /// The text of a conversation, ready for the assistant's turn. Throws Error when the template fails or
  /// there is none.
  std::string renderChat(const std::vector<ChatMessage> &messages);

  /// Whether generation stops at this token.
  bool isEnd(int32_t token);

private:
  Program loaded;
  unsigned threadCount;
  std::unique_ptr<ThreadPool> threadPool;
  std::unique_ptr<Tokenizer> textTokenizer;
  std::unique_ptr<ChatTemplate> chatTemplate;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_MODEL_MODEL_H
