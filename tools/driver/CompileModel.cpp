//===- CompileModel.cpp - from a model to a program -----------------------===//

#include "tools/driver/CompileModel.h"
#include "backends/cpu/Codegen.h"
#include "backends/program/WriteProgram.h"
#include "backends/vulkan/Passes.h"
#include "backends/vulkan/Shaders.h"
#include "frontend/elaborate/Elaborate.h"
#include "frontend/language/Load.h"
#include "frontend/language/Print.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipeline.h"
#include "tools/driver/Facts.h"
#include "tools/driver/Progress.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <thread>

using namespace llvm;
using namespace heddle;

namespace {

/// Prints the module after the passes that are asked for.
class PassPrinter : public mlir::PassInstrumentation {
public:
  explicit PassPrinter(const Stages &stages) : stages(stages) {}

  void runAfterPass(mlir::Pass *pass, mlir::Operation *op) override {
    if (!stages.wants(pass->getArgument()))
      return;
    outs() << "// after " << pass->getArgument() << '\n' << *op << '\n';
  }

private:
  const Stages &stages;
};

/// One compilation. Each step expects those above it to have been done.
class Compilation {
public:
  Compilation(const CompileOptions &options, const Stages &stages, StringRef output, bool listDefaults)
      : options(options), stages(stages), output(output), listDefaults(listDefaults),
        progress("compiling " + sys::path::filename(options.model).str()) {}

  Error run();

private:
  Error openModel();
  Error readPage();
  Error makeModule();
  Error runPasses();
  Error runPipeline(mlir::ModuleOp kernels, const PipelineOptions &pipeline, bool forDevice);
  Error makeCode();
  Error makeCpuCode();
  Error makeCheckCode();
  Error makeShaders();
  Error writeOut();
  int64_t accumulators() const;
  Error reported(const Twine &what);

  const CompileOptions &options;
  const Stages &stages;
  StringRef output;
  bool listDefaults;
  Progress progress;

  std::vector<cpu::CpuTarget> targets;
  std::unique_ptr<Checkpoint> checkpoint; // null for a page alone; without tensors where weights are random
  std::string pagePath;
  std::unique_ptr<LoadedPage> page;
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module; // for the processor; what one runs best is not what a device does
  mlir::OwningOpRef<mlir::ModuleOp> deviceModule; // for devices. Each null where it is not wanted
  std::optional<StoredSource> source;
  cpu::CpuCode code, checkCode;
  std::vector<vulkan::Shader> shaders;
};

} // namespace

/// "1 error in 'x'", "2 errors in 'x'".
static std::string countErrors(unsigned count, StringRef file) {
  return (Twine(count) + (count == 1 ? " error in '" : " errors in '") + file + "'").str();
}

/// The error after messages that have been printed already.
Error Compilation::reported(const Twine &what) {
  return createStringError("'" + options.model + "' is not compiled: " + what);
}

Error Compilation::openModel() {
  auto found = cpu::cpuTargets(options.cpu);
  if (!found)
    return found.takeError();
  targets = std::move(*found);
  // The first that a machine can run is the one it runs: the most capable comes first.
  llvm::stable_sort(targets, [](const cpu::CpuTarget &a, const cpu::CpuTarget &b) {
    return std::pair(a.vectorBits, a.features.size()) > std::pair(b.vectorBits, b.features.size());
  });
  if (options.isPage()) {
    pagePath = options.model;
    return Error::success();
  }
  auto opened = options.randomWeights ? openConfig(options.model) : openCheckpoint(options.model);
  if (!opened)
    return opened.takeError();
  checkpoint = std::move(*opened);
  if (!options.arch.empty()) {
    pagePath = options.arch;
    return Error::success();
  }
  auto path = findPage(modelsFolder(), *checkpoint);
  if (!path)
    return path.takeError();
  pagePath = *path;
  return Error::success();
}

Error Compilation::readPage() {
  auto loaded = loadPage(pagePath);
  if (!loaded)
    return loaded.takeError();
  page = std::move(*loaded);
  if (page->diagnostics.hasErrors()) {
    page->diagnostics.print(errs());
    return reported(countErrors(page->diagnostics.errorCount(), pagePath));
  }
  if (stages.wants("tokens"))
    printTokens(outs(), page->sources, page->page->buffer);
  if (stages.wants("ast"))
    printAst(outs(), page->sources, *page->page);
  return Error::success();
}

Error Compilation::makeModule() {
  progress.show("reading the page");
  mlir::DialectRegistry registry;
  cpu::registerCpuDialects(registry);
  vulkan::registerVulkanDialects(registry);
  mlir::func::registerInlinerExtension(registry);
  context = std::make_unique<mlir::MLIRContext>(registry);
  context->loadDialect<HeddleDialect>();

  Overrides overrides;
  overrides.values = options.set;
  overrides.randomWeights = options.randomWeights.has_value();
  overrides.seed = options.randomWeights.value_or(0);
  Notices notices;
  module = elaborate(*context, *page->page, page->library.get(), checkpoint.get(), overrides,
                     page->diagnostics, notices, options.tapAll ? Taps::All : Taps::Hidden);
  progress.clear();
  page->diagnostics.print(errs());
  if (!module)
    return reported(page->diagnostics.hasErrors() ? countErrors(page->diagnostics.errorCount(), pagePath)
                                                  : "its mathematics is not sound");
  if (listDefaults)
    for (const std::string &notice : notices.defaults)
      errs() << "heddle: note: " << notice << '\n';
  if (listDefaults && options.activationBits == 8 && options.forCpu() &&
      llvm::none_of(targets, [](auto &processor) { return processor.vnni(); }))
    errs() << "heddle: note: on processors without VNNI, '--activations int8' makes a program no faster\n";
  if (options.randomWeights) {
    source.emplace(*options.randomWeights);
    source->nameTensors(*module);
  } else {
    source.emplace(*checkpoint);
  }
  if (!options.quantize.empty())
    for (StoredOp weight : module->getOps<StoredOp>())
      weight->setAttr("quantize", mlir::StringAttr::get(context.get(), options.quantize));
  if (stages.wants("heddle"))
    outs() << **module << '\n';
  return Error::success();
}

/// Vectors of 16 numbers that fit in the registers of every processor, beside operands.
int64_t Compilation::accumulators() const {
  int64_t least = INT64_MAX;
  for (const cpu::CpuTarget &target : targets) {
    int64_t beside = target.vectorRegisters / 4, registersEach = std::max(1u, 512 / target.vectorBits);
    least = std::min<int64_t>(least, (target.vectorRegisters - beside) / registersEach);
  }
  return least;
}

Error Compilation::runPasses() {
  progress.show("making kernels");
  if (options.forVulkan())
    deviceModule = options.forCpu() ? mlir::OwningOpRef(module->clone()) : std::move(module);
  PipelineOptions pipeline;
  pipeline.optLevel = options.optLevel;
  pipeline.accumulators = accumulators();
  // int16: one instruction with VNNI, two (pmaddwd) on any other x86-64.
  pipeline.activationBits = options.activationBits;
  if (module)
    if (Error error = runPipeline(*module, pipeline, /*forDevice=*/false))
      return error;
  pipeline.activationBits = options.activationBits == 8 ? 8 : 32;
  pipeline.direct = true;
  pipeline.candidates = true; // a device's memory is far from the processor's
  return deviceModule ? runPipeline(*deviceModule, pipeline, /*forDevice=*/true) : Error::success();
}

Error Compilation::runPipeline(mlir::ModuleOp kernels, const PipelineOptions &pipeline, bool forDevice) {
  mlir::PassManager manager(context.get(), mlir::ModuleOp::getOperationName());
  if (stages.any())
    manager.addInstrumentation(std::make_unique<PassPrinter>(stages));
  buildPipeline(manager, pipeline);
  if (forDevice) {
    manager.addPass(vulkan::createWindowRows());
    manager.addPass(vulkan::createAssignSpaces());
  }
  return failed(manager.run(kernels)) ? reported("a pass failed") : Error::success();
}

/// The name of a stage of the CPU backend.
static StringRef stageName(cpu::Stage stage) {
  switch (stage) {
  case cpu::Stage::Kernels:
    return "kernels";
  case cpu::Stage::Lanes:
    return "lanes";
  case cpu::Stage::LLVMDialect:
    return "llvm-dialect";
  case cpu::Stage::LLVMIR:
    return "llvm-ir";
  case cpu::Stage::Assembly:
    return "asm";
  }
  return "";
}

/// The name of a stage of the Vulkan backend.
static StringRef stageName(vulkan::Stage stage) {
  switch (stage) {
  case vulkan::Stage::Gpu:
    return "gpu";
  case vulkan::Stage::Spirv:
    return "spirv";
  case vulkan::Stage::Assembly:
    return "spirv-asm";
  case vulkan::Stage::Glsl:
    return "glsl";
  }
  return "";
}

Error Compilation::makeShaders() {
  vulkan::ShaderOptions wanted;
  if (stages.any()) {
    wanted.wanted = [&](vulkan::Stage stage) { return stages.wants(stageName(stage)); };
    wanted.show = [&](vulkan::Stage, StringRef text) { outs() << text << '\n'; };
  }
  auto generated = vulkan::generate(*deviceModule, wanted);
  if (!generated)
    return generated.takeError();
  shaders = std::move(*generated);
  return Error::success();
}

Error Compilation::makeCode() {
  progress.show("compiling kernels");
  if (deviceModule)
    if (Error error = makeShaders())
      return error;
  return makeCpuCode();
}

Error Compilation::makeCpuCode() {
  cpu::CodegenOptions codegen;
  codegen.level = static_cast<cpu::OptLevel>(options.optLevel);
  codegen.lines = stages.any(); // the link leaves them out
  codegen.threads = std::max(1u, std::thread::hardware_concurrency());
  if (stages.any()) {
    codegen.wanted = [&](cpu::Stage stage) { return stages.wants(stageName(stage)); };
    codegen.show = [&](cpu::Stage, const cpu::CpuTarget &, StringRef text) { outs() << text << '\n'; };
  }
  mlir::OwningOpRef<mlir::ModuleOp> nothing; // the tables that a program links against are there all the same
  if (!module)
    nothing = mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()));
  auto generated = cpu::generate(module ? *module : *nothing,
                                 module ? ArrayRef(targets) : ArrayRef<cpu::CpuTarget>(), codegen);
  if (!generated)
    return generated.takeError();
  code = std::move(*generated);
  return deviceModule && !stages.any() ? makeCheckCode() : Error::success();
}

static constexpr StringRef checkSuffix = ".check";

/// What devices run, for any processor, to compare a device's results with at its first start.
Error Compilation::makeCheckCode() {
  auto target = cpu::cpuTarget("x86-64");
  if (!target)
    return target.takeError();
  mlir::OwningOpRef<mlir::ModuleOp> kernels = deviceModule->clone();
  for (KernelOp kernel : kernels->getOps<KernelOp>()) // apart from the processor's of the same names
    kernel.setSymName((kernel.getSymName() + checkSuffix).str());
  cpu::CodegenOptions codegen;
  codegen.level = cpu::OptLevel::O1;
  codegen.lines = false;
  codegen.threads = std::max(1u, std::thread::hardware_concurrency());
  codegen.tables = "heddle_check";
  auto generated = cpu::generate(*kernels, *target, codegen);
  if (!generated)
    return generated.takeError();
  checkCode = std::move(*generated);
  return Error::success();
}

Error Compilation::writeOut() {
  PackPlan plan(*source);
  SmallVector<Schedule, 2> schedules; // the processor's, the device's
  for (mlir::ModuleOp kernels : {module.get(), deviceModule.get()}) {
    if (!kernels)
      continue;
    auto schedule = buildSchedule(kernels, plan);
    if (!schedule)
      return schedule.takeError();
    if (stages.wants("schedule"))
      schedule->print(outs());
    schedules.push_back(std::move(*schedule));
  }
  if (stages.any())
    return Error::success();

  std::string warning;
  auto facts = collectFacts(options, module ? *module : *deviceModule, checkpoint.get(), warning);
  if (!facts)
    return facts.takeError();
  progress.clear();
  if (!warning.empty())
    errs() << "heddle: warning: " << warning << '\n';
  for (const cpu::KernelInfo &kernel : code.kernels)
    facts->scratch[kernel.name] = kernel.scratchBytes;
  for (const cpu::KernelInfo &kernel : checkCode.kernels)
    facts->checkScratch[StringRef(kernel.name).drop_back(checkSuffix.size())] = kernel.scratchBytes;
  for (vulkan::Shader &shader : shaders)
    facts->shaders[shader.kernel].push_back({std::move(shader.spirv), shader.needs, shader.workgroup,
                                             shader.widest, shader.shared, shader.deviceScratch,
                                             shader.teams});
  std::vector<LinkObject> objects;
  for (const cpu::CpuCode *each : {&code, &checkCode})
    for (const cpu::ObjectFile &object : each->objects)
      objects.push_back({object.name, object.bytes});
  ProgramOutput target;
  target.path = output.str();
  target.weightsBeside = options.weightsBeside;
  target.progress = [&](uint64_t done, uint64_t total) { progress.show("packing weights", done, total); };
  return writeProgram(schedules[0], schedules.size() > 1 ? &schedules[1] : nullptr, plan, *facts, objects,
                      target);
}

Error Compilation::run() {
  using Step = Error (Compilation::*)();
  static constexpr std::pair<Step, Phase> steps[] = {
      {&Compilation::openModel, Phase::Page},    {&Compilation::readPage, Phase::Page},
      {&Compilation::makeModule, Phase::Module}, {&Compilation::runPasses, Phase::Passes},
      {&Compilation::makeCode, Phase::Code},     {&Compilation::writeOut, Phase::Schedule}};
  for (auto [number, step] : enumerate(steps)) {
    if (Error error = (this->*step.first)())
      return error;
    bool phaseDone = number + 1 == std::size(steps) || steps[number + 1].second != step.second;
    if (phaseDone && stages.endWith(step.second))
      break;
  }
  return Error::success();
}

Error heddle::compileModel(const CompileOptions &options, const Stages &stages, StringRef output,
                           bool listDefaults) {
  return Compilation(options, stages, output, listDefaults).run();
}
