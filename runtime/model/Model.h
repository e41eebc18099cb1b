//===- Model.h - a program and all that is needed to use it -----*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_MODEL_MODEL_H
#define HEDDLE_RUNTIME_MODEL_MODEL_H

#include "runtime/engine/CpuExecutor.h"
#include "runtime/engine/Session.h"
#include "runtime/program/Program.h"
#include "runtime/text/ChatTemplate.h"
#include "runtime/text/Tokenizer.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// How a model is to be run.
struct ModelOptions {
  unsigned threads = 0;                            ///< 0: as many as there are cores
  std::optional<std::string> device = {};          ///< "cpu", or a device's name, a part of it, or its number
  std::function<void(std::string_view)> warn = {}; ///< gets a line for the user; may be empty
};

/// A program with its threads or its device, and its text parts, which are made when first asked for. Not for
/// several threads at once.
class Model {
public:
  /// Throws Error on a program that cannot be run here, or a device that it has no code for.
  Model(const ProgramImage &image, const ModelOptions &options);

  const Program &program() const { return loaded; }
  const format::Program &description() const { return loaded.description(); }
  ThreadPool &pool();

  /// Where the program computes: a device if it has shaders and nothing else was asked for. A program that
  /// has both kinds of code falls back to the processor, with a warning, where the device fails and was not
  /// asked for by name. Throws DeviceError when there is no device.
  Machine &machine();

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
  CpuMachine &processor();
  Machine &fallBack(const DeviceError &error);

  Program loaded;
  ModelOptions options;
  unsigned threadCount;
  std::unique_ptr<ThreadPool> threadPool;
  std::unique_ptr<CpuMachine> cpu;
  std::unique_ptr<Machine> device;
  bool deviceFailed = false;
  std::unique_ptr<Tokenizer> textTokenizer;
  std::unique_ptr<ChatTemplate> chatTemplate;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_MODEL_MODEL_H
