//===- Shaders.cpp - kernels to SPIR-V ------------------------------------===//

#include "backends/vulkan/Shaders.h"

#include "backends/lanes/Passes.h"
#include "backends/vulkan/Glsl.h"
#include "backends/vulkan/Passes.h"
#include "backends/vulkan/SpirvTools.h"
#include "backends/vulkan/Variants.h"

#include "ir/Heddle.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRVPass.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRVPass.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "mlir/Transforms/Passes.h"
#include <map>

using namespace mlir;

namespace heddle::vulkan {

void registerVulkanDialects(DialectRegistry &registry) {
  registry.insert<HeddleDialect, arith::ArithDialect, gpu::GPUDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, spirv::SPIRVDialect, vector::VectorDialect>();
}

namespace {

/// The shaders of one variant.
class Generation {
public:
  Generation(ModuleOp kernels, const ShaderOptions &options, const Variant &variant)
      : kernels(kernels), options(options), variant(variant) {}

  /// Of the kernels that `takes` holds of, in their order.
  llvm::Expected<std::vector<Shader>> run(llvm::function_ref<bool(KernelOp)> takes);

private:
  SmallVector<spirv::Extension> extensions(ArrayRef<spirv::Extension> more = {}) const;
  llvm::Error apply(llvm::function_ref<void(OpPassManager &)> add);
  void show(Stage stage, llvm::function_ref<void(llvm::raw_ostream &)> print);
  void copyKernels(llvm::function_ref<bool(KernelOp)> takes);
  using Writer = llvm::Expected<std::string> (*)(llvm::ArrayRef<uint32_t>);
  llvm::Error append(Stage stage, Writer write, const Shader &shader, llvm::StringRef comment);
  llvm::Error serialize(spirv::ModuleOp module, Shader &shader);

  ModuleOp kernels;
  const ShaderOptions &options;
  const Variant &variant;
  OwningOpRef<ModuleOp> module;
  std::map<Stage, std::string> texts;
};

SmallVector<spirv::Extension> Generation::extensions(ArrayRef<spirv::Extension> more) const {
  SmallVector<spirv::Extension> all(variant.extensions);
  all.push_back(spirv::Extension::SPV_KHR_storage_buffer_storage_class);
  llvm::append_range(all, more);
  return all;
}

/// The kernels alone, in a module for the variant.
void Generation::copyKernels(llvm::function_ref<bool(KernelOp)> takes) {
  MLIRContext *context = kernels.getContext();
  context->loadDialect<spirv::SPIRVDialect>();
  module = ModuleOp::create(kernels.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  for (KernelOp kernel : kernels.getOps<KernelOp>())
    if (takes(kernel))
      builder.clone(*kernel);
  auto has = spirv::VerCapExtAttr::get(spirv::Version::V_1_3, variant.capabilities, extensions(), context);
  auto environment =
      spirv::TargetEnvAttr::get(has, spirv::getDefaultResourceLimits(context), spirv::ClientAPI::Vulkan,
                                spirv::Vendor::Unknown, spirv::DeviceType::Unknown, 0);
  (*module)->setAttr(spirv::getTargetEnvAttrName(), environment);
  (*module)->setAttr("heddle.variant", builder.getStringAttr(variant.name));
}

llvm::Error Generation::apply(llvm::function_ref<void(OpPassManager &)> add) {
  PassManager passes(kernels.getContext());
  add(passes);
  if (failed(passes.run(*module)))
    return llvm::createStringError("kernels cannot be compiled to shaders");
  return llvm::Error::success();
}

void Generation::show(Stage stage, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  if (!options.show || !options.wanted || !options.wanted(stage))
    return;
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream);
  options.show(stage, text);
}

/// Adds the shader to a stage's text, if that is wanted, under its kernel's name.
llvm::Error Generation::append(Stage stage, Writer write, const Shader &shader, llvm::StringRef comment) {
  if (!options.show || !options.wanted(stage))
    return llvm::Error::success();
  llvm::Expected<std::string> text = write(shader.spirv);
  if (!text)
    return text.takeError();
  texts[stage] += (comment + shader.kernel + ", " + variant.name + "\n" + *text + "\n").str();
  return llvm::Error::success();
}

/// Marks the module's one composite specialization constant as the size of a workgroup, and makes its other
/// parts plain constants: neither can be said in the dialect.
static void decorateWorkgroupSize(SmallVectorImpl<uint32_t> &words) {
  constexpr size_t header = 5;
  constexpr uint32_t count = 4;
  size_t annotations = 0;
  for (size_t at = header; at < words.size(); at += words[at] >> 16) {
    auto opcode = spirv::Opcode(words[at] & 0xffff);
    if (opcode == spirv::Opcode::OpDecorate && annotations == 0)
      annotations = at;
    if (opcode != spirv::Opcode::OpSpecConstantComposite)
      continue;
    uint32_t id = words[at + 2], one = words[at + 4];
    for (size_t before = header; before < at; before += words[before] >> 16)
      if (spirv::Opcode(words[before] & 0xffff) == spirv::Opcode::OpSpecConstant && words[before + 2] == one)
        words[before] = (words[before] >> 16) << 16 | uint32_t(spirv::Opcode::OpConstant);
    words.insert(words.begin() + annotations,
                 {count << 16 | uint32_t(spirv::Opcode::OpDecorate), id, uint32_t(spirv::Decoration::BuiltIn),
                  uint32_t(spirv::BuiltIn::WorkgroupSize)});
    return;
  }
}

llvm::Error Generation::serialize(spirv::ModuleOp module, Shader &shader) {
  SmallVector<uint32_t> words;
  bool debug = bool(options.show);
  spirv::SerializationOptions serialization;
  serialization.emitSymbolName = serialization.emitDebugInfo = debug;
  if (debug) // MLIR writes lines only where this is there
    module.setVceTripleAttr(spirv::VerCapExtAttr::get(
        spirv::Version::V_1_3, variant.capabilities,
        extensions({spirv::Extension::SPV_KHR_non_semantic_info}), module.getContext()));
  auto failure = [&](const llvm::Twine &what) {
    return llvm::createStringError("kernel '" + shader.kernel + "': " + what);
  };
  if (failed(spirv::serialize(module, words, serialization)))
    return failure("it cannot be written as SPIR-V");
  if (shader.widest != 0)
    decorateWorkgroupSize(words);
  llvm::Expected<std::vector<uint32_t>> result = optimizeAndValidate(words, debug);
  if (!result)
    return failure(llvm::toString(result.takeError()));
  shader.spirv = std::move(*result);
  if (llvm::Error error = append(Stage::Assembly, disassemble, shader, "; "))
    return error;
  return append(Stage::Glsl, toGlsl, shader, "// ");
}

llvm::Expected<std::vector<Shader>> Generation::run(llvm::function_ref<bool(KernelOp)> takes) {
  copyKernels(takes);
  if (module->getBody()->empty())
    return std::vector<Shader>();
  auto print = [&](llvm::raw_ostream &out) { module->print(out); };
  if (llvm::Error error = apply([&](OpPassManager &passes) {
        passes.addPass(lanes::createKeepLines());
        passes.addPass(createSynchronizeLanes({options.shared}));
        passes.addPass(lanes::createApproximateMath({/*sines=*/true}));
        passes.addPass(createKernelsToGpu({variant.subgroups, variant.dots}));
        passes.addPass(createUnpackHalves());
        passes.addPass(arith::createArithExpandOpsPass());
        passes.addPass(createCanonicalizerPass());
        passes.addPass(createUnrollSums());
        passes.addPass(createCanonicalizerPass());
        passes.addPass(createCSEPass());
        passes.addPass(createLoopInvariantCodeMotionPass());
        passes.addPass(createSumIndices()); // where values are in their loops
        passes.addPass(createCanonicalizerPass());
        passes.addPass(createCSEPass());
        passes.addPass(createLoopInvariantCodeMotionPass());
      }))
    return std::move(error);
  show(Stage::Gpu, print);

  std::vector<Shader> shaders;
  for (auto function : module->getOps<gpu::GPUModuleOp>()) {
    Shader &shader = shaders.emplace_back();
    shader.kernel = function.getName().str();
    shader.needs = variant.needs;
    function.walk([&](gpu::GPUFuncOp main) {
      shader.workgroup = spirv::lookupEntryPointABI(main).getWorkgroupSize()[0];
      if (auto widest = main->getAttrOfType<IntegerAttr>("heddle.widest"))
        shader.widest = widest.getInt();
      shader.teams = main->hasAttr("heddle.teams");
      if (auto bytes = main->getAttrOfType<IntegerAttr>("heddle.device_scratch"))
        shader.deviceScratch = bytes.getInt();
      main.walk([&](memref::AllocOp shared) {
        bool vectors = isa<VectorType>(shared.getType().getElementType());
        shader.shared += shared.getType().getNumElements() * (vectors ? 16 : 4);
      });
    });
  }
  if (llvm::Error error = apply([&](OpPassManager &passes) {
        passes.addNestedPass<gpu::GPUModuleOp>(createConvertMathToSPIRVPass());
        passes.addPass(createConvertGPUToSPIRVPass());
        passes.addNestedPass<spirv::ModuleOp>(spirv::createSPIRVLowerABIAttributesPass());
        passes.addPass(createLoopResults());
        passes.addPass(createFinishSpirv());
        passes.addPass(createCanonicalizerPass());
        passes.addPass(createCSEPass());
      }))
    return std::move(error);
  show(Stage::Spirv, print);

  for (auto [shader, spirvModule] : llvm::zip_equal(shaders, module->getOps<spirv::ModuleOp>()))
    if (llvm::Error error = serialize(spirvModule, shader))
      return std::move(error);
  for (Stage stage : {Stage::Assembly, Stage::Glsl})
    show(stage, [&](llvm::raw_ostream &out) { out << texts[stage]; });
  return shaders;
}

} // namespace

llvm::Expected<std::vector<Shader>> generate(ModuleOp kernels, const ShaderOptions &options) {
  std::vector<Shader> shaders;
  for (const Variant &variant : variants()) {
    bool first = shaders.empty();
    auto made = Generation(kernels, options, variant).run([&](KernelOp kernel) {
      return first || variant.changes(kernel);
    });
    if (!made)
      return made.takeError();
    shaders.insert(shaders.begin(), std::move_iterator(made->begin()), std::move_iterator(made->end()));
  }
  return shaders;
}

} // namespace heddle::vulkan
