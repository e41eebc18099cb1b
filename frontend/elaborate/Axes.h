//===- Axes.h - the axes of a page by name and size -------------*- C++ -*-===//
//
// A name on a page is not yet an axis: `a` in `rms_norm[a]` stands for `d`, and `two` inside of a function is another
// axis than the page's `two`. The table gives each axis the one name that it has in the IR, and its size.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_AXES_H
#define HEDDLE_FRONTEND_ELABORATE_AXES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace heddle::elaboration {

/// The size of T, S and U, as MLIR spells a dynamic size.
constexpr int64_t dynamicSize = std::numeric_limits<int64_t>::min();

/// An axis as it is called in the IR. The name belongs to the AxisTable.
struct NamedAxis {
  llvm::StringRef name;
  int64_t size = 0;

  bool isDynamic() const { return size == dynamicSize; }
  friend bool operator==(const NamedAxis &a, const NamedAxis &b) { return a.name == b.name; }
};
using AxisList = llvm::SmallVector<NamedAxis, 4>;

bool contains(llvm::ArrayRef<NamedAxis> axes, llvm::StringRef name);
/// The place of `name` among the axes, or -1.
int find(llvm::ArrayRef<NamedAxis> axes, llvm::StringRef name);
/// The same axes, in any order.
bool sameSet(llvm::ArrayRef<NamedAxis> a, llvm::ArrayRef<NamedAxis> b);
/// Product of the sizes, or none where one is dynamic or the product does not fit.
std::optional<int64_t> product(llvm::ArrayRef<NamedAxis> axes);
/// As a message shows them: `[T, kv=3, hd=64]`.
std::string toText(llvm::ArrayRef<NamedAxis> axes);

/// All axes of one elaboration. The order in which they came is the order in which types list them.
class AxisTable {
public:
  AxisTable();

  /// Types list axes of these names in this order, whenever they come.
  void setOrder(llvm::ArrayRef<llvm::StringRef> names);
  AxisTable(const AxisTable &) = delete;
  AxisTable &operator=(const AxisTable &) = delete;

  /// The axis called `name` in the IR, if there is one.
  std::optional<NamedAxis> find(llvm::StringRef name) const;
  /// The axis that `owner` declares as `written`: of that name, or with a number behind it where the name is taken
  /// by another owner or size. The page and its table are one owner, null; there a second size is refused (none).
  std::optional<NamedAxis> declare(llvm::StringRef written, int64_t size, const void *owner);
  /// `axis/divisor`; none where the size is no multiple of it.
  std::optional<NamedAxis> divide(NamedAxis axis, int64_t divisor);
  /// Sorts into the order of types: T, S, U, then as declared.
  void sort(AxisList &axes) const;
  /// All axes of `parts`, each once, in that order.
  AxisList unite(llvm::ArrayRef<AxisList> parts) const;

private:
  struct Entry {
    int64_t size;
    unsigned order;
    const void *owner;
  };
  NamedAxis add(llvm::StringRef name, int64_t size, const void *owner, unsigned order);
  unsigned orderOf(llvm::StringRef name) const;

  llvm::StringMap<Entry> entries;
  llvm::StringMap<unsigned> orders; ///< of names whose order is set; parts of an axis come right behind it
};

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_AXES_H
