//===- DescriptionCheck.cpp - is a description to be believed? ------------===//

#include "runtime/program/DescriptionCheck.h"

#include "runtime/abi/vulkan.h"
#include "runtime/program/Format.h"
#include "runtime/program/Program.h"
#include "runtime/support/Error.h"

#include <fmt/format.h>
#include <string>

namespace heddle {

namespace {

/// Bounds that no real program comes near; they keep sums and tables small.
constexpr uint64_t mostScratch = uint64_t(1) << 30;
constexpr uint32_t mostRounding = 1 << 20;
constexpr uint32_t mostInvocations = 1 << 16;
constexpr uint32_t mostShared = 1 << 24;
constexpr uint64_t mostRows = 1 << 24; // float32 counts them
constexpr uint32_t spirvMagic = 0x07230203, spirvHeaderWords = 5;

template <typename T> uint64_t sizeOf(const T *list) { return list ? list->size() : 0; }

[[noreturn]] void refuse(std::string_view place, std::string_view what) {
  throw Error(fmt::format("the program's description is damaged: {}: {}", place, what));
}

class Checker {
public:
  explicit Checker(const format::Program &program) : program(program) {}

  void check() {
    for (auto text : {program.compiler(), program.model(), program.architecture(), program.target(),
                      program.options(), program.chat_template(), program.bos_token(), program.eos_token()})
      if (!text)
        refuse("head", "a text is missing");
    if (std::string_view target = program.target()->string_view();
        target != "cpu" && target != "vulkan" && target != "vulkan,cpu")
      refuse("head", fmt::format("the target '{}' is not known", target));
    if (program.cache_multiple() == 0 || program.cache_multiple() > mostRounding)
      refuse("head", "cache_multiple must be between 1 and 2^20");
    if (program.context() > uint32_t(INT32_MAX))
      refuse("head", "context must be below 2^31");
    checkKernels();
    checkCaches();
    checkWeights();
    checkRegimes();
    checkEntries();
    if (const format::Program *device = program.device()) {
      if (device->device() || !device->target() || device->target()->string_view() != "vulkan" ||
          device->weights_bytes() != program.weights_bytes())
        refuse("head", "what is for devices is not a part of this program");
      Checker(*device).check();
    }
  }

private:
  void checkKernels() {
    for (const format::Kernel *kernel : listOf(program.kernels(), "kernels")) {
      std::string place = nameOf(kernel->name(), "a kernel");
      checkFactors(kernel->grid(), place);
      if (kernel->scratch() > mostScratch)
        refuse(place, "scratch memory must be at most 2^30 bytes");
      checkShaders(*kernel, place);
    }
  }

  void checkShaders(const format::Kernel &kernel, const std::string &place) {
    if (kernel.device_scratch() > mostScratch || kernel.device_scratch() % bufferAlignment != 0)
      refuse(place, fmt::format("a workgroup's scratch memory must be a multiple of {}, at most 2^30 bytes",
                                bufferAlignment));
    if (Program::isFor(program, "vulkan") && !program.device() && sizeOf(kernel.shaders()) == 0)
      refuse(place, "it has no shader");
    for (size_t i = 0; i < sizeOf(kernel.writes()); ++i)
      if (kernel.writes()->Get(i) > 1)
        refuse(place, "what it writes must be told by 0 and 1");
    for (size_t i = 0; i < sizeOf(kernel.shaders()); ++i) {
      const format::Shader &shader = *kernel.shaders()->Get(i);
      if (sizeOf(shader.spirv()) < spirvHeaderWords || shader.spirv()->Get(0) != spirvMagic)
        refuse(place, "a shader does not begin as SPIR-V");
      if (shader.workgroup() == 0 || shader.workgroup() > mostInvocations)
        refuse(place, "a workgroup must have between 1 and 2^16 invocations");
      if (shader.widest() > mostInvocations || shader.widest() % shader.workgroup() != 0)
        refuse(place, "the widest workgroup must be a multiple of a piece's invocations, at most 2^16");
      if (shader.teams() && shader.widest() == 0)
        refuse(place, "teams must have a widest workgroup");
      if (shader.shared() > mostShared)
        refuse(place, "shared memory must be at most 2^24 bytes");
      if (shader.subgroup() > mostInvocations || (shader.subgroup() & (shader.subgroup() - 1)) != 0)
        refuse(place, "a subgroup's size must be a power of two");
    }
  }

  void checkCaches() {
    if (!program.caches())
      return;
    for (const format::Cache *cache : *program.caches()) {
      std::string place = nameOf(cache->name(), "a cache");
      checkSize(cache->size(), place);
      if (cache->ring() ? cache->window() == 0 || cache->window() > cache->ring() : cache->window() != 0)
        refuse(place, "a ring must hold its window");
      for (const format::Term *term : *cache->size()->terms())
        for (size_t i = 0; i < sizeOf(term->params()); ++i)
          if (auto param = format::Param(term->params()->Get(i));
              param != format::Param::One && param != format::Param::C)
            refuse(place,
                   fmt::format("its size must depend on C only, not {}", format::EnumNameParam(param)));
    }
  }

  void checkWeights() {
    if (program.weights_bytes() > uint64_t(1) << 48)
      refuse("weights", "more than 2^48 bytes");
    if (!program.weights())
      return;
    for (const format::Weight *weight : *program.weights()) {
      std::string place = nameOf(weight->name(), "a weight");
      if (!weight->format())
        refuse(place, "a text is missing");
      if (weight->offset() > program.weights_bytes() ||
          weight->bytes() > program.weights_bytes() - weight->offset())
        refuse(place, "it reaches beyond the weights");
      // The Verifier looks at where a list begins, not at where its numbers of eight bytes do.
      if (weight->shape() && reinterpret_cast<uintptr_t>(weight->shape()->Data()) % alignof(uint64_t) != 0)
        refuse(place, "its shape must begin at a multiple of 8");
    }
  }

  void checkRegimes() {
    uint32_t before = 0;
    for (size_t i = 0; i < sizeOf(program.regimes()); ++i) {
      if (program.regimes()->Get(i) <= before)
        refuse("regimes", "they must rise");
      before = program.regimes()->Get(i);
    }
  }

  void checkEntries() {
    const auto &entries = listOf(program.entries(), "entries");
    for (const format::Entry *entry : entries) {
      std::string place = nameOf(entry->name(), "an entry");
      if (entry->variant() > format::Variant::MAX)
        refuse(place, "unknown variant");
      for (const format::Entry *other : entries)
        if (other != entry && other->name() && other->name()->string_view() == entry->name()->string_view() &&
            other->variant() == entry->variant())
          refuse(place, "it is there twice");
      checkEntry(*entry, place);
    }
  }

  void checkEntry(const format::Entry &entry, const std::string &place) {
    if (entry.slots())
      for (const format::Size *slot : *entry.slots())
        checkSize(slot, place);
    for (const format::Step *step : listOf(entry.steps(), place))
      checkStep(entry, *step, place);
    if (entry.inputs())
      for (const format::Value *input : *entry.inputs())
        checkValue(entry, input, place);
    for (const format::Value *output : listOf(entry.outputs(), place)) {
      checkValue(entry, output, place);
      if (output->type() != format::ElementType::F32 && !Program::isCandidate(*output))
        refuse(place, "an output must be F32");
    }
    if (entry.taps())
      for (const format::Tap *tap : *entry.taps())
        checkTap(entry, *tap, place);
  }

  void checkStep(const format::Entry &entry, const format::Step &step, const std::string &place) {
    if (step.kernel() >= program.kernels()->size())
      refuse(place,
             fmt::format("a step names kernel {}, there are {}", step.kernel(), program.kernels()->size()));
    checkFactors(step.operations(), place);
    if (step.bindings())
      for (const format::Binding *binding : *step.bindings())
        checkBinding(entry, *binding, place);
    if (const format::Kernel &kernel = *program.kernels()->Get(step.kernel()); sizeOf(kernel.shaders()) != 0)
      checkShaderCall(step, kernel, place);
  }

  void checkShaderCall(const format::Step &step, const format::Kernel &kernel, const std::string &place) {
    std::string_view name = kernel.name()->string_view();
    uint64_t bindings = sizeOf(step.bindings());
    if (bindings + sizeOf(step.scalars()) + (kernel.device_scratch() != 0) > HEDDLE_PUSH_WORDS)
      refuse(place, fmt::format("a step of '{}' has more than {} bindings and scalars", name,
                                int(HEDDLE_PUSH_WORDS)));
    if (bindings != sizeOf(kernel.writes()))
      refuse(place, fmt::format("a step of '{}' has {} bindings, its kernel {}", name, bindings,
                                sizeOf(kernel.writes())));
    if (kernel.window_rows() > mostRows)
      refuse(place, fmt::format("windows of '{}' must be of at most 2^24 rows", name));
    bool hasRows = kernel.window_rows() && sizeOf(step.scalars()) >= 2 && *step.scalars()->rbegin() >= 1 &&
                   *step.scalars()->rbegin() <= static_cast<float>(mostRows);
    for (uint32_t i = 0; i < bindings; ++i) {
      const format::Binding &binding = *step.bindings()->Get(i);
      if (binding.row() && !hasRows)
        refuse(place, fmt::format("a step of '{}' does not say how many rows its windows have", name));
      if (binding.space() != format::Space::Weights)
        continue;
      if (binding.row() &&
          evaluate(*binding.row(), {}) > binding.bytes() / static_cast<uint64_t>(*step.scalars()->rbegin()))
        refuse(place, fmt::format("rows of '{}' reach beyond the weights", name));
      if (kernel.writes()->Get(i) != 0)
        refuse(place, fmt::format("'{}' writes weights", name));
      if (binding.bytes() == 0)
        refuse(place, fmt::format("a step of '{}' does not say how many bytes of weights it reads", name));
    }
  }

  void checkBinding(const format::Entry &entry, const format::Binding &binding, const std::string &place) {
    if (binding.row())
      checkSize(binding.row(), place);
    switch (binding.space()) {
    case format::Space::Arena:
      return checkIndex("slot", binding.index(), sizeOf(entry.slots()), place);
    case format::Space::Cache:
      return checkIndex("cache", binding.index(), sizeOf(program.caches()), place);
    case format::Space::Weights:
      checkIndex("weight at", binding.index(), program.weights_bytes(), place);
      if (binding.index() % bufferAlignment != 0)
        refuse(place, fmt::format("the weights at {} must start at a multiple of {}", binding.index(),
                                  bufferAlignment));
      if (binding.bytes() > program.weights_bytes() - binding.index())
        refuse(place, fmt::format("the weights at {} reach beyond the end", binding.index()));
      return;
    }
    refuse(place, "a binding's space is not known");
  }

  void checkTap(const format::Entry &entry, const format::Tap &tap, const std::string &place) {
    nameOf(tap.name(), place);
    if (tap.after() > entry.steps()->size())
      refuse(place, "a tap comes after the last step");
    checkValue(entry, tap.value(), place);
    if (tap.value()->type() != format::ElementType::F32)
      refuse(place, "a tap must be F32");
  }

  void checkValue(const format::Entry &entry, const format::Value *value, const std::string &place) {
    if (!value)
      refuse(place, "a value is missing");
    std::string name = nameOf(value->name(), place);
    if (value->type() > format::ElementType::MAX)
      refuse(name, "its type is not known");
    checkIndex("slot", value->slot(), sizeOf(entry.slots()), name);
    if (value->axes())
      for (const format::Axis *axis : *value->axes()) {
        checkParam(axis->param(), name);
        if (!axis->name())
          refuse(name, "an axis has no name");
      }
  }

  void checkSize(const format::Size *size, const std::string &place) {
    if (!size || !size->terms())
      refuse(place, "a size is missing");
    for (const format::Term *term : *size->terms()) {
      if (term->round() == 0 || term->round() > mostRounding)
        refuse(place, "a size must be rounded to a multiple between 1 and 2^20");
      for (size_t i = 0; i < sizeOf(term->params()); ++i)
        checkParam(format::Param(term->params()->Get(i)), place);
    }
  }

  void checkFactors(const flatbuffers::Vector<flatbuffers::Offset<format::Factor>> *factors,
                    const std::string &place) {
    if (!factors)
      return;
    for (const format::Factor *factor : *factors) {
      checkParam(factor->param(), place);
      if (factor->divide() == 0)
        refuse(place, "a factor divides by 0");
    }
  }

  void checkParam(format::Param param, const std::string &place) {
    if (param > format::Param::MAX)
      refuse(place, "a size of the call is not known");
  }

  void checkIndex(std::string_view what, uint64_t index, uint64_t count, const std::string &place) {
    if (index >= count)
      refuse(place, fmt::format("{} {} must be below {}", what, index, count));
  }

  std::string nameOf(const flatbuffers::String *name, const std::string &place) {
    if (!name)
      refuse(place, "its name is missing");
    return fmt::format("'{}'", name->string_view());
  }

  template <typename T> const T &listOf(const T *list, const std::string &place) {
    if (!list || list->size() == 0)
      refuse(place, "a list is missing");
    return *list;
  }

  const format::Program &program;
};

} // namespace

const format::Program &checkDescription(std::span<const uint8_t> bytes) {
  if (bytes.size() < 8 || bytes.size() > FLATBUFFERS_MAX_BUFFER_SIZE)
    throw Error("the program's description is damaged: it is cut off");
  if (!format::ProgramBufferHasIdentifier(bytes.data()))
    throw Error("the program's description is damaged: it does not begin as one");
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), /*max_depth=*/16, /*max_tables=*/50'000'000);
  if (!format::VerifyProgramBuffer(verifier))
    throw Error("the program's description is damaged: its tables are not sound");
  const format::Program &program = *format::GetProgram(bytes.data());
  if (program.format_version() != programFormatVersion)
    throw Error(fmt::format("the program has format {}, this runtime reads {}: compile the model again",
                            program.format_version(), programFormatVersion));
  Checker(program).check();
  return program;
}

} // namespace heddle
