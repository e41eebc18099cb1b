//===- Layout.cpp - where slots and caches lie in memory ------------------===//

#include "runtime/engine/Layout.h"

#include "runtime/program/Format.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <fmt/format.h>

namespace heddle {

static constexpr uint64_t shortestChunk = 16;
static constexpr uint64_t largestOutputs = 16 << 20;

static void append(Layout &layout, uint64_t bytes) {
  layout.offsets.push_back(layout.bytes);
  layout.bytes = roundUp(checkedSum(layout.bytes, bytes), bufferAlignment);
}

static void checkFits(const format::Entry &entry, const format::Value &value, const CallSizes &most) {
  uint64_t needed = checkedProduct(countOf(value, most), sizeof(float));
  uint64_t room = evaluate(*entry.slots()->Get(value.slot()), most);
  if (needed > room)
    throw Error(fmt::format("the program's description is damaged: '{}' takes {} bytes, its slot has {}",
                            value.name()->string_view(), needed, room));
}

Layout layOutArena(const format::Entry &entry, const CallSizes &most) {
  Layout layout;
  if (entry.slots())
    for (const format::Size *slot : *entry.slots())
      append(layout, evaluate(*slot, most));
  if (entry.inputs())
    for (const format::Value *input : *entry.inputs())
      checkFits(entry, *input, most);
  for (const format::Value *output : *entry.outputs())
    checkFits(entry, *output, most);
  if (entry.taps())
    for (const format::Tap *tap : *entry.taps())
      checkFits(entry, *tap->value(), most);
  return layout;
}

Layout layOutCaches(const format::Program &program, uint64_t capacity) {
  Layout layout;
  if (program.caches())
    for (const format::Cache *cache : *program.caches())
      append(layout, cacheBytes(*cache, capacity));
  return layout;
}

static uint64_t outputBytes(const format::Entry &entry, const CallSizes &sizes) {
  uint64_t bytes = 0;
  for (const format::Value *output : *entry.outputs())
    bytes = checkedSum(bytes, checkedProduct(countOf(*output, sizes), sizeof(float)));
  return bytes;
}

uint64_t chooseChunk(const format::Entry &entry, uint64_t capacity, uint64_t second, uint64_t largestArena) {
  if (entry.variant() == format::Variant::Decode)
    return 1;
  CallSizes sizes;
  sizes.sequence() = sizes.capacity() = static_cast<int64_t>(capacity);
  sizes.second() = static_cast<int64_t>(second);
  uint64_t chunk = std::min<uint64_t>(HEDDLE_LONGEST_CALL, capacity);
  if (entry.variant() == format::Variant::All)
    if (uint64_t row = outputBytes(entry, sizes); row > 0)
      chunk = std::min(chunk, std::max(largestOutputs / row / shortestChunk * shortestChunk, shortestChunk));
  for (; chunk > shortestChunk; chunk /= 2) {
    sizes.tokens() = static_cast<int64_t>(chunk);
    if (layOutArena(entry, sizes).bytes <= largestArena)
      break;
  }
  return std::max<uint64_t>(chunk, 1);
}

bool isDivisible(const format::Entry &entry) {
  if (!Program::usesCaches(entry))
    return false;
  if (entry.variant() != format::Variant::All)
    return true;
  for (const format::Value *output : *entry.outputs())
    if (!hasAxis(*output, format::Param::T))
      return false;
  return true;
}

} // namespace heddle
