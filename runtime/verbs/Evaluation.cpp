//===- Evaluation.cpp - outputs and taps for given ids --------------------===//

#include "runtime/verbs/Evaluation.h"

#include "runtime/support/Error.h"
#include "runtime/text/Sampler.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace heddle {

using format::Variant;

Evaluation::Evaluation(Model &model, const EvalBatch &batch, std::optional<uint64_t> newTokens, bool taps)
    : program(model.description()), batch(batch), encodes(abilitiesOf(program).encodes), newTokens(newTokens),
      taps(taps), session(model.program(), model.machine(), longestSequence()) {
  if (newTokens && !abilitiesOf(program).generates)
    throw Error(
        fmt::format("'{}' does not generate text: --greedy cannot be had", program.model()->string_view()));
  for (const char *name : {"encode", "forward"})
    for (const format::Entry *entry : *program.entries())
      if (entry->name()->string_view() == name && entry->variant() == Variant::All &&
          (!decodes(name) || batch.decoder))
        addTensors(*entry);
  if (newTokens)
    results.push_back({.name = "greedy_ids",
                       .shape = {batch.tokens.rows, (encodes ? 1 : batch.tokens.columns) + *newTokens},
                       .integers = true,
                       .batched = true});
}

/// Tokens that `forward` gets at most: the last one generated is not fed.
uint64_t Evaluation::longestSequence() const {
  uint64_t more = newTokens && *newTokens > 0 ? *newTokens - 1 : 0;
  if (!encodes)
    return batch.tokens.columns + more;
  return std::max<uint64_t>(batch.decoder ? batch.decoder->columns : 1, 1 + more);
}

/// Whether the rows of an entry's outputs belong to the decoder's tokens.
bool Evaluation::decodes(std::string_view entry) const { return encodes && entry == "forward"; }

std::string Evaluation::outputName(std::string_view entry, std::string_view name) const {
  return encodes && entry == "encode" ? "encoder_last_hidden_state" : std::string(name);
}

std::string Evaluation::tapName(std::string_view entry, std::string_view name) const {
  if (!encodes || !name.starts_with("hidden"))
    return std::string(name);
  return fmt::format("{}_{}", entry == "encode" ? "encoder" : "decoder", name);
}

uint64_t Evaluation::columnsFor(std::string_view entry) const {
  return decodes(entry) ? batch.decoder->columns : batch.tokens.columns;
}

/// An axis' extent in the tensors: of tokens, that of all columns.
uint64_t Evaluation::widthOf(const format::Axis &axis, std::string_view entry) const {
  if (axis.param() == format::Param::One)
    return axis.size();
  return axis.param() == format::Param::U ? batch.tokens.columns : columnsFor(entry);
}

/// A value without its name and its steps.
EvalTensor Evaluation::describe(const format::Entry &entry, const format::Value &value) const {
  std::string_view name = entry.name()->string_view();
  EvalTensor tensor;
  tensor.entry = &entry;
  if (value.axes())
    for (const format::Axis *axis : *value.axes()) {
      tensor.shape.push_back(widthOf(*axis, name));
      tensor.axes.push_back(axis->name()->str());
    }
  tensor.columns = !decodes(name) && (hasAxis(value, format::Param::T) || hasAxis(value, format::Param::U));
  return tensor;
}

void Evaluation::addTensors(const format::Entry &entry) {
  std::string_view name = entry.name()->string_view();
  uint32_t step = 0;
  if (taps && entry.taps())
    for (const format::Tap *tap : *entry.taps()) {
      EvalTensor &tensor = results.emplace_back(describe(entry, *tap->value()));
      tensor.name = tapName(name, tap->name()->string_view());
      tensor.firstStep = std::exchange(step, tap->after());
      tensor.lastStep = step;
    }
  for (const format::Value *output : *entry.outputs())
    if (!Program::isInternal(*output)) {
      EvalTensor &tensor = results.emplace_back(describe(entry, *output));
      tensor.name = outputName(name, output->name()->string_view());
      tensor.shape.insert(tensor.shape.begin(), batch.tokens.rows);
      tensor.batched = true;
      tensor.firstStep = step;
      tensor.lastStep = entry.steps()->size();
    }
}

/// Puts a tap's elements where they belong, along each axis of tokens at the columns of these.
void Evaluation::storeTap(std::string_view entry, const Rows &rows, const std::vector<uint64_t> &columns) {
  struct Place {
    uint64_t extent, stride;
    uint64_t first = 0;
    const std::vector<uint64_t> *columns = nullptr;
  };
  std::vector<uint64_t> source = decodes(entry) ? batch.columnsOf(0) : columns;
  std::vector<Place> places;
  uint64_t stride = 1;
  if (rows.value.axes())
    for (size_t i = rows.value.axes()->size(); i-- > 0;) {
      const format::Axis &axis = *rows.value.axes()->Get(i);
      Place place{extentOf(axis, rows.sizes), stride};
      if (axis.param() != format::Param::One)
        place.columns = axis.param() == format::Param::U ? &source : &columns;
      if (axis.param() == format::Param::T)
        place.first = rows.sizes.sequence() - rows.sizes.tokens();
      stride *= widthOf(axis, entry);
      places.push_back(place); // innermost first
    }
  std::span<float> target = store->floats(tapName(entry, rows.name));
  for (uint64_t element = 0; element < rows.data.size(); ++element) {
    uint64_t rest = element, at = 0;
    for (const Place &place : places) {
      uint64_t index = rest % place.extent;
      rest /= place.extent;
      at += place.stride * (place.columns ? place.columns->at(place.first + index) : index);
    }
    target[at] = rows.data[element];
  }
}

/// Puts rows where they belong. `row` of the batch; `columns` where its tokens stand.
RowSink Evaluation::sinkFor(std::string_view entry, uint64_t row, const std::vector<uint64_t> &columns) {
  return [this, entry, row, &columns](const Rows &rows) {
    if (rows.tap)
      return storeTap(entry, rows, columns);
    std::span<float> target = store->floats(outputName(entry, rows.name));
    uint64_t width = columnsFor(entry);
    if (!rows.perToken) {
      std::copy(rows.data.begin(), rows.data.end(), target.begin() + row * rows.length);
      return;
    }
    for (uint64_t i = 0; rows.length > 0 && i < rows.data.size() / rows.length; ++i) {
      uint64_t column = columns[rows.first + i] + row * width;
      auto from = rows.data.begin() + i * rows.length;
      std::copy(from, from + rows.length, target.begin() + column * rows.length);
    }
  };
}

void Evaluation::runOneSide(uint64_t row) {
  std::vector<uint64_t> columns = batch.columnsOf(row);
  std::vector<int32_t> ids = EvalBatch::gather(batch.tokens, row, columns);
  std::vector<std::vector<int32_t>> more;
  std::vector<Input> extra;
  more.reserve(batch.more.size());
  for (const auto &[name, table] : batch.more) {
    more.push_back(EvalBatch::gather(table, row, columns));
    extra.emplace_back(name, std::span<const int32_t>(more.back()));
  }
  int32_t next = 0;
  RowSink store = sinkFor("forward", row, columns);
  RowSink sink = [&](const Rows &rows) {
    store(rows);
    if (rows.name == "logits" && rows.perToken)
      next = argmax(rows.data.last(rows.length));
  };
  session.evaluate(ids, extra, sink, taps && row == 0);
  if (newTokens)
    generate(row, batch.tokens.row(row), next);
}

void Evaluation::runBothSides(uint64_t row) {
  std::vector<uint64_t> columns = batch.columnsOf(row);
  RowSink sink = sinkFor("encode", row, columns);
  session.encode(EvalBatch::gather(batch.tokens, row, columns), &sink, taps && row == 0);
  if (batch.decoder) {
    std::vector<uint64_t> all(batch.decoder->columns);
    for (uint64_t i = 0; i < all.size(); ++i)
      all[i] = i;
    session.evaluate(batch.decoder->row(row), {}, sinkFor("forward", row, all), taps && row == 0);
  }
  if (!newTokens)
    return;
  if (program.memory_start() < 0)
    throw Error("the program does not say which token its decoder starts from: --greedy cannot be had");
  int32_t start = program.memory_start();
  session.rewind(0);
  generate(row, std::span(&start, 1), argmax(session.feed(std::span(&start, 1))));
}

/// Writes a row of `greedy_ids`: `before`, then `next` and what follows it.
void Evaluation::generate(uint64_t row, std::span<const int32_t> before, int32_t next) {
  uint64_t width = before.size() + *newTokens;
  std::span<int64_t> target = store->integers("greedy_ids").subspan(row * width, width);
  std::copy(before.begin(), before.end(), target.begin());
  for (uint64_t i = 0; i < *newTokens; ++i) {
    target[before.size() + i] = next;
    if (i + 1 < *newTokens)
      next = argmax(session.feed(std::span(&next, 1)));
  }
}

void Evaluation::run(EvalStore &target) {
  store = &target;
  for (uint64_t row = 0; row < batch.tokens.rows; ++row)
    encodes ? runBothSides(row) : runOneSide(row);
}

std::vector<std::string> furtherInputs(const format::Program &program) {
  std::vector<std::string> names;
  for (const format::Entry *entry : *program.entries())
    if (entry->variant() == Variant::All && entry->name()->string_view() == "forward" && entry->inputs()) {
      bool first = true;
      for (const format::Value *input : *entry->inputs())
        if (input->type() == format::ElementType::I32 && !std::exchange(first, false))
          names.push_back(input->name()->str());
    }
  return names;
}

} // namespace heddle
