//===- Api.cpp - the C interface's implementation -------------------------===//

#include "runtime/api/Api.h"

#include "runtime/model/Generator.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace heddle;

/// A model and its one sequence, made when first needed: a model that only tokenizes needs no memory for it.
struct heddle_handle {
  heddle_handle(const char *path, const heddle_options &options)
      : path(path),
        model(linkedProgram(this->path), {.threads = options.threads, .device = deviceOf(options)}),
        context(options.context != 0 ? options.context : defaultContext(model.description(), 0)) {
    if (options.device)
      model.machine(); // says at once that there is no such device
  }

  Session &sequence() {
    if (!session)
      session = std::make_unique<Session>(model.program(), model.machine(), context);
    return *session;
  }

  static std::optional<std::string> deviceOf(const heddle_options &options) {
    return options.device ? std::optional<std::string>(options.device) : std::nullopt;
  }

  std::string path;
  Model model;
  uint64_t context;
  std::unique_ptr<Session> session;
};

static char *copyText(std::string_view text) {
  auto *copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (copy) {
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
  }
  return copy;
}

/// Runs `work`; what it throws becomes `*error` and the result `failed`.
template <typename Result, typename Work> static Result guarded(char **error, Result failed, Work work) {
  if (error)
    *error = nullptr;
  try {
    return work();
  } catch (const std::exception &exception) {
    if (error)
      *error = copyText(exception.what());
  } catch (...) {
    if (error)
      *error = copyText("unknown failure");
  }
  return failed;
}

static void expect(const void *pointer, const char *what) {
  if (!pointer)
    throw Error(std::string("'") + what + "' must not be NULL");
}

static heddle_handle *openOnDevice(const char *path, const heddle_options *options, char **error) {
  return guarded<heddle_handle *>(error, nullptr, [&] {
    expect(path, "path");
    return new heddle_handle(path, options ? *options : heddle_options{});
  });
}

/// For hosts whose options have no device.
static heddle_handle *openProgram(const char *path, const heddle_options *options, char **error) {
  heddle_options all = {};
  if (options) {
    all.threads = options->threads;
    all.context = options->context;
  }
  return openOnDevice(path, &all, error);
}

static void closeProgram(heddle_handle *handle) { delete handle; }

static const char *modelName(const heddle_handle *handle) {
  return handle->model.description().model()->c_str();
}

static uint64_t contextOf(const heddle_handle *handle) { return handle->context; }

static int64_t tokenize(heddle_handle *handle, const char *text, int special, int32_t *tokens, size_t room,
                        char **error) {
  return guarded<int64_t>(error, -1, [&] {
    expect(text, "text");
    std::vector<int32_t> ids = handle->model.tokenizer().encode(text, special != 0);
    if (room > 0)
      expect(tokens, "tokens");
    std::copy_n(ids.begin(), std::min(room, ids.size()), tokens);
    return static_cast<int64_t>(ids.size());
  });
}

static char *detokenize(heddle_handle *handle, const int32_t *tokens, size_t count, char **error) {
  return guarded<char *>(error, nullptr, [&] {
    if (count > 0)
      expect(tokens, "tokens");
    return copyText(handle->model.tokenizer().decode({tokens, count}));
  });
}

static SamplerOptions samplerOptions(const heddle_sampling *sampling) {
  SamplerOptions options;
  if (!sampling)
    return options;
  options.temperature = sampling->temperature;
  options.topK = sampling->top_k;
  options.topP = sampling->top_p;
  options.minP = sampling->min_p;
  options.repeatPenalty = sampling->repeat_penalty;
  options.seed = sampling->seed;
  return options;
}

static int64_t generateAfter(heddle_handle *handle, std::span<const int32_t> prompt, bool continuing,
                             const heddle_sampling *sampling, heddle_receiver receiver, void *user) {
  Sampler sampler(samplerOptions(sampling), vocabularyOf(handle->model.description()));
  GeneratorOptions options;
  options.continuing = continuing && !abilitiesOf(handle->model.description()).encodes;
  if (sampling && sampling->tokens != 0)
    options.mostTokens = sampling->tokens;
  TextSink sink = [&](std::string_view text) {
    return !receiver || receiver(std::string(text).c_str(), text.size(), user) == 0;
  };
  Generation generation = generateText(handle->model, handle->sequence(), sampler, prompt, options, sink);
  return static_cast<int64_t>(generation.newTokens);
}

static int64_t generate(heddle_handle *handle, const char *text, const heddle_sampling *sampling,
                        heddle_receiver receiver, void *user, char **error) {
  return guarded<int64_t>(error, -1, [&] {
    expect(text, "text");
    std::vector<int32_t> prompt = handle->model.tokenizer().encode(text);
    return generateAfter(handle, prompt, /*continuing=*/true, sampling, receiver, user);
  });
}

static int64_t chat(heddle_handle *handle, const heddle_message *messages, size_t count,
                    const heddle_sampling *sampling, heddle_receiver receiver, void *user, char **error) {
  return guarded<int64_t>(error, -1, [&] {
    if (count > 0)
      expect(messages, "messages");
    std::vector<ChatMessage> turns;
    for (const heddle_message &message : std::span(messages, count)) {
      expect(message.role, "role");
      expect(message.content, "content");
      turns.push_back({message.role, message.content});
    }
    std::vector<int32_t> prompt =
        handle->model.tokenizer().encode(handle->model.renderChat(turns), /*addSpecial=*/false);
    return generateAfter(handle, prompt, /*continuing=*/false, sampling, receiver, user);
  });
}

static void reset(heddle_handle *handle) {
  if (handle->session)
    handle->session->rewind(0);
}

const heddle_api_table &heddle::apiTable() {
  static const heddle_api_table table = {HEDDLE_API_VERSION,
                                         sizeof(heddle_api_table),
                                         openProgram,
                                         closeProgram,
                                         modelName,
                                         contextOf,
                                         tokenize,
                                         detokenize,
                                         generate,
                                         chat,
                                         reset,
                                         openOnDevice};
  return table;
}
