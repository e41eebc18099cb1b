//===- Eval.cpp - the verb `eval`: outputs for given ids ------------------===//
//
// Rows of the batch are run one by one, without their padding; what comes out goes back to the columns it
// belongs to. Names are the reference's: an encoder's memory is `encoder_last_hidden_state`, and where there
// is an encoder and a decoder, taps say of which they are.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/Safetensors.h"
#include "runtime/text/Sampler.h"
#include "runtime/verbs/EvalBatch.h"
#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace heddle {

using format::Variant;

namespace {

class Evaluation {
public:
  Evaluation(Model &model, const EvalBatch &batch, const std::string &output, std::optional<uint64_t> greedy,
             bool hidden)
      : program(model.description()), batch(batch), encodes(abilitiesOf(program).encodes), newTokens(greedy),
        hidden(hidden), session(model.program(), model.machine(), longestSequence()), writer(output) {}

  void run() {
    declareAll();
    writer.create();
    for (uint64_t row = 0; row < batch.tokens.rows; ++row)
      encodes ? runBothSides(row) : runOneSide(row);
    writer.finish();
  }

private:
  /// Tokens that `forward` gets at most: the last one generated is not fed.
  uint64_t longestSequence() const {
    uint64_t more = newTokens && *newTokens > 0 ? *newTokens - 1 : 0;
    if (!encodes)
      return batch.tokens.columns + more;
    return std::max<uint64_t>(batch.decoder ? batch.decoder->columns : 1, 1 + more);
  }

  /// Whether the rows of an entry's outputs belong to the decoder's tokens.
  bool decodes(std::string_view entry) const { return encodes && entry == "forward"; }

  std::string outputName(std::string_view entry, std::string_view name) const {
    return encodes && entry == "encode" ? "encoder_last_hidden_state" : std::string(name);
  }

  std::string tapName(std::string_view entry, std::string_view name) const {
    if (!encodes || !name.starts_with("hidden"))
      return std::string(name);
    return fmt::format("{}_{}", entry == "encode" ? "encoder" : "decoder", name);
  }

  uint64_t columnsFor(std::string_view entry) const {
    return decodes(entry) ? batch.decoder->columns : batch.tokens.columns;
  }

  /// A value's shape in the file: `leading`, then its axes with the tokens' one widened to all columns.
  std::vector<uint64_t> shapeOf(const format::Value &value, std::vector<uint64_t> leading,
                                uint64_t columns) const {
    CallSizes sizes;
    if (value.axes())
      for (const format::Axis *axis : *value.axes()) {
        bool tokens = axis->param() == format::Param::T || axis->param() == format::Param::U;
        leading.push_back(tokens ? columns : extentOf(*axis, sizes));
      }
    return leading;
  }

  void declareAll() {
    for (const format::Entry *entry : *program.entries()) {
      std::string_view name = entry->name()->string_view();
      if (entry->variant() != Variant::All || (decodes(name) && !batch.decoder))
        continue;
      uint64_t columns = columnsFor(name);
      for (const format::Value *output : *entry->outputs())
        if (!Program::isInternal(*output))
          writer.declareFloats(outputName(name, output->name()->string_view()),
                               shapeOf(*output, {batch.tokens.rows}, columns));
      if (hidden && entry->taps())
        for (const format::Tap *tap : *entry->taps())
          writer.declareFloats(tapName(name, tap->name()->string_view()),
                               shapeOf(*tap->value(), {}, columns));
    }
    if (newTokens)
      writer.declareIntegers("greedy_ids",
                             {batch.tokens.rows, (encodes ? 1 : batch.tokens.columns) + *newTokens});
  }

  /// Puts rows where they belong. `row` of the batch; `columns` where its tokens stand.
  RowSink sinkFor(std::string_view entry, uint64_t row, const std::vector<uint64_t> &columns) {
    return [this, entry, row, &columns](const Rows &rows) {
      bool tap = rows.tap;
      std::string name = tap ? tapName(entry, rows.name) : outputName(entry, rows.name);
      std::span<float> target = writer.floats(name);
      uint64_t width = columnsFor(entry);
      if (!rows.perToken) {
        std::copy(rows.data.begin(), rows.data.end(), target.begin() + (tap ? 0 : row * rows.length));
        return;
      }
      for (uint64_t i = 0; rows.length > 0 && i < rows.data.size() / rows.length; ++i) {
        uint64_t column = columns[rows.first + i] + (tap ? 0 : row * width);
        auto from = rows.data.begin() + i * rows.length;
        std::copy(from, from + rows.length, target.begin() + column * rows.length);
      }
    };
  }

  void runOneSide(uint64_t row) {
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
    session.evaluate(ids, extra, sink, hidden && row == 0);
    if (newTokens)
      generate(row, batch.tokens.row(row), next);
  }

  void runBothSides(uint64_t row) {
    std::vector<uint64_t> columns = batch.columnsOf(row);
    RowSink sink = sinkFor("encode", row, columns);
    session.encode(EvalBatch::gather(batch.tokens, row, columns), &sink, hidden && row == 0);
    if (batch.decoder) {
      std::vector<uint64_t> all(batch.decoder->columns);
      for (uint64_t i = 0; i < all.size(); ++i)
        all[i] = i;
      session.evaluate(batch.decoder->row(row), {}, sinkFor("forward", row, all), hidden && row == 0);
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
  void generate(uint64_t row, std::span<const int32_t> before, int32_t next) {
    uint64_t width = before.size() + *newTokens;
    std::span<int64_t> target = writer.integers("greedy_ids").subspan(row * width, width);
    std::copy(before.begin(), before.end(), target.begin());
    for (uint64_t i = 0; i < *newTokens; ++i) {
      target[before.size() + i] = next;
      if (i + 1 < *newTokens)
        next = argmax(session.feed(std::span(&next, 1)));
    }
  }

  const format::Program &program;
  const EvalBatch &batch;
  bool encodes;
  std::optional<uint64_t> newTokens;
  bool hidden;
  Session session;
  SafetensorsWriter writer;
};

/// Names of forward's inputs that are given ids but are not the tokens.
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

} // namespace

void evalVerb(const Invocation &call) {
  std::string input, output;
  std::optional<uint64_t> greedy;
  bool hidden = false;
  MachineOptions machine;
  CommandLine line(call.name, "Computes the outputs for given ids, to be compared with a reference's.");
  line.option("--input", input,
              "safetensors with input_ids [B, T], and attention_mask, token_type_ids, "
              "decoder_input_ids where the model takes them")
      .require("--input");
  line.option("--output", output, "safetensors to write: logits or the model's other outputs")
      .require("--output");
  line.option("--greedy", greedy, 1, 1 << 20, "also greedy_ids: N tokens more for each row, by argmax");
  line.flag("--hidden", hidden, "also hidden_0, hidden_1, ... of row 0");
  machine.declare(line);
  if (!line.parse(call.arguments))
    return;

  std::unique_ptr<Model> model = machine.load(call.image);
  const format::Program &program = model->description();
  if (greedy && !abilitiesOf(program).generates)
    throw Error(
        fmt::format("'{}' does not generate text: --greedy cannot be had", program.model()->string_view()));
  SafetensorsReader reader(input);
  EvalBatch batch = EvalBatch::read(reader, furtherInputs(program));
  Evaluation(*model, batch, output, greedy, hidden).run();
}

} // namespace heddle
