//===- Facts.cpp - what a program says of its model -----------------------===//

#include "tools/driver/Facts.h"
#include "frontend/tokenizer/TokenizerReader.h"
#include "tools/driver/Version.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace heddle;
namespace path = llvm::sys::path;

/// The name a checkpoint gives itself, else that of its file or folder.
static std::string modelName(const CompileOptions &options, const Checkpoint *checkpoint) {
  if (checkpoint && checkpoint->gguf())
    if (const json::Value *name = checkpoint->configValue("general.name"))
      if (auto text = name->getAsString(); text && !text->empty())
        return text->str();
  SmallString<256> real;
  if (sys::fs::real_path(options.model, real))
    real = options.model;
  return (sys::fs::is_directory(real) ? path::filename(real) : path::stem(real)).str();
}

static void addModuleFacts(mlir::ModuleOp module, ProgramFacts &facts) {
  if (auto name = module->getAttrOfType<mlir::StringAttr>("heddle.model"))
    facts.architecture = name.str();
  if (auto context = module->getAttrOfType<mlir::IntegerAttr>("heddle.context"))
    facts.context = static_cast<uint32_t>(std::clamp<int64_t>(context.getInt(), 0, INT32_MAX));
  facts.bounded = module->hasAttr("heddle.bounded");
  if (auto regimes = module->getAttrOfType<mlir::DenseI64ArrayAttr>("heddle.regimes"))
    for (int64_t length : regimes.asArrayRef())
      facts.regimes.push_back(static_cast<uint32_t>(std::clamp<int64_t>(length, 1, UINT32_MAX)));
}

/// The token that an encoder-decoder's second text begins with.
static int32_t memoryStart(const Checkpoint &checkpoint) {
  const json::Value *start = nullptr;
  if (const json::Object *generation = checkpoint.generationConfig())
    start = generation->get("decoder_start_token_id");
  if (!start || !start->getAsInteger())
    start = checkpoint.configValue("decoder_start_token_id");
  auto id = start ? start->getAsInteger() : std::nullopt;
  return id && *id >= 0 && *id <= INT32_MAX ? static_cast<int32_t>(*id) : -1;
}

static std::string tokenText(const TokenizerModel &model, std::optional<uint32_t> id) {
  return id && *id < model.vocabulary.size() ? std::string(model.vocabulary[*id]) : "";
}

static Error addTokenizer(const Checkpoint &checkpoint, ProgramFacts &facts) {
  auto model = readTokenizer(checkpoint);
  if (!model)
    return model.takeError();
  if (!*model)
    return Error::success();
  try {
    facts.tokenizer = serialize(**model);
  } catch (const std::exception &error) {
    return createStringError(error.what());
  }
  facts.chatTemplate = (*model)->chatTemplate;
  facts.bosToken = tokenText(**model, (*model)->bos);
  facts.eosToken = tokenText(**model, (*model)->eos);
  for (uint32_t id : (*model)->endIds)
    if (!is_contained(facts.endTokens, id))
      facts.endTokens.push_back(id);
  return Error::success();
}

Expected<ProgramFacts> heddle::collectFacts(const CompileOptions &options, mlir::ModuleOp module,
                                            const Checkpoint *checkpoint, std::string &warning) {
  ProgramFacts facts;
  facts.compiler = HEDDLE_VERSION;
  facts.model = modelName(options, checkpoint);
  facts.target = options.target;
  facts.options = options.text();
  addModuleFacts(module, facts);
  if (!checkpoint)
    return facts;
  for (int64_t id : checkpoint->endTokens())
    if (id >= 0 && id <= UINT32_MAX)
      facts.endTokens.push_back(static_cast<uint32_t>(id));
  facts.memoryStart = memoryStart(*checkpoint);
  if (Error error = addTokenizer(*checkpoint, facts))
    warning = toString(std::move(error)) + "; the program will take token ids only";
  return facts;
}
