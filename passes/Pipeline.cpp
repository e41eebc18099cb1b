#include "passes/Pipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "passes/kernels/Passes.h"

using namespace mlir;
using namespace heddle;

/// One body a layer, without calls.
static void addInlining(OpPassManager &manager) {
  manager.addPass(createInlinerPass());
  manager.addPass(createSymbolDCEPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// What makes it fast. Each pass finds what the one before has brought together.
static void addFusion(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createAbsorbProducts()); // on the plain mathematics: everything below sees the order chosen
  manager.addPass(createFuseMaps());       // long expressions, one map
  manager.addPass(createPushSlices());     // rotary pairs: two contractions instead of one that is cut
  manager.addPass(
      createHoistLayerInvariants());      // angles' sines: before they are buried in a layer's fused ops
  manager.addPass(createFuseAttention()); // before fuse-linear: what stands around scores is not an epilogue
  manager.addPass(createBoundKeys());
  manager.addPass(createBoundCaches());  // of all variants together
  manager.addPass(createFuseMaps());     // what attention left behind
  manager.addPass(createSliceWeights()); // fuse-linear wants weights, not parts of weights
  manager.addPass(createCSEPass());
  manager.addPass(createFuseLinear());
  manager.addPass(createFoldNorms({/*explain=*/false, /*prologues=*/!options.direct}));
  manager.addPass(createCanonicalizerPass());
}

void heddle::buildPipeline(OpPassManager &manager, const PipelineOptions &options) {
  bool plain = options.optLevel == 0;
  addInlining(manager);
  if (!plain)
    manager.addPass(createHoistMemory());      // before there are several variants of a layer
  manager.addPass(createSpecializeVariants()); // first: decode and prefill are fused each in their own way
  if (!plain && options.candidates)
    manager.addPass(createReturnCandidates());
  manager.addPass(createCSEPass());
  if (!plain)
    addFusion(manager, options);
  AssignLayoutsOptions layouts;
  layouts.plain = plain;
  manager.addPass(createAssignLayouts(layouts));
  MakeKernelsOptions kernels;
  kernels.plain = plain;
  kernels.accumulators = options.accumulators;
  kernels.tileBytes = options.tileBytes;
  kernels.activationBits = options.activationBits;
  kernels.direct = options.direct;
  manager.addPass(createMakeKernels(kernels));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createPlanMemory());
}

namespace {
struct HeddlePipelineOptions : PassPipelineOptions<HeddlePipelineOptions> {
  Option<int> optLevel{*this, "opt-level", llvm::cl::desc("0: the plain road; 2: everything"),
                       llvm::cl::init(2)};
};
} // namespace

void heddle::registerPipeline() {
  PassPipelineRegistration<HeddlePipelineOptions>(
      "heddle-pipeline", "the whole road from a page's mathematics to kernels",
      [](OpPassManager &manager, const HeddlePipelineOptions &options) {
        PipelineOptions pipeline;
        pipeline.optLevel = options.optLevel;
        buildPipeline(manager, pipeline);
      });
}
