//===- FlattenScratch.h - scratch memory of scalars -------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_CPU_FLATTENSCRATCH_H
#define HEDDLE_BACKENDS_CPU_FLATTENSCRATCH_H

#include "ir/Heddle.h"

namespace heddle::cpu {

/// Scratch memory of vectors of n becomes memory of scalars with n as its last dimension, and its loads and
/// stores vector.load and vector.store. Fails, with a message, where it is used by anything else.
mlir::LogicalResult flattenScratch(KernelOp kernel);

} // namespace heddle::cpu

#endif
