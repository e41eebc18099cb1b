// What a dynamic dimension of a kernel's or a schedule's memref is, from its text in `dims`.
#ifndef HEDDLE_IR_DYNAMICDIM_H
#define HEDDLE_IR_DYNAMICDIM_H

#include "llvm/ADT/StringRef.h"
#include <optional>

namespace heddle {

/// "T"; "T:16", rounded up to a multiple of 16; "C/16", the quotient rounded up; "C<64", the lesser of C and
/// 64; "C<64/16", the quotient of that.
struct DynamicDim {
  llvm::StringRef param; // T, S, C or U
  int64_t most = 0;      // 0: no bound
  int64_t factor = 1;    // 1 or more
  bool divided = false;
};

/// Nothing where the text is none of these.
std::optional<DynamicDim> parseDynamicDim(llvm::StringRef text);

} // namespace heddle

#endif
