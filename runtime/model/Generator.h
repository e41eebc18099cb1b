//===- Generator.h - goes on with a text, token by token --------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_MODEL_GENERATOR_H
#define HEDDLE_RUNTIME_MODEL_GENERATOR_H

#include "runtime/model/Model.h"
#include "runtime/text/Sampler.h"

#include <atomic>
#include <functional>
#include <string_view>
#include <vector>

namespace heddle {

/// Why a generation ended.
enum class Ending {
  EndToken, ///< the model was done
  Limit,    ///< as many tokens as were asked for
  Context,  ///< the context is full
  Stopped   ///< the user, or the receiver of the text, wanted no more
};

struct Generation {
  Ending ending = Ending::EndToken;
  uint64_t promptTokens = 0; ///< of the whole prompt
  uint64_t fedTokens = 0;    ///< of which so many were not remembered from before
  uint64_t newTokens = 0;    ///< generated, the end token not counted
  double promptSeconds = 0, newSeconds = 0;
  std::string text; ///< all of what was generated
};

/// Gets text as it becomes certain; returns false to stop.
using TextSink = std::function<bool(std::string_view)>;

struct GeneratorOptions {
  uint64_t mostTokens = UINT64_MAX;        ///< to generate
  bool continuing = true;                  ///< what is generated goes on with the prompt's text
  const std::atomic<bool> *stop = nullptr; ///< true: stop soon
};

/// Generates after `prompt`. Of a prompt that begins like what the session holds already, only the rest is
/// fed; for an encoder-decoder it is the second sequence. Throws Error, also when the prompt has no place in
/// the context.
Generation generateText(Model &model, Session &session, Sampler &sampler, std::span<const int32_t> prompt,
                        const GeneratorOptions &options, const TextSink &sink);

/// The length of a row of `forward`'s logits. Throws Error, saying what to do instead, when the program does
/// not generate text.
uint64_t vocabularyOf(const format::Program &program);

} // namespace heddle

#endif // HEDDLE_RUNTIME_MODEL_GENERATOR_H
