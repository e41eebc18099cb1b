//===- Windows.h - which weights and caches share a buffer ------*- C++ -*-===//
//
// A device binds buffers of a bounded size only, and a step binds one buffer for its weights and one for its
// caches. So weights and caches are dealt out to several buffers, "windows", such that each step finds all it
// needs in one of each. What is larger than a window is cut into ranges of rows, if all steps that use it can
// be run for a range at a time; they are run for one after the other.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_VULKAN_WINDOWS_H
#define HEDDLE_RUNTIME_VULKAN_WINDOWS_H

#include "runtime/program/Program.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heddle::vulkan {

/// What a step binds of its weights, or of its caches, at a time.
struct Part {
  int window = -1;              ///< -1: it needs none
  uint64_t first = 0, rows = 0; ///< the range of rows; 0 rows: all
};

/// Weights are read only: what several windows need is stored in each.
class WeightWindows {
public:
  /// `limit`: the bytes of a window, a multiple of 64; `device`: for the message when a step needs more,
  /// which is a DeviceError. `page`: where a window can be pages of the program's weights as they lie, their
  /// size; else 0.
  WeightWindows(const format::Program &program, uint64_t limit, const std::string &device, uint64_t page = 0);

  struct Piece {
    uint64_t from, bytes; ///< in the program's weights
    uint64_t at;          ///< in the window
  };
  struct Window {
    std::vector<Piece> pieces; ///< of pages one alone, at 0
    uint64_t bytes = 0;
    bool isPages = false; ///< weights as they lie, from a page on
  };
  const std::vector<Window> &windows() const { return list; }
  uint64_t bytes() const; ///< of all windows that have copies

  /// A step is run for each of its parts; there is at least one.
  const std::vector<Part> &partsOf(const format::Step &step) const { return steps.at(&step); }

  /// Where a binding's weights begin in a part's window, in bytes; of a range of rows, where they would.
  int64_t offsetOf(const Part &part, const format::Binding &binding) const;

private:
  using Range = std::pair<uint64_t, uint64_t>; // in the program's weights: from, bytes
  static Range rangeOf(const Part &part, const format::Binding &binding);
  Part place(const format::Step &step, Part part, uint64_t limit);
  std::optional<size_t> placeAsPages(const std::set<Range> &needed, uint64_t limit);
  size_t placeCopies(const std::set<Range> &needed, uint64_t limit);

  uint64_t page;
  std::vector<Window> list;
  std::vector<std::map<Range, uint64_t>> places; ///< for each window of copies: range -> offset
  std::set<Range> stored;                        ///< what is in some window
  std::unordered_map<const format::Step *, std::vector<Part>> steps;
};

/// Caches are written: each is in one window, or each range of its rows; those that a step needs together in
/// the same.
class CacheWindows {
public:
  /// `capacity` as for layOutCaches; else as above.
  CacheWindows(const format::Program &program, uint64_t capacity, uint64_t limit, const std::string &device);

  const std::vector<uint64_t> &windows() const { return sizes; } ///< bytes of each
  uint64_t bytes() const;

  /// As for weights.
  const std::vector<Part> &partsOf(const format::Step &step) const { return steps.at(&step); }
  int64_t offsetOf(const Part &part, const format::Binding &binding) const;
  /// Which bytes of a cache, of `whole`, a part has: from, count.
  std::pair<uint64_t, uint64_t> rangeOf(const Part &part, const format::Binding &binding,
                                        uint64_t whole) const;

private:
  struct Place {
    uint64_t row = 0;                     ///< bytes
    std::map<uint64_t, uint64_t> offsets; ///< in its window, by a part's first row
  };
  std::vector<Place> places;
  std::vector<uint64_t> sizes;
  std::unordered_map<const format::Step *, std::vector<Part>> steps;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_WINDOWS_H
