//===- Description.cpp - writes a program's description -------------------===//

#include "backends/program/Description.h"
#include "runtime/program/Format.h"

using namespace llvm;
using namespace heddle;

namespace {

/// Schedule to FlatBuffer, table by table: each function's rows are those of program.fbs.
class Writer {
public:
  explicit Writer(const ProgramFacts &facts) : facts(facts) {}

  std::vector<uint8_t> write(const Schedule &schedule, const Schedule *device, const PackPlan &plan);

private:
  template <typename T> using Ref = flatbuffers::Offset<T>;
  template <typename T> using RefList = Ref<flatbuffers::Vector<Ref<T>>>;

  Ref<flatbuffers::String> text(StringRef value) { return builder.CreateString(value.data(), value.size()); }

  /// A list of tables, each made by `make`.
  template <typename T, typename List, typename Make> RefList<T> list(const List &values, Make make) {
    std::vector<Ref<T>> refs;
    refs.reserve(values.size());
    for (const auto &value : values)
      refs.push_back(make(value));
    return builder.CreateVector(refs);
  }

  RefList<format::Factor> factors(ArrayRef<Factor> values) {
    return list<format::Factor>(values, [&](const Factor &factor) {
      return format::CreateFactor(builder, factor.param, factor.divide, factor.times);
    });
  }

  Ref<format::Size> size(const SizeTerms &terms) {
    return format::CreateSize(builder, list<format::Term>(terms, [&](const SizeTerm &term) {
                                auto params = builder.CreateVector(term.params.data(), term.params.size());
                                return format::CreateTerm(builder, term.coefficient, params, term.round);
                              }));
  }

  Ref<format::Value> value(const ScheduledValue &value) {
    auto axes = list<format::Axis>(value.axes, [&](const ScheduledAxis &axis) {
      return format::CreateAxis(builder, text(axis.name), axis.param, axis.size);
    });
    return format::CreateValue(builder, text(value.name), value.type, value.slot, axes, value.extent,
                               value.optional, value.otherwise);
  }

  Ref<format::Kernel> kernel(const ScheduledKernel &kernel) {
    auto reads = builder.CreateVectorOfStrings(kernel.reads);
    auto name = text(kernel.name);
    auto grid = factors(kernel.grid);
    auto found = facts.shaders.find(kernel.name);
    if (!withShaders || found == facts.shaders.end())
      return format::CreateKernel(builder, name, grid, facts.scratch.lookup(kernel.name), reads,
                                  kernel.serial, 0, 0, 0, 0, kernel.beyond, kernel.windowRows);
    uint64_t deviceScratch = 0;
    auto shaders = list<format::Shader>(found->second, [&](const ProgramShader &shader) {
      deviceScratch = std::max(deviceScratch, shader.deviceScratch);
      auto spirv = builder.CreateVector(shader.spirv);
      return format::CreateShader(builder, spirv, shader.needs, shader.workgroup, shader.shared,
                                  /*subgroup=*/0, shader.widest, shader.teams);
    });
    auto writes = builder.CreateVector(kernel.writes);
    auto integers = builder.CreateVector(kernel.integers);
    return format::CreateKernel(builder, name, grid, facts.checkScratch.lookup(kernel.name), reads,
                                kernel.serial, shaders, writes, deviceScratch, integers, kernel.beyond,
                                kernel.windowRows);
  }

  Ref<format::Step> step(const ScheduledStep &step) {
    auto bindings = list<format::Binding>(step.bindings, [&](const ScheduledBinding &binding) {
      Ref<format::Size> row = binding.row.empty() ? 0 : size(binding.row);
      return format::CreateBinding(builder, binding.space, binding.index, binding.bytes, row);
    });
    auto scalars = builder.CreateVector(step.scalars.data(), step.scalars.size());
    return format::CreateStep(builder, step.kernel, bindings, scalars, step.weightBytes,
                              factors(step.operations));
  }

  Ref<format::Entry> entry(const ScheduledEntry &entry) {
    auto steps = list<format::Step>(entry.steps, [&](auto &one) { return step(one); });
    auto slots = list<format::Size>(entry.slots, [&](auto &one) { return size(one); });
    auto inputs = list<format::Value>(entry.inputs, [&](auto &one) { return value(one); });
    auto outputs = list<format::Value>(entry.outputs, [&](auto &one) { return value(one); });
    auto taps = list<format::Tap>(entry.taps, [&](const ScheduledTap &tap) {
      return format::CreateTap(builder, text(tap.value.name), tap.after, value(tap.value));
    });
    return format::CreateEntry(builder, text(entry.name), entry.variant, steps, slots, inputs, outputs, taps);
  }

  RefList<format::Weight> weights(ArrayRef<PackedWeight> weights) {
    return list<format::Weight>(weights, [&](const PackedWeight &weight) {
      auto shape = builder.CreateVectorScalarCast<uint64_t>(weight.shape.data(), weight.shape.size());
      return format::CreateWeight(builder, text(weight.name), text(stringifyFormat(weight.format)), shape,
                                  weight.offset, weight.bytes);
    });
  }

  /// The lists of a schedule.
  struct Lists {
    RefList<format::Entry> entries;
    RefList<format::Kernel> kernels;
    RefList<format::Cache> caches;
  };
  Lists lists(const Schedule &schedule, bool shaders) {
    withShaders = shaders;
    auto entries = list<format::Entry>(schedule.entries, [&](auto &one) { return entry(one); });
    auto kernels = list<format::Kernel>(schedule.kernels, [&](auto &one) { return kernel(one); });
    auto caches = list<format::Cache>(schedule.caches, [&](const ScheduledCache &cache) {
      return format::CreateCache(builder, text(cache.name), size(cache.size), cache.ring, cache.window);
    });
    return {entries, kernels, caches};
  }

  Ref<format::Program> devicePart(const Schedule &schedule, const PackPlan &plan) {
    Lists own = lists(schedule, /*shaders=*/true);
    auto nothing = text(""), target = text("vulkan");
    format::ProgramBuilder program(builder);
    program.add_format_version(programFormatVersion);
    program.add_compiler(nothing);
    program.add_model(nothing);
    program.add_architecture(nothing);
    program.add_target(target);
    program.add_options(nothing);
    program.add_entries(own.entries);
    program.add_kernels(own.kernels);
    program.add_caches(own.caches);
    program.add_cache_multiple(facts.cacheMultiple);
    program.add_weights_bytes(plan.bytes());
    program.add_chat_template(nothing);
    program.add_bos_token(nothing);
    program.add_eos_token(nothing);
    return program.Finish();
  }

  const ProgramFacts &facts;
  flatbuffers::FlatBufferBuilder builder;
  bool withShaders = false; // of the kernels that are being written
};

} // namespace

std::vector<uint8_t> Writer::write(const Schedule &schedule, const Schedule *device, const PackPlan &plan) {
  Ref<format::Program> deviceProgram;
  if (device)
    deviceProgram = devicePart(*device, plan);
  auto [entries, kernels, caches] = lists(schedule, /*shaders=*/!device);
  auto weightList = weights(plan.weights());
  auto compiler = text(facts.compiler), model = text(facts.model), architecture = text(facts.architecture);
  auto target = text(facts.target), options = text(facts.options), chatTemplate = text(facts.chatTemplate);
  auto bos = text(facts.bosToken), eos = text(facts.eosToken);
  auto tokenizer =
      builder.CreateVector(reinterpret_cast<const uint8_t *>(facts.tokenizer.data()), facts.tokenizer.size());
  auto endTokens = builder.CreateVector(facts.endTokens), regimes = builder.CreateVector(facts.regimes);

  format::ProgramBuilder program(builder);
  program.add_format_version(programFormatVersion);
  program.add_compiler(compiler);
  program.add_model(model);
  program.add_architecture(architecture);
  program.add_target(target);
  program.add_options(options);
  program.add_entries(entries);
  program.add_kernels(kernels);
  program.add_caches(caches);
  program.add_cache_multiple(facts.cacheMultiple);
  program.add_weights(weightList);
  program.add_weights_bytes(plan.bytes());
  program.add_weights_hash(UINT64_MAX); // a place for it: a field that is 0 would not be stored
  program.add_context(facts.context);
  program.add_bounded(facts.bounded);
  program.add_tokenizer(tokenizer);
  program.add_chat_template(chatTemplate);
  program.add_bos_token(bos);
  program.add_eos_token(eos);
  program.add_end_tokens(endTokens);
  program.add_memory_start(facts.memoryStart);
  program.add_regimes(regimes);
  program.add_device(deviceProgram);
  format::FinishProgramBuffer(builder, program.Finish());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::vector<uint8_t> heddle::describe(const Schedule &schedule, const Schedule *device, const PackPlan &plan,
                                      const ProgramFacts &facts) {
  return Writer(facts).write(schedule, device, plan);
}

void heddle::setWeightsHash(MutableArrayRef<uint8_t> description, uint64_t hash) {
  auto *table = flatbuffers::GetMutableRoot<flatbuffers::Table>(description.data());
  table->SetField<uint64_t>(format::Program::VT_WEIGHTS_HASH, hash, UINT64_MAX);
}
