//===- Evaluation.h - outputs and taps for given ids ------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_EVALUATION_H
#define HEDDLE_RUNTIME_VERBS_EVALUATION_H

#include "runtime/model/Model.h"
#include "runtime/verbs/EvalBatch.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heddle {

/// A tensor that an evaluation gives.
struct EvalTensor {
  std::string name;
  std::vector<uint64_t> shape;
  bool integers = false;         ///< int64, else float32
  bool batched = false;          ///< the first axis is the batch's; else it is of row 0
  bool columns = false;          ///< the next axis is that of `input_ids`' columns, padding among them
  std::vector<std::string> axes; ///< the names of a value's own axes: without the batch's
  /// The steps that make it from the tap before; no entry where many runs do.
  const format::Entry *entry = nullptr;
  uint32_t firstStep = 0, lastStep = 0;
};

/// Where the numbers go. Memory of every tensor's size, filled with zeroes.
class EvalStore {
public:
  virtual ~EvalStore() = default;
  virtual std::span<float> floats(const std::string &name) = 0;
  virtual std::span<int64_t> integers(const std::string &name) = 0;
};

/// Runs the rows of a batch one by one, without their padding; what comes out goes back to the columns it
/// belongs to. Names are the reference's: an encoder's memory is `encoder_last_hidden_state`, and where there
/// is an encoder and a decoder, taps say of which they are.
class Evaluation {
public:
  /// `newTokens`: so many tokens more for each row, by argmax. `taps`: also the hidden states of row 0.
  /// Throws Error where the program generates no text and is to.
  Evaluation(Model &model, const EvalBatch &batch, std::optional<uint64_t> newTokens, bool taps);

  /// What `run` gives: an encoder's tensors before the decoder's, an entry's taps before its outputs.
  const std::vector<EvalTensor> &tensors() const { return results; }

  void run(EvalStore &store);

private:
  uint64_t longestSequence() const;
  bool decodes(std::string_view entry) const;
  std::string outputName(std::string_view entry, std::string_view name) const;
  std::string tapName(std::string_view entry, std::string_view name) const;
  uint64_t columnsFor(std::string_view entry) const;
  uint64_t widthOf(const format::Axis &axis, std::string_view entry) const;
  void addTensors(const format::Entry &entry);
  EvalTensor describe(const format::Entry &entry, const format::Value &value) const;
  void storeTap(std::string_view entry, const Rows &rows, const std::vector<uint64_t> &columns);
  RowSink sinkFor(std::string_view entry, uint64_t row, const std::vector<uint64_t> &columns);
  void runOneSide(uint64_t row);
  void runBothSides(uint64_t row);
  void generate(uint64_t row, std::span<const int32_t> before, int32_t next);

  const format::Program &program;
  const EvalBatch &batch;
  bool encodes;
  std::optional<uint64_t> newTokens;
  bool taps;
  Session session;
  std::vector<EvalTensor> results;
  EvalStore *store = nullptr;
};

/// Names of forward's inputs that are given ids but are not the tokens.
std::vector<std::string> furtherInputs(const format::Program &program);

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_EVALUATION_H
