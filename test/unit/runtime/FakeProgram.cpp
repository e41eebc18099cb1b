//===- FakeProgram.cpp - programs without a compiler ----------------------===//

#include "FakeProgram.h"

#include "runtime/program/Format.h"
#include "runtime/text/TokenizerModel.h"

#include <cstring>
#include <xxhash.h>

namespace heddle::test {

using namespace format;
using flatbuffers::Offset;

//===- Kernels -------------------------------------------------------------===//

static int64_t position(const heddle_call *call, int64_t t) {
  return call->sizes[HEDDLE_SIZE_S] - call->sizes[HEDDLE_SIZE_T] + t;
}

/// Where a position lies in the cache. scalars: 1 if it is a ring.
static int64_t placeOf(const heddle_call *call, int64_t position) {
  return call->scalars[0] != 0 ? position % fakeRing : position;
}

/// buffers: tokens [T], cache [C]; scalars: 1 if that is a ring
static void remember(const heddle_call *call, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    static_cast<float *>(call->buffers[1])[placeOf(call, position(call, t))] =
        static_cast<float>(static_cast<const int32_t *>(call->buffers[0])[t]);
}

/// buffers: cache [C], hidden [T, width]; scalars: 1 if the cache is a ring; goes through the scratch memory
/// to see that it is this thread's
static void sumUp(const heddle_call *call, int64_t begin, int64_t end) {
  auto *scratch = static_cast<float *>(call->scratch);
  for (int64_t t = begin; t < end; ++t) {
    std::memset(scratch, 0, fakeWidth * sizeof(float));
    int64_t first = call->scalars[0] != 0 ? std::max<int64_t>(0, position(call, t) + 1 - fakeWindow) : 0;
    for (int64_t s = first; s <= position(call, t); ++s)
      for (uint32_t j = 0; j < fakeWidth; ++j)
        scratch[j] += static_cast<const float *>(call->buffers[0])[placeOf(call, s)];
    for (uint32_t j = 0; j < fakeWidth; ++j)
      static_cast<float *>(call->buffers[1])[t * fakeWidth + j] = scratch[j] + static_cast<float>(j);
  }
}

/// buffers: hidden [T, width], bias [vocabulary], logits [rows, vocabulary], memory [U, width];
/// scalars: 1 if there is a memory. The grid is the rows; with one row it is the last token's.
static void project(const heddle_call *call, int64_t begin, int64_t end, bool last) {
  double more = 0;
  if (call->scalars[0] != 0)
    for (int64_t u = 0; u < call->sizes[HEDDLE_SIZE_U]; ++u)
      more += static_cast<const float *>(call->buffers[3])[u * fakeWidth];
  for (int64_t r = begin; r < end; ++r) {
    int64_t t = last ? call->sizes[HEDDLE_SIZE_T] - 1 : r;
    auto chosen = static_cast<int64_t>(static_cast<const float *>(call->buffers[0])[t * fakeWidth] + more) %
                  fakeVocabulary;
    for (uint32_t v = 0; v < fakeVocabulary; ++v)
      static_cast<float *>(call->buffers[2])[r * fakeVocabulary + v] =
          static_cast<const float *>(call->buffers[1])[v] + (v == chosen ? 10.0f : 0.0f);
  }
}
static void projectAll(const heddle_call *call, int64_t begin, int64_t end) {
  project(call, begin, end, false);
}
static void projectLast(const heddle_call *call, int64_t begin, int64_t end) {
  project(call, begin, end, true);
}

/// buffers: tokens [T], types [T] or the tokens again, rows [T, width]; scalars: factor of the types
static void embedTokens(const heddle_call *call, int64_t begin, int64_t end) {
  bool whole = call->sizes[HEDDLE_SIZE_S] == call->sizes[HEDDLE_SIZE_T];
  for (int64_t t = begin; t < end; ++t)
    for (uint32_t j = 0; j < fakeWidth; ++j)
      static_cast<float *>(call->buffers[2])[t * fakeWidth + j] =
          static_cast<float>(static_cast<const int32_t *>(call->buffers[0])[t]) +
          call->scalars[0] * static_cast<float>(static_cast<const int32_t *>(call->buffers[1])[t]) +
          static_cast<float>(j) + (whole ? 0.0f : 1000.0f);
}

/// buffers: rows [T, width], pooled [width]
static void pool(const heddle_call *call, int64_t, int64_t) {
  std::memcpy(call->buffers[1], call->buffers[0], fakeWidth * sizeof(float));
}

const heddle_kernel fakeKernels[6] = {remember, sumUp, projectAll, projectLast, embedTokens, pool};

#ifdef FAKE_SHADERS
#include "embed_tokens.h"
#include "pool.h"
#include "project_all.h"
#include "project_last.h"
#include "remember.h"
#include "sum_up.h"
const std::span<const uint32_t> fakeShaders[6] = {remember_spirv,     sum_up_spirv,       project_all_spirv,
                                                  project_last_spirv, embed_tokens_spirv, pool_spirv};
const bool haveFakeShaders = true;
#else
static const uint32_t header[5] = {0x07230203, 0x10300};
const std::span<const uint32_t> fakeShaders[6] = {header, header, header, header, header, header};
const bool haveFakeShaders = false;
#endif

enum KernelNumber : uint32_t { Remember, SumUp, ProjectAll, ProjectLast, EmbedTokens, Pool };

//===- The description -----------------------------------------------------===//

namespace {

class Writer {
public:
  explicit Writer(const FakeOptions &options) : options(options) {}

  std::vector<uint8_t> write(std::span<const float> bias) {
    std::vector<Offset<Entry>> entries;
    if (options.kind == FakeKind::Encoder) {
      entries.push_back(encoderEntry());
    } else {
      if (options.kind == FakeKind::EncoderDecoder)
        entries.push_back(sourceEntry());
      for (Variant variant : {Variant::All, Variant::Last, Variant::Decode})
        entries.push_back(decoderEntry(variant));
    }
    std::vector<Offset<Cache>> caches;
    if (options.kind != FakeKind::Encoder)
      caches.push_back(CreateCacheDirect(b, "tokens", size({{4 + options.memoryExtra * 1024, {Param::C}, 1}}),
                                         options.ring ? fakeRing : 0, options.ring ? fakeWindow : 0));
    std::vector<Offset<Weight>> weights;
    std::vector<uint64_t> shape{fakeVocabulary};
    weights.push_back(CreateWeightDirect(b, "bias", "f32", &shape, 0, fakeVocabulary * 4));
    std::vector<uint8_t> tokenizer;
    if (options.tokenizer)
      tokenizer = tokenizerBytes();
    auto program = CreateProgramDirect(
        b, programFormatVersion, "0.1.0", "fake", "none", options.target.c_str(), "-O0", &entries, kernels(),
        &caches, 8, &weights, bias.size() * 4, XXH3_64bits(bias.data(), bias.size() * 4), fakeContext,
        options.bounded, &tokenizer, options.chatTemplate.c_str(), "", "", &options.endTokens,
        options.kind == FakeKind::EncoderDecoder ? 1 : -1, &options.regimes);
    FinishProgramBuffer(b, program);
    return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
  }

private:
  struct TermText {
    uint64_t coefficient;
    std::vector<Param> params;
    uint32_t round;
  };

  Offset<Size> size(const std::vector<TermText> &texts) {
    std::vector<Offset<Term>> terms;
    for (const TermText &text : texts)
      terms.push_back(CreateTermDirect(b, text.coefficient, &text.params, text.round));
    return CreateSizeDirect(b, &terms);
  }

  Offset<Axis> axis(const char *name, Param param, uint64_t extent = 0) {
    return CreateAxisDirect(b, name, param, extent);
  }

  Offset<Value> value(const char *name, ElementType type, uint32_t slot, std::vector<Offset<Axis>> axes,
                      uint64_t extent = 0, bool optional = false, int otherwise = 0) {
    return CreateValueDirect(b, name, type, slot, &axes, extent, optional, otherwise);
  }

  Offset<Step> step(uint32_t kernel, const std::vector<std::pair<Space, uint64_t>> &list, float scalar = 0) {
    std::vector<Offset<Binding>> bindings;
    for (auto [space, index] : list)
      bindings.push_back(CreateBinding(b, space, index, space == Space::Weights ? fakeVocabulary * 4 : 0));
    std::vector<float> scalars{scalar};
    std::vector<Offset<Factor>> operations{CreateFactor(b, Param::T, 1, 2)};
    return CreateStepDirect(b, kernel, &bindings, &scalars, kernel == ProjectLast ? 32 : 0, &operations);
  }

  const std::vector<Offset<Kernel>> *kernels() {
    const char *names[] = {"remember", "sum_up", "project_all", "project_last", "embed_tokens", "pool"};
    const std::vector<uint8_t> writes[] = {{0, 1}, {0, 1}, {0, 0, 1, 0}, {0, 0, 1, 0}, {0, 0, 1}, {0, 1}};
    bool vulkan = options.target.find("vulkan") != std::string::npos;
    for (uint32_t i = 0; i < std::size(names); ++i) {
      std::vector<Offset<Factor>> grid;
      if (i != ProjectLast && i != Pool)
        grid.push_back(CreateFactor(b, Param::T));
      std::vector<Offset<Shader>> shaders;
      if (vulkan) // one that no device can run, and one that all can
        for (uint64_t needs : {uint64_t(1) << 63, uint64_t(0)})
          shaders.push_back(CreateShader(b, b.CreateVector(fakeShaders[i].data(), fakeShaders[i].size()),
                                         needs, 32, 0, 0, needs ? 64 : 0, needs != 0));
      kernelList.push_back(CreateKernelDirect(b, names[i], &grid, i == SumUp ? fakeWidth * 4 : 0, nullptr,
                                              false, &shaders, &writes[i], i == SumUp ? 64 : 0, nullptr,
                                              i == SumUp ? options.beyond : 0));
    }
    return &kernelList;
  }

  /// slots: 0 tokens, 1 hidden (rows rounded up to 4), 2 logits, 3 memory
  Offset<Entry> decoderEntry(Variant variant) {
    bool both = options.kind == FakeKind::EncoderDecoder;
    std::vector<Offset<Size>> slots{
        size({{4, {Param::T}, 1}}), size({{fakeWidth * 4, {Param::T}, 4}}),
        size({{fakeVocabulary * 4, {variant == Variant::All ? Param::T : Param::One}, 1}}),
        size({{fakeWidth * 4, {Param::U}, 1}})};
    std::vector<std::pair<Space, uint64_t>> projection{
        {Space::Arena, 1}, {Space::Weights, 0}, {Space::Arena, 2}, {Space::Arena, 3}};
    float ring = options.ring ? 1 : 0;
    std::vector<Offset<Step>> steps{step(Remember, {{Space::Arena, 0}, {Space::Cache, 0}}, ring)};
    for (uint32_t i = 0; i < options.sums; ++i)
      steps.push_back(step(SumUp, {{Space::Cache, 0}, {Space::Arena, 1}}, ring));
    steps.push_back(step(variant == Variant::All ? ProjectAll : ProjectLast, projection, both));
    std::vector<Offset<Value>> inputs{
        value("tokens", ElementType::I32, 0, {axis("T", Param::T)}, fakeVocabulary)};
    if (both)
      inputs.push_back(
          value("memory", ElementType::F32, 3, {axis("U", Param::U), axis("d", Param::One, fakeWidth)}));
    std::vector<Offset<Axis>> axes;
    if (variant == Variant::All)
      axes.push_back(axis("T", Param::T));
    axes.push_back(axis("vocab", Param::One, fakeVocabulary));
    std::vector<Offset<Value>> outputs{value("logits", ElementType::F32, 2, axes)};
    std::vector<Offset<Tap>> taps;
    if (variant == Variant::All)
      taps.push_back(CreateTapDirect(
          b, "hidden_0", 1 + options.sums,
          value("x", ElementType::F32, 1, {axis("T", Param::T), axis("d", Param::One, fakeWidth)})));
    return CreateEntryDirect(b, "forward", variant, &steps, &slots, &inputs, &outputs, &taps);
  }

  /// slots: 0 source, 1 memory
  Offset<Entry> sourceEntry() {
    std::vector<Offset<Size>> slots{size({{4, {Param::T}, 1}}), size({{fakeWidth * 4, {Param::T}, 1}})};
    std::vector<Offset<Step>> steps{
        step(EmbedTokens, {{Space::Arena, 0}, {Space::Arena, 0}, {Space::Arena, 1}})};
    std::vector<Offset<Value>> inputs{
        value("source", ElementType::I32, 0, {axis("T", Param::T)}, fakeVocabulary)};
    std::vector<Offset<Value>> outputs{
        value("memory", ElementType::F32, 1, {axis("U", Param::U), axis("d", Param::One, fakeWidth)})};
    std::vector<Offset<Tap>> taps{CreateTapDirect(
        b, "hidden_0", 1,
        value("x", ElementType::F32, 1, {axis("T", Param::T), axis("d", Param::One, fakeWidth)}))};
    return CreateEntryDirect(b, "encode", Variant::All, &steps, &slots, &inputs, &outputs, &taps);
  }

  /// slots: 0 tokens, 1 types, 2 rows, 3 pooled
  Offset<Entry> encoderEntry() {
    std::vector<Offset<Size>> slots{size({{4, {Param::T}, 1}}), size({{4, {Param::T}, 1}}),
                                    size({{fakeWidth * 4, {Param::T}, 1}}), size({{fakeWidth * 4, {}, 1}})};
    std::vector<Offset<Step>> steps{
        step(EmbedTokens, {{Space::Arena, 0}, {Space::Arena, 1}, {Space::Arena, 2}}, 10),
        step(Pool, {{Space::Arena, 2}, {Space::Arena, 3}})};
    std::vector<Offset<Value>> inputs{
        value("tokens", ElementType::I32, 0, {axis("T", Param::T)}, fakeVocabulary),
        value("token_type_ids", ElementType::I32, 1, {axis("T", Param::T)}, 2, /*optional=*/true)};
    std::vector<Offset<Value>> outputs{
        value("last_hidden_state", ElementType::F32, 2,
              {axis("T", Param::T), axis("d", Param::One, fakeWidth)}),
        value("pooler_output", ElementType::F32, 3, {axis("d", Param::One, fakeWidth)})};
    return CreateEntryDirect(b, "forward", Variant::All, &steps, &slots, &inputs, &outputs);
  }

  /// Tokens 0 to 7 are the letters a to h.
  static std::vector<uint8_t> tokenizerBytes() {
    TokenizerModel model;
    for (char letter = 'a'; letter < 'a' + static_cast<int>(fakeVocabulary); ++letter)
      model.vocabulary.add(std::string(1, letter));
    DecoderStep fuse;
    fuse.kind = DecoderStep::Kind::Fuse;
    model.decoder.push_back(fuse);
    std::string bytes = serialize(model);
    return {bytes.begin(), bytes.end()};
  }

  const FakeOptions &options;
  flatbuffers::FlatBufferBuilder b;
  std::vector<Offset<Kernel>> kernelList;
};

} // namespace

FakeProgram::FakeProgram(const FakeOptions &options) {
  for (uint32_t v = 0; v < fakeVocabulary; ++v)
    bias[v] = 0.125f * static_cast<float>(v);
  description = Writer(options).write(bias);
  kernels.assign(std::begin(fakeKernels), std::end(fakeKernels));
  table = {"any", "", kernels.data(), kernels.size()};
}

ProgramImage FakeProgram::image() const {
  ProgramImage image;
  image.path = "fake";
  image.description = description;
  image.descriptionHash = XXH3_64bits(description.data(), description.size());
  image.tables = {&table, 1};
  image.weights = {reinterpret_cast<const uint8_t *>(bias.data()), bias.size() * sizeof(float)};
  return image;
}

int64_t sumOf(const std::vector<int32_t> &tokens) {
  int64_t sum = 0;
  for (int32_t token : tokens)
    sum += token;
  return sum;
}

int32_t nextOf(const std::vector<int32_t> &tokens) {
  return static_cast<int32_t>(sumOf(tokens) % fakeVocabulary);
}

} // namespace heddle::test
