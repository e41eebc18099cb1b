//===- Format.h - names in a compiled program -------------------*- C++ -*-===//
//
// What the compiler and the runtime agree on beside program.fbs and abi/kernel.h.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_PROGRAM_FORMAT_H
#define HEDDLE_RUNTIME_PROGRAM_FORMAT_H

#include <cstdint>

namespace heddle {

/// The `format_version` that this runtime reads.
inline constexpr uint32_t programFormatVersion = 1;

/// Every slot, cache and weight starts at a multiple of this many bytes.
inline constexpr uint64_t bufferAlignment = 64;

/// The ELF section (not loaded, at a multiple of 4096 bytes in the file) that holds the weights.
inline constexpr const char weightsSection[] = ".heddle.weights";

/// The ELF section of a program whose weights lie in a file of their own. Its bytes: the file's size as eight
/// bytes, little end first, then the file's name (no folder, no zero byte at its end). The file lies beside
/// the program.
inline constexpr const char weightsBesideSection[] = ".heddle.weights_beside";

} // namespace heddle

#endif // HEDDLE_RUNTIME_PROGRAM_FORMAT_H
