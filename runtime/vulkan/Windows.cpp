//===- Windows.cpp - which weights and caches share a buffer --------------===//

#include "runtime/vulkan/Windows.h"

#include "runtime/engine/Machine.h"
#include "runtime/engine/Memory.h"
#include "runtime/program/Format.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace heddle::vulkan {

namespace {

/// Shaders find what lies before a window by numbers of words with a sign.
constexpr uint64_t farthest = uint64_t(1) << 33;

template <typename Visit> void eachStep(const format::Program &program, const Visit &visit) {
  for (const format::Entry *entry : *program.entries())
    for (const format::Step *step : *entry->steps())
      visit(*step, *program.kernels()->Get(step->kernel()));
}

template <typename Visit>
void eachBinding(const format::Step &step, format::Space space, const Visit &visit) {
  if (step.bindings())
    for (const format::Binding *binding : *step.bindings())
      if (binding->space() == space)
        visit(*binding);
}

[[noreturn]] void refuse(const std::string &what, uint64_t needed, uint64_t limit,
                         const std::string &device) {
  throw DeviceError(fmt::format("{} needs {} in one buffer, the device '{}' binds {} at most", what,
                                readableBytes(needed), device, readableBytes(limit)));
}

/// Sets of numbers that belong together.
class Groups {
public:
  /// The least of those that belong to `number`.
  uint64_t of(uint64_t number) {
    uint64_t &next = nexts.try_emplace(number, number).first->second;
    return next == number ? number : next = of(next);
  }
  void join(uint64_t one, uint64_t other) {
    one = of(one), other = of(other);
    nexts[std::max(one, other)] = std::min(one, other);
  }

private:
  std::map<uint64_t, uint64_t> nexts;
};

/// How what steps use together is cut: into equal ranges, but for the last.
struct Cut {
  uint64_t most = UINT64_MAX; // rows that a window has room for
  uint64_t unit = 1;          // rows of a range are a multiple of this

  void bound(uint64_t rows) { most = std::min(most, rows); }
  void align(uint64_t rows) { unit = unit < farthest ? std::lcm(unit, rows) : unit; }
  /// Each range begins at a multiple of 64 bytes.
  void alignRow(uint64_t bytes) { align(bufferAlignment / std::gcd(bytes, bufferAlignment)); }

  /// The ranges of so many rows; none: a window does not have room for one.
  std::vector<Part> ranges(uint64_t total) const {
    std::vector<Part> parts;
    uint64_t fits = most / unit * unit;
    if (fits == 0)
      return parts;
    uint64_t count = (total + fits - 1) / fits, rows = roundUp((total + count - 1) / count, unit);
    for (uint64_t first = 0; first < total; first += rows)
      parts.push_back({-1, first, std::min(rows, total - first)});
    return parts;
  }
};

/// The rows of what a step may bind in windows.
uint64_t rowsOf(const format::Step &step) { return static_cast<uint64_t>(*step.scalars()->rbegin()); }

} // namespace

//===- Weights -------------------------------------------------------------===//

/// What a step needs of the weights.
struct Need {
  uint64_t whole = 0, fixed = 0, row = 0; // bytes: in all, of what is never cut, of all rows with one number
  Cut cut;
};

static uint64_t rowBytes(const format::Binding &binding) { return evaluate(*binding.row(), {}); }

static Need needOf(const format::Step &step, const format::Kernel &kernel) {
  Need need;
  if (kernel.window_rows())
    need.cut.align(kernel.window_rows());
  std::set<uint64_t> seen;
  eachBinding(step, format::Space::Weights, [&](const format::Binding &binding) {
    if (!seen.insert(binding.index()).second)
      return;
    uint64_t bytes = roundUp(binding.bytes(), bufferAlignment);
    need.whole += bytes;
    if (!binding.row() || bytes > farthest) {
      need.fixed += bytes;
      return;
    }
    need.row += rowBytes(binding);
    need.cut.alignRow(rowBytes(binding));
  });
  return need;
}

WeightWindows::WeightWindows(const format::Program &program, uint64_t limit, const std::string &device,
                             uint64_t page)
    : page(page) {
  // What several steps use is cut alike for all.
  Groups together;
  eachStep(program, [&](const format::Step &step, const format::Kernel &kernel) {
    if (needOf(step, kernel).whole <= limit)
      return;
    const format::Binding *before = nullptr;
    eachBinding(step, format::Space::Weights, [&](const format::Binding &binding) {
      if (binding.row() && before)
        together.join(before->index(), binding.index());
      if (binding.row())
        before = &binding;
    });
  });
  std::map<uint64_t, Cut> cuts;
  auto cutOf = [&](const format::Step &step) -> Cut * {
    Cut *cut = nullptr;
    eachBinding(step, format::Space::Weights, [&](const format::Binding &binding) {
      if (binding.row())
        cut = &cuts[together.of(binding.index())];
    });
    return cut;
  };
  eachStep(program, [&](const format::Step &step, const format::Kernel &kernel) {
    Need need = needOf(step, kernel);
    if (need.whole <= limit)
      return;
    if (need.row == 0 || need.fixed >= limit)
      refuse(fmt::format("a step of '{}'", kernel.name()->string_view()), need.whole, limit, device);
    Cut &cut = *cutOf(step);
    uint64_t room = limit - need.fixed; // less what lies before it in its first page
    cut.bound((room - std::min(page, room - 1)) / need.row);
    cut.align(need.cut.unit);
  });

  eachStep(program, [&](const format::Step &step, const format::Kernel &kernel) {
    Need need = needOf(step, kernel);
    std::vector<Part> &parts = steps[&step];
    parts.emplace_back();
    if (need.whole > limit)
      parts = cutOf(step)->ranges(rowsOf(step));
    if (parts.empty())
      refuse(fmt::format("a step of '{}'", kernel.name()->string_view()), need.whole, limit, device);
    if (need.whole)
      for (Part &part : parts)
        part = place(step, part, limit);
  });
}

WeightWindows::Range WeightWindows::rangeOf(const Part &part, const format::Binding &binding) {
  if (part.rows == 0 || !binding.row())
    return {binding.index(), binding.bytes()};
  uint64_t row = rowBytes(binding);
  return {binding.index() + part.first * row, part.rows * row};
}

/// Finds a window for a part of a step.
Part WeightWindows::place(const format::Step &step, Part part, uint64_t limit) {
  std::set<Range> needed;
  eachBinding(step, format::Space::Weights,
              [&](const format::Binding &binding) { needed.insert(rangeOf(part, binding)); });
  std::optional<size_t> window = page ? placeAsPages(needed, limit) : std::nullopt;
  if (!window)
    window = placeCopies(needed, limit);
  part.window = static_cast<int>(*window);
  return part;
}

/// In the window that grows least. Nothing where what is needed lies too far apart.
std::optional<size_t> WeightWindows::placeAsPages(const std::set<Range> &needed, uint64_t limit) {
  uint64_t from = needed.begin()->first / page * page, end = from;
  for (const auto &[first, bytes] : needed)
    end = std::max(end, first + bytes);
  if (end - from > limit)
    return std::nullopt;
  size_t best = list.size(); // a new one
  Window with = {{{from, end - from, 0}}, end - from, true};
  uint64_t least = UINT64_MAX;
  for (size_t window = 0; window < list.size(); ++window) {
    if (!list[window].isPages)
      continue;
    const Piece &there = list[window].pieces.front();
    uint64_t first = std::min(from, there.from), bytes = std::max(end, there.from + there.bytes) - first;
    if (bytes <= limit && bytes - there.bytes < least) {
      least = bytes - there.bytes;
      best = window;
      with = {{{first, bytes, 0}}, bytes, true};
    }
  }
  list.resize(std::max(list.size(), best + 1));
  places.resize(list.size());
  list[best] = with;
  return best;
}

/// In the window that has room and where the least is stored a second time; among several the latest.
size_t WeightWindows::placeCopies(const std::set<Range> &needed, uint64_t limit) {
  auto size = [](const Range &range) { return roundUp(range.second, bufferAlignment); };
  size_t best = list.size(); // a new one
  uint64_t least = UINT64_MAX;
  for (size_t window = list.size(); window-- > 0;) {
    if (list[window].isPages)
      continue;
    uint64_t missing = 0, twice = 0;
    for (const Range &range : needed)
      if (!places[window].count(range)) {
        missing += size(range);
        twice += stored.count(range) ? size(range) : 0;
      }
    if (missing <= limit - list[window].bytes && twice < least) {
      least = twice;
      best = window;
    }
  }
  list.resize(std::max(list.size(), best + 1));
  places.resize(list.size());
  stored.insert(needed.begin(), needed.end());
  for (const Range &range : needed)
    if (places[best].emplace(range, list[best].bytes).second) {
      list[best].pieces.push_back({range.first, range.second, list[best].bytes});
      list[best].bytes += size(range);
    }
  return best;
}

uint64_t WeightWindows::bytes() const {
  return std::accumulate(list.begin(), list.end(), uint64_t(0), [](uint64_t sum, const Window &window) {
    return sum + (window.isPages ? 0 : window.bytes);
  });
}

int64_t WeightWindows::offsetOf(const Part &part, const format::Binding &binding) const {
  Range range = rangeOf(part, binding);
  const Window &window = list[static_cast<size_t>(part.window)];
  uint64_t at = window.isPages ? range.first - window.pieces.front().from
                               : places[static_cast<size_t>(part.window)].at(range);
  uint64_t before = range.first - binding.index(); // rows that are not there
  return static_cast<int64_t>(at - before);
}

//===- Caches --------------------------------------------------------------===//

CacheWindows::CacheWindows(const format::Program &program, uint64_t capacity, uint64_t limit,
                           const std::string &device) {
  size_t count = program.caches() ? program.caches()->size() : 0;
  auto cacheAt = [&](uint64_t cache) -> const format::Cache & {
    return *program.caches()->Get(static_cast<uint32_t>(cache));
  };
  places.resize(count);
  Groups together;
  eachStep(program, [&](const format::Step &step, const format::Kernel &) {
    const format::Binding *before = nullptr;
    eachBinding(step, format::Space::Cache, [&](const format::Binding &binding) {
      together.join(before ? before->index() : binding.index(), binding.index());
      before = &binding;
    });
  });
  struct Group {
    std::vector<uint64_t> caches;
    uint64_t whole = 0, rows = 0; // bytes in all; rows of each
    bool divisible = true;        // all its steps can be run for a range of rows
    Cut cut;
    std::vector<Part> parts;
  };
  std::map<uint64_t, Group> groups;
  std::vector<uint64_t> bytes;
  for (uint64_t cache = 0; cache < count; ++cache) {
    Group &group = groups[together.of(cache)];
    group.caches.push_back(cache);
    bytes.push_back(roundUp(cacheBytes(cacheAt(cache), capacity), bufferAlignment));
    group.whole = checkedSum(group.whole, bytes.back());
  }
  eachStep(program, [&](const format::Step &step, const format::Kernel &kernel) {
    eachBinding(step, format::Space::Cache, [&](const format::Binding &binding) {
      Group &group = groups[together.of(binding.index())];
      if (!binding.row()) {
        group.divisible = false;
        return;
      }
      uint64_t row = evaluate(*binding.row(), sizesOf(cacheAt(binding.index()), capacity)),
               rows = rowsOf(step);
      Place &place = places[binding.index()];
      group.divisible &= (place.row == 0 || place.row == row) && (group.rows == 0 || group.rows == rows) &&
                         checkedProduct(row, rows) <= std::min(bytes[binding.index()], farthest);
      place.row = row;
      group.rows = rows;
      group.cut.align(kernel.window_rows());
      group.cut.alignRow(row);
    });
  });

  for (auto &[first, group] : groups) {
    if (group.whole <= limit) {
      group.parts.emplace_back();
    } else if (group.divisible) {
      uint64_t row = 0;
      for (uint64_t cache : group.caches)
        row += places[cache].row;
      group.cut.bound(limit / std::max<uint64_t>(row, 1));
      group.parts = group.cut.ranges(group.rows);
    }
    if (group.parts.empty())
      refuse(fmt::format("a context of {} tokens", capacity), group.whole, limit, device);
    for (Part &part : group.parts) {
      auto size = [&](uint64_t cache) { return part.rows ? part.rows * places[cache].row : bytes[cache]; };
      uint64_t needed = 0;
      for (uint64_t cache : group.caches)
        needed += size(cache);
      if (sizes.empty() || needed > limit - sizes.back())
        sizes.push_back(0);
      part.window = static_cast<int>(sizes.size()) - 1;
      for (uint64_t cache : group.caches) {
        places[cache].offsets[part.first] = sizes.back();
        sizes.back() += size(cache);
      }
    }
  }
  eachStep(program, [&](const format::Step &step, const format::Kernel &) {
    std::vector<Part> &parts = steps[&step];
    parts.emplace_back();
    eachBinding(step, format::Space::Cache,
                [&](const format::Binding &binding) { parts = groups[together.of(binding.index())].parts; });
  });
}

uint64_t CacheWindows::bytes() const { return std::accumulate(sizes.begin(), sizes.end(), uint64_t(0)); }

std::pair<uint64_t, uint64_t> CacheWindows::rangeOf(const Part &part, const format::Binding &binding,
                                                    uint64_t whole) const {
  uint64_t row = places[binding.index()].row;
  return part.rows ? std::pair(part.first * row, part.rows * row) : std::pair(uint64_t(0), whole);
}

int64_t CacheWindows::offsetOf(const Part &part, const format::Binding &binding) const {
  uint64_t before = rangeOf(part, binding, 0).first; // rows that are not there
  return static_cast<int64_t>(places[binding.index()].offsets.at(part.first) - before);
}

} // namespace heddle::vulkan
