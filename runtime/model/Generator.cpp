//===- Generator.cpp - goes on with a text, token by token ----------------===//

#include "runtime/model/Generator.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace heddle {

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

uint64_t vocabularyOf(const format::Program &program) {
  if (!abilitiesOf(program).generates)
    throw Error(fmt::format("'{}' does not generate text: see the verbs 'embed' and 'eval'",
                            program.model()->string_view()));
  for (const format::Entry *entry : *program.entries())
    for (const format::Value *output : *entry->outputs())
      if (entry->name()->string_view() == "forward" && output->name()->string_view() == "logits")
        return rowOf(*output, format::Param::T, CallSizes());
  return 0;
}

/// Tells a decoder from which token to start.
static int32_t memoryStart(const format::Program &program) {
  if (program.memory_start() < 0)
    throw Error(
        "the program does not say which token its decoder starts from: compile the model again with its "
        "config.json");
  return program.memory_start();
}

/// Feeds the prompt as generateText says; `fed` gets the number of tokens that were new.
static void feedPrompt(Model &model, Session &session, std::span<const int32_t> prompt, uint64_t &fed) {
  fed = prompt.size();
  if (abilitiesOf(model.description()).encodes) {
    session.encode(prompt);
    int32_t start = memoryStart(model.description());
    return session.feedForCandidates(std::span(&start, 1));
  }
  std::span<const int32_t> known = session.tokens();
  uint64_t common = static_cast<uint64_t>(
      std::mismatch(prompt.begin(), prompt.end(), known.begin(), known.end()).first - prompt.begin());
  // The last token is fed again if need be: its logits are wanted.
  common = std::min<uint64_t>(common, prompt.empty() ? 0 : prompt.size() - 1);
  session.rewind(common);
  fed -= common;
  session.feedForCandidates(prompt.subspan(common));
}

/// Whether the greatest logits may be enough to choose a token.
static bool takesGreatest(const Session &session, const Sampler &sampler) {
  size_t needed = sampler.greatestNeeded();
  return needed != 0 && needed <= session.candidateCount();
}

/// The token behind those fed: from the greatest logits where these are enough.
static int32_t chooseToken(Session &session, Sampler &sampler) {
  if (takesGreatest(session, sampler))
    if (std::optional<Candidates> greatest = session.candidates())
      if (std::optional<int32_t> token = sampler.sample(greatest->logits, greatest->tokens))
        return *token;
  return sampler.sample(session.logits());
}

Generation generateText(Model &model, Session &session, Sampler &sampler, std::span<const int32_t> prompt,
                        const GeneratorOptions &options, const TextSink &sink) {
  auto stopped = [&] { return options.stop && options.stop->load(std::memory_order_relaxed); };
  Generation result;
  result.promptTokens = prompt.size();
  StreamDecoder decoder(model.tokenizer(), /*skipSpecial=*/true, options.continuing);
  auto emit = [&](std::string text) {
    result.text += text;
    if (!text.empty() && !sink(text))
      result.ending = Ending::Stopped;
  };

  Clock::time_point start = Clock::now();
  session.stopOn(options.stop);
  try {
    feedPrompt(model, session, prompt, result.fedTokens);
  } catch (const Interrupted &) {
    result.ending = Ending::Stopped;
    return result;
  }
  result.promptSeconds = secondsSince(start);
  for (int32_t token : prompt)
    sampler.accept(token);

  start = Clock::now();
  for (;;) {
    result.ending = Ending::Limit;
    if (result.newTokens >= options.mostTokens)
      break;
    int32_t token = chooseToken(session, sampler);
    result.ending = Ending::EndToken;
    if (model.isEnd(token))
      break;
    sampler.accept(token);
    ++result.newTokens;
    emit(decoder.push(token));
    if (result.ending == Ending::Stopped || stopped()) {
      result.ending = Ending::Stopped;
      break;
    }
    if (result.newTokens >= options.mostTokens)
      continue;
    result.ending = Ending::Context;
    if (session.position() >= session.context())
      break;
    if (takesGreatest(session, sampler))
      session.feedForCandidates(std::span(&token, 1));
    else
      session.feed(std::span(&token, 1));
  }
  result.newSeconds = secondsSince(start);
  Ending ending = result.ending;
  emit(decoder.finish());
  result.ending = ending;
  return result;
}

} // namespace heddle
