//===- Windows.cpp - which weights and caches share a buffer --------------===//

#include "runtime/vulkan/Windows.h"

#include "runtime/engine/Machine.h"
#include "runtime/engine/Memory.h"
#include "runtime/program/Format.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <set>

namespace heddle::vulkan {

template <typename Visit>
static void eachBinding(const format::Step &step, format::Space space, const Visit &visit) {
  if (step.bindings())
    for (const format::Binding *binding : *step.bindings())
      if (binding->space() == space)
        visit(*binding);
}

[[noreturn]] static void refuse(const std::string &what, uint64_t needed, uint64_t limit,
                                const std::string &device) {
  throw DeviceError(fmt::format("{} needs {} in one buffer, the device '{}' binds {} at most", what,
                                readableBytes(needed), device, readableBytes(limit)));
}

//===- Weights -------------------------------------------------------------===//

WeightWindows::WeightWindows(const format::Program &program, uint64_t limit, const std::string &device) {
  collect(program);
  for (const format::Entry *entry : *program.entries())
    for (const format::Step *step : *entry->steps())
      place(*step, program.kernels()->Get(step->kernel())->name()->str(), limit, device);
}

/// The regions of the weights that steps read, without those that lie within others.
void WeightWindows::collect(const format::Program &program) {
  std::map<uint64_t, uint64_t> all;
  for (const format::Entry *entry : *program.entries())
    for (const format::Step *step : *entry->steps())
      eachBinding(*step, format::Space::Weights, [&](const format::Binding &binding) {
        uint64_t &bytes = all[binding.index()];
        bytes = std::max(bytes, binding.bytes());
      });
  uint64_t end = 0;
  for (auto [begin, bytes] : all)
    if (begin + bytes > end) {
      regions.emplace(begin, bytes);
      end = begin + bytes;
    }
}

/// The beginning of the region that holds the weights at `index`.
uint64_t WeightWindows::regionOf(uint64_t index) const {
  return std::prev(regions.upper_bound(index))->first;
}

void WeightWindows::place(const format::Step &step, const std::string &kernel, uint64_t limit,
                          const std::string &device) {
  std::set<uint64_t> needed;
  eachBinding(step, format::Space::Weights,
              [&](const format::Binding &binding) { needed.insert(regionOf(binding.index())); });
  if (needed.empty())
    return;
  auto size = [&](uint64_t region) { return roundUp(regions.at(region), bufferAlignment); };
  uint64_t whole = 0;
  for (uint64_t region : needed)
    whole += size(region);
  if (whole > limit)
    refuse(fmt::format("a step of '{}'", kernel), whole, limit, device);

  // The window that has room and where the least is stored a second time; among several the latest.
  size_t best = list.size(); // a new one
  uint64_t least = UINT64_MAX;
  for (size_t window = list.size(); window-- > 0;) {
    uint64_t missing = 0, twice = 0;
    for (uint64_t region : needed)
      if (!places[window].count(region)) {
        missing += size(region);
        twice += stored.count(region) ? size(region) : 0;
      }
    if (missing <= limit - list[window].bytes && twice < least) {
      least = twice;
      best = window;
    }
  }
  if (best == list.size()) {
    list.emplace_back();
    places.emplace_back();
  }
  steps[&step] = static_cast<int>(best);
  stored.insert(needed.begin(), needed.end());
  for (uint64_t region : needed)
    if (places[best].emplace(region, list[best].bytes).second) {
      list[best].pieces.push_back({region, regions.at(region), list[best].bytes});
      list[best].bytes += size(region);
    }
}

uint64_t WeightWindows::bytes() const {
  return std::accumulate(list.begin(), list.end(), uint64_t(0),
                         [](uint64_t sum, const Window &window) { return sum + window.bytes; });
}

int WeightWindows::windowOf(const format::Step &step) const {
  auto found = steps.find(&step);
  return found == steps.end() ? -1 : found->second;
}

uint64_t WeightWindows::offsetOf(int window, uint64_t index) const {
  uint64_t region = regionOf(index);
  return places[window].at(region) + (index - region);
}

//===- Caches --------------------------------------------------------------===//

CacheWindows::CacheWindows(const format::Program &program, uint64_t capacity, uint64_t limit,
                           const std::string &device) {
  size_t count = program.caches() ? program.caches()->size() : 0;
  // Groups of caches that steps need together: each cache points to another of its group, the first to
  // itself.
  std::vector<size_t> group(count);
  std::iota(group.begin(), group.end(), 0);
  auto first = [&](size_t cache) {
    while (group[cache] != cache)
      cache = group[cache] = group[group[cache]];
    return cache;
  };
  for (const format::Entry *entry : *program.entries())
    for (const format::Step *step : *entry->steps()) {
      size_t other = count;
      eachBinding(*step, format::Space::Cache, [&](const format::Binding &binding) {
        size_t mine = first(binding.index());
        if (other != count)
          group[std::max(mine, other)] = std::min(mine, other);
        other = first(mine);
      });
    }

  std::map<size_t, uint64_t> groupBytes;
  places.resize(count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t &bytes = groupBytes[first(i)];
    places[i].offset = bytes; // in its group
    bytes = checkedSum(bytes, roundUp(cacheBytes(*program.caches()->Get(i), capacity), bufferAlignment));
  }
  std::map<size_t, Place> groupPlaces;
  for (auto [leader, bytes] : groupBytes) {
    if (bytes > limit)
      refuse(fmt::format("a context of {} tokens", capacity), bytes, limit, device);
    if (sizes.empty() || bytes > limit - sizes.back())
      sizes.push_back(0);
    groupPlaces[leader] = {static_cast<int>(sizes.size()) - 1, sizes.back()};
    sizes.back() += bytes;
  }
  for (size_t i = 0; i < count; ++i) {
    const Place &place = groupPlaces[first(i)];
    places[i].window = place.window;
    places[i].offset += place.offset;
  }
}

uint64_t CacheWindows::bytes() const { return std::accumulate(sizes.begin(), sizes.end(), uint64_t(0)); }

int CacheWindows::windowOf(const format::Step &step) const {
  int window = -1;
  eachBinding(step, format::Space::Cache,
              [&](const format::Binding &binding) { window = places[binding.index()].window; });
  return window;
}

} // namespace heddle::vulkan
