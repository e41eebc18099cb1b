//===- Sizes.h - axes and their sizes as symbols ----------------*- C++ -*-===//
//
// Without a checkpoint a size is a symbol. Axes are interned, so that two are the same axis exactly if their
// ids are equal; sizes are sums of products of symbols, enough to see that `[hd -> hd/2 | hd/4]` leaves a
// quarter over and that `[E -> groups per]` with `size per = E / groups` does not.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_LANGUAGE_SIZES_H
#define HEDDLE_FRONTEND_LANGUAGE_SIZES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heddle::check {

/// A sum of products of powers of symbols with rational factors; "unknown" where that cannot say it.
/// Arithmetic that would overflow gives unknown.
class Size {
public:
  static Size unknown() { return Size(); }
  static Size number(int64_t value);
  static Size symbol(llvm::StringRef name);

  bool isKnown() const { return terms.has_value(); }
  /// Whether the two differ whatever the symbols stand for, as long as they are not zero.
  static bool surelyDiffer(const Size &a, const Size &b);

  friend Size operator+(const Size &a, const Size &b);
  friend Size operator-(const Size &a, const Size &b);
  friend Size operator*(const Size &a, const Size &b);
  /// Unknown unless `b` is one product.
  friend Size operator/(const Size &a, const Size &b);

private:
  struct Ratio {
    int64_t top, bottom; ///< in lowest terms, bottom > 0, top not 0
  };
  using Powers = std::map<std::string, int>;

  void add(const Powers &powers, int64_t top, int64_t bottom);

  std::optional<std::map<Powers, Ratio>> terms;
};

using AxisId = unsigned;
using Axes = llvm::SmallVector<AxisId, 6>;

/// All axes of one run. An axis is a named size of the page or of a function's call, or a part of one.
class AxisSpace {
public:
  AxisSpace();

  static constexpr AxisId T = 0, S = 1, U = 2; ///< new tokens, all so far, a second sequence
  static bool isSequence(AxisId axis) { return axis <= U; }

  /// The axis of this name in the page.
  AxisId named(llvm::StringRef name, Size size);
  /// Says what the size of a page's axis is made of; two different sayings make it unknown.
  void define(AxisId axis, const Size &size);
  /// An axis of its own, however often the name occurs: a local size of a function.
  AxisId fresh(llvm::StringRef name, Size size);
  /// `axis/divisor`; nullopt where the divisor is beyond all sense.
  std::optional<AxisId> part(AxisId axis, int64_t divisor);

  std::string name(AxisId axis) const;
  Size size(AxisId axis) const;
  Size size(llvm::ArrayRef<AxisId> product) const;
  /// "[T, kv, hd/2]"
  std::string list(llvm::ArrayRef<AxisId> axes) const;

private:
  struct Entry {
    std::string base;
    int64_t divisor;
    unsigned scope; ///< 0: the page
    Size size;      ///< of the whole, not of the part
    bool defined = false;
  };
  AxisId intern(Entry entry);

  std::vector<Entry> entries;
  std::map<std::tuple<std::string, int64_t, unsigned>, AxisId> ids;
  unsigned scopes = 0;
};

bool contains(llvm::ArrayRef<AxisId> axes, AxisId axis);
/// Adds what is not there yet. T comes first, the rest in the order of its arrival.
void unite(Axes &into, llvm::ArrayRef<AxisId> more);
void remove(Axes &from, llvm::ArrayRef<AxisId> axes);
bool sameSet(llvm::ArrayRef<AxisId> a, llvm::ArrayRef<AxisId> b);

} // namespace heddle::check

#endif // HEDDLE_FRONTEND_LANGUAGE_SIZES_H
