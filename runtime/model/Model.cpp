//===- Model.cpp - a program and all that is needed to use it -------------===//

#include "runtime/model/Model.h"

#include "runtime/engine/Cores.h"

#include <algorithm>

namespace heddle {

Model::Model(const ProgramImage &image, unsigned threads)
    : loaded(image),
      threadCount(threads != 0 ? threads : std::min(availableCores(), ThreadPool::mostThreads)) {}

ThreadPool &Model::pool() {
  if (!threadPool)
    threadPool = std::make_unique<ThreadPool>(threadCount);
  return *threadPool;
}

bool Model::hasTokenizer() const {
  return description().tokenizer() && description().tokenizer()->size() != 0;
}

const Tokenizer &Model::tokenizer() {
  if (!textTokenizer) {
    if (!hasTokenizer())
      throw Error(
          "this program has no tokenizer: the model it was compiled from had none, so it takes token ids "
          "only (see the verb 'eval')");
    const auto *bytes = description().tokenizer();
    textTokenizer = std::make_unique<Tokenizer>(parseTokenizerModel({bytes->data(), bytes->size()}));
  }
  return *textTokenizer;
}

std::string Model::renderChat(const std::vector<ChatMessage> &messages) {
  if (!chatTemplate) {
    if (!hasChatTemplate())
      throw Error("this model has no chat template: it goes on with texts only");
    chatTemplate = std::make_unique<ChatTemplate>(description().chat_template()->string_view());
  }
  ChatOptions options;
  options.bosToken = description().bos_token()->str();
  options.eosToken = description().eos_token()->str();
  return chatTemplate->render(messages, options);
}

bool Model::isEnd(int32_t token) {
  if (const auto *ends = description().end_tokens())
    if (std::find(ends->begin(), ends->end(), static_cast<uint32_t>(token)) != ends->end())
      return true;
  return hasTokenizer() && tokenizer().isEnd(token);
}

} // namespace heddle
