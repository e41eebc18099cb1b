//===- Program.cpp - a compiled program, checked and mapped ---------------===//

#include "runtime/program/Program.h"

#include "runtime/program/CpuFeatures.h"
#include "runtime/program/DescriptionCheck.h"
#include "runtime/program/Format.h"
#include "runtime/support/Error.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <xxhash.h>

namespace heddle {

/// The description where FlatBuffers wants it: at a multiple of 8.
static std::span<const uint8_t> aligned(std::span<const uint8_t> bytes, std::vector<uint64_t> &copy) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 8 == 0)
    return bytes;
  copy.resize(bytes.size() / 8 + 1);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return {reinterpret_cast<const uint8_t *>(copy.data()), bytes.size()};
}

static void checkTableOf(const heddle_kernel_table &table, uint64_t expected) {
  bool whole = table.count == expected && table.kernels;
  for (uint64_t i = 0; whole && i < expected; ++i)
    whole = table.kernels[i] != nullptr;
  if (!whole)
    throw Error(
        fmt::format("the kernels for '{}' are not those of the description ({}, expected {}): the program "
                    "was linked from parts of several",
                    table.cpu ? table.cpu : "?", table.count, expected));
}

Program::Program(const ProgramImage &image) : file(image.path), descriptionHash(image.descriptionHash) {
  std::span<const uint8_t> bytes = aligned(image.description, alignedCopy);
  if (XXH3_64bits(bytes.data(), bytes.size()) != image.descriptionHash)
    throw Error(fmt::format(
        "the description in '{}' is damaged: its checksum differs; compile the model again", file));
  root = &checkDescription(bytes);
  if (isFor(*root, "cpu")) {
    table = &chooseKernels(image.tables);
    checkTableOf(*table, root->kernels()->size());
  }
  checkTable = findKernels(image.checkTables);
  if (checkTable)
    checkTableOf(*checkTable, forDevices(*root).kernels()->size());
  else if (!root->device())
    checkTable = table; // for both, the kernels are the same

  if (image.weights) {
    if (image.weights->size() != root->weights_bytes())
      throw Error(fmt::format("the weights have {} bytes, expected {}", image.weights->size(),
                              root->weights_bytes()));
    weightBytes = image.weights->data();
  } else {
    mapped = mapWeights(file, root->weights_bytes());
    weightBytes = mapped.mapping.data();
  }
}

const format::Entry *Program::findEntry(std::string_view name, format::Variant variant) const {
  for (const format::Entry *entry : *root->entries())
    if (entry->name()->string_view() == name && entry->variant() == variant)
      return entry;
  return nullptr;
}

bool Program::isFor(const format::Program &program, std::string_view target) {
  return program.target()->string_view().find(target) != std::string_view::npos;
}

bool Program::usesCaches(const format::Entry &entry) {
  for (const format::Step *step : *entry.steps())
    if (step->bindings())
      for (const format::Binding *binding : *step->bindings())
        if (binding->space() == format::Space::Cache)
          return true;
  return false;
}

void Program::releaseWeights(uint64_t offset, uint64_t bytes) const {
  if (mapped.mapping.data())
    mapped.mapping.release(offset, bytes);
}

void Program::verifyWeights() const {
  constexpr uint64_t piece = 4 << 20;
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  for (uint64_t at = 0; at < root->weights_bytes(); at += piece)
    XXH3_64bits_update(state.get(), weightBytes + at, std::min(piece, root->weights_bytes() - at));
  if (XXH3_64bits_digest(state.get()) != root->weights_hash())
    throw Error(
        fmt::format("the weights in '{}' are damaged: their checksum differs; compile the model again",
                    mapped.file.empty() ? file : mapped.file));
}

std::string_view variantName(format::Variant variant) {
  switch (variant) {
  case format::Variant::All:
    return "all";
  case format::Variant::Last:
    return "last";
  case format::Variant::Decode:
    return "decode";
  }
  return "?";
}

} // namespace heddle
