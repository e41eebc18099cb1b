//===- TensorParts.h - tensors that are parts of others ---------*- C++ -*-===//
#ifndef HEDDLE_FRONTEND_CHECKPOINT_TENSORPARTS_H
#define HEDDLE_FRONTEND_CHECKPOINT_TENSORPARTS_H

#include "frontend/checkpoint/Checkpoint.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {

/// The tensors of a list by name, some of which make up another and leave the list then.
class TensorParts {
public:
  /// The list must stay as it is until `remove`.
  explicit TensorParts(std::vector<StoredTensor> &tensors);

  /// The tensor of that name, or null.
  const StoredTensor *find(const llvm::Twine &name) const { return byName.lookup(name.str()); }

  /// Marks the tensor of that name, if there is one.
  void use(const llvm::Twine &name) { used.insert(name.str()); }

  /// Takes the marked ones out of the list.
  void remove();

private:
  std::vector<StoredTensor> &tensors;
  llvm::StringMap<const StoredTensor *> byName;
  llvm::StringSet<> used;
};

/// "[3, 2] of F32".
std::string describe(const StoredTensor &tensor);

/// Whether scales are stored so.
bool isScaleType(StorageType type);
/// Number `index` of such.
float scaleAt(StorageType type, const uint8_t *bytes, int64_t index);

} // namespace heddle

#endif // HEDDLE_FRONTEND_CHECKPOINT_TENSORPARTS_H
