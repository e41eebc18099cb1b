//===- Words.h - bytes of words, by arithmetic --------------------*- C++ -*-===//
#ifndef HEDDLE_BACKENDS_LANES_WORDS_H
#define HEDDLE_BACKENDS_LANES_WORDS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace heddle::lanes {

/// What choose_bytes is where no instruction is. i32, or vectors of it.
mlir::Value chooseBytes(mlir::ImplicitLocOpBuilder &builder, mlir::Value codes, llvm::ArrayRef<int8_t> table);

} // namespace heddle::lanes

#endif // HEDDLE_BACKENDS_LANES_WORDS_H
