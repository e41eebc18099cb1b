//===- GgufPreTokenizers.cpp - pre-tokenizers by name ---------------------===//
//
// The patterns are those of the models' own tokenizers. White space that no pattern matches stays a piece of
// its own, which is why some patterns end without one for it.
//
//===----------------------------------------------------------------------===//
#include "frontend/tokenizer/GgufPreTokenizers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace heddle;

namespace {

// Common endings, and words that may begin with one sign or space.
#define SPACES R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define CONTRACTIONS R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define WORDS R"(|[^\r\n\p{L}\p{N}]?\p{L}+)"
#define SIGNS R"(| ?[^\s\p{L}\p{N}]+[\r\n]*)"
// Words whose small letters may follow capitals but not the other way round; `without` excludes a script.
#define CASED(without, ending)                                                                               \
  R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M})" without R"(]*[\p{Ll}\p{Lm}\p{Lo}\p{M})" without      \
  "]+" ending R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M})" without                                 \
  R"(]+[\p{Ll}\p{Lm}\p{Lo}\p{M})" without "]*" ending

constexpr const char *gpt2Words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char *oneDigit = R"(\p{N})";
constexpr const char *threeDigits = R"(\p{N}{1,3})";
constexpr const char *eastAsian = R"([一-龥ࠀ-一가-퟿]+)";
constexpr const char *bloomWords = R"( ?[^(\s|.,!?…。，、।۔،)]+)";

constexpr const char *gpt2[] = {gpt2Words};
constexpr const char *digitsThenGpt2[] = {oneDigit, gpt2Words};
constexpr const char *falcon[] = {R"([\p{P}\$\+<=>\^~\|`]+)", gpt2Words, "[0-9][0-9][0-9]"};
constexpr const char *unnamed[] = {R"([\p{P}\$\+<=>\^~\|]+)", gpt2Words, R"(\p{N}+)", "[0-9][0-9][0-9]"};
constexpr const char *llama3[] = {CONTRACTIONS WORDS R"(|\p{N}{1,3})" SIGNS SPACES};
constexpr const char *qwen2[] = {CONTRACTIONS WORDS R"(|\p{N})" SIGNS SPACES};
constexpr const char *qwen35[] = {
    CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" SPACES};
constexpr const char *seedCoder[] = {CONTRACTIONS WORDS R"(|\p{N}| ?[^\s\p{L}\p{N}\r\n]+)" SPACES};
constexpr const char *bailing[] = {R"('(?i:[sdmt]|ll|ve|re))" WORDS R"(|\p{N})" SIGNS
                                   R"(|\s*[\r\n]|\s+(?!\S)|\s+)"};
constexpr const char *tekken[] = {CASED("", "") R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};
constexpr const char *gpt4o[] = {
    CASED("", CONTRACTIONS "?") R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};
constexpr const char *kimiK2[] = {
    R"([\p{Han}]+|)" CASED(R"(&&[^\p{Han}])", CONTRACTIONS "?") R"(|\p{N}{1,3})" SIGNS SPACES};
// The model lists the letters that have case, as Unicode knew them; the Georgian ones were none yet.
constexpr const char *deepseekLlm[] = {R"([\r\n])",
                                       R"(\s?(?:(?![\x{10D0}-\x{10FF}])\p{L&})+)",
                                       R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)",
                                       R"(\s+$)",
                                       eastAsian,
                                       R"(\p{N}+)"};
constexpr const char *deepseekCoder[] = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", eastAsian, oneDigit};
constexpr const char *deepseekV3[] = {
    threeDigits, R"([一-龥぀-ゟ゠-ヿ]+)",
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)" SPACES};
constexpr const char *bloom[] = {bloomWords};
constexpr const char *viking[] = {bloomWords, oneDigit};

struct Group {
  GgufPreTokenizer preTokenizer;
  std::initializer_list<StringRef> names;
};

const Group groups[] = {
    {{unnamed}, {"default"}},
    {{gpt2},
     {"gpt-2", "phi-2", "roberta-bpe", "jais", "jina-v1-en", "jina-v2-code", "trillion", "jina-es", "jina-de",
      "jina-v2-es", "jina-v2-de", "gigachat", "a.x-4.0", "mellum", "exaone4", "granite-docling"}},
    {{gpt2, false, false, /*nfc=*/true}, {"modern-bert", "mpt", "olmo"}},
    {{digitsThenGpt2}, {"smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"}},
    {{digitsThenGpt2, false, false, /*nfc=*/true}, {"command-r"}},
    {{falcon}, {"falcon"}},
    {{llama3, /*ignoreMerges=*/true, /*addBos=*/true},
     {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano"}},
    {{llama3}, {"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}},
    {{qwen2, false, false, /*nfc=*/true}, {"qwen2"}},
    {{qwen2},
     {"deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez", "kormo", "grok-2", "f2llmv2", "solar-open"}},
    {{qwen35, false, false, /*nfc=*/true}, {"qwen35"}},
    {{deepseekLlm}, {"deepseek-llm"}},
    {{deepseekCoder}, {"deepseek-coder"}},
    {{deepseekV3}, {"deepseek-v3", "deepseek-r1", "hunyuan-dense", "hy_v4", "joyai-llm"}},
    {{gpt4o}, {"gpt-4o", "llama4", "minimax-m2", "kanana2", "talkie"}},
    {{tekken, /*ignoreMerges=*/true, /*addBos=*/true}, {"tekken"}},
    {{kimiK2}, {"kimi-k2"}},
    {{seedCoder}, {"seed-coder"}},
    {{bailing}, {"bailingmoe", "bailingmoe2", "llada-moe"}},
    {{bloom}, {"bloom", "poro-chat", "gpt3-finnish"}},
    {{viking}, {"viking"}},
};

} // namespace

const GgufPreTokenizer *heddle::findGgufPreTokenizer(StringRef name) {
  for (const Group &group : groups)
    if (is_contained(group.names, name.empty() ? "default" : name))
      return &group.preTokenizer;
  return nullptr;
}

std::string heddle::ggufPreTokenizerNames() {
  std::vector<StringRef> names;
  for (const Group &group : groups)
    names.push_back(*group.names.begin());
  llvm::sort(names);
  return join(names, ", ");
}
