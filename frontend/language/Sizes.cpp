//===- Sizes.cpp ----------------------------------------------------------===//

#include "frontend/language/Sizes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace heddle::check;
using llvm::ArrayRef;
using llvm::StringRef;

/// More terms than this say nothing that a check could use.
static constexpr size_t maxTerms = 32;

Size Size::number(int64_t value) {
  Size size;
  size.terms.emplace();
  size.add({}, value, 1);
  return size;
}

Size Size::symbol(StringRef name) {
  Size size;
  size.terms.emplace();
  size.add({{name.str(), 1}}, 1, 1);
  return size;
}

/// Adds one product; becomes unknown where a number would overflow.
void Size::add(const Powers &powers, int64_t top, int64_t bottom) {
  if (!terms || top == 0)
    return;
  auto [at, isNew] = terms->try_emplace(powers, Ratio{top, bottom});
  if (!isNew) {
    int64_t left, right, sum, below;
    Ratio old = at->second;
    if (llvm::MulOverflow(old.top, bottom, left) || llvm::MulOverflow(top, old.bottom, right) ||
        llvm::AddOverflow(left, right, sum) || llvm::MulOverflow(old.bottom, bottom, below)) {
      terms.reset();
      return;
    }
    if (sum == 0) {
      terms->erase(at);
      return;
    }
    at->second = {sum, below};
  }
  Ratio &ratio = at->second;
  if (ratio.top == INT64_MIN || terms->size() > maxTerms) {
    terms.reset();
    return;
  }
  int64_t common = std::gcd(ratio.top, ratio.bottom);
  ratio = {ratio.top / common, ratio.bottom / common};
}

namespace heddle::check {

Size operator+(const Size &a, const Size &b) {
  if (!a.terms || !b.terms)
    return Size();
  Size sum = a;
  for (const auto &[powers, ratio] : *b.terms)
    sum.add(powers, ratio.top, ratio.bottom);
  return sum;
}

Size operator-(const Size &a, const Size &b) {
  if (!a.terms || !b.terms)
    return Size();
  Size difference = a;
  for (const auto &[powers, ratio] : *b.terms)
    difference.add(powers, -ratio.top, ratio.bottom);
  return difference;
}

Size operator*(const Size &a, const Size &b) {
  if (!a.terms || !b.terms)
    return Size();
  Size product = Size::number(0);
  for (const auto &[left, x] : *a.terms) {
    for (const auto &[right, y] : *b.terms) {
      Size::Powers powers = left;
      for (const auto &[symbol, power] : right)
        if ((powers[symbol] += power) == 0)
          powers.erase(symbol);
      int64_t top, bottom;
      if (llvm::MulOverflow(x.top, y.top, top) || llvm::MulOverflow(x.bottom, y.bottom, bottom))
        return Size();
      product.add(powers, top, bottom);
    }
  }
  return product;
}

Size operator/(const Size &a, const Size &b) {
  if (!b.terms || b.terms->size() != 1)
    return Size();
  const auto &[powers, ratio] = *b.terms->begin();
  Size inverse = Size::number(0);
  Size::Powers negated;
  for (const auto &[symbol, power] : powers)
    negated[symbol] = -power;
  inverse.add(negated, ratio.top < 0 ? -ratio.bottom : ratio.bottom, std::abs(ratio.top));
  return a * inverse;
}

bool Size::surelyDiffer(const Size &a, const Size &b) {
  Size difference = a - b;
  if (!difference.terms || difference.terms->empty())
    return false;
  // One product that is left over is not zero, since no symbol in it is.
  return difference.terms->size() == 1;
}

bool contains(ArrayRef<AxisId> axes, AxisId axis) { return llvm::is_contained(axes, axis); }

void unite(Axes &into, ArrayRef<AxisId> more) {
  for (AxisId axis : more) {
    if (contains(into, axis))
      continue;
    into.insert(axis == AxisSpace::T ? into.begin() : into.end(), axis);
  }
}

void remove(Axes &from, ArrayRef<AxisId> axes) {
  llvm::erase_if(from, [&](AxisId axis) { return contains(axes, axis); });
}

bool sameSet(ArrayRef<AxisId> a, ArrayRef<AxisId> b) {
  return a.size() == b.size() && llvm::all_of(a, [&](AxisId axis) { return contains(b, axis); });
}

} // namespace heddle::check

AxisSpace::AxisSpace() {
  for (StringRef name : {"T", "S", "U"})
    named(name, Size::symbol(name));
}

AxisId AxisSpace::intern(Entry entry) {
  auto [at, isNew] = ids.try_emplace({entry.base, entry.divisor, entry.scope}, entries.size());
  if (isNew)
    entries.push_back(std::move(entry));
  return at->second;
}

AxisId AxisSpace::named(StringRef name, Size size) { return intern({name.str(), 1, 0, std::move(size)}); }

void AxisSpace::define(AxisId axis, const Size &size) {
  bool differs = entries[axis].defined && Size::surelyDiffer(entries[axis].size, size);
  for (Entry &entry : entries) {
    if (entry.base != entries[axis].base || entry.scope != entries[axis].scope)
      continue;
    entry.size = differs ? Size::unknown() : size;
    entry.defined = true;
  }
}

AxisId AxisSpace::fresh(StringRef name, Size size) {
  return intern({name.str(), 1, ++scopes, std::move(size)});
}

std::optional<AxisId> AxisSpace::part(AxisId axis, int64_t divisor) {
  Entry entry = entries[axis];
  if (divisor < 1 || llvm::MulOverflow(entry.divisor, divisor, entry.divisor))
    return std::nullopt;
  return intern(std::move(entry));
}

std::string AxisSpace::name(AxisId axis) const {
  const Entry &entry = entries[axis];
  return entry.divisor == 1 ? entry.base : entry.base + "/" + std::to_string(entry.divisor);
}

Size AxisSpace::size(AxisId axis) const {
  const Entry &entry = entries[axis];
  return entry.size / Size::number(entry.divisor);
}

Size AxisSpace::size(ArrayRef<AxisId> product) const {
  Size result = Size::number(1);
  for (AxisId axis : product)
    result = result * size(axis);
  return result;
}

std::string AxisSpace::list(ArrayRef<AxisId> axes) const {
  return "[" + llvm::join(llvm::map_range(axes, [&](AxisId axis) { return name(axis); }), ", ") + "]";
}
