// The road from a page's mathematics to kernels and their schedule.
#ifndef HEDDLE_PASSES_PIPELINE_H
#define HEDDLE_PASSES_PIPELINE_H

#include "mlir/Pass/PassManager.h"

namespace heddle {

struct PipelineOptions {
  int optLevel = 2;
  int64_t accumulators = 24;      // vectors of 16 numbers that fit in registers beside operands
  int64_t activationBits = 32;    // of activations beside quantised weights: 16 or 8 are integers in blocks
  int64_t tileBytes = 256 * 1024; // of activations that a piece of work keeps near
  bool direct = false;            // nothing is near: linears read activations from where they lie
  bool candidates = false;        // choosing a token reads the greatest logits only
};

/// Adds the passes. Expects a module as the elaborator makes it; leaves kernels, and entries and layers made
/// of launches.
void buildPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Makes the whole pipeline known to heddle-opt as `--heddle-pipeline`.
void registerPipeline();

} // namespace heddle

#endif
