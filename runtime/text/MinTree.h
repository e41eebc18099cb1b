//===- MinTree.h - the least of many numbers that change --------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_TEXT_MINTREE_H
#define HEDDLE_RUNTIME_TEXT_MINTREE_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle {

/// A row of numbers of which the least is asked for again and again. Above the row stand the least of each
/// `width` neighbours, above them the least of those, up to a level that is short enough to be searched: for
/// a few numbers that is the row itself, and for many each change touches one group a level.
class MinTree {
public:
  static constexpr uint32_t none = ~uint32_t(0); ///< greater than any other

  /// Makes a row of `count` times `none`.
  void reset(size_t count) {
    for (height = 0;; count = (count + width - 1) / width) {
      if (height == levels.size())
        levels.emplace_back();
      levels[height++].assign(count, none);
      if (count <= width)
        return;
    }
  }

  /// Sets the number at `place`.
  void set(size_t place, uint32_t value) {
    uint32_t before = levels[0][place];
    levels[0][place] = value;
    for (size_t level = 1; level < height && before != value; ++level) {
      size_t group = place / width;
      uint32_t &least = levels[level][group];
      uint32_t old = least;
      if (value < old)
        least = value;
      else if (before == old)
        least = leastOf(level - 1, group);
      before = old;
      value = least;
      place = group;
    }
  }

  struct Entry {
    size_t place;
    uint32_t value;
  };

  /// The least number, of equal ones the first.
  Entry least() const {
    const std::vector<uint32_t> &top = levels[height - 1];
    size_t place = 0;
    for (size_t i = 1; i < top.size(); ++i)
      place = top[i] < top[place] ? i : place;
    uint32_t value = top.empty() ? none : top[place];
    for (size_t level = height - 1; level-- > 0;) {
      place *= width;
      while (levels[level][place] != value)
        ++place;
    }
    return {place, value};
  }

private:
  static constexpr size_t width = 16;

  uint32_t leastOf(size_t level, size_t group) const {
    const std::vector<uint32_t> &row = levels[level];
    auto begin = row.begin() + group * width;
    return *std::min_element(begin, begin + std::min(width, row.size() - group * width));
  }

  std::vector<std::vector<uint32_t>> levels; ///< the first `height` are in use
  size_t height = 0;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_TEXT_MINTREE_H
