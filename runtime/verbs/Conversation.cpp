//===- Conversation.cpp - talks with the user at the terminal -------------===//
//
// A chat model sees the whole conversation through its template at each turn; what its cache holds already is
// not fed again. A base model goes on with all that was said, as one text.
//
// Ctrl-C stops an answer; a second one, or Ctrl-C twice at the prompt, or Ctrl-D, leaves.
//
//===----------------------------------------------------------------------===//

#include "runtime/verbs/GenerateOptions.h"
#include "runtime/verbs/LineEditor.h"

#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

namespace heddle {

namespace {

std::atomic<bool> answering{false}, stopRequested{false};
std::atomic<int> interruptions{0}; ///< since the last line or answer

extern "C" void onInterrupt(int) {
  static const char hint[] = "\n(Ctrl-C again, or Ctrl-D, leaves)\n";
  if (interruptions.fetch_add(1) > 0)
    _exit(130);
  if (answering)
    stopRequested = true;
  else if (write(STDERR_FILENO, hint, sizeof hint - 1) < 0)
    return;
}

/// While it lives, Ctrl-C calls onInterrupt.
class InterruptGuard {
public:
  InterruptGuard() {
    struct sigaction action = {};
    action.sa_handler = onInterrupt; // without SA_RESTART: a plain read comes back
    sigaction(SIGINT, &action, &before);
  }
  ~InterruptGuard() { sigaction(SIGINT, &before, nullptr); }

private:
  struct sigaction before;
};

class Conversation {
public:
  Conversation(Model &model, const GenerateOptions &options)
      : model(model), options(options), sampler(options.makeSampler(model)),
        session(model.program(), model.machine(), options.context.choose(model.description(), 0)) {
    if (options.system)
      messages.push_back({"system", *options.system});
  }

  void answer(const std::string &line) {
    std::vector<int32_t> tokens = options.chats(model) ? chatTokens(line) : textTokens(line);
    GeneratorOptions generator;
    generator.mostTokens = options.limit(model);
    generator.continuing = !options.chats(model);
    generator.stop = &stopRequested;
    Generation generation =
        generateText(model, session, sampler, tokens, generator, [](std::string_view piece) {
          print(piece);
          return true;
        });
    print("\n");
    remember(generation);
    options.report(generation);
  }

private:
  std::vector<int32_t> encodeChat() {
    return model.tokenizer().encode(model.renderChat(messages), /*addSpecial=*/false);
  }

  /// The conversation with the user's line; its oldest turns go when there is no room for all.
  std::vector<int32_t> chatTokens(const std::string &line) {
    messages.push_back({"user", line});
    std::vector<int32_t> tokens = encodeChat();
    size_t first = options.system ? 1 : 0;
    bool shortened = false;
    while (tokens.size() >= session.context() && messages.size() > first + 2) {
      messages.erase(messages.begin() + first, messages.begin() + first + 2); // a question and its answer
      tokens = encodeChat();
      shortened = true;
    }
    if (shortened)
      note("the context is full: the oldest turns are forgotten; --context N makes room for more");
    return tokens;
  }

  std::vector<int32_t> textTokens(const std::string &line) {
    text += line;
    return model.tokenizer().encode(text);
  }

  void remember(const Generation &generation) {
    if (options.chats(model))
      messages.push_back({"assistant", generation.text});
    else
      text += generation.text + "\n";
  }

  Model &model;
  const GenerateOptions &options;
  Sampler sampler;
  Session session;
  std::vector<ChatMessage> messages;
  std::string text; ///< of a base model: all so far
};

} // namespace

void converse(Model &model, const GenerateOptions &options) {
  Conversation conversation(model, options);
  LineEditor editor;
  InterruptGuard guard;
  if (errorsAreSeen())
    note(fmt::format("{}; Ctrl-D leaves", model.description().model()->string_view()));
  while (auto line = editor.ask("> ")) {
    if (line->empty())
      continue;
    interruptions = 0;
    stopRequested = false;
    answering = true;
    try {
      conversation.answer(*line);
    } catch (const Error &error) {
      note(fmt::format("error: {}", error.what()));
    }
    answering = false;
    interruptions = 0;
  }
  note("");
}

} // namespace heddle
