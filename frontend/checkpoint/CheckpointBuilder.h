//===- CheckpointBuilder.h - fills a Checkpoint -----------------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_CHECKPOINTBUILDER_H
#define HEDDLE_FRONTEND_CHECKPOINT_CHECKPOINTBUILDER_H

#include "frontend/checkpoint/Checkpoint.h"
#include "frontend/checkpoint/MappedFile.h"
#include "frontend/checkpoint/Quantization.h"

namespace heddle {

struct GgufContents;

/// What the readers of the two kinds share: access to a Checkpoint's insides.
class CheckpointBuilder {
public:
  /// A Hugging Face folder (HuggingFace.cpp), with its tensors or without.
  static llvm::Expected<std::unique_ptr<Checkpoint>> openFolder(llvm::StringRef path, bool withWeights);
  /// A GGUF file that is mapped already (Checkpoint.cpp).
  static llvm::Expected<std::unique_ptr<Checkpoint>> openGguf(std::unique_ptr<MappedFile> file);

private:
  explicit CheckpointBuilder(llvm::StringRef path);

  llvm::Error readConfigs();
  llvm::Error readModules();
  void useTextConfig();
  llvm::Error takeQuantization();
  llvm::Error joinTensors();
  llvm::Error readWeights();
  llvm::Error readShards(const MappedFile &index);
  /// Opens the other parts of a model of which `first` is one, in `file`, and keeps all; `first` becomes the
  /// contents of the first part.
  llvm::Expected<std::vector<StoredTensor>> readParts(std::unique_ptr<MappedFile> file, GgufContents &first);
  /// Parses a file of weights and keeps it; its tensors go to the end of the list.
  llvm::Expected<llvm::ArrayRef<StoredTensor>> readSafetensors(llvm::StringRef name);
  /// The path of `name` in the folder.
  std::string inFolder(llvm::StringRef name) const;
  /// The table of names, when all tensors are there.
  std::unique_ptr<Checkpoint> finish();

  std::unique_ptr<Checkpoint> checkpoint;
  Quantization quantization;
};

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_CHECKPOINTBUILDER_H
