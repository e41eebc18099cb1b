//===- GenerateOptions.h - options of text generation -----------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_GENERATEOPTIONS_H
#define HEDDLE_RUNTIME_VERBS_GENERATEOPTIONS_H

#include "runtime/model/Generator.h"
#include "runtime/verbs/Options.h"

#include <optional>
#include <string>

namespace heddle {

/// What `./program` itself is given.
struct GenerateOptions {
  MachineOptions machine;
  ContextOption context;
  SamplerOptions sampler;
  std::optional<uint64_t> mostTokens, topK, seed;
  std::optional<std::string> prompt, system;
  bool raw = false, verbose = false;

  void declare(CommandLine &line);

  /// The sampler for `model`; without --seed a different one each time.
  Sampler makeSampler(const Model &model) const;

  /// Whether the model is to answer through its chat template.
  bool chats(const Model &model) const { return !raw && model.hasChatTemplate(); }

  /// How many tokens to generate at most: as asked for, else no limit for an answer, 256 for a text.
  uint64_t limit(const Model &model) const;

  /// Prints, where somebody will see it, how fast that was; and why it ended if that needs saying.
  void report(const Generation &generation) const;
};

/// A conversation at the terminal, until the user leaves. Conversation.cpp.
void converse(Model &model, const GenerateOptions &options);

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_GENERATEOPTIONS_H
