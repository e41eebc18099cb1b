//===- Windows.h - which weights and caches share a buffer ------*- C++ -*-===//
//
// A device binds buffers of a bounded size only, and a step binds one buffer for its weights and one for its
// caches. So weights and caches are dealt out to several buffers, "windows", such that each step finds all it
// needs in one of each.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_VULKAN_WINDOWS_H
#define HEDDLE_RUNTIME_VULKAN_WINDOWS_H

#include "runtime/program/Program.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace heddle::vulkan {

/// Weights are read only: what several windows need is stored in each.
class WeightWindows {
public:
  /// `limit`: the bytes of a window, a multiple of 64; `device`: for the message when a step needs more,
  /// which is a DeviceError.
  WeightWindows(const format::Program &program, uint64_t limit, const std::string &device);

  struct Piece {
    uint64_t from, bytes; ///< in the program's weights
    uint64_t at;          ///< in the window
  };
  struct Window {
    std::vector<Piece> pieces;
    uint64_t bytes = 0;
  };
  const std::vector<Window> &windows() const { return list; }
  uint64_t bytes() const; ///< of all windows

  /// The window of a step; -1: it needs no weights.
  int windowOf(const format::Step &step) const;

  /// Where the weights at `index` lie in a window that has them.
  uint64_t offsetOf(int window, uint64_t index) const;

private:
  void collect(const format::Program &program);
  uint64_t regionOf(uint64_t index) const;
  void place(const format::Step &step, const std::string &kernel, uint64_t limit, const std::string &device);

  std::map<uint64_t, uint64_t> regions; ///< begin -> bytes; none lies within another
  std::vector<Window> list;
  std::vector<std::unordered_map<uint64_t, uint64_t>> places; ///< for each window: region -> offset
  std::set<uint64_t> stored;                                  ///< regions that are in some window
  std::unordered_map<const format::Step *, int> steps;
};

/// Caches are written: each is in one window, those that a step needs together in the same.
class CacheWindows {
public:
  /// `capacity` as for layOutCaches; else as above.
  CacheWindows(const format::Program &program, uint64_t capacity, uint64_t limit, const std::string &device);

  const std::vector<uint64_t> &windows() const { return sizes; } ///< bytes of each
  uint64_t bytes() const;

  /// The window of a step; -1: it needs no caches.
  int windowOf(const format::Step &step) const;

  /// Where a cache lies in its window.
  uint64_t offsetOf(uint64_t cache) const { return places[cache].offset; }

private:
  struct Place {
    int window = -1;
    uint64_t offset = 0;
  };
  std::vector<Place> places;
  std::vector<uint64_t> sizes;
};

} // namespace heddle::vulkan

#endif // HEDDLE_RUNTIME_VULKAN_WINDOWS_H
