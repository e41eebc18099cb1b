//===- EvalBatch.h - the inputs of `eval` -----------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_EVALBATCH_H
#define HEDDLE_RUNTIME_VERBS_EVALBATCH_H

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heddle {

class SafetensorsReader;

/// Sequences of ids, [rows, columns].
struct IdTable {
  uint64_t rows = 0, columns = 0;
  std::vector<int32_t> ids;

  std::span<const int32_t> row(uint64_t r) const { return std::span(ids).subspan(r * columns, columns); }
};

/// What a reference gives a model: `input_ids` and what may go with it.
struct EvalBatch {
  IdTable tokens;
  std::optional<IdTable> mask;         ///< attention_mask: 0 where there is padding
  std::optional<IdTable> decoder;      ///< decoder_input_ids
  std::map<std::string, IdTable> more; ///< further inputs, one id a token: token_type_ids

  /// Reads and checks a file: int64, two axes, shapes that agree. `inputs`: names of further inputs to look
  /// for.
  static EvalBatch read(const SafetensorsReader &file, const std::vector<std::string> &inputs);

  /// The columns of a row that are no padding. Throws Error when all of it is.
  std::vector<uint64_t> columnsOf(uint64_t row) const;

  /// A table's row at these columns.
  static std::vector<int32_t> gather(const IdTable &table, uint64_t row,
                                     const std::vector<uint64_t> &columns);
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_EVALBATCH_H
