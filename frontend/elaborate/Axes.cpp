//===- Axes.cpp - the axes of a page by name and size ---------------------===//

#include "frontend/elaborate/Axes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle::elaboration;

int heddle::elaboration::find(ArrayRef<NamedAxis> axes, StringRef name) {
  for (auto [i, axis] : enumerate(axes))
    if (axis.name == name)
      return int(i);
  return -1;
}

bool heddle::elaboration::contains(ArrayRef<NamedAxis> axes, StringRef name) {
  return elaboration::find(axes, name) >= 0;
}

bool heddle::elaboration::sameSet(ArrayRef<NamedAxis> a, ArrayRef<NamedAxis> b) {
  return a.size() == b.size() && all_of(a, [&](const NamedAxis &axis) { return contains(b, axis.name); });
}

std::optional<int64_t> heddle::elaboration::product(ArrayRef<NamedAxis> axes) {
  int64_t result = 1;
  for (const NamedAxis &axis : axes)
    if (axis.isDynamic() || MulOverflow(result, axis.size, result))
      return std::nullopt;
  return result;
}

std::string heddle::elaboration::toText(ArrayRef<NamedAxis> axes) {
  std::string text = "[";
  ListSeparator separator;
  for (const NamedAxis &axis : axes) {
    text += StringRef(separator).str() + axis.name.str();
    if (!axis.isDynamic())
      text += "=" + std::to_string(axis.size);
  }
  return text + "]";
}

AxisTable::AxisTable() {
  for (StringRef name : {"T", "S", "U"})
    add(name, dynamicSize, nullptr, orderOf(name));
}

/// Orders are spaced, so that parts of an axis find room behind it.
static constexpr unsigned spacing = 16;

void AxisTable::setOrder(ArrayRef<StringRef> names) {
  for (StringRef name : names)
    orders.try_emplace(name, spacing * (entries.size() + orders.size()));
}

unsigned AxisTable::orderOf(StringRef name) const {
  auto set = orders.find(name);
  return set != orders.end() ? set->second : spacing * unsigned(entries.size() + orders.size());
}

NamedAxis AxisTable::add(StringRef name, int64_t size, const void *owner, unsigned order) {
  auto entry = entries.try_emplace(name, Entry{size, order, owner}).first;
  return {entry->getKey(), size};
}

std::optional<NamedAxis> AxisTable::find(StringRef name) const {
  auto entry = entries.find(name);
  if (entry == entries.end())
    return std::nullopt;
  return NamedAxis{entry->getKey(), entry->second.size};
}

std::optional<NamedAxis> AxisTable::declare(StringRef written, int64_t size, const void *owner) {
  std::string name = written.str();
  for (unsigned number = 1;; ++number) {
    auto entry = entries.find(name);
    if (entry == entries.end())
      return add(name, size, owner, orderOf(name));
    if (entry->second.owner == owner && entry->second.size == size)
      return NamedAxis{entry->getKey(), size};
    if (!owner && !entry->second.owner)
      return std::nullopt;
    name = (written + "." + Twine(number)).str();
  }
}

std::optional<NamedAxis> AxisTable::divide(NamedAxis axis, int64_t divisor) {
  if (axis.isDynamic() || divisor < 1 || axis.size % divisor != 0)
    return std::nullopt;
  std::string name = (axis.name + "/" + Twine(divisor)).str();
  if (std::optional<NamedAxis> known = find(name))
    return known;
  return add(name, axis.size / divisor, nullptr, entries.find(axis.name)->second.order + 1);
}

void AxisTable::sort(AxisList &axes) const {
  llvm::sort(axes, [&](const NamedAxis &a, const NamedAxis &b) {
    unsigned first = entries.find(a.name)->second.order, second = entries.find(b.name)->second.order;
    return first != second ? first < second : a.name < b.name;
  });
}

AxisList AxisTable::unite(ArrayRef<AxisList> parts) const {
  AxisList all;
  for (const AxisList &part : parts)
    for (const NamedAxis &axis : part)
      if (!contains(all, axis.name))
        all.push_back(axis);
  sort(all);
  return all;
}
