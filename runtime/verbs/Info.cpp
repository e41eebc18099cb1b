//===- Info.cpp - the verb `info`: what is inside -------------------------===//

#include "runtime/engine/Layout.h"
#include "runtime/engine/Memory.h"
#include "runtime/engine/Session.h"
#include "runtime/verbs/InfoDevices.h"
#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <system_error>

namespace heddle {

namespace {

/// Lines "name: value", names in one column.
class Listing {
public:
  void add(std::string_view name, const std::string &value) {
    text += fmt::format("{:<16} {}\n", name, value);
  }
  void heading(std::string_view name) { text += fmt::format("\n{}\n", name); }
  void line(const std::string &value) { text += value + "\n"; }
  std::string text;
};

std::string sizeOf(uint64_t bytes) { return fmt::format("{} ({} bytes)", readableBytes(bytes), bytes); }

void describeHead(const Program &program, Listing &list) {
  const format::Program &root = program.description();
  list.add("model", root.model()->str());
  list.add("architecture", root.architecture()->str());
  list.add("target", root.target()->str());
  list.add("compiled by",
           fmt::format("heddle {} {}", root.compiler()->string_view(), root.options()->string_view()));
  if (Program::isFor(root, "cpu"))
    list.add("kernels for", std::string(program.cpu()));
  list.add("context", root.context() == 0
                          ? "not known"
                          : fmt::format("{} tokens{}", root.context(),
                                        root.bounded() ? ", no more can be computed" : ", as trained"));
  uint64_t tokenizer = root.tokenizer() ? root.tokenizer()->size() : 0;
  list.add("tokenizer", tokenizer == 0 ? "none" : sizeOf(tokenizer));
  list.add("chat template", root.chat_template()->size() == 0 ? "none" : "yes");
  std::error_code error;
  uint64_t file = std::filesystem::file_size(program.path(), error);
  list.add("program", error ? "size not known" : sizeOf(file));
  list.add("weights",
           sizeOf(root.weights_bytes()) +
               (program.weightsFile().empty() ? "" : fmt::format(" in '{}'", program.weightsFile())));
}

void describeWeights(const format::Program &root, Listing &list) {
  struct Total {
    uint64_t count = 0, bytes = 0, numbers = 0;
  };
  std::map<std::string_view, Total> formats;
  if (root.weights())
    for (const format::Weight *weight : *root.weights()) {
      uint64_t numbers = 1;
      if (weight->shape())
        for (uint64_t extent : *weight->shape())
          numbers = checkedProduct(numbers, extent);
      Total &total = formats[weight->format()->string_view()];
      ++total.count;
      total.bytes = checkedSum(total.bytes, weight->bytes());
      total.numbers = checkedSum(total.numbers, numbers);
    }
  list.heading("weights by format");
  for (const auto &[name, total] : formats)
    list.line(fmt::format("  {:<12} {:6} tensors {:14} parameters {}", name, total.count, total.numbers,
                          sizeOf(total.bytes)));
}

/// What a token more takes, and what windows take however many there are.
std::string describeCaches(const format::Program &root, uint64_t capacity) {
  uint64_t growing = 0, windows = 0;
  if (root.caches())
    for (const format::Cache *cache : *root.caches()) {
      bool bounded = cache->ring() != 0 && cache->ring() < capacity;
      uint64_t &bytes = bounded ? windows : growing;
      bytes = checkedSum(bytes, cacheBytes(*cache, capacity));
    }
  std::string text = fmt::format("{} for a token", readableBytes(growing / capacity));
  return windows == 0 ? text : fmt::format("{} and {} for windows", text, readableBytes(windows));
}

void describeMemory(const format::Program &root, uint64_t context, std::optional<uint64_t> tokens,
                    Listing &list) {
  uint64_t capacity = roundUp(context, root.cache_multiple());
  uint64_t cache = layOutCaches(root, capacity).bytes;
  list.heading(fmt::format("memory for a context of {} tokens", context));
  list.line(fmt::format("  cache        {}, {}", sizeOf(cache), describeCaches(root, capacity)));
  for (const format::Entry *entry : *root.entries()) {
    CallSizes sizes;
    uint64_t count = isDivisible(*entry) ? chooseChunk(*entry, capacity, 1) : context;
    if (entry->variant() != format::Variant::Decode)
      count = tokens.value_or(count);
    sizes.tokens() = static_cast<int64_t>(count);
    sizes.sequence() = static_cast<int64_t>(isDivisible(*entry) ? capacity : count);
    sizes.capacity() = static_cast<int64_t>(capacity);
    sizes.second() = sizes.tokens();
    list.line(fmt::format("  activations  {} for {} {} at a time ({}, {})",
                          sizeOf(layOutArena(*entry, sizes).bytes), count, count == 1 ? "token" : "tokens",
                          entry->name()->string_view(), variantName(entry->variant())));
  }
}

std::string describeValues(const flatbuffers::Vector<flatbuffers::Offset<format::Value>> *values) {
  std::string text;
  if (values)
    for (const format::Value *value : *values) {
      text += fmt::format("{}{}: [", text.empty() ? "" : ", ", value->name()->string_view());
      for (uint32_t i = 0; value->axes() && i < value->axes()->size(); ++i)
        text += fmt::format("{}{}", i == 0 ? "" : ", ", value->axes()->Get(i)->name()->string_view());
      text += "]";
    }
  return text;
}

void describeEntries(const format::Program &root, Listing &list) {
  list.heading("entries");
  for (const format::Entry *entry : *root.entries())
    list.line(fmt::format("  {}, {}: ({}) -> {}; {} steps", entry->name()->string_view(),
                          variantName(entry->variant()), describeValues(entry->inputs()),
                          describeValues(entry->outputs()), entry->steps()->size()));
}

void describeKernels(const format::Program &root, Listing &list) {
  std::vector<uint64_t> uses(root.kernels()->size());
  for (const format::Entry *entry : *root.entries())
    for (const format::Step *step : *entry->steps())
      ++uses[step->kernel()];
  list.heading(fmt::format("kernels: {}", uses.size()));
  for (uint32_t i = 0; i < uses.size(); ++i) {
    const format::Kernel *kernel = root.kernels()->Get(i);
    std::string line = fmt::format("  {} ({} steps", kernel->name()->string_view(), uses[i]);
    if (kernel->scratch() > 0)
      line += fmt::format(", {} a thread", readableBytes(kernel->scratch()));
    line += ")";
    if (kernel->reads())
      for (const flatbuffers::String *text : *kernel->reads())
        line += fmt::format("\n      {}", text->string_view());
    list.line(line);
  }
}

} // namespace

void infoVerb(const Invocation &call) {
  bool verify = false, devices = false;
  std::optional<uint64_t> tokens;
  std::optional<std::string> device;
  ContextOption context;
  CommandLine line(call.name, "Prints what is inside: sizes, target, kernels, formats, memory it will need.");
  line.flag("--verify", verify, "read all weights and check their checksum");
  line.option("--tokens", tokens, 1, uint64_t(1) << 31, "show the memory for so many tokens at a time");
  line.flag("--devices", devices, "list the devices that it can be run on instead");
  line.option("--device", device, "NAME, part of it, or number of the device to show the shaders for");
  context.declare(line);
  if (!line.parse(call.arguments))
    return;

  Program program(call.image);
  const format::Program &root = program.description();
  if (devices)
    return print(deviceListing(program));
  Listing list;
  describeHead(program, list);
  describeMemory(root, context.choose(root, 0), tokens, list);
  describeWeights(root, list);
  describeEntries(root, list);
  describeKernels(root, list);
  if (Program::isFor(root, "vulkan"))
    list.text += shaderListing(root, device);
  if (verify) {
    program.verifyWeights();
    list.line("\nthe weights are as they were written");
  }
  print(list.text);
}

} // namespace heddle
