//===- Gguf.h - the GGUF format ---------------------------------*- C++ -*-===//
//
// A file is: "GGUF", uint32 version, uint64 tensors, uint64 pairs; the pairs
// (key, type, value); the tensors (name, uint32 n, n extents, type, offset);
// padding to "general.alignment"; the data, to whose beginning offsets refer.
// Strings are a uint64 length and bytes. All little-endian. Versions 2 and 3
// are the same but that 3 may be big-endian, which is refused.
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_GGUF_H
#define HEDDLE_FRONTEND_CHECKPOINT_GGUF_H

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/GgufMetadata.h"
#include "frontend/checkpoint/GgufParts.h"

namespace heddle {

/// What a GGUF file holds, a whole model or a part; everything points into the bytes it was read from.
struct GgufContents {
  GgufMetadata metadata;
  GgufPart part;
  std::vector<StoredTensor> tensors; // by offset
};

/// Whether `bytes` begin as a GGUF file does.
bool looksLikeGguf(llvm::ArrayRef<uint8_t> bytes);

/// Reads a whole file that lies in memory. `file` is the path for messages.
/// Errors: anything cut short; counts, lengths, extents or offsets that cannot
/// be true of a file of this size; names given twice; unknown value types and
/// nested arrays; storage types that are not supported; overlapping tensors;
/// "general.architecture" missing in a model's only or first file.
llvm::Expected<GgufContents> parseGguf(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef file);

/// The metadata as Checkpoint::config() gives it. `keys` gets, for each dotted
/// path, the full key. An error if two keys mean the same path.
llvm::Expected<llvm::json::Object> ggufConfig(const GgufMetadata &metadata, llvm::StringRef file,
                                              llvm::StringMap<std::string> &keys);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_GGUF_H
