//===- Generate.cpp - the verb without a name: goes on with a text --------===//

#include "runtime/verbs/GenerateOptions.h"
#include "runtime/verbs/Verbs.h"

#include <fmt/format.h>
#include <random>
#include <unistd.h>

namespace heddle {

static constexpr uint64_t usualTextTokens = 256;

void GenerateOptions::declare(CommandLine &line) {
  line.option("PROMPT", prompt, "what to answer, or to go on with; none: a conversation, or standard input");
  line.option("-n,--tokens", mostTokens, 0, UINT32_MAX, "tokens to generate at most");
  line.option("--temperature", sampler.temperature, 0, 1000, "spread of the choice; 0: always the likeliest");
  line.option("--top-k", topK, 0, UINT32_MAX, "choose among the K likeliest tokens; 0: all");
  line.option("--top-p", sampler.topP, 1e-9f, 1, "choose among the likeliest that together reach P");
  line.option("--min-p", sampler.minP, 0, 1, "leave out tokens less than P times as likely as the likeliest");
  line.option("--repeat-penalty", sampler.repeatPenalty, 1e-6f, 1e6f,
              "above 1: tokens just used are less likely");
  line.option("--seed", seed, 0, UINT64_MAX,
              "the same seed gives the same text (default: a new one each time)");
  line.flag("--greedy", sampler.greedy, "always the likeliest token");
  line.option("--system", system, "instruction before the conversation");
  line.flag("--raw", raw, "go on with the text, without the chat template");
  line.flag("--verbose", verbose, "print timings, even where standard error is no terminal");
  context.declare(line);
  machine.declare(line);
}

Sampler GenerateOptions::makeSampler(const Model &model) const {
  SamplerOptions options = sampler;
  if (topK)
    options.topK = static_cast<uint32_t>(*topK);
  options.seed = seed ? *seed : uint64_t(std::random_device()()) << 32 | std::random_device()();
  if (verbose)
    note(fmt::format("seed {}", options.seed));
  return Sampler(options, vocabularyOf(model.description()));
}

uint64_t GenerateOptions::limit(const Model &model) const {
  return mostTokens ? *mostTokens : chats(model) ? UINT64_MAX : usualTextTokens;
}

static double rate(uint64_t tokens, double seconds) {
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

void GenerateOptions::report(const Generation &generation) const {
  if (generation.ending == Ending::Context)
    note("the context is full; --context N makes room for more");
  if (!verbose && !errorsAreSeen())
    return;
  note(fmt::format("prompt {} tokens, {:.1f} tokens/s; generated {} tokens, {:.1f} tokens/s",
                   generation.fedTokens, rate(generation.fedTokens, generation.promptSeconds),
                   generation.newTokens, rate(generation.newTokens, generation.newSeconds)));
}

static std::vector<int32_t> encodePrompt(Model &model, const GenerateOptions &options,
                                         const std::string &text) {
  if (!options.chats(model))
    return model.tokenizer().encode(text);
  std::vector<ChatMessage> messages;
  if (options.system)
    messages.push_back({"system", *options.system});
  messages.push_back({"user", text});
  return model.tokenizer().encode(model.renderChat(messages), /*addSpecial=*/false);
}

static void answer(Model &model, const GenerateOptions &options, const std::string &text) {
  std::vector<int32_t> tokens = encodePrompt(model, options, text);
  if (tokens.empty())
    throw Error("the prompt is empty");
  uint64_t limit = options.limit(model);
  // Without an end in sight there is at least room for the prompt and the answer's first half thousand
  // tokens.
  uint64_t wanted = tokens.size() + std::min<uint64_t>(limit, 512);
  const format::Program &program = model.description();
  if (program.bounded() && program.context() != 0)
    wanted = std::max<uint64_t>(tokens.size(), std::min<uint64_t>(wanted, program.context()));
  Session session(model.program(), model.machine(), options.context.choose(program, wanted));
  Sampler sampler = options.makeSampler(model);

  GeneratorOptions generator;
  generator.mostTokens = limit;
  generator.continuing = !options.chats(model) && !abilitiesOf(program).encodes;
  Generation generation =
      generateText(model, session, sampler, tokens, generator, [](std::string_view piece) {
        print(piece);
        return true;
      });
  print("\n");
  options.report(generation);
}

void generateVerb(const Invocation &call) {
  GenerateOptions options;
  CommandLine line(call.name, "Answers a prompt, or goes on with it.");
  options.declare(line);
  line.footer(
      "Verbs: tokenize, embed, eval, perplexity, bench, info; each has --help. A prompt that is a verb's\n"
      "name, or begins with '-', goes behind '--'.");
  if (!line.parse(call.arguments))
    return;
  std::unique_ptr<Model> model = options.machine.load(call.image);
  vocabularyOf(model->description()); // refuses models that do not generate, before anything is asked
  if (options.system && !options.chats(*model))
    throw UsageError("--system needs a model with a chat template, and no --raw");
  if (options.prompt)
    return answer(*model, options, *options.prompt);
  if (isatty(STDIN_FILENO))
    return converse(*model, options);
  answer(*model, options, readText("-"));
}

} // namespace heddle
