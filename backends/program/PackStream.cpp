//===- PackStream.cpp - writes the weights section ------------------------===//
//
// The section is cut into pieces of some megabytes. A few pieces ahead of the
// one that is being written are packed by threads of their own, each reading its
// own part of the stored tensors; they are written in order.
//
//===----------------------------------------------------------------------===//

#include "backends/program/Packer.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"
#include <deque>
#include <future>
#include <sys/mman.h>

using namespace llvm;
using namespace heddle;

/// Bytes of a piece, where rows are not longer; and pieces that are packed ahead.
static constexpr int64_t pieceBytes = 2 << 20;
static constexpr size_t piecesAhead = 2;

/// After so many bytes written, pages that were read are given back.
static constexpr uint64_t dropEvery = 64 << 20;

namespace {
/// Some rows of a weight, or a whole constant.
struct Piece {
  const PackedWeight *weight;
  int64_t first, count;
  bool last; // of its weight
};
} // namespace

static void cutWeight(const PackedWeight &weight, std::vector<Piece> &pieces) {
  if (weight.bytes == 0)
    return;
  if (weight.constant)
    return pieces.push_back({&weight, 0, 0, true});
  int64_t lanes = weight.packing.panels ? weight.packing.lanes : 1, rows = packedRows(weight);
  int64_t groups = divideCeil(rows, lanes), bytes = weight.bytes / groups;
  int64_t step = std::max<int64_t>(pieceBytes / bytes, 1) * lanes;
  for (int64_t row = 0; row < rows; row += step)
    pieces.push_back({&weight, row, std::min(step, rows - row), row + step >= rows});
}

static std::vector<uint8_t> pack(const Piece &piece) {
  std::vector<uint8_t> out;
  if (!piece.weight->constant) {
    packRows(*piece.weight, piece.first, piece.count, out);
    return out;
  }
  out.resize(piece.weight->bytes);
  auto *target = reinterpret_cast<uint32_t *>(out.data());
  if (piece.weight->format == Format::F32)
    for (float number : piece.weight->constant.getValues<float>())
      *target++ = bit_cast<uint32_t>(number);
  else
    for (const APInt &number : piece.weight->constant.getValues<APInt>())
      *target++ = static_cast<uint32_t>(number.getZExtValue());
  return out;
}

/// Tells the system that the pages wholly inside the weight's tensors may go; they are read again if they are
/// needed.
static void dropPages(const PackedWeight &weight) {
  static const uint64_t page = sys::Process::getPageSizeEstimate();
  for (const Stored &tensor : weight.tensors) {
    if (!tensor.bytes)
      continue;
    uint64_t start = reinterpret_cast<uintptr_t>(tensor.bytes);
    uint64_t first = alignTo(start, page);
    uint64_t end = alignDown(start + tensor.size, page);
    if (first < end)
      madvise(reinterpret_cast<void *>(first), end - first, MADV_DONTNEED);
  }
}

static Error writeZeroes(uint64_t count, PackPlan::Sink sink) {
  static const uint8_t zeroes[4096] = {};
  for (uint64_t part; count > 0; count -= part) {
    part = std::min<uint64_t>(count, sizeof zeroes);
    if (Error error = sink(ArrayRef(zeroes, part)))
      return error;
  }
  return Error::success();
}

Error PackPlan::write(Sink sink) const {
  std::vector<Piece> pieces;
  for (const PackedWeight &weight : list)
    cutWeight(weight, pieces);

  std::deque<std::future<std::vector<uint8_t>>> ahead; // joined when they go out of scope
  size_t started = 0;
  uint64_t position = 0, dropped = 0;
  for (const Piece &piece : pieces) {
    while (started < pieces.size() && ahead.size() < piecesAhead)
      ahead.push_back(std::async(std::launch::async, pack, pieces[started++]));
    std::vector<uint8_t> bytes = ahead.front().get();
    ahead.pop_front();
    if (piece.first == 0) {
      if (Error error = writeZeroes(piece.weight->offset - position, sink))
        return error;
      position = piece.weight->offset;
    }
    if (Error error = sink(bytes))
      return error;
    position += bytes.size();
    if (piece.last || position - dropped >= dropEvery) {
      dropPages(*piece.weight);
      dropped = position;
    }
  }
  return writeZeroes(end - position, sink);
}
