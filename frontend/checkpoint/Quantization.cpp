//===- Quantization.cpp - what quantization_config says -------------------===//
#include "frontend/checkpoint/Quantization.h"
#include "frontend/checkpoint/ReadError.h"

using namespace llvm;
using namespace heddle;

static Error refuse(StringRef file, const Twine &key, const Twine &expected, const Twine &found,
                    const Twine &remedy = ggufRemedy) {
  return readError(file, "key 'quantization_config" + key + "'", expected, found, remedy);
}

static StringRef textAt(const json::Object &object, StringRef key) {
  return object.getString(key).value_or("");
}

/// What "compressed-tensors" says of weights, in the first of its groups of layers that does; else null.
static const json::Object *compressedWeights(const json::Object &entry) {
  if (const json::Object *groups = entry.getObject("config_groups"))
    for (const auto &[name, value] : *groups)
      if (const json::Object *group = value.getAsObject())
        if (const json::Object *weights = group->getObject("weights"))
          return weights;
  return nullptr;
}

static Float8Config float8Config(const json::Value *block) {
  Float8Config config;
  if (const json::Array *sides = block ? block->getAsArray() : nullptr; sides && sides->size() == 2) {
    config.blockRows = std::max<int64_t>((*sides)[0].getAsInteger().value_or(0), 1);
    config.blockColumns = std::max<int64_t>((*sides)[1].getAsInteger().value_or(0), 1);
  }
  return config;
}

static Expected<PackedGroupsConfig> packedConfig(PackedLayout layout, std::optional<int64_t> bits,
                                                 const json::Object &entry, StringRef file) {
  bool hasFour = layout != PackedLayout::Bytes, hasEight = layout != PackedLayout::Awq;
  PackedGroupsConfig config;
  config.layout = layout;
  config.bits = bits.value_or(hasFour ? 4 : 8);
  config.groupSize = entry.getInteger("group_size").value_or(config.groupSize);
  config.zerosAdd = layout == PackedLayout::Gptq && textAt(entry, "checkpoint_format") != "gptq_v2" ? 1 : 0;
  if (!(hasFour && config.bits == 4) && !(hasEight && config.bits == 8))
    return refuse(file, "", !hasEight ? "4 bits" : !hasFour ? "8 bits" : "4 or 8 bits", Twine(config.bits));
  StringRef version = entry.getString("version").value_or("gemm");
  if (layout == PackedLayout::Awq && version.lower() != "gemm")
    return refuse(file, ".version", "'gemm'", "'" + version + "'");
  return config;
}

Expected<Quantization> heddle::readQuantization(const json::Object &entry, StringRef file) {
  Quantization read;
  auto packed = [&](PackedLayout layout, std::optional<int64_t> bits) -> Expected<Quantization> {
    Expected<PackedGroupsConfig> config = packedConfig(layout, bits, entry, file);
    if (!config)
      return config.takeError();
    read.packedGroups = *config;
    return read;
  };
  constexpr const char *remedy = "take the model in GGUF, or as it was before it was quantised";
  StringRef method = textAt(entry, "quant_method");
  if (method == "fp8" || method == "fbgemm_fp8")
    read.float8 = float8Config(entry.get("weight_block_size"));
  else if (method == "gptq")
    return packed(PackedLayout::Gptq, entry.getInteger("bits"));
  else if (method == "awq")
    return packed(PackedLayout::Awq, entry.getInteger("bits"));
  else if (method == "compressed-tensors") {
    StringRef format = textAt(entry, "format");
    const json::Object *weights = compressedWeights(entry);
    std::optional<int64_t> bits = weights ? weights->getInteger("num_bits") : std::nullopt;
    if (format == "pack-quantized")
      return packed(PackedLayout::Compressed, bits);
    if (format == "int-quantized")
      return packed(PackedLayout::Bytes, bits);
    if (format != "float-quantized")
      return refuse(file, ".format", "'float-quantized', 'pack-quantized' or 'int-quantized'",
                    "'" + format + "'", remedy);
    read.float8 = float8Config(weights ? weights->get("block_structure") : nullptr);
  } else if (method != "mxfp4")
    return refuse(file, ".quant_method",
                  "'fp8', 'fbgemm_fp8', 'gptq', 'awq', 'compressed-tensors' or 'mxfp4'", "'" + method + "'",
                  remedy);
  return read;
}
