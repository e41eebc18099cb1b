//===- WriteProgram.cpp - writes a program's file -------------------------===//
//
// The program is linked first, with a description that lacks the weights' hash
// and an empty section for the weights. The weights are streamed behind it, once;
// then the description is completed, and the linked part written in front.
//
//===----------------------------------------------------------------------===//

#include "backends/program/WriteProgram.h"
#include "backends/program/ElfImage.h"
#include "backends/program/ElfObject.h"
#include "backends/program/OutputFile.h"
#include "runtime/program/Format.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <optional>
#include <xxhash.h>

using namespace llvm;
using namespace heddle;

static constexpr uint64_t pageSize = 4096;

static std::vector<uint8_t> littleEndian(uint64_t number) {
  std::vector<uint8_t> bytes(8);
  support::endian::write64le(bytes.data(), number);
  return bytes;
}

/// The section that leads to the weights: its size and place come later, or are those of another file.
static std::optional<ElfConstant> weightsConstant(uint64_t bytes, const std::string &beside) {
  if (bytes == 0)
    return std::nullopt;
  if (beside.empty())
    return ElfConstant{weightsSection, "", littleEndian(bytes), 8, false};
  std::vector<uint8_t> content = littleEndian(bytes);
  StringRef name = sys::path::filename(beside);
  content.insert(content.end(), name.begin(), name.end());
  return ElfConstant{weightsBesideSection, "", content, 8, false};
}

/// The symbols of runtime/abi/kernel.h but for the kernels.
static SmallVector<char, 0> descriptionObject(ArrayRef<uint8_t> description,
                                              std::optional<ElfConstant> weights) {
  std::vector<ElfConstant> constants = {
      {".rodata.heddle_description", "heddle_description", description.vec(), 64, true},
      {".rodata.heddle_description_size", "heddle_description_size", littleEndian(description.size()), 8,
       true},
      {".rodata.heddle_description_hash", "heddle_description_hash", littleEndian(0), 8, true}};
  if (weights)
    constants.push_back(*weights);
  return makeElfObject(constants);
}

static Expected<ElfImage> link(ArrayRef<LinkObject> objects, ArrayRef<char> description) {
  std::vector<LinkObject> all(objects.begin(), objects.end());
  all.push_back({"description", description});
  auto linked = linkProgram(all);
  if (!linked)
    return linked.takeError();
  return ElfImage::create(std::move(*linked));
}

/// Streams the weights to `file` from `offset` on, and gives their hash.
static Expected<uint64_t> writeWeights(const PackPlan &plan, OutputFile &file, uint64_t offset,
                                       const ProgramOutput &output) {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  uint64_t done = 0;
  Error error = plan.write([&](ArrayRef<uint8_t> bytes) -> Error {
    XXH3_64bits_update(state.get(), bytes.data(), bytes.size());
    Error error = file.writeAt(offset + done, bytes);
    done += bytes.size();
    if (output.progress)
      output.progress(done, plan.bytes());
    return error;
  });
  if (error)
    return error;
  return XXH3_64bits_digest(state.get());
}

/// Puts the hash of the weights into the description, and that of the description beside it.
static Error completeDescription(ElfImage &image, uint64_t size, uint64_t weightsHash) {
  auto description = image.symbol("heddle_description", size);
  if (!description)
    return description.takeError();
  setWeightsHash(*description, weightsHash);
  auto hash = image.symbol("heddle_description_hash", 8);
  if (!hash)
    return hash.takeError();
  support::endian::write64le(hash->data(), XXH3_64bits(description->data(), description->size()));
  return Error::success();
}

Error heddle::writeProgram(const Schedule &schedule, const Schedule *device, const PackPlan &plan,
                           const ProgramFacts &facts, ArrayRef<LinkObject> objects,
                           const ProgramOutput &output) {
  std::string beside = output.weightsBeside && plan.bytes() ? output.path + ".weights" : "";
  std::vector<uint8_t> description = describe(schedule, device, plan, facts);
  auto image = link(objects, descriptionObject(description, weightsConstant(plan.bytes(), beside)));
  if (!image)
    return image.takeError();
  bool inside = plan.bytes() && beside.empty();
  uint64_t start = inside ? alignTo(image->bytes().size(), pageSize) : 0;
  if (Error error = image->allowDlopen())
    return error;
  if (inside)
    if (Error error = image->moveSection(weightsSection, start, plan.bytes()))
      return error;

  auto program = OutputFile::create(output.path, /*executable=*/true,
                                    inside ? start + plan.bytes() : image->bytes().size());
  if (!program)
    return program.takeError();
  std::optional<OutputFile> other;
  if (!beside.empty()) {
    auto file = OutputFile::create(beside, /*executable=*/false, plan.bytes());
    if (!file)
      return file.takeError();
    other.emplace(std::move(*file));
  }
  auto hash = writeWeights(plan, other ? *other : *program, start, output);
  if (!hash)
    return hash.takeError();
  if (Error error = completeDescription(*image, description.size(), *hash))
    return error;
  ArrayRef<char> bytes = image->bytes();
  if (Error error = program->writeAt(0, {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}))
    return error;
  if (other)
    if (Error error = other->keep())
      return error;
  return program->keep();
}
