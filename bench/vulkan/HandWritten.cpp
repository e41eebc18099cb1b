//===- HandWritten.cpp - the hand-written shaders as a program ------------===//

#include "HandWritten.h"

#include "attention_decode.h"
#include "attention_prefill.h"
#include "f32_product.h"
#include "q4_1_product.h"
#include "q4_1_vector.h"
#include "runtime/program/Format.h"

#include <xxhash.h>

namespace heddle::bench {

using namespace format;
using flatbuffers::Offset;

namespace {

/// A tensor of float32 with one axis in a size of the call: `count` numbers for each.
struct Tensor {
  const char *name;
  Param param;
  uint64_t count;
};

struct HandShader {
  const char *name;
  std::span<const uint32_t> spirv;
  uint32_t workgroup;
  uint64_t pieces; ///< for each tile of tokens
  uint32_t tokens; ///< in a tile
  std::vector<Tensor> inputs;
  PackedMatrix weights; ///< bound behind the inputs, if there are any; the output is the last
  Tensor output;
};

class Writer {
public:
  std::vector<uint8_t> write(std::span<const HandShader> shaders, std::span<const uint8_t> weights) {
    std::vector<Offset<Kernel>> kernels;
    std::vector<Offset<Entry>> entries;
    for (const HandShader &shader : shaders) {
      entries.push_back(entry(shader, static_cast<uint32_t>(kernels.size()), weights));
      kernels.push_back(kernel(shader));
    }
    FinishProgramBuffer(b, CreateProgramDirect(b, programFormatVersion, "", "", "", "vulkan", "", &entries,
                                               &kernels, nullptr, 64, nullptr, weights.size(), 0, 0, false,
                                               nullptr, "", "", ""));
    return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
  }

private:
  static size_t bindingsOf(const HandShader &shader) {
    return shader.inputs.size() + !shader.weights.empty() + 1;
  }

  Offset<Kernel> kernel(const HandShader &shader) {
    std::vector<Offset<Factor>> grid{CreateFactor(b, Param::T, shader.tokens, shader.pieces)};
    std::vector<Offset<Shader>> variants{
        CreateShader(b, b.CreateVector(shader.spirv.data(), shader.spirv.size()), 0, shader.workgroup)};
    std::vector<uint8_t> writes(bindingsOf(shader));
    writes.back() = 1;
    return CreateKernelDirect(b, shader.name, &grid, 0, nullptr, false, &variants, &writes);
  }

  /// Adds the tensor's slot, and the step's binding to it.
  Offset<Value> value(const Tensor &tensor) {
    auto slot = static_cast<uint32_t>(slots.size());
    std::vector<Param> params{tensor.param};
    std::vector<Offset<Term>> terms{CreateTermDirect(b, tensor.count * sizeof(float), &params)};
    slots.push_back(CreateSizeDirect(b, &terms));
    bindings.push_back(CreateBinding(b, Space::Arena, slot));
    std::vector<Offset<Axis>> axes{CreateAxisDirect(b, "call", tensor.param),
                                   CreateAxisDirect(b, "each", Param::One, tensor.count)};
    return CreateValueDirect(b, tensor.name, ElementType::F32, slot, &axes);
  }

  Offset<Entry> entry(const HandShader &shader, uint32_t kernel, std::span<const uint8_t> weights) {
    slots.clear();
    bindings.clear();
    std::vector<Offset<Value>> inputs;
    for (const Tensor &tensor : shader.inputs)
      inputs.push_back(value(tensor));
    if (!shader.weights.empty())
      bindings.push_back(CreateBinding(b, Space::Weights,
                                       static_cast<uint64_t>(shader.weights.data() - weights.data()),
                                       shader.weights.size()));
    std::vector<Offset<Value>> outputs{value(shader.output)};
    std::vector<Offset<Step>> steps{CreateStepDirect(b, kernel, &bindings)};
    return CreateEntryDirect(b, shader.name, Variant::All, &steps, &slots, &inputs, &outputs);
  }

  flatbuffers::FlatBufferBuilder b;
  std::vector<Offset<Size>> slots;
  std::vector<Offset<Binding>> bindings;
};

} // namespace

static std::vector<uint8_t> joined(PackedMatrix first, PackedMatrix second) {
  std::vector<uint8_t> both(first.begin(), first.end());
  both.insert(both.end(), second.begin(), second.end());
  return both;
}

/// The shaders' workgroups and grids are as their files say.
static std::vector<uint8_t> describe(PackedMatrix q4, PackedMatrix f32, std::span<const uint8_t> weights) {
  std::vector<Tensor> x{{"x", Param::T, columns}};
  Tensor y{"y", Param::T, rows};
  std::vector<Tensor> qkv{{"q", Param::T, heads * headSize},
                          {"keys", Param::S, kvHeads * headSize},
                          {"values", Param::S, kvHeads * headSize}};
  Tensor attended{"attended", Param::T, heads * headSize};
  const HandShader shaders[] = {
      {"q4_1_vector", q4_1_vector_spirv, 16, rows / 128, 1, x, q4, y},
      {"q4_1_product", q4_1_product_spirv, 16, rows / 128, 8, x, q4, y},
      {"f32_product", f32_product_spirv, 16, rows / 128, 8, x, f32, y},
      {"attention_prefill", attention_prefill_spirv, 16, kvHeads, 4, qkv, {}, attended},
      {"attention_decode", attention_decode_spirv, 16, kvHeads, 1, qkv, {}, attended},
  };
  return Writer().write(shaders, weights);
}

static ProgramImage imageOf(std::span<const uint8_t> description, std::span<const uint8_t> weights) {
  ProgramImage image;
  image.path = "hand-written shaders";
  image.description = description;
  image.descriptionHash = XXH3_64bits(description.data(), description.size());
  image.weights = weights;
  return image;
}

HandWritten::HandWritten(PackedMatrix q4, PackedMatrix f32)
    : weights(joined(q4, f32)), description(describe(PackedMatrix(weights).first(q4.size()),
                                                     PackedMatrix(weights).subspan(q4.size()), weights)),
      program(imageOf(description, weights)) {}

} // namespace heddle::bench
