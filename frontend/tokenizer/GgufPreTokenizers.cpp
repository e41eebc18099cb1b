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
// The letters as the model lists them: with case in Unicode 11, but for some rare blocks.
#define CASED_LETTERS                                                                                        \
  R"(A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"                    \
  R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}-\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A})"             \
  R"(\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556})"                    \
  R"(\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF})"                 \
  R"(\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D})"                 \
  R"(\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D})"          \
  R"(\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3})"         \
  R"(\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107})"                  \
  R"(\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D})"                   \
  R"(\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}-\x{2184})"                  \
  R"(\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}-\x{2CF3}\x{A640}-\x{A66D})"                 \
  R"(\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF})"                 \
  R"(\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F})"               \
  R"(\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF})"       \
  R"(\x{1E900}-\x{1E943})"

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
constexpr const char *deepseekLlm[] = {
    R"([\r\n])", R"(\s?[)" CASED_LETTERS "]+", R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)", R"(\s+$)", eastAsian,
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
