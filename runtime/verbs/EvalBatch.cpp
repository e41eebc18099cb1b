//===- EvalBatch.cpp - the inputs of `eval` -------------------------------===//

#include "runtime/verbs/EvalBatch.h"

#include "runtime/support/Error.h"
#include "runtime/support/Safetensors.h"

#include <fmt/format.h>

namespace heddle {

static IdTable readTable(const SafetensorsReader &file, const std::string &name) {
  IdTable table;
  const std::vector<uint64_t> &shape = file.find(name).shape;
  if (shape.size() != 2)
    throw Error(fmt::format("'{}' must have two axes [B, T], it has {}", name, shape.size()));
  table.rows = shape[0];
  table.columns = shape[1];
  for (int64_t id : file.integers(name)) {
    if (id < INT32_MIN || id > INT32_MAX)
      throw Error(fmt::format("'{}' holds {}: an id must fit 32 bits", name, id));
    table.ids.push_back(static_cast<int32_t>(id));
  }
  if (table.ids.empty())
    throw Error(fmt::format("'{}' is empty", name));
  return table;
}

static IdTable readLike(const SafetensorsReader &file, const std::string &name, const IdTable &model) {
  IdTable table = readTable(file, name);
  if (table.rows != model.rows || table.columns != model.columns)
    throw Error(fmt::format("'{}' is [{}, {}], but 'input_ids' [{}, {}]", name, table.rows, table.columns,
                            model.rows, model.columns));
  return table;
}

EvalBatch EvalBatch::read(const SafetensorsReader &file, const std::vector<std::string> &inputs) {
  EvalBatch batch;
  batch.tokens = readTable(file, "input_ids");
  if (file.tensors().count("attention_mask"))
    batch.mask = readLike(file, "attention_mask", batch.tokens);
  if (file.tensors().count("decoder_input_ids")) {
    batch.decoder = readTable(file, "decoder_input_ids");
    if (batch.decoder->rows != batch.tokens.rows)
      throw Error(fmt::format("'decoder_input_ids' has {} rows, but 'input_ids' {}", batch.decoder->rows,
                              batch.tokens.rows));
  }
  for (const std::string &name : inputs)
    if (file.tensors().count(name))
      batch.more.emplace(name, readLike(file, name, batch.tokens));
  return batch;
}

std::vector<uint64_t> EvalBatch::columnsOf(uint64_t row) const {
  std::vector<uint64_t> columns;
  for (uint64_t c = 0; c < tokens.columns; ++c)
    if (!mask || mask->row(row)[c] != 0)
      columns.push_back(c);
  if (columns.empty())
    throw Error(fmt::format("row {} of 'attention_mask' is all padding", row));
  return columns;
}

std::vector<int32_t> EvalBatch::gather(const IdTable &table, uint64_t row,
                                       const std::vector<uint64_t> &columns) {
  std::vector<int32_t> ids;
  for (uint64_t c : columns)
    ids.push_back(table.row(row)[c]);
  return ids;
}

} // namespace heddle
