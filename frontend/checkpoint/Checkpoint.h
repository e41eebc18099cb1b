//===- Checkpoint.h - a model's stored tensors and config -------*- C++ -*-===//
//
// One view of a checkpoint, whether it is a Hugging Face folder or a GGUF file:
// a config, and named tensors whose bytes are mapped and never copied.
//
// Files come from strangers. Every length, offset and count is checked when the
// checkpoint is opened; what this interface hands out can be used unchecked.
// (A file that another process cuts short while it is mapped is not covered.)
//
//===----------------------------------------------------------------------===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_CHECKPOINT_H
#define HEDDLE_FRONTEND_CHECKPOINT_CHECKPOINT_H

#include "frontend/checkpoint/Float8.h"
#include "frontend/checkpoint/JoinedBlocks.h"
#include "frontend/checkpoint/StorageType.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

class GgufMetadata;
class MappedFile;

/// A tensor as it lies in a file. The innermost axis of a quantised tensor is a
/// whole number of blocks, and shape x type is exactly bytes.size(), unless it is joined.
struct StoredTensor {
  std::string name;
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape; // outermost first (GGUF's order reversed); empty for a scalar
  llvm::ArrayRef<uint8_t> bytes;       // into the mapping, aligned to nothing in particular
  /// Of what lies in several tensors; `bytes` are those of the largest.
  std::shared_ptr<const JoinedBlocks> joined;
  std::optional<Float8Scales> float8;  // of F8_E4M3 (joinFloat8)
  std::string file;                    // path of the file that holds it
  uint64_t offset = 0;                 // of bytes[0] in that file

  /// The product of `shape`; it fits, since the bytes do.
  int64_t elements() const;
};

/// Files that a Hugging Face folder may hold beside the weights: their paths,
/// empty where a file is absent (and always for GGUF, which has its own).
struct CompanionFiles {
  std::string tokenizer;       // tokenizer.json
  std::string tokenizerConfig; // tokenizer_config.json
  std::string chatTemplate;    // chat_template.jinja
  std::string sentencePiece;   // tokenizer.model, or spiece.model
};

/// An opened checkpoint. Owns the mappings: StoredTensor::bytes, and all that
/// gguf() gives, live as long as this does.
class Checkpoint {
public:
  ~Checkpoint();
  Checkpoint(const Checkpoint &) = delete;
  Checkpoint &operator=(const Checkpoint &) = delete;

  /// "hf" or "gguf".
  llvm::StringRef kind() const { return gguf() ? "gguf" : "hf"; }
  /// What openCheckpoint was given.
  llvm::StringRef path() const { return openedPath; }

  /// Hugging Face: config.json; where it has a `text_config` (of a model that
  /// also takes images or sound), with the entries of that in place of its own.
  /// GGUF: the metadata, nested at the
  /// dots, with the architecture's own prefix stripped: of a "llama" the pair
  /// "llama.attention.head_count" is {"attention": {"head_count": ..}}, and
  /// "general.name" is {"general": {"name": ..}}. Where "a" is a value and
  /// "a.b" is there too, the latter keeps its dot: {"a": .., "a.b": ..}.
  /// Arrays under "tokenizer." and those of over 4096 elements are left out:
  /// read them from gguf().
  const llvm::json::Object &config() const { return configObject; }

  /// The value at a dotted path, e.g. "rope_scaling.factor"; null if absent.
  const llvm::json::Value *configValue(llvm::StringRef path) const;

  /// What pages are chosen by: config's "model_type", GGUF's
  /// "general.architecture". Empty if a config.json has none.
  llvm::StringRef modelType() const { return type; }

  /// Where a config entry stands, for messages: "config.json: key 'head_dim'",
  /// "tiny.gguf: key 'llama.attention.head_count'". Takes config()'s dotted
  /// paths, also of entries that are missing.
  std::string where(llvm::StringRef configPath) const;

  /// The tensor named `name`, or null.
  const StoredTensor *find(llvm::StringRef name) const;
  /// The MXFP4 tensor that Hugging Face stores as these two: blocks, [.., n, 16] of U8, and a scale for each,
  /// [.., n]. Its shape is [.., 32 n]; find() knows it from now on, by a name made of both. Null where they
  /// are no such pair.
  const StoredTensor *joinMxfp4(const StoredTensor &blocks, const StoredTensor &scales) const;
  /// All tensors in the order of the files (shards by name, then by offset).
  llvm::ArrayRef<StoredTensor> tensors() const { return stored; }
  /// Bytes of all tensors together.
  uint64_t weightsBytes() const;

  /// generation_config.json, if there is one.
  const llvm::json::Object *generationConfig() const { return generation ? &*generation : nullptr; }
  /// Ids that end a text: "eos_token_id" (a number or a list) of
  /// generation_config.json, else of config.json; of GGUF the end-of-text and
  /// end-of-turn ids. Without duplicates, in the order found; may be empty.
  llvm::SmallVector<int64_t, 4> endTokens() const;
  const CompanionFiles &companions() const { return beside; }

  /// GGUF's metadata with types and large arrays; null for Hugging Face.
  const GgufMetadata *gguf() const { return metadata.get(); }

private:
  friend class CheckpointBuilder;
  Checkpoint();

  std::string openedPath, configFile, type;
  llvm::json::Object configObject;
  std::optional<llvm::json::Object> generation;
  CompanionFiles beside;
  std::unique_ptr<GgufMetadata> metadata;
  llvm::StringMap<std::string> fullKeys; // config path -> full key, for where()
  std::vector<std::unique_ptr<MappedFile>> files;
  std::vector<StoredTensor> stored;
  llvm::StringMap<size_t> byName;
  mutable llvm::StringMap<std::unique_ptr<StoredTensor>> joined; // what joinMxfp4 has made
};

/// Opens a Hugging Face folder or a .gguf file, with the other parts of its model if there are any, and checks
/// it. The one message
/// of an error names the file and the place in it, what was expected and found,
/// and what may help.
llvm::Expected<std::unique_ptr<Checkpoint>> openCheckpoint(llvm::StringRef path);

/// Opens a folder for its config alone: without tensors, whether it has any or
/// not. Errors as above.
llvm::Expected<std::unique_ptr<Checkpoint>> openConfig(llvm::StringRef folder);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_CHECKPOINT_H
